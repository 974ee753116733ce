"""Taking work back while nobody has it, and asking for it where somebody does: cancelled orders and lines, changed
orders, and stock that is not there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fulfilhub.fulfilment import queries
from fulfilhub.fulfilment.commands.asking import Ask, ask, cancel_unrouted, give_up, let_go
from fulfilhub.fulfilment.commands.keeping import about, settle
from fulfilhub.fulfilment.commands.refusing import free_stock
from fulfilhub.fulfilment.commands.telling import News, tell_of
from fulfilhub.fulfilment.events import FulfilmentCancelled
from fulfilhub.fulfilment.queries import WorkRow
from fulfilhub.fulfilment.rules import WorkState
from fulfilhub.inventory.commands import AdjustOutcome, adjust
from fulfilhub.orders.queries import LineRow, lines_of, lock_orders
from fulfilhub.orders.rules import AskedBy, ChangeKind, OrderAction, OrderStatus, check_action
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FieldError, Invalid, NotFound
from fulfilhub.platform.machines import Who
from fulfilhub.platform.work import Work


class Claimed(Conflict):
    """A warehouse is working on it."""

    code = "claimed"
    title = "A warehouse is working on it"


@dataclass(frozen=True, slots=True)
class CancelLine:
    """Units of one line that are not wanted any more."""

    line_id: UUID
    quantity: int


def is_free(work: Work, row: WorkRow) -> bool:
    """True while nobody has the work in hand, so that it can be taken back."""
    return row.state is WorkState.QUEUED and not row.is_leased(work.now)


async def free(work: Work, rows: Sequence[WorkRow], reason: str, *, reroute: bool) -> None:
    """Take these work orders (locked, each `is_free`) out of their queues and free their stock. With `reroute`
    their lines go through routing again."""
    if not rows:
        return
    await free_stock(work, rows)
    await settle(work, rows, WorkState.CANCELLED, reason=reason)
    await let_go(work, rows)
    tell_of(work, News.WITHDRAWN, rows)
    work.publish(*(FulfilmentCancelled(**about(row), reason=reason, reroute=reroute) for row in rows))


async def cancel(
    work: Work,
    order_id: UUID,
    lines: Sequence[CancelLine] | None = None,
    *,
    by: AskedBy = AskedBy.MERCHANT,
    note: str = "",
) -> bool:
    """Cancel an order, or units of its lines; whether a warehouse is asked now for what it has in hand. Repeating is
    harmless.

    Units without a warehouse go first; then queued work is taken back, and what remains of it routed anew; the rest
    is asked of who has it in hand, and `note` told to them. Raises NotFound, Invalid for lines that are not the
    order's, or Conflict (`illegal_action`) with what is still possible.
    """
    found = await lock_orders(work, [order_id])
    if not found:
        raise NotFound(f"There is no order {ids.ORDER.show(order_id)!r}.")
    status = OrderStatus(found[0].status)
    if status is OrderStatus.CANCELLED:
        return False
    check_action(status, OrderAction.CANCEL, Who.MERCHANT)
    known = {line.id: line for line in await lines_of(work, order_id)}
    wanted = _wanted(known, lines)
    live = await queries.lock_work_of_orders(work, [order_id])
    taken, in_hand = _to_take_back(work, live, known, wanted)
    await free(work, taken, "order_cancelled", reroute=lines is not None)
    # Taking work back may itself have cancelled units that were asked back from it.
    now = {line.id: line.cancelled - known[line.id].cancelled for line in await lines_of(work, order_id)}
    left = {(order_id, each): units - in_hand.get(each, 0) - now[each] for each, units in wanted.items()}
    await cancel_unrouted(work, left)
    return await ask(work, _asks(work, live, in_hand, note), by, again=[ChangeKind.CANCEL])


def _asks(work: Work, live: Sequence[WorkRow], units: Mapping[UUID, int], note: str) -> list[Ask]:
    """These units by line, asked of who has them in hand."""
    left, asks = dict(units), []
    for row in live:
        if is_free(work, row):
            continue
        mine = {line.line_id: min(left.get(line.line_id, 0), line.to_ship) for line in row.lines}
        for line_id, many in mine.items():
            if many:
                left[line_id] -= many
        if any(mine.values()):
            asks.append(Ask(row, ChangeKind.CANCEL, give_up(mine), note))
    return asks


def _wanted(known: Mapping[UUID, LineRow], lines: Sequence[CancelLine] | None) -> dict[UUID, int]:
    """Units to cancel by line; None means all that were not shipped."""
    if lines is None:
        return {line.id: left for line in known.values() if (left := line.ordered - line.cancelled - line.shipped)}
    faults, wanted = [], {}
    for place, each in enumerate(lines):
        line = known.get(each.line_id)
        if line is None or each.line_id in wanted:
            faults.append(FieldError(f"/lines/{place}/line_id", "Is not a line of this order, or is there twice."))
        elif each.quantity > (left := line.ordered - line.cancelled - line.shipped):
            faults.append(FieldError(f"/lines/{place}/quantity", f"Only {left} of this line can be cancelled."))
        else:
            wanted[each.line_id] = each.quantity
    if faults:
        raise Invalid("Some lines can't be cancelled so.", fields=faults)
    return wanted


def _to_take_back(
    work: Work, live: Sequence[WorkRow], known: Mapping[UUID, LineRow], wanted: Mapping[UUID, int]
) -> tuple[list[WorkRow], dict[UUID, int]]:
    """The queued work that must go for these units to be cancelled, and the units by line that are still missing then:
    somebody has them in hand."""
    needed = {
        line_id: short
        for line_id, units in wanted.items()
        if (short := units - (known[line_id].ordered - known[line_id].cancelled - known[line_id].allocated)) > 0
    }
    taken: list[WorkRow] = []
    for row in live:
        if not is_free(work, row):
            continue
        if any(needed.get(line.line_id, 0) > 0 for line in row.lines):
            taken.append(row)
            for line in row.lines:
                if line.line_id in needed:
                    needed[line.line_id] -= line.to_ship
    return taken, {line_id: units for line_id, units in needed.items() if units > 0}


def in_hand_by(rows: Collection[WorkRow]) -> Claimed:
    """What is said when work in hand stands in the way, naming it."""
    return Claimed(
        "A warehouse has some of this in hand: ask it to release or reject the work, or take it back as a return.",
        more={
            "fulfilments": [
                {
                    "id": ids.FULFILMENT.show(row.id),
                    "order_id": ids.ORDER.show(row.order_id),
                    "warehouse_id": ids.WAREHOUSE.show(row.warehouse_id),
                    "state": str(row.state),
                }
                for row in rows
            ]
        },
    )


async def adjust_stock(
    work: Work,
    product_id: UUID,
    warehouse_id: UUID,
    *,
    reason: str,
    on_hand: int | None = None,
    delta: int = 0,
    expected_on_hand: int | None = None,
) -> tuple[UUID, AdjustOutcome]:
    """Book a count. When what was counted is less than what is allocated, the work promised latest that nobody
    has in hand is taken back and routed anew.

    Gives the adjustment's id and its outcome. Raises Stale, NotEnoughStock, or Claimed naming the work that
    holds the stock.
    """
    adjustment_id = ids.new()

    async def book() -> AdjustOutcome:
        return await adjust(
            work,
            product_id,
            warehouse_id,
            adjustment_id=adjustment_id,
            reason=reason,
            on_hand=on_hand,
            delta=delta,
            expected_on_hand=expected_on_hand,
        )

    outcome = await book()
    if outcome.shortfall:
        await _take_back_for(work, product_id, warehouse_id, outcome.shortfall)
        outcome = await book()
    if outcome.shortfall:
        raise Conflict("The stock changed at the same moment: read it again, then repeat.", code="try_again")
    return adjustment_id, outcome


async def _take_back_for(work: Work, product_id: UUID, warehouse_id: UUID, shortfall: int) -> None:
    order_ids = await queries.orders_using(work, product_id, warehouse_id)
    await lock_orders(work, order_ids)
    holders = [
        row
        for row in await queries.lock_work_of_orders(work, order_ids)
        if row.warehouse_id == warehouse_id and _held(row, product_id)
    ]
    taken, missing = [], shortfall
    for row in sorted(holders, key=lambda row: (row.ship_by, row.id), reverse=True):
        if missing <= 0:
            break
        if is_free(work, row):
            taken.append(row)
            missing -= _held(row, product_id)
    if missing > 0:
        raise in_hand_by([row for row in holders if not is_free(work, row)])
    await free(work, taken, "stock_adjusted", reroute=True)


def _held(row: WorkRow, product_id: UUID) -> int:
    """Units of a product that this work has allocated, as itself or within kits."""
    return sum(units for line in row.lines for product, units in line.stock(line.to_ship) if product == product_id)
