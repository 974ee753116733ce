"""Work in warehouses: fulfilments and returns in step with the documents partners work on, leases, holds, requests,
parcels."""

from __future__ import annotations

CHECKS: dict[str, str] = {
    "each fulfilment and its work order are in the same state": """
        SELECT format('fulfilment %s is %s, its work is %s', id, f.state, w.state)
        FROM fulfilments AS f FULL JOIN work_orders AS w USING (merchant_id, id)
        WHERE f.state IS DISTINCT FROM w.state OR f.operator_id <> w.account_id OR f.order_id <> w.order_id
           OR f.warehouse_id <> w.warehouse_id""",
    "each fulfilment's lines and its work order's are the same": """
        SELECT format('fulfilment %s, line %s: %s, its work says %s', fulfilment_id, line_id,
                      ARRAY[f.quantity, f.picked, f.short, f.cancelled],
                      ARRAY[w.quantity, w.picked, w.short, w.cancelled])
        FROM fulfilment_lines AS f FULL JOIN (
            SELECT merchant_id, work_order_id AS fulfilment_id, line_id, product_id, quantity, picked, short,
                   cancelled
            FROM work_order_lines
        ) AS w USING (merchant_id, fulfilment_id, line_id)
        WHERE (f.product_id, f.quantity, f.picked, f.short, f.cancelled)
              IS DISTINCT FROM (w.product_id, w.quantity, w.picked, w.short, w.cancelled)""",
    "no fulfilment has two live leases": """
        SELECT format('fulfilment %s: %s work orders, %s of them leased', id, count(*),
                      count(*) FILTER (WHERE lease_until > clock_timestamp()))
        FROM work_orders GROUP BY id HAVING count(*) > 1""",
    "a lease has an owner and an end": """
        SELECT format('work order %s', id) FROM work_orders
        WHERE (lease_id IS NULL) <> (lease_until IS NULL) OR (lease_id IS NOT NULL AND lease_actor IS NULL)""",
    "one lease is one claim's": """
        SELECT format('lease %s: %s owners', lease_id, count(DISTINCT (account_id, lease_actor))) FROM work_orders
        WHERE lease_id IS NOT NULL GROUP BY lease_id HAVING count(DISTINCT (account_id, lease_actor)) > 1""",
    "ended work has no lease": """
        SELECT format('work order %s', id) FROM work_orders
        WHERE state IN ('shipped', 'rejected', 'cancelled') AND lease_id IS NOT NULL""",
    "no work order tells more of the customer than its contract allows": """
        SELECT format('work order %s: %s', w.id, named.name)
        FROM work_orders AS w CROSS JOIN (VALUES ('phone'), ('email')) AS named (name)
        WHERE (w.document -> 'ship_to') ? named.name AND jsonb_typeof(w.document -> 'contact') = 'array'
          AND NOT (w.document -> 'contact') ? named.name""",
    "ended work has no open request": """
        SELECT format('request %s about work order %s', r.id, w.id)
        FROM work_requests AS r JOIN work_orders AS w ON w.account_id = r.account_id AND w.id = r.work_order_id
        WHERE r.state = 'requested' AND w.ended_at IS NOT NULL""",
    "each request is the same for who asks and who is asked": """
        SELECT format('request %s is %s for the merchant, %s for the warehouse', coalesce(o.id, w.id), o.state, w.state)
        FROM order_requests AS o FULL JOIN work_requests AS w
          ON w.id = o.id AND w.merchant_id = o.merchant_id AND w.order_id = o.order_id
             AND w.work_order_id = o.fulfilment_id
        WHERE (o.state, o.kind, o.asked, o.carried_out, o.answered_at)
              IS DISTINCT FROM (w.state, w.kind, w.asked, w.carried_out, w.answered_at)""",
    "each open request and each dated hold will end by itself": """
        SELECT format('request %s', r.id) FROM order_requests AS r
        WHERE r.state = 'requested' AND NOT EXISTS (
            SELECT 1 FROM jobs AS j WHERE j.account_id = r.merchant_id AND j.kind = 'fulfilment.time_out_request'
              AND j.args ->> 'request_id' = r.id::text)
        UNION ALL
        SELECT format('hold %s', h.id) FROM holds AS h
        WHERE h.released_at IS NULL AND h.until IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM jobs AS j WHERE j.account_id = h.merchant_id AND j.kind = 'fulfilment.release_hold'
              AND j.args ->> 'hold_id' = h.id::text)""",
    "held orders' work is held, and no other": """
        SELECT format('work order %s: held %s', w.id, w.held) FROM work_orders AS w
        WHERE w.ended_at IS NULL
          AND w.held <> EXISTS (SELECT 1 FROM holds AS h WHERE h.merchant_id = w.merchant_id
                                AND h.order_id = w.order_id AND h.released_at IS NULL
                                AND NOT (h.reason = 'cannot_be_routed' AND h.source = 'platform'))
          AND NOT EXISTS (SELECT 1 FROM jobs AS j WHERE j.account_id = w.merchant_id
                          AND j.kind = 'fulfilment.follow_orders' AND j.args ->> 'order_id' = w.order_id::text)""",
    "each shipped fulfilment has its shipment, and no other has one": """
        SELECT format('fulfilment %s is %s, with %s shipments', f.id, f.state, count(s.id))
        FROM fulfilments AS f LEFT JOIN shipments AS s ON s.merchant_id = f.merchant_id AND s.fulfilment_id = f.id
        GROUP BY f.merchant_id, f.id HAVING count(s.id) <> (f.state = 'shipped')::int""",
    "each parcel is found by its number": """
        SELECT format('parcel %s', p.id)
        FROM parcels AS p JOIN shipments AS s ON s.merchant_id = p.merchant_id AND s.id = p.shipment_id
        JOIN fulfilments AS f ON f.merchant_id = s.merchant_id AND f.id = s.fulfilment_id
        WHERE NOT EXISTS (SELECT 1 FROM work_parcels AS w WHERE w.account_id = f.operator_id
                          AND w.tracking_normal = p.tracking_normal AND w.parcel_id = p.id)
           OR NOT EXISTS (SELECT 1 FROM order_tracking AS t WHERE t.merchant_id = p.merchant_id
                          AND t.order_id = p.order_id)""",
    "each return and its warehouse's document are in the same state": """
        SELECT format('return %s is %s, its document %s', id, r.state, w.state)
        FROM return_work AS w LEFT JOIN returns AS r USING (merchant_id, id)
        WHERE r.state IS DISTINCT FROM w.state""",
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
}
