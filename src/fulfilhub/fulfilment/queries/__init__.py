"""Every look at fulfilments and work orders, and every lock on them.

Locks are taken in one order everywhere: order rows, then work orders by id, then stock levels. Only claims and
leases lock work orders alone; they change nothing but the lease.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import Select, select

from fulfilhub.fulfilment.models import Fulfilment, FulfilmentLine
from fulfilhub.fulfilment.queries.documents import Document, DocumentLine, DocumentPart, Handling, Packing
from fulfilhub.fulfilment.queries.requests import RequestRow
from fulfilhub.fulfilment.rules import PickLine, WorkState, lease_expired
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.work import Work

__all__ = ["Document", "DocumentLine", "DocumentPart", "Handling", "Packing"]

NOT_A_KIT: Mapping[UUID, int] = MappingProxyType({})


class WorkLine(NamedTuple):
    """How far one line of a work order got. Of a kit whole ones count; `made_of` is what one takes of which product,
    empty for a product that is stocked itself."""

    line_id: UUID
    product_id: UUID
    quantity: int
    picked: int
    short: int
    cancelled: int = 0
    made_of: Mapping[UUID, int] = NOT_A_KIT

    @property
    def progress(self) -> PickLine:
        """As the rules read it."""
        return PickLine(self.quantity, self.picked, self.short, self.cancelled)

    @property
    def to_ship(self) -> int:
        """Units that the shipment has to hold in the end."""
        return self.quantity - self.short - self.cancelled

    def stock(self, units: int) -> list[tuple[UUID, int]]:
        """The stock that so many units of the line are, as (product id, units); nothing for none."""
        made_of = self.made_of or {self.product_id: 1}
        return [(product_id, each * units) for product_id, each in made_of.items() if units]


@dataclass(frozen=True, slots=True)
class WorkRow:
    """A work order with its lines, by line id, and the requests that are open, oldest first."""

    account_id: UUID
    id: UUID
    merchant_id: UUID
    warehouse_id: UUID
    order_id: UUID
    state: WorkState
    held: bool
    service: str
    ship_by: datetime
    document: Document
    packing: list[dict[str, object]] | None
    reason: str | None
    lease_id: UUID | None
    lease_until: datetime | None
    lease_actor: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    lines: tuple[WorkLine, ...]
    requests: tuple[RequestRow, ...]

    def is_leased(self, now: datetime) -> bool:
        """True while somebody's claim on it is live."""
        return self.lease_id is not None and not lease_expired(now, self.lease_until)


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


class Whose(NamedTuple):
    """Which merchant's order a work order serves."""

    merchant_id: UUID
    order_id: UUID


WORK_COLUMNS = """
w.account_id, w.id, w.merchant_id, w.warehouse_id, w.order_id, w.state, w.held, w.service, w.ship_by,
w.document::text AS document, w.packing::text AS packing, w.reason, w.lease_id, w.lease_until, w.lease_actor,
w.version, w.created_at, w.updated_at, w.ended_at, l.line_ids, l.product_ids, l.quantities, l.picked, l.short,
l.cancelled, r.requests
"""
LINES_OF_WORK = """
CROSS JOIN LATERAL (
    SELECT array_agg(x.line_id ORDER BY x.line_id) AS line_ids,
           array_agg(x.product_id ORDER BY x.line_id) AS product_ids,
           array_agg(x.quantity ORDER BY x.line_id) AS quantities, array_agg(x.picked ORDER BY x.line_id) AS picked,
           array_agg(x.short ORDER BY x.line_id) AS short, array_agg(x.cancelled ORDER BY x.line_id) AS cancelled
    FROM work_order_lines AS x WHERE x.account_id = w.account_id AND x.work_order_id = w.id
) AS l
CROSS JOIN LATERAL (
    SELECT json_agg(x ORDER BY x.id)::text AS requests FROM work_requests AS x
    WHERE x.account_id = w.account_id AND x.work_order_id = w.id AND x.state = 'requested'
) AS r
"""
LOCK_WORK = f"""
SELECT {WORK_COLUMNS} FROM work_orders AS w {LINES_OF_WORK}
WHERE w.account_id = $1 AND w.id = ANY ($2) ORDER BY w.id FOR NO KEY UPDATE OF w
"""  # noqa: S608 - made of the two constants above
LOCK_WORK_OF_ORDERS = f"""
SELECT {WORK_COLUMNS} FROM fulfilments AS f JOIN work_orders AS w ON w.account_id = f.operator_id AND w.id = f.id
{LINES_OF_WORK}
WHERE f.merchant_id = $1 AND f.order_id = ANY ($2) AND w.ended_at IS NULL
ORDER BY w.id FOR NO KEY UPDATE OF w
"""  # noqa: S608
READ_WORK = f"""
SELECT {WORK_COLUMNS} FROM work_orders AS w {LINES_OF_WORK} WHERE w.account_id = $1 AND w.id = ANY ($2)
"""  # noqa: S608
LIST_WORK = f"""
SELECT {WORK_COLUMNS} FROM work_orders AS w {LINES_OF_WORK}
WHERE w.account_id = $1 AND ($2::uuid IS NULL OR w.id > $2) AND ($3::uuid IS NULL OR w.warehouse_id = $3)
  AND ($4::text IS NULL OR w.state = $4) AND ($5::text IS NULL OR w.service = $5)
  AND ($6::uuid IS NULL OR w.lease_id = $6) AND ($7::timestamptz IS NULL OR w.ship_by < $7)
ORDER BY w.id LIMIT $8
"""  # noqa: S608
UNROUTED = """
SELECT order_id, id, ordered - cancelled - allocated FROM order_lines
WHERE merchant_id = $1 AND order_id = ANY ($2) AND ordered - cancelled - allocated > 0
"""
SHRINKING = """
SELECT order_id, id, allocated + cancelled - reduce_to FROM order_lines
WHERE merchant_id = $1 AND order_id = ANY ($2) AND allocated + cancelled > reduce_to
"""
WHOSE = "SELECT id, merchant_id, order_id FROM work_orders WHERE account_id = $1 AND id = ANY ($2)"
USERS_OF_STOCK = """
SELECT DISTINCT f.order_id FROM fulfilments AS f
JOIN fulfilment_lines AS l ON l.merchant_id = f.merchant_id AND l.fulfilment_id = f.id
WHERE f.merchant_id = $1 AND f.warehouse_id = $2 AND f.state IN ('queued', 'accepted', 'picking', 'picked', 'packed')
  AND (l.product_id = $3
       OR EXISTS (SELECT FROM fulfilment_components AS c
                  WHERE c.merchant_id = l.merchant_id AND c.fulfilment_id = l.fulfilment_id AND c.line_id = l.line_id
                    AND c.product_id = $3))
"""
FROZEN = """
SELECT c.fulfilment_id, c.line_id, c.product_id, p.sku, c.units, c.found
FROM fulfilment_components AS c JOIN products AS p ON p.merchant_id = c.merchant_id AND p.id = c.product_id
WHERE c.merchant_id = $1 AND c.fulfilment_id = ANY ($2) ORDER BY c.fulfilment_id, c.line_id, c.product_id
"""


COLUMNS_OF_LINES = ("line_ids", "product_ids", "quantities", "picked", "short", "cancelled")
PLAIN_OF_WORK = tuple(
    name for name in WorkRow.__dataclass_fields__ if name not in {"document", "packing", "state", "lines", "requests"}
)


def work_row(row: asyncpg.Record) -> WorkRow:
    """A row of WORK_COLUMNS, read."""
    columns = [row[name] for name in COLUMNS_OF_LINES]
    document = msgspec.json.decode(row["document"], type=Document)
    kits = {
        line.line_id: {part.product_id: part.units for part in line.components}
        for line in document.lines
        if line.components
    }
    return WorkRow(
        **{name: row[name] for name in PLAIN_OF_WORK},
        state=WorkState(row["state"]),
        document=document,
        packing=row["packing"] and msgspec.json.decode(row["packing"]),
        lines=tuple(WorkLine._make((*each, kits.get(each[0], NOT_A_KIT))) for each in zip(*columns, strict=True)),
        requests=tuple(msgspec.json.decode(row["requests"], type=list[RequestRow])) if row["requests"] else (),
    )


async def lock_work(work: Work, operator_id: UUID, work_ids: Collection[UUID]) -> list[WorkRow]:
    """Work orders in one operator's queue, locked, by id. Their order rows are to be locked before."""
    return [work_row(row) for row in await work.fetch_raw(LOCK_WORK, operator_id, list(work_ids))]


async def lock_work_of_orders(work: Work, order_ids: Collection[UUID]) -> list[WorkRow]:
    """The merchant's live work orders of these orders, locked, by id. The order rows are locked already."""
    rows = await work.fetch_raw(LOCK_WORK_OF_ORDERS, work.account_id, list(order_ids))
    return [work_row(row) for row in rows]


async def whose(work: Work, work_ids: Collection[UUID]) -> dict[UUID, Whose]:
    """Whose orders these work orders of the scope's account serve; unknown ones are left out."""
    rows = await work.fetch_raw(WHOSE, work.account_id, list(work_ids))
    return {row[0]: Whose(row[1], row[2]) for row in rows}


async def read_work(work: Work, operator_id: UUID, work_id: UUID) -> WorkRow:
    """One work order as it is. Raises NotFound."""
    rows = await work.fetch_raw(READ_WORK, operator_id, [work_id])
    if not rows:
        raise no_work(work_id)
    return work_row(rows[0])


async def read_works(work: Work, operator_id: UUID, work_ids: Collection[UUID]) -> dict[UUID, WorkRow]:
    """These work orders as they are, by id; unknown ones are left out."""
    return {row["id"]: work_row(row) for row in await work.fetch_raw(READ_WORK, operator_id, list(work_ids))}


def no_work(work_id: UUID) -> NotFound:
    """What is said of a work order that is not in the caller's queue."""
    return NotFound(f"There is no work order {ids.WORK_ORDER.show(work_id)!r} in your queue.")


async def list_work(
    work: Work,
    after: UUID | None,
    limit: int,
    *,
    warehouse_id: UUID | None = None,
    state: WorkState | None = None,
    service: str | None = None,
    lease_id: UUID | None = None,
    ship_by_before: datetime | None = None,
) -> list[WorkRow]:
    """The account's work orders by age, those after the id `after`."""
    rows = await work.fetch_raw(
        LIST_WORK, work.account_id, after, warehouse_id, state, service, lease_id, ship_by_before, limit
    )
    return [work_row(row) for row in rows]


async def orders_using(work: Work, product_id: UUID, warehouse_id: UUID) -> list[UUID]:
    """The merchant's orders with live work in this warehouse on this product, or on kits made of it."""
    return [row[0] for row in await work.fetch_raw(USERS_OF_STOCK, work.account_id, warehouse_id, product_id)]


async def unrouted_units(work: Work, order_ids: Collection[UUID]) -> list[tuple[UUID, UUID, int]]:
    """(order id, line id, units) of these orders that no warehouse has been given."""
    return [(row[0], row[1], row[2]) for row in await work.fetch_raw(UNROUTED, work.account_id, list(order_ids))]


async def shrinking_units(work: Work, order_ids: Collection[UUID]) -> dict[UUID, dict[UUID, int]]:
    """By order and line: units that warehouses were given and that are no longer wanted."""
    found: dict[UUID, dict[UUID, int]] = {}
    for order_id, line_id, units in await work.fetch_raw(SHRINKING, work.account_id, list(order_ids)):
        found.setdefault(order_id, {})[line_id] = units
    return found


def _fulfilments(work: Work) -> Select[*tuple[object, ...]]:
    columns = (getattr(Fulfilment, name) for name in FulfilmentRow._fields)
    return select(*columns).where(Fulfilment.merchant_id == work.account_id)


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
