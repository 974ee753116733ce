"""Taking a return in: what arrived, what was found, and where each unit goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import insert, text

from fulfilhub.inventory.commands import Movement, move
from fulfilhub.inventory.rules.stock import Disposition, disposition_moves
from fulfilhub.orders.commands import LineChange, count
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FieldError, Invalid
from fulfilhub.platform.machines import Who
from fulfilhub.platform.work import Work
from fulfilhub.returns import queries
from fulfilhub.returns.commands import moving
from fulfilhub.returns.events import ReturnCompleted, ReturnInspected, ReturnReceived
from fulfilhub.returns.models import ReturnVerdict
from fulfilhub.returns.queries import LineRow, ReturnRow
from fulfilhub.returns.rules import ReturnVerb, Sent, all_decided, stock_of_returned

COUNT = text(
    """
    UPDATE return_lines AS l SET received = l.received + c.received, restocked = l.restocked + c.restock,
           quarantined = l.quarantined + c.quarantine, disposed = l.disposed + c.dispose
    FROM unnest(cast(:ids AS uuid[]), cast(:received AS int[]), cast(:restock AS int[]),
                cast(:quarantine AS int[]), cast(:dispose AS int[])) AS c (id, received, restock, quarantine, dispose)
    WHERE l.merchant_id = :merchant AND l.return_id = :return_id AND l.id = c.id
    """
)


@dataclass(frozen=True, slots=True)
class Arrived:
    """Units of one line of a return that arrived."""

    line_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """A verdict on units of one line that arrived."""

    line_id: UUID
    disposition: Disposition
    quantity: int
    note: str = ""


async def receive(work: Work, return_id: UUID, arrived: Sequence[Arrived] | None) -> None:
    """The operator's warehouse got (a part of) a return; None means everything that was still to come.

    When nothing was still to come, None changes nothing. Raises NotFound, Invalid for a line that is not the
    return's, Conflict (`over_received`, `illegal_action`).
    """
    document = await queries.find_work(work, return_id)
    async with work.act_for(document.merchant_id):
        row, lines = await moving.lock(work, return_id)
        state = moving.step(row.state, ReturnVerb.RECEIVE, Who.PARTNER)
        by_line = _arriving(lines, arrived)
        if by_line:
            await _count(work, row, {line_id: {"received": quantity} for line_id, quantity in by_line.items()})
            await count(work, _returned(row, lines, by_line))
            await moving.put(work, row, state, {"received_at": row.received_at or work.now})
            work.publish(ReturnReceived(order_id=row.order_id, return_id=row.id, quantity=sum(by_line.values())))


async def inspect(work: Work, return_id: UUID, verdicts: Sequence[Inspected]) -> None:
    """What the operator found of units that arrived; each gets its place in the stock of the warehouse (of a kit, what
    it was made of when it was sent), and the return is completed with its last unit.

    Raises NotFound, Invalid for a line that is not the return's, Conflict (`over_inspected`, `illegal_action`).
    """
    document = await queries.find_work(work, return_id)
    async with work.act_for(document.merchant_id):
        row, lines = await moving.lock(work, return_id)
        state = moving.step(row.state, ReturnVerb.INSPECT, Who.PARTNER)
        by_line = _inspecting(lines, verdicts)
        await _count(work, row, by_line)
        await _keep_verdicts(work, row, verdicts)
        await move(work, await _movements(work, row, lines, verdicts))
        sums = Counter[str]()
        for counts in by_line.values():
            sums.update(counts)
        work.publish(
            ReturnInspected(
                order_id=row.order_id,
                return_id=row.id,
                restocked=sums[Disposition.RESTOCK],
                quarantined=sums[Disposition.QUARANTINE],
                disposed=sums[Disposition.DISPOSE],
            )
        )
        values: dict[str, object] = {"inspected_at": work.now}
        after = (await queries.lines_of(work, [return_id]))[return_id]
        if all_decided([line.counts for line in after]):
            state = moving.step(state, ReturnVerb.COMPLETE, Who.SYSTEM)
            values["ended_at"] = work.now
            work.publish(ReturnCompleted(order_id=row.order_id, return_id=row.id))
        await moving.put(work, row, state, values)


def _arriving(lines: Sequence[LineRow], arrived: Sequence[Arrived] | None) -> dict[UUID, int]:
    if arrived is None:
        return {line.id: line.advised - line.received for line in lines if line.received < line.advised}
    _check_lines(lines, [one.line_id for one in arrived])
    by_line = Counter[UUID]()
    for one in arrived:
        by_line[one.line_id] += one.quantity
    for line in lines:
        left = line.advised - line.received
        if by_line[line.id] > left:
            raise Conflict(
                f"No more than {left} of {line.sku} are still to come with this return.",
                code="over_received",
                more={"line_id": ids.RETURN_LINE.show(line.id), "left": left},
            )
    return {line_id: quantity for line_id, quantity in by_line.items() if quantity}


def _inspecting(lines: Sequence[LineRow], verdicts: Sequence[Inspected]) -> dict[UUID, dict[str, int]]:
    _check_lines(lines, [one.line_id for one in verdicts])
    by_line: dict[UUID, dict[str, int]] = {}
    for one in verdicts:
        counts = by_line.setdefault(one.line_id, {})
        counts[one.disposition] = counts.get(one.disposition, 0) + one.quantity
    for line in lines:
        left = line.counts.to_inspect
        if sum(by_line.get(line.id, {}).values()) > left:
            raise Conflict(
                f"No more than {left} of {line.sku} arrived and wait for inspection.",
                code="over_inspected",
                more={"line_id": ids.RETURN_LINE.show(line.id), "left": left},
            )
    return by_line


def _check_lines(lines: Sequence[LineRow], named: Sequence[UUID]) -> None:
    known = {line.id for line in lines}
    detail = "Must be a line of this return."
    unknown = [FieldError(f"/lines/{place}/line_id", detail) for place, one in enumerate(named) if one not in known]
    if unknown:
        raise Invalid(detail, fields=unknown)


async def _count(work: Work, row: ReturnRow, by_line: Mapping[UUID, Mapping[str, int]]) -> None:
    columns = ("received", *(str(disposition) for disposition in Disposition))
    await work.db.execute(
        COUNT,
        {
            "merchant": work.account_id,
            "return_id": row.id,
            "ids": list(by_line),
            **{name: [counts.get(name, 0) for counts in by_line.values()] for name in columns},
        },
    )


def _returned(row: ReturnRow, lines: Sequence[LineRow], by_line: Mapping[UUID, int]) -> list[LineChange]:
    sums = Counter[UUID]()
    for line in lines:
        sums[line.order_line_id] += by_line.get(line.id, 0)
    return [LineChange(order_id=row.order_id, line_id=k, returned=v) for k, v in sums.items() if v]


async def _keep_verdicts(work: Work, row: ReturnRow, verdicts: Sequence[Inspected]) -> None:
    await work.db.execute(
        insert(ReturnVerdict),
        [
            {
                "merchant_id": work.account_id,
                "return_id": row.id,
                "id": ids.new(),
                "line_id": one.line_id,
                "disposition": one.disposition,
                "quantity": one.quantity,
                "note": one.note,
                "actor": work.actor,
                "decided_at": work.now,
            }
            for one in verdicts
        ],
    )


async def _movements(
    work: Work, row: ReturnRow, lines: Sequence[LineRow], verdicts: Sequence[Inspected]
) -> list[Movement]:
    warehouse_id = row.warehouse_id
    if warehouse_id is None:
        return []
    return [
        Movement(
            product_id=product_id,
            warehouse_id=warehouse_id,
            reason=moved.reason,
            document="return",
            document_id=row.id,
            available=moved.deltas.available,
            quarantined=moved.deltas.quarantined,
            damaged=moved.deltas.damaged,
            note=one.note,
        )
        for one, product_id, units in await _stock_of(work, row, lines, verdicts)
        for moved in disposition_moves(one.disposition, units)
    ]


async def _stock_of(
    work: Work, row: ReturnRow, lines: Sequence[LineRow], verdicts: Sequence[Inspected]
) -> list[tuple[Inspected, UUID, int]]:
    """What stock each verdict is about, as (verdict, product id, units): a kit comes back as what it was sent as. The
    verdicts are counted on the return's lines already."""
    known = {line.id: line for line in lines if line.product_id is not None}
    kits = await queries.sent_of(work, row.order_id, [line.order_line_id for line in lines])
    before = await queries.decided_of(work, row.order_id) if kits else {}
    for one in verdicts:
        if one.line_id in known and kits:
            before[known[one.line_id].order_line_id] -= one.quantity
    found: list[tuple[Inspected, UUID, int]] = []
    for one in verdicts:
        line = known.get(one.line_id)
        if line is None or line.product_id is None:
            continue
        if line.order_line_id not in kits:
            found.append((one, line.product_id, one.quantity))
            continue
        own = {line.product_id: 1}
        sent = [
            Sent(each.units, {part.product_id: part.units for part in each.parts} or own)
            for each in kits[line.order_line_id]
        ]
        stock = stock_of_returned(sent, before[line.order_line_id], one.quantity)
        before[line.order_line_id] += one.quantity
        found += [(one, product_id, units) for product_id, units in stock]
    return found
