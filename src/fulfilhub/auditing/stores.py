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
    "a shop that our app is in is one store's": """
        SELECT format('shop %s of %s stores', shop, count(*)) FROM shopify_installs
        WHERE state IN ('installed', 'lapsed') GROUP BY shop HAVING count(*) > 1""",
    "each order that came late is here": """
        SELECT format('late order %s of store %s', l.external_id, l.store_id) FROM store_late_orders AS l
        WHERE NOT EXISTS (SELECT FROM orders AS o WHERE o.merchant_id = l.merchant_id AND o.id = l.order_id
                          AND o.store_id = l.store_id)""",
}
