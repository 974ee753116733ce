"""The WooCommerce shop's state, and the webhooks it sends."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from fulfilhub.demo.storefronts.shop import Record, SignedDelivery, signature
from fulfilhub.demo.storefronts.woocommerce.orders import ADDRESS, Json, Ware, new_order
from fulfilhub.demo.storefronts.woocommerce.plugin import Plugin

WEBHOOK_IDS = {"order.created": 1, "order.updated": 2, "order.deleted": 3, "order.restored": 4}


def _gmt() -> datetime:
    return datetime.now(UTC)


def php_json(payload: object) -> bytes:
    """JSON as PHP's json_encode writes it: no blanks, ASCII only, slashes escaped."""
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()


@dataclass(slots=True)
class WooCommerceShop:
    """The shop's state, what its customers and its merchant do, and the webhooks that follow from it. It
    believes to be at `url` (no slash at the end). All numbers (orders, notes, products) come from one
    counter. `plugin`: our plugin, if it is installed and active."""

    url: str
    consumer_key: str
    consumer_secret: str
    webhook_secret: str
    now: Callable[[], datetime] = _gmt
    orders: dict[int, Json] = field(default_factory=dict)
    notes: dict[int, list[Json]] = field(default_factory=dict)
    refunds: dict[int, list[Json]] = field(default_factory=dict)
    products: dict[int, Json] = field(default_factory=dict)
    record: Record = field(default_factory=Record)
    nonces: set[str] = field(default_factory=set)
    plugin: Plugin | None = None
    _last_id: int = 16

    def stock(self, sku: str, name: str, price: str, units: int = 100) -> Ware:
        """Put a product on sale; `price` without tax, in pounds."""
        ware = Ware(self.next_id(), sku, name, Decimal(price))
        self.products[ware.id] = {
            "id": ware.id,
            "name": name,
            "type": "simple",
            "sku": sku,
            "price": price,
            "manage_stock": True,
            "stock_quantity": units,
            "parent_id": 0,
        }
        return ware

    def place_order(
        self,
        bought: Sequence[tuple[Ware, int]],
        *,
        shipping: Mapping[str, object] = ADDRESS,
        email: str = "ada@example.test",
        method: tuple[str, str] = ("flat_rate", "Flat rate"),
        note: str = "",
        status: str = "processing",
    ) -> Json:
        """A customer buys. `method` is the shipping method's id and title."""
        number = self.next_id()
        self.orders[number] = new_order(
            number,
            bought,
            now=self.now(),
            url=self.url,
            shipping=dict(shipping),
            email=email,
            method=method,
            note=note,
            status=status,
        )
        self.notes[number] = []
        for ware, units in bought:
            product = self.products[ware.id]
            if product["manage_stock"] is True:
                product["stock_quantity"] = int(str(product["stock_quantity"])) - units
        return self.orders[number]

    def change(self, order: Json, **members: object) -> Json:
        """The merchant changes an order; its time of change moves."""
        stamp = self.now().strftime("%Y-%m-%dT%H:%M:%S")
        order.update(members, date_modified=stamp, date_modified_gmt=stamp)
        return order

    def refund(self, order: Json, units: Mapping[int, int], amount: str) -> Json:
        """The merchant refunds `units` per line id. The order itself then shows only the refund's total."""
        number = self.next_id()
        lines = [
            {
                "id": number * 10 + n,
                "quantity": -count,
                "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": str(line)}],
            }
            for n, (line, count) in enumerate(units.items())
        ]
        self.refunds.setdefault(int(str(order["id"])), []).append(
            {"id": number, "amount": amount, "reason": "", "line_items": lines}
        )
        told = order["refunds"]
        shown = [*told] if isinstance(told, list) else []
        shown.append({"id": number, "reason": "", "total": f"-{amount}", "total_tax": "0.00"})
        return self.change(order, refunds=shown)

    def next_id(self) -> int:
        """A number never used before."""
        self._last_id += 1
        return self._last_id

    def order_created(self, order: Json) -> SignedDelivery:
        """`order.created` for this order, as it is now."""
        return self.delivery("order.created", order)

    def order_updated(self, order: Json) -> SignedDelivery:
        """`order.updated` for this order, as it is now."""
        return self.delivery("order.updated", order)

    def delivery(self, topic: str, payload: Json) -> SignedDelivery:
        """Any delivery, signed. Its delivery id hashes webhook id and second, so one second has one id."""
        body = php_json(payload)
        webhook_id = WEBHOOK_IDS[topic]
        second = f"{webhook_id}{int(self.now().timestamp())}"
        resource, event = topic.split(".")
        headers = {
            "User-Agent": "WooCommerce/11.0.1 Hookshot (WordPress/7.1)",
            "Accept": "*/*",
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": f"{self.url}/",
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": signature(self.webhook_secret, body),
            "X-WC-Webhook-ID": str(webhook_id),
            "X-WC-Webhook-Delivery-ID": hmac.new(b"salt", second.encode(), "md5").hexdigest(),
        }
        return SignedDelivery(headers, body)

    def ping(self, topic: str) -> SignedDelivery:
        """Sent when a webhook is saved: a form, unsigned."""
        headers = {
            "User-Agent": "WooCommerce/11.0.1 Hookshot (WordPress/7.1)",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return SignedDelivery(headers, f"webhook_id={WEBHOOK_IDS[topic]}".encode())
