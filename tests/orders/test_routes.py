"""Orders over HTTP, where the wire itself can trip us."""

from __future__ import annotations

import pytest

from tests.make.world import Client


@pytest.mark.parametrize(
    "placed_at", ["2594-04-25T15:37:14-23:20", "2026-11-25T15:00:00+23:59", "2026-11-25T15:00:00Z"]
)
@pytest.mark.parametrize("batch", [False, True])
async def test_any_offset_of_a_time_is_taken(merchant: Client, placed_at: str, batch: bool) -> None:
    order = {
        "external_id": "1",
        "number": "1",
        "currency": "GBP",
        "placed_at": placed_at,
        "lines": [{"external_id": "1", "sku": "NONE", "quantity": 1}],
    }
    path, body = ("/v1/orders/batch", {"orders": [order]}) if batch else ("/v1/orders", order)
    answer = await merchant.post(path, body)
    assert answer.status_code == (200 if batch else 201), answer.text
    (listed,) = (await merchant.get("/v1/orders")).json()["data"]
    assert listed["placed_at"].endswith("Z")


async def test_ids_hold_no_control_characters(merchant: Client) -> None:
    """One of them parts the ids of lines that a store told twice."""
    order = {
        "external_id": "a\x1f2",
        "number": "1",
        "currency": "GBP",
        "placed_at": "2026-11-25T15:00:00Z",
        "lines": [{"external_id": "1\x1f", "sku": "NONE", "quantity": 1}],
    }
    refused = await merchant.post("/v1/orders", order)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/external_id", "/lines/0/external_id"]
