"""Every look at policies, fences and decisions, and what routing reads of orders and warehouses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import select

from fulfilhub.platform.work import Work
from fulfilhub.routing.models import PolicyVersion, RoutingDecision, RoutingFence
from fulfilhub.routing.rules.terms import Assignment, Portion, RoutingPolicy, Verdict


class RouteLine(NamedTuple):
    """What of one order line has no warehouse yet, and what its product is. Weight in grams."""

    order_id: UUID
    line_id: UUID
    product_id: UUID
    quantity: int
    sku: str
    name: str
    barcodes: list[str]
    weight_grams: int | None
    hs_code: str | None
    origin_country: str | None


class Load(NamedTuple):
    """How busy a warehouse is: work orders given to it since its day began, and those not ended."""

    given: int
    queued: int


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision as it was kept."""

    id: UUID
    order_id: UUID
    cause: str
    outcome: str
    reason: str
    ship_by: datetime | None
    deliver_by: datetime | None
    assignments: list[Assignment]
    unfilled: list[Portion]
    candidates: list[Verdict]
    policy_version: int
    rules_version: int
    decided_at: datetime


class PolicyRow(NamedTuple):
    """The merchant's present policy, and who set it when (nobody, for the one every merchant begins with)."""

    policy: RoutingPolicy
    created_by: str | None
    created_at: datetime | None


LINES = """
SELECT l.order_id, l.id, l.product_id, l.ordered - l.cancelled - l.allocated, p.sku, p.name, p.barcodes, p.weight_grams,
       p.hs_code, p.origin_country
FROM order_lines AS l JOIN products AS p ON p.merchant_id = l.merchant_id AND p.id = l.product_id
WHERE l.merchant_id = $1 AND l.order_id = ANY ($2) AND l.requires_shipping
  AND l.ordered - l.cancelled - l.allocated > 0
ORDER BY l.order_id, l.position, l.id
"""
WAITING = """
SELECT o.id, o.placed_at FROM orders AS o
WHERE o.merchant_id = $1 AND o.status IN ('received', 'backordered', 'routed', 'in_progress', 'partially_shipped')
  AND (o.placed_at, o.id) > ($3, $4)
  AND EXISTS (SELECT 1 FROM order_lines AS l
              WHERE l.merchant_id = $1 AND l.order_id = o.id AND ($2::uuid[] IS NULL OR l.product_id = ANY ($2))
                AND l.requires_shipping
                AND l.allocated + l.cancelled < l.ordered)
ORDER BY o.placed_at, o.id LIMIT $5
"""
LOAD = "SELECT warehouse_id, given, queued FROM warehouse_load($1, $2)"


async def policy(work: Work) -> PolicyRow:
    """The merchant's policy; version 0 is the one every merchant begins with."""
    query = (
        select(
            PolicyVersion.version,
            PolicyVersion.max_parts,
            PolicyVersion.on_shortage,
            PolicyVersion.weights,
            PolicyVersion.created_by,
            PolicyVersion.created_at,
        )
        .where(PolicyVersion.merchant_id == work.account_id)
        .order_by(PolicyVersion.version.desc())
        .limit(1)
    )
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        return PolicyRow(RoutingPolicy(version=0), None, None)
    terms = {"version": row.version, "max_parts": row.max_parts, "on_shortage": row.on_shortage, "weights": row.weights}
    return PolicyRow(msgspec.convert(terms, RoutingPolicy), row.created_by, row.created_at)


async def fences(work: Work, order_ids: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """By order, the warehouses that are not to be asked again for it."""
    rows = await work.db.execute(
        select(RoutingFence.order_id, RoutingFence.warehouse_id).where(
            RoutingFence.merchant_id == work.account_id, RoutingFence.order_id.in_(order_ids)
        )
    )
    found: dict[UUID, set[UUID]] = {}
    for order_id, warehouse_id in rows:
        found.setdefault(order_id, set()).add(warehouse_id)
    return {order_id: frozenset(warehouses) for order_id, warehouses in found.items()}


async def lines_to_route(work: Work, order_ids: Collection[UUID]) -> dict[UUID, list[RouteLine]]:
    """By order, its lines with units that have no warehouse yet; orders without any are left out."""
    found: dict[UUID, list[RouteLine]] = {}
    for row in await work.fetch_raw(LINES, work.account_id, list(order_ids)):
        line = RouteLine._make(row)
        found.setdefault(line.order_id, []).append(line)
    return found


async def orders_waiting_for(
    work: Work, product_ids: Collection[UUID] | None, after: tuple[datetime, UUID], limit: int
) -> list[tuple[UUID, datetime]]:
    """Orders with units of these products (None: of any) that have no warehouse, oldest first, after
    (placed_at, id)."""
    wanted = None if product_ids is None else list(product_ids)
    rows = await work.fetch_raw(WAITING, work.account_id, wanted, *after, limit)
    return [(row[0], row[1]) for row in rows]


async def loads(work: Work, since: Mapping[UUID, datetime]) -> dict[UUID, Load]:
    """How busy these warehouses are, over all merchants; `since` is when each one's day began."""
    if not since:
        return {}
    rows = await work.fetch_raw(LOAD, list(since.keys()), list(since.values()))
    return {row[0]: Load(row[1], row[2]) for row in rows}


async def decisions(work: Work, order_id: UUID) -> Sequence[DecisionRow]:
    """All decisions about one order, newest first."""
    table = RoutingDecision
    names = list(DecisionRow.__dataclass_fields__)
    rows = await work.db.execute(
        select(*(getattr(table, name) for name in names))
        .where(table.merchant_id == work.account_id, table.order_id == order_id)
        .order_by(table.id.desc())
        .limit(100)
    )
    return [msgspec.convert(dict(row._mapping), DecisionRow) for row in rows]
