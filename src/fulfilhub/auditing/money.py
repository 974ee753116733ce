"""Money: one charge per fulfilled order, at a price that there is."""

from __future__ import annotations

CHECKS: dict[str, str] = {
    "each shipped order is charged once, or its ticket waits": """
        SELECT format('order %s: %s charges', s.order_id, count(c.id))
        FROM (SELECT DISTINCT merchant_id, order_id FROM shipments) AS s
        LEFT JOIN charges AS c ON c.merchant_id = s.merchant_id AND c.kind = 'order_fulfilled'
              AND c.cause = s.order_id
        WHERE NOT EXISTS (SELECT 1 FROM jobs AS j WHERE j.account_id = s.merchant_id AND j.kind = 'billing.charge_order'
                          AND j.args ->> 'order_id' = s.order_id::text)
        GROUP BY s.merchant_id, s.order_id HAVING count(c.id) <> 1""",
    "no order is charged twice": """
        SELECT format('order %s: %s charges', cause, count(*)) FROM charges
        WHERE kind = 'order_fulfilled' GROUP BY merchant_id, cause HAVING count(*) > 1""",
    "no order is charged that was not shipped": """
        SELECT format('charge %s', c.id) FROM charges AS c
        WHERE c.kind = 'order_fulfilled' AND NOT EXISTS (
            SELECT 1 FROM shipments AS s WHERE s.merchant_id = c.merchant_id AND s.order_id = c.cause
            AND s.id = c.document)""",
    "each charge is what its price says, and nothing in test mode": """
        SELECT format('charge %s: %s, and ought to be %s', c.id, c.amount_minor,
                      CASE a.mode WHEN 'test' THEN 0 ELSE c.quantity * p.amount_minor END)
        FROM charges AS c LEFT JOIN accounts AS a ON a.account_id = c.merchant_id
        LEFT JOIN prices AS p ON c.price_version = format('%s/%s/%s', p.code, p.currency, p.version)
        WHERE c.kind = 'order_fulfilled'
          AND c.amount_minor IS DISTINCT FROM CASE a.mode WHEN 'test' THEN 0 ELSE c.quantity * p.amount_minor END""",
}
