"""Store connections and the webhook doors over HTTP."""

from __future__ import annotations

import asyncio
from typing import cast

import httpx
import pytest
from sqlalchemy import text

from fulfilhub.demo.storefronts.shop import SignedDelivery, signature
from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.work import Works
from tests.make.world import Client, JsonObject, account
from tests.stores.conftest import Hand

KEYS = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}


async def connect(merchant: Client, **members: object) -> JsonObject:
    """A WooCommerce store and its webhook secret."""
    body = {"platform": "woocommerce", "name": "Mugs", "base_url": "https://shop.test", "credentials": KEYS}
    return await merchant.made("/v1/stores", body | members)


async def knock(
    http: httpx.AsyncClient, store: object, delivery: SignedDelivery, platform: str = "woocommerce"
) -> httpx.Response:
    """What a storefront does."""
    path = f"/v1/stores/{store}/webhooks/{platform}"
    return await http.post(path, content=delivery.body, headers=delivery.headers)


async def count(worker_works: Works, table: str) -> int:
    async with worker_works.begin(Platform("test")) as work:
        return int((await work.db.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())  # noqa: S608


@pytest.fixture
async def store(merchant: Client, shop: WooCommerceShop) -> str:
    """The id of a store connected to `shop`."""
    made = await connect(merchant, webhook_secret=shop.webhook_secret)
    return str(cast(JsonObject, made["store"])["id"])


async def test_one_delivery_eight_times_at_once_is_one_order(
    http: httpx.AsyncClient, worker_works: Works, merchant: Client, store: str, shop: WooCommerceShop, hand: Hand
) -> None:
    delivery = shop.order_created(shop.place_order([(shop.stock("MUG", "Mug", "8.50"), 2)]))
    answers = await asyncio.gather(*(knock(http, store, delivery) for _ in range(8)))
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"received": True})] * 8
    assert await hand.run("stores.read_delivery") == 1
    assert await count(worker_works, "orders") == 1
    (message,) = (await merchant.get(f"/v1/stores/{store}/messages")).json()["data"]
    assert (message["state"], message["repeats"]) == ("taken", 7)


async def test_the_unsigned_ping_is_answered_and_forgotten(
    http: httpx.AsyncClient, worker_works: Works, store: str, shop: WooCommerceShop
) -> None:
    assert (await knock(http, store, shop.ping("order.created"))).status_code == 200
    assert await count(worker_works, "inbox") == 0


async def test_a_wrong_signature_leaves_nothing(
    http: httpx.AsyncClient, worker_works: Works, store: str, shop: WooCommerceShop
) -> None:
    delivery = shop.order_created(shop.place_order([(shop.stock("MUG", "Mug", "8.50"), 2)]))
    answer = await knock(http, store, SignedDelivery(delivery.headers, delivery.body + b" "))
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    unsigned = {name: value for name, value in delivery.headers.items() if "Signature" not in name}
    assert (await knock(http, store, SignedDelivery(unsigned, delivery.body))).status_code == 401
    assert await count(worker_works, "inbox") == 0


async def test_an_unknown_store_and_another_platforms_door_are_not_there(
    http: httpx.AsyncClient, store: str, shop: WooCommerceShop
) -> None:
    delivery = shop.order_created(shop.place_order([(shop.stock("MUG", "Mug", "8.50"), 2)]))
    for stranger in (ids.STORE.show(ids.new()), "str_nonsense"):
        assert (await knock(http, stranger, delivery)).status_code == 404
    assert (await knock(http, store, delivery, "shopify")).status_code == 404


async def test_what_is_signed_but_not_readable_is_received_and_listed(
    http: httpx.AsyncClient, worker_works: Works, merchant: Client, store: str, shop: WooCommerceShop, hand: Hand
) -> None:
    body = b"\xff{not json"
    headers = {"X-WC-Webhook-Topic": "order.created", "X-WC-Webhook-Signature": signature(shop.webhook_secret, body)}
    assert (await knock(http, store, SignedDelivery(headers, body))).json() == {"received": True}
    await hand.run("stores.read_delivery")
    listed = (await merchant.get(f"/v1/stores/{store}/messages", state="unreadable")).json()["data"]
    assert len(listed) == 1
    assert await count(worker_works, "orders") == 0


async def test_secrets_are_shown_once(merchant: Client) -> None:
    made = await connect(merchant)
    secret, store = made["webhook_secret"], cast(JsonObject, made["store"])
    assert secret
    assert str(store["webhook_url"]).endswith(f"/v1/stores/{store['id']}/webhooks/woocommerce")
    path = f"/v1/stores/{store['id']}"
    for answer in (
        await merchant.get(path),
        await merchant.get("/v1/stores"),
        await merchant.patch(path, {"name": "M"}),
    ):
        assert answer.status_code == 200, answer.text
        assert str(secret) not in answer.text
        assert "cs_1" not in answer.text
    rotated = await merchant.post(f"{path}/rotate-secret", {})
    assert rotated.status_code == 200
    assert rotated.json()["webhook_secret"] not in (None, secret)


async def test_every_bad_credential_is_named(merchant: Client) -> None:
    wrong = {"consumer_key": "ck_1", "access_token": "x"}
    body = {"platform": "woocommerce", "name": "Mugs", "base_url": "https://shop.test", "credentials": wrong}
    answer = await merchant.post("/v1/stores", body)
    assert answer.status_code == 422
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert pointers == {"/credentials/consumer_secret", "/credentials/access_token"}


@pytest.mark.parametrize("url", ["", "shop.test", "ftp://shop.test", "https://u:p@shop.test", "https://shop.test?x=1"])
async def test_a_bad_address_is_named(merchant: Client, url: str) -> None:
    body = {"platform": "woocommerce", "name": "Mugs", "base_url": url, "credentials": KEYS}
    answer = await merchant.post("/v1/stores", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/base_url"


async def test_one_connection_per_address(merchant: Client) -> None:
    await connect(merchant)
    body = {"platform": "woocommerce", "name": "Again", "base_url": "https://shop.test/", "credentials": KEYS}
    answer = await merchant.post("/v1/stores", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "store_exists")


async def test_a_stale_change_is_refused(merchant: Client) -> None:
    path = f"/v1/stores/{cast(JsonObject, (await connect(merchant))['store'])['id']}"
    settings = {"services": {"Flat rate": "standard"}, "locations": {"gid://1": ids.WAREHOUSE.show(ids.new())}}
    changed = await merchant.patch(path, {"settings": settings}, **{"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert changed.json()["settings"]["services"] == {"Flat rate": "standard"}
    assert (await merchant.patch(path, {"name": "X"}, **{"If-Match": '"1"'})).status_code == 412


async def test_a_strangers_store_is_not_there(
    merchant: Client, partner: Client, http: httpx.AsyncClient, store: str, platform_key: str
) -> None:
    other = await account(http, platform_key, "merchant", "Other")
    for path in (f"/v1/stores/{store}", f"/v1/stores/{store}/messages", f"/v1/stores/{store}/updates"):
        assert (await other.get(path)).status_code == 404
        assert (await partner.get(path)).status_code == 403
        assert (await merchant.get(path)).status_code == 200
    assert (await other.patch(f"/v1/stores/{store}", {"name": "Mine"})).status_code == 404
