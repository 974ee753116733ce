"""Completeness, late orders, gaps and backfills over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import pytest

from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop
from fulfilhub.platform.secrets import Vault
from tests.make.world import Client, JsonObject
from tests.stores.conftest import Hand
from tests.stores.sweeping import work_off
from tests.stores.test_routes import connect


@pytest.fixture
async def store(merchant: Client, shop: WooCommerceShop, vault: Vault) -> str:
    made = await connect(merchant, webhook_secret=shop.webhook_secret)
    return f"/v1/stores/{cast(JsonObject, made['store'])['id']}"


def buy(shop: WooCommerceShop, count: int = 1, **members: object) -> None:
    mug = shop.stock("MUG", "Mug", "8.50")
    for _ in range(count):
        shop.place_order([(mug, 1)], **members)  # type: ignore[arg-type]


async def test_from_never_to_proven(merchant: Client, store: str, shop: WooCommerceShop, hand: Hand) -> None:
    told = (await merchant.get(f"{store}/completeness")).json()
    assert (told["state"], told["complete_up_to"], told["last_sweep_at"]) == ("never", None, None)
    buy(shop, 3)
    begun = await merchant.post(f"{store}/sweep")
    assert (begun.status_code, begun.json()["sweeping"], begun.json()["next_sweep_at"]) == (202, True, None)
    await work_off(hand)
    told = (await merchant.get(f"{store}/completeness")).json()
    assert (told["state"], told["sweeping"], told["numbering"]) == ("never", False, "shared")
    assert told["orders"] | {"needing_review": 0} == {
        "seen": 3,
        "waiting": 0,
        "needing_review": 0,
        "late": 3,
        "late_changes": 0,
        "duplicates_ignored": 0,
        "gaps_open": 0,
        "gaps_absent": 0,
    }
    assert told["next_sweep_at"] > told["last_sweep_at"]


async def test_late_orders_come_in_pages(merchant: Client, store: str, shop: WooCommerceShop, hand: Hand) -> None:
    buy(shop, 5)
    await merchant.post(f"{store}/sweep")
    await work_off(hand)
    first = (await merchant.get(f"{store}/late-orders", limit=3)).json()
    rest = (await merchant.get(f"{store}/late-orders", limit=3, cursor=first["next_cursor"])).json()
    assert (len(first["data"]), len(rest["data"]), rest["has_more"]) == (3, 2, False)
    assert {row["external_id"] for row in first["data"] + rest["data"]} == {str(number) for number in shop.orders}
    order = (await merchant.get(f"/v1/orders/{first['data'][0]['order_id']}")).json()
    assert order["external_id"] == first["data"][0]["external_id"]
    assert (await merchant.get(f"{store}/number-gaps")).json()["data"] == []


async def test_a_backfill_from_its_order_to_its_end(
    merchant: Client, store: str, shop: WooCommerceShop, hand: Hand
) -> None:
    shop.now = lambda: datetime.fromisoformat("2026-03-01T12:00:00+00:00")
    buy(shop, 4, status="completed")
    made = await merchant.post(f"{store}/backfills", {"since": "2026-02-01T00:00:00Z", "until": "2026-04-01T00:00:00Z"})
    assert (made.status_code, made.json()["state"]) == (201, "queued")
    assert made.headers["Location"].endswith(made.json()["id"])
    again = await merchant.post(f"{store}/backfills", {"since": "2026-02-01T00:00:00Z"})
    assert (again.status_code, again.json()["code"]) == (409, "backfill_running")
    await work_off(hand)
    done = (await merchant.get(f"{store}/backfills/{made.json()['id']}")).json()
    assert (done["state"], done["taken"], done["progress"], done["waiting"]) == ("completed", 4, 1.0, 0)
    over = await merchant.post(f"{store}/backfills/{made.json()['id']}/cancel")
    assert (over.status_code, over.json()["code"]) == (409, "backfill_over")
    assert [row["id"] for row in (await merchant.get(f"{store}/backfills")).json()["data"]] == [done["id"]]


@pytest.mark.parametrize("body", [{}, {"since": "yesterday"}, {"since": "2999-01-01T00:00:00Z"}, {"since": None}])
async def test_a_backfill_of_nothing_is_refused(merchant: Client, store: str, body: JsonObject) -> None:
    refused = await merchant.post(f"{store}/backfills", body)
    assert refused.status_code in {400, 422}, refused.text
    assert "since" in refused.text


async def test_a_store_that_sends_its_orders_itself_has_nothing_to_prove(merchant: Client) -> None:
    made = await merchant.made("/v1/stores", {"platform": "api", "name": "Own"})
    path = f"/v1/stores/{cast(JsonObject, made['store'])['id']}"
    told = (await merchant.get(f"{path}/completeness")).json()
    assert (told["state"], told["complete_up_to"], told["numbering"]) == ("direct", None, None)
    for answer in (
        await merchant.post(f"{path}/sweep"),
        await merchant.post(f"{path}/backfills", {"since": "2026-01-01T00:00:00Z"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "not_swept")
