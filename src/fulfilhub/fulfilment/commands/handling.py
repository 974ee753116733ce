"""What an operator does with work it has claimed: accept, pick, report a short pick. Packing is `packing`.

Each call is harmless to repeat: said again, what already holds is answered as it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fulfilhub.fulfilment import queries
from fulfilhub.fulfilment.commands.asking import count_missing, let_go
from fulfilhub.fulfilment.commands.keeping import about, keep_found, keep_progress, movement, settle
from fulfilhub.fulfilment.events import (
    FulfilmentAccepted,
    FulfilmentCancelled,
    FulfilmentPicked,
    FulfilmentShortPicked,
)
from fulfilhub.fulfilment.queries import DocumentLine, DocumentPart, WorkLine, WorkRow
from fulfilhub.fulfilment.queries.fulfilments import frozen_parts
from fulfilhub.fulfilment.rules import (
    WORK,
    LeaseLost,
    ShortPickReason,
    WorkState,
    WorkVerb,
    after_pick,
    bucket_after_short_pick,
    check_lease,
    check_pick,
    check_time,
    short_of_component,
)
from fulfilhub.inventory.commands import move
from fulfilhub.inventory.rules.stock import Bucket, MovementReason
from fulfilhub.orders.commands import LineChange, count
from fulfilhub.orders.queries import lock_orders
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FieldError, Invalid
from fulfilhub.platform.machines import Who
from fulfilhub.platform.work import Work
from fulfilhub.routing.commands import fence

IN_HAND = frozenset({WorkState.ACCEPTED, WorkState.PICKING, WorkState.PICKED, WorkState.PACKED})
PICKED_ALL = frozenset({WorkState.PICKED, WorkState.PACKED})


class OnHold(Conflict):
    """A hold was put on the order after its work was claimed.

    It stops the steps that are hard to undo: accepting, packing, and shipping what is not packed. What was begun may
    be picked to its end, so that counts stay true; what was packed before the hold came goes its way, since a labelled
    parcel in the carrier's cage is out of reach (ShipStation and ShipBob draw the line there too).
    """

    code = "on_hold"
    title = "The order is on hold"


class WrongItem(Conflict):
    """What was scanned is not what the line wants."""

    code = "wrong_item"
    title = "Wrong item"


@dataclass(frozen=True, slots=True)
class Pick:
    """How many of a line (of a kit: whole ones) have been picked so far in all, and what was scanned (may be empty)."""

    line_id: UUID
    picked: int
    barcodes: tuple[str, ...] = ()


@asynccontextmanager
async def in_hand(
    work: Work, work_id: UUID, lease_id: UUID | None, at: datetime | None = None
) -> AsyncIterator[WorkRow]:
    """The work order, locked after its order, within the merchant's scope. `at` is when it was done, if before now.
    Raises NotFound when it is not in the scope's queue, Invalid for an impossible time, and LeaseLost, with how the
    work stands, unless `lease_id` is its lease and lived then (an ended one needs none)."""
    operator_id = work.account_id
    found = (await queries.whose(work, [work_id])).get(work_id)
    if found is None:
        raise queries.no_work(work_id)
    # Whose order it is never changes, so this is enough to be entitled; the locks follow in the order all keep.
    async with work.act_for(found.merchant_id):
        await lock_orders(work, [found.order_id])
        (row,) = await queries.lock_work(work, operator_id, [work_id])
        check_reported(work, row, lease_id, at)
        yield row


def check_reported(work: Work, row: WorkRow, lease_id: UUID | None, at: datetime | None) -> None:
    """Raises Invalid or LeaseLost for what may not be reported of this work under this lease, done `at` a time."""
    if row.ended_at is not None:
        check_time(work.now, at, row.created_at)
        return
    try:
        check_lease(work.now, row.lease_id, row.lease_until, lease_id, at)
    except LeaseLost as lost:
        actions = [str(verb) for verb in WORK.actions(row.state, Who.PARTNER)]
        present = {"state": str(row.state), "version": row.version, "actions": actions}
        raise LeaseLost(lost.detail, more=present) from None
    check_time(work.now, at, row.created_at if row.lease_id is None else ids.made_at(row.lease_id))


async def accept(work: Work, work_id: UUID, lease_id: UUID | None, at: datetime | None = None) -> WorkRow:
    """Take the work on, `at` a time if that was before now. Raises LeaseLost, OnHold, or Conflict for work that has
    ended."""
    async with in_hand(work, work_id, lease_id, at) as row:
        if row.state in IN_HAND:
            return row
        state = WORK.next(row.state, WorkVerb.ACCEPT, Who.PARTNER)
        check_not_held(row)
        await settle(work, [row], state, at=[at])
        work.publish(FulfilmentAccepted(**about(row)))
        return await queries.read_work(work, row.account_id, row.id)


async def pick(
    work: Work, work_id: UUID, lease_id: UUID | None, picks: Sequence[Pick] | None, at: datetime | None = None
) -> WorkRow:
    """Keep what has been picked so far; None means everything that is wanted.

    Raises LeaseLost, Invalid for lines that are not of this work, OverPicked, WrongItem for a scan that does not
    belong to its line, or Conflict (`illegal_action`).
    """
    async with in_hand(work, work_id, lease_id, at) as row:
        if picks is None:
            picks = [Pick(line.line_id, line.to_ship) for line in row.lines]
        wanted = _lines_of(row, [each.line_id for each in picks])
        if row.state in PICKED_ALL and all(wanted[each.line_id].picked == each.picked for each in picks):
            return row
        WORK.next(row.state, WorkVerb.PICK, Who.PARTNER)
        changed = []
        for place, each in enumerate(picks):
            line = wanted[each.line_id]
            _check_scans(row, each)
            if each.picked < line.picked:
                detail = f"{line.picked} were picked already; say how many in all, or report a short pick."
                raise Invalid(detail, fields=[FieldError(f"/lines/{place}/picked", detail)])
            check_pick(line.progress, each.picked - line.picked)
            changed.append(line._replace(picked=each.picked))
        await _advance(work, row, changed)
        return await queries.read_work(work, row.account_id, row.id)


async def pick_short(
    work: Work,
    work_id: UUID,
    lease_id: UUID | None,
    line_id: UUID,
    found: int,
    reason: ShortPickReason,
    product_id: UUID | None = None,
    at: datetime | None = None,
) -> WorkRow:
    """Only `found` units of the line are there: the rest of it goes elsewhere, and is not asked of this warehouse
    again. The missing units leave `allocated`, to be counted before they are promised again.

    Of a kit, `product_id` is the component of which only so many are there: whole kits are left, and what makes no kit
    any more is free again. Raises LeaseLost, Invalid, or Conflict (`illegal_action`, `already_short`).
    """
    async with in_hand(work, work_id, lease_id, at) as row:
        line = _lines_of(row, [line_id])[line_id]
        part = _short_part(row, line, product_id)
        said = await _said_before(work, row, line, part)
        if said is not None:
            if said == found:
                return row
            raise Conflict("This was reported short already.", code="already_short")
        WORK.next(row.state, WorkVerb.PICK_SHORT, Who.PARTNER)
        wanted = dict(line.stock(line.to_ship)).get(part, 0)
        if found >= wanted:
            detail = f"{wanted} are wanted: a short pick finds fewer."
            raise Invalid(detail, fields=[FieldError("/found", detail)])
        after = await _take_short(work, row, line, part, found, reason)
        await fence(work, [(row.order_id, row.warehouse_id)], f"short_pick: {reason}")
        told = FulfilmentShortPicked(
            **about(row), line_id=line_id, quantity=line.to_ship - after.to_ship, reason=str(reason)
        )
        work.publish(told)
        if await _advance(work, row, [after]):
            await let_go(work, [row])
        else:
            await count_missing(work, row, line_id, line.to_ship - after.to_ship)
        return await queries.read_work(work, row.account_id, row.id)


def _short_part(row: WorkRow, line: WorkLine, product_id: UUID | None) -> UUID:
    """The product that is picked short: the line's own, or the component that was named."""
    if not line.made_of:
        if product_id is not None and product_id != line.product_id:
            detail = "The line is no kit: leave product_id out."
            raise Invalid(detail, fields=[FieldError("/product_id", detail)])
        return line.product_id
    if product_id is None or product_id not in line.made_of:
        thing = next(each for each in row.document.lines if each.line_id == line.line_id)
        detail = f"{thing.sku} is a kit: name the component that is short, {' or '.join(_skus(thing))}."
        raise Invalid(detail, fields=[FieldError("/product_id", detail, "component_unnamed")])
    return product_id


def _skus(thing: DocumentLine) -> list[str]:
    return [f"{part.sku} ({ids.PRODUCT.show(part.product_id)})" for part in thing.components]


async def _said_before(work: Work, row: WorkRow, line: WorkLine, part: UUID) -> int | None:
    """How many were found when this was reported short before; None when it was not."""
    if not line.made_of:
        return line.picked if line.short else None
    parts = (await frozen_parts(work, [row.id])).get((row.id, line.line_id), [])
    return next((each.found for each in parts if each.product_id == part), None)


async def _take_short(
    work: Work, row: WorkRow, line: WorkLine, part: UUID, found: int, reason: ShortPickReason
) -> WorkLine:
    """Move the stock that a short pick moves; gives the line as it is after it."""
    made_of = line.made_of or {line.product_id: 1}
    shortage = short_of_component(line.to_ship, made_of, part, found)
    bucket = bucket_after_short_pick(reason)
    await move(
        work,
        [
            movement(row, part, shortage.missing, MovementReason.SHORT_PICKED, bucket),
            *(
                movement(row, product_id, units, MovementReason.DEALLOCATED, Bucket.AVAILABLE)
                for product_id, units in shortage.freed.items()
            ),
        ],
    )
    short = line.quantity - line.cancelled - shortage.kits
    if not line.made_of:
        return line._replace(picked=found, short=short)
    await keep_found(work, row, line.line_id, part, found)
    return line._replace(picked=min(line.picked, shortage.kits), short=short)


def check_not_held(row: WorkRow) -> None:
    """Raises OnHold for work whose order is held, unless it was packed before."""
    if row.held and row.state is WorkState.QUEUED:
        raise OnHold("The order was put on hold after you claimed it: release the work.")
    if row.held and row.state is not WorkState.PACKED:
        raise OnHold("The order is on hold: set the work aside until the hold is released, or release the work.")


def check_contents(row: WorkRow, parcels: Sequence[Mapping[UUID, int]], at: str = "/parcels") -> None:
    """Raises Invalid unless the parcels together hold exactly what is to be shipped, naming each line that differs."""
    packed: dict[UUID, int] = {}
    for parcel in parcels:
        for line_id, units in parcel.items():
            packed[line_id] = packed.get(line_id, 0) + units
    wanted = {line.line_id: line.to_ship for line in row.lines}
    faults = [
        FieldError(
            at,
            f"Line {ids.ORDER_LINE.show(line_id)}: {packed.get(line_id, 0)} in parcels, {wanted.get(line_id, 0)} due.",
            "contents_differ",
        )
        for line_id in sorted(wanted.keys() | packed.keys())
        if packed.get(line_id, 0) != wanted.get(line_id, 0)
    ]
    if faults:
        raise Invalid(
            "The parcels must hold exactly what was picked; report what is missing as a short pick first.",
            fields=faults,
        )


async def _advance(work: Work, row: WorkRow, changed: Sequence[WorkLine]) -> bool:
    """Keep the changed lines, count them on the order, bring the work to the state that follows; whether it ended."""
    new = {line.line_id: line for line in changed}
    lines = [new.get(line.line_id, line) for line in row.lines]
    follows = after_pick(line.progress for line in lines)
    state = WorkState.PICKING if follows is None else WORK.next(WorkState.PICKING, follows, Who.SYSTEM)
    await keep_progress(work, [(row, line) for line in changed])
    await settle(work, [row], state, reason="short_picked" if state is WorkState.CANCELLED else None)
    old = {line.line_id: line for line in row.lines}
    await count(
        work,
        [
            LineChange(
                row.order_id,
                line.line_id,
                allocated=old[line.line_id].short - line.short,
                picked=line.picked - old[line.line_id].picked,
            )
            for line in changed
        ],
    )
    if state is WorkState.PICKED:
        work.publish(FulfilmentPicked(**about(row)))
    elif state is WorkState.CANCELLED:
        work.publish(FulfilmentCancelled(**about(row), reason="short_picked", reroute=False))
    return state is WorkState.CANCELLED


def _lines_of(row: WorkRow, line_ids: Sequence[UUID]) -> dict[UUID, WorkLine]:
    known = {line.line_id: line for line in row.lines}
    faults = [
        FieldError(f"/lines/{place}/line_id", "Is not a line of this work order, or is there twice.")
        for place, line_id in enumerate(line_ids)
        if line_id not in known or line_id in line_ids[:place]
    ]
    if faults:
        raise Invalid("Some lines are not of this work order.", fields=faults)
    return known


def _check_scans(row: WorkRow, each: Pick) -> None:
    thing = next(line for line in row.document.lines if line.line_id == each.line_id)
    things: Sequence[DocumentLine | DocumentPart] = thing.components or [thing]
    codes = {code for one in things for code in (*one.barcodes, one.sku)}
    wrong = [scan for scan in each.barcodes if scan not in codes]
    if wrong:
        names = " nor ".join(one.name for one in things)
        raise WrongItem(
            f"{wrong[0]!r} is not {names}: put it back and scan again.",
            more={"expected": [code for one in things for code in one.barcodes or [one.sku]], "scanned": wrong},
        )
