"""The demo's two storefronts as programs: `python -m fulfilhub.demo.shops FILE` serves the shop described in FILE.

Beside what the real platform answers, each has a till (`POST /_till/...`) at which the demo's customers buy, and
which gives back the signed deliveries that the shop sends; whoever plays the demo carries them, once or twice.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
from litestar import Litestar, get, post

from fulfilhub.demo.receiver import Receiver
from fulfilhub.demo.storefronts.shop import SignedDelivery
from fulfilhub.demo.storefronts.shopify import ShopifyShop, shopify_storefront
from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop, woocommerce_storefront

FILE = "FULFILHUB_DEMO_SHOP"


class Item(msgspec.Struct, kw_only=True):
    """Something on sale; `price` in pounds without tax."""

    sku: str
    name: str
    price: str


class ShopFile(msgspec.Struct, kw_only=True):
    """One storefront: where it is, its secrets, and what it sells. `events_secret` is that of FulfilHub's webhooks."""

    platform: str
    port: int
    domain: str
    key: str
    secret: str
    webhook_secret: str
    items: list[Item]
    events_secret: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Purchase(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a customer buys: SKU -> units. `address` in the platform's own words; None: the shop got none."""

    units: dict[str, int]
    address: dict[str, str | None] | None
    email: str
    method: str


class Captured(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A delivery as it was captured from a real shop: its headers and its exact body."""

    headers: dict[str, str]
    body: str


class Delivery(msgspec.Struct, kw_only=True):
    """A signed webhook delivery, ready to be carried to FulfilHub."""

    headers: dict[str, str]
    body: str


class Bought(msgspec.Struct, kw_only=True):
    """The shop's number of the order, and the deliveries it sends of it, in their order."""

    external_id: str
    number: str
    deliveries: list[Delivery]


def _delivery(signed: SignedDelivery) -> Delivery:
    return Delivery(headers=signed.headers, body=signed.body.decode())


def woocommerce(file: ShopFile) -> Litestar:
    """The WooCommerce shop with its till. As a real one, it tells of each order twice within a second."""
    shop = WooCommerceShop(file.url, file.key, file.secret, file.webhook_secret)
    wares = {item.sku: shop.stock(item.sku, item.name, item.price) for item in file.items}

    @post("/_till", status_code=200, sync_to_thread=False)
    def buy(data: Purchase) -> Bought:
        order = shop.place_order(
            [(wares[sku], units) for sku, units in data.units.items()],
            shipping=data.address or {},
            email=data.email,
            method=("flat_rate", data.method),
        )
        pair = [_delivery(shop.order_created(order)), _delivery(shop.order_updated(order))]
        return Bought(external_id=str(order["id"]), number=str(order["number"]), deliveries=pair)

    @post("/_till/captured", status_code=200, sync_to_thread=False)
    def captured(data: Captured) -> Bought:
        """The captured order becomes one of this shop's, and its delivery is signed with this shop's secret."""
        order = msgspec.json.decode(data.body, type=dict[str, object])
        number = int(str(order["id"]))
        shop.orders[number] = order
        shop.notes.setdefault(number, [])
        signed = shop.delivery(data.headers["X-WC-Webhook-Topic"], order)
        return Bought(external_id=str(number), number=str(order["number"]), deliveries=[_delivery(signed)])

    @post("/_till/ping", status_code=200, sync_to_thread=False)
    def ping() -> list[Delivery]:
        return [_delivery(shop.ping("order.created")), _delivery(shop.ping("order.updated"))]

    @get("/_till/stock", sync_to_thread=False)
    def stock() -> dict[str, object]:
        """What the shop shows of each product, by its id."""
        return {str(number): product["stock_quantity"] for number, product in shop.products.items()}

    app = woocommerce_storefront(shop)
    for route in (buy, captured, ping, stock, Receiver(file.events_secret).routes()):
        app.register(route)
    return app


def shopify(file: ShopFile) -> Litestar:
    """The Shopify shop with its till."""
    shop = ShopifyShop(file.domain, file.secret, file.webhook_secret)
    variants = {item.sku: shop.stock(item.sku, item.name, item.price) for item in file.items}

    @post("/_till", status_code=200, sync_to_thread=False)
    def buy(data: Purchase) -> Bought:
        order = shop.place_order(
            [(variants[sku], units) for sku, units in data.units.items()],
            shipping=data.address,
            email=data.email,
            method=data.method,
        )
        return Bought(
            external_id=f"gid://shopify/Order/{order.number}",
            number=order.name,
            deliveries=[_delivery(shop.order_created(order))],
        )

    app = shopify_storefront(shop)
    app.register(buy)
    return app


def create() -> Litestar:
    """What the HTTP server calls in its process."""
    file = msgspec.json.decode(Path(os.environ[FILE]).read_bytes(), type=ShopFile)
    return (woocommerce if file.platform == "woocommerce" else shopify)(file)


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """What a storefront sees of our environment: no secret of FulfilHub's."""
    kept = {"PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR"}
    return {name: value for name, value in env.items() if name in kept}


def main() -> None:
    """Serve the shop of the named file until told to stop."""
    from granian import Granian
    from granian.constants import Interfaces

    os.environ[FILE] = sys.argv[1]
    file = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=ShopFile)
    Granian(
        "fulfilhub.demo.shops:create",
        factory=True,
        address="127.0.0.1",
        port=file.port,
        interface=Interfaces.ASGI,
        workers=1,
        log_access=False,
    ).serve()


if __name__ == "__main__":
    main()
