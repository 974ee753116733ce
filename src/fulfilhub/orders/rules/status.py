"""An order's status, derived from its lines' counters and a few flags, and what may be done in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.machines import Who


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCounts:
    """What has happened to the units of one line that has to be shipped.

    Every counter only says how many units ever got so far, and none is taken back when the next one grows: a
    shipped unit still counts as allocated and picked. So `allocated` falls only when units lose their
    warehouse (rejected, short-picked, recounted), and `ordered` changes only when the store edits the order.
    """

    ordered: int
    allocated: int = 0
    picked: int = 0
    shipped: int = 0
    delivered: int = 0
    cancelled: int = 0
    return_requested: int = 0
    returned: int = 0

    @property
    def wanted(self) -> int:
        """Units that are to be shipped, or have been."""
        return self.ordered - self.cancelled

    @property
    def to_route(self) -> int:
        """Units that have no warehouse yet."""
        return self.wanted - self.allocated

    @property
    def cancellable(self) -> int:
        """Units that nobody has picked yet."""
        return self.wanted - self.picked

    @property
    def returnable(self) -> int:
        """Delivered units for which no return was asked."""
        return max(self.delivered - self.return_requested, 0)


CHAIN: tuple[tuple[str, str], ...] = (
    ("delivered", "shipped"),
    ("shipped", "picked"),
    ("picked", "allocated"),
    ("allocated", "wanted"),
    ("returned", "return_requested"),
    ("return_requested", "shipped"),
)
"""Each counter never exceeds the one beside it (`wanted` is ordered - cancelled)."""


def broken_counts(counts: LineCounts) -> list[str]:
    """One sentence for each rule that the counters break; empty when they are sane."""
    names = LineCounts.__dataclass_fields__
    found = [f"{name} is below zero" for name in names if getattr(counts, name) < 0]
    found += [
        f"{less} ({getattr(counts, less)}) is more than {more} ({getattr(counts, more)})"
        for less, more in CHAIN
        if getattr(counts, less) > getattr(counts, more)
    ]
    return found


class OrderStatus(StrEnum):
    """Where an order is. Derived, never set. `not_required`: it has nothing that must be shipped."""

    NEEDS_REVIEW = "needs_review"
    AWAITING_PAYMENT = "awaiting_payment"
    RECEIVED = "received"
    ON_HOLD = "on_hold"
    BACKORDERED = "backordered"
    ROUTED = "routed"
    IN_PROGRESS = "in_progress"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    PARTIALLY_DELIVERED = "partially_delivered"
    DELIVERED = "delivered"
    PARTIALLY_RETURNED = "partially_returned"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    NOT_REQUIRED = "not_required"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFlags:
    """What the counters cannot know. `backordered`: routing left units waiting for stock; `on_hold`: at least
    one live hold; `cancelled`: the whole order was, which matters when it has no readable line."""

    needs_review: bool = False
    unpaid: bool = False
    on_hold: bool = False
    backordered: bool = False
    cancelled: bool = False


def order_status(lines: Iterable[LineCounts], flags: OrderFlags = OrderFlags()) -> OrderStatus:
    """The status: the first of these conditions on the lines' sums that holds. Lines are those that must be
    shipped. Queries say the same as one CASE over the same sums in the same order."""
    every = list(lines)
    ordered = sum(line.ordered for line in every)
    wanted = ordered - sum(line.cancelled for line in every)
    allocated = sum(line.allocated for line in every)
    picked = sum(line.picked for line in every)
    shipped = sum(line.shipped for line in every)
    delivered = sum(line.delivered for line in every)
    returned = sum(line.returned for line in every)
    conditions = (
        (wanted == 0 and (ordered > 0 or flags.cancelled), OrderStatus.CANCELLED),
        (flags.needs_review, OrderStatus.NEEDS_REVIEW),
        (ordered == 0, OrderStatus.NOT_REQUIRED),
        (returned >= wanted, OrderStatus.RETURNED),
        (shipped >= wanted and returned > 0, OrderStatus.PARTIALLY_RETURNED),
        (delivered >= wanted, OrderStatus.DELIVERED),
        (shipped >= wanted and delivered > 0, OrderStatus.PARTIALLY_DELIVERED),
        (shipped >= wanted, OrderStatus.SHIPPED),
        (flags.unpaid, OrderStatus.AWAITING_PAYMENT),
        (flags.on_hold, OrderStatus.ON_HOLD),
        (shipped > 0, OrderStatus.PARTIALLY_SHIPPED),
        (picked > 0, OrderStatus.IN_PROGRESS),
        (flags.backordered and allocated < wanted, OrderStatus.BACKORDERED),
        (allocated > 0, OrderStatus.ROUTED),
    )
    return next((status for holds, status in conditions if holds), OrderStatus.RECEIVED)


# What may be done ------------------------------------------------------------------------------------------


class HoldReason(StrEnum):
    """Why an order is held back. Several may stand at once; any live one keeps work from being claimed."""

    AWAITING_PAYMENT = "awaiting_payment"
    AWAITING_RETURN_ITEMS = "awaiting_return_items"
    AWAITING_DOCUMENTATION = "awaiting_documentation"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    FRAUD_RISK = "fraud_risk"
    INCORRECT_ADDRESS = "incorrect_address"
    OUT_OF_STOCK = "out_of_stock"
    CANNOT_BE_ROUTED = "cannot_be_routed"
    UNKNOWN_DELIVERY_DATE = "unknown_delivery_date"
    PACK_AND_HOLD = "pack_and_hold"
    QUERY_RAISED = "query_raised"
    CUSTOMER_REQUEST = "customer_request"
    OTHER = "other"


class HoldSource(StrEnum):
    """Who placed a hold."""

    MERCHANT = "merchant"
    CUSTOMER = "customer"
    STORE = "store"
    PLATFORM = "platform"


class CausedBy(StrEnum):
    """Whose doing a hold is. While one of the merchant or the customer lives, the clock of the promise stands still."""

    MERCHANT = "merchant"
    CUSTOMER = "customer"
    SITE = "site"
    CARRIER = "carrier"


BY_CUSTOMER = frozenset(
    {
        HoldReason.AWAITING_PAYMENT,
        HoldReason.AWAITING_RETURN_ITEMS,
        HoldReason.INCORRECT_ADDRESS,
        HoldReason.CUSTOMER_REQUEST,
    }
)


def cause_of(reason: HoldReason) -> CausedBy:
    """Whose doing a hold is when nobody says otherwise: what only the customer can settle is the customer's, all else
    the merchant's, who can release it."""
    return CausedBy.CUSTOMER if reason in BY_CUSTOMER else CausedBy.MERCHANT


class Editable(StrEnum):
    """Parts of an order that can be changed while its status allows it."""

    SHIP_TO = "ship_to"
    LINES = "lines"
    SERVICE = "service"
    CONTACT = "contact"
    NOTE = "note"


class OrderAction(StrEnum):
    """What can be asked of an order. `cancel` and `edit` are done at once as far as nobody works on it, and asked of
    the warehouse for the rest; `correct` mends what put it in review and takes it on."""

    CORRECT = "correct"
    EDIT = "edit"
    HOLD = "hold"
    RELEASE_HOLD = "release_hold"
    ROUTE = "route"
    CANCEL = "cancel"
    REQUEST_RETURN = "request_return"


_ST = OrderStatus
_BEFORE_WORK = frozenset(
    {_ST.NEEDS_REVIEW, _ST.AWAITING_PAYMENT, _ST.RECEIVED, _ST.ON_HOLD, _ST.BACKORDERED, _ST.ROUTED}
)
_IN_WORK = frozenset({_ST.IN_PROGRESS, _ST.PARTIALLY_SHIPPED})
_LEFT = frozenset({_ST.PARTIALLY_SHIPPED, _ST.PARTIALLY_DELIVERED, _ST.DELIVERED, _ST.PARTIALLY_RETURNED})

ALLOWED: Mapping[OrderAction, tuple[frozenset[OrderStatus], frozenset[Who]]] = {
    OrderAction.CORRECT: (frozenset({_ST.NEEDS_REVIEW}), frozenset({Who.MERCHANT})),
    OrderAction.EDIT: (_BEFORE_WORK | _IN_WORK, frozenset({Who.MERCHANT})),
    OrderAction.HOLD: (_BEFORE_WORK | _IN_WORK, frozenset({Who.MERCHANT, Who.SYSTEM})),
    OrderAction.RELEASE_HOLD: (_BEFORE_WORK | _IN_WORK, frozenset({Who.MERCHANT, Who.SYSTEM})),
    OrderAction.ROUTE: (
        frozenset({_ST.RECEIVED, _ST.BACKORDERED, _ST.ROUTED, _ST.PARTIALLY_SHIPPED}),
        frozenset({Who.MERCHANT, Who.SYSTEM}),
    ),
    OrderAction.CANCEL: (_BEFORE_WORK | _IN_WORK, frozenset({Who.MERCHANT, Who.SYSTEM})),
    OrderAction.REQUEST_RETURN: (_LEFT, frozenset({Who.MERCHANT, Who.CUSTOMER})),
}


def order_actions(status: OrderStatus, who: Who) -> list[OrderAction]:
    """What this audience may ask of an order in this status, in the table's order.

    The status is the order's; a single line or parcel may still refuse (for example because a partner has
    claimed it), and then the command says so.
    """
    return [action for action, (when, whose) in ALLOWED.items() if status in when and who in whose]


def check_action(status: OrderStatus, action: OrderAction, who: Who) -> None:
    """Raises Conflict (code `illegal_action`) naming the legal actions when this one is not."""
    legal = [str(each) for each in order_actions(status, who)]
    if action in legal:
        return
    can = f"It can: {', '.join(legal)}." if legal else "Nothing more can be done with it."
    raise Conflict(
        f"This order is {status}; it cannot {action}. {can}",
        code="illegal_action",
        more={"state": str(status), "actions": legal},
    )


def what_can_be_edited(status: OrderStatus) -> frozenset[Editable]:
    """The parts that may still be changed: everything while something is to be sent (what a warehouse has in hand is
    asked of it), then what binds nobody."""
    if status in _BEFORE_WORK | _IN_WORK:
        return frozenset(Editable)
    if status in {_ST.CANCELLED, _ST.RETURNED, _ST.NOT_REQUIRED}:
        return frozenset({Editable.NOTE})
    return frozenset({Editable.NOTE, Editable.CONTACT})
