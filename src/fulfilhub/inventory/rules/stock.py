"""The arithmetic of stock: buckets, movements between them, and what may never happen (a bucket below zero).

A level is one product in one warehouse; on_hand = available + allocated + quarantined + damaged, and incoming
stands beside it. Every change is a movement with a reason; the reason says which buckets it may touch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from fulfilhub.platform.errors import Conflict, Stale


class Bucket(StrEnum):
    """The buckets of a level, in the order of their columns."""

    AVAILABLE = "available"
    ALLOCATED = "allocated"
    QUARANTINED = "quarantined"
    DAMAGED = "damaged"
    INCOMING = "incoming"


class MovementReason(StrEnum):
    """Why a movement happened. `adjusted` alone is free arithmetic, after a count."""

    ANNOUNCED = "announced"
    RECEIVED = "received"
    ALLOCATED = "allocated"
    DEALLOCATED = "deallocated"
    SHIPPED = "shipped"
    SHORT_PICKED = "short_picked"
    QUARANTINED = "quarantined"
    RELEASED = "released"
    DAMAGED = "damaged"
    RETURNED = "returned"
    DISPOSED = "disposed"
    ADJUSTED = "adjusted"


class Disposition(StrEnum):
    """The verdict on a unit that came back or was inspected."""

    RESTOCK = "restock"
    QUARANTINE = "quarantine"
    DISPOSE = "dispose"


Path = tuple[Bucket | None, Bucket | None]
"""From a bucket to a bucket; None is the outside world."""

_A, _L, _Q, _D, _I = Bucket
PATHS: Mapping[MovementReason, frozenset[Path]] = {
    MovementReason.ANNOUNCED: frozenset({(None, _I), (_I, None)}),
    MovementReason.RECEIVED: frozenset({(None, _A), (None, _Q), (None, _D), (_I, _A), (_I, _Q), (_I, _D)}),
    MovementReason.ALLOCATED: frozenset({(_A, _L)}),
    MovementReason.DEALLOCATED: frozenset({(_L, _A)}),
    MovementReason.SHIPPED: frozenset({(_L, None)}),
    # What a picker does not find or finds spoilt is still on the books until somebody counts or scraps it.
    MovementReason.SHORT_PICKED: frozenset({(_L, _Q), (_L, _D)}),
    MovementReason.QUARANTINED: frozenset({(_A, _Q)}),
    MovementReason.RELEASED: frozenset({(_Q, _A)}),
    MovementReason.DAMAGED: frozenset({(_A, _D), (_Q, _D)}),
    MovementReason.RETURNED: frozenset({(None, _A), (None, _Q), (None, _D)}),
    MovementReason.DISPOSED: frozenset({(_D, None), (_Q, None)}),
}


class NotEnoughStock(Conflict):
    """A movement would take a bucket below zero."""

    code = "not_enough_stock"
    title = "Not enough stock"

    def __init__(self, bucket: Bucket, wanted: int, had: int) -> None:
        super().__init__(
            f"{wanted} {bucket} wanted but only {had} there.",
            more={"bucket": str(bucket), "wanted": wanted, "had": had},
        )
        self.bucket, self.wanted, self.had = bucket, wanted, had


@dataclass(frozen=True, slots=True, kw_only=True)
class Deltas:
    """What a movement adds to each bucket (negative: takes away)."""

    available: int = 0
    allocated: int = 0
    quarantined: int = 0
    damaged: int = 0
    incoming: int = 0

    @property
    def on_hand(self) -> int:
        """The change of what physically is there."""
        return self.available + self.allocated + self.quarantined + self.damaged

    def __add__(self, other: Deltas) -> Deltas:
        return Deltas(**{bucket: getattr(self, bucket) + getattr(other, bucket) for bucket in Bucket})


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How many units each bucket of one product in one warehouse holds."""

    available: int = 0
    allocated: int = 0
    quarantined: int = 0
    damaged: int = 0
    incoming: int = 0

    @property
    def on_hand(self) -> int:
        """What physically is there."""
        return self.available + self.allocated + self.quarantined + self.damaged


@dataclass(frozen=True, slots=True)
class Movement:
    """One row of the ledger before it has a document and an actor."""

    reason: MovementReason
    deltas: Deltas


@dataclass(frozen=True, slots=True)
class Recount:
    """What a count changes: the movement, and how many units lost their stock and must be routed anew."""

    movement: Movement
    deallocated: int


def move(reason: MovementReason, quantity: int, source: Bucket | None, target: Bucket | None) -> Movement:
    """A movement of `quantity` units (at least 1) from one bucket to another; None is the outside world.

    Raises ValueError, as for any programming error, for a path that PATHS lacks or a quantity below one.
    """
    if quantity < 1:
        raise ValueError("a movement moves at least one unit")
    if (source, target) not in PATHS.get(reason, frozenset()):
        raise ValueError(f"{reason} does not move from {source} to {target}")
    change: dict[str, int] = {}
    if source is not None:
        change[source] = -quantity
    if target is not None:
        change[target] = quantity
    return Movement(reason, Deltas(**change))


def apply(level: Level, deltas: Deltas) -> Level:
    """The level after a movement. Raises NotEnoughStock when a bucket would fall below zero."""
    after: dict[str, int] = {}
    for bucket in Bucket:
        had, change = getattr(level, bucket), getattr(deltas, bucket)
        if had + change < 0:
            raise NotEnoughStock(bucket, -change, had)
        after[bucket] = had + change
    return Level(**after)


def replay(deltas: Iterable[Deltas]) -> Level:
    """The level that a whole ledger adds up to, from nothing. Raises NotEnoughStock as `apply`."""
    level = Level()
    for each in deltas:
        level = apply(level, each)
    return level


def recount(level: Level, on_hand: int, expected: int | None = None) -> Recount | None:
    """What it takes to make `on_hand` true after a count; None when it already is.

    Surplus becomes available. A deficit is taken from available first and then from allocated, which gives
    the number of units to de-allocate and route again; quarantined and damaged goods stay as they are.
    `expected` is the on_hand the caller saw (compare-and-set): Stale when it is no longer so. Raises
    NotEnoughStock when quarantined and damaged goods alone are more than `on_hand`.
    """
    if expected is not None and expected != level.on_hand:
        raise Stale(
            f"On hand is {level.on_hand} now, not {expected}: read the level again, then repeat.",
            code="stale_quantity",
            more={"on_hand": level.on_hand, "expected": expected},
        )
    change = on_hand - level.on_hand
    if change == 0:
        return None
    from_available = max(change, -level.available)
    from_allocated = change - from_available
    if level.allocated + from_allocated < 0:
        raise NotEnoughStock(Bucket.ALLOCATED, -from_allocated, level.allocated)
    deltas = Deltas(available=from_available, allocated=from_allocated)
    return Recount(Movement(MovementReason.ADJUSTED, deltas), -from_allocated)


def disposition_moves(disposition: Disposition, quantity: int) -> tuple[Movement, ...]:
    """The ledger rows of `quantity` returned units after inspection.

    Restock and quarantine book them into their bucket. Dispose books them in as damaged and out again, so
    that the ledger shows what came back and was scrapped, though the level ends as it was.
    """
    if disposition is Disposition.RESTOCK:
        return (move(MovementReason.RETURNED, quantity, None, Bucket.AVAILABLE),)
    if disposition is Disposition.QUARANTINE:
        return (move(MovementReason.RETURNED, quantity, None, Bucket.QUARANTINED),)
    return (
        move(MovementReason.RETURNED, quantity, None, Bucket.DAMAGED),
        move(MovementReason.DISPOSED, quantity, Bucket.DAMAGED, None),
    )
