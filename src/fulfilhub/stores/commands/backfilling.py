"""Bringing in a store's history: its list is read a page at a time, and the next page only when all orders of the last
one were read, so that history never stands before what is happening now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError

from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FieldError, Invalid
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.port import Changed, Connection, Refused, Retry
from fulfilhub.stores.adapters.reading import UNKNOWN_TIME
from fulfilhub.stores.commands.sweeping import check_readable, not_swept
from fulfilhub.stores.commands.waiting import note, prove, wake_reader
from fulfilhub.stores.events import BackfillEnded
from fulfilhub.stores.models import Backfill, StoreRead, StoreSweep
from fulfilhub.stores.queries import BackfillRow, SweepRow
from fulfilhub.stores.rules import StoreState
from fulfilhub.stores.rules.completeness import LIVE_BACKFILL, BackfillState, FoundBy

PAGE = "stores.backfill"
DISCONNECTED = ("disconnected", "The store was disconnected.")


@dataclass(frozen=True, slots=True)
class Leg:
    """One page of a backfill: where to ask, and from where on. `survey`: also how much there is."""

    connection: Connection
    since: datetime
    cursor: str | None
    survey: bool


async def start(work: Work, store_id: UUID, since: datetime, until: datetime | None, *, hold_open: bool) -> UUID:
    """Begin to bring in every order that changed between `since` and `until` (None: now); gives its id. Raises
    NotFound, Invalid for a window that is none, Conflict for a store that can't be read or has a backfill under way."""
    check_readable(await queries.get_store(work, store_id))
    if await queries.sweep_of(work, store_id, lock=True) is None:
        raise not_swept()
    end = min(until or work.now, work.now)
    if since >= end:
        detail = "Must lie before `until`, and in the past."
        raise Invalid("A backfill needs a stretch of the past.", fields=[FieldError("/since", detail)])
    made = ids.new()
    values = {
        "merchant_id": work.account_id,
        "id": made,
        "store_id": store_id,
        "since": since,
        "until": end,
        "hold_open": hold_open,
        "state": BackfillState.QUEUED,
        "listing": True,
        "listed_whole": False,
        "requested_by": work.actor,
        "created_at": work.now,
    }
    try:
        await work.db.execute(insert(Backfill).values(values))
    except IntegrityError:
        detail = "A backfill of this store is under way; wait for it or cancel it."
        raise Conflict(detail, code="backfill_running") from None
    work.enqueue(PAGE, {"store_id": store_id, "backfill_id": made})
    return made


async def cancel(work: Work, store_id: UUID, backfill_id: UUID) -> None:
    """End a backfill; what it brought stays. Repeating is harmless. Raises NotFound, Conflict for one that is over."""
    sweep = await queries.sweep_of(work, store_id, lock=True)
    row = await queries.get_backfill(work, store_id, backfill_id)
    if row.state == BackfillState.CANCELLED:
        return
    if sweep is None or row.state not in LIVE_BACKFILL:
        raise Conflict(f"This backfill is {row.state}.", code="backfill_over", more={"state": row.state})
    await _end(work, sweep, row, BackfillState.CANCELLED)


async def cut_off(work: Work, store_id: UUID) -> None:
    """The store was disconnected: whatever is under way ends here."""
    sweep = await queries.sweep_of(work, store_id, lock=True)
    if sweep is not None:
        for row in await queries.live_backfills(work, store_id):
            await _end(work, sweep, row, BackfillState.FAILED, *DISCONNECTED)


async def leg(work: Work, vault: Vault, store_id: UUID, backfill_id: UUID) -> Leg | Refused | None:
    """What is to be asked next; None when the backfill is over, Refused when the store is disconnected."""
    live = await queries.live_backfills(work, store_id, [backfill_id])
    if not live:
        return None
    row = await queries.sealed_store(work, store_id)
    if row.store.state != StoreState.CONNECTED:
        return Refused(*DISCONNECTED)
    (backfill,) = live
    first = backfill.state == BackfillState.QUEUED
    return Leg(queries.connection(vault, row, work.now), backfill.since, backfill.cursor, first)


async def take_page(work: Work, store_id: UUID, backfill_id: UUID, listed: Changed | Refused | Retry) -> None:
    """Note what of a page must be read, and go on: with reading, or at once with the next page."""
    sweep = await queries.sweep_of(work, store_id, lock=True)
    live = await queries.live_backfills(work, store_id, [backfill_id])
    if sweep is None or not live:
        return
    (row,) = live
    if not isinstance(listed, Changed):
        code = listed.code if isinstance(listed, Refused) else "unreachable"
        await _end(work, sweep, row, BackfillState.FAILED, code, listed.reason)
        return
    wanted = [(key, at if at != UNKNOWN_TIME else row.since) for key, at in listed.orders if at <= row.until]
    lacking = await note(work, store_id, wanted, FoundBy.BACKFILL, backfill_id=backfill_id, spared=listed.spared)
    mine = sum(each.fresh for each in lacking)
    whole = listed.cursor is None or len(wanted) < len(listed.orders)
    values: dict[str, object] = {
        "state": BackfillState.RUNNING,
        "started_at": row.started_at or work.now,
        "cursor": listed.cursor,
        "listed": row.listed + len(wanted),
        "had": row.had + len(wanted) - mine,
        "listed_whole": whole,
        "listing": False,
        "version": row.version + 1,
    }
    if row.state == BackfillState.QUEUED:
        values |= {"total": listed.total, "reach": listed.reach}
    await _set(work, row, **values)
    await go_on(work, sweep, (await queries.live_backfills(work, store_id, [backfill_id]))[0])
    await prove(work, store_id)
    await wake_reader(work, sweep)


async def count(work: Work, store_id: UUID, counts: Mapping[UUID, Counter[str]]) -> list[BackfillRow]:
    """Add to the counts of backfills (by the names of their columns) and let them go on; gives those that are live.
    Runs under the lock of the store's sweep."""
    sweep = await queries.sweep_of(work, store_id) if counts else None
    live = await queries.live_backfills(work, store_id, sorted(counts)) if sweep is not None else []
    for row in live:
        added = {name: getattr(row, name) + more for name, more in counts[row.id].items()}
        await _set(work, row, version=row.version + 1, **added)
        if sweep is not None:
            await go_on(work, sweep, row._replace(version=row.version + 1))
    return live


async def go_on(work: Work, sweep: SweepRow, row: BackfillRow) -> None:
    """The next page, once all orders of the last one were read; the end, once there is none."""
    if row.listing or await queries.reads_of_backfill(work, row.store_id, row.id):
        return
    if row.listed_whole:
        await _end(work, sweep, row, BackfillState.COMPLETED)
        return
    await _set(work, row, listing=True)
    work.enqueue(PAGE, {"store_id": row.store_id, "backfill_id": row.id})


async def _end(
    work: Work,
    sweep: SweepRow,
    row: BackfillRow,
    state: BackfillState,
    code: str | None = None,
    reason: str | None = None,
) -> None:
    end = {"state": state, "listing": False, "ended_at": work.now, "code": code, "reason": reason}
    await _set(work, row, version=row.version + 1, **end)
    await work.db.execute(
        delete(StoreRead).where(
            StoreRead.merchant_id == work.account_id,
            StoreRead.store_id == row.store_id,
            StoreRead.backfill_id == row.id,
            StoreRead.found_by == FoundBy.BACKFILL,
        )
    )
    work.publish(BackfillEnded(store_id=row.store_id, backfill_id=row.id, state=state))
    # Its stretch joins what the sweeps prove, if the two meet; what the store hides from us is not proven.
    since = max(row.since, row.reach) if row.reach is not None else row.since
    if state is BackfillState.COMPLETED and since < sweep.complete_from <= row.until:
        await work.db.execute(
            update(StoreSweep)
            .where(StoreSweep.merchant_id == work.account_id, StoreSweep.store_id == row.store_id)
            .values(complete_from=since)
        )


async def _set(work: Work, row: BackfillRow, **values: object) -> None:
    await work.db.execute(
        update(Backfill).where(Backfill.merchant_id == work.account_id, Backfill.id == row.id).values(values)
    )
