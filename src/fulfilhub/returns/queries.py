"""Every look at returns, and at what they need to know of the order and its parcels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from fulfilhub.fulfilment.models import Fulfilment
from fulfilhub.inventory.models import Warehouse
from fulfilhub.orders.models import Order, OrderLine
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.work import Work
from fulfilhub.returns.models import Return, ReturnLine, ReturnPolicyRow, ReturnVerdict, ReturnWork
from fulfilhub.returns.rules import ReturnCounts, ReturnPolicy
from fulfilhub.shipping.models import Parcel, ParcelContent, Shipment
from fulfilhub.shipping.rules import TrackingState


class PolicyRow(NamedTuple):
    """A merchant's policy as it stands; version 0 is the default that nobody changed."""

    policy: ReturnPolicy
    warehouse_id: UUID | None
    version: int


class OrderRow(NamedTuple):
    number: str
    country: str


class BoughtLine(NamedTuple):
    """What a return needs to know of an order line."""

    id: UUID
    product_id: UUID | None
    sku: str
    title: str
    delivered: int
    return_requested: int
    shipped: int


class Site(NamedTuple):
    """A warehouse and the account that runs it."""

    warehouse_id: UUID
    operator_id: UUID


class ReturnRow(NamedTuple):
    id: UUID
    order_id: UUID
    state: str
    requested_by: str
    note: str
    decision: dict[str, object]
    decline_reason: str | None
    warehouse_id: UUID | None
    operator_id: UUID | None
    decided_by: str | None
    decided_at: datetime | None
    received_at: datetime | None
    inspected_at: datetime | None
    ended_at: datetime | None
    carrier: str
    tracking_number: str
    tracking_url: str
    label_url: str
    version: int
    created_at: datetime
    updated_at: datetime


class LineRow(NamedTuple):
    return_id: UUID
    id: UUID
    order_id: UUID
    order_line_id: UUID
    product_id: UUID | None
    sku: str
    title: str
    reason: str
    note: str
    advised: int
    received: int
    restocked: int
    quarantined: int
    disposed: int

    @property
    def counts(self) -> ReturnCounts:
        """The counters as the rules take them."""
        return ReturnCounts(
            advised=self.advised,
            received=self.received,
            restocked=self.restocked,
            quarantined=self.quarantined,
            disposed=self.disposed,
        )


class SentPart(NamedTuple):
    """Units of a component in one kit."""

    product_id: UUID
    sku: str
    units: int


class SentRow(NamedTuple):
    """Units of an order line that one shipment holds; the components of one when they left as kits."""

    units: int
    parts: tuple[SentPart, ...]


class VerdictRow(NamedTuple):
    return_id: UUID
    line_id: UUID
    disposition: str
    quantity: int
    note: str
    actor: str
    decided_at: datetime


class WorkRow(NamedTuple):
    id: UUID
    merchant_id: UUID
    warehouse_id: UUID
    order_number: str
    state: str
    lines: list[object]
    version: int
    created_at: datetime
    updated_at: datetime


RETURN = tuple(getattr(Return, name) for name in ReturnRow._fields)
LINE = tuple(getattr(ReturnLine, name) for name in LineRow._fields)
VERDICT = tuple(getattr(ReturnVerdict, name) for name in VerdictRow._fields)
WORK = tuple(getattr(ReturnWork, name) for name in WorkRow._fields)

LOST = (TrackingState.CANCELLED, TrackingState.RETURNED)
"""Parcels that will never reach the customer."""

SENT = """
SELECT t.line_id, t.units,
       (SELECT json_agg(json_build_array(c.product_id, x.sku, c.units) ORDER BY c.product_id)::text
        FROM fulfilment_components AS c JOIN products AS x ON x.merchant_id = c.merchant_id AND x.id = c.product_id
        WHERE c.merchant_id = $1 AND c.fulfilment_id = t.fulfilment_id AND c.line_id = t.line_id)
FROM (
    SELECT s.id, s.fulfilment_id, k.line_id, sum(k.quantity) AS units
    FROM parcels AS p
    JOIN parcel_contents AS k ON k.merchant_id = p.merchant_id AND k.parcel_id = p.id
    JOIN shipments AS s ON s.merchant_id = p.merchant_id AND s.id = p.shipment_id
    WHERE p.merchant_id = $1 AND p.order_id = $2 AND k.line_id = ANY ($3) GROUP BY s.id, s.fulfilment_id, k.line_id
) AS t ORDER BY t.id
"""


async def policy_of(work: Work) -> PolicyRow:
    """The merchant's returns policy, or the default."""
    query = select(
        ReturnPolicyRow.window_days, ReturnPolicyRow.auto_approve, ReturnPolicyRow.warehouse_id, ReturnPolicyRow.version
    ).where(ReturnPolicyRow.merchant_id == work.account_id)
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        return PolicyRow(ReturnPolicy(), None, 0)
    policy = ReturnPolicy(window_days=row.window_days, auto_approve=row.auto_approve)
    return PolicyRow(policy, row.warehouse_id, row.version)


async def order_of(work: Work, order_id: UUID) -> OrderRow:
    """Number and destination country of an order. Raises NotFound."""
    query = select(Order.number, Order.ship_to["country"].astext).where(
        Order.merchant_id == work.account_id, Order.id == order_id
    )
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise no_order(order_id)
    return OrderRow(row[0], row[1] or "GB")


async def bought_lines(work: Work, order_id: UUID) -> dict[UUID, BoughtLine]:
    """The order's lines, with the counters a return depends on."""
    rows = await work.db.execute(
        select(
            OrderLine.id,
            OrderLine.product_id,
            OrderLine.sku,
            OrderLine.title,
            OrderLine.delivered,
            OrderLine.return_requested,
            OrderLine.shipped,
        ).where(OrderLine.merchant_id == work.account_id, OrderLine.order_id == order_id)
    )
    return {row.id: BoughtLine(*row) for row in rows}


async def delivered_at(work: Work, order_id: UUID) -> datetime | None:
    """When the last item of the order arrived; None while a part of it has not left or is on its way."""
    waiting = select(func.count()).where(
        OrderLine.merchant_id == work.account_id,
        OrderLine.order_id == order_id,
        OrderLine.requires_shipping,
        OrderLine.shipped < OrderLine.ordered - OrderLine.cancelled,
    )
    arrived = select(func.bool_and(Parcel.state == TrackingState.DELIVERED), func.max(Parcel.state_at)).where(
        Parcel.merchant_id == work.account_id, Parcel.order_id == order_id, Parcel.state.not_in(LOST)
    )
    if (await work.db.execute(waiting)).scalar_one():
        return None
    every, last = (await work.db.execute(arrived)).one()
    return last if every else None


async def sender_of(work: Work, order_id: UUID, line_ids: Sequence[UUID]) -> Site | None:
    """The warehouse that sent most units of these lines (of several, the one with the lowest id)."""
    query = (
        select(Shipment.warehouse_id, Fulfilment.operator_id)
        .join(Parcel, (Parcel.merchant_id == Shipment.merchant_id) & (Parcel.shipment_id == Shipment.id))
        .join(
            ParcelContent,
            (ParcelContent.merchant_id == Parcel.merchant_id) & (ParcelContent.parcel_id == Parcel.id),
        )
        .join(
            Fulfilment,
            (Fulfilment.merchant_id == Shipment.merchant_id) & (Fulfilment.id == Shipment.fulfilment_id),
        )
        .where(
            Shipment.merchant_id == work.account_id,
            Shipment.order_id == order_id,
            ParcelContent.line_id.in_(line_ids),
        )
        .group_by(Shipment.warehouse_id, Fulfilment.operator_id)
        .order_by(func.sum(ParcelContent.quantity).desc(), Shipment.warehouse_id)
        .limit(1)
    )
    row = (await work.db.execute(query)).one_or_none()
    return None if row is None else Site(*row)


async def sent_of(work: Work, order_id: UUID, line_ids: Sequence[UUID]) -> dict[UUID, list[SentRow]]:
    """What left of these lines of an order, by line, the oldest shipment first. Lines that never were kits are left
    out."""
    found: dict[UUID, list[SentRow]] = {}
    for line_id, units, parts in await work.fetch_raw(SENT, work.account_id, order_id, list(line_ids)):
        made_of = msgspec.json.decode(parts, type=tuple[SentPart, ...]) if parts else ()
        found.setdefault(line_id, []).append(SentRow(int(units), made_of))
    return {line_id: rows for line_id, rows in found.items() if any(row.parts for row in rows)}


async def decided_of(work: Work, order_id: UUID) -> dict[UUID, int]:
    """How many units of each line of an order have come back and have their place, over all its returns."""
    decided = func.sum(ReturnLine.restocked + ReturnLine.quarantined + ReturnLine.disposed)
    rows = await work.db.execute(
        select(ReturnLine.order_line_id, decided)
        .where(ReturnLine.merchant_id == work.account_id, ReturnLine.order_id == order_id)
        .group_by(ReturnLine.order_line_id)
    )
    return {line_id: int(units) for line_id, units in rows}


async def site(work: Work, warehouse_id: UUID) -> Site | None:
    """A warehouse that this merchant may use, with its operator; None when there is no such."""
    query = select(Warehouse.id, Warehouse.account_id).where(Warehouse.id == warehouse_id)
    row = (await work.db.execute(query)).one_or_none()
    return None if row is None else Site(*row)


async def find_return(work: Work, return_id: UUID, *, lock: bool = False) -> ReturnRow:
    """One return that the scope may see, optionally locked (after its order). Raises NotFound."""
    query = select(*RETURN).where(Return.merchant_id == work.account_id, Return.id == return_id)
    row = (await work.db.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise _no_return(return_id)
    return ReturnRow(*row)


async def list_returns(
    work: Work, state: str | None, order_id: UUID | None, after: UUID | None, limit: int
) -> list[ReturnRow]:
    """Returns that the scope may see, by age."""
    query = select(*RETURN).where(Return.merchant_id == work.account_id).order_by(Return.id).limit(limit)
    if state is not None:
        query = query.where(Return.state == state)
    if order_id is not None:
        query = query.where(Return.order_id == order_id)
    if after is not None:
        query = query.where(Return.id > after)
    return [ReturnRow(*row) for row in await work.db.execute(query)]


async def lines_of(work: Work, return_ids: Sequence[UUID]) -> dict[UUID, list[LineRow]]:
    """The lines of returns, by return."""
    rows = await work.db.execute(
        select(*LINE)
        .where(ReturnLine.merchant_id == work.account_id, ReturnLine.return_id.in_(return_ids))
        .order_by(ReturnLine.return_id, ReturnLine.id)
    )
    found: dict[UUID, list[LineRow]] = {return_id: [] for return_id in return_ids}
    for row in rows:
        found[row.return_id].append(LineRow(*row))
    return found


async def verdicts_of(work: Work, return_ids: Sequence[UUID]) -> dict[UUID, list[VerdictRow]]:
    """What inspections found, by return and in their order."""
    rows = await work.db.execute(
        select(*VERDICT)
        .where(ReturnVerdict.merchant_id == work.account_id, ReturnVerdict.return_id.in_(return_ids))
        .order_by(ReturnVerdict.id)
    )
    found: dict[UUID, list[VerdictRow]] = {return_id: [] for return_id in return_ids}
    for row in rows:
        found[row.return_id].append(VerdictRow(*row))
    return found


async def find_work(work: Work, return_id: UUID) -> WorkRow:
    """A return that is to come to one of this operator's warehouses. Raises NotFound."""
    query = select(*WORK).where(ReturnWork.account_id == work.account_id, ReturnWork.id == return_id)
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise _no_return(return_id)
    return WorkRow(*row)


async def list_work(
    work: Work, state: str | None, warehouse_id: UUID | None, after: UUID | None, limit: int
) -> list[WorkRow]:
    """Returns that this operator is to take in or has taken in, by age."""
    query = select(*WORK).where(ReturnWork.account_id == work.account_id).order_by(ReturnWork.id).limit(limit)
    if state is not None:
        query = query.where(ReturnWork.state == state)
    if warehouse_id is not None:
        query = query.where(ReturnWork.warehouse_id == warehouse_id)
    if after is not None:
        query = query.where(ReturnWork.id > after)
    return [WorkRow(*row) for row in await work.db.execute(query)]


def no_order(order_id: UUID) -> NotFound:
    return NotFound(f"There is no order {ids.ORDER.show(order_id)!r}.")


def _no_return(return_id: UUID) -> NotFound:
    return NotFound(f"There is no return {ids.RETURN.show(return_id)!r}.")
