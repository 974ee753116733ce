"""Moving stock: the only writer of levels and of the ledger.

Two statements whatever the number of movements: one locks (and creates) the level rows in key order, one checks,
changes them and writes the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from fulfilhub.catalogue import queries as catalogue
from fulfilhub.inventory.events import StockAdjusted
from fulfilhub.inventory.queries import lock_levels, receivable
from fulfilhub.inventory.rules import stock
from fulfilhub.inventory.rules.kits import no_stock_of_kits
from fulfilhub.inventory.rules.shortage import ShortOfStock
from fulfilhub.inventory.rules.stock import Bucket, Deltas, Level, MovementReason
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, Invalid
from fulfilhub.platform.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Units to move: what each bucket of the product in the warehouse gains (negative: loses), why, and the paper
    behind it (`document` is the kind: `order`, `fulfilment`, `return`, `receipt` ...).

    Raises ValueError when the reason does not allow this way between buckets (`rules.stock.PATHS`).
    """

    product_id: UUID
    warehouse_id: UUID
    reason: MovementReason
    document: str
    document_id: UUID
    available: int = 0
    allocated: int = 0
    quarantined: int = 0
    damaged: int = 0
    incoming: int = 0
    note: str = ""

    def __post_init__(self) -> None:
        gains = {bucket: units for bucket in Bucket if (units := getattr(self, bucket)) > 0}
        losses = {bucket: -units for bucket in Bucket if (units := getattr(self, bucket)) < 0}
        if not gains and not losses:
            raise ValueError("a movement moves at least one unit")
        if self.reason is MovementReason.ADJUSTED:
            return
        source, target = next(iter(losses), None), next(iter(gains), None)
        uneven = bool(gains and losses and sum(gains.values()) != sum(losses.values()))
        if uneven or max(len(gains), len(losses)) > 1 or (source, target) not in stock.PATHS[self.reason]:
            raise ValueError(f"{self.reason} does not move {losses or 'nothing'} to {gains or 'nothing'}")


@dataclass(frozen=True, slots=True)
class AdjustOutcome:
    """How a count ended. When `shortfall` is above zero nothing was changed and nothing is locked: that many
    allocated units must be freed first, then the same call repeated. `delta` is the change of on hand."""

    shortfall: int
    delta: int
    level: Level


LOCK_OR_CREATE = """
INSERT INTO stock_levels AS l (merchant_id, product_id, warehouse_id, updated_at)
SELECT $1, k.product_id, k.warehouse_id, $2
FROM unnest($3::uuid[], $4::uuid[]) AS k (product_id, warehouse_id)
ORDER BY k.product_id, k.warehouse_id
ON CONFLICT (merchant_id, product_id, warehouse_id) DO UPDATE SET version = l.version WHERE false
"""
# A row in conflict is locked even though WHERE refuses the update (PostgreSQL documents so), and in the order of the
# SELECT: creating and locking happen in one key order, so no two movers can deadlock. The next statement has a
# newer snapshot and sees what the lock waited for.

APPLY = """
WITH steps AS MATERIALIZED (
    SELECT m.*,
           (l.available + sum(m.available) OVER w)::bigint AS available_after,
           (l.allocated + sum(m.allocated) OVER w)::bigint AS allocated_after,
           (l.quarantined + sum(m.quarantined) OVER w)::bigint AS quarantined_after,
           (l.damaged + sum(m.damaged) OVER w)::bigint AS damaged_after,
           (l.incoming + sum(m.incoming) OVER w)::bigint AS incoming_after,
           count(*) OVER w AS step,
           lead(1) OVER w IS NULL AS last
    FROM unnest($4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[],
                $11::bigint[], $12::bigint[], $13::text[], $14::uuid[], $15::text[])
         WITH ORDINALITY AS m (id, product_id, warehouse_id, reason, available, allocated, quarantined, damaged,
                               incoming, document, document_id, note, place)
    JOIN stock_levels AS l
      ON l.merchant_id = $1 AND l.product_id = m.product_id AND l.warehouse_id = m.warehouse_id
    WINDOW w AS (PARTITION BY m.product_id, m.warehouse_id ORDER BY m.place)
), short AS MATERIALIZED (
    SELECT * FROM steps
    WHERE least(available_after, allocated_after, quarantined_after, damaged_after, incoming_after) < 0
    ORDER BY place LIMIT 1
), moved AS (
    UPDATE stock_levels AS l
    SET available = s.available_after, allocated = s.allocated_after, quarantined = s.quarantined_after,
        damaged = s.damaged_after, incoming = s.incoming_after, version = l.version + s.step, updated_at = $3
    FROM steps AS s
    WHERE l.merchant_id = $1 AND l.product_id = s.product_id AND l.warehouse_id = s.warehouse_id AND s.last
      AND NOT EXISTS (SELECT FROM short)
), told AS (
    INSERT INTO stock_movements (
        merchant_id, id, product_id, warehouse_id, reason, available, allocated, quarantined, damaged, incoming,
        available_after, allocated_after, quarantined_after, damaged_after, incoming_after,
        document, document_id, note, actor, occurred_at)
    SELECT $1, id, product_id, warehouse_id, reason, available, allocated, quarantined, damaged, incoming,
           available_after, allocated_after, quarantined_after, damaged_after, incoming_after,
           document, document_id, note, $2, $3
    FROM steps WHERE NOT EXISTS (SELECT FROM short) ORDER BY place
)
SELECT short.*, (SELECT p.sku FROM products AS p WHERE p.merchant_id = $1 AND p.id = short.product_id) AS sku,
       (SELECT w.name FROM warehouses AS w WHERE w.id = short.warehouse_id) AS warehouse
FROM short
"""


async def move(work: Work, movements: Sequence[Movement]) -> None:
    """Move stock and write the ledger, all or nothing; several movements of one level happen in their order.

    Raises ShortOfStock, with nothing moved, when a bucket would fall below zero at any step.
    """
    if not movements:
        return
    keys = sorted({(each.product_id, each.warehouse_id) for each in movements})
    products, warehouses = (list(column) for column in zip(*keys, strict=True))
    await work.execute_raw(LOCK_OR_CREATE, work.account_id, work.now, products, warehouses)
    short = await work.fetch_raw(
        APPLY,
        work.account_id,
        work.actor,
        work.now,
        [ids.new() for _ in movements],
        [each.product_id for each in movements],
        [each.warehouse_id for each in movements],
        [str(each.reason) for each in movements],
        [each.available for each in movements],
        [each.allocated for each in movements],
        [each.quarantined for each in movements],
        [each.damaged for each in movements],
        [each.incoming for each in movements],
        [each.document for each in movements],
        [each.document_id for each in movements],
        [each.note for each in movements],
    )
    if short:
        raise _shortage(short[0])


def _shortage(row: asyncpg.Record) -> ShortOfStock:
    bucket = next(bucket for bucket in Bucket if row[f"{bucket}_after"] < 0)
    return ShortOfStock(
        row["product_id"],
        row["warehouse_id"],
        bucket,
        wanted=-row[bucket],
        had=row[f"{bucket}_after"] - row[bucket],
        sku=row["sku"] or ids.PRODUCT.show(row["product_id"]),
        warehouse=row["warehouse"] or ids.WAREHOUSE.show(row["warehouse_id"]),
    )


async def _check_can_be_there(work: Work, product_id: UUID, warehouse_id: UUID) -> None:
    faults = []
    if product_id not in await catalogue.get_products(work, [product_id]):
        faults.append(FieldError("/product_id", "There is no such product.", "unknown_product"))
    if not await receivable(work, warehouse_id, work.account_id):
        detail = "Must be a warehouse of yours, or one you have a contract for."
        faults.append(FieldError("/warehouse_id", detail, "unknown_warehouse"))
    if faults:
        raise Invalid("This product can't be counted there.", fields=faults)


async def adjust(
    work: Work,
    product_id: UUID,
    warehouse_id: UUID,
    *,
    adjustment_id: UUID,
    reason: str,
    on_hand: int | None = None,
    delta: int = 0,
    expected_on_hand: int | None = None,
) -> AdjustOutcome:
    """Book a count: make on hand `on_hand`, or change it by `delta`. `reason` goes to the ledger as its note.

    A surplus becomes available; a deficit is taken from available. What available can't cover is the
    outcome's `shortfall`: then nothing is changed and no lock is kept, so that the caller can lock orders
    first (everywhere they come before stock), free that many allocated units, and repeat the call.

    Raises Stale when `expected_on_hand` is no longer so, NotEnoughStock when quarantined and damaged units alone
    are more than the new on hand, and Invalid for a kit, a product that is not there or a warehouse where it can't be.
    """
    components = (await catalogue.components_of(work, [product_id])).get(product_id)
    if components:
        fault = no_stock_of_kits("/product_id", "This", ((each.sku, each.units) for each in components))
        raise Invalid(fault.detail, fields=[fault])
    await work.execute_raw("SAVEPOINT adjusting")
    level = (await lock_levels(work, [product_id], [warehouse_id])).get((product_id, warehouse_id))
    if level is None:
        await _check_can_be_there(work, product_id, warehouse_id)
        level = Level()
    wanted = level.on_hand + delta if on_hand is None else on_hand
    recount = stock.recount(level, wanted, expected_on_hand)
    if recount is not None and recount.deallocated:
        await work.execute_raw("ROLLBACK TO SAVEPOINT adjusting")
        return AdjustOutcome(recount.deallocated, 0, level)
    await work.execute_raw("RELEASE SAVEPOINT adjusting")
    if recount is None:
        return AdjustOutcome(0, 0, level)
    change = recount.movement.deltas.available
    movement = Movement(
        product_id=product_id,
        warehouse_id=warehouse_id,
        reason=MovementReason.ADJUSTED,
        document="adjustment",
        document_id=adjustment_id,
        available=change,
        note=reason,
    )
    await move(work, [movement])
    work.publish(
        StockAdjusted(product_id=product_id, warehouse_id=warehouse_id, delta=change, adjustment_id=adjustment_id)
    )
    return AdjustOutcome(0, change, stock.apply(level, Deltas(available=change)))
