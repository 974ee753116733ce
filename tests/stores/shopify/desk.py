"""A shop that our app is in, and tokens as App Bridge gets them for the page in the shop's admin."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import httpx
import jwt

from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores.adapters.shopify import scopes
from fulfilhub.stores.adapters.shopify.oauth import Grant
from fulfilhub.stores.commands.installing import keep_pair
from tests.fakes.serving import free_port, serving
from tests.make.world import Client, JsonObject

SHOP = "adas-mugs.myshopify.com"
CLIENT_ID = "0123456789abcdef"
SECRET = "shpss_present_and_secret_enough_to_sign"
OLD_SECRET = "shpss_former_and_secret_enough_to_sign"


def with_app(settings: Settings) -> Settings:
    """The same settings, with an app of ours whose secret was rotated."""
    return replace(
        settings, shopify=replace(settings.shopify, client_id=CLIENT_ID, client_secrets=(SECRET, OLD_SECRET))
    )


def token(shop: str = SHOP, secret: str = SECRET, *, ends_in: float = 60.0, audience: str = CLIENT_ID) -> str:
    """A session token of somebody who has the page open."""
    now = int(time.time())
    claims = {
        "iss": f"https://{shop}/admin",
        "dest": f"https://{shop}",
        "aud": audience,
        "sub": "42",
        "exp": now + int(ends_in),
        "nbf": now - 60,
        "iat": now - 60,
        "jti": "f8912129",
        "sid": "aaea182f",
    }
    return jwt.encode(claims, secret, algorithm="HS256")


@dataclass(slots=True)
class Shop:
    """A merchant's shop that our app is in."""

    merchant: Client
    scope: Merchant
    store_id: str
    path: str


async def installed(
    works: Works,
    vault: Vault,
    merchant: Client,
    shop: str = SHOP,
    granted: tuple[str, ...] = scopes.REQUIRED,
    url: str = f"https://{SHOP}",
) -> Shop:
    """Connect a shop as its app would; `url` is where it is reached."""
    body = {
        "platform": "shopify",
        "name": "Ada's Mugs",
        "base_url": url,
        "shop_domain": shop,
        "credentials": {"access_token": "shpat_1"},
        "webhook_secret": "a-webhook-secret",
    }
    made = cast("JsonObject", (await merchant.made("/v1/stores", body))["store"])
    store_id, scope = str(made["id"]), Merchant(ids.ACCOUNT.find(merchant.account_id), "key_test")
    ends = works.clock() + timedelta(hours=1)
    grant = Grant(
        access_token="shpat_1",
        scopes=granted,
        expires_at=ends,
        refresh_token="shprt_1",
        refresh_expires_at=ends + timedelta(days=90),
    )
    async with works.begin(scope) as work:
        await keep_pair(work, vault, ids.STORE.find(store_id), shop, grant, anew=True)
    return Shop(merchant, scope, store_id, f"/v1/stores/{store_id}")


@asynccontextmanager
async def page_of(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The API with our app, on a port of this machine."""
    from fulfilhub.app import make_app

    port = free_port()
    ours = replace(settings, server=replace(settings.server, public_url=f"http://127.0.0.1:{port}"))
    async with (
        serving(cast("Any", make_app(with_app(ours))), port) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        yield http
