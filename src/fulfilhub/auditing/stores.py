"""Stores: nothing is claimed beyond what still waits, and whatever is in hand will go on by itself."""

from __future__ import annotations

CHECKS: dict[str, str] = {
    "no store is called complete beyond an order that waits to be read": """
        SELECT format('store %s: complete to %s, but order %s of %s waits', s.store_id, s.complete_to, r.external_id,
                      r.changed_at)
        FROM store_sweeps AS s JOIN store_reads AS r USING (merchant_id, store_id)
        WHERE (r.changed_at >= s.complete_from OR r.found_by = 'gap') AND r.changed_at < s.complete_to""",
    "no store is called complete beyond where its list was read": """
        SELECT format('store %s: complete to %s, listed to %s', store_id, complete_to, listed_to) FROM store_sweeps
        WHERE complete_to > listed_to OR (complete_to IS NOT NULL AND listed_to IS NULL)""",
    "each connected store will be swept": """
        SELECT format('store %s', t.id) FROM stores AS t LEFT JOIN store_sweeps AS s
             ON s.merchant_id = t.merchant_id AND s.store_id = t.id
        WHERE t.platform <> 'api' AND t.state = 'connected'
          AND (s.next_at IS NULL OR s.next_at > clock_timestamp() + interval '1 day')""",
    "a sweep in hand, and what waits to be read, has its ticket": """
        SELECT format('store %s: run %s', s.store_id, s.run_id) FROM store_sweeps AS s
        WHERE s.run_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM jobs AS j WHERE j.account_id = s.merchant_id AND j.args ->> 'run_id' = s.run_id::text)
        UNION ALL
        SELECT format('store %s: reader %s', s.store_id, s.reader_id) FROM store_sweeps AS s
        WHERE s.next_at IS NOT NULL AND EXISTS (
            SELECT FROM store_reads AS r WHERE r.merchant_id = s.merchant_id AND r.store_id = s.store_id)
          AND NOT EXISTS (
            SELECT FROM jobs AS j WHERE j.account_id = s.merchant_id AND j.args ->> 'reader_id' = s.reader_id::text)""",
    "a backfill under way is being listed or read": """
        SELECT format('backfill %s', b.id) FROM store_backfills AS b
        WHERE b.state IN ('queued', 'running') AND NOT EXISTS (
            SELECT FROM jobs AS j WHERE j.account_id = b.merchant_id AND j.args ->> 'backfill_id' = b.id::text)
          AND NOT EXISTS (SELECT FROM store_reads AS r WHERE r.merchant_id = b.merchant_id AND r.store_id = b.store_id
                          AND r.backfill_id = b.id)""",
    "each order that came late is here": """
        SELECT format('late order %s of store %s', l.external_id, l.store_id) FROM store_late_orders AS l
        WHERE NOT EXISTS (SELECT FROM orders AS o WHERE o.merchant_id = l.merchant_id AND o.id = l.order_id
                          AND o.store_id = l.store_id)""",
    "no order holds more than its shop asks of us": """
        SELECT format('order %s, line %s: %s units, asked of us %s', o.id, l.external_id, l.ordered + l.elsewhere,
                      w.units)
        FROM store_assigned_orders AS a
        JOIN orders AS o ON o.merchant_id = a.merchant_id AND o.id = a.order_id AND o.store_state <> 'cancelled'
        JOIN order_lines AS l ON l.merchant_id = o.merchant_id AND l.order_id = o.id AND l.reduce_to IS NULL
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(CASE WHEN s.state = 'ours' THEN x.total
                                     WHEN s.state IN ('done', 'gone', 'recalled') THEN x.total - x.remaining
                                     WHEN s.state = 'given_up' THEN x.total - x.remaining + x.given_up
                                     ELSE 0 END), 0) AS units
            FROM store_assignments AS s
            JOIN store_assignment_lines AS x ON x.merchant_id = s.merchant_id AND x.assignment_id = s.id
            WHERE s.merchant_id = a.merchant_id AND s.store_id = a.store_id AND s.order_external_id = a.external_id
              AND x.line_external_id = l.external_id) AS w
        WHERE a.run_id IS NULL AND a.code IS NULL
          AND l.ordered + l.elsewhere > greatest(w.units, l.cancelled + l.shipped + l.elsewhere)""",
    "no warehouse is given more of an order than its shop asks of it": """
        SELECT format('order %s, line %s, warehouse %s: %s units, asked %s', g.order_id, g.line_id, g.warehouse_id,
                      g.units, coalesce(w.units, 0))
        FROM (SELECT f.merchant_id, f.order_id, l.line_id, f.warehouse_id,
                     sum(l.quantity - l.short - l.cancelled) AS units
              FROM fulfilments AS f JOIN fulfilment_lines AS l
                   ON l.merchant_id = f.merchant_id AND l.fulfilment_id = f.id
              WHERE f.state = 'queued' GROUP BY 1, 2, 3, 4) AS g
        JOIN store_assigned_orders AS a ON a.merchant_id = g.merchant_id AND a.order_id = g.order_id
        LEFT JOIN routing_wishes AS w ON w.merchant_id = g.merchant_id AND w.order_id = g.order_id
                  AND w.line_id = g.line_id AND w.warehouse_id = g.warehouse_id
        WHERE a.run_id IS NULL AND a.code IS NULL AND g.units > coalesce(w.units, 0)
          AND NOT EXISTS (SELECT FROM work_requests AS r WHERE r.order_id = g.order_id AND r.state = 'requested')
          AND NOT EXISTS (SELECT FROM work_orders AS k WHERE k.merchant_id = g.merchant_id AND k.order_id = g.order_id
                          AND k.lease_id IS NOT NULL)""",
    "an order that is to be read from its shop has its ticket": """
        SELECT format('order %s of store %s: run %s', a.external_id, a.store_id, a.run_id)
        FROM store_assigned_orders AS a
        WHERE a.run_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM jobs AS j WHERE j.account_id = a.merchant_id AND j.args ->> 'run_id' = a.run_id::text)""",
    "each store with a mapping is asked what it wants of us": """
        SELECT format('store %s: asked next at %s, run %s', t.id, p.next_at, p.run_id)
        FROM stores AS t LEFT JOIN store_pulls AS p ON p.merchant_id = t.merchant_id AND p.store_id = t.id
        WHERE t.state = 'connected'
          AND EXISTS (SELECT FROM store_locations AS l WHERE l.merchant_id = t.merchant_id AND l.store_id = t.id
                      AND l.warehouse_id IS NOT NULL)
          AND (p.store_id IS NULL OR (p.run_id IS NOT NULL AND NOT EXISTS (
                  SELECT FROM jobs AS j
                  WHERE j.account_id = p.merchant_id AND j.args ->> 'run_id' = p.run_id::text)))""",
}
