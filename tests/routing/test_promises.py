"""Asking what can be promised: over HTTP, and the same dates when the order then comes."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import httpx
import pytest

from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.work import Works
from fulfilhub.routing.queries import Cart, RememberedSites, promise
from tests.fulfilment.world import make_site
from tests.inventory.test_routes import WAREHOUSE, contracted
from tests.make.world import Client, JsonObject
from tests.orders.telling import HOME

EXPRESS = {"code": "express", "carrier": "dpd", "zones": [{"countries": ["GB"], "transit_days": 1, "cost_minor": 690}]}
CART: JsonObject = {
    "lines": [{"sku": "MUG", "quantity": 2}],
    "destination": {"country": "GB", "postcode": "M1 1AA"},
}


async def stocked(merchant: Client, partner: Client, units: int = 5) -> str:
    """A warehouse with mugs and two services; its id."""
    warehouse = await contracted(merchant, partner)
    services = [*cast("list[object]", WAREHOUSE["services"]), EXPRESS]
    assert (await partner.patch(f"/v1/warehouses/{warehouse}", {"services": services})).status_code == 200
    await merchant.made("/v1/products", {"sku": "MUG", "name": "Mug"})
    await partner.made(
        "/v1/stock/receipts",
        {
            "merchant_id": merchant.account_id,
            "warehouse_id": warehouse,
            "reference": "R1",
            "lines": [{"sku": "MUG", "quantity": units}],
        },
    )
    return warehouse


async def test_a_cart_is_promised_service_by_service_and_the_warehouse_stays_hidden(
    merchant: Client, partner: Client
) -> None:
    warehouse = await stocked(merchant, partner)
    answer = await merchant.post("/v1/promises", CART)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["lines"] == [{"index": 0, "sku": "MUG", "available": True, "in_stock": 2, "reason": None}]
    assert [(each["service"], each["available"]) for each in told["options"]] == [("express", True), ("standard", True)]
    express, standard = told["options"]
    assert (express["cost_minor"], express["currency"]) == (690, "GBP")
    assert (standard["cost_minor"], standard["currency"]) == (None, None)
    assert express["order_before"] < express["ship_by"] <= express["deliver_by"] <= standard["deliver_by"]
    assert warehouse not in answer.text
    assert "Leeds" not in answer.text
    kind, _, seconds = answer.headers["Cache-Control"].partition("=")
    assert kind == "private, max-age"
    assert 0 <= int(seconds) <= 300
    one = await merchant.post("/v1/promises", CART | {"service": "standard"})
    assert [each["service"] for each in one.json()["options"]] == ["standard"]


async def test_what_can_not_be_promised_says_so_line_by_line_and_service_by_service(
    merchant: Client, partner: Client
) -> None:
    await stocked(merchant, partner, units=3)

    async def ask(**changes: object) -> JsonObject:
        answer = await merchant.post("/v1/promises", CART | changes)
        assert answer.status_code == 200, answer.text
        told: JsonObject = answer.json()
        return told

    def reasons(told: JsonObject, part: str) -> list[object]:
        return [each["reason"] for each in cast("list[JsonObject]", told[part])]

    unknown = await ask(lines=[{"sku": "MUG", "quantity": 1}, {"sku": "NONE", "quantity": 1}])
    assert reasons(unknown, "lines") == [None, "unknown_item"]
    assert set(reasons(unknown, "options")) == {"unknown_item"}
    short = await ask(lines=[{"sku": "MUG", "quantity": 2}, {"sku": "MUG", "quantity": 2}])
    assert reasons(short, "lines") == [None, "not_enough_stock"]
    assert [line["in_stock"] for line in cast("list[JsonObject]", short["lines"])] == [2, 1]
    assert set(reasons(short, "options")) == {"not_enough_stock"}
    assert set(reasons(await ask(destination={"country": "FR", "postcode": "75001"}), "options")) == {
        "cannot_ship_there"
    }
    assert set(reasons(await ask(destination={"country": "GB"}), "options")) == {"destination_incomplete"}
    assert reasons(await ask(service="teleport"), "options") == ["service_not_offered"]


async def test_a_merchant_without_warehouses_is_promised_nothing(merchant: Client) -> None:
    await merchant.made("/v1/products", {"sku": "MUG", "name": "Mug"})
    told = (await merchant.post("/v1/promises", CART)).json()
    assert (told["options"], told["lines"][0]["reason"]) == ([], "not_enough_stock")
    asked = (await merchant.post("/v1/promises", CART | {"service": "standard"})).json()
    assert [each["reason"] for each in asked["options"]] == ["no_warehouse"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"lines": []}, "/lines"),
        ({"lines": [{"quantity": 1}]}, "/lines/0/sku"),
        ({"lines": [{"variant_id": "v1", "quantity": 1}]}, "/store_id"),
        ({"lines": [{"sku": "MUG", "quantity": 0}]}, "/lines/0/quantity"),
        ({"destination": {"country": "uk"}}, "/destination/country"),
        ({"at": "2020-01-01T00:00:00Z"}, "/at"),
    ],
)
async def test_a_question_that_can_not_be_read_names_the_field(
    merchant: Client, changes: JsonObject, pointer: str
) -> None:
    answer = await merchant.post("/v1/promises", CART | changes)
    assert answer.status_code == 422, answer.text
    assert pointer in {fault["pointer"] for fault in answer.json()["errors"]}


async def test_a_partner_may_not_ask(partner: Client) -> None:
    assert (await partner.post("/v1/promises", CART)).status_code == 403


async def test_an_order_placed_then_gets_the_same_promise(works: Works) -> None:
    """Over a fortnight of moments, random stock, carts, places and services, on the real database."""
    chance = random.Random(7)
    site = await make_site(works, "MUG", "TEE", "CAP")
    for sku in ("MUG", "TEE", "CAP"):
        for warehouse in (site.leeds, site.bristol):
            if chance.random() < 0.8:
                await site.stock(sku, warehouse, chance.randint(1, 15))
    promised = 0
    for place in range(40):
        now = datetime(2026, 12, 17, tzinfo=UTC) + timedelta(hours=chance.randint(0, 24 * 14))
        then = Works(works.engine, {}, clock=lambda now=now: now)  # type: ignore[misc]
        wanted = [(sku, chance.randint(1, 3)) for sku in chance.sample(["MUG", "TEE", "CAP"], chance.randint(1, 3))]
        postcode = chance.choice(["YO1 7HH", "BS1 1AA", "BT1 5GS"])
        async with then.begin(site.merchant) as work:
            lines = [("", sku, units) for sku, units in wanted]
            cart = Cart(None, lines, "GB", postcode, "", "standard")
            (option,) = (await promise(work, cart, RememberedSites(), work.now)).options
        there = replace(site, works=then)
        order_id = await there.order(f"o-{place}", *wanted, ship_to=replace(HOME, postcode=postcode))
        await there.route(order_id)
        order, _ = await there.read(order_id)
        if option.promise is None:
            assert order.ship_by is None
        else:
            promised += 1
            assert (order.ship_by, order.deliver_by) == (option.promise.ship_by, option.promise.deliver_by)
    assert promised > 5


async def test_asking_waits_for_nobody_who_holds_the_stock(works: Works) -> None:
    site = await make_site(works)
    await site.stock("MUG", site.leeds, 3)
    cart = Cart(None, [("", "MUG", 2)], "GB", "YO1 7HH", "", None)
    async with works.begin(site.merchant) as holding:
        await holding.fetch_raw("SELECT 1 FROM stock_levels FOR UPDATE")
        async with works.begin(site.merchant) as work:
            await work.execute_raw("SET LOCAL lock_timeout = '1ms'")
            quoted = await promise(work, cart, RememberedSites(), work.now)
    assert [option.promise is not None for option in quoted.options] == [True]


async def test_warehouses_are_remembered_for_seconds_and_per_merchant(works: Works) -> None:
    site = await make_site(works)
    ticks = [0.0]
    remembered = RememberedSites(seconds=5, merchants=1, timer=lambda: ticks[0])
    async with works.begin(site.merchant) as work:
        first = await remembered.of(work)
        assert len(first.candidates) == 2
        ticks[0] = 4.9
        assert await remembered.of(work) is first
        ticks[0] = 5.0
        assert await remembered.of(work) is not first
    async with works.begin(Merchant(ids.new())) as work:
        assert (await remembered.of(work)).candidates == []
    async with works.begin(site.merchant) as work:
        assert len((await remembered.of(work)).candidates) == 2


async def test_the_contract_keeps_the_answer_for_an_idempotency_key(
    http: httpx.AsyncClient, merchant: Client, partner: Client
) -> None:
    await stocked(merchant, partner)
    first = await merchant.post("/v1/promises", CART, once="k1")
    again = await merchant.post("/v1/promises", CART, once="k1")
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
