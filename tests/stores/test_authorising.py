"""A WooCommerce shop without our plugin is connected on its own page of approval."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import text

from fulfilhub.app import make_app
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.conftest import _started
from tests.make.plugin import PluginShop, plugin_shop
from tests.make.world import Client, account

AT = "/v1/stores/woocommerce-authorisations"
BACK = f"{AT}/callback"
Json = dict[str, Any]


async def asked(merchant: Client, **more: str) -> tuple[Json, dict[str, str]]:
    """(what we answer, what WooCommerce is given)."""
    made = await merchant.made(AT, {"base_url": "https://shop.test", "name": "Ada's Mugs", **more})
    query = parse_qs(urlsplit(str(made["authorise_url"])).query)
    return made, {name: value for name, (value,) in query.items()}


def keys(token: str, **more: object) -> Json:
    """What WooCommerce sends, word for word."""
    return {
        "key_id": 1,
        "user_id": token,
        "consumer_key": "ck_9",
        "consumer_secret": "cs_9",
        "key_permissions": "read_write",
        **more,
    }


async def test_the_owner_approves_and_the_shop_is_connected(merchant: Client, worker_works: Works) -> None:
    made, given = await asked(merchant)
    assert str(made["authorise_url"]).startswith("https://shop.test/wc-auth/v1/authorize?")
    assert (given["app_name"], given["scope"]) == ("FulfilHub", "read_write")
    assert given["callback_url"].endswith(BACK)
    seen = (await merchant.get(f"/v1/store-codes/{made['id']}")).json()
    assert (seen["state"], seen["store_id"], seen["base_url"]) == ("open", None, "https://shop.test")
    assert given["user_id"] not in str(seen)
    answer = await merchant.http.post(BACK, json=keys(given["user_id"]))
    assert (answer.status_code, answer.json()) == (200, {"connected": True})
    seen = (await merchant.get(f"/v1/store-codes/{made['id']}")).json()
    assert (seen["state"], bool(seen["used_at"])) == ("used", True)
    store = (await merchant.get(f"/v1/stores/{seen['store_id']}")).json()
    assert (store["name"], store["base_url"], store["state"]) == ("Ada's Mugs", "https://shop.test", "connected")
    log = (await merchant.get("/v1/audit-log")).json()["data"]
    row = next(each for each in log if each["action"] == "receiveWoocommerceKeys")
    assert (row["actor"], row["entity"]) == (made["id"], store["id"])
    page = await merchant.http.get("/connect/woocommerce", params={"success": "1", "user_id": given["user_id"]})
    assert "Your shop is connected" in page.text
    assert given["user_id"] not in page.text
    async with worker_works.begin(Platform("test")) as work:
        rows = await work.db.execute(text("SELECT to_jsonb(c)::text FROM store_codes AS c"))
        assert all(given["user_id"].replace("-", "") not in row[0].upper() for row in rows)


async def test_it_is_good_once_soon_and_for_this_shop(merchant: Client, worker_works: Works) -> None:
    _, given = await asked(merchant)
    told = await asyncio.gather(*(merchant.http.post(BACK, json=keys(given["user_id"])) for _ in range(5)))
    assert sorted(each.status_code for each in told) == [200] + [422] * 4
    assert len((await merchant.get("/v1/stores")).json()["data"]) == 1
    made, late = await asked(merchant)
    async with worker_works.begin(Platform("test")) as work:
        await work.db.execute(text("UPDATE store_codes SET expires_at = created_at"))
    refused = await merchant.http.post(BACK, json=keys(late["user_id"]))
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_code")
    assert (await merchant.get(f"/v1/store-codes/{made['id']}")).json()["state"] == "expired"


async def test_what_is_refused_costs_nothing(merchant: Client, other: Client) -> None:
    made, given = await asked(merchant)
    for body, code in (
        (keys("0" * 40), "bad_code"),
        (keys(given["user_id"], key_permissions="read"), "keys_too_weak"),
        (keys(given["user_id"], consumer_secret=""), "invalid"),
    ):
        refused = await merchant.http.post(BACK, json=body)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    loose = str((await merchant.made("/v1/store-codes", {}))["code"])
    refused = await merchant.http.post(BACK, json=keys(loose))
    assert refused.json()["code"] == "bad_code", "a code that is bound to no shop"
    assert (await other.get(f"/v1/store-codes/{made['id']}")).status_code == 404
    assert (await merchant.get(f"/v1/store-codes/{ids.STORE_CODE.show(ids.new())}")).status_code == 404
    assert (await merchant.post(AT, {"base_url": "ftp://shop.test"})).status_code == 422
    assert (await merchant.http.post(BACK, json=keys(given["user_id"]))).status_code == 200


@pytest.fixture
async def other(http: httpx.AsyncClient, platform_key: str) -> Client:
    return await account(http, platform_key, "merchant", "Bob's Jugs")


async def test_a_plugin_that_was_there_is_left_without_a_key(merchant: Client, shop: Any) -> None:
    plugged: PluginShop = await plugin_shop(merchant, shop)
    _, given = await asked(merchant)
    assert (await merchant.http.post(BACK, json=keys(given["user_id"]))).status_code == 200
    assert len((await merchant.get("/v1/stores")).json()["data"]) == 1
    listed = (await merchant.get("/v1/api-keys")).json()["data"]
    assert all(each["revoked_at"] for each in listed if each["store_id"] == plugged.store_id)


@pytest.fixture
async def plain_http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The API on the public internet, reached by plain http."""
    app = make_app(replace(settings, security=replace(settings.security, allow_private_hosts=False)))
    transport = httpx.ASGITransport(cast("Any", app), raise_app_exceptions=False)
    async with _started(app), httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
        yield client


async def test_without_https_of_our_own_it_says_so(plain_http: httpx.AsyncClient, platform_key: str) -> None:
    merchant = await account(plain_http, platform_key, "merchant", "Ada's Mugs")
    refused = await merchant.post(AT, {"base_url": "https://shop.test"})
    assert (refused.status_code, refused.json()["code"]) == (409, "https_needed")
