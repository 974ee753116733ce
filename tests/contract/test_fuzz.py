"""Schemathesis against the whole API, as each kind of caller: what the contract allows is accepted, what it forbids is
refused, every answer is as it says, and nothing behind the API breaks by it."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fulfilhub.platform.database import engine
from fulfilhub.platform.work import Works
from fulfilhub.wiring import HEARD_BY
from tests.contract.conftest import ROOT, Served, new_world
from tests.contract.world import run_waiting
from tests.fulfilment.world import broken

KINDS = ("merchant", "partner", "platform", "store")
SEED = 20261125
CONFIG = """
hooks = "tests.contract.hooks"
continue-on-failure = true

[generation]
allow-x00 = false

[parameters]
cursor = ""
wait = 0

[phases.stateful]
max-steps = 10

[phases.stateful.generation]
max-examples = {walks}

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "405", "409", "412", "429"]

[[operations]]
include-operation-id = {others}
enabled = false
"""
"""NUL can be said in no schema; a cursor is only what we made; a version may be stale. What a kind of caller may not
call at all is held by `test_access`."""


@pytest.fixture(scope="module")
def served(servers: tuple[str, str], template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A world of its own, for nobody can use it afterwards."""
    with new_world(servers, template, tmp_path_factory.mktemp("fuzzed")) as made:
        yield made


def _operations(contract: Any) -> Iterator[Any]:
    for methods in contract["paths"].values():
        yield from methods.values()


def _for_others(contract: Any, kind: str) -> list[str]:
    """What this kind of caller may not call, or what ends its key; and what needs no key: the merchant's run takes
    that."""
    found = ["disconnectStorefront"]
    for operation in _operations(contract):
        callers = operation.get("x-callers", ["merchant"])
        if kind not in callers and operation["operationId"] not in found:
            found.append(operation["operationId"])
    return found


def _fuzz(served: Served, kind: str, folder: Path, seed: int, examples: int, walks: int) -> list[Any]:
    """All phases with all data; the events of its report."""
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as api:
        others = _for_others(api.get("/openapi.json").json(), kind)
    config = CONFIG.format(walks=walks, others=json.dumps(others))
    phases = ("--phases", "examples,coverage,fuzzing,stateful", "--mode", "all", "--max-examples", str(examples))
    return _run(served, kind, folder, seed, config, *phases)


def _run(served: Served, kind: str, folder: Path, seed: int, told: str, *options: str) -> list[Any]:
    """Run Schemathesis with all its checks and ours; the events of its report."""
    headers = {"Authorization": f"Bearer {served.world.key(kind)}"}
    with httpx.Client(base_url=served.url, headers=headers, trust_env=False) as api:
        keys = {} if kind == "store" else api.get("/v1/api-keys", params={"limit": 1}).json()
        own_key = keys["data"][0]["id"] if keys else ""
    config, report = folder / "schemathesis.toml", folder / "events.ndjson"
    config.write_text(told)
    found = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
            *("run", f"{served.url}/openapi.json", "-H", f"Authorization: {headers['Authorization']}"),
            *("--checks", "all", "--seed", str(seed), "--generation-database", "none", *options),
            *("--report", "ndjson", "--report-ndjson-path", str(report)),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "CONTRACT_KEY_ID": own_key},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, f"seed {seed}\n{found.stdout[-40000:]}{found.stderr[-2000:]}"
    return [json.loads(line) for line in report.read_text().splitlines()]


async def _broken(served: Served) -> list[str]:
    pool = engine(served.settings.database_url("worker"), served.settings.database, "test")
    try:
        return await broken(Works(pool, HEARD_BY))
    finally:
        await pool.dispose()


def _nothing_broke(served: Served) -> None:
    """What was accepted can be worked on, the books add up, and no request failed by our fault."""
    failed = [line for line in served.log.read_text().splitlines() if '"request.failed"' in line]
    assert not failed, failed[0][:4000]
    # Stores are outsiders, and those that a fuzzer connects do not exist.
    assert asyncio.run(run_waiting(served.settings, ("fulfilment.", "billing.", "returns."))) == []
    assert asyncio.run(_broken(served)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_fuzzer_finds_nothing(served: Served, kind: str, tmp_path: Path) -> None:
    _fuzz(served, kind, tmp_path, SEED, examples=5, walks=10)
    _nothing_broke(served)


WAY = ("createOrder", "getOrder", "listOrderShipments", "listShipments", "getShipment", "requestReturn", "getReturn")
"""The operations of a parcel's way, from the order to its return; `test_links` walks it step by step."""
WALK = """
hooks = "tests.contract.hooks"

[generation]
allow-x00 = false

[parameters]
cursor = ""
wait = 0

[phases.stateful]
max-steps = 10

[phases.stateful.inference]
algorithms = []

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "412", "429"]
"""


def _walked(events: list[Any]) -> set[tuple[str, str]]:
    """(Path of the source, name of the link) of every link that led to a call with what it found."""
    found = set()
    for event in events:
        for case in event.get("ScenarioFinished", {}).get("recorder", {}).get("cases", {}).values():
            if case.get("is_transition_applied"):
                source, link, _ = case["transition"]["id"].split(" -> ")
                found.add((source, link.rpartition(" ")[2]))
    return found


def test_the_fuzzer_walks_from_orders_to_returns(served: Served, tmp_path: Path) -> None:
    chosen = [part for name in WAY for part in ("--include-operation-id", name)]
    options = ("--phases", "stateful", "--mode", "positive", "--max-examples", "250", *chosen)
    walked = _walked(_run(served, "merchant", tmp_path, SEED, WALK, *options))
    assert {"getOrder", "listOrderShipments", "getShipment", "requestReturn"} <= {link for _, link in walked}


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_a_fuzzer_finds_nothing_for_long(served: Served, kind: str, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"{kind}: seed {seed}")  # noqa: T201 - to repeat what it finds
    _fuzz(served, kind, tmp_path, seed, examples=150, walks=150)
    _nothing_broke(served)
