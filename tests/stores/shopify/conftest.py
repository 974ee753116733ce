"""A merchant, our Shopify app, and shops that it may be installed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from fulfilhub.app import make_app
from fulfilhub.platform import ids
from fulfilhub.platform.jobs.runner import Runner
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings, ShopifySettings
from fulfilhub.platform.work import Works
from tests.conftest import _started
from tests.fakes.serving import free_port, serving
from tests.fakes.shopify import messages, oauth
from tests.fakes.shopify.api import shopify
from tests.fakes.shopify.shop import Shop
from tests.make.world import Client, account
from tests.stores.conftest import Hand

NEW, OLD = "shpss_" + "a" * 32, "shpss_" + "b" * 32
APP_ID = "1f2e3d4c5b6a79880716253443526170"
Json = dict[str, Any]


def new_shop(name: str, **members: Any) -> Shop:
    return Shop(domain=f"{name}.myshopify.com", client_id=APP_ID, client_secrets=(NEW,), **members)


@dataclass
class Rig:
    """`shop` and `other` are shops with our app in them; `http` speaks to our API, `url` is where the shops are."""

    settings: Settings
    http: httpx.AsyncClient
    outside: httpx.AsyncClient
    url: str
    shop: Shop
    other: Shop
    merchant: Client
    works: Works
    vault: Vault
    hand: Hand
    platform_key: str = field(repr=False)

    async def page(
        self, path: str, body: Json | None = None, shop: Shop | None = None, **claims: Any
    ) -> httpx.Response:
        """What the app's page in a shop's admin calls."""
        token = oauth.session_token(shop or self.shop, **claims)
        return await self.http.post(path, json=body, headers={"Authorization": f"Bearer {token}"})

    async def code(self, merchant: Client | None = None, **more: str) -> str:
        made = await (merchant or self.merchant).made("/v1/store-codes", {"platform": "shopify", **more})
        return str(made["code"])

    async def connected(self, shop: Shop | None = None) -> UUID:
        """The store that the shop is now."""
        made = await self.page("/shopify/connect", {"code": await self.code()}, shop)
        assert made.status_code == 201, made.text
        return ids.STORE.find(made.json()["store_id"])

    async def install(self, store_id: UUID) -> Json:
        answer = await self.merchant.get(f"/v1/stores/{ids.STORE.show(store_id)}/shopify")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def told(
        self, topic: str, payload: Json, shop: Shop | None = None, *, secret: str = "", **headers: str
    ) -> httpx.Response:
        """A webhook of the app, as Shopify delivers it."""
        one = messages.message(shop or self.shop, "/shopify/webhooks", topic, payload, secret=secret or None)
        return await self.http.post("/shopify/webhooks", content=one.body, headers={**one.headers, **headers})

    async def read(self) -> None:
        """Whatever came in is read, and what follows from it is done."""
        for kind in ("stores.read_delivery", "privacy.take_ask", "privacy.carry_out"):
            await self.hand.run(kind)

    @property
    def scope(self) -> Merchant:
        return Merchant(ids.ACCOUNT.find(self.merchant.account_id))

    async def messages(self, store_id: UUID) -> list[Json]:
        answer = await self.merchant.get(f"/v1/stores/{ids.STORE.show(store_id)}/messages")
        return list(answer.json()["data"])

    async def credentials(self, store_id: UUID) -> Json:
        """What is kept, opened."""
        async with self.hand.works.begin(Platform("test")) as work:
            query = text("SELECT credentials FROM stores WHERE id = :id")
            return dict(self.vault.decrypt_map((await work.db.execute(query, {"id": store_id})).scalar_one()))

    async def execute(self, statement: str, **values: object) -> None:
        async with self.hand.works.begin(Platform("test")) as work:
            await work.db.execute(text(statement), values)

    async def another(self, name: str = "Bob's Bikes") -> Client:
        return await account(self.http, self.platform_key, "merchant", name)


@pytest.fixture
async def rig(
    settings: Settings, vault: Vault, works: Works, worker_works: Works, platform_key: str
) -> AsyncIterator[Rig]:
    shop, other = new_shop("hearth-and-home"), new_shop("other-goods")
    async with serving(shopify(shop, other), free_port()) as url:
        app = ShopifySettings(client_id=APP_ID, client_secrets=(NEW, OLD), origin=f"{url}/{{shop}}")
        ours = replace(settings, shopify=app)
        api = make_app(ours)
        transport = httpx.ASGITransport(cast("Any", api), raise_app_exceptions=False)
        async with (
            _started(api),
            httpx.AsyncClient(transport=transport, base_url="http://api.test") as http,
            httpx.AsyncClient() as outside,
        ):
            merchant = await account(http, platform_key, "merchant", "Ada's Mugs")
            hand = Hand(worker_works, Runner(worker_works, ours, vault, outside))
            yield Rig(ours, http, outside, url, shop, other, merchant, works, vault, hand, platform_key)
