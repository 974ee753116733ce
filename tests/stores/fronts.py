"""A Shopify shop that our app is in, with a delivered order of a customer who is signed in there, and what the shop's
own pages sign for us."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import jwt
from sqlalchemy import update

from fulfilhub.orders.models import Order, OrderLine
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import ShopifySettings
from fulfilhub.platform.work import Works
from fulfilhub.stores.adapters.shopify.oauth import Grant
from fulfilhub.stores.adapters.shopify.scopes import REQUIRED
from fulfilhub.stores.adapters.shopify.tokens import proxy_signature
from fulfilhub.stores.commands import connections, installing
from fulfilhub.stores.rules import PlatformKind, Settings
from tests.make.shipped import ShippedOrder, shipped_order
from tests.make.world import Client

CLIENT = "0123456789abcdef0123456789abcdef"
NEW, OLD = "shpss_" + "n" * 32, "shpss_" + "o" * 32
APP = ShopifySettings(client_id=CLIENT, client_secrets=(NEW, OLD))

SHOP = "adas-mugs.myshopify.com"
ORDER = 5001
CUSTOMER = "gid://shopify/Customer/77"
CONFIRMATION = "XPAV284CT"
NUMBER = "#1001"
EMAIL, POSTCODE = "ada@example.test", "M1 1AA"

Json = dict[str, Any]


@dataclass(frozen=True)
class Front:
    """The shop, its order here, and a client that stands where Shopify and its customers' browsers stand."""

    http: httpx.AsyncClient
    merchant: Client
    store_id: UUID
    order: ShippedOrder
    shop: str = SHOP

    async def passed(
        self,
        path: str = "",
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        *,
        script: bool = False,
        visitor: str = "203.0.113.7",
        secret: str = NEW,
        **changed: str,
    ) -> httpx.Response:
        """What a customer's browser asked of `https://SHOP/apps/track` and the shop passes on. `changed`: signed
        parameters that are not as they should be."""
        given = {"shop": self.shop, "path_prefix": "/apps/track", "timestamp": str(int(time.time())), **(query or {})}
        address = signed(f"/shopify/proxy{path}", given | changed, secret)
        headers = {"X-Forwarded-For": f"{visitor}, 198.51.100.1"} | ({"Accept": "application/json"} if script else {})
        if form is None:
            return await self.http.get(address, headers=headers)
        return await self.http.post(address, data=form, headers=headers)

    async def look_up(self, number: str = NUMBER, proof: str = EMAIL, **more: Any) -> httpx.Response:
        """The theme's script looks an order up."""
        return await self.passed(form={"number": number, "proof": proof}, script=True, **more)

    async def asked(
        self, token: str, number: object = ORDER, body: object = None, confirmation: str = ""
    ) -> httpx.Response:
        """What the extension in the customer's account asks; with a body, for a return."""
        headers = {"Authorization": f"Bearer {token}", "Origin": "https://extensions.shopifycdn.com"}
        if confirmation:
            headers["X-Confirmation-Number"] = confirmation
        path = f"/shopify/customers/orders/{number}"
        if body is None:
            return await self.http.get(path, headers=headers)
        return await self.http.post(f"{path}/returns", json=body, headers=headers)

    @property
    def line_id(self) -> str:
        """The order's first line."""
        return ids.ORDER_LINE.show(next(iter(self.order.lines)))


def signed(path: str, query: Mapping[str, str], secret: str = NEW) -> str:
    """An address as Shopify's app proxy signs it."""
    return f"{path}?{urlencode({**query, 'signature': proxy_signature(list(query.items()), secret)})}"


def session_token(subject: str = CUSTOMER, shop: str = SHOP, secret: str = NEW, **changed: object) -> str:
    """What Shopify gives the extension in a customer's account; without `subject` nobody is signed in."""
    now = int(time.time())
    claims: Json = {"dest": shop, "aud": CLIENT, "exp": now + 300, "nbf": now, "iat": now, "jti": "one"}
    claims |= {"sub": subject} if subject else {}
    return jwt.encode({**claims, **changed}, secret, algorithm="HS256")


async def app_store(works: Works, vault: Vault, merchant_id: UUID, shop: str = SHOP) -> UUID:
    """A store of this merchant that our app was installed in. `works` is the worker's."""
    async with works.begin(Merchant(merchant_id)) as work:
        made = await connections.connect(
            work,
            vault,
            connections.NewStore(
                platform=PlatformKind.SHOPIFY,
                name=shop,
                base_url=f"https://{shop}",
                shop_domain=shop,
                credentials={"access_token": "shpat_test"},
                settings=Settings(),
                by_app=True,
            ),
        )
        grant = Grant(
            access_token="shpat_test", scopes=REQUIRED, expires_at=None, refresh_token=None, refresh_expires_at=None
        )
        await installing.keep_pair(work, vault, made.store_id, shop, grant, anew=True)
    return made.store_id


async def bought(works: Works, merchant_id: UUID, store_id: UUID, number: int = ORDER, **more: Any) -> ShippedOrder:
    """An order of the shop that its customer got. `works` is the worker's."""
    made = await shipped_order(
        works, merchant_id, store_id=store_id, external_id=f"gid://shopify/Order/{number}", **more
    )
    async with works.begin(Platform("test")) as work:
        await work.db.execute(
            update(Order)
            .where(Order.id == made.order_id)
            .values(
                number=NUMBER,
                number_normal="1001",
                metadata_={"customer_id": CUSTOMER, "confirmation_number": CONFIRMATION},
            )
        )
        await work.db.execute(update(OrderLine).where(OrderLine.order_id == made.order_id).values(title="Blue mug"))
    return made


async def known_as(works: Works, order_id: UUID, **metadata: str) -> None:
    """Change what is kept of whose the order is. `works` is the worker's."""
    async with works.begin(Platform("test")) as work:
        await work.db.execute(update(Order).where(Order.id == order_id).values(metadata_=metadata))


async def front_of(http: httpx.AsyncClient, merchant: Client, works: Works, vault: Vault, shop: str = SHOP) -> Front:
    """The merchant's shop with its order. `works` is the worker's."""
    merchant_id = ids.ACCOUNT.find(merchant.account_id)
    store_id = await app_store(works, vault, merchant_id, shop)
    return Front(http, merchant, store_id, await bought(works, merchant_id, store_id), shop)
