"""The audit: recomputes ledgers, counters, leases, charges and tickets from first principles and names each break.

It reads with the worker's login and changes nothing; it may run beside live work, since each check is one statement
and so sees one moment.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import text

from fulfilhub.platform.database import engine
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works

EXAMPLES = 20


class Check(Struct, frozen=True):
    """One invariant and where it does not hold (at most 20 places)."""

    name: str
    breaks: list[str]


class Report(Struct, frozen=True):
    """All checks, and how many breaks were found."""

    checks: list[Check]
    breaks: int


# Each query returns one text per break.
CHECKS: dict[str, str] = {
    "the ledger's sum equals each stock level, bucket by bucket": """
        SELECT format('product %s at warehouse %s: level %s, ledger %s', l.product_id, l.warehouse_id,
                      ARRAY[l.available, l.allocated, l.quarantined, l.damaged, l.incoming], m.sums)
        FROM stock_levels AS l LEFT JOIN (
            SELECT merchant_id, product_id, warehouse_id,
                   ARRAY[sum(available), sum(allocated), sum(quarantined), sum(damaged), sum(incoming)]::bigint[]
                   AS sums
            FROM stock_movements GROUP BY 1, 2, 3) AS m USING (merchant_id, product_id, warehouse_id)
        WHERE ARRAY[l.available, l.allocated, l.quarantined, l.damaged, l.incoming]::bigint[]
              IS DISTINCT FROM coalesce(m.sums, ARRAY[0, 0, 0, 0, 0]::bigint[])""",
    "no stock bucket is below zero": """
        SELECT format('product %s at warehouse %s', product_id, warehouse_id) FROM stock_levels
        WHERE least(available, allocated, quarantined, damaged, incoming) < 0""",
    "allocated stock is what open fulfilments still hold": """
        SELECT format('product %s at warehouse %s: allocated %s, held %s', product_id, warehouse_id,
                      coalesce(l.allocated, 0), coalesce(h.held, 0))
        FROM stock_levels AS l FULL JOIN (
            SELECT f.merchant_id, coalesce(c.product_id, x.product_id) AS product_id, f.warehouse_id,
                   sum((x.quantity - x.short) * coalesce(c.units, 1)) AS held
            FROM fulfilments AS f JOIN fulfilment_lines AS x ON x.merchant_id = f.merchant_id AND x.fulfilment_id = f.id
            LEFT JOIN fulfilment_components AS c ON c.merchant_id = x.merchant_id
                  AND c.fulfilment_id = x.fulfilment_id AND c.line_id = x.line_id
            WHERE f.state NOT IN ('shipped', 'rejected', 'cancelled') GROUP BY 1, 2, 3
        ) AS h USING (merchant_id, product_id, warehouse_id)
        WHERE coalesce(l.allocated, 0) <> coalesce(h.held, 0)""",
    "kits have components, and only kits": """
        SELECT format('product %s', p.id) FROM products AS p
        WHERE (p.kind = 'kit') <> EXISTS (SELECT 1 FROM product_components AS c
                                          WHERE c.merchant_id = p.merchant_id AND c.kit_id = p.id)""",
    "work orders name the components that their fulfilments hold": """
        SELECT format('work order %s, line %s', w.id, l.value ->> 'line_id')
        FROM work_orders AS w, jsonb_array_elements(w.document -> 'lines') AS l LEFT JOIN LATERAL (
            SELECT jsonb_object_agg(c.value ->> 'product_id', c.value -> 'units') AS parts
            FROM jsonb_array_elements(l.value -> 'components') AS c) AS told ON true
        LEFT JOIN LATERAL (
            SELECT jsonb_object_agg(c.product_id::text, c.units) AS parts FROM fulfilment_components AS c
            WHERE c.merchant_id = w.merchant_id AND c.fulfilment_id = w.id
              AND c.line_id = (l.value ->> 'line_id')::uuid) AS held ON true
        WHERE told.parts IS DISTINCT FROM held.parts""",
    "what left the stock is what the parcels hold": """
        SELECT format('fulfilment %s, product %s: %s left, %s in parcels', fulfilment_id, product_id,
                      coalesce(m.gone, 0), coalesce(k.sent, 0))
        FROM (SELECT merchant_id, document_id AS fulfilment_id, product_id, -sum(allocated) AS gone
              FROM stock_movements WHERE reason = 'shipped' GROUP BY 1, 2, 3) AS m
        FULL JOIN (
            SELECT s.merchant_id, s.fulfilment_id, coalesce(c.product_id, x.product_id) AS product_id,
                   sum(x.quantity * coalesce(c.units, 1)) AS sent
            FROM shipments AS s JOIN parcels AS p ON p.merchant_id = s.merchant_id AND p.shipment_id = s.id
            JOIN parcel_contents AS x ON x.merchant_id = p.merchant_id AND x.parcel_id = p.id
            LEFT JOIN fulfilment_components AS c ON c.merchant_id = s.merchant_id
                  AND c.fulfilment_id = s.fulfilment_id AND c.line_id = x.line_id
            GROUP BY 1, 2, 3
        ) AS k USING (merchant_id, fulfilment_id, product_id)
        WHERE coalesce(m.gone, 0) <> coalesce(k.sent, 0)""",
    "what lines count as shipped is what the parcels hold": """
        SELECT format('order line %s: shipped %s, in parcels %s', l.id, l.shipped, coalesce(p.sent, 0))
        FROM order_lines AS l LEFT JOIN (
            SELECT merchant_id, order_id, line_id, sum(quantity) AS sent FROM parcel_contents GROUP BY 1, 2, 3
        ) AS p ON p.merchant_id = l.merchant_id AND p.order_id = l.order_id AND p.line_id = l.id
        WHERE l.shipped <> coalesce(p.sent, 0)""",
    "line counters are in order": """
        SELECT format('order line %s', id) FROM order_lines
        WHERE NOT (ordered >= allocated + cancelled AND allocated >= picked AND picked >= shipped
                   AND shipped >= delivered AND shipped >= return_requested AND return_requested >= returned)""",
    "what lines count as returned is what inspections found": """
        SELECT format('order line %s: returned %s, received back %s', l.id, l.returned, coalesce(r.back, 0))
        FROM order_lines AS l LEFT JOIN (
            SELECT merchant_id, order_line_id, sum(restocked + quarantined + disposed) AS back
            FROM return_lines GROUP BY 1, 2
        ) AS r ON r.merchant_id = l.merchant_id AND r.order_line_id = l.id
        WHERE l.returned <> coalesce(r.back, 0)""",
    "each fulfilment and its work order are in the same state": """
        SELECT format('fulfilment %s is %s, its work is %s', f.id, f.state, w.state)
        FROM fulfilments AS f LEFT JOIN work_orders AS w
          ON w.account_id = f.operator_id AND w.id = f.id AND w.merchant_id = f.merchant_id
        WHERE f.state IS DISTINCT FROM w.state""",
    "ended work has no lease": """
        SELECT format('work order %s', id) FROM work_orders
        WHERE state IN ('shipped', 'rejected', 'cancelled') AND lease_id IS NOT NULL""",
    "each shipped order is charged once, or its ticket waits": """
        SELECT format('order %s: %s charges', s.order_id, count(c.id))
        FROM (SELECT DISTINCT merchant_id, order_id FROM shipments) AS s
        LEFT JOIN charges AS c ON c.merchant_id = s.merchant_id AND c.kind = 'order_fulfilled'
              AND c.cause = s.order_id
        WHERE NOT EXISTS (SELECT 1 FROM jobs AS j WHERE j.account_id = s.merchant_id AND j.kind = 'billing.charge_order'
                          AND j.args ->> 'order_id' = s.order_id::text)
        GROUP BY s.merchant_id, s.order_id HAVING count(c.id) <> 1""",
    "no order is charged that was not shipped": """
        SELECT format('charge %s', c.id) FROM charges AS c
        WHERE c.kind = 'order_fulfilled' AND NOT EXISTS (
            SELECT 1 FROM shipments AS s WHERE s.merchant_id = c.merchant_id AND s.order_id = c.cause)""",
    "each ended order's promise is decided once a stage, or waited for": """
        SELECT format('order %s: %s verdicts', o.id, count(v.stage))
        FROM orders AS o LEFT JOIN promise_verdicts AS v ON v.merchant_id = o.merchant_id AND v.order_id = o.id
        WHERE o.promised_at IS NOT NULL AND o.status IN ('delivered', 'cancelled')
          AND NOT EXISTS (SELECT 1 FROM jobs AS j WHERE j.account_id = o.merchant_id
                          AND j.kind = 'shipping.judge_promises'
                          AND (j.args ->> 'order_id' = o.id::text OR j.args -> 'order_ids' ? o.id::text))
          AND NOT EXISTS (SELECT 1 FROM order_promises AS p WHERE p.merchant_id = o.merchant_id AND p.order_id = o.id
                          AND p.look_at > clock_timestamp() - interval '10 minutes')
        GROUP BY o.merchant_id, o.id HAVING count(v.stage) <> 2""",
    "each promise is decided whole, or looked at again": """
        SELECT format('order %s: %s, %s verdicts', p.order_id, p.state, count(v.stage))
        FROM order_promises AS p LEFT JOIN promise_verdicts AS v
          ON v.merchant_id = p.merchant_id AND v.order_id = p.order_id
        GROUP BY p.merchant_id, p.order_id
        HAVING (p.look_at IS NULL) <> (count(v.stage) = 2)
            OR (p.state IN ('kept', 'excused', 'broken')) <> (count(v.stage) FILTER (WHERE v.stage = 'deliver') = 1)""",
    "no accepted order is forgotten": """
        SELECT format('order %s', o.id) FROM orders AS o
        WHERE o.status = 'received'
          AND NOT EXISTS (SELECT 1 FROM jobs AS j WHERE j.account_id = o.merchant_id
                          AND j.args ->> 'order_id' = o.id::text)""",
    "no ticket is overdue by ten minutes": """
        SELECT format('job %s %s', kind, id) FROM jobs
        WHERE state = 'ready' AND due_at < clock_timestamp() - interval '10 minutes'
          AND (lease_until IS NULL OR lease_until < clock_timestamp() - interval '10 minutes')""",
    "events are numbered without gaps": """
        SELECT format('account %s: last number %s, %s events', s.account_id, s.last, count(e.id))
        FROM event_sequences AS s LEFT JOIN events AS e ON e.account_id = s.account_id AND e.seq IS NOT NULL
        GROUP BY s.account_id, s.last HAVING count(e.id) <> s.last OR coalesce(max(e.seq), 0) <> s.last""",
}


async def audit(settings: Settings) -> Report:
    """Run every check on the database of these settings."""
    pool = engine(settings.database_url("worker"), settings.database, "audit")
    checks = []
    try:
        async with Works(pool, {}).begin(Platform("audit")) as work:
            for name, query in CHECKS.items():
                rows = await work.db.execute(text(f"{query} LIMIT {EXAMPLES}"))
                checks.append(Check(name, [str(row[0]) for row in rows]))
    finally:
        await pool.dispose()
    return Report(checks, sum(len(check.breaks) for check in checks))
