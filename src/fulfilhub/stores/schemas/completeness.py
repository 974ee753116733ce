"""Wire shapes of how complete a store is: the claim and its figures, late orders, number gaps and backfills."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct

from fulfilhub.platform import ids
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.queries import (
    BackfillRow,
    Figures,
    GapRow,
    HeldRow,
    LateRow,
    StoreRow,
    SweepRow,
    standing,
)
from fulfilhub.stores.rules.completeness import BackfillState, FoundBy, SweepState, by_our_clock, fix_of, state_of

CompletenessState = Literal["complete", "behind", "failing", "never", "off", "direct"]
Numbering = Literal["counted", "shared"]
LateWhatName = Literal["order", "change"]
FoundByName = Literal["sweep", "gap"]
GapStateName = Literal["open", "absent", "found"]
BackfillStateName = Literal["queued", "running", "completed", "failed", "cancelled"]
NOT_TAKEN = "We could not take this order yet; our staff can see why."
Since = Annotated[datetime, Meta(tz=True, examples=["2026-09-01T00:00:00Z"])]


class SweepFailure(Struct, kw_only=True):
    """Why the store can't be read. `fix`: what you can do about it."""

    code: Annotated[str, Meta(examples=["unauthorised"])]
    reason: str
    fix: str
    failures: int
    failed_at: datetime


class HeldBackBy(Struct, kw_only=True):
    """The order that the proof waits for: the earliest change in the store that is not here yet. `changed_at`: by the
    store's clock; null: not known before it is read, because a missing number led to it. `reason`: why it was not read
    so far; null: its turn is still to come."""

    external_id: str
    changed_at: datetime | None
    found_at: datetime
    attempts: int
    reason: str | None


class SweptOrders(Struct, kw_only=True):
    """Counts of the store's orders. `seen`: those that are here. `waiting`: found in the store and to be read within
    moments. `late`: orders, and `late_changes`: changes, that no webhook had brought. `duplicates_ignored`: messages
    that came again and changed nothing. `needing_review`: here, but waiting for a person."""

    seen: int
    waiting: int
    needing_review: int
    late: int
    late_changes: int
    duplicates_ignored: int
    gaps_open: int
    gaps_absent: int


class Completeness(Struct, kw_only=True):
    """What is proven of a store. Every order that the store changed from `complete_since` until `complete_up_to` is in
    FulfilHub; null: nothing is proven yet. `state`: `complete`; `behind`: something is known to be missing, or the last
    sweep is too old; `failing`: the store can't be read; `never`: nothing is proven yet; `off`: disconnected;
    `direct`: it sends its orders itself (`api`). `numbering`: `counted`, and missing numbers are asked of the store; or
    `shared` with other things, so that a missing number says nothing. `clock_difference_seconds`: how far the store's
    clock is ahead of ours; `list_delay_seconds`: how late its list was seen to show an order. Times are by ours."""

    store_id: str
    state: CompletenessState
    complete_since: datetime | None = None
    complete_up_to: datetime | None = None
    last_sweep_at: datetime | None = None
    next_sweep_at: datetime | None = None
    sweeping: bool = False
    failure: SweepFailure | None = None
    held_back_by: HeldBackBy | None = None
    orders: SweptOrders
    numbering: Numbering | None = None
    clock_difference_seconds: int = 0
    list_delay_seconds: int = 0


class LateOrderOut(Struct, kw_only=True):
    """An order (`what`: `order`), or a change of one (`change`), that no webhook had brought when we read it from the
    store. `found_by`: a sweep, or a question about a missing number. `changed_at`: by the store's clock. `arrived_at`:
    when its webhook came after all; null: never."""

    id: str
    order_id: str
    external_id: str
    number: str
    what: LateWhatName
    found_by: FoundByName
    changed_at: datetime
    found_at: datetime
    read_at: datetime
    arrived_at: datetime | None


class NumberGapOut(Struct, kw_only=True):
    """A number that no order here has, between two that are here. `open`: the store was not asked yet, or gave no
    answer (`reason`); `absent`: the store has no such order either; `found`: it has, as `external_id`."""

    id: str
    number: str
    state: GapStateName
    external_id: str | None
    reason: str | None
    seen_at: datetime
    checked_at: datetime | None


class BackfillIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which stretch of a store's history to bring in: every order that changed in it, by the store's own time.
    `until`: null for up to now. `hold_open`: hold the orders in it that are still open, so that nothing of them is sent
    before you release them; completed and cancelled ones are never sent in any case."""

    since: Since
    until: Since | None = None
    hold_open: bool = False


class BackfillOut(Struct, kw_only=True):
    """A backfill and how far it is. `total`: how many orders the store says that it has to list, an estimate; null: it
    does not say. `listed` so far (one that changes meanwhile, more than once), and of those: `already_had`, `taken`
    (new here), `updated`, `gone` from the store meanwhile, `unreadable` (kept for review), and `waiting` to be read.
    `progress`: from 0 to 1; null while it can't be told. `reaches_back_to`: the store hides older orders from us."""

    id: str
    store_id: str
    state: BackfillStateName
    since: datetime
    until: datetime
    hold_open: bool
    progress: float | None
    total: int | None
    listed: int
    already_had: int
    taken: int
    updated: int
    gone: int
    unreadable: int
    waiting: int
    reaches_back_to: datetime | None
    code: str | None
    reason: str | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    version: int


def completeness_out(
    store: StoreRow, sweep: SweepRow | None, figures: Figures, held: HeldRow | None, interval: timedelta, now: datetime
) -> Completeness:
    """`interval`: between two sweeps."""
    if sweep is None:
        return Completeness(store_id=ids.STORE.show(store.id), state="direct", orders=_orders_out(figures))
    known = standing(sweep, store.state, figures.overdue, figures.doubted)
    state = state_of(known, interval, now)
    limits = [at for at in (sweep.complete_to, figures.doubted_from) if at is not None]
    upto = min(limits) if sweep.complete_to is not None and min(limits) >= sweep.complete_from else None
    failure = None
    if sweep.code is not None and sweep.failed_at is not None:
        failure = SweepFailure(
            code=sweep.code,
            reason=sweep.reason or "",
            fix=fix_of(sweep.code),
            failures=sweep.failures,
            failed_at=sweep.failed_at,
        )
    return Completeness(
        store_id=ids.STORE.show(store.id),
        state=state.value,
        complete_since=None if upto is None else by_our_clock(sweep.complete_from, sweep.offset),
        complete_up_to=None if upto is None else by_our_clock(upto, sweep.offset),
        last_sweep_at=sweep.last_ended_at,
        next_sweep_at=None if sweep.run_id is not None or state is SweepState.OFF else sweep.next_at,
        sweeping=sweep.run_id is not None,
        failure=failure,
        held_back_by=None if held is None else _held_out(held),
        orders=_orders_out(figures),
        numbering="counted" if adapter_for(store.platform).counts_orders else "shared",
        clock_difference_seconds=sweep.offset_seconds,
        list_delay_seconds=sweep.lag_seconds,
    )


def _orders_out(figures: Figures) -> SweptOrders:
    return SweptOrders(
        seen=figures.seen,
        waiting=figures.waiting,
        needing_review=figures.needing_review,
        late=figures.late,
        late_changes=figures.late_changes,
        duplicates_ignored=figures.duplicates,
        gaps_open=figures.gaps_open,
        gaps_absent=figures.gaps_absent,
    )


def _held_out(row: HeldRow) -> HeldBackBy:
    return HeldBackBy(
        external_id=row.external_id,
        changed_at=None if row.found_by == FoundBy.GAP else row.changed_at,
        found_at=row.found_at,
        attempts=row.attempts,
        reason=row.reason or (NOT_TAKEN if row.attempts else None),
    )


def late_order_out(row: LateRow) -> LateOrderOut:
    return LateOrderOut(
        id=ids.LATE_ORDER.show(row.id),
        order_id=ids.ORDER.show(row.order_id),
        external_id=row.external_id,
        number=row.number,
        what=row.what,  # type: ignore[arg-type]  # the CHECK constraint holds it to these values
        found_by=row.how,  # type: ignore[arg-type]
        changed_at=row.changed_at,
        found_at=row.found_at,
        read_at=row.read_at,
        arrived_at=row.arrived_at,
    )


def number_gap_out(row: GapRow) -> NumberGapOut:
    return NumberGapOut(
        id=ids.NUMBER_GAP.show(row.id),
        number=row.number,
        state=row.state,  # type: ignore[arg-type]  # the CHECK constraint holds it to these values
        external_id=row.external_id,
        reason=row.reason,
        seen_at=row.seen_at,
        checked_at=row.checked_at,
    )


def backfill_out(row: BackfillRow) -> BackfillOut:
    done = row.had + row.taken + row.updated + row.gone + row.unreadable
    over = row.state not in (BackfillState.QUEUED, BackfillState.RUNNING)
    progress = None
    if row.state == BackfillState.COMPLETED:
        progress = 1.0
    elif row.total:
        progress = round(min(done / row.total, 0.99), 4)
    return BackfillOut(
        id=ids.BACKFILL.show(row.id),
        store_id=ids.STORE.show(row.store_id),
        state=row.state,  # type: ignore[arg-type]  # the CHECK constraint holds it to these values
        since=row.since,
        until=row.until,
        hold_open=row.hold_open,
        progress=progress,
        total=row.total,
        listed=row.listed,
        already_had=row.had,
        taken=row.taken,
        updated=row.updated,
        gone=row.gone,
        unreadable=row.unreadable,
        waiting=0 if over else max(row.listed - done, 0),
        reaches_back_to=row.reach,
        code=row.code,
        reason=row.reason,
        created_by=row.requested_by,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        version=row.version,
    )
