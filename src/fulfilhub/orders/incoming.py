"""An order as any storefront tells it, in our words: what adapters produce and `orders.commands.take`
accepts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class StoreState(StrEnum):
    """What the storefront says of the order; a store's own statuses are mapped to these in its adapter."""

    UNPAID = "unpaid"
    OPEN = "open"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to ship. `country` is ISO 3166-1 alpha-2; any text may be empty when the store sent none."""

    name: str = ""
    company: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingLine:
    """One line. `external_id` is the store's line id; `variant_id` the store's variant or product id, for
    listings; `quantity` is what is still wanted (after the store's own edits and removals, units already sent
    included); `fulfilled` is how many of them the store counts as sent, by whoever: an order first seen
    half-sent must not be sent again whole. `unit_price_minor` in minor units."""

    external_id: str
    sku: str
    title: str
    quantity: int
    variant_id: str | None = None
    unit_price_minor: int | None = None
    requires_shipping: bool = True
    fulfilled: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingOrder:
    """One order as the store tells it at `updated_at` (the store's own time of last change, aware).

    `problems` are reasons, found by the adapter, why it can't be read whole (each `code: sentence`);
    the order is then kept as `needs_review`. `service` is the shipping service in our words
    (`standard`, `express` ...), `shipping_method` the storefront's own text. `note` is for the merchant,
    `gift_message` for who unpacks it.
    """

    external_id: str
    number: str
    currency: str
    placed_at: datetime
    updated_at: datetime
    state: StoreState = StoreState.OPEN
    lines: tuple[IncomingLine, ...] = ()
    ship_to: Address | None = None
    email: str = ""
    locale: str = ""
    total_minor: int = 0
    service: str = "standard"
    shipping_method: str = ""
    note: str = ""
    gift_message: str = ""
    tags: tuple[str, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
