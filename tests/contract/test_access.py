"""Who may call what: as the contract says, by kind of key and by permission."""

from __future__ import annotations

import httpx
import pytest

from tests.contract.conftest import Served
from tests.contract.operations import CONTRACT, call, operations

KINDS = ("merchant", "partner", "platform", "store")
LAST = "disconnectStorefront"
"""What ends the key that calls it."""


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_callers_that_are_named_get_in(served: Served, kind: str) -> None:
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as api:
        for operation in sorted(operations(), key=lambda each: each.id == LAST):
            if not operation.callers or (operation.id == LAST and kind in operation.callers):
                continue
            body = operation.body["example"] if operation.body and kind not in operation.callers else {}
            answer = call(api, operation, served.world.key(kind), body=body)
            where = (operation.id, answer.status_code, answer.text)
            assert (answer.status_code == 403) == (kind not in operation.callers), where


def test_a_key_needs_the_permission_that_is_named(served: Served) -> None:
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as api:
        headers = {"Authorization": f"Bearer {served.world.merchant_key}"}
        body = {"name": "Reads its own keys", "permissions": ["keys:read"]}
        key = api.post("/v1/api-keys", json=body, headers=headers).json()["secret"]
        for operation in operations():
            if "merchant" not in operation.callers:
                continue
            (wanted,) = operation.told["security"]
            answer = call(api, operation, key, body={})
            where = (operation.id, answer.status_code, answer.text)
            assert (answer.status_code == 403) == (wanted["apiKey"] != ["keys:read"]), where


def test_every_operation_says_it() -> None:
    scheme = CONTRACT["components"]["securitySchemes"]["apiKey"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for operation in operations():
        assert bool(operation.callers) == bool(operation.told["security"]), operation.id
        if operation.callers:
            (wanted,) = operation.told["security"]
            (permission,) = wanted["apiKey"]
            assert permission in operation.told["responses"]["403"]["description"]
