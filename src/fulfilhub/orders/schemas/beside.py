"""Wire shapes of what stands beside an order: its holds and its promise."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from fulfilhub.orders.queries import HoldRow, Whole
from fulfilhub.orders.rules import CausedBy, HoldReason, HoldSource, PromiseCause, PromiseState
from fulfilhub.platform import ids

PLAIN_OF_HOLD = ("name", "note", "placed_by", "placed_at", "until", "released_by", "released_at")


class HoldOut(Struct, kw_only=True):
    """Why the order is held back; live until `released_at`, at the latest until `until`. `source` placed it;
    `caused_by` is whose doing it is."""

    id: str
    reason: HoldReason
    name: str
    note: str
    source: HoldSource
    caused_by: CausedBy
    placed_by: str
    placed_at: datetime
    until: datetime | None
    released_by: str | None
    released_at: datetime | None


class OrderPromiseOut(Struct, kw_only=True):
    """What was promised when the order was routed, and how it stands. `cause` says whose doing a broken promise (or a
    stopped clock) is; why, stage by stage, is under `/promise`."""

    ship_by: datetime
    deliver_by: datetime
    state: PromiseState
    cause: PromiseCause | None


def hold_out(row: HoldRow) -> HoldOut:
    return HoldOut(
        id=ids.HOLD.show(row.id),
        reason=HoldReason(row.reason),
        source=HoldSource(row.source),
        caused_by=CausedBy(row.caused_by),
        **{name: getattr(row, name) for name in PLAIN_OF_HOLD},
    )


def promise_out(whole: Whole) -> OrderPromiseOut | None:
    """None until something was promised."""
    row = whole.order
    if whole.promise is None or row.ship_by is None or row.deliver_by is None:
        return None
    cause = whole.promise.cause
    return OrderPromiseOut(
        ship_by=row.ship_by,
        deliver_by=row.deliver_by,
        state=PromiseState(whole.promise.state),
        cause=None if cause is None else PromiseCause(cause),
    )
