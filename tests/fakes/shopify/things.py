"""What a Shopify shop holds. Attributes are named as the fields of Shopify's schema, so that most of them need no
resolver; a quantity or status that follows from others is worked out, never kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

Json = dict[str, Any]

QUANTITIES = ("available", "committed", "reserved", "damaged", "safety_stock", "quality_control")


@dataclass(slots=True, kw_only=True, eq=False)
class Thing:
    """Anything with a global id."""

    TYPE: ClassVar[str]

    id: str
    created_at: datetime
    updated_at: datetime

    @property
    def number(self) -> int:
        return int(self.id.partition("?")[0].rpartition("/")[2])

    @property
    def legacy_resource_id(self) -> str:
        return str(self.number)


@dataclass(slots=True, kw_only=True, eq=False)
class FulfillmentService(Thing):
    TYPE = "FulfillmentService"

    handle: str
    service_name: str
    callback_url: str | None
    location: Location
    inventory_management: bool = False
    requires_shipping_method: bool = True
    tracking_support: bool = False
    type: str = "THIRD_PARTY"


@dataclass(slots=True, kw_only=True, eq=False)
class Location(Thing):
    TYPE = "Location"

    name: str
    address: Json
    is_active: bool = True
    is_primary: bool = False
    fulfills_online_orders: bool = True
    ships_inventory: bool = True
    fulfillment_service: FulfillmentService | None = None

    @property
    def is_fulfillment_service(self) -> bool:
        return self.fulfillment_service is not None


@dataclass(slots=True, kw_only=True, eq=False)
class Product(Thing):
    TYPE = "Product"

    title: str
    handle: str
    status: str = "ACTIVE"
    vendor: str = "Sample Goods"
    product_type: str = ""
    tags: list[str] = field(default_factory=list)
    is_gift_card: bool = False
    variants: list[ProductVariant] = field(default_factory=list)

    @property
    def total_inventory(self) -> int:
        return sum(variant.inventory_quantity for variant in self.variants)

    @property
    def tracks_inventory(self) -> bool:
        return any(variant.inventory_item.tracked for variant in self.variants)

    @property
    def has_only_default_variant(self) -> bool:
        return len(self.variants) == 1


@dataclass(slots=True, kw_only=True, eq=False)
class ProductVariant(Thing):
    TYPE = "ProductVariant"

    product: Product
    title: str
    sku: str | None
    price: Decimal
    inventory_item: InventoryItem
    barcode: str | None = None
    position: int = 1
    taxable: bool = True
    inventory_policy: str = "DENY"

    @property
    def display_name(self) -> str:
        return f"{self.product.title} - {self.title}"

    @property
    def inventory_quantity(self) -> int:
        return sum(level.quantities["available"] for level in self.inventory_item.levels.values() if level.is_active)


@dataclass(slots=True, kw_only=True, eq=False)
class InventoryItem(Thing):
    TYPE = "InventoryItem"

    sku: str | None
    tracked: bool = True
    requires_shipping: bool = True
    grams: int = 350
    country_code_of_origin: str | None = None
    harmonized_system_code: str | None = None
    unit_cost: Json | None = None
    variant: ProductVariant | None = None
    levels: dict[str, InventoryLevel] = field(default_factory=dict)

    @property
    def measurement(self) -> Json:
        return {"id": f"gid://shopify/InventoryItemMeasurement/{self.number}", "weight": self.weight}

    @property
    def weight(self) -> Json:
        return {"unit": "GRAMS", "value": float(self.grams)}


@dataclass(slots=True, kw_only=True, eq=False)
class InventoryLevel(Thing):
    """`quantities` by name; what stands there (`on_hand`) is their sum without `incoming`."""

    TYPE = "InventoryLevel"

    item: InventoryItem
    location: Location
    is_active: bool = True
    quantities: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*QUANTITIES, "incoming"), 0))

    @property
    def on_hand(self) -> int:
        return sum(self.quantities[name] for name in QUANTITIES)


@dataclass(slots=True, kw_only=True, eq=False)
class LineItem(Thing):
    """`removed`: units taken out by edits and refunds before they were sent; `refunded`: after."""

    TYPE = "LineItem"

    order: Order
    variant: ProductVariant | None
    title: str
    sku: str | None
    quantity: int
    price: Decimal
    requires_shipping: bool = True
    is_gift_card: bool = False
    removed: int = 0
    refunded: int = 0

    @property
    def name(self) -> str:
        return self.title

    @property
    def variant_title(self) -> str | None:
        return None if self.variant is None or self.variant.title == "Default Title" else self.variant.title

    @property
    def vendor(self) -> str | None:
        return self.variant.product.vendor if self.variant else None

    @property
    def product(self) -> Product | None:
        return self.variant.product if self.variant else None

    @property
    def current_quantity(self) -> int:
        return self.quantity - self.removed - self.refunded

    @property
    def sent(self) -> int:
        """Units in fulfilments that happened."""
        return sum(
            line.quantity
            for fulfillment in self.order.fulfillments
            if fulfillment.status == "SUCCESS"
            for line in fulfillment.fulfillment_line_items
            if line.line_item is self
        )

    @property
    def unfulfilled_quantity(self) -> int:
        return self.quantity - self.removed - self.sent

    @property
    def fulfillable_quantity(self) -> int:
        """What may be fulfilled now: units under a hold do not count [recorded]."""
        return sum(line.remaining_quantity for line in self._open_lines({"OPEN", "IN_PROGRESS", "SCHEDULED"}))

    def _open_lines(self, statuses: set[str]) -> Iterable[FulfillmentOrderLineItem]:
        for waiting in self.order.fulfillment_orders:
            if waiting.status in statuses:
                yield from (line for line in waiting.line_items if line.line_item is self)


@dataclass(slots=True, kw_only=True, eq=False)
class FulfillmentOrderLineItem(Thing):
    TYPE = "FulfillmentOrderLineItem"

    line_item: LineItem
    total_quantity: int
    remaining_quantity: int

    @property
    def sku(self) -> str | None:
        return self.line_item.sku

    @property
    def product_title(self) -> str:
        return self.line_item.title

    @property
    def variant(self) -> ProductVariant | None:
        return self.line_item.variant

    @property
    def inventory_item_id(self) -> str | None:
        return self.variant.inventory_item.id if self.variant else None

    @property
    def requires_shipping(self) -> bool:
        return self.line_item.requires_shipping

    @property
    def weight(self) -> Json | None:
        return self.variant.inventory_item.weight if self.variant else None


@dataclass(slots=True, kw_only=True, eq=False)
class FulfillmentHold(Thing):
    """`held_by_requesting_app`: one app speaks to this shop, so a hold is its own or somebody else's."""

    TYPE = "FulfillmentHold"

    reason: str
    reason_notes: str | None = None
    handle: str | None = None
    external_id: str | None = None
    held_by_requesting_app: bool = False

    @property
    def display_reason(self) -> str:
        return self.reason.replace("_", " ").capitalize()


@dataclass(slots=True, kw_only=True, eq=False)
class MerchantRequest(Thing):
    TYPE = "FulfillmentOrderMerchantRequest"

    fulfillment_order: FulfillmentOrder
    kind: str
    message: str | None
    request_options: Json
    response_data: Json | None = None
    sent_at: datetime
    answered: bool = False
    """By the service; Shopify shows it nowhere."""


@dataclass(slots=True, kw_only=True, eq=False)
class FulfillmentOrder(Thing):
    TYPE = "FulfillmentOrder"

    order: Order
    location: Location
    line_items: list[FulfillmentOrderLineItem]
    status: str = "OPEN"
    request_status: str = "UNSUBMITTED"
    fulfillment_holds: list[FulfillmentHold] = field(default_factory=list)
    merchant_requests: list[MerchantRequest] = field(default_factory=list)
    fulfill_at: datetime | None = None
    fulfill_by: datetime | None = None
    progress: bool = False
    """Progress was reported by hand, not by a service's acceptance."""
    left_by_hold: FulfillmentOrder | None = None
    """What a partial hold left out."""

    @property
    def service(self) -> FulfillmentService | None:
        return self.location.fulfillment_service

    @property
    def order_id(self) -> str:
        return self.order.id

    @property
    def order_name(self) -> str:
        return self.order.name

    @property
    def order_processed_at(self) -> datetime:
        return self.order.processed_at

    @property
    def remaining(self) -> int:
        return sum(line.remaining_quantity for line in self.line_items)

    @property
    def fulfillments(self) -> list[Fulfillment]:
        return [each for each in self.order.fulfillments if self in each.fulfillment_orders]


@dataclass(slots=True, kw_only=True, eq=False)
class FulfillmentLineItem(Thing):
    TYPE = "FulfillmentLineItem"

    line_item: LineItem
    quantity: int


@dataclass(slots=True, kw_only=True, eq=False)
class FulfillmentEvent(Thing):
    TYPE = "FulfillmentEvent"

    status: str
    happened_at: datetime
    message: str | None = None
    estimated_delivery_at: str | None = None
    address1: str | None = None
    city: str | None = None
    province: str | None = None
    country: str | None = None
    zip: str | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Fulfillment(Thing):
    TYPE = "Fulfillment"

    order: Order
    name: str
    location: Location
    fulfillment_line_items: list[FulfillmentLineItem]
    fulfillment_orders: list[FulfillmentOrder]
    tracking_info: list[Json]
    status: str = "SUCCESS"
    events: list[FulfillmentEvent] = field(default_factory=list)
    origin_address: Json | None = None
    notified: bool = False
    """The customer was told of it or of its tracking."""

    @property
    def service(self) -> FulfillmentService | None:
        return self.location.fulfillment_service

    @property
    def total_quantity(self) -> int:
        return sum(line.quantity for line in self.fulfillment_line_items)

    @property
    def requires_shipping(self) -> bool:
        return any(line.line_item.requires_shipping for line in self.fulfillment_line_items)

    @property
    def display_status(self) -> str:
        if self.status == "CANCELLED":
            return "CANCELED"
        return max(self.events, key=lambda event: event.happened_at).status if self.events else "FULFILLED"

    def _when(self, status: str) -> datetime | None:
        return next((event.happened_at for event in self.events if event.status == status), None)

    @property
    def delivered_at(self) -> datetime | None:
        return self._when("DELIVERED")

    @property
    def in_transit_at(self) -> datetime | None:
        return self._when("IN_TRANSIT")

    @property
    def estimated_delivery_at(self) -> str | None:
        return next((e.estimated_delivery_at for e in reversed(self.events) if e.estimated_delivery_at), None)


@dataclass(slots=True, kw_only=True, eq=False)
class Order(Thing):
    TYPE = "Order"

    name: str
    email: str | None
    phone: str | None
    shipping: Json | None
    method: str
    processed_at: datetime
    customer: Json | None = None
    currency_code: str = "GBP"
    display_financial_status: str | None = "PAID"
    note: str | None = None
    tags: list[str] = field(default_factory=list)
    test: bool = False
    taxes_included: bool = False
    source_name: str = "web"
    customer_locale: str = "en"
    confirmed: bool = True
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    edited: bool = False
    line_items: list[LineItem] = field(default_factory=list)
    fulfillment_orders: list[FulfillmentOrder] = field(default_factory=list)
    fulfillments: list[Fulfillment] = field(default_factory=list)
    returns: list[Any] = field(default_factory=list)
    refunds: list[Json] = field(default_factory=list)

    @property
    def confirmation_number(self) -> str:
        return f"{self.number:X}"[-9:]

    @property
    def presentment_currency_code(self) -> str:
        return self.currency_code

    @property
    def goods(self) -> Decimal:
        return sum((line.price * line.current_quantity for line in self.line_items), Decimal())

    @property
    def closed(self) -> bool:
        return self.cancelled_at is not None

    @property
    def display_fulfillment_status(self) -> str:
        statuses = {waiting.status for waiting in self.fulfillment_orders if waiting.status != "CLOSED"}
        sent = any(line.sent for line in self.line_items)
        if not any(line.unfulfilled_quantity for line in self.line_items if line.requires_shipping):
            return "FULFILLED" if sent else "UNFULFILLED"
        if sent:
            return "PARTIALLY_FULFILLED"
        if statuses == {"ON_HOLD"}:
            return "ON_HOLD"
        return "IN_PROGRESS" if "IN_PROGRESS" in statuses else "UNFULFILLED"
