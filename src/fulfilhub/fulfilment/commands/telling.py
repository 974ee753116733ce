"""What operators' own logs are told of their work. The merchant's transaction only passes ids on; what is told is read
in the operator's scope, from the documents that it may see, and told in sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from fulfilhub.fulfilment.events import (
    OfQueue,
    WorkChangeClosed,
    WorkChanged,
    WorkChangeRequested,
    WorkClaimExpired,
    WorkHeld,
    WorkLate,
    WorkQueued,
    WorkResumed,
    WorkWithdrawn,
)
from fulfilhub.fulfilment.queries import WorkRow
from fulfilhub.fulfilment.queries import news as queries
from fulfilhub.fulfilment.rules import Late
from fulfilhub.platform.work import Work

TELL = "fulfilment.tell_work"
LEASE_ENDED = "fulfilment.lease_ended"
TOGETHER = 5.0
"""Seconds: what is queued within the same five is told together, so that a rush makes few webhooks."""

MOST = 500
"""Pieces of work that one fact names: with Standard Webhooks a payload stays below 20 kB."""


class News(StrEnum):
    """What operators are told of."""

    QUEUED = "queued"
    HELD = "held"
    RESUMED = "resumed"
    WITHDRAWN = "withdrawn"
    REQUESTED = "requested"
    CLOSED = "closed"
    CHANGED = "changed"
    LATE_TO_ACCEPT = "late_to_accept"
    LATE_TO_SHIP = "late_to_ship"


LATE: dict[News, Late] = {News.LATE_TO_ACCEPT: Late.ACCEPT, News.LATE_TO_SHIP: Late.SHIP}
FACTS: dict[News, type[OfQueue]] = {
    News.QUEUED: WorkQueued,
    News.HELD: WorkHeld,
    News.RESUMED: WorkResumed,
    News.WITHDRAWN: WorkWithdrawn,
    News.CHANGED: WorkChanged,
}


def tell_operators(work: Work, news: News, told: Iterable[tuple[UUID, UUID]]) -> None:
    """Let operators know of (operator, work order or request). Who runs its own warehouse reads its own log."""
    by_operator: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for operator_id, found in told:
        if operator_id != work.account_id:
            by_operator[operator_id].append(found)
    due = _next_turn(work.now) if news is News.QUEUED else work.now
    for operator_id, ids in sorted(by_operator.items()):
        for part in _parts(ids):
            work.pass_on(operator_id, TELL, {"news": str(news), "ids": part}, due)


def tell_of(work: Work, news: News, rows: Iterable[WorkRow]) -> None:
    """Let operators know of these pieces of their work."""
    tell_operators(work, news, [(row.account_id, row.id) for row in rows])


async def tell(work: Work, news: News, ids: Collection[UUID]) -> None:
    """Tell the operator's log of what it still is so, in the operator's scope: work that was claimed before anybody was
    told of it, or is held no longer, is passed over."""
    if news in FACTS:
        fact = FACTS[news]
        for warehouse_id, part in _by_warehouse(await queries.work_that_is(work, str(news), ids)):
            work.publish(fact(warehouse_id=warehouse_id, work_order_ids=part))
        return
    if news in LATE:
        for warehouse_id, part in _by_warehouse(await queries.work_that_is(work, str(news), ids)):
            work.publish(WorkLate(warehouse_id=warehouse_id, work_order_ids=part, what=str(LATE[news])))
        return
    for row in await queries.requests_that_are(work, open_=news is News.REQUESTED, ids=ids):
        about = {"warehouse_id": row.warehouse_id, "work_order_id": row.work_order_id, "change_id": row.id}
        if news is News.REQUESTED:
            work.publish(WorkChangeRequested(**about, kind=row.kind, answer_by=row.answer_by))
        else:
            work.publish(WorkChangeClosed(**about, kind=row.kind, state=row.state, carried_out=bool(row.carried_out)))


def watch_lease(work: Work, lease_id: UUID, until: datetime) -> None:
    """Look at a lease when it ends."""
    work.enqueue(LEASE_ENDED, {"lease_id": lease_id}, until)


async def end_leases(work: Work, lease_ids: Collection[UUID]) -> None:
    """Tell of work that is still under these leases though they ran out; look again at those that were extended. In
    the operator's scope."""
    for lease_id, rows in (await queries.work_under(work, lease_ids)).items():
        until = max(row.lease_until for row in rows)
        if until > work.now:
            watch_lease(work, lease_id, until)
        expired = [(row.id, row.warehouse_id) for row in rows if row.lease_until <= work.now]
        for warehouse_id, part in _by_warehouse(expired):
            work.publish(WorkClaimExpired(warehouse_id=warehouse_id, work_order_ids=part, lease_id=lease_id))


def _by_warehouse(found: Iterable[tuple[UUID, UUID]]) -> Iterator[tuple[UUID, tuple[UUID, ...]]]:
    """(warehouse, work orders) of (work order, warehouse), in portions."""
    by_warehouse: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for work_order_id, warehouse_id in found:
        by_warehouse[warehouse_id].append(work_order_id)
    for warehouse_id, ids in sorted(by_warehouse.items()):
        for part in _parts(ids):
            yield warehouse_id, tuple(part)


def _parts(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(ids), MOST):
        yield ids[start : start + MOST]


def _next_turn(now: datetime) -> datetime:
    """The end of the five seconds that `now` lies in: tickets of one turn fall due, and are run, together."""
    return datetime.fromtimestamp((now.timestamp() // TOGETHER + 1) * TOGETHER, UTC)
