"""The published contract is what the code serves."""

from __future__ import annotations

from pathlib import Path

from fulfilhub.app import contract

COMMITTED = Path(__file__).resolve().parents[1] / "openapi" / "openapi.json"


def test_the_committed_contract_is_the_codes() -> None:
    assert COMMITTED.read_text() == contract(), "run `make openapi` and commit it"
