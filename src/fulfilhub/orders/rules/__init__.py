"""The pure rules of orders: line counters, the status derived from them, who may do what, what is wrong."""

from __future__ import annotations

from fulfilhub.orders.rules.promises import (
    CLOCK_STOPS,
    PromiseCause,
    PromiseOutcome,
    PromiseStage,
    PromiseState,
    first_look,
)
from fulfilhub.orders.rules.review import Review, ReviewReason, check, is_destination, warnings
from fulfilhub.orders.rules.status import (
    Editable,
    HoldReason,
    LineCounts,
    OrderAction,
    OrderFlags,
    OrderStatus,
    broken_counts,
    check_action,
    order_actions,
    order_status,
    what_can_be_edited,
)

__all__ = [
    "CLOCK_STOPS",
    "Editable",
    "HoldReason",
    "LineCounts",
    "OrderAction",
    "OrderFlags",
    "OrderStatus",
    "PromiseCause",
    "PromiseOutcome",
    "PromiseStage",
    "PromiseState",
    "Review",
    "ReviewReason",
    "broken_counts",
    "check",
    "check_action",
    "first_look",
    "is_destination",
    "order_actions",
    "order_status",
    "warnings",
    "what_can_be_edited",
]
