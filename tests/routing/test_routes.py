"""The routing policy over HTTP, and an order that is not the caller's."""

from __future__ import annotations

from fulfilhub.platform import ids
from tests.make.world import Client


async def test_the_policy_has_versions_and_refuses_a_stale_change(merchant: Client) -> None:
    first = await merchant.get("/v1/routing-policy")
    assert first.status_code == 200, first.text
    assert first.json()["version"] == 0
    body = {"max_parts": 1, "on_shortage": "partial", "weights": {"cost": 100}}
    changed = await merchant.put("/v1/routing-policy", body, **{"If-Match": '"0"'})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["version"], changed.json()["weights"]["cost"]) == (1, 100)
    stale = await merchant.put("/v1/routing-policy", body, **{"If-Match": '"0"'})
    assert stale.status_code == 412
    assert (await merchant.get("/v1/routing-policy")).json() == changed.json()


async def test_an_unknown_orders_routing_is_not_found(merchant: Client) -> None:
    answer = await merchant.get(f"/v1/orders/{ids.ORDER.show(ids.new())}/routing")
    assert answer.status_code == 404, answer.text
