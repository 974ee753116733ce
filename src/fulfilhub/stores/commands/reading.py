"""Reading orders from a store that nobody told us of in time: a few at once, their turn written down before the call
and what became of them after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert, text

from fulfilhub.orders import commands as orders
from fulfilhub.orders.commands import Outcome, Taken
from fulfilhub.orders.commands.holding import place_hold
from fulfilhub.orders.incoming import IncomingOrder
from fulfilhub.orders.rules import HoldReason, OrderStatus
from fulfilhub.platform import ids, metrics
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.port import Connection, Found, Missing, Refused, Retry, StoreSettings, Unreadable
from fulfilhub.stores.adapters.reading import UNKNOWN_TIME
from fulfilhub.stores.commands import backfilling
from fulfilhub.stores.commands.deliveries import gone, keep_answers, unreadable_order
from fulfilhub.stores.commands.following import mark
from fulfilhub.stores.commands.waiting import drop_had, prove, wake_reader
from fulfilhub.stores.events import OrderFoundLate
from fulfilhub.stores.models import LateOrder
from fulfilhub.stores.queries import ReadRow
from fulfilhub.stores.rules import StoreState
from fulfilhub.stores.rules.completeness import PATIENCE, FoundBy, LateWhat, after_try

AT_ONCE = 20
"""Orders of one ticket."""

OF_THE_ORDER = frozenset({"rejected", "too_large"})
"""Refusals that are about the order itself; all others are about the connection: time or the merchant mends them."""

Answer = Found | Missing | Refused | Retry

TAKE_TURN = text(
    """
    UPDATE store_reads AS r SET attempts = r.attempts + 1, reason = NULL, due_at = cast(:now AS timestamptz) + t.wait
    FROM unnest(cast(:external_ids AS text[]), cast(:waits AS interval[])) AS t (external_id, wait)
    WHERE r.merchant_id = :account AND r.store_id = :store AND r.external_id = t.external_id
    """
)
NOT_READ = text(
    """
    UPDATE store_reads AS r SET reason = t.reason, due_at = greatest(r.due_at, cast(:now AS timestamptz) + t.wait)
    FROM unnest(cast(:external_ids AS text[]), cast(:reasons AS text[]), cast(:waits AS interval[]))
         AS t (external_id, reason, wait)
    WHERE r.merchant_id = :account AND r.store_id = :store AND r.external_id = t.external_id
    """
)
READ = text(
    "DELETE FROM store_reads WHERE merchant_id = :account AND store_id = :store AND external_id = ANY (:external_ids)"
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Orders whose turn it is, and where to read them."""

    store: queries.StoreRow
    connection: Connection
    rows: list[ReadRow]


@dataclass(slots=True)
class _Sorted:
    """What a batch came to: orders to take, those the store has no more, and those to be read again with the reason and
    how long to wait at least. `unreadable` are among the first; `raw` is what of them can't be read, and why."""

    orders: list[tuple[ReadRow, IncomingOrder]] = field(default_factory=list)
    gone: list[ReadRow] = field(default_factory=list)
    again: list[tuple[ReadRow, str, timedelta]] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    raw: dict[str, tuple[Mapping[str, object], str]] = field(default_factory=dict)


async def take_turn(work: Work, vault: Vault, store_id: UUID, reader_id: UUID, spread: float) -> Batch | None:
    """The orders to be read now. Their next try is written down before this one, so that neither a worker that dies nor
    an order that nobody can take holds up the others. None when this ticket has nothing to read: whatever is to be read
    later has its ticket by then. `spread`: from 0 to 1, by chance."""
    sweep = await queries.sweep_of(work, store_id, lock=True)
    if sweep is None or sweep.reader_id != reader_id:
        return None
    row = await queries.sealed_store(work, store_id)
    had = Counter(await drop_had(work, store_id))
    await backfilling.count(work, store_id, {each: Counter(had=n) for each, n in had.items() if each is not None})
    connected = row.store.state == StoreState.CONNECTED
    rows = await queries.due_reads(work, store_id, AT_ONCE) if connected else []
    if rows and await queries.is_mapped(work, store_id):
        await _pass_on(work, store_id, rows)
        rows = []
    if not rows:
        await prove(work, store_id)
        await wake_reader(work, sweep, own=True, rests=not connected)
        return None
    await work.db.execute(
        TAKE_TURN,
        {
            "account": work.account_id,
            "store": store_id,
            "now": work.now,
            "external_ids": [each.external_id for each in rows],
            "waits": [after_try(each.attempts + 1, spread) for each in rows],
        },
    )
    return Batch(row.store, queries.connection(vault, row, work.now), rows)


async def _pass_on(work: Work, store_id: UUID, rows: Sequence[ReadRow]) -> None:
    """Orders of a store whose locations are mapped are read with their parts, by their own jobs."""
    await mark(work, store_id, [row.external_id for row in rows])
    counts = Counter(row.backfill_id for row in rows if row.backfill_id is not None)
    await backfilling.count(work, store_id, {each: Counter(had=size) for each, size in counts.items()})
    await _settle(work, store_id, rows, [])


async def conclude(
    work: Work, vault: Vault, batch: Batch, reader_id: UUID, answers: Sequence[Answer], keep_days: int
) -> None:
    """Take what was read, in one set, as the store has it now; keep what no webhook had brought as late, and for so
    many days what can't be read; and see to it that the rest is read."""
    store_id = batch.store.id
    sweep = await queries.sweep_of(work, store_id, lock=True)
    if sweep is None:
        return
    found = _sort(batch, answers)
    told = [order for _, order in found.orders]
    taken = {one.external_id: one for one in await orders.take(work, store_id, told, fresh=True)} if told else {}
    for row in found.gone:
        await gone(work, store_id, row.external_id)
    settled = []
    for row, order in found.orders:
        if row.external_id in found.unreadable and taken[row.external_id].outcome is Outcome.STALE:
            found.again.append((row, order.problems[0], timedelta()))  # what we have of it is older than the store's
        else:
            settled.append((row, order, taken[row.external_id]))
    await _keep_late(work, store_id, settled)
    if found.raw:
        await keep_answers(work, vault, store_id, found.raw, keep_days)
    await _settle(work, store_id, [row for row, _, _ in settled] + found.gone, found.again)
    await _count(work, store_id, settled, found)
    await prove(work, store_id)
    await wake_reader(work, sweep, own=sweep.reader_id == reader_id)


async def put_off(work: Work, batch: Batch, reader_id: UUID) -> None:
    """We could not take the only order of this batch, whatever it was: it keeps its next turn, and what is claimed of
    the store ends before it."""
    sweep = await queries.sweep_of(work, batch.store.id, lock=True)
    if sweep is not None:
        await wake_reader(work, sweep, own=sweep.reader_id == reader_id)


def _sort(batch: Batch, answers: Sequence[Answer]) -> _Sorted:
    sorted_ = _Sorted()
    settings = queries.adapter_settings(batch.store)
    for row, answer in zip(batch.rows, answers, strict=True):
        match answer:
            case Found(payload):
                _read(sorted_, batch.store.platform, row, payload, settings)
            case Missing():
                sorted_.gone.append(row)
            case Refused(code, reason) if code in OF_THE_ORDER and row.attempts + 1 >= PATIENCE:
                sorted_.orders.append((row, unreadable_order(row.external_id, reason)))
                sorted_.unreadable.add(row.external_id)
            case Refused(_, reason):
                sorted_.again.append((row, reason, timedelta()))
            case Retry(reason, after):
                sorted_.again.append((row, reason, timedelta(seconds=after)))
    return sorted_


def _read(
    sorted_: _Sorted, platform: str, row: ReadRow, payload: Mapping[str, object], settings: StoreSettings
) -> None:
    try:
        order = adapter_for(platform).normalise(payload, settings)
    except Unreadable as problem:
        sorted_.unreadable.add(row.external_id)
        sorted_.raw[row.external_id] = (payload, str(problem))
        sorted_.orders.append((row, unreadable_order(row.external_id, str(problem))))
        return
    if UNKNOWN_TIME < order.updated_at < row.latest_at:
        sorted_.again.append((row, "The store answered with an older state than it had listed.", timedelta()))
    else:
        sorted_.orders.append((row, order))


async def _keep_late(work: Work, store_id: UUID, settled: Sequence[tuple[ReadRow, IncomingOrder, Taken]]) -> None:
    whats = {Outcome.CREATED: LateWhat.ORDER, Outcome.UPDATED: LateWhat.CHANGE}
    late = [each for each in settled if each[0].found_by != FoundBy.BACKFILL and each[2].outcome in whats]
    if not late:
        return
    await work.db.execute(
        insert(LateOrder),
        [
            {
                "merchant_id": work.account_id,
                "id": ids.new(),
                "store_id": store_id,
                "external_id": row.external_id,
                "number": order.number,
                "order_id": one.order_id,
                "what": whats[one.outcome],
                "how": row.found_by,
                "changed_at": max(row.changed_at, order.updated_at) if row.found_by == FoundBy.GAP else row.changed_at,
                "found_at": row.found_at,
                "read_at": work.now,
            }
            for row, order, one in late
        ],
    )
    for row, _, one in late:
        metrics.LATE_ORDERS.labels(row.found_by).inc()
        told = OrderFoundLate(order_id=one.order_id, store_id=store_id, what=whats[one.outcome], how=row.found_by)
        work.publish(told)


async def _settle(
    work: Work, store_id: UUID, done: Sequence[ReadRow], again: Sequence[tuple[ReadRow, str, timedelta]]
) -> None:
    where = {"account": work.account_id, "store": store_id}
    await work.db.execute(READ, where | {"external_ids": [row.external_id for row in done]})
    if again:
        given = {
            "now": work.now,
            "external_ids": [row.external_id for row, _, _ in again],
            "reasons": [reason for _, reason, _ in again],
            "waits": [wait for _, _, wait in again],
        }
        await work.db.execute(NOT_READ, where | given)


async def _count(
    work: Work, store_id: UUID, settled: Sequence[tuple[ReadRow, IncomingOrder, Taken]], found: _Sorted
) -> None:
    """What the batch means for a backfill. Its open orders are held where that was asked for."""
    names = {Outcome.CREATED: "taken", Outcome.UPDATED: "updated"}
    counts: dict[UUID, Counter[str]] = {}
    fresh: dict[UUID, list[UUID]] = {}
    for row, _, one in settled:
        if row.backfill_id is not None:
            counted = counts.setdefault(row.backfill_id, Counter())
            counted["unreadable" if row.external_id in found.unreadable else names.get(one.outcome, "had")] += 1
            if one.outcome is Outcome.CREATED and one.status is OrderStatus.RECEIVED:
                fresh.setdefault(row.backfill_id, []).append(one.order_id)
    for row in found.gone:
        if row.backfill_id is not None:
            counts.setdefault(row.backfill_id, Counter())["gone"] += 1
    for backfill in await backfilling.count(work, store_id, counts):
        for order_id in sorted(fresh.get(backfill.id, ())) if backfill.hold_open else ():
            await place_hold(work, order_id, HoldReason.AWAITING_CONFIRMATION, "Brought in by a backfill.")
