"""Orders: each taken once and none forgotten, lines' counters against what happened to their units, status derived."""

from __future__ import annotations

from fulfilhub.orders.commands.counting import STATUS, SUMS

_SENT = """
SELECT x.merchant_id, x.order_id, x.line_id,
       sum(x.quantity - x.short - x.cancelled) FILTER (WHERE f.state NOT IN ('rejected', 'cancelled')) AS allocated,
       sum(x.picked) FILTER (WHERE f.state NOT IN ('rejected', 'cancelled')) AS picked,
       sum(x.quantity - x.short - x.cancelled) FILTER (WHERE f.state = 'shipped') AS shipped
FROM fulfilments AS f JOIN fulfilment_lines AS x ON x.merchant_id = f.merchant_id AND x.fulfilment_id = f.id
GROUP BY 1, 2, 3
"""

CHECKS: dict[str, str] = {
    "no order was taken twice": """
        SELECT format('order %s of store %s: %s times', external_id, store_id, count(*)) FROM orders
        GROUP BY merchant_id, store_id, external_id HAVING count(*) > 1""",
    "each order belongs to a merchant that there is": """
        SELECT format('order %s', o.id) FROM orders AS o
        WHERE NOT EXISTS (SELECT 1 FROM accounts AS a WHERE a.account_id = o.merchant_id AND a.kind = 'merchant')""",
    "each order of the last week was told of, once": """
        SELECT format('order %s: %s events', o.id, count(e.id)) FROM orders AS o
        LEFT JOIN events AS e ON e.account_id = o.merchant_id AND e.subject_id = o.id
             AND e.type IN ('order.received', 'order.review_needed')
        WHERE o.created_at > clock_timestamp() - interval '7 days'
        GROUP BY o.merchant_id, o.id
        -- Of what came unpaid, completed or cancelled there is nothing to tell until it is to be sent.
        HAVING count(e.id) FILTER (WHERE e.occurred_at = o.created_at) > 1
            OR (count(e.id) = 0 AND o.status NOT IN ('awaiting_payment', 'not_required', 'cancelled'))""",
    "no accepted order is forgotten": """
        SELECT format('order %s', o.id) FROM orders AS o
        WHERE o.status = 'received'
          AND NOT EXISTS (SELECT 1 FROM jobs AS j WHERE j.account_id = o.merchant_id
                          AND j.args ->> 'order_id' = o.id::text)""",
    "line counters are in order": """
        SELECT format('order line %s', id) FROM order_lines
        WHERE NOT (ordered >= allocated + cancelled AND allocated >= picked AND picked >= shipped
                   AND shipped >= delivered AND shipped >= return_requested AND return_requested >= returned
                   AND least(ordered, cancelled, delivered, returned) >= 0)""",
    "what lines count as allocated, picked and shipped is what their fulfilments say": f"""
        SELECT format('order line %s: counted %s, in fulfilments %s', l.id, ARRAY[l.allocated, l.picked, l.shipped],
                      ARRAY[coalesce(f.allocated, 0), coalesce(f.picked, 0), coalesce(f.shipped, 0)])
        FROM order_lines AS l LEFT JOIN ({_SENT}) AS f
          ON f.merchant_id = l.merchant_id AND f.order_id = l.order_id AND f.line_id = l.id
        WHERE (l.allocated, l.picked, l.shipped)
              <> (coalesce(f.allocated, 0), coalesce(f.picked, 0), coalesce(f.shipped, 0))""",  # noqa: S608
    "what lines count as shipped is what the parcels hold": """
        SELECT format('order line %s: shipped %s, in parcels %s', l.id, l.shipped, coalesce(p.sent, 0))
        FROM order_lines AS l LEFT JOIN (
            SELECT merchant_id, order_id, line_id, sum(quantity) AS sent FROM parcel_contents GROUP BY 1, 2, 3
        ) AS p ON p.merchant_id = l.merchant_id AND p.order_id = l.order_id AND p.line_id = l.id
        WHERE l.shipped <> coalesce(p.sent, 0)""",
    "what lines count as delivered is what delivered parcels hold": """
        SELECT format('order line %s: delivered %s, in delivered parcels %s', l.id, l.delivered, coalesce(p.units, 0))
        FROM order_lines AS l LEFT JOIN (
            SELECT c.merchant_id, c.order_id, c.line_id, sum(c.quantity) AS units
            FROM parcels AS p JOIN parcel_contents AS c ON c.merchant_id = p.merchant_id AND c.parcel_id = p.id
            WHERE p.state = 'delivered' GROUP BY 1, 2, 3
        ) AS p ON p.merchant_id = l.merchant_id AND p.order_id = l.order_id AND p.line_id = l.id
        WHERE l.delivered <> coalesce(p.units, 0)""",
    "what lines count as asked back and as returned is what their returns say": """
        SELECT format('order line %s: counted %s, in returns %s', l.id, ARRAY[l.return_requested, l.returned],
                      ARRAY[coalesce(r.asked, 0), coalesce(r.back, 0)])
        FROM order_lines AS l LEFT JOIN (
            SELECT x.merchant_id, x.order_line_id, sum(x.received) AS back,
                   sum(CASE WHEN r.ended_at IS NULL THEN x.advised ELSE x.received END) AS asked
            FROM returns AS r JOIN return_lines AS x ON x.merchant_id = r.merchant_id AND x.return_id = r.id
            GROUP BY 1, 2
        ) AS r ON r.merchant_id = l.merchant_id AND r.order_line_id = l.id
        WHERE (l.return_requested, l.returned) <> (coalesce(r.asked, 0), coalesce(r.back, 0))""",
    "what a return's lines count as inspected is what the verdicts say": """
        SELECT format('return line %s: counted %s, verdicts %s', l.id,
                      ARRAY[l.restocked, l.quarantined, l.disposed], v.units)
        FROM return_lines AS l LEFT JOIN (
            SELECT merchant_id, return_id, line_id,
                   ARRAY[coalesce(sum(quantity) FILTER (WHERE disposition = 'restock'), 0),
                         coalesce(sum(quantity) FILTER (WHERE disposition = 'quarantine'), 0),
                         coalesce(sum(quantity) FILTER (WHERE disposition = 'dispose'), 0)]::bigint[] AS units
            FROM return_verdicts GROUP BY 1, 2, 3
        ) AS v ON v.merchant_id = l.merchant_id AND v.return_id = l.return_id AND v.line_id = l.id
        WHERE ARRAY[l.restocked, l.quarantined, l.disposed]::bigint[] <> coalesce(v.units, '{0,0,0}')""",
    "each order's status is what its lines and flags say": f"""
        SELECT format('order %s is %s, and ought to be %s', id, status, derived)
        FROM (SELECT o.id, o.status, {STATUS} AS derived
              FROM orders AS o CROSS JOIN LATERAL (
                  SELECT {SUMS} FROM order_lines AS l
                  WHERE l.merchant_id = o.merchant_id AND l.order_id = o.id AND l.requires_shipping) AS s) AS o
        WHERE status <> derived""",  # noqa: S608 - the same constants as where it is derived
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
}
