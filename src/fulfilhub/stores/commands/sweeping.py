"""Sweeping stores: a run reads the list of changed orders page by page, from before where the last run ended, and notes
what must be read. A page is a ticket, and its place is kept, so a run goes on wherever it was broken off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, text, update

from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import SweepSettings
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.port import Changed, Connection, Refused, Retry
from fulfilhub.stores.adapters.reading import UNKNOWN_TIME
from fulfilhub.stores.commands import gaps
from fulfilhub.stores.commands.waiting import Lacking, note, prove, wake_reader
from fulfilhub.stores.models import StoreSweep
from fulfilhub.stores.queries import SweepRow
from fulfilhub.stores.rules import PlatformKind, StoreState
from fulfilhub.stores.rules.completeness import (
    GIVES_UP_AFTER,
    LOOKS_BACK_EVERY,
    PATIENCE,
    FoundBy,
    after_failure,
    clock_offset,
    lag_seen,
    next_due,
)

PAGE = "stores.sweep"
RESTART = "restart"
AT_ONCE = 1000
"""So many stores are given out in one turn of the clock; more wait for the next."""

# Where a run starts: where its last page ended, if it was broken off lately; else from before the last one's end.
BEGIN = """
    run_id = given.run_id,
    run_since = CASE WHEN goes_on THEN s.run_since
        WHEN looks_back THEN least(coalesce(s.listed_to, s.complete_from) - make_interval(secs => :overlap),
                                   cast(:now AS timestamptz) - make_interval(days => :look_back))
        ELSE coalesce(s.listed_to, s.complete_from) - make_interval(secs => :overlap + s.lag_seconds) END,
    run_upto = CASE WHEN goes_on THEN s.run_upto END,
    run_cursor = CASE WHEN goes_on THEN s.run_cursor END,
    run_started_at = CASE WHEN goes_on THEN s.run_started_at ELSE :now END,
    run_looks_back = CASE WHEN goes_on THEN s.run_looks_back ELSE looks_back END,
    run_listed = CASE WHEN goes_on THEN s.run_listed ELSE 0 END,
    run_found = CASE WHEN goes_on THEN s.run_found ELSE 0 END,
    run_patient = :patient,
    wanted_at = NULL,
    next_at = cast(:now AS timestamptz) + make_interval(secs => :gives_up)
"""
HOW = """
    SELECT merchant_id, store_id, next_at, gen_random_uuid() AS run_id, look_back_at <= :now AS looks_back,
           coalesce(run_cursor IS NOT NULL
                    AND run_started_at > cast(:now AS timestamptz) - make_interval(secs => :gives_up), false) AS goes_on
    FROM store_sweeps
"""
BEGIN_DUE = text(
    f"""
    UPDATE store_sweeps AS s SET {BEGIN}
    FROM ({HOW} WHERE next_at <= :now ORDER BY next_at LIMIT :at_once FOR UPDATE SKIP LOCKED) AS given
    WHERE s.merchant_id = given.merchant_id AND s.store_id = given.store_id
    RETURNING s.merchant_id, s.store_id, s.run_id
    """  # noqa: S608 - put together from this module's own words
)
BEGIN_ONE = text(
    f"""
    UPDATE store_sweeps AS s SET {BEGIN}
    FROM ({HOW} WHERE merchant_id = :account AND store_id = :store) AS given
    WHERE s.merchant_id = given.merchant_id AND s.store_id = given.store_id
    RETURNING s.run_id
    """  # noqa: S608 - put together from this module's own words
)
HURRY = text(
    """
    UPDATE store_reads SET due_at = :now
    WHERE merchant_id = :account AND store_id = :store AND due_at > :now AND found_by <> 'backfill'
    """
)


@dataclass(frozen=True, slots=True)
class Leg:
    """One page of a run: where to ask, and from where on."""

    connection: Connection
    since: datetime
    cursor: str | None
    asked_at: datetime


async def keep_sweeping(work: Work, store_id: UUID, *, anew: bool = False) -> None:
    """Sweep a store from now on: it was connected, or connected again. `anew`: it may be another shop, so nothing that
    was proven of it counts any more."""
    fresh = {"complete_from": work.now, "complete_to": None, "listed_to": None, "run_cursor": None, "lag_seconds": 0}
    done = await work.db.execute(
        update(StoreSweep)
        .where(StoreSweep.merchant_id == work.account_id, StoreSweep.store_id == store_id)
        .values(next_at=work.now, failures=0, code=None, reason=None, **(fresh if anew else {}))
        .returning(StoreSweep.store_id)
    )
    if done.first() is not None:
        sweep = await queries.sweep_of(work, store_id)
        if sweep is not None:
            await wake_reader(work, sweep)
    else:
        await work.db.execute(
            insert(StoreSweep).values(
                merchant_id=work.account_id,
                store_id=store_id,
                complete_from=work.now,
                next_at=work.now,
                look_back_at=work.now + LOOKS_BACK_EVERY,
            )
        )


async def stop_sweeping(work: Work, store_id: UUID) -> None:
    """The store is disconnected: nobody can be asked."""
    await work.db.execute(
        update(StoreSweep)
        .where(StoreSweep.merchant_id == work.account_id, StoreSweep.store_id == store_id)
        .values(next_at=None, run_id=None)
    )


async def begin_due(work: Work, figures: SweepSettings) -> list[tuple[UUID, UUID, UUID]]:
    """Begin the runs that are due, of all merchants (in the platform's scope), in one statement; for each (merchant,
    store, run). Several may do so at once: each takes others."""
    rows = await work.db.execute(BEGIN_DUE, _how(work, figures, patient=True) | {"at_once": AT_ONCE})
    return [(row.merchant_id, row.store_id, row.run_id) for row in rows]


async def sweep_now(work: Work, store_id: UUID, figures: SweepSettings) -> None:
    """Sweep a store at once, without waiting for webhooks that may be on their way. While a run is in hand, another
    follows it. Raises NotFound, Conflict for a store that can't be read."""
    store = await queries.get_store(work, store_id)
    check_readable(store)
    sweep = await queries.sweep_of(work, store_id, lock=True)
    if sweep is None:
        raise not_swept()
    await work.db.execute(HURRY, {"account": work.account_id, "store": store_id, "now": work.now})
    await wake_reader(work, sweep)
    if sweep.run_id is not None and await queries.has_ticket(work, PAGE, "run_id", sweep.run_id):
        await _set(work, store_id, wanted_at=work.now, run_patient=False)
        return
    await _begin(work, store_id, figures)


def check_readable(store: queries.StoreRow) -> None:
    """Raises Conflict for a store that has no list to read, or is disconnected."""
    if store.platform == PlatformKind.API:
        raise not_swept()
    if store.state != StoreState.CONNECTED:
        detail = "The store is disconnected: give it new credentials first."
        raise Conflict(detail, code="store_disconnected", more={"state": store.state})


def not_swept() -> Conflict:
    return Conflict("A store of platform api sends its orders itself; there is nothing to read.", code="not_swept")


async def leg(work: Work, vault: Vault, store_id: UUID, run_id: UUID) -> Leg | None:
    """What is to be asked next; None when another run took over, or the store was disconnected."""
    sweep = await queries.sweep_of(work, store_id)
    if sweep is None or sweep.run_id != run_id or sweep.run_since is None:
        return None
    row = await queries.sealed_store(work, store_id)
    if row.store.state != StoreState.CONNECTED:
        return None
    return Leg(queries.connection(vault, row, work.now), sweep.run_since, sweep.run_cursor, work.now)


async def take_page(
    work: Work,
    store_id: UUID,
    run_id: UUID,
    asked: Leg,
    listed: Changed | Refused | Retry,
    figures: SweepSettings,
    spread: float,
) -> None:
    """Note what a page says, and go on, or end. Of a page that could not be read the place is kept for the next time.
    `spread`: from 0 to 1, by chance."""
    sweep = await queries.sweep_of(work, store_id, lock=True)
    if sweep is None or sweep.run_id != run_id or sweep.run_since is None:
        return
    if not isinstance(listed, Changed):
        await _fail(work, sweep, listed, spread)
        return
    cursor = listed.cursor
    if sweep.run_upto is None:
        begun, sweep = sweep, _by_their_clock(sweep, listed.at, asked.asked_at, figures)
        # The clock went back, or was behind from the beginning: this list began too late.
        cursor = cursor if sweep.run_since == begun.run_since else RESTART
    # A time that can't be read says nothing: the order is read.
    unknown = sweep.run_upto or work.now
    orders = [(key, at if at != UNKNOWN_TIME else unknown) for key, at in listed.orders]
    grace = figures.grace if sweep.run_patient else 0
    lacking = await note(work, store_id, orders, FoundBy.SWEEP, grace=grace, spared=listed.spared)
    sweep = sweep._replace(
        run_cursor=None if cursor == RESTART else cursor,
        run_listed=sweep.run_listed + len(orders),
        run_found=sweep.run_found + sum(each.fresh for each in lacking),
        lag_seconds=round(_lag(sweep, lacking).total_seconds()),
    )
    await _set(
        work,
        store_id,
        **{
            name: getattr(sweep, name)
            for name in (
                *("complete_from", "listed_to", "offset_seconds", "lag_seconds"),
                *("run_since", "run_upto", "run_cursor", "run_listed", "run_found"),
            )
        },
    )
    if cursor is not None:
        work.enqueue(PAGE, {"store_id": store_id, "run_id": run_id})
    else:
        await _end(work, sweep, figures, spread)
    await prove(work, store_id)
    await wake_reader(work, sweep)


def _by_their_clock(sweep: SweepRow, at: datetime | None, asked_at: datetime, figures: SweepSettings) -> SweepRow:
    """The run as the store's clock sees it, when its first page is there. What was known by a clock that since went
    back, or was guessed before there was one, is moved with it."""
    if at is None:
        return sweep._replace(run_upto=asked_at)
    offset = clock_offset(at, asked_at)
    moved = offset - sweep.offset
    sweep = sweep._replace(run_upto=at, offset_seconds=round(offset.total_seconds()))
    if sweep.listed_to is None:
        sweep = sweep._replace(complete_from=sweep.complete_from + moved)
    elif moved < timedelta():
        sweep = sweep._replace(listed_to=sweep.listed_to + moved)
    if moved < timedelta() and sweep.run_since is not None:
        start = (sweep.listed_to or sweep.complete_from) - timedelta(seconds=figures.overlap)
        sweep = sweep._replace(run_since=min(sweep.run_since, start))
    return sweep


def _lag(sweep: SweepRow, lacking: list[Lacking]) -> timedelta:
    """How late the store's list is now known to be: orders that it should have shown before."""
    lag = sweep.lag
    for each in lacking:
        proven = sweep.complete_to is not None and sweep.complete_from <= each.changed_at < sweep.complete_to
        if each.unknown and each.fresh and proven and sweep.listed_to is not None:
            lag = lag_seen(each.changed_at, sweep.listed_to, lag)
    return lag


async def _end(work: Work, sweep: SweepRow, figures: SweepSettings, spread: float) -> None:
    known = [at for at in (sweep.listed_to, sweep.run_upto) if at is not None]
    values: dict[str, object] = {
        "listed_to": max(known),
        "run_id": None,
        "next_at": next_due(work.now, timedelta(seconds=figures.interval), spread, first=sweep.listed_to is None),
        "failures": 0,
        "code": None,
        "reason": None,
        "last_started_at": sweep.run_started_at,
        "last_ended_at": work.now,
        "last_listed": sweep.run_listed,
        "last_found": sweep.run_found,
    }
    if sweep.run_looks_back:
        values["look_back_at"] = work.now + LOOKS_BACK_EVERY * (0.85 + 0.3 * spread)
    await _set(work, sweep.store_id, **values)
    store = await queries.get_store(work, sweep.store_id)
    if adapter_for(store.platform).counts_orders:
        await gaps.look(work, sweep, figures)
    if sweep.wanted_at is not None:
        await _begin(work, sweep.store_id, figures)


async def _fail(work: Work, sweep: SweepRow, listed: Refused | Retry, spread: float) -> None:
    """The place in the list is kept, but not for ever: it may be what the store stumbles over."""
    failures = sweep.failures + 1
    at_least = listed.after if isinstance(listed, Retry) else 0.0
    values: dict[str, object] = {
        "run_id": None,
        "wanted_at": None,
        "failures": failures,
        "failed_at": work.now,
        "code": listed.code if isinstance(listed, Refused) else "unreachable",
        "reason": listed.reason,
        "next_at": work.now + after_failure(failures, at_least, spread),
    }
    if failures % PATIENCE == 0:
        values["run_cursor"] = None
    await _set(work, sweep.store_id, **values)


async def _begin(work: Work, store_id: UUID, figures: SweepSettings) -> None:
    given = _how(work, figures, patient=False) | {"account": work.account_id, "store": store_id}
    run_id = (await work.db.execute(BEGIN_ONE, given)).scalar_one()
    work.enqueue(PAGE, {"store_id": store_id, "run_id": run_id})


def _how(work: Work, figures: SweepSettings, *, patient: bool) -> dict[str, object]:
    return {
        "now": work.now,
        "overlap": figures.overlap,
        "look_back": figures.look_back_days,
        "gives_up": GIVES_UP_AFTER.total_seconds(),
        "patient": patient,
    }


async def _set(work: Work, store_id: UUID, **values: object) -> None:
    await work.db.execute(
        update(StoreSweep)
        .where(StoreSweep.merchant_id == work.account_id, StoreSweep.store_id == store_id)
        .values(values)
    )
