"""Every look at work orders, and every lock on them; fulfilments as merchants see them have a file of their own.

Locks are taken in one order everywhere: order rows, then work orders by id, then stock levels. Only claims and
leases lock work orders alone; they change nothing but the lease.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from fulfilhub.fulfilment.queries.documents import Document, DocumentLine, DocumentPart, Handling, Packing
from fulfilhub.fulfilment.queries.requests import RequestRow
from fulfilhub.fulfilment.rules import (
    Late,
    Negotiation,
    PickLine,
    Rejection,
    WorkState,
    lateness,
    lease_expired,
    negotiation,
)
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
    priority: int
    accept_by: datetime | None
    accepted_at: datetime | None
    leave_by: datetime | None
    rejection: Rejection | None
    cancel_state: str | None
    cancel_done: bool | None
    lines: tuple[WorkLine, ...]
    requests: tuple[RequestRow, ...]

    @property
    def negotiation(self) -> Negotiation:
        """Where merchant and operator stand about it."""
        return negotiation(self.state, self.cancel_state, carried_out=bool(self.cancel_done))

    @property
    def address(self) -> dict[str, str]:
        """Where it goes, as its order says it: without the e-mail address that may stand beside it."""
        return {name: value for name, value in self.document.ship_to.items() if name != "email"}

    def late(self, now: datetime) -> list[Late]:
        """What its contract asks for in vain."""
        return lateness(now, self.accept_by, self.accepted_at, self.leave_by, self.ended_at, self.state)

    def is_leased(self, now: datetime) -> bool:
        """True while somebody's claim on it is live."""
        return self.lease_id is not None and not lease_expired(now, self.lease_until)


class Whose(NamedTuple):
    """Which merchant's order a work order serves."""

    merchant_id: UUID
    order_id: UUID


WORK_COLUMNS = """
w.account_id, w.id, w.merchant_id, w.warehouse_id, w.order_id, w.state, w.held, w.service, w.ship_by,
w.document::text AS document, w.packing::text AS packing, w.reason, w.lease_id, w.lease_until, w.lease_actor,
w.version, w.created_at, w.updated_at, w.ended_at, w.priority, w.accept_by, w.accepted_at, w.leave_by,
w.rejection::text AS rejection, l.line_ids, l.product_ids, l.quantities, l.picked, l.short,
l.cancelled, r.requests, r.cancel_state, r.cancel_done
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
    SELECT (json_agg(x ORDER BY x.id) FILTER (WHERE x.state = 'requested'))::text AS requests,
           (array_agg(x.state ORDER BY x.id DESC) FILTER (WHERE x.kind = 'cancel'))[1] AS cancel_state,
           (array_agg(x.carried_out ORDER BY x.id DESC) FILTER (WHERE x.kind = 'cancel'))[1] AS cancel_done
    FROM work_requests AS x WHERE x.account_id = w.account_id AND x.work_order_id = w.id
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


COLUMNS_OF_LINES = ("line_ids", "product_ids", "quantities", "picked", "short", "cancelled")
PLAIN_OF_WORK = tuple(
    name
    for name in WorkRow.__dataclass_fields__
    if name not in {"document", "packing", "state", "rejection", "lines", "requests"}
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
        rejection=row["rejection"] and msgspec.json.decode(row["rejection"], type=Rejection),
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
