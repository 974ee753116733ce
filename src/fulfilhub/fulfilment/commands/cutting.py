"""Taking units off work that somebody has in hand, after they agreed: the work goes on with what is left, or ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from fulfilhub.fulfilment import queries
from fulfilhub.fulfilment.commands.asking import let_go, tell_cancelled
from fulfilhub.fulfilment.commands.keeping import about, keep_progress, movement, readdress, settle
from fulfilhub.fulfilment.commands.telling import News, tell_of
from fulfilhub.fulfilment.events import FulfilmentCancelled, FulfilmentPicked
from fulfilhub.fulfilment.queries import WorkLine, WorkRow
from fulfilhub.fulfilment.queries.requests import RequestRow
from fulfilhub.fulfilment.rules import WORK, WorkState, WorkVerb, address_for, after_cut
from fulfilhub.inventory.commands import move
from fulfilhub.inventory.rules.stock import Bucket, MovementReason
from fulfilhub.orders.commands import LineChange, count, take_wanted
from fulfilhub.orders.queries import lock_orders
from fulfilhub.orders.rules import ChangeKind
from fulfilhub.platform.machines import Who
from fulfilhub.platform.work import Work


async def carry_out(work: Work, row: WorkRow, request: RequestRow) -> None:
    """Do what a request asks, as far as it still can be done. The order and its work are locked; the request has been
    closed."""
    row = replace(row, requests=tuple(each for each in row.requests if each.id != request.id))
    if request.kind is ChangeKind.ADDRESS:
        await _readdress(work, row, request)
        return
    units = request.asked.units
    if request.kind is ChangeKind.LINES:
        excess = (await queries.shrinking_units(work, [row.order_id])).get(row.order_id, {})
        units = {line_id: min(many, excess.get(line_id, 0)) for line_id, many in units.items()}
    cancel = request.kind is ChangeKind.CANCEL
    await cut(work, row, units, cancel=cancel, reason="order_cancelled" if cancel else "order_changed")


async def cut(work: Work, row: WorkRow, units: Mapping[UUID, int], *, cancel: bool, reason: str) -> None:
    """Take up to so many units by line off the work. They are available again where they are, picked or not; with
    `cancel` they are cancelled on the order too. Work of which nothing is left ends, for this `reason`."""
    cuts = {line.line_id: min(units.get(line.line_id, 0), line.to_ship) for line in row.lines}
    if not any(cuts.values()):
        return
    before = {line.line_id: line for line in row.lines}
    after = [_cut_line(line, cuts[line.line_id]) for line in row.lines]
    changed = [line for line in after if cuts[line.line_id]]
    await move(
        work,
        [
            movement(row, product_id, units, MovementReason.DEALLOCATED, Bucket.AVAILABLE)
            for line in changed
            for product_id, units in line.stock(cuts[line.line_id])
        ],
    )
    await count(
        work,
        [
            LineChange(
                row.order_id,
                line.line_id,
                allocated=-cuts[line.line_id],
                picked=line.picked - before[line.line_id].picked,
                cancelled=cuts[line.line_id] if cancel else 0,
            )
            for line in changed
        ],
    )
    if any(line.to_ship for line in after):
        await keep_progress(work, [(row, line) for line in changed])
        await _go_on(work, row, after_cut(row.state, [line.progress for line in after]))
    else:
        await settle(work, [row], WORK.next(row.state, WorkVerb.CALL_OFF, Who.SYSTEM), reason=reason)
        work.publish(FulfilmentCancelled(**about(row), reason=reason, reroute=False))
        tell_of(work, News.WITHDRAWN, [row])
        await let_go(work, [row])
    if cancel:
        await tell_cancelled(work, [row.order_id])


def _cut_line(line: WorkLine, units: int) -> WorkLine:
    left = line._replace(cancelled=line.cancelled + units)
    return left._replace(picked=min(left.picked, left.to_ship))


async def _go_on(work: Work, row: WorkRow, state: WorkState) -> None:
    await settle(work, [row], state, packing=[] if row.state is WorkState.PACKED else None)
    if state is WorkState.PICKED and row.state is WorkState.PICKING:
        work.publish(FulfilmentPicked(**about(row)))


async def _readdress(work: Work, row: WorkRow, request: RequestRow) -> None:
    """The new address or service on the work, and on its order, unless something newer is wanted of that by now: then
    that is asked next."""
    asked = request.asked
    await readdress(work, [(row, asked.ship_to or row.address, asked.service or row.service)])
    (order,) = await lock_orders(work, [row.order_id])
    wanted = order.wanted | {"ship_to": address_for(order.wanted.get("ship_to", {}), row.document.contact)}
    told = {name: value for name in ("ship_to", "service") if (value := getattr(asked, name)) is not None}
    if all(wanted.get(name) == value for name, value in told.items()):
        await take_wanted(work, [row.order_id])
