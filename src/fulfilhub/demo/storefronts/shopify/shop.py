"""The Shopify shop's state, and the webhooks it sends."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from fulfilhub.demo.storefronts.shop import Record, SignedDelivery, signature
from fulfilhub.demo.storefronts.shopify.orders import (
    ADDRESS,
    Json,
    Line,
    Order,
    Variant,
    Waiting,
    stamp,
    webhook_payload,
)

LOCATION = "gid://shopify/Location/70000000001"
API_VERSIONS = ("2026-10", "2026-07")


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class ShopifyShop:
    """The shop's state, what its customers and its merchant do, and the webhooks that follow from it.
    `api_versions`: those its API serves; another is not found."""

    domain: str
    access_token: str
    client_secret: str
    now: Callable[[], datetime] = _utc
    api_versions: tuple[str, ...] = API_VERSIONS
    orders: dict[str, Order] = field(default_factory=dict)
    variants: dict[str, Variant] = field(default_factory=dict)
    record: Record = field(default_factory=Record)
    scopes: tuple[str, ...] = ("read_orders", "read_all_orders")
    stock_keys: dict[str, tuple[Json, Json]] = field(default_factory=dict)
    _last_id: int = 5_500_000_000_000

    def stock(self, sku: str, name: str, price: str, units: int = 100, grams: int = 350) -> Variant:
        """Put a variant on sale; `price` without tax, in pounds."""
        variant = Variant(self.next_id(), sku, name, Decimal(price), grams, units)
        self.variants[variant.id] = variant
        return variant

    def place_order(
        self,
        bought: Sequence[tuple[Variant, int]],
        *,
        shipping: Mapping[str, object] | None = ADDRESS,
        email: str | None = "grace@example.test",
        method: str = "Standard",
        paid: str = "paid",
        test: bool = False,
        locations: Sequence[str] = (LOCATION,),
    ) -> Order:
        """A customer buys. Line n is to be sent from `locations[n]`, the last one standing for all further
        lines."""
        number = self.next_id()
        lines = [Line(self.next_id(), variant, quantity) for variant, quantity in bought]
        for variant, quantity in bought:
            variant.available -= quantity
        places: dict[str, list[Line]] = {}
        for n, line in enumerate(lines):
            places.setdefault(locations[min(n, len(locations) - 1)], []).append(line)
        order = Order(
            number=number,
            name=f"#{1001 + len(self.orders)}",
            created_at=self.now(),
            updated_at=self.now(),
            lines=lines,
            waiting=[self._waiting(place, chosen) for place, chosen in places.items()],
            shipping=dict(shipping) if shipping is not None else None,
            email=email,
            method=method,
            paid=paid,
            test=test,
        )
        self.orders[order.id] = order
        return order

    def remove(self, order: Order, line: Line, units: int) -> None:
        """The merchant takes unsent units out of the order. The line keeps its `quantity`."""
        line.removed += units
        for waiting in order.waiting:
            waiting.lines = [(i, ln, left - units if ln is line else left) for i, ln, left in waiting.lines]
        self.touch(order)

    def cancel(self, order: Order) -> None:
        """The order is cancelled: nothing of it is open any more."""
        order.cancelled_at = self.now()
        for waiting in order.waiting:
            waiting.lines = [(i, line, 0) for i, line, _ in waiting.lines]
        self.touch(order)

    def touch(self, order: Order) -> None:
        """Its time of change moves, by a second at least."""
        order.updated_at = max(self.now(), order.updated_at + timedelta(seconds=1))

    def _waiting(self, location: str, lines: Sequence[Line]) -> Waiting:
        rows = [(self.next_gid("FulfillmentOrderLineItem"), line, line.quantity) for line in lines]
        return Waiting(self.next_gid("FulfillmentOrder"), location, rows)

    def next_id(self) -> int:
        """A number never used before."""
        self._last_id += 1
        return self._last_id

    def next_gid(self, kind: str) -> str:
        """A global id never used before."""
        return f"gid://shopify/{kind}/{self.next_id()}"

    def order_created(self, order: Order) -> SignedDelivery:
        """`orders/create` for this order, as it is now."""
        return self.delivery("orders/create", webhook_payload(order))

    def order_updated(self, order: Order) -> SignedDelivery:
        """`orders/updated` for this order, as it is now."""
        return self.delivery("orders/updated", webhook_payload(order))

    def order_edited(self, order: Order) -> SignedDelivery:
        """`orders/edited`: says that the order was edited, and hardly more."""
        edit = {"id": self.next_id(), "order_id": order.number, "created_at": stamp(self.now())}
        return self.delivery("orders/edited", {"order_edit": edit})

    def delivery(self, topic: str, payload: Json) -> SignedDelivery:
        """Any delivery, signed. To send it a second time is to send this very one again."""
        body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
        headers = {
            "User-Agent": "Shopify-Captain-Hook",
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": signature(self.client_secret, body),
            "X-Shopify-Shop-Domain": self.domain,
            "X-Shopify-API-Version": self.api_versions[0],
            "X-Shopify-Webhook-Id": str(uuid4()),
            "X-Shopify-Event-Id": str(uuid4()),
            "X-Shopify-Triggered-At": self.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        return SignedDelivery(headers, body)
