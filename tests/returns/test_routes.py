"""A return over HTTP: the merchant asks, the warehouse takes in, the policy decides."""

from __future__ import annotations

import httpx
import pytest

from fulfilhub.platform import ids
from fulfilhub.platform.work import Works
from tests.make.shipped import ShippedOrder, shipped_order
from tests.make.world import Client, account


@pytest.fixture
async def order(worker_works: Works, merchant: Client, partner: Client) -> ShippedOrder:
    """Two of one thing and one of another, sent by the partner and delivered."""
    return await shipped_order(
        worker_works, ids.ACCOUNT.find(merchant.account_id), operator_id=ids.ACCOUNT.find(partner.account_id)
    )


def asked(order: ShippedOrder) -> dict[str, object]:
    lines = [{"line_id": ids.ORDER_LINE.show(line), "quantity": units} for line, units in order.lines.items()]
    return {"order_id": ids.ORDER.show(order.order_id), "lines": lines}


async def test_a_returns_whole_way(merchant: Client, partner: Client, order: ShippedOrder) -> None:
    made = await merchant.made("/v1/returns", asked(order))
    assert (made["state"], made["decided_by"]) == ("approved", "policy")
    assert made["actions"] == ["hand_over", "cancel"]
    (waiting,) = (await partner.get("/v1/work/returns", state="approved")).json()["data"]
    assert waiting["actions"] == ["receive"]
    path = f"/v1/work/returns/{made['id']}"
    received = await partner.made(f"{path}/receive", {})
    assert received["actions"] == ["receive", "inspect"]
    verdicts = [
        {"line_id": line["id"], "disposition": "restock", "quantity": line["received"]}
        for line in (await partner.get(path)).json()["lines"]
    ]
    assert (await partner.made(f"{path}/inspect", {"lines": verdicts}))["state"] == "completed"
    done = (await merchant.get(f"/v1/returns/{made['id']}")).json()
    assert (done["state"], done["actions"]) == ("completed", [])
    assert {line["custody"] for line in done["lines"]} == {"disposed"}
    assert sum(verdict["quantity"] for verdict in done["verdicts"]) == 3
    late = await partner.post(f"{path}/receive", {})
    assert (late.status_code, late.json()["code"]) == (409, "illegal_action")


async def test_the_same_key_gives_the_same_return(merchant: Client, order: ShippedOrder) -> None:
    first = await merchant.post("/v1/returns", asked(order), once="again")
    second = await merchant.post("/v1/returns", asked(order), once="again")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    third = await merchant.post("/v1/returns", asked(order))
    assert (third.status_code, third.json()["code"]) == (409, "return_refused")


async def test_the_policy_has_a_default_and_versions(merchant: Client) -> None:
    policy = (await merchant.get("/v1/returns-policy")).json()
    assert policy == {"window_days": 30, "auto_approve": True, "warehouse_id": None, "version": 0}
    changed = await merchant.put(
        "/v1/returns-policy", {"window_days": 60, "auto_approve": False}, **{"If-Match": '"0"'}
    )
    assert (changed.status_code, changed.json()["version"]) == (200, 1)
    stale = await merchant.put("/v1/returns-policy", {"window_days": 5, "auto_approve": True}, **{"If-Match": '"0"'})
    assert stale.status_code == 412


async def test_by_hand(merchant: Client, order: ShippedOrder) -> None:
    await merchant.put("/v1/returns-policy", {"window_days": 30, "auto_approve": False})
    made = await merchant.made("/v1/returns", asked(order))
    assert (made["state"], made["actions"]) == ("requested", ["approve", "decline", "cancel"])
    declined = await merchant.made(f"/v1/returns/{made['id']}/decline", {"reason": "Worn."})
    assert (declined["state"], declined["decline_reason"]) == ("declined", "Worn.")


async def test_strangers_find_nothing(
    http: httpx.AsyncClient, platform_key: str, merchant: Client, order: ShippedOrder
) -> None:
    made = await merchant.made("/v1/returns", asked(order))
    other = await account(http, platform_key, "merchant", "Other")
    stranger = await account(http, platform_key, "partner", "Stranger")
    assert (await other.get(f"/v1/returns/{made['id']}")).status_code == 404
    assert (await other.get("/v1/returns")).json()["data"] == []
    assert (await other.post(f"/v1/returns/{made['id']}/cancel")).status_code == 404
    assert (await stranger.get(f"/v1/work/returns/{made['id']}")).status_code == 404
    assert (await stranger.post(f"/v1/work/returns/{made['id']}/receive", {})).status_code == 404
    assert (await merchant.get("/v1/returns", order_id=ids.ORDER.show(order.order_id))).json()["data"][0]["id"] == made[
        "id"
    ]
