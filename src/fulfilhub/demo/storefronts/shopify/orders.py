"""What the Shopify shop knows of an order, and the two shapes it shows it in: GraphQL objects and webhook
payloads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

Json = dict[str, object]

POSTAGE = Decimal("4.95")

ADDRESS: Json = {
    "first_name": "Grace",
    "last_name": "Sample",
    "company": None,
    "address1": "4 Example Lane",
    "address2": None,
    "city": "Bristol",
    "zip": "BS1 4DJ",
    "province": "England",
    "province_code": "ENG",
    "country": "United Kingdom",
    "country_code": "GB",
    "phone": "07700900456",
}


@dataclass(slots=True)
class Variant:
    """A variant of the shop. `price` is without tax; `available` its sellable stock at the shop's
    location."""

    number: int
    sku: str
    name: str
    price: Decimal
    grams: int
    available: int

    @property
    def id(self) -> str:
        return f"gid://shopify/ProductVariant/{self.number}"

    @property
    def item(self) -> str:
        return f"gid://shopify/InventoryItem/{self.number}"


@dataclass(slots=True)
class Line:
    """One line: `quantity` as bought, `removed` by edits and refunds, `sent` by fulfilments."""

    number: int
    variant: Variant
    quantity: int
    removed: int = 0
    sent: int = 0

    @property
    def id(self) -> str:
        return f"gid://shopify/LineItem/{self.number}"

    @property
    def current(self) -> int:
        return self.quantity - self.removed

    @property
    def fulfillable(self) -> int:
        return max(self.current - self.sent, 0)


@dataclass(slots=True)
class Waiting:
    """A fulfilment order: what one location is to send. `lines`: (id, line, units left)."""

    id: str
    location: str
    lines: list[tuple[str, Line, int]]

    @property
    def open(self) -> bool:
        return any(left for _, _, left in self.lines)


@dataclass(slots=True)
class Sent:
    """A fulfilment."""

    id: str
    created_at: datetime
    tracking: list[Json]
    lines: list[tuple[Line, int]]
    status: str = "SUCCESS"
    events: list[Json] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Order:
    """One order of the shop."""

    number: int
    name: str
    created_at: datetime
    updated_at: datetime
    lines: list[Line]
    waiting: list[Waiting]
    shipping: Json | None
    email: str | None
    method: str
    note: str | None = None
    paid: str = "paid"
    test: bool = False
    cancelled_at: datetime | None = None
    tags: tuple[str, ...] = ()
    sent: list[Sent] = field(default_factory=list)
    customer: int | None = None

    @property
    def id(self) -> str:
        return f"gid://shopify/Order/{self.number}"

    @property
    def customer_id(self) -> str | None:
        return None if self.customer is None else f"gid://shopify/Customer/{self.customer}"

    @property
    def confirmation(self) -> str:
        """The number on the customer's confirmation; a real one is random."""
        return hashlib.sha256(self.id.encode()).hexdigest()[:9].upper()

    @property
    def goods(self) -> Decimal:
        return sum((line.variant.price * line.current for line in self.lines), Decimal())

    @property
    def fulfilment(self) -> str | None:
        """`fulfillment_status` as webhooks have it."""
        if not any(line.sent for line in self.lines):
            return None
        return "partial" if any(line.fulfillable for line in self.lines) else "fulfilled"


def stamp(moment: datetime | None) -> str | None:
    """A time as Shopify writes it, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def connection(rows: Sequence[object]) -> Callable[..., Json]:
    """A GraphQL connection over `rows`; its cursors are positions."""

    def resolve(_info: object, first: int = 50, after: str | None = None, **_: object) -> Json:
        start = int(after) if after else 0
        end = start + first
        more = end < len(rows)
        page = {"hasNextPage": more, "endCursor": str(min(end, len(rows))) if rows else None}
        return {"nodes": list(rows[start:end]), "pageInfo": page}

    return resolve


def graph_money(amount: Decimal) -> Json:
    """A MoneyBag; the shop has one currency."""
    one = {"amount": f"{amount:.2f}", "currencyCode": "GBP"}
    return {"shopMoney": one, "presentmentMoney": one}


def graph_line(line: Line) -> Json:
    """A LineItem."""
    return {
        "id": line.id,
        "sku": line.variant.sku,
        "name": line.variant.name,
        "quantity": line.quantity,
        "currentQuantity": line.current,
        "fulfillableQuantity": line.fulfillable,
        "requiresShipping": True,
        "isGiftCard": False,
        "variant": {"id": line.variant.id},
        "originalUnitPriceSet": graph_money(line.variant.price),
        "discountAllocations": [],
        "taxLines": [],
    }


def graph_sent(sent: Sent) -> Json:
    """A Fulfillment."""
    lines = [{"quantity": units, "lineItem": graph_line(line)} for line, units in sent.lines]
    return {
        "id": sent.id,
        "status": sent.status,
        "createdAt": stamp(sent.created_at),
        "trackingInfo": sent.tracking,
        "fulfillmentLineItems": connection(lines),
        "events": connection(sent.events),
    }


def graph_waiting(waiting: Waiting) -> Json:
    """A FulfillmentOrder. One that is done with supports no action at all, as recorded from the real API."""
    lines = [{"id": own, "remainingQuantity": left, "lineItem": graph_line(line)} for own, line, left in waiting.lines]
    return {
        "id": waiting.id,
        "supportedActions": [{"action": "CREATE_FULFILLMENT"}, {"action": "HOLD"}] if waiting.open else [],
        "assignedLocation": {"location": {"id": waiting.location}},
        "lineItems": connection(lines),
    }


def graph_order(order: Order) -> Json:
    """The order for the resolvers."""
    camel = {"zip": "zip", "province_code": "provinceCode", "country_code": "countryCodeV2"}
    shipping = None
    if order.shipping is not None:
        shipping = {camel.get(name, name): value for name, value in order.shipping.items()}
        shipping["name"] = f"{order.shipping['first_name']} {order.shipping['last_name']}"
    statuses = {None: "UNFULFILLED", "partial": "PARTIALLY_FULFILLED", "fulfilled": "FULFILLED"}
    return {
        "id": order.id,
        "name": order.name,
        "confirmationNumber": order.confirmation,
        "customer": None if order.customer is None else {"id": order.customer_id},
        "test": order.test,
        "email": order.email,
        "note": order.note,
        "tags": list(order.tags),
        "sourceName": "web",
        "customerLocale": "en",
        "currencyCode": "GBP",
        "presentmentCurrencyCode": "GBP",
        "taxesIncluded": False,
        "createdAt": stamp(order.created_at),
        "updatedAt": stamp(order.updated_at),
        "cancelledAt": stamp(order.cancelled_at),
        "displayFinancialStatus": order.paid.upper(),
        "displayFulfillmentStatus": statuses[order.fulfilment],
        "currentTotalPriceSet": graph_money(order.goods + POSTAGE),
        "shippingAddress": shipping,
        "shippingLines": connection([{"title": order.method, "code": order.method}]),
        "lineItems": connection([graph_line(line) for line in order.lines]),
        "fulfillments": [graph_sent(sent) for sent in order.sent],
        "fulfillmentOrders": connection([graph_waiting(waiting) for waiting in order.waiting]),
    }


def _money_set(amount: Decimal) -> Json:
    one = {"amount": f"{amount:.2f}", "currency_code": "GBP"}
    return {"shop_money": one, "presentment_money": one}


def _webhook_line(line: Line) -> Json:
    price = line.variant.price
    return {
        "id": line.number,
        "admin_graphql_api_id": line.id,
        "current_quantity": line.current,
        "fulfillable_quantity": line.fulfillable,
        "fulfillment_service": "manual",
        "fulfillment_status": None if line.fulfillable else "fulfilled",
        "gift_card": False,
        "grams": line.variant.grams,
        "name": line.variant.name,
        "price": f"{price:.2f}",
        "price_set": _money_set(price),
        "product_exists": True,
        "product_id": line.variant.number + 1,
        "properties": [],
        "quantity": line.quantity,
        "requires_shipping": True,
        "sku": line.variant.sku,
        "taxable": True,
        "title": line.variant.name,
        "total_discount": "0.00",
        "total_discount_set": _money_set(Decimal()),
        "variant_id": line.variant.number,
        "variant_inventory_management": "shopify",
        "variant_title": None,
        "vendor": None,
        "tax_lines": [],
        "duties": [],
        "discount_allocations": [],
    }


def _webhook_sent(sent: Sent, order: Order) -> Json:
    return {
        "id": int(sent.id.rpartition("/")[2]),
        "admin_graphql_api_id": sent.id,
        "order_id": order.number,
        "status": sent.status.lower(),
        "created_at": stamp(sent.created_at),
        "tracking_company": sent.tracking[0]["company"] if sent.tracking else None,
        "tracking_numbers": [info["number"] for info in sent.tracking],
        "line_items": [{**_webhook_line(line), "quantity": units} for line, units in sent.lines],
    }


def _webhook_shipping(order: Order) -> Json:
    return {
        "id": order.number + 7,
        "code": order.method,
        "is_removed": False,
        "price": f"{POSTAGE:.2f}",
        "price_set": _money_set(POSTAGE),
        "source": "shopify",
        "title": order.method,
        "tax_lines": [],
        "discount_allocations": [],
    }


def webhook_payload(order: Order) -> Json:
    """The order as `orders/*` webhooks carry it: Shopify's REST shape."""
    total = order.goods + POSTAGE
    address = None
    if order.shipping is not None:
        name = f"{order.shipping['first_name']} {order.shipping['last_name']}"
        address = {**order.shipping, "latitude": None, "longitude": None, "name": name}
    return {
        "id": order.number,
        "admin_graphql_api_id": order.id,
        "app_id": None,
        "cancel_reason": "customer" if order.cancelled_at else None,
        "cancelled_at": stamp(order.cancelled_at),
        "closed_at": None,
        "confirmation_number": order.confirmation,
        "confirmed": True,
        "contact_email": order.email,
        "created_at": stamp(order.created_at),
        "currency": "GBP",
        "current_subtotal_price": f"{order.goods:.2f}",
        "current_subtotal_price_set": _money_set(order.goods),
        "current_total_price": f"{total:.2f}",
        "current_total_price_set": _money_set(total),
        "customer": None
        if order.customer is None
        else {"id": order.customer, "admin_graphql_api_id": order.customer_id},
        "customer_locale": "en",
        "email": order.email,
        "financial_status": order.paid,
        "fulfillment_status": order.fulfilment,
        "name": order.name,
        "note": order.note,
        "note_attributes": [],
        "number": int(order.name[1:]) - 1000,
        "order_number": int(order.name[1:]),
        "phone": None,
        "presentment_currency": "GBP",
        "processed_at": stamp(order.created_at),
        "source_name": "web",
        "tags": ", ".join(order.tags),
        "taxes_included": False,
        "test": order.test,
        "total_price": f"{total:.2f}",
        "total_price_set": _money_set(total),
        "total_weight": sum(line.variant.grams * line.quantity for line in order.lines),
        "updated_at": stamp(order.updated_at),
        "billing_address": address,
        "fulfillments": [_webhook_sent(sent, order) for sent in order.sent],
        "line_items": [_webhook_line(line) for line in order.lines],
        "refunds": [],
        "shipping_address": address,
        "shipping_lines": [_webhook_shipping(order)],
    }
