"""A merchant's whole world, made through the API by its own people, and a served system to try the contract on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import httpx
from sqlalchemy import text

from fulfilhub.accounts.bootstrap import make_platform_key
from fulfilhub.app import make_app
from fulfilhub.demo.goods import GOODS
from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop
from fulfilhub.demo.warehouses import WAREHOUSES
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.database import engine
from fulfilhub.platform.jobs.runner import Runner
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.wiring import HEARD_BY
from tests.make.plugin import plugin_shop
from tests.make.world import Client, JsonObject, account

OPEN_ORDERS, SHIPPED_ORDERS = 3, 3
STOCK = 10_000
"""Units of each product: more than any fuzzer orders."""


@dataclass(frozen=True, slots=True)
class World:
    """Keys and ids. Of each order: open ones wait in the partner's queue, shipped ones have arrived."""

    merchant_key: str
    partner_key: str
    platform_key: str
    store_key: str
    merchant_id: str
    warehouse_ids: list[str]
    product_ids: list[str]
    store_id: str
    open_order_ids: list[str]
    shipped_order_ids: list[str]
    return_ids: list[str]

    def key(self, kind: str) -> str:
        """The key of a merchant, a partner, the platform or a store."""
        keys = {"merchant": self.merchant_key, "partner": self.partner_key, "platform": self.platform_key}
        return {**keys, "store": self.store_key}[kind]


async def make_world(settings: Settings) -> World:
    """The world, in the database of these settings."""
    app = make_app(settings)
    transport = httpx.ASGITransport(cast("Any", app), raise_app_exceptions=False)
    platform = (await make_platform_key(settings, "contract")).secret
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://api.test") as http:
        merchant = await account(http, platform, "merchant", "Ada's Mugs")
        partner = await account(http, platform, "partner", "Quick Pick 3PL")
        warehouses = [await partner.made("/v1/warehouses", each) for each in WAREHOUSES]
        warehouses.append(await merchant.made("/v1/warehouses", {**WAREHOUSES[0], "code": "OWN", "name": "Our shop"}))
        for warehouse in warehouses[:2]:
            offer = {"merchant_id": merchant.account_id, "warehouse_id": warehouse["id"], "starts_on": "2026-01-01"}
            contract = await partner.made("/v1/contracts", offer)
            await merchant.made(f"/v1/contracts/{contract['id']}/accept")
        products = [await merchant.made("/v1/products", good.wire()) for good in GOODS[:4]]
        lines = [{"sku": product["sku"], "quantity": STOCK} for product in products]
        for warehouse in warehouses[:2]:
            await merchant.made("/v1/stock/receipts", {"warehouse_id": warehouse["id"], "lines": lines})
        store = await merchant.made("/v1/stores", {"platform": "api", "name": "Ada's own shop"})
        store_id = str(cast("JsonObject", store["store"])["id"])
        plugged = await plugin_shop(merchant, WooCommerceShop("https://shop.example.com", "ck_1", "cs_1", ""))
        listing = {"store_id": store_id, "external_id": "43729076", "product_id": products[0]["id"]}
        await merchant.made("/v1/listings", listing)
        shipped = await _orders(merchant, range(SHIPPED_ORDERS), products)
        await run_waiting(settings)
        tracking = await _ship_all(partner, [str(warehouse["id"]) for warehouse in warehouses[:2]])
        await run_waiting(settings)
        await _deliver(partner, tracking)
        opened = await _orders(merchant, range(100, 100 + OPEN_ORDERS), products)
        await run_waiting(settings)
        await merchant.made("/v1/stock/receipts", {"warehouse_id": warehouses[2]["id"], "lines": lines})
        await merchant.made(f"/v1/orders/{opened[0]['id']}/holds", {"reason": "customer_request"})
        returns = [await merchant.made("/v1/returns", _return(order)) for order in shipped[:2]]
    return World(
        merchant_key=merchant.key,
        partner_key=partner.key,
        platform_key=platform,
        store_key=plugged.key.key,
        merchant_id=merchant.account_id,
        warehouse_ids=[str(warehouse["id"]) for warehouse in warehouses],
        product_ids=[str(product["id"]) for product in products],
        store_id=store_id,
        open_order_ids=[str(order["id"]) for order in opened],
        shipped_order_ids=[str(order["id"]) for order in shipped],
        return_ids=[str(each["id"]) for each in returns],
    )


def order_of(number: int, products: Sequence[JsonObject]) -> JsonObject:
    """An order for two of the products, as the API takes it."""
    return {
        "external_id": str(number),
        "number": f"#{1000 + number}",
        "currency": "GBP",
        "placed_at": "2026-11-23T09:30:00Z",
        "email": "ada@example.com",
        "ship_to": {
            "name": "Ada Test",
            "line1": "1 Mill Lane",
            "city": "Leeds",
            "postcode": "LS1 1AA",
            "country": "GB",
        },
        "lines": [
            {"external_id": str(place), "sku": product["sku"], "quantity": 2, "title": product["name"]}
            for place, product in enumerate(products[:2], 1)
        ],
    }


async def _orders(merchant: Client, numbers: range, products: Sequence[JsonObject]) -> list[JsonObject]:
    return [await merchant.made("/v1/orders", order_of(number, products)) for number in numbers]


async def _ship_all(partner: Client, warehouses: Sequence[str]) -> list[str]:
    """Claim, pick, pack and ship whatever waits; the tracking numbers."""
    tracking: list[str] = []
    for warehouse_id in warehouses:
        claim = await partner.made("/v1/work/claims", {"warehouse_id": warehouse_id})
        mine = {"lease_id": claim["lease_id"]}
        for work in cast("list[JsonObject]", claim["data"]):
            at = f"/v1/work/orders/{work['id']}"
            await partner.made(f"{at}/accept", mine)
            picked = await partner.made(f"{at}/pick", mine)
            contents = [
                {"line_id": line["line_id"], "quantity": line["picked"]}
                for line in cast("list[JsonObject]", picked["lines"])
            ]
            await partner.made(f"{at}/pack", {**mine, "parcels": [{"contents": contents}]})
            number = f"RM{len(tracking):09d}GB"
            await partner.made(
                f"{at}/ship", {**mine, "parcels": [{"carrier": "royal_mail", "tracking_number": number}]}
            )
            tracking.append(number)
    return tracking


async def _deliver(partner: Client, tracking: Sequence[str]) -> None:
    at = utc_now().isoformat()
    events = [{"tracking_number": number, "state": "delivered", "occurred_at": at} for number in tracking]
    told = await partner.made("/v1/tracking-events", {"events": events})
    assert all(answer["status"] == 201 for answer in cast("list[JsonObject]", told["data"])), told


def _return(order: JsonObject) -> JsonObject:
    line = cast("list[JsonObject]", order["lines"])[0]
    return {"order_id": order["id"], "lines": [{"line_id": line["id"], "quantity": 1, "reason": "too_small"}]}


@asynccontextmanager
async def _worker(settings: Settings) -> AsyncIterator[Runner]:
    pool = engine(settings.database_url("worker"), settings.database, "test")
    async with httpx.AsyncClient(trust_env=False) as http:
        yield Runner(Works(pool, HEARD_BY), settings, Vault(settings.security.secret_keys), http)
    await pool.dispose()


async def run_waiting(settings: Settings, prefixes: Sequence[str] = ("",)) -> list[str]:
    """Run what waits in the background, and what follows from it, as a relay and a worker would, for the kinds that
    begin with one of `prefixes`. Returns "kind: error" of what failed."""
    async with _worker(settings) as runner:
        tried: set[UUID] = set()
        while True:
            async with runner.works.begin(Platform("test")) as work:
                rows = (
                    await work.db.execute(text("SELECT account_id, id, kind FROM jobs WHERE state = 'ready'"))
                ).all()
            fresh = [row for row in rows if row.id not in tried and row.kind.startswith(tuple(prefixes))]
            if not fresh:
                break
            tried |= {row.id for row in fresh}
            for owner, kind in sorted({(row.account_id, row.kind) for row in fresh}):
                await runner.run(kind, owner, [row.id for row in fresh if (row.account_id, row.kind) == (owner, kind)])
        async with runner.works.begin(Platform("test")) as work:
            failed = await work.db.execute(text("SELECT kind, last_error FROM jobs WHERE last_error IS NOT NULL"))
            return [f"{row.kind}: {row.last_error}" for row in failed]
