"""Fulfilments as merchants see them: their own record, and what the warehouse's document says of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select, true

from fulfilhub.fulfilment.models import Fulfilment, FulfilmentLine, WorkOrder, WorkRequest
from fulfilhub.fulfilment.rules import Late, Negotiation, WorkState, lateness, negotiation
from fulfilhub.orders.rules import ChangeKind
from fulfilhub.platform import ids
from fulfilhub.platform.database import Json
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.work import Work


class FulfilmentRow(NamedTuple):
    """A fulfilment as the merchant sees it; lines beside it."""

    id: UUID
    order_id: UUID
    warehouse_id: UUID
    operator_id: UUID
    decision_id: UUID
    state: str
    service: str
    carrier: str
    ship_by: datetime
    deliver_by: datetime
    reason: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    priority: int
    accept_by: datetime | None
    accepted_at: datetime | None
    leave_by: datetime | None
    ended_at: datetime | None
    rejection: Json | None
    cancel_state: str | None
    cancel_done: bool | None

    @property
    def negotiation(self) -> Negotiation:
        """Where merchant and operator stand about it."""
        return negotiation(WorkState(self.state), self.cancel_state, carried_out=bool(self.cancel_done))

    def late(self, now: datetime) -> list[Late]:
        """What its contract asks for in vain."""
        state = WorkState(self.state)
        return lateness(now, self.accept_by, self.accepted_at, self.leave_by, self.ended_at, state)


class FrozenPart(NamedTuple):
    """What one kit of a fulfilment's line takes; `found` is what was there when it was picked short."""

    product_id: UUID
    sku: str
    units: int
    found: int | None


class FulfilmentLineRow(NamedTuple):
    """How many of an order line one fulfilment is to send, and how far it got; `components` of a kit by product id."""

    fulfilment_id: UUID
    line_id: UUID
    product_id: UUID
    quantity: int
    picked: int
    short: int
    cancelled: int
    components: tuple[FrozenPart, ...] = ()


OF_WORK = ("priority", "accept_by", "accepted_at", "leave_by", "ended_at", "rejection")
OF_FULFILMENT = FulfilmentRow._fields[: FulfilmentRow._fields.index(OF_WORK[0])]

FROZEN = """
SELECT c.fulfilment_id, c.line_id, c.product_id, p.sku, c.units, c.found
FROM fulfilment_components AS c JOIN products AS p ON p.merchant_id = c.merchant_id AND p.id = c.product_id
WHERE c.merchant_id = $1 AND c.fulfilment_id = ANY ($2) ORDER BY c.fulfilment_id, c.line_id, c.product_id
"""


def _fulfilments(work: Work) -> Select[*tuple[object, ...]]:
    asked = (WorkRequest.account_id == WorkOrder.account_id, WorkRequest.work_order_id == WorkOrder.id)
    last = select(WorkRequest.state, WorkRequest.carried_out).where(*asked, WorkRequest.kind == ChangeKind.CANCEL)
    cancel = last.order_by(WorkRequest.id.desc()).limit(1).correlate(WorkOrder).lateral("cancel")
    own = (getattr(Fulfilment, name) for name in OF_FULFILMENT)
    of_work = (getattr(WorkOrder, name) for name in OF_WORK)
    return (
        select(*own, *of_work, cancel.c.state, cancel.c.carried_out)
        .join(WorkOrder, (WorkOrder.account_id == Fulfilment.operator_id) & (WorkOrder.id == Fulfilment.id))
        .outerjoin(cancel, true())
        .where(Fulfilment.merchant_id == work.account_id)
    )


async def list_fulfilments(
    work: Work,
    after: UUID | None,
    limit: int,
    *,
    order_id: UUID | None = None,
    warehouse_id: UUID | None = None,
    state: WorkState | None = None,
) -> list[FulfilmentRow]:
    """The merchant's fulfilments by age, those after the id `after`."""
    query = _fulfilments(work).order_by(Fulfilment.id).limit(limit)
    if after is not None:
        query = query.where(Fulfilment.id > after)
    if order_id is not None:
        query = query.where(Fulfilment.order_id == order_id)
    if warehouse_id is not None:
        query = query.where(Fulfilment.warehouse_id == warehouse_id)
    if state is not None:
        query = query.where(Fulfilment.state == state)
    return [FulfilmentRow._make(row) for row in await work.db.execute(query)]


async def get_fulfilment(work: Work, fulfilment_id: UUID) -> FulfilmentRow:
    """One fulfilment of the merchant. Raises NotFound."""
    row = (await work.db.execute(_fulfilments(work).where(Fulfilment.id == fulfilment_id))).one_or_none()
    if row is None:
        raise NotFound(f"There is no fulfilment {ids.FULFILMENT.show(fulfilment_id)!r}.")
    return FulfilmentRow._make(row)


async def fulfilment_lines(work: Work, fulfilment_ids: Sequence[UUID]) -> dict[UUID, list[FulfilmentLineRow]]:
    """The lines of these fulfilments, by fulfilment."""
    columns = (getattr(FulfilmentLine, name) for name in FulfilmentLineRow._fields[:-1])
    rows = await work.db.execute(
        select(*columns)
        .where(FulfilmentLine.merchant_id == work.account_id, FulfilmentLine.fulfilment_id.in_(fulfilment_ids))
        .order_by(FulfilmentLine.fulfilment_id, FulfilmentLine.line_id)
    )
    kits = await frozen_parts(work, fulfilment_ids)
    found: dict[UUID, list[FulfilmentLineRow]] = {}
    for row in rows:
        parts = kits.get((row.fulfilment_id, row.line_id), ())
        found.setdefault(row.fulfilment_id, []).append(FulfilmentLineRow._make((*row, tuple(parts))))
    return found


async def frozen_parts(work: Work, fulfilment_ids: Collection[UUID]) -> dict[tuple[UUID, UUID], list[FrozenPart]]:
    """What the kits of these fulfilments take, by (fulfilment id, line id); lines that are no kits are left out."""
    found: dict[tuple[UUID, UUID], list[FrozenPart]] = {}
    for fulfilment_id, line_id, *part in await work.fetch_raw(FROZEN, work.account_id, list(fulfilment_ids)):
        found.setdefault((fulfilment_id, line_id), []).append(FrozenPart._make(part))
    return found
