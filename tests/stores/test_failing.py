"""Everything about a store that needs a person is in one list, with its reason, and can be tried again."""

from __future__ import annotations

from typing import cast

import httpx
import pytest
from sqlalchemy import text

from fulfilhub.demo.storefronts.shop import SignedDelivery, signature
from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, NotFound
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.commands import failing
from fulfilhub.stores.schemas.failing import failing_out
from tests.make.shipped import shipped_order
from tests.make.world import Client, JsonObject
from tests.stores.conftest import Hand
from tests.stores.mapped import counter
from tests.stores.selling import make_till
from tests.stores.test_routes import connect, knock

ASSIGNED = """
INSERT INTO store_assigned_orders (merchant_id, store_id, external_id, code, reason, updated_at)
VALUES (:m, :s, 'gid://shopify/Order/7', 'unreadable', 'No order at all.', now())
"""
ASSIGNMENT = """
INSERT INTO store_assignments (merchant_id, id, store_id, external_id, order_external_id, location_id, state,
                               changed_at, created_at, updated_at)
VALUES (:m, uuidv7(), :s, 'gid://shopify/FulfillmentOrder/7', 'gid://shopify/Order/7', 'gid://shopify/Location/1',
        'waiting', now(), now(), now())
"""
RETURNED = """
INSERT INTO store_returns (merchant_id, id, store_id, order_external_id, external_id, name, begun, status, refunds,
                           code, reason, created_at, updated_at)
VALUES (:m, uuidv7(), :s, 'gid://shopify/Order/8', 'gid://shopify/Return/1', '#8-R1', 'store', 'requested', '{}',
        'unknown_order', 'Not here.', now(), now())
"""


@pytest.fixture
async def store(merchant: Client, shop: WooCommerceShop) -> str:
    made = await connect(merchant, webhook_secret=shop.webhook_secret)
    return str(cast(JsonObject, made["store"])["id"])


async def failing_of(merchant: Client, store: str) -> list[JsonObject]:
    return cast("list[JsonObject]", (await merchant.get(f"/v1/stores/{store}/failing")).json()["data"])


def garbled(shop: WooCommerceShop) -> SignedDelivery:
    """Signed as it should be, but no order at all."""
    good = shop.order_created(shop.place_order([(shop.stock("MUG", "Mug", "8.50"), 1)]))
    body = b'{"id": 77, "name": "no order at all"}'
    signed = {**good.headers, "X-WC-Webhook-Signature": signature(shop.webhook_secret, body)}
    return SignedDelivery(signed, body)


async def test_nothing_fails_in_a_new_store(merchant: Client, store: str) -> None:
    assert await failing_of(merchant, store) == []


async def test_an_order_in_review_is_read_anew(
    http: httpx.AsyncClient, merchant: Client, store: str, shop: WooCommerceShop, hand: Hand
) -> None:
    placed = shop.place_order([(shop.stock("MUG", "Mug", "8.50"), 1)])
    await knock(http, store, shop.order_created(placed))
    await hand.run("stores.read_delivery")
    (item,) = await failing_of(merchant, store)
    assert (item["kind"], item["subject"], item["code"]) == ("order", str(placed["number"]), "unknown_sku")
    assert item["id"] == item["order_id"]
    await merchant.made("/v1/products", {"sku": "MUG", "name": "Mug"})
    shop.orders[int(str(placed["id"]))]["customer_note"] = "mended meanwhile"
    again = await merchant.post(f"/v1/stores/{store}/failing/{item['id']}/retry")
    assert again.status_code == 202
    await hand.run("stores.reread_order")
    assert await failing_of(merchant, store) == []
    gone = await merchant.post(f"/v1/stores/{store}/failing/{item['id']}/retry")
    assert (gone.status_code, gone.json()["code"]) == (409, "not_failing")


async def test_a_message_that_cannot_be_read_keeps_its_reason_and_is_tried_again(
    http: httpx.AsyncClient, merchant: Client, store: str, shop: WooCommerceShop, hand: Hand
) -> None:
    assert (await knock(http, store, garbled(shop))).status_code == 200
    await hand.run("stores.read_delivery")
    found = {str(item["kind"]): item for item in await failing_of(merchant, store)}
    assert found["message"]["reason"]
    path = f"/v1/stores/{store}/failing/{found['message']['id']}/retry"
    assert (await merchant.post(path)).status_code == 202
    assert await hand.run("stores.read_delivery") == 1
    assert {item["kind"] for item in await failing_of(merchant, store)} == set(found), "still not readable"


async def test_what_the_shop_would_not_take_is_told_again(
    works: Works, worker_works: Works, vault: Vault, hand: Hand, shop: WooCommerceShop
) -> None:
    till = await make_till(works, vault, hand, shop, ["MUG"])
    await till.set(stock_sync=True)
    await till.sell("MUG")
    await till.book_in("MUG", 9)
    placed = await till.buy(("MUG", 2))
    line = str(cast("list[JsonObject]", placed["line_items"])[0]["id"])
    sent = await shipped_order(
        worker_works,
        till.site.merchant.account_id,
        (2,),
        store_id=till.store_id,
        external_id=str(placed["id"]),
        line_ids=[line],
    )
    async with works.begin(till.site.merchant) as work:
        work.publish(*sent.facts())
    await hand.run("stores.tell_shipment")
    await till.settle()
    await _break(worker_works)
    async with works.begin(till.site.merchant) as work:
        rows = await queries.list_failing(work, till.store_id, None, 10)
    items = [failing_out(row) for row in rows]
    assert {item.kind for item in items} == {"shipment", "state", "stock"}
    assert next(item.id for item in items if item.kind == "shipment").startswith("sup_")
    for item in items:
        async with works.begin(till.site.merchant) as work:
            await failing.retry(work, till.store_id, item.id)
    await till.tell()
    async with works.begin(till.site.merchant) as work:
        assert await queries.list_failing(work, till.store_id, None, 10) == []
    for item in items:
        with pytest.raises((Conflict, NotFound)):
            async with works.begin(till.site.merchant) as work:
                await failing.retry(work, till.store_id, item.id)


async def test_what_a_shop_assigned_or_took_back_is_read_anew(
    works: Works, worker_works: Works, settings: Settings, vault: Vault
) -> None:
    async with counter(works, worker_works, settings, vault) as till:
        async with worker_works.begin(Platform("test")) as work:
            for statement in (ASSIGNED, ASSIGNMENT, RETURNED):
                given = {"m": till.site.merchant.account_id, "s": till.store_id}
                await work.db.execute(text(statement), given)
        async with works.begin(till.site.merchant) as work:
            rows = await queries.list_failing(work, till.store_id, None, 10)
        items = {item.kind: item for item in map(failing_out, rows)}
        assert {kind: (each.code, each.reason) for kind, each in items.items()} == {
            "assignment": ("unreadable", "No order at all."),
            "store_return": ("unknown_order", "Not here."),
        }
        for each in items.values():
            async with works.begin(till.site.merchant) as work:
                await failing.retry(work, till.store_id, each.id)
        async with worker_works.begin(Platform("test")) as work:
            queued = set((await work.db.execute(text("SELECT kind FROM jobs"))).scalars())
        assert {"stores.follow_order", "stores.read_returns"} <= queued


async def _break(worker_works: Works) -> None:
    async with worker_works.begin(Platform("test")) as work:
        for table, state in (("store_updates", "refused"), ("store_notices", "failed"), ("store_stock", "failed")):
            await work.db.execute(text(f"UPDATE {table} SET state = '{state}', code = 'x', reason = 'No.'"))  # noqa: S608


async def test_nothing_is_tried_while_the_store_is_disconnected(
    works: Works, merchant: Client, store: str, shop: WooCommerceShop
) -> None:
    assert (await merchant.post(f"/v1/stores/{store}/disconnect")).status_code == 200
    refused = await merchant.post(f"/v1/stores/{store}/failing/{ids.MESSAGE.show(ids.new())}/retry")
    assert (refused.status_code, refused.json()["code"]) == (409, "store_disconnected")


async def test_unknown_items_are_not_found(merchant: Client, store: str) -> None:
    for kind in (ids.MESSAGE, ids.STORE_UPDATE, ids.STORE_NOTICE, ids.STORE_STOCK):
        answer = await merchant.post(f"/v1/stores/{store}/failing/{kind.show(ids.new())}/retry")
        assert answer.status_code == 404, kind
    assert (await merchant.post(f"/v1/stores/{store}/failing/nonsense/retry")).status_code == 404
