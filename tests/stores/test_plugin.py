"""A plugin in the shop: its key, from the connection to its end, and who else is let in by none of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from fulfilhub.demo.storefronts.shop import signature
from fulfilhub.demo.storefronts.woocommerce import Plugin, WooCommerceShop
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Works
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.commands.deliveries import receive
from fulfilhub.stores.queries import sealed_store
from tests.make.plugin import ABOUT, PluginShop, connecting, item, plugin_shop
from tests.make.world import Client
from tests.stores.conftest import Hand

Json = dict[str, Any]


@pytest.fixture
async def plugged(merchant: Client, shop: WooCommerceShop) -> PluginShop:
    return await plugin_shop(merchant, shop)


async def keys(merchant: Client, store_id: str) -> list[Json]:
    """The store's keys as the merchant sees them, oldest first."""
    listed = (await merchant.get("/v1/api-keys")).json()["data"]
    return [each for each in listed if each["store_id"] == store_id]


async def again(merchant: Client, shop: WooCommerceShop, **more: object) -> Json:
    code = str((await merchant.made("/v1/store-codes", {}))["code"])
    answer = await merchant.http.post("/v1/stores/connect", json=connecting(code, shop, **more))
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def kept(works: Works, vault: Vault, store_id: str) -> tuple[dict[str, str], str, object]:
    """(credentials, sealed secrets opened, what the plugin said of itself)."""
    async with works.begin(Platform("test")) as work:
        rows = await work.db.execute(text("SELECT credentials, secrets, plugin, id FROM stores"))
        row = next(each for each in rows if each.id == ids.STORE.find(store_id))
    return vault.decrypt_map(row.credentials), vault.decrypt(row.secrets).decode(), row.plugin


async def test_connecting_gives_a_key_for_this_store_alone(
    plugged: PluginShop, merchant: Client, worker_works: Works, vault: Vault
) -> None:
    (key,) = await keys(merchant, plugged.store_id)
    assert (key["permissions"], key["name"], key["expires_at"]) == (["storefront:use"], "Plugin of Ada's Mugs", None)
    assert (await merchant.get(f"/v1/api-keys/{key['id']}")).json() == key
    shown = (await plugged.key.get("/v1/storefront")).json()
    assert shown["store"] == {
        "id": plugged.store_id,
        "name": "Ada's Mugs",
        "state": "connected",
        "base_url": "https://shop.test",
    }
    assert (shown["organisation"], shown["mode"], shown["stock_sync"]) == ("Ada's Mugs", "live", False)
    assert shown["tracking_page"].endswith("/t/")
    assert shown["intake"] == {"last_received_at": None, "waiting": 0, "needs_review": 0}
    assert shown["outgoing"] == {"waiting": 0, "failed": 0}
    assert shown.keys() >= {"server_time", "api_version"}
    assert (await kept(worker_works, vault, plugged.store_id))[2] == ABOUT


async def test_a_connection_without_a_plugin_has_no_key(merchant: Client, shop: WooCommerceShop) -> None:
    made = await again(merchant, shop, plugin=None)
    assert made["api_key"] is None
    assert made["webhook_secret"]
    assert await keys(merchant, made["store"]["id"]) == []


async def test_nobody_can_give_or_widen_such_a_key(plugged: PluginShop, merchant: Client, platform_key: str) -> None:
    for body in ({"name": "x", "permissions": ["storefront:use"]}, {"name": "x", "permissions": ["nothing:else"]}):
        refused = await merchant.post("/v1/api-keys", body)
        assert refused.status_code == 403, refused.text
    await merchant.made("/v1/api-keys", {"name": "all that I may"})
    everything = (await merchant.get("/v1/api-keys")).json()["data"]
    assert [each["store_id"] for each in everything if "storefront:use" in each["permissions"]] == [plugged.store_id]


async def test_connecting_again_ends_the_old_key_at_once(
    plugged: PluginShop, merchant: Client, shop: WooCommerceShop
) -> None:
    made = await again(merchant, shop)
    assert made["store"]["id"] == plugged.store_id
    old, new = await keys(merchant, plugged.store_id)
    assert (bool(old["revoked_at"]), new["revoked_at"]) == (True, None)
    refused = await plugged.key.get("/v1/storefront")
    assert refused.status_code == 401, "it had never been used, so no process remembers it"
    fresh = Client(merchant.http, made["api_key"], merchant.account_id)
    assert (await fresh.get("/v1/storefront")).status_code == 200
    order = shop.place_order([(shop.stock("MUG", "Mug", "8.50"), 1)])
    for secret in (plugged.secret, made["webhook_secret"]):
        assert (await plugged.send([item(order)], secret=secret)).status_code == 200, "both secrets for a day"


async def test_whoever_connects_by_hand_ends_the_plugins_key(
    plugged: PluginShop, merchant: Client, shop: WooCommerceShop, worker_works: Works, vault: Vault
) -> None:
    await again(merchant, shop, plugin=None)
    (key,) = await keys(merchant, plugged.store_id)
    assert key["revoked_at"]
    assert (await kept(worker_works, vault, plugged.store_id))[2] is None


async def test_rotating_lets_the_old_key_live_on_for_a_day(plugged: PluginShop, merchant: Client) -> None:
    made = (await plugged.key.post("/v1/storefront/rotate", {}, once=None)).json()
    assert made.keys() == {"webhook_secret", "api_key"}
    old, new = await keys(merchant, plugged.store_id)
    assert (bool(old["expires_at"]), old["revoked_at"], new["expires_at"]) == (True, None, None)
    for secret in (plugged.key.key, made["api_key"]):
        key = Client(merchant.http, secret, merchant.account_id)
        assert (await key.get("/v1/storefront")).status_code == 200
    assert (new["permissions"], new["store_id"]) == (["storefront:use"], plugged.store_id)
    refused = await merchant.post(f"/v1/api-keys/{new['id']}/rotate", {"overlap_hours": 0})
    assert (refused.status_code, refused.json()["code"]) == (409, "plugin_rotates"), "nobody could tell the plugin"
    assert len(await keys(merchant, plugged.store_id)) == 2


async def test_rotating_takes_the_shops_new_keys_along(plugged: PluginShop, worker_works: Works, vault: Vault) -> None:
    fresh = {"consumer_key": "ck_fresh", "consumer_secret": "cs_fresh"}
    path = "/v1/storefront/rotate"
    for wrong in ({"consumer_key": "ck_fresh"}, {"access_token": "shpat_0123456789"}, fresh | {"password": "x"}):
        assert (await plugged.key.post(path, {"credentials": wrong}, once=None)).status_code == 422
    before, secrets, _ = await kept(worker_works, vault, plugged.store_id)
    assert before["consumer_key"] != fresh["consumer_key"]
    assert plugged.secret in secrets
    made = await plugged.key.post(path, {"credentials": fresh}, once=None)
    assert made.status_code == 200, made.text
    assert "cs_fresh" not in made.text
    now, secrets, _ = await kept(worker_works, vault, plugged.store_id)
    assert now == fresh
    assert (plugged.secret in secrets, made.json()["webhook_secret"] in secrets) == (True, True)
    await plugged.key.post(path, {}, once=None)
    assert (await kept(worker_works, vault, plugged.store_id))[0] == fresh, "without, they stay"


async def test_the_merchant_has_the_plugin_change_its_keys(
    plugged: PluginShop, merchant: Client, worker_works: Works, vault: Vault, hand: Hand
) -> None:
    path = f"/v1/stores/{plugged.store_id}/rotate-secret"
    before = await kept(worker_works, vault, plugged.store_id)
    refused = await merchant.post(path, {"webhook_secret": "a secret of my own"})
    assert (refused.status_code, refused.json()["code"]) == (409, "plugin_rotates")
    told = await merchant.post(path, {})
    assert (told.status_code, told.json()["webhook_secret"]) == (200, None)
    assert await kept(worker_works, vault, plugged.store_id) == before, "a secret that nobody has would lose orders"
    plugin = plugged.shop.plugin = Plugin()
    assert await hand.run("stores.ask_to_rotate") == 1
    assert plugin.asked_to_rotate == 1
    await merchant.post(path, {})
    await merchant.post(f"/v1/stores/{plugged.store_id}/disconnect")
    await hand.run("stores.ask_to_rotate")
    assert plugin.asked_to_rotate == 1, "disconnected meanwhile"


async def test_the_merchant_can_revoke_it(plugged: PluginShop, merchant: Client) -> None:
    (key,) = await keys(merchant, plugged.store_id)
    assert (await merchant.post(f"/v1/api-keys/{key['id']}/revoke")).status_code == 200
    assert (await plugged.key.get("/v1/storefront")).status_code == 401


async def test_what_the_plugin_says_and_adjusts(
    plugged: PluginShop, merchant: Client, worker_works: Works, vault: Vault
) -> None:
    before = (await merchant.get(f"/v1/stores/{plugged.store_id}")).json()
    newer = {**ABOUT, "version": "1.1.0"}
    told = await plugged.key.patch("/v1/storefront", {"plugin": newer, "settings": {"stock_sync": True}})
    assert (told.status_code, told.json()["stock_sync"]) == (200, True)
    assert (await kept(worker_works, vault, plugged.store_id))[2] == newer
    after = (await merchant.get(f"/v1/stores/{plugged.store_id}")).json()
    assert (after["settings"]["stock_sync"], after["version"]) == (True, before["version"] + 1)
    same = await plugged.key.patch("/v1/storefront", {})
    assert same.json()["stock_sync"] is True
    assert (await merchant.get(f"/v1/stores/{plugged.store_id}")).json()["version"] == after["version"]
    assert (await plugged.key.patch("/v1/storefront", {"settings": {"sync": True}})).status_code == 422


async def gone(plugged: PluginShop, merchant: Client, works: Works, vault: Vault) -> None:
    """The store is disconnected, and nothing opens it any more."""
    store = (await merchant.get(f"/v1/stores/{plugged.store_id}")).json()
    assert store["state"] == "disconnected"
    assert all(each["revoked_at"] for each in await keys(merchant, plugged.store_id))
    assert await kept(works, vault, plugged.store_id) == ({}, "[]", None)
    refused = await plugged.send([item({"id": 1, "line_items": []})])
    assert (refused.status_code, refused.json()["code"]) == (401, "bad_signature")


async def test_the_plugin_disconnects(plugged: PluginShop, merchant: Client, worker_works: Works, vault: Vault) -> None:
    path, headers = "/v1/storefront", plugged.key.headers()
    answer = await merchant.http.delete(path, headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    await gone(plugged, merchant, worker_works, vault)
    late = await plugged.key.get(path)
    assert (late.status_code, late.json()["code"]) in {(401, "unauthenticated"), (401, "store_disconnected")}
    log = (await merchant.get("/v1/audit-log")).json()["data"]
    row = next(each for each in log if each["action"] == "disconnectStorefront")
    assert (row["entity"], row["actor"][:4]) == (plugged.store_id, "key_")


async def test_the_merchant_disconnects(
    plugged: PluginShop, merchant: Client, worker_works: Works, vault: Vault, hand: Hand
) -> None:
    for _ in range(2):
        answer = await merchant.post(f"/v1/stores/{plugged.store_id}/disconnect")
        assert (answer.status_code, answer.json()["state"]) == (200, "disconnected")
    assert await hand.run("stores.say_goodbye") == 1
    await gone(plugged, merchant, worker_works, vault)
    made = await again(merchant, plugged.shop)
    assert made["store"]["id"] == plugged.store_id
    await merchant.post(f"/v1/stores/{plugged.store_id}/disconnect")
    made = await again(merchant, plugged.shop)
    await hand.run("stores.say_goodbye")
    assert (await kept(worker_works, vault, plugged.store_id))[0]["consumer_key"] == "ck_1", "connected again meanwhile"
    assert (await merchant.post(f"/v1/stores/{ids.STORE.show(ids.new())}/disconnect")).status_code == 404


async def test_a_storefront_that_cuts_the_connection_ends_its_keys(
    works: Works, worker_works: Works, merchant: Client, vault: Vault, hand: Hand, plugged: PluginShop
) -> None:
    """Shopify says so by webhook; what still signs its last messages is kept."""
    made: Any = await merchant.made(
        "/v1/stores",
        {
            "platform": "shopify",
            "name": "S",
            "base_url": "https://s.myshopify.com",
            "credentials": {"access_token": "shpat_0123456789"},
            "webhook_secret": "client-secret",
        },
    )
    store_id = ids.STORE.find(made["store"]["id"])
    async with worker_works.begin(Platform("test")) as work:
        await work.execute_raw("UPDATE api_keys SET store_id = $1 WHERE store_id IS NOT NULL", store_id)
    body = b'{"id":1,"myshopify_domain":"s.myshopify.com"}'
    headers = {
        "X-Shopify-Topic": "app/uninstalled",
        "X-Shopify-Shop-Domain": "s.myshopify.com",
        "X-Shopify-Webhook-Id": "w-1",
        "X-Shopify-Hmac-Sha256": signature("client-secret", body),
    }
    scope = Merchant(ids.ACCOUNT.find(merchant.account_id))
    async with works.begin(scope) as work:
        delivery = adapter_for("shopify").read_delivery(headers, body)
        assert await receive(work, vault, store_id, delivery, headers, body, 30)
    await hand.run("stores.read_delivery")
    (key,) = await keys(merchant, made["store"]["id"])
    assert key["revoked_at"]
    async with works.begin(scope) as work:
        assert b"shpat" in vault.decrypt((await sealed_store(work, store_id)).credentials)


async def test_what_the_shop_is_told_follows_its_plugin(
    plugged: PluginShop, merchant: Client, shop: WooCommerceShop, worker_works: Works
) -> None:
    async def follows() -> tuple[bool, bool]:
        """(states of orders, stock)."""
        async with worker_works.begin(Platform("test")) as work:
            (row,) = await work.fetch_raw("SELECT follows_states, follows_stock FROM store_lanes")
        return row[0], row[1]

    assert await follows() == (True, False)
    await plugged.key.patch("/v1/storefront", {"settings": {"stock_sync": True}})
    assert await follows() == (True, True)
    await again(merchant, shop, plugin=None)
    assert await follows() == (False, True)
    await merchant.post(f"/v1/stores/{plugged.store_id}/disconnect")
    assert await follows() == (False, False)
