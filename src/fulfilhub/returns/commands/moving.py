"""One step of a return's state machine: locks, the new state on the return and on the warehouse's document of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import insert, update

from fulfilhub.orders import queries as orders
from fulfilhub.platform import ids
from fulfilhub.platform.machines import Who
from fulfilhub.platform.work import Work
from fulfilhub.returns import queries
from fulfilhub.returns.models import Return, ReturnWork
from fulfilhub.returns.queries import LineRow, ReturnRow, Site
from fulfilhub.returns.rules import RETURN, ReturnState, ReturnVerb


async def lock(work: Work, return_id: UUID) -> tuple[ReturnRow, list[LineRow]]:
    """A return and its lines, locked after its order. Raises NotFound."""
    seen = await queries.find_return(work, return_id)
    await orders.lock_orders(work, [seen.order_id])
    row = await queries.find_return(work, return_id, lock=True)
    return row, (await queries.lines_of(work, [return_id]))[return_id]


def step(state: str, verb: ReturnVerb, who: Who) -> ReturnState:
    """The state that follows. Raises Conflict (`illegal_action`) naming the legal verbs."""
    return RETURN.next(ReturnState(state), verb, who)


async def put(work: Work, row: ReturnRow, state: ReturnState, values: Mapping[str, object] | None = None) -> None:
    """Write the new state, and bring the warehouse's document up to it."""
    await work.db.execute(
        update(Return)
        .where(Return.merchant_id == work.account_id, Return.id == row.id)
        .values(state=state, version=Return.version + 1, updated_at=work.now, **(values or {}))
    )
    if row.operator_id is None:
        return
    lines = (await queries.lines_of(work, [row.id]))[row.id]
    await work.db.execute(
        update(ReturnWork)
        .where(
            ReturnWork.account_id == row.operator_id,
            ReturnWork.id == row.id,
            ReturnWork.merchant_id == work.account_id,
        )
        .values(
            state=state, lines=await _document(work, row, lines), version=ReturnWork.version + 1, updated_at=work.now
        )
    )


async def send_to(work: Work, row: ReturnRow, site: Site, state: ReturnState, lines: Sequence[LineRow]) -> None:
    """Give the warehouse's operator its document of the return."""
    await work.db.execute(
        insert(ReturnWork).values(
            account_id=site.operator_id,
            id=row.id,
            merchant_id=work.account_id,
            warehouse_id=site.warehouse_id,
            order_number=(await queries.order_of(work, row.order_id)).number,
            state=state,
            lines=await _document(work, row, lines),
            created_at=work.now,
            updated_at=work.now,
        )
    )


async def _document(work: Work, row: ReturnRow, lines: Sequence[LineRow]) -> list[object]:
    """Lines as the warehouse sees them: what they are, a kit's components, and how far they got; nothing of who sent
    them."""
    kits = await queries.sent_of(work, row.order_id, [line.order_line_id for line in lines])
    return [
        {
            "id": ids.RETURN_LINE.show(line.id),
            "sku": line.sku,
            "title": line.title,
            "reason": line.reason,
            "note": line.note,
            "advised": line.advised,
            "received": line.received,
            "restocked": line.restocked,
            "quarantined": line.quarantined,
            "disposed": line.disposed,
            "components": [
                {"sku": part.sku, "units": part.units}
                for part in next((sent.parts for sent in kits.get(line.order_line_id, ()) if sent.parts), ())
            ]
            or None,
        }
        for line in lines
    ]
