"""Work that goes back: rejected by its operator with a reason, or released into its queue."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from fulfilhub.fulfilment import queries
from fulfilhub.fulfilment.commands.asking import count_missing, let_go
from fulfilhub.fulfilment.commands.cutting import cut
from fulfilhub.fulfilment.commands.handling import in_hand
from fulfilhub.fulfilment.commands.holding import hold_order
from fulfilhub.fulfilment.commands.keeping import about, keep_progress, keep_rejection, movement, settle
from fulfilhub.fulfilment.events import FulfilmentLinesRejected, FulfilmentRejected, FulfilmentReleased
from fulfilhub.fulfilment.queries import Whose, WorkRow
from fulfilhub.fulfilment.rules import (
    WORK,
    RejectedLine,
    Rejection,
    RejectReason,
    WorkState,
    WorkVerb,
    check_lease,
    hold_after_rejection,
)
from fulfilhub.inventory.commands import move
from fulfilhub.inventory.rules.stock import Bucket, MovementReason
from fulfilhub.orders.commands import LineChange, count
from fulfilhub.orders.queries import lock_orders
from fulfilhub.orders.rules import OrderAction, order_actions
from fulfilhub.platform.errors import FieldError, Invalid
from fulfilhub.platform.machines import Who
from fulfilhub.platform.work import Work
from fulfilhub.routing.commands import fence


async def reject(
    work: Work,
    work_id: UUID,
    lease_id: UUID | None,
    reason: RejectReason,
    note: str = "",
    lines: Sequence[RejectedLine] = (),
) -> WorkRow:
    """Refuse the work: its stock is free again and its lines go elsewhere, never to this warehouse. `lines` is what is
    said of each, and kept with the note for the merchant.

    Where the fault lies in the order itself, the order is held instead for a person to mend, and no warehouse is
    fenced. What was asked about the work is done: units that were asked back are cancelled.

    Raises LeaseLost, Invalid for lines that are not of this work, or Conflict (`illegal_action`).
    """
    async with in_hand(work, work_id, lease_id) as row:
        if row.state is WorkState.REJECTED and (row.reason or "").partition(":")[0] == reason:
            return row
        state = WORK.next(row.state, WorkVerb.REJECT, Who.PARTNER)
        units = _units_of(row, lines)
        await free_stock(work, [row])
        said = Rejection(
            reason=reason,
            note=note,
            lines=tuple(msgspec.structs.replace(line, quantity=units[line.line_id]) for line in lines),
        )
        text = f"{reason}: {note}" if note else str(reason)
        await settle(work, [row], state, reason=text, rejection=said)
        await let_go(work, [row])
        hold = hold_after_rejection(reason)
        (order,) = await lock_orders(work, [row.order_id])
        if hold is None:
            await fence(work, [(row.order_id, row.warehouse_id)], f"rejected: {reason}")
        elif OrderAction.HOLD in order_actions(order.status, Who.SYSTEM):
            await hold_order(work, row.order_id, hold, note or f"The warehouse rejected it: {reason}.")
        work.publish(FulfilmentRejected(**about(row), reason=str(reason)))
        return await queries.read_work(work, row.account_id, row.id)


async def reject_lines(work: Work, work_id: UUID, lease_id: UUID | None, lines: Sequence[RejectedLine]) -> WorkRow:
    """Refuse some lines: their stock is free again and they go elsewhere, never to this warehouse, while the rest goes
    on. Units of them that were asked back are cancelled instead. Repeating is harmless.

    Raises LeaseLost, Invalid for lines that are not of this work, or are all of it, or Conflict (`illegal_action`).
    """
    async with in_hand(work, work_id, lease_id) as row:
        units = _units_of(row, lines)
        said = row.rejection or Rejection()
        if {line.line_id for line in lines} <= {line.line_id for line in said.lines}:
            return row
        WORK.next(row.state, WorkVerb.REJECT, Who.PARTNER)
        if not any(line.to_ship for line in row.lines if line.line_id not in units):
            detail = "Nothing would be left: reject the whole work order."
            raise Invalid(detail, fields=[FieldError("/only_lines", detail)])
        fresh = [msgspec.structs.replace(line, quantity=units[line.line_id]) for line in lines]
        await keep_rejection(work, row, msgspec.structs.replace(said, lines=(*said.lines, *fresh)))
        await cut(work, row, units, cancel=False, reason="lines_rejected")
        await fence(work, [(row.order_id, row.warehouse_id)], f"rejected: {fresh[0].reason}")
        for line_id, many in units.items():
            await count_missing(work, row, line_id, many)
        told = FulfilmentLinesRejected(**about(row), line_ids=tuple(units), reason=str(fresh[0].reason))
        work.publish(told)
        return await queries.read_work(work, row.account_id, row.id)


def _units_of(row: WorkRow, lines: Sequence[RejectedLine]) -> dict[UUID, int]:
    """Units still to be sent of the lines that are named. Raises Invalid for those that are not of this work, or there
    twice."""
    known = {line.line_id: line.to_ship for line in row.lines}
    named = [line.line_id for line in lines]
    faults = [
        FieldError(f"/lines/{place}/line_id", "Is not a line of this work order, or is there twice.")
        for place, line_id in enumerate(named)
        if line_id not in known or line_id in named[:place]
    ]
    if faults:
        raise Invalid("Some lines are not of this work order.", fields=faults)
    return {line_id: known[line_id] for line_id in named}


async def free_stock(work: Work, rows: Collection[WorkRow]) -> None:
    """Give back what these work orders have allocated, on the levels and on the orders' lines."""
    await move(
        work,
        [
            movement(row, product_id, units, MovementReason.DEALLOCATED, Bucket.AVAILABLE)
            for row in rows
            for line in row.lines
            for product_id, units in line.stock(line.to_ship)
        ],
    )
    await count(
        work,
        [
            LineChange(row.order_id, line.line_id, allocated=-line.to_ship, picked=-line.picked)
            for row in rows
            for line in row.lines
            if line.to_ship
        ],
    )


async def release(work: Work, work_ids: Collection[UUID], lease_id: UUID) -> list[UUID]:
    """Put claimed work back into the queue, unpicked. Gives the ids of what was put back. What was asked about it is
    done by the job that hears of it (`following.follow`), unless somebody claims it first.

    Raises NotFound for one that is not in the scope's queue, LeaseLost for one whose live lease this is not. What
    has been released already is passed over.
    """
    operator_id = work.account_id
    found = await queries.whose(work, work_ids)
    for work_id in work_ids:
        if work_id not in found:
            raise queries.no_work(work_id)
    released: list[UUID] = []
    for merchant_id in sorted({each.merchant_id for each in found.values()}):
        async with work.act_for(merchant_id):
            released += await _release_of(work, operator_id, found, merchant_id, lease_id)
    return released


async def _release_of(
    work: Work, operator_id: UUID, found: dict[UUID, Whose], merchant_id: UUID, lease_id: UUID
) -> list[UUID]:
    mine = {work_id: each.order_id for work_id, each in found.items() if each.merchant_id == merchant_id}
    await lock_orders(work, set(mine.values()))
    rows = [
        row
        for row in await queries.lock_work(work, operator_id, list(mine))
        if row.state is not WorkState.QUEUED or row.lease_id is not None
    ]
    for row in rows:
        check_lease(work.now, row.lease_id, row.lease_until, lease_id)
        WORK.next(row.state, WorkVerb.RELEASE, Who.PARTNER)
    if not rows:
        return []
    picked = [(row, line) for row in rows for line in row.lines if line.picked]
    await keep_progress(work, [(row, line._replace(picked=0)) for row, line in picked])
    await count(work, [LineChange(row.order_id, line.line_id, picked=-line.picked) for row, line in picked])
    await settle(work, rows, WorkState.QUEUED, end_lease=True)
    work.publish(*(FulfilmentReleased(**about(row)) for row in rows))
    return [row.id for row in rows]
