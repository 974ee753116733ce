"""Answers to requests: accepted or refused by who has the work in hand, by silence, or withdrawn by the merchant.

Only the first answer counts. One that comes late or again changes nothing, and is told how the request stands.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from fulfilhub.fulfilment import queries
from fulfilhub.fulfilment.commands.asking import close, open_request
from fulfilhub.fulfilment.commands.cutting import carry_out
from fulfilhub.fulfilment.commands.following import follow
from fulfilhub.fulfilment.commands.freeing import is_free
from fulfilhub.fulfilment.queries import WorkRow
from fulfilhub.fulfilment.queries.requests import RequestRow, read_request
from fulfilhub.orders.commands import forget_wanted, regrow
from fulfilhub.orders.queries import RequestRow as OrderRequestRow
from fulfilhub.orders.queries import lock_orders, no_order, requests_of_orders
from fulfilhub.orders.rules import ChangeKind, ChangeState, OnSilence, RefusalReason, RequestVerb
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.machines import Who
from fulfilhub.platform.work import Work


@asynccontextmanager
async def _asked(work: Work, request_id: UUID) -> AsyncIterator[tuple[WorkRow, RequestRow]]:
    """A request to the scope's account and its work order, locked after its order, within the merchant's scope. No
    lease is needed: whoever answers for the warehouse may. Raises NotFound."""
    operator_id = work.account_id
    found = await read_request(work, operator_id, request_id)
    async with work.act_for(found.merchant_id):
        await lock_orders(work, [found.order_id])
        (row,) = await queries.lock_work(work, operator_id, [found.work_order_id])
        yield row, await read_request(work, operator_id, request_id)


async def accept(work: Work, request_id: UUID, note: str = "") -> RequestRow:
    """Agree: the change is made at once, on the work, the stock and the order. Raises NotFound."""
    async with _asked(work, request_id) as (row, request):
        if request.state is not ChangeState.REQUESTED:
            return request
        await close(work, [(row, request)], RequestVerb.ACCEPT, Who.PARTNER, carried_out=True, note=note)
        await carry_out(work, row, request)
        return await read_request(work, row.account_id, request_id)


async def refuse(work: Work, request_id: UUID, reason: RefusalReason, note: str = "") -> RequestRow:
    """Refuse: the work goes on as it is. Raises NotFound."""
    async with _asked(work, request_id) as (row, request):
        if request.state is not ChangeState.REQUESTED:
            return request
        await close(
            work,
            [(row, request)],
            RequestVerb.REFUSE,
            Who.PARTNER,
            carried_out=False,
            reason=str(reason),
            note=note,
        )
        return await read_request(work, row.account_id, request_id)


async def time_out(work: Work, order_id: UUID, request_id: UUID) -> None:
    """Nobody answered in time: what the merchant's policy was when it asked is done. Where nobody has the work in hand
    any more, nobody needs to agree. Does nothing for a request that has ended."""
    await lock_orders(work, [order_id])
    known = await _of_order(work, order_id, request_id)
    row, request = await _open(work, order_id, request_id)
    if known is None or row is None or request is None or work.now < request.answer_by:
        return
    if is_free(work, row):
        await follow(work, [order_id])
        return
    accepted = known.on_silence == OnSilence.ACCEPT
    await close(work, [(row, request)], RequestVerb.TIME_OUT, Who.SYSTEM, carried_out=accepted)
    if accepted:
        await carry_out(work, row, request)


async def withdraw(work: Work, order_id: UUID, request_id: UUID) -> None:
    """The merchant no longer wants what it asked: the work goes on as it is, and so does the order. Raises NotFound."""
    if not await lock_orders(work, [order_id]):
        raise no_order(order_id)
    if await _of_order(work, order_id, request_id) is None:
        raise NotFound(f"There is no request {ids.REQUEST.show(request_id)!r} about this order.")
    row, request = await _open(work, order_id, request_id)
    if row is None or request is None:
        return
    await close(work, [(row, request)], RequestVerb.WITHDRAW, Who.MERCHANT, carried_out=False)
    if request.kind is ChangeKind.LINES:
        await regrow(work, order_id, request.asked.units)
    others = [each for each in await queries.lock_work_of_orders(work, [order_id]) if each.id != row.id]
    if request.kind is ChangeKind.ADDRESS and not any(open_request(each, ChangeKind.ADDRESS) for each in others):
        await forget_wanted(work, order_id)


async def _of_order(work: Work, order_id: UUID, request_id: UUID) -> OrderRequestRow | None:
    found = (await requests_of_orders(work, [order_id])).get(order_id, ())
    return next((each for each in found if each.id == request_id), None)


async def _open(work: Work, order_id: UUID, request_id: UUID) -> tuple[WorkRow | None, RequestRow | None]:
    """The work order and the request while it is open, locked."""
    for row in await queries.lock_work_of_orders(work, [order_id]):
        for request in row.requests:
            if request.id == request_id:
                return row, request
    return None, None
