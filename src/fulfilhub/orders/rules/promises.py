"""The words of a promise's life: its stages, how each ended, whose doing it was, and what an order shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from fulfilhub.orders.rules.status import HoldReason


class PromiseStage(StrEnum):
    """The two halves of a promise: it leaves by, it arrives by. Each is decided once."""

    SHIP = "ship"
    DELIVER = "deliver"


class PromiseOutcome(StrEnum):
    """How a stage ended. `excused`: later than promised, but in time by the clock that stood still while the merchant
    or the customer held the order; or the order was cancelled before anything was late."""

    KEPT = "kept"
    EXCUSED = "excused"
    BROKEN = "broken"


class PromiseCause(StrEnum):
    """Whose doing it is that a promise was broken, or its clock stopped."""

    SITE = "site"
    CARRIER = "carrier"
    MERCHANT = "merchant"
    CUSTOMER = "customer"


class PromiseState(StrEnum):
    """How an order's promise stands: what the customer was told, which is the delivery. An order that left too late is
    at risk until it arrives, for it may still arrive in time."""

    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    KEPT = "kept"
    EXCUSED = "excused"
    BROKEN = "broken"


ENDED = frozenset({PromiseState.KEPT, PromiseState.EXCUSED, PromiseState.BROKEN})

CLOCK_STOPS: Mapping[HoldReason, PromiseCause | None] = {
    HoldReason.AWAITING_PAYMENT: PromiseCause.CUSTOMER,
    HoldReason.AWAITING_RETURN_ITEMS: PromiseCause.CUSTOMER,
    HoldReason.AWAITING_DOCUMENTATION: PromiseCause.MERCHANT,
    HoldReason.AWAITING_CONFIRMATION: PromiseCause.MERCHANT,
    HoldReason.FRAUD_RISK: PromiseCause.MERCHANT,
    HoldReason.INCORRECT_ADDRESS: PromiseCause.CUSTOMER,
    # Stock that is not there is what a promise is about: it does not stop the clock.
    HoldReason.OUT_OF_STOCK: None,
    HoldReason.CANNOT_BE_ROUTED: None,
    HoldReason.UNKNOWN_DELIVERY_DATE: PromiseCause.MERCHANT,
    HoldReason.PACK_AND_HOLD: PromiseCause.MERCHANT,
    HoldReason.QUERY_RAISED: PromiseCause.MERCHANT,
    HoldReason.CUSTOMER_REQUEST: PromiseCause.CUSTOMER,
    HoldReason.OTHER: PromiseCause.MERCHANT,
}
"""Who stops the clock by holding an order for this reason; None: the clock goes on."""

UNTOUCHED_LEAD = timedelta(hours=8)
"""So long before it has to leave an order is at risk that nobody has begun to work on."""


def first_look(ship_by: datetime) -> datetime:
    """When a fresh promise is looked at for the first time."""
    return ship_by - UNTOUCHED_LEAD
