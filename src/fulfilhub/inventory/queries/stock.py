"""Looks at stock levels and the ledger; the one place where level rows are locked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, tuple_

from fulfilhub.catalogue.models import Product
from fulfilhub.catalogue.queries import ProductRow
from fulfilhub.inventory.models import StockLevel, StockMovement
from fulfilhub.inventory.rules.kits import kits_from
from fulfilhub.inventory.rules.stock import Level
from fulfilhub.platform.work import Work


class LevelRow(NamedTuple):
    """One product in one warehouse: units per bucket."""

    product_id: UUID
    warehouse_id: UUID
    sku: str
    available: int
    allocated: int
    quarantined: int
    damaged: int
    incoming: int
    on_hand: int
    version: int
    updated_at: datetime


class KitPartRow(NamedTuple):
    """A component of a kit in one warehouse: units in one kit, and units available there."""

    sku: str
    units: int
    available: int


class KitLevelRow(NamedTuple):
    """How many of a kit one warehouse can send now, and what it has of each component; `level` is told as a product's
    level is, its version and time those of the last change of any component."""

    level: LevelRow
    parts: tuple[KitPartRow, ...]


class MovementRow(NamedTuple):
    """One row of the ledger: deltas, and what each bucket held after it."""

    id: UUID
    product_id: UUID
    warehouse_id: UUID
    sku: str
    reason: str
    available: int
    allocated: int
    quarantined: int
    damaged: int
    incoming: int
    available_after: int
    allocated_after: int
    quarantined_after: int
    damaged_after: int
    incoming_after: int
    document: str
    document_id: UUID
    note: str
    actor: str
    occurred_at: datetime


LEVEL_COLUMNS = tuple(Product.sku if name == "sku" else getattr(StockLevel, name) for name in LevelRow._fields)
MOVEMENT_COLUMNS = tuple(Product.sku if name == "sku" else getattr(StockMovement, name) for name in MovementRow._fields)

LOCK = """
SELECT product_id, warehouse_id, available, allocated, quarantined, damaged, incoming
FROM stock_levels
WHERE merchant_id = $1 AND product_id = ANY ($2::uuid[]) AND ($3::uuid[] IS NULL OR warehouse_id = ANY ($3))
ORDER BY product_id, warehouse_id
FOR NO KEY UPDATE
"""
# A row for each product, not for each level: reading rows is most of the time.
AVAILABLE = """
SELECT product_id, array_agg(warehouse_id), array_agg(available) FROM stock_levels
WHERE merchant_id = $1 AND product_id = ANY ($2::uuid[]) AND warehouse_id = ANY ($3::uuid[]) AND available > 0
GROUP BY product_id
"""

KIT_PLACES = 1_000
"""More warehouses than any merchant has."""
# Says the same as `rules.kits.sellable_units`. Per warehouse a kit is had as often as its scarcest component allows;
# one that never was there makes it none.
SELLABLE = """
WITH asked AS (
    SELECT p.id AS product_id, coalesce(c.product_id, p.id) AS part_id, coalesce(c.units, 1) AS units,
           count(*) OVER (PARTITION BY p.id) AS parts
    FROM products AS p LEFT JOIN product_components AS c ON c.merchant_id = p.merchant_id AND c.kit_id = p.id
    WHERE p.merchant_id = $1 AND p.id = ANY ($2::uuid[])
), here AS (
    SELECT a.product_id, min(l.available / a.units) AS whole
    FROM asked AS a JOIN stock_levels AS l ON l.merchant_id = $1 AND l.product_id = a.part_id
    WHERE $3::uuid[] IS NULL OR l.warehouse_id = ANY ($3)
    GROUP BY a.product_id, l.warehouse_id HAVING count(*) = min(a.parts)
), claimed AS (
    SELECT a.product_id, max((w.units + a.units - 1) / a.units) AS whole
    FROM asked AS a JOIN unnest($4::uuid[], $5::bigint[]) AS w (part_id, units) USING (part_id)
    GROUP BY a.product_id
)
SELECT h.product_id, greatest(h.whole - coalesce(s.whole, 0), 0)
FROM (SELECT product_id, sum(whole) AS whole FROM here GROUP BY product_id) AS h
LEFT JOIN claimed AS s USING (product_id)
"""

SELLABLE_AT = """
WITH asked AS (
    SELECT p.id AS product_id, coalesce(c.product_id, p.id) AS part_id, coalesce(c.units, 1) AS units,
           count(*) OVER (PARTITION BY p.id) AS parts
    FROM products AS p LEFT JOIN product_components AS c ON c.merchant_id = p.merchant_id AND c.kit_id = p.id
    WHERE p.merchant_id = $1 AND p.id = ANY ($2::uuid[])
), claimed AS (
    SELECT a.product_id, max((w.units + a.units - 1) / a.units) AS whole
    FROM asked AS a JOIN unnest($4::uuid[], $5::bigint[]) AS w (part_id, units) USING (part_id)
    GROUP BY a.product_id
)
SELECT a.product_id, l.warehouse_id, min(l.available / a.units), coalesce(min(s.whole), 0)
FROM asked AS a JOIN stock_levels AS l ON l.merchant_id = $1 AND l.product_id = a.part_id
LEFT JOIN claimed AS s ON s.product_id = a.product_id
WHERE l.warehouse_id = ANY ($3::uuid[])
GROUP BY a.product_id, l.warehouse_id HAVING count(*) = min(a.parts)
"""


async def lock_levels(
    work: Work, product_ids: Collection[UUID], warehouse_ids: Collection[UUID] | None = None
) -> dict[tuple[UUID, UUID], Level]:
    """The present levels of these products (in these warehouses, or in all), locked until the end of the work.

    By (product id, warehouse id); a pair that never had stock is missing. Rows are locked in that order, as
    everywhere, and after order and fulfilment rows.
    """
    places = None if warehouse_ids is None else list(set(warehouse_ids))
    rows = await work.fetch_raw(LOCK, work.account_id, list(set(product_ids)), places)
    return {
        (row[0], row[1]): Level(available=row[2], allocated=row[3], quarantined=row[4], damaged=row[5], incoming=row[6])
        for row in rows
    }


async def available(
    work: Work, product_ids: Collection[UUID], warehouse_ids: Collection[UUID]
) -> dict[tuple[UUID, UUID], int]:
    """Units free to promise of these products in these warehouses, by (product id, warehouse id); not locked, and
    without the pairs that have none."""
    rows = await work.fetch_raw(AVAILABLE, work.account_id, list(set(product_ids)), list(set(warehouse_ids)))
    return {
        (product_id, warehouse_id): units
        for product_id, places, there in rows
        for warehouse_id, units in zip(places, there, strict=True)
    }


async def get_level(work: Work, product_id: UUID, warehouse_id: UUID) -> LevelRow | None:
    """One level as it is now, not locked; None when the product never was there."""
    rows = await list_levels(work, None, 1, product_ids=[product_id], warehouse_id=warehouse_id)
    return rows[0] if rows else None


async def list_levels(
    work: Work,
    after: tuple[UUID, UUID] | None,
    limit: int,
    *,
    product_ids: Collection[UUID] | None = None,
    warehouse_id: UUID | None = None,
) -> list[LevelRow]:
    """Levels in the order of (product id, warehouse id), those after the pair `after`."""
    key = (StockLevel.product_id, StockLevel.warehouse_id)
    query = (
        select(*LEVEL_COLUMNS)
        .join(Product, (Product.merchant_id == StockLevel.merchant_id) & (Product.id == StockLevel.product_id))
        .where(StockLevel.merchant_id == work.account_id)
        .order_by(*key)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(*key) > after)
    if product_ids is not None:
        query = query.where(StockLevel.product_id.in_(product_ids))
    if warehouse_id is not None:
        query = query.where(StockLevel.warehouse_id == warehouse_id)
    return [LevelRow(*row) for row in await work.db.execute(query)]


async def list_kit_levels(
    work: Work, kit: ProductRow, after: tuple[UUID, UUID] | None, limit: int, *, warehouse_id: UUID | None = None
) -> list[KitLevelRow]:
    """Where any component of a kit ever was, and how many kits could be sent from there, as `list_levels`.

    The components may be changed at the same moment: this is what a look shows, not what is promised.
    """
    by_place: dict[UUID, dict[UUID, LevelRow]] = {}
    parts = {each.product_id for each in kit.components}
    for row in await list_levels(work, None, len(parts) * KIT_PLACES, product_ids=parts, warehouse_id=warehouse_id):
        by_place.setdefault(row.warehouse_id, {})[row.product_id] = row
    places = sorted(place for place in by_place if after is None or (kit.id, place) > after)
    return [_kit_level(kit, place, by_place[place]) for place in places[:limit]]


def _kit_level(kit: ProductRow, warehouse_id: UUID, levels: Mapping[UUID, LevelRow]) -> KitLevelRow:
    shelf = {product_id: row.available for product_id, row in levels.items()}
    kits = kits_from(shelf, {each.product_id: each.units for each in kit.components})
    level = LevelRow(
        product_id=kit.id,
        warehouse_id=warehouse_id,
        sku=kit.sku,
        available=kits,
        allocated=0,
        quarantined=0,
        damaged=0,
        incoming=0,
        on_hand=kits,
        version=sum(row.version for row in levels.values()),
        updated_at=max(row.updated_at for row in levels.values()),
    )
    made_of = (KitPartRow(each.sku, each.units, shelf.get(each.product_id, 0)) for each in kit.components)
    return KitLevelRow(level, tuple(made_of))


async def sellable(
    work: Work,
    product_ids: Collection[UUID],
    warehouse_ids: Collection[UUID] | None = None,
    waiting: Mapping[UUID, int] | None = None,
) -> dict[UUID, int]:
    """How many of each product could be sold now, over these warehouses (None: all): what a storefront is to be told.
    Kits are counted warehouse by warehouse, since components in different ones make none. `waiting`: units by stocked
    product that accepted orders still want. Unknown products are 0."""
    places = None if warehouse_ids is None else list(set(warehouse_ids))
    wanted = dict(waiting or {})
    rows = await work.fetch_raw(
        SELLABLE, work.account_id, list(set(product_ids)), places, list(wanted.keys()), list(wanted.values())
    )
    return dict.fromkeys(product_ids, 0) | {row[0]: int(row[1]) for row in rows}


async def sellable_at(
    work: Work, product_ids: Collection[UUID], warehouse_ids: Collection[UUID], waiting: Mapping[UUID, int]
) -> dict[UUID, tuple[dict[UUID, int], int]]:
    """As `sellable`, warehouse by warehouse: by product, how many lie in each (where none do, it is left out), and how
    many of all of them accepted orders still want."""
    rows = await work.fetch_raw(
        SELLABLE_AT,
        work.account_id,
        list(set(product_ids)),
        list(set(warehouse_ids)),
        list(waiting.keys()),
        list(waiting.values()),
    )
    found: dict[UUID, tuple[dict[UUID, int], int]] = {product_id: ({}, 0) for product_id in product_ids}
    for product_id, warehouse_id, units, claimed in rows:
        shelves, _ = found[product_id]
        shelves[warehouse_id] = int(units)
        found[product_id] = shelves, int(claimed)
    return found


async def list_movements(
    work: Work,
    after: UUID | None,
    limit: int,
    *,
    product_id: UUID | None = None,
    warehouse_id: UUID | None = None,
    document_id: UUID | None = None,
) -> list[MovementRow]:
    """The ledger, oldest first, those after the id `after`."""
    query = (
        select(*MOVEMENT_COLUMNS)
        .join(Product, (Product.merchant_id == StockMovement.merchant_id) & (Product.id == StockMovement.product_id))
        .where(StockMovement.merchant_id == work.account_id)
        .order_by(StockMovement.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(StockMovement.id > after)
    if product_id is not None:
        query = query.where(StockMovement.product_id == product_id)
    if warehouse_id is not None:
        query = query.where(StockMovement.warehouse_id == warehouse_id)
    if document_id is not None:
        query = query.where(StockMovement.document_id == document_id)
    return [MovementRow(*row) for row in await work.db.execute(query)]
