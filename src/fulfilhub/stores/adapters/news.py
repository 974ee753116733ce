"""What a storefront is told, in our words: shipments, stock, orders' states and returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ShippedLine:
    """Units of one line of the store's order. `external_id` is the store's line id, as `IncomingLine` gave
    it."""

    external_id: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentNews:
    """One shipment as the store should show it.

    `shipped_at` is when it left; no store can have been told before. `reference` is our id of it (`shp_...`):
    short, and never used for another shipment. `carrier` is its name, `carrier_code` our word for it.
    `tracking_urls` is empty or has one entry per number. `completes_order`: nothing of the order is left to send.
    `told_as`: what `Pushed` said the store calls this shipment, when it was told before; `others`: the same of the
    order's other shipments. `places`: locations of ours, that which it left from first (empty: any)."""

    reference: str
    order_external_id: str
    lines: tuple[ShippedLine, ...]
    carrier: str
    shipped_at: datetime
    carrier_code: str = ""
    tracking_numbers: tuple[str, ...] = ()
    tracking_urls: tuple[str, ...] = ()
    completes_order: bool = False
    notify_customer: bool = True
    told_as: tuple[str, ...] = ()
    others: frozenset[str] = frozenset()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StockNews:
    """How many units of a variant can be sold, at one of the store's locations where `location` names one. `reference`
    is our id of this very change, never used again. `expected`: what we believe the store shows; where it shows
    something else, nothing is changed. None: whatever it shows."""

    reference: str
    variant_id: str
    available: int
    expected: int | None = None
    location: str = ""


class StockOutcome(StrEnum):
    """What became of one variant's stock. SET and ALREADY: the store shows what it should. STALE: it shows something
    else than expected, and was left so. UNMANAGED: the merchant does not let the platform count this one. MISSING:
    there is no such variant. REFUSED: the store will not, and says why."""

    SET = "set"
    ALREADY = "already"
    STALE = "stale"
    UNMANAGED = "unmanaged"
    MISSING = "missing"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class StockTold:
    """How it ended for one piece of news. `stock`: what the store shows, where it was seen."""

    reference: str
    outcome: StockOutcome
    stock: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateNews:
    """What an order is to show in its store: `state` is its whole state as JSON (see the storefront API)."""

    order_external_id: str
    state: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """Units of one line of the store's order that come, or came, back. `restock`: they can be sold again."""

    external_id: str
    quantity: int
    restock: bool


@dataclass(frozen=True, slots=True)
class ReturnedUnits:
    """What became of the units of one line of the store's order: advised, arrived, and by verdict."""

    external_id: str
    advised: int
    received: int
    restocked: int
    quarantined: int
    disposed: int
    reason: str = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnNews:
    """A return as the store should show it, whole each time. `reference` is our id of it, `status` our word for where
    it is, `note` one sentence for the order's notes. `units` say the same as `lines` in full. `declined`: why it was.
    The way back has a tracking number and a label, where they are known; `location` is the store's own for where it
    leads. `refund`: the store is to refund what was inspected. `told_as`: what the store calls this return."""

    reference: str
    order_external_id: str
    status: str
    lines: tuple[ReturnedLine, ...]
    note: str
    units: tuple[ReturnedUnits, ...] = ()
    declined: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    label_url: str = ""
    location: str = ""
    refund: bool = False
    told_as: str = ""
