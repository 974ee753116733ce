"""The demo world, made through the API: a merchant, a partner with two warehouses, products, stock, two stores."""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path

import httpx
import msgspec

from fulfilhub.demo import door
from fulfilhub.demo.door import Door, StepFailed, rows
from fulfilhub.demo.goods import GOODS, KIT, SOLD, UNITS_EACH
from fulfilhub.demo.run import System, command, wait_for_answer, write_private
from fulfilhub.demo.shops import Item, ShopFile, environment
from fulfilhub.demo.warehouses import WAREHOUSES
from fulfilhub.platform.processes import free_port

MERCHANT, PARTNER = "Ada's Mugs", "Quick Pick 3PL"
STRAY = Item(sku="GIFT-WRAP-OLD", name="Gift wrapping (no longer stocked)", price="3.00")
"""On sale in the storefronts, but nothing that FulfilHub knows: orders for it can't be read whole."""


class StoreKept(msgspec.Struct, kw_only=True):
    """A connected store: its id here, where its deliveries go, and how its storefront runs."""

    id: str
    webhook_url: str
    shop: ShopFile


class World(msgspec.Struct, kw_only=True):
    """Ids and keys of the demo world, kept beside the data. `played` once the whole story was told."""

    merchant_id: str
    merchant_key: str
    partner_id: str
    partner_key: str
    warehouses: dict[str, str]
    products: dict[str, str]
    woocommerce: StoreKept
    shopify: StoreKept
    played: bool = False
    pages: list[str] = []

    @property
    def stores(self) -> tuple[StoreKept, StoreKept]:
        return self.woocommerce, self.shopify


def _file(state: Path) -> Path:
    return state / "demo.json"


def remembered(state: Path) -> World | None:
    """The world of an earlier run whose story was told to its end."""
    try:
        world = msgspec.json.decode(_file(state).read_bytes(), type=World)
    except (OSError, msgspec.MsgspecError):
        return None
    return world if world.played else None


def remember(state: Path, world: World) -> None:
    """Keep the world for the next run; its keys are for us alone."""
    write_private(_file(state), msgspec.json.encode(world).decode())


def platform_key(system: System) -> str:
    """A platform key, as an operator gets it: by the command. Raises StepFailed."""
    made = subprocess.run(
        command("keys", "demo", "--json"), env=dict(system.env), capture_output=True, text=True, check=False, timeout=60
    )
    if made.returncode != 0:
        raise StepFailed(f"`fulfilhub keys` failed: {made.stderr.strip()[-300:]}")
    secret: str = json.loads(made.stdout)["secret"]
    return secret


def start_shop(system: System, name: str, shop: ShopFile) -> None:
    """Run a storefront beside the system. Raises StartError."""
    file = system.state / f"shop-{name}.json"
    write_private(file, msgspec.json.encode(shop).decode())
    argv = [command()[0], "-m", "fulfilhub.demo.shops", str(file)]
    system.supervisor.start(f"shop-{name}", argv, environment(system.env))


def start_shops(system: System, shops: Mapping[str, ShopFile]) -> None:
    """Run the storefronts and wait until both answer. Raises StartError."""
    for name, shop in shops.items():
        start_shop(system, name, shop)
    for name, shop in shops.items():
        wait_for_answer(system, f"shop-{name}", f"{shop.url}/_recorded")


def new_shops() -> dict[str, ShopFile]:
    """Both storefronts on free ports, with secrets of their own."""
    items = [Item(sku=each.sku, name=each.name, price=each.price) for each in SOLD]
    items.append(STRAY)
    return {
        name: ShopFile(
            platform=name,
            port=free_port(),
            domain="adas-mugs.myshopify.com",
            key=f"ck_{secrets.token_hex(20)}",
            secret=f"shpat_{secrets.token_hex(16)}",
            webhook_secret=secrets.token_urlsafe(24),
            items=items,
        )
        for name in ("woocommerce", "shopify")
    }


async def make(system: System, key: str, shops: Mapping[str, ShopFile]) -> World:
    """Make the world with a platform key. Raises StepFailed."""
    async with door.client(system.url) as http:
        operator = Door(http, key)
        merchant, partner = await asyncio.gather(
            operator.post("/v1/accounts", {"kind": "merchant", "name": MERCHANT}),
            operator.post("/v1/accounts", {"kind": "partner", "name": PARTNER}),
        )
        merchant_id, merchant_key = _first_key(merchant)
        partner_id, partner_key = _first_key(partner)
        ada, quick = Door(http, merchant_key), Door(http, partner_key)
        warehouses = {}
        for each in WAREHOUSES:
            warehouses[str(each["code"])] = str((await quick.post("/v1/warehouses", each))["id"])
        await _contracts(ada, quick, merchant_id, list(warehouses.values()))
        products = await _products(ada)
        await _stock(quick, merchant_id, warehouses)
        stores = [await _connect(ada, shop) for shop in shops.values()]
        await _subscribe(http, ada, stores[0].shop)
    return World(
        merchant_id=merchant_id,
        merchant_key=merchant_key,
        partner_id=partner_id,
        partner_key=partner_key,
        warehouses=warehouses,
        products=products,
        woocommerce=stores[0],
        shopify=stores[1],
    )


def _first_key(account: Mapping[str, object]) -> tuple[str, str]:
    live = account["live"]
    if not isinstance(live, dict):
        raise StepFailed("The new account came without its live key.")
    return str(live["account_id"]), str(live["secret"])


async def _contracts(ada: Door, quick: Door, merchant_id: str, warehouses: list[str]) -> None:
    for warehouse_id in warehouses:
        offer = {"merchant_id": merchant_id, "warehouse_id": warehouse_id, "starts_on": "2026-01-01"}
        made = await quick.post("/v1/contracts", offer)
        await ada.post(f"/v1/contracts/{made['id']}/accept", {})


async def _products(ada: Door) -> dict[str, str]:
    made = await asyncio.gather(*(ada.post("/v1/products", each.wire()) for each in GOODS))
    made.append(await ada.post("/v1/products", KIT.wire()))
    return {str(product["sku"]): str(product["id"]) for product in made}


async def _stock(quick: Door, merchant_id: str, warehouses: Mapping[str, str]) -> None:
    for warehouse_id in warehouses.values():
        received = {
            "merchant_id": merchant_id,
            "warehouse_id": warehouse_id,
            "lines": [{"sku": good.sku, "quantity": UNITS_EACH} for good in GOODS],
        }
        await quick.post("/v1/stock/receipts", received)


async def _connect(ada: Door, shop: ShopFile) -> StoreKept:
    woocommerce = shop.platform == "woocommerce"
    credentials = (
        {"consumer_key": shop.key, "consumer_secret": shop.secret} if woocommerce else {"access_token": shop.secret}
    )
    made = await ada.post(
        "/v1/stores",
        {
            "platform": shop.platform,
            "name": f"{MERCHANT} on {'WooCommerce' if woocommerce else 'Shopify'}",
            "base_url": shop.url,
            "shop_domain": "" if woocommerce else shop.domain,
            "credentials": credentials,
            "webhook_secret": shop.webhook_secret,
        },
    )
    store = made["store"]
    if not isinstance(store, dict):
        raise StepFailed("The new store came without itself.")
    return StoreKept(id=str(store["id"]), webhook_url=str(store["webhook_url"]), shop=shop)


async def _subscribe(http: httpx.AsyncClient, ada: Door, shop: ShopFile) -> None:
    """Let the program beside the WooCommerce shop hear what happens."""
    wanted = {"url": f"{shop.url}/_events", "description": "Ada's own program"}
    shop.events_secret = str((await ada.post("/v1/webhook-endpoints", wanted))["secret"])
    (await http.post(f"{shop.url}/_events/secret", json={"secret": shop.events_secret})).raise_for_status()


__all__ = ["World", "make", "new_shops", "platform_key", "remember", "remembered", "rows", "start_shops"]
