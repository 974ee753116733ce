"""The house rules: each file has a known name, a docstring and a readable size; each domain the same drawers."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "fulfilhub"

DRAWERS = {"rules", "models", "events", "queries", "commands", "schemas", "routes", "tasks", "adapters", "__init__"}
DOMAINS = {
    "accounts",
    "people",
    "catalogue",
    "inventory",
    "orders",
    "routing",
    "fulfilment",
    "shipping",
    "returns",
    "storefront",
    "stores",
    "carriers",
    "billing",
    "pages",
    "privacy",
    "webhooks",
}
# A file outside the drawers needs a reason.
MORE = {
    # a request becomes a caller, by key or by session; the first key is made without the API
    "accounts": {"principal", "sessions", "bootstrap"},
    # the neutral shape of an order, spoken by every storefront adapter; single orders share transactions
    "orders": {"incoming", "together"},
    # single handovers share transactions; pages and labels, drawn from plain data
    "shipping": {"together", "papers"},
    "inventory": {"profiles"},  # a warehouse's stored profile as routing's plain data
    # the page to approve a connection and the one in Shopify's admin; a code at the command line; a token is renewed
    # between two transactions
    "stores": {"assets", "templates", "bootstrap", "renewing"},
    "storefront": {"templates"},  # the customer's page, shown by us and under a shop's own domain
    "people": {"signing_in", "bootstrap", "templates"},  # a password becomes a session; the first owner
}
FILE_LINES = 400
FUNCTION_LINES = 60

FILES = sorted(p for p in SOURCE.rglob("*.py") if "__pycache__" not in p.parts)


def test_domains_hold_only_their_drawers() -> None:
    for domain in DOMAINS:
        found = {p.stem for p in (SOURCE / domain).iterdir() if p.name != "__pycache__" and not p.name.startswith(".")}
        assert found <= DRAWERS | MORE.get(domain, set()), domain


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_file_is_readable_in_one_sitting(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= FILE_LINES
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module says in its docstring what it owns"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < FUNCTION_LINES, node.name


def test_no_drawer_for_everything() -> None:
    names = {p.stem for p in FILES} | {p.parent.name for p in FILES}
    assert not names & {"utils", "util", "helpers", "helper", "services", "service", "common", "misc", "manager"}


def test_tests_mirror_the_source() -> None:
    allowed = DOMAINS | {"platform", "web", "demo", "journeys", "faults", "contract", "fakes", "make", "plugins"}
    folders = {p.name for p in (ROOT / "tests").iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert folders <= allowed


# A GET that writes needs a reason.
WRITES = {"back_from_shopify"}  # OAuth brings its code so; it is good once, and bound to the browser that began


def _is_get(node: ast.AST) -> bool:
    decorators = node.decorator_list if isinstance(node, ast.AsyncFunctionDef) else []
    return any(isinstance(d, ast.Call) and isinstance(d.func, ast.Name) and d.func.id == "get" for d in decorators)


@pytest.mark.parametrize("path", [p for p in FILES if "routes" in str(p)], ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_get_reads_in_one_snapshot_and_cannot_write(path: Path) -> None:
    for route in filter(_is_get, ast.walk(ast.parse(path.read_text()))):
        if getattr(route, "name", "") in WRITES:
            continue
        opened = [n.attr for n in ast.walk(route) if isinstance(n, ast.Attribute) and n.attr in {"begin", "reading"}]
        assert set(opened) <= {"reading"}, getattr(route, "name", "")
