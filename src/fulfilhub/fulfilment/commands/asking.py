"""Asking warehouses for changes of what they have in hand, and ending what was asked. The orders are locked before.

Whatever ends a work order ends its requests in the same transaction: shipped work has overtaken them, and work that
left its warehouse's hands in another way needs nobody's agreement any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import msgspec

from fulfilhub.fulfilment import queries
from fulfilhub.fulfilment.commands.keeping import about
from fulfilhub.fulfilment.commands.telling import News, tell_operators
from fulfilhub.fulfilment.events import FulfilmentChangeAnswered, FulfilmentChangeRequested
from fulfilhub.fulfilment.queries import WorkRow
from fulfilhub.fulfilment.queries.requests import RequestRow, request_policy
from fulfilhub.orders.commands import LineChange, count, refresh
from fulfilhub.orders.events import OrderCancelled
from fulfilhub.orders.queries import RequestRow as OrderRequestRow
from fulfilhub.orders.queries import lock_orders, requests_of_orders
from fulfilhub.orders.rules import (
    LET_GO,
    NO_LONGER_WANTED,
    REQUEST,
    Asked,
    AskedBy,
    AskedLine,
    ChangeKind,
    ChangeState,
    OrderStatus,
    RequestVerb,
)
from fulfilhub.platform import ids
from fulfilhub.platform.machines import Who
from fulfilhub.platform.work import Work

TIME_OUT = "fulfilment.time_out_request"

INSERT = """
WITH n AS (
    SELECT * FROM unnest($6::uuid[], $7::uuid[], $8::uuid[], $9::uuid[], $10::uuid[], $11::text[], $12::text[],
                         $13::text[], $14::text[])
                  AS n (id, order_id, work_id, operator_id, warehouse_id, order_number, kind, asked, note)
), w AS (
    INSERT INTO work_requests (account_id, id, work_order_id, merchant_id, order_id, warehouse_id, order_number, kind,
                               asked, asked_by, note, state, answer_note, asked_at, answer_by)
    SELECT n.operator_id, n.id, n.work_id, $1, n.order_id, n.warehouse_id, n.order_number, n.kind, n.asked::jsonb, $2,
           n.note, 'requested', '', $3, $4 FROM n
)
INSERT INTO order_requests (merchant_id, id, order_id, fulfilment_id, warehouse_id, kind, asked, asked_by, note, state,
                            answer_note, on_silence, asked_at, answer_by)
SELECT $1, n.id, n.order_id, n.work_id, n.warehouse_id, n.kind, n.asked::jsonb, $2, n.note, 'requested', '', $5, $3, $4
FROM n
"""
CLOSE = """
WITH n AS (SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS n (operator_id, order_id, id)), w AS (
    UPDATE work_requests AS w
    SET state = $5, reason = $6, answer_note = $7, carried_out = $8, answered_at = $9
    FROM n WHERE w.account_id = n.operator_id AND w.id = n.id
)
UPDATE order_requests AS o
SET state = $5, reason = $6, answer_note = $7, carried_out = $8, answered_at = $9, answered_by = $10
FROM n WHERE o.merchant_id = $1 AND o.order_id = n.order_id AND o.id = n.id
"""
REPHRASE = """
WITH w AS (UPDATE work_requests SET asked = $5::jsonb WHERE account_id = $2 AND id = $4)
UPDATE order_requests SET asked = $5::jsonb WHERE merchant_id = $1 AND order_id = $3 AND id = $4
"""


@dataclass(frozen=True, slots=True)
class Ask:
    """One change to be asked of who has `row` in hand."""

    row: WorkRow
    kind: ChangeKind
    asked: Asked
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Asks that are to be written, and open requests in whose place they come."""

    new: list[Ask] = field(default_factory=list)
    replaced: list[tuple[WorkRow, RequestRow]] = field(default_factory=list)
    standing: int = 0


def give_up(units: Mapping[UUID, int]) -> Asked:
    """Units by line that are asked back."""
    return Asked(lines=[AskedLine(line_id=line_id, quantity=many) for line_id, many in units.items() if many > 0])


def open_request(row: WorkRow, kind: ChangeKind) -> RequestRow | None:
    """The open request of this kind; there is at most one."""
    return next((request for request in row.requests if request.kind is kind), None)


async def ask(work: Work, asks: Sequence[Ask], by: AskedBy, again: Iterable[ChangeKind] = ()) -> bool:
    """Ask for these changes; whether any of them is open now.

    What is open already is not asked twice; an ask that differs takes the place of the open one (a cancel joins it,
    so that no wish is lost). What was answered once is asked again only for the kinds in `again`: a person wants it.
    """
    if not asks:
        return False
    waiting = _sorted_out(asks, await _answered(work, asks, set(again)))
    await close(work, waiting.replaced, RequestVerb.SUPERSEDE, Who.SYSTEM, carried_out=False)
    await _write(work, waiting.new, by)
    return bool(waiting.new or waiting.standing)


async def _answered(
    work: Work, asks: Sequence[Ask], again: set[ChangeKind]
) -> dict[tuple[UUID, ChangeKind], OrderRequestRow]:
    """The last request by work order and kind, where it counts as the answer to a repeated one."""
    wanted = {one.row.order_id for one in asks if one.kind not in again}
    found: dict[tuple[UUID, ChangeKind], OrderRequestRow] = {}
    for requests in (await requests_of_orders(work, wanted)).values() if wanted else ():
        found |= {(each.fulfilment_id, ChangeKind(each.kind)): each for each in requests}
    return {key: each for key, each in found.items() if key[1] not in again and each.reason != NO_LONGER_WANTED}


def _sorted_out(asks: Sequence[Ask], answered: Mapping[tuple[UUID, ChangeKind], OrderRequestRow]) -> _Waiting:
    waiting = _Waiting()
    standing = 0
    for one in asks:
        known, last = open_request(one.row, one.kind), answered.get((one.row.id, one.kind))
        asked = one.asked
        if known is not None and one.kind is ChangeKind.CANCEL:
            asked = asked.with_earlier(known.asked)
        if known is not None and asked.same_as(known.asked):
            standing += 1
        elif known is None and last is not None and (one.kind is ChangeKind.CANCEL or asked.same_as(last.asked)):
            continue
        else:
            waiting.new.append(Ask(one.row, one.kind, asked, one.note))
            if known is not None:
                waiting.replaced.append((one.row, known))
    return _Waiting(waiting.new, waiting.replaced, standing)


async def _write(work: Work, asks: Sequence[Ask], by: AskedBy) -> None:
    if not asks:
        return
    policy = (await request_policy(work)).policy
    answer_by = work.now + timedelta(minutes=policy.answer_minutes)
    made = [ids.new() for _ in asks]
    await work.execute_raw(
        INSERT,
        work.account_id,
        str(by),
        work.now,
        answer_by,
        str(policy.on_silence),
        made,
        [one.row.order_id for one in asks],
        [one.row.id for one in asks],
        [one.row.account_id for one in asks],
        [one.row.warehouse_id for one in asks],
        [one.row.document.order_number for one in asks],
        [str(one.kind) for one in asks],
        [_json(one.asked) for one in asks],
        [one.note for one in asks],
    )
    for request_id, one in zip(made, asks, strict=True):
        work.enqueue(TIME_OUT, {"order_id": one.row.order_id, "request_id": request_id}, answer_by)
        work.publish(
            FulfilmentChangeRequested(**about(one.row), change_id=request_id, kind=str(one.kind), asked_by=str(by))
        )
    tell_operators(work, News.REQUESTED, [(one.row.account_id, each) for each, one in zip(made, asks, strict=True)])
    await refresh(work, {one.row.order_id for one in asks})


def _json(asked: Asked) -> str:
    return msgspec.json.encode(asked).decode()


async def close(
    work: Work,
    requests: Sequence[tuple[WorkRow, RequestRow]],
    verb: RequestVerb,
    who: Who,
    *,
    carried_out: bool,
    reason: str | None = None,
    note: str = "",
) -> None:
    """End these open requests; the orders get a new version. Doing what was asked is the caller's."""
    if not requests:
        return
    state = REQUEST.next(ChangeState.REQUESTED, verb, who)
    await work.execute_raw(
        CLOSE,
        work.account_id,
        [row.account_id for row, _ in requests],
        [row.order_id for row, _ in requests],
        [request.id for _, request in requests],
        str(state),
        reason,
        note,
        carried_out,
        work.now,
        work.actor,
    )
    for row, request in requests:
        work.publish(
            FulfilmentChangeAnswered(
                **about(row),
                change_id=request.id,
                kind=str(request.kind),
                asked_by=str(request.asked_by),
                state=str(state),
                reason=reason,
                carried_out=carried_out,
            )
        )
    tell_operators(work, News.CLOSED, [(row.account_id, request.id) for row, request in requests])
    await refresh(work, {row.order_id for row, _ in requests})


async def overtake(work: Work, rows: Iterable[WorkRow]) -> None:
    """These work orders were shipped: what was asked about them came too late. Shipping is never refused for a request
    alone, since a parcel that has left is a fact and refusing to hear of it would only lose it; a warehouse that
    agrees accepts before, one that ships has answered."""
    open_ones = [(row, request) for row in rows for request in row.requests]
    await close(work, open_ones, RequestVerb.OVERTAKE, Who.SYSTEM, carried_out=False)


async def let_go(work: Work, rows: Iterable[WorkRow]) -> None:
    """These work orders ended unshipped, and their stock was freed: what was asked about them is done. Units that were
    to be cancelled are, instead of going elsewhere; another address or fewer units follow with the order."""
    open_ones = [(row, request) for row in rows for request in row.requests]
    if not open_ones:
        return
    await close(work, open_ones, RequestVerb.LET_GO, Who.SYSTEM, carried_out=True, reason=LET_GO)
    cancelled = {
        (row.order_id, line_id): units
        for row, request in open_ones
        if request.kind is ChangeKind.CANCEL
        for line_id, units in request.asked.units.items()
    }
    await cancel_unrouted(work, cancelled)


async def cancel_unrouted(work: Work, wanted: Mapping[tuple[UUID, UUID], int]) -> None:
    """Cancel so many units of (order, line), at most those that no warehouse has been given."""
    unrouted = await queries.unrouted_units(work, {order_id for order_id, _ in wanted}) if wanted else []
    changes = [
        LineChange(order_id, line_id, cancelled=units)
        for order_id, line_id, left in unrouted
        if (units := min(left, wanted.get((order_id, line_id), 0))) > 0
    ]
    await count(work, changes)
    await tell_cancelled(work, {change.order_id for change in changes})


async def tell_cancelled(work: Work, order_ids: Iterable[UUID]) -> None:
    """Tell of those orders (units of each were just cancelled) of which nothing is left."""
    for order in await lock_orders(work, set(order_ids)):
        if order.status is OrderStatus.CANCELLED:
            work.publish(OrderCancelled(order_id=order.id))


async def count_missing(work: Work, row: WorkRow, line_id: UUID, missing: int) -> None:
    """Units of a line were not found: as far as some are asked back, they are those, and are cancelled instead of being
    sent from elsewhere."""
    request = open_request(row, ChangeKind.CANCEL)
    units = min(missing, request.asked.units.get(line_id, 0)) if request is not None else 0
    if request is None or not units:
        return
    asked = request.asked.with_done({line_id: units})
    await work.execute_raw(REPHRASE, work.account_id, row.account_id, row.order_id, request.id, _json(asked))
    await cancel_unrouted(work, {(row.order_id, line_id): units})
    if not asked.units:
        await close(work, [(row, request)], RequestVerb.LET_GO, Who.SYSTEM, carried_out=True, reason=LET_GO)
