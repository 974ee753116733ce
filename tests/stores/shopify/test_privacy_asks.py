"""What Shopify asks by law about a shop's customers is really carried out, and stays on record."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from fulfilhub.platform import ids
from fulfilhub.platform.inbox import open_payload
from fulfilhub.platform.scopes import Platform
from fulfilhub.privacy import commands
from tests.fakes.shopify import messages, orders
from tests.fakes.shopify.shop import Shop
from tests.stores.shopify.conftest import Json, Rig

TRACES = ("ada@example.com", "4 Example Lane", "07700900456")


def place(shop: Shop, **members: Any) -> Json:
    """What `orders/create` tells of a new order."""
    shop.outbox.subscriptions[:] = [messages.Subscription("/shopify/webhooks", frozenset({"orders/create"}))]
    orders.place(shop, [(shop.add_product("MUG", "Mug", "8.50"), 2)], **members)
    payload = shop.outbox.of("orders/create")[-1].payload
    assert isinstance(payload, dict)
    return payload


async def taken(rig: Rig, shop: Shop | None = None) -> Json:
    """An order that came by webhook, and is over."""
    order = place(shop or rig.shop) | {"email": "ada@example.com", "contact_email": "ada@example.com"}
    order["shipping_address"] = {**order["shipping_address"], "address1": "4 Example Lane", "phone": "07700900456"}
    await rig.told("orders/create", order, shop)
    await rig.read()
    return order


async def over(rig: Rig) -> None:
    for order in (await rig.merchant.get("/v1/orders")).json()["data"]:
        await rig.merchant.post(f"/v1/orders/{order['id']}/cancel", {})


def asks(shop: Shop, *order_ids: Json, email: str | None = "ada@example.com", **more: Any) -> Json:
    return {
        "shop_id": 954889,
        "shop_domain": shop.domain,
        "customer": {"id": 191167, "email": email, "phone": "07700900456"},
        "orders_to_redact": [order["id"] for order in order_ids],
        "orders_requested": [order["id"] for order in order_ids],
        **more,
    }


async def requests(rig: Rig) -> list[Json]:
    return list((await rig.merchant.get("/v1/privacy-requests")).json()["data"])


async def everything(rig: Rig) -> str:
    """What is kept of orders and messages, opened."""
    async with rig.hand.works.begin(Platform("test")) as work:
        rows = await work.db.execute(text("SELECT to_jsonb(o)::text FROM orders AS o"))
        kept = [row[0] for row in rows]
        payloads = await work.db.execute(text("SELECT payload FROM inbox WHERE payload IS NOT NULL"))
        kept += [open_payload(rig.vault, bytes(row[0]))[1].decode() for row in payloads]
    return "\n".join(kept)


async def test_a_customer_is_told_what_is_kept(rig: Rig) -> None:
    store_id = await rig.connected()
    order = await taken(rig)
    told = await rig.told("customers/data_request", asks(rig.shop, order, data_request={"id": 9999}))
    assert told.status_code == 200
    await rig.read()
    (request,) = await requests(rig)
    assert (request["kind"], request["state"], request["origin"]) == ("export", "done", "store")
    assert (request["store_id"], request["reference"]) == (ids.STORE.show(store_id), "9999")
    assert request["counts"]["orders"] == 1
    assert request["done_at"]
    export = (await rig.merchant.get(f"/v1/privacy-requests/{request['id']}/export")).json()
    assert [each["ship_to"]["line1"] for each in export["orders"]] == ["4 Example Lane"]
    message = (await rig.messages(store_id))[-1]
    assert (message["topic"], message["state"]) == ("customers/data_request", "privacy")


@pytest.mark.parametrize("email", ["ada@example.com", "Ada@Example.com", None])
async def test_a_customer_is_erased_also_where_only_the_orders_are_named(rig: Rig, email: str | None) -> None:
    await rig.connected()
    order = await taken(rig)
    await over(rig)
    before = await everything(rig)
    assert all(trace in before for trace in TRACES)
    await rig.told("customers/redact", asks(rig.shop, order, email=email))
    await rig.read()
    (request,) = await requests(rig)
    assert (request["kind"], request["state"], request["counts"]["orders"]) == ("erasure", "done", 1)
    after = await everything(rig)
    assert [trace for trace in TRACES if trace in after] == []


async def test_an_order_under_way_keeps_its_address_until_it_has_ended(rig: Rig) -> None:
    await rig.connected()
    order = await taken(rig)
    await rig.told("customers/redact", asks(rig.shop, order))
    await rig.read()
    (request,) = await requests(rig)
    assert (request["state"], request["open_orders"]) == ("waiting", 1)
    await over(rig)
    await rig.hand.run("privacy.carry_out", later=7)
    (request,) = await requests(rig)
    assert (request["state"], request["counts"]["orders"]) == ("done", 1)
    assert [trace for trace in TRACES if trace in await everything(rig)] == []


async def test_only_that_shops_orders_are_erased(rig: Rig) -> None:
    await rig.connected()
    await rig.connected(rig.other)
    await taken(rig)
    await taken(rig, rig.other)
    await over(rig)
    await rig.told("customers/redact", asks(rig.shop))
    await rig.read()
    (request,) = await requests(rig)
    assert (request["state"], request["counts"]["orders"]) == ("done", 1)
    emails = [each["email"] for each in (await rig.merchant.get("/v1/orders")).json()["data"]]
    assert sorted(emails) == ["", "ada@example.com"]


async def test_a_whole_shop_is_erased_after_it_has_gone(rig: Rig) -> None:
    store_id = await rig.connected()
    for _ in range(3):
        await taken(rig)
    await over(rig)
    await rig.told("app/uninstalled", {"myshopify_domain": rig.shop.domain})
    await rig.read()
    assert (await rig.told("shop/redact", {"shop_id": 1, "shop_domain": rig.shop.domain})).status_code == 200
    await rig.read()
    (request,) = await requests(rig)
    assert (request["kind"], request["origin"], request["store_id"]) == (
        "store_erasure",
        "store",
        ids.STORE.show(store_id),
    )
    assert (request["state"], request["counts"]["orders"], request["open_orders"]) == ("done", 3, 0)
    assert request["counts"]["messages"] >= 3
    assert [trace for trace in TRACES if trace in await everything(rig)] == []
    assert len((await rig.merchant.get("/v1/orders")).json()["data"]) == 3, "counts, dates and ledgers stay"


async def test_many_orders_are_erased_some_at_a_time(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "ORDERS_AT_ONCE", 2)
    await rig.connected()
    for _ in range(3):
        await taken(rig)
    await over(rig)
    await rig.told("shop/redact", {"shop_id": 1, "shop_domain": rig.shop.domain})
    await rig.read()
    (request,) = await requests(rig)
    assert (request["state"], request["open_orders"], request["counts"]["orders"]) == ("waiting", 1, 2)
    await rig.hand.run("privacy.carry_out")
    (request,) = await requests(rig)
    assert (request["state"], request["counts"]["orders"]) == ("done", 3)


async def test_a_merchant_that_had_the_shop_before_erases_it_too(rig: Rig) -> None:
    await rig.connected()
    await taken(rig)
    await over(rig)
    await rig.told("app/uninstalled", {"myshopify_domain": rig.shop.domain})
    await rig.read()
    bob = await rig.another()
    assert (await rig.page("/shopify/connect", {"code": await rig.code(bob)})).status_code == 201
    await rig.told("customers/redact", asks(rig.shop))
    await rig.read()
    (request,) = await requests(rig)
    assert (request["state"], request["counts"]["orders"]) == ("done", 1)
    assert len((await bob.get("/v1/privacy-requests")).json()["data"]) == 1


async def test_a_request_comes_twice_and_is_carried_out_once(rig: Rig) -> None:
    await rig.connected()
    await taken(rig)
    one = messages.message(rig.shop, "/shopify/webhooks", "customers/redact", asks(rig.shop))
    for _ in range(2):
        assert (await rig.http.post("/shopify/webhooks", content=one.body, headers=one.headers)).status_code == 200
    await rig.read()
    assert len(await requests(rig)) == 1


async def test_nobody_can_ask_for_a_whole_store_by_api(rig: Rig) -> None:
    answer = await rig.merchant.post("/v1/privacy-requests", {"kind": "store_erasure", "email": "ada@example.com"})
    assert answer.status_code == 422
