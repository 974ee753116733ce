"""What the app asks a shop's leave for is what its documents need by Shopify's own lists, no more and no less; and no
document costs more than a shop lets one cost."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import FieldNode, TypeInfo, TypeInfoVisitor, Visitor, get_named_type, parse, visit

from fulfilhub.stores.adapters.shopify import scopes
from fulfilhub.stores.adapters.shopify.client import API_VERSIONS
from tests.fakes.shopify import cost
from tests.fakes.shopify.schema import needs_schema, schema_of, scopes_of
from tests.stores.adapters.test_shopify_documents import DOCUMENTS

APP = Path(__file__).parents[3] / "plugins" / "shopify" / "shopify.app.toml"
MOST = 1000
"""Points that Shopify lets one document cost, on any plan."""
VARIABLES = {"first": 250}
"""The largest pages."""


class _Fields(Visitor):
    """Collects each field of a document as (type it stands on, its name, type it leads to)."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.found: set[tuple[str, str, str]] = set()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        on, leads_to = self.types.get_parent_type(), self.types.get_type()
        if on is not None and leads_to is not None and not node.name.value.startswith("__"):
            kind = get_named_type(leads_to).name.removesuffix("Connection").removesuffix("Edge")
            self.found.add((on.name, node.name.value, kind))


def _needs(document: str, version: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Each thing a document touches that is not open to all, with the scopes any one of which opens it."""
    types, known = TypeInfo(schema_of(version)), scopes_of(version)
    fields = _Fields(types)
    visit(parse(document), TypeInfoVisitor(types, fields))
    for on, name, kind in fields.found:
        for place in ((on, name), (kind, "")):
            if place in known:
                yield ".".join(filter(None, place)), known[place]


@needs_schema
@pytest.mark.parametrize("version", API_VERSIONS)
@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_the_required_scopes_open_all_that_a_document_touches(name: str, version: str) -> None:
    given = scopes.granted(scopes.REQUIRED)
    closed = {what: sorted(any_of) for what, any_of in _needs(DOCUMENTS[name], version) if not any_of & given}
    assert closed == {}


@needs_schema
def test_no_scope_is_asked_for_in_vain() -> None:
    """Each required scope opens something that nothing else of ours does, or is said here to be for something else."""
    otherwise = {
        "read_locations": "with read_inventory a location shows no more than its id; its name needs this",
        "write_merchant_managed_fulfillment_orders": "locations of the merchant's own that stand for warehouses",
    }
    needed = [any_of for text in DOCUMENTS.values() for _, any_of in _needs(text, API_VERSIONS[0])]
    vain = [
        scope
        for scope in scopes.REQUIRED
        if scope not in otherwise and not any(any_of & scopes.granted((scope,)) for any_of in needed)
    ]
    assert vain == []


def test_the_app_asks_for_exactly_these() -> None:
    asked = tomllib.loads(APP.read_text())["access_scopes"]
    assert asked["scopes"] == scopes.told(scopes.REQUIRED)
    assert tuple(asked["optional_scopes"]) == scopes.OPTIONAL


@needs_schema
@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_no_document_costs_more_than_a_shop_lets_it(name: str) -> None:
    assert cost.requested(schema_of(API_VERSIONS[0]), parse(DOCUMENTS[name]), VARIABLES) <= MOST
