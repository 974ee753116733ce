"""Every look at how complete stores are: sweeps, what waits to be read, what came late, gaps and backfills."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text

from fulfilhub.orders.models import Order
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.inbox import Message
from fulfilhub.platform.work import Work
from fulfilhub.stores.models import Backfill, LateOrder, NumberGap, Store, StoreRead, StoreSweep
from fulfilhub.stores.queries.messages import source_of
from fulfilhub.stores.rules import StoreState
from fulfilhub.stores.rules.completeness import LIVE_BACKFILL, FoundBy, GapState, Standing


class SweepRow(NamedTuple):
    """One store's row; see `models.StoreSweep`."""

    store_id: UUID
    complete_from: datetime
    complete_to: datetime | None
    listed_to: datetime | None
    next_at: datetime | None
    wanted_at: datetime | None
    offset_seconds: int
    lag_seconds: int
    run_id: UUID | None
    run_since: datetime | None
    run_upto: datetime | None
    run_cursor: str | None
    run_started_at: datetime | None
    run_looks_back: bool
    run_patient: bool
    run_listed: int
    run_found: int
    reader_id: UUID | None
    reader_due_at: datetime | None
    failures: int
    failed_at: datetime | None
    code: str | None
    reason: str | None
    last_started_at: datetime | None
    last_ended_at: datetime | None
    last_listed: int
    last_found: int

    @property
    def offset(self) -> timedelta:
        """How far the store's clock is ahead of ours."""
        return timedelta(seconds=self.offset_seconds)

    @property
    def lag(self) -> timedelta:
        """How late the store's list was seen to be."""
        return timedelta(seconds=self.lag_seconds)


class ReadRow(NamedTuple):
    """One order that waits to be read."""

    external_id: str
    changed_at: datetime
    latest_at: datetime
    found_by: str
    found_at: datetime
    backfill_id: UUID | None
    attempts: int
    reason: str | None

    @property
    def suspect(self) -> bool:
        """Whether the last try came to no end: whoever made it died, or could not take the order."""
        return self.attempts > 0 and self.reason is None


class LateRow(NamedTuple):
    id: UUID
    external_id: str
    number: str
    order_id: UUID
    what: str
    how: str
    changed_at: datetime
    found_at: datetime
    read_at: datetime
    arrived_at: datetime | None


class GapRow(NamedTuple):
    id: UUID
    number: str
    state: str
    external_id: str | None
    reason: str | None
    seen_at: datetime
    checked_at: datetime | None
    attempts: int


class BackfillRow(NamedTuple):
    id: UUID
    store_id: UUID
    since: datetime
    until: datetime
    hold_open: bool
    state: str
    listing: bool
    listed_whole: bool
    cursor: str | None
    total: int | None
    reach: datetime | None
    listed: int
    had: int
    taken: int
    updated: int
    gone: int
    unreadable: int
    code: str | None
    reason: str | None
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    version: int


class Figures(NamedTuple):
    """What is known of a store's orders. `overdue`: those of the waiting that no webhook can be hoped for any more.
    `doubted_from`: the store's time of the earliest change of which two tellings
    differ, while it is being read anew."""

    seen: int
    needing_review: int
    duplicates: int
    late: int
    late_changes: int
    waiting: int
    overdue: int
    gaps_open: int
    gaps_absent: int
    doubted: int
    doubted_from: datetime | None


class HeldRow(NamedTuple):
    """The order that holds the proof back."""

    external_id: str
    found_by: str
    changed_at: datetime
    found_at: datetime
    attempts: int
    reason: str | None


SWEEP = tuple(getattr(StoreSweep, name) for name in SweepRow._fields)
LATE = tuple(getattr(LateOrder, name) for name in LateRow._fields)
GAP = tuple(getattr(NumberGap, name) for name in GapRow._fields)
BACKFILL = tuple(getattr(Backfill, name) for name in BackfillRow._fields)

DOUBTED = text(
    """
    SELECT count(*) AS doubted, min(o.store_updated_at) AS doubted_from
    FROM jobs AS j JOIN orders AS o ON o.merchant_id = j.account_id AND o.store_id = :store
         AND o.external_id = j.args ->> 'external_id'
    WHERE j.account_id = :account AND j.kind = 'stores.reread_order' AND j.args ->> 'store_id' = :store_text
    """
)
HAS_TICKET = text(
    """
    SELECT EXISTS (SELECT FROM jobs WHERE account_id = :account AND state = 'ready' AND kind = :kind
                   AND args ->> :name = :value)
    """
)


async def sweep_of(work: Work, store_id: UUID, *, lock: bool = False) -> SweepRow | None:
    """How far a store was read, optionally locked; None for a store that is not swept (`api`, or none)."""
    query = select(*SWEEP).where(StoreSweep.merchant_id == work.account_id, StoreSweep.store_id == store_id)
    row = (await work.db.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else SweepRow._make(row)


async def has_ticket(work: Work, kind: str, name: str, value: UUID) -> bool:
    """Whether a ticket of this kind with this argument waits or is being worked on."""
    given = {"account": work.account_id, "kind": kind, "name": name, "value": str(value)}
    return bool((await work.db.execute(HAS_TICKET, given)).scalar_one())


async def due_reads(work: Work, store_id: UUID, limit: int) -> list[ReadRow]:
    """Orders whose reading is due, those of backfills last. One whose last try came to no end comes alone, so that it
    can spoil nothing else."""
    columns = [getattr(StoreRead, name) for name in ReadRow._fields]
    query = (
        select(*columns)
        .where(StoreRead.merchant_id == work.account_id, StoreRead.store_id == store_id, StoreRead.due_at <= work.now)
        .order_by(StoreRead.found_by == FoundBy.BACKFILL, StoreRead.due_at, StoreRead.external_id)
        .limit(limit)
    )
    rows = [ReadRow(*row) for row in await work.db.execute(query)]
    return rows[:1] if rows and rows[0].suspect else [row for row in rows if not row.suspect]


async def held_by(work: Work, store_id: UUID) -> HeldRow | None:
    """Of the orders that wait, the one whose change is the earliest."""
    columns = [getattr(StoreRead, name) for name in HeldRow._fields]
    query = (
        select(*columns)
        .where(StoreRead.merchant_id == work.account_id, StoreRead.store_id == store_id)
        .where(StoreRead.found_by != FoundBy.BACKFILL)
        .order_by(StoreRead.changed_at)
        .limit(1)
    )
    row = (await work.db.execute(query)).one_or_none()
    return None if row is None else HeldRow._make(row)


async def next_read_due(work: Work, store_id: UUID) -> datetime | None:
    """When the next order of the store is to be read; None when none waits."""
    query = select(func.min(StoreRead.due_at)).where(
        StoreRead.merchant_id == work.account_id, StoreRead.store_id == store_id
    )
    return (await work.db.execute(query)).scalar_one()


async def reads_of_backfill(work: Work, store_id: UUID, backfill_id: UUID) -> int:
    """How many orders of a backfill wait to be read."""
    query = select(func.count()).where(
        StoreRead.merchant_id == work.account_id, StoreRead.store_id == store_id, StoreRead.backfill_id == backfill_id
    )
    return (await work.db.execute(query)).scalar_one()


async def figures(work: Work, store_id: UUID) -> Figures:
    """Counts of a store's orders, each from its own index."""
    mine = (Order.merchant_id == work.account_id, Order.store_id == store_id)
    seen = select(func.count()).where(*mine)
    review = select(func.count()).where(*mine, Order.status == "needs_review")
    repeats = select(func.coalesce(func.sum(Message.repeats), 0)).where(
        Message.account_id == work.account_id, Message.source == source_of(store_id), text("source <> 'api'")
    )
    waiting = select(func.count()).where(StoreRead.merchant_id == work.account_id, StoreRead.store_id == store_id)
    late = select(func.count()).where(LateOrder.merchant_id == work.account_id, LateOrder.store_id == store_id)
    gaps = select(func.count()).where(NumberGap.merchant_id == work.account_id, NumberGap.store_id == store_id)
    row = (
        await work.db.execute(
            select(
                seen.scalar_subquery(),
                review.scalar_subquery(),
                repeats.scalar_subquery(),
                late.where(LateOrder.what == "order").scalar_subquery(),
                late.where(LateOrder.what == "change").scalar_subquery(),
                waiting.where(StoreRead.found_by != FoundBy.BACKFILL).scalar_subquery(),
                waiting.where(StoreRead.found_by != FoundBy.BACKFILL, _overdue(work)).scalar_subquery(),
                gaps.where(NumberGap.state == GapState.OPEN).scalar_subquery(),
                gaps.where(NumberGap.state == GapState.ABSENT).scalar_subquery(),
            )
        )
    ).one()
    given = {"account": work.account_id, "store": store_id, "store_text": str(store_id)}
    doubt = (await work.db.execute(DOUBTED, given)).one()
    return Figures._make((*(int(count) for count in row), doubt.doubted, doubt.doubted_from))


def _overdue(work: Work) -> ColumnElement[bool]:
    return (StoreRead.due_at <= work.now) | (StoreRead.attempts > 0)


async def standings(work: Work) -> list[Standing]:
    """How every swept store of every merchant stands (in the platform's scope); doubts about single orders left out."""
    waiting = (
        select(func.count())
        .where(
            StoreRead.merchant_id == StoreSweep.merchant_id,
            StoreRead.store_id == StoreSweep.store_id,
            StoreRead.found_by != FoundBy.BACKFILL,
            _overdue(work),
        )
        .correlate(StoreSweep)
        .scalar_subquery()
    )
    rows = await work.db.execute(
        select(*SWEEP, Store.state.label("store_state"), waiting.label("overdue")).join(
            Store, (Store.merchant_id == StoreSweep.merchant_id) & (Store.id == StoreSweep.store_id)
        )
    )
    return [standing(SweepRow._make(row[:-2]), row.store_state, row.overdue, 0) for row in rows]


def standing(sweep: SweepRow, store_state: str, overdue: int, doubted: int) -> Standing:
    """A store's sweeps as plain data, for `rules.completeness.state_of`."""
    return Standing(
        connected=store_state == StoreState.CONNECTED,
        listed_to=sweep.listed_to,
        proven=sweep.complete_to is not None and sweep.complete_to >= sweep.complete_from,
        offset=sweep.offset,
        failures=sweep.failures,
        code=sweep.code,
        overdue=overdue,
        doubted=doubted,
    )


async def list_late(work: Work, store_id: UUID, after: UUID | None, limit: int) -> list[LateRow]:
    """What no webhook brought in time, in the order it was found."""
    query = select(*LATE).where(LateOrder.merchant_id == work.account_id, LateOrder.store_id == store_id)
    if after is not None:
        query = query.where(LateOrder.id > after)
    return [LateRow(*row) for row in await work.db.execute(query.order_by(LateOrder.id).limit(limit))]


async def list_gaps(work: Work, store_id: UUID, state: str | None, after: UUID | None, limit: int) -> list[GapRow]:
    """Numbers nobody has, in the order they were noticed."""
    query = select(*GAP).where(NumberGap.merchant_id == work.account_id, NumberGap.store_id == store_id)
    if after is not None:
        query = query.where(NumberGap.id > after)
    if state is not None:
        query = query.where(NumberGap.state == state)
    return [GapRow(*row) for row in await work.db.execute(query.order_by(NumberGap.id).limit(limit))]


async def due_gaps(work: Work, store_id: UUID, limit: int) -> list[GapRow]:
    """Open gaps that the store is to be asked about now."""
    query = (
        select(*GAP)
        .where(
            NumberGap.merchant_id == work.account_id,
            NumberGap.store_id == store_id,
            NumberGap.state == GapState.OPEN,
            NumberGap.ask_at <= work.now,
        )
        .order_by(NumberGap.ask_at)
        .limit(limit)
    )
    return [GapRow(*row) for row in await work.db.execute(query)]


async def list_backfills(work: Work, store_id: UUID, after: UUID | None, limit: int) -> list[BackfillRow]:
    """A store's backfills, oldest first."""
    query = select(*BACKFILL).where(Backfill.merchant_id == work.account_id, Backfill.store_id == store_id)
    if after is not None:
        query = query.where(Backfill.id > after)
    return [BackfillRow(*row) for row in await work.db.execute(query.order_by(Backfill.id).limit(limit))]


async def get_backfill(work: Work, store_id: UUID, backfill_id: UUID) -> BackfillRow:
    """One backfill. Raises NotFound."""
    query = select(*BACKFILL).where(
        Backfill.merchant_id == work.account_id, Backfill.store_id == store_id, Backfill.id == backfill_id
    )
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no backfill {ids.BACKFILL.show(backfill_id)!r} of this store.")
    return BackfillRow(*row)


async def live_backfills(work: Work, store_id: UUID, backfill_ids: Sequence[UUID] | None = None) -> list[BackfillRow]:
    """The store's backfills that are not over (at most one), or those of `backfill_ids` that are not."""
    query = select(*BACKFILL).where(
        Backfill.merchant_id == work.account_id, Backfill.store_id == store_id, Backfill.state.in_(LIVE_BACKFILL)
    )
    if backfill_ids is not None:
        query = query.where(Backfill.id.in_(backfill_ids))
    return [BackfillRow(*row) for row in await work.db.execute(query.order_by(Backfill.id))]
