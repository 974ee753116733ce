"""Counts what happens to lines, and keeps on the order what routing and shipping find out about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from fulfilhub.orders.queries import normal_tracking
from fulfilhub.orders.rules import PromiseCause, PromiseStage, PromiseState, first_look
from fulfilhub.platform.work import Work

COUNTERS = ("allocated", "picked", "shipped", "delivered", "cancelled", "return_requested", "returned")


@dataclass(frozen=True, slots=True)
class LineChange:
    """What to add to the counters of one line (negative: take away)."""

    order_id: UUID
    line_id: UUID
    allocated: int = 0
    picked: int = 0
    shipped: int = 0
    delivered: int = 0
    cancelled: int = 0
    return_requested: int = 0
    returned: int = 0


@dataclass(frozen=True, slots=True)
class PromiseStand:
    """How one order's promise stands. `at_risk` are the stages that became so now; `look_at` None ends the watch."""

    order_id: UUID
    state: PromiseState
    cause: PromiseCause | None
    look_at: datetime | None
    at_risk: Collection[PromiseStage] = ()


_NAMES = tuple(spec.name for spec in fields(LineChange))
_SETS = ", ".join(f"{name} = l.{name} + c.{name}" for name in COUNTERS)
_FREED = "greatest(l.reduce_to, l.allocated + c.allocated + l.cancelled + c.cancelled)"

# A line that shall shrink does so as far as its units have lost their warehouse.
COUNT = f"""
UPDATE order_lines AS l
SET {_SETS},
    ordered = CASE WHEN l.reduce_to IS NULL THEN l.ordered ELSE {_FREED} END,
    reduce_to = CASE WHEN {_FREED} > l.reduce_to THEN l.reduce_to END
FROM unnest($2::uuid[], $3::uuid[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[], $10::int[])
     AS c ({", ".join(_NAMES)})
WHERE l.merchant_id = $1 AND l.order_id = c.order_id AND l.id = c.line_id
"""  # noqa: S608 - names of columns only

STATUS = """
CASE WHEN s.ordered = s.cancelled AND (s.ordered > 0 OR o.cancelled_by IS NOT NULL) THEN 'cancelled'
     WHEN o.review_reasons <> '[]'::jsonb THEN 'needs_review'
     WHEN s.ordered = 0 THEN 'not_required'
     WHEN s.returned >= s.ordered - s.cancelled THEN 'returned'
     WHEN s.shipped >= s.ordered - s.cancelled AND s.returned > 0 THEN 'partially_returned'
     WHEN s.delivered >= s.ordered - s.cancelled THEN 'delivered'
     WHEN s.shipped >= s.ordered - s.cancelled AND s.delivered > 0 THEN 'partially_delivered'
     WHEN s.shipped >= s.ordered - s.cancelled THEN 'shipped'
     WHEN o.store_state = 'unpaid' THEN 'awaiting_payment'
     WHEN EXISTS (SELECT 1 FROM holds AS h
                  WHERE h.merchant_id = o.merchant_id AND h.order_id = o.id AND h.released_at IS NULL) THEN 'on_hold'
     WHEN s.shipped > 0 THEN 'partially_shipped'
     WHEN s.picked > 0 THEN 'in_progress'
     WHEN o.backordered AND s.allocated < s.ordered - s.cancelled THEN 'backordered'
     WHEN s.allocated > 0 THEN 'routed'
     ELSE 'received'
END
"""
"""`rules.order_status`, said in SQL over the same sums in the same order."""

SUMS = ", ".join(
    f"coalesce(sum(l.{name}), 0) AS {name}"
    for name in ("ordered", "cancelled", "allocated", "picked", "shipped", "delivered", "returned")
)
REFRESH = f"""
WITH fresh AS (
    SELECT o.id, {STATUS} AS status
    FROM orders AS o CROSS JOIN LATERAL (
        SELECT {SUMS} FROM order_lines AS l
        WHERE l.merchant_id = o.merchant_id AND l.order_id = o.id AND l.requires_shipping
    ) AS s
    WHERE o.merchant_id = $1 AND o.id = ANY ($2)
)
UPDATE orders AS o
SET status = fresh.status, version = o.version + 1, updated_at = $3,
    cancelled_by = CASE WHEN fresh.status <> 'cancelled' THEN NULL
                        WHEN o.cancelled_by IS NOT NULL THEN o.cancelled_by
                        WHEN o.store_state = 'cancelled' THEN 'store'
                        ELSE 'merchant'
                   END
FROM fresh WHERE o.merchant_id = $1 AND o.id = fresh.id
"""  # noqa: S608

PROMISE = """
WITH frozen AS (
    UPDATE orders AS o SET ship_by = p.ship_by, deliver_by = p.deliver_by, promised_at = $2
    FROM unnest($3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[])
         AS p (id, ship_by, deliver_by, look_at)
    WHERE o.merchant_id = $1 AND o.id = p.id AND o.promised_at IS NULL
    RETURNING o.id, p.look_at
)
INSERT INTO order_promises (merchant_id, order_id, state, look_at, updated_at)
SELECT $1, id, 'on_track', look_at, $2 FROM frozen
"""
STAND = """
WITH s AS (
    SELECT * FROM unnest($3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::boolean[], $8::boolean[])
                  AS s (order_id, state, cause, look_at, ship_risk, deliver_risk)
), turned AS (
    UPDATE orders AS o SET version = o.version + 1, updated_at = $2
    FROM s JOIN order_promises AS p ON p.merchant_id = $1 AND p.order_id = s.order_id
    WHERE o.merchant_id = $1 AND o.id = s.order_id AND (p.state, p.cause) IS DISTINCT FROM (s.state, s.cause)
)
UPDATE order_promises AS p
SET state = s.state, cause = s.cause, look_at = s.look_at, updated_at = $2,
    ship_risk_at = coalesce(p.ship_risk_at, CASE WHEN s.ship_risk THEN $2::timestamptz END),
    deliver_risk_at = coalesce(p.deliver_risk_at, CASE WHEN s.deliver_risk THEN $2::timestamptz END)
FROM s WHERE p.merchant_id = $1 AND p.order_id = s.order_id
"""
"""A promise that stands otherwise is another thing to read, so its order gets a new version."""
BACKORDER = """
UPDATE orders AS o SET backordered = b.waits
FROM unnest($2::uuid[], $3::boolean[]) AS b (id, waits)
WHERE o.merchant_id = $1 AND o.id = b.id AND o.backordered <> b.waits
RETURNING o.id
"""
LATE = """
UPDATE orders AS o SET pending_parts = p.parts::jsonb, version = o.version + 1, updated_at = $2
FROM unnest($3::uuid[], $4::text[]) AS p (id, parts)
WHERE o.merchant_id = $1 AND o.id = p.id AND o.pending_parts <> p.parts::jsonb
"""
FORGET = """
UPDATE orders AS o SET wanted = o.wanted - $3::text[], pending_parts = o.pending_parts - $3::text[]
WHERE o.merchant_id = $1 AND o.id = $2
"""
REGROW = """
UPDATE order_lines AS l SET reduce_to = nullif(least(l.reduce_to + g.units, l.ordered), l.ordered)
FROM unnest($3::uuid[], $4::int[]) AS g (line_id, units)
WHERE l.merchant_id = $1 AND l.order_id = $2 AND l.id = g.line_id AND l.reduce_to IS NOT NULL
"""
TRACK = """
INSERT INTO order_tracking (merchant_id, tracking_normal, order_id)
SELECT $1, t.number, $2 FROM unnest($3::text[]) AS t (number) ON CONFLICT DO NOTHING
"""


async def count(work: Work, changes: Sequence[LineChange]) -> None:
    """Add to lines' counters and derive their orders' status anew, in two statements. The orders are locked already.

    Where counters would contradict each other the database refuses, which is a fault of the caller.
    """
    sums: dict[tuple[UUID, UUID], list[int]] = {}
    for change in changes:
        kept = sums.setdefault((change.order_id, change.line_id), [0] * len(COUNTERS))
        for place, name in enumerate(COUNTERS):
            kept[place] += getattr(change, name)
    if not sums:
        return
    columns = [list(column) for column in zip(*sums.values(), strict=True)]
    tag = await work.execute_raw(
        COUNT, work.account_id, [order for order, _ in sums], [line for _, line in sums], *columns
    )
    if tag != f"UPDATE {len(sums)}":
        raise LookupError("A line that was counted on is not there.")
    await refresh(work, {order for order, _ in sums})


async def refresh(work: Work, order_ids: Collection[UUID]) -> None:
    """Derive the status of these orders from their lines and flags; each gets a new version."""
    if order_ids:
        await work.execute_raw(REFRESH, work.account_id, sorted(order_ids), work.now)


async def freeze_promises(work: Work, promises: Sequence[tuple[UUID, datetime, datetime]]) -> None:
    """Keep (order, ship by, deliver by), once: an order that has its promise keeps it."""
    if promises:
        orders, ship, deliver = (list(column) for column in zip(*promises, strict=True))
        looks = [first_look(ship_by) for ship_by in ship]
        await work.execute_raw(PROMISE, work.account_id, work.now, orders, ship, deliver, looks)


async def note_promises(work: Work, stands: Sequence[PromiseStand]) -> None:
    """Say how these orders' promises stand now. The orders are locked already."""
    if stands:
        await work.execute_raw(
            STAND,
            work.account_id,
            work.now,
            [each.order_id for each in stands],
            [str(each.state) for each in stands],
            [each.cause and str(each.cause) for each in stands],
            [each.look_at for each in stands],
            [PromiseStage.SHIP in each.at_risk for each in stands],
            [PromiseStage.DELIVER in each.at_risk for each in stands],
        )


async def set_backordered(work: Work, waits: Mapping[UUID, bool]) -> None:
    """Say of orders whether units of them wait for stock."""
    if waits:
        rows = await work.fetch_raw(BACKORDER, work.account_id, list(waits), list(waits.values()))
        await refresh(work, [row["id"] for row in rows])


async def note_late_parts(work: Work, late: Mapping[UUID, Collection[str]]) -> None:
    """Say of orders which changed parts (`ship_to`, `service`, `lines`) their warehouse no longer follows; none clears
    it."""
    if late:
        texts = ["[" + ", ".join(f'"{part}"' for part in sorted(parts)) + "]" for parts in late.values()]
        await work.execute_raw(LATE, work.account_id, work.now, list(late), texts)


async def forget_wanted(work: Work, order_id: UUID) -> None:
    """Another address or service is no longer wanted of an order: its present ones stay."""
    await work.execute_raw(FORGET, work.account_id, order_id, ["ship_to", "service", "shipping_method"])


async def regrow(work: Work, order_id: UUID, units: Mapping[UUID, int]) -> None:
    """So many units by line, which were to go when they lose their warehouse, are wanted after all."""
    await work.execute_raw(REGROW, work.account_id, order_id, list(units), list(units.values()))


async def note_tracking(work: Work, order_id: UUID, numbers: Collection[str]) -> None:
    """Let the order be found by these tracking numbers; repeating is harmless."""
    normal = sorted({found for number in numbers if (found := normal_tracking(number))})
    if normal:
        await work.execute_raw(TRACK, work.account_id, order_id, normal)
