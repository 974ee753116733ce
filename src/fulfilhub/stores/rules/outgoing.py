"""What goes out to a store: what changes in an order are seen there, how long is waited after failures, and what
becomes of a variant's stock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from fulfilhub.catalogue.events import KitChanged, ListingChanged, ProductChanged
from fulfilhub.fulfilment import events as fulfilment
from fulfilhub.orders import events as orders
from fulfilhub.returns import events as returns
from fulfilhub.routing.events import OrderBackordered, OrderRouted
from fulfilhub.shipping import events as shipping
from fulfilhub.stores.adapters.news import StockOutcome, StockTold


class NoticeKind(StrEnum):
    """What a notice tells: an order's whole state, a return, or where a shipment is."""

    STATE = "state"
    RETURN = "return"
    MILESTONE = "milestone"


class NoticeState(StrEnum):
    """Whether a store shows it. `refused`: trying again as it is would not help. `failed`: we gave up trying; the next
    change is tried again."""

    PENDING = "pending"
    TOLD = "told"
    REFUSED = "refused"
    FAILED = "failed"


class StockState(StrEnum):
    """Where a variant's stock in a store stands. `stale`: the store shows something else than we believed; it is set
    again. `unmanaged`: the merchant does not let the shop count this one. `missing`: the shop has no such variant.
    `failed`: we gave up. `drifted`: somebody else's number, which is left there by the merchant's wish. All of these
    are tried again with the next check of the whole stock."""

    PENDING = "pending"
    TOLD = "told"
    STALE = "stale"
    UNMANAGED = "unmanaged"
    MISSING = "missing"
    FAILED = "failed"
    DRIFTED = "drifted"


class DriftPolicy(StrEnum):
    """What becomes of a number that somebody else wrote in a store: it is set right, or shown until the next check."""

    CORRECT = "correct"
    REPORT = "report"


VISIBLE: frozenset[str] = frozenset(
    fact.TYPE
    for fact in (
        orders.OrderReceived,
        orders.OrderUpdated,
        orders.OrderReviewNeeded,
        orders.OrderCancelRequested,
        orders.OrderCancelled,
        orders.OrderHeld,
        orders.OrderHoldReleased,
        OrderRouted,
        OrderBackordered,
        fulfilment.FulfilmentQueued,
        fulfilment.FulfilmentAccepted,
        fulfilment.FulfilmentReleased,
        fulfilment.FulfilmentRejected,
        fulfilment.FulfilmentShortPicked,
        fulfilment.FulfilmentPicked,
        fulfilment.FulfilmentPacked,
        fulfilment.FulfilmentShipped,
        fulfilment.FulfilmentCancelled,
        fulfilment.FulfilmentChangeRequested,
        fulfilment.FulfilmentChangeAnswered,
        shipping.ShipmentCreated,
        shipping.ParcelAdvanced,
        shipping.OrderDelivered,
        shipping.PromiseAtRisk,
        shipping.PromiseKept,
        shipping.PromiseBroken,
    )
)
"""Facts about an order (their subject) after which a shop may have to show something else."""

RETURN_STEPS: frozenset[str] = frozenset(
    fact.TYPE
    for fact in (
        returns.ReturnApproved,
        returns.ReturnDeclined,
        returns.ReturnCancelled,
        returns.ReturnReceived,
        returns.ReturnInspected,
        returns.ReturnCompleted,
    )
)
"""Facts about a return that its shop is told of."""

RETURN_TALK: frozenset[str] = RETURN_STEPS | {
    fact.TYPE for fact in (returns.ReturnRequested, returns.ReturnHandedOver, returns.ReturnShippingSet)
}
"""The same where returns stand in the shop as things of its own, with each of their steps."""

RESTOCKING: frozenset[str] = frozenset(fact.TYPE for fact in (KitChanged, ListingChanged, ProductChanged))
"""Facts about a product (their subject) that change what may be sold, or where, without any movement of stock."""

LARGEST_BUFFER = 1_000_000

SETTLES = timedelta(seconds=2)
"""An order's state is told this long after it changed, so that steps that follow at once are told as one."""

CHECK_EVERY = timedelta(hours=6)
"""How often all of a store's stock is computed and told anew."""

TURN_LOST_AFTER = timedelta(minutes=15)
"""A turn or look that was due this long ago and has not begun was lost; another takes its place."""

LONGEST_PAUSE = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=1)
STALE_TRIES = 6
STALE_WAIT = timedelta(seconds=10)
"""Before stock that the shop changed is set again, the order that changed it should have arrived."""

CLOCKS_APART = timedelta(seconds=5)
"""What a store says of its stock may be stamped so much earlier than we noted our own writing, and be later."""


def pause(failures: int, at_least: float, spread: float) -> timedelta:
    """How long a store is left alone that failed so many times in a row: 2, 4, 8 ... seconds up to LONGEST_PAUSE, times
    0.5 to 1.5 (`spread` from 0 to 1), and no less than it asked for (seconds)."""
    return max(timedelta(seconds=at_least), _doubled(failures, LONGEST_PAUSE) * (0.5 + spread))


def again_after(attempts: int, at_least: float, spread: float) -> timedelta:
    """How long until one thing is told again that failed so many times; as `pause`, up to LONGEST_WAIT."""
    return max(timedelta(seconds=at_least), _doubled(attempts, LONGEST_WAIT) * (0.5 + spread))


def _doubled(times: int, longest: timedelta) -> timedelta:
    return min(timedelta(seconds=2 ** min(times, 12)), longest)


def to_show(sellable: int, buffer: int) -> int:
    """What a store shows of what could be sold, with so many units kept back; never below zero."""
    return max(sellable - buffer, 0)


def share_out(shelves: Mapping[str, int], claimed: int) -> dict[str, int]:
    """What each of a store's locations shows of what lies there, when so many units of all of it are not for sale
    (claimed by orders that have no place yet, or kept back): these are taken where most is left, a unit at a time, so
    that the places together never show more than can be sold. Of several with as many, the first by name gives."""
    left = dict(shelves)
    due = min(max(claimed, 0), sum(units for units in left.values() if units > 0))
    while due > 0:
        fullest = sorted((name for name, units in left.items() if units == max(left.values())))
        below = max((units for units in left.values() if units < left[fullest[0]]), default=0)
        # All of the fullest go down together to the next one's height, or as far as is due.
        step = min(left[fullest[0]] - max(below, 0), max(due // len(fullest), 1))
        for name in fullest:
            taken = min(step, due)
            left[name] -= taken
            due -= taken
    return {name: max(units, 0) for name, units in left.items()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a row of stock becomes: `told` is what the store shows now, as far as we know."""

    state: StockState
    told: int | None
    code: str | None = None
    reason: str | None = None
    wait: timedelta = timedelta()


def judge_stock(sent: int, attempts: int, told: StockTold) -> Verdict:
    """What it means that a store was told `sent` units, the `attempts`th time in a row. A number that the shop changed
    itself is taken as what it shows, and set again after a while, a few times."""
    match told.outcome:
        case StockOutcome.SET | StockOutcome.ALREADY:
            return Verdict(StockState.TOLD, sent)
        case StockOutcome.STALE if told.stock == sent:
            return Verdict(StockState.TOLD, sent)
        case StockOutcome.STALE if attempts < STALE_TRIES:
            shown = "another number" if told.stock is None else str(told.stock)
            return Verdict(StockState.STALE, told.stock, "stale", f"The shop showed {shown}.", STALE_WAIT * attempts)
        case StockOutcome.STALE:
            return Verdict(StockState.FAILED, told.stock, "stale", "Something else keeps changing it in the shop.")
        case StockOutcome.UNMANAGED:
            return Verdict(StockState.UNMANAGED, None, "unmanaged", "Stock management is off for it in the shop.")
        case StockOutcome.MISSING:
            return Verdict(StockState.MISSING, None, "missing", "The shop has no such variant.")
        case StockOutcome.REFUSED:
            return Verdict(StockState.FAILED, None, "rejected", told.reason or "The shop rejected it.")
