"""Stock: levels against the ledger, and the ledger against what was held, sent and taken back."""

from __future__ import annotations

CHECKS: dict[str, str] = {
    "the ledger's sum equals each stock level, bucket by bucket": """
        SELECT format('product %s at warehouse %s: level %s, ledger %s', product_id, warehouse_id, l.buckets, m.sums)
        FROM (SELECT merchant_id, product_id, warehouse_id,
                     ARRAY[available, allocated, quarantined, damaged, incoming]::bigint[] AS buckets
              FROM stock_levels) AS l
        FULL JOIN (SELECT merchant_id, product_id, warehouse_id,
                          ARRAY[sum(available), sum(allocated), sum(quarantined), sum(damaged), sum(incoming)]::bigint[]
                          AS sums
                   FROM stock_movements GROUP BY 1, 2, 3) AS m USING (merchant_id, product_id, warehouse_id)
        WHERE coalesce(l.buckets, '{0,0,0,0,0}') <> coalesce(m.sums, '{0,0,0,0,0}')""",
    "no stock bucket is below zero": """
        SELECT format('product %s at warehouse %s', product_id, warehouse_id) FROM stock_levels
        WHERE least(available, allocated, quarantined, damaged, incoming) < 0""",
    "no movement left a bucket below zero": """
        SELECT format('movement %s of product %s at warehouse %s', id, product_id, warehouse_id) FROM stock_movements
        WHERE least(available_after, allocated_after, quarantined_after, damaged_after, incoming_after) < 0""",
    "allocated stock is what open fulfilments still hold": """
        SELECT format('product %s at warehouse %s: allocated %s, held %s', product_id, warehouse_id,
                      coalesce(l.allocated, 0), coalesce(h.held, 0))
        FROM stock_levels AS l FULL JOIN (
            SELECT f.merchant_id, coalesce(c.product_id, x.product_id) AS product_id, f.warehouse_id,
                   sum((x.quantity - x.short - x.cancelled) * coalesce(c.units, 1)) AS held
            FROM fulfilments AS f JOIN fulfilment_lines AS x ON x.merchant_id = f.merchant_id AND x.fulfilment_id = f.id
            LEFT JOIN fulfilment_components AS c ON c.merchant_id = x.merchant_id
                  AND c.fulfilment_id = x.fulfilment_id AND c.line_id = x.line_id
            WHERE f.state NOT IN ('shipped', 'rejected', 'cancelled') GROUP BY 1, 2, 3
        ) AS h USING (merchant_id, product_id, warehouse_id)
        WHERE coalesce(l.allocated, 0) <> coalesce(h.held, 0)""",
    "each fulfilment took from stock what it holds or sent, and no more": """
        SELECT format('fulfilment %s, product %s: its movements leave %s allocated, %s sent; its lines say %s, %s',
                      fulfilment_id, product_id, coalesce(m.allocated, 0), coalesce(m.sent, 0),
                      coalesce(x.allocated, 0), coalesce(x.sent, 0))
        FROM (SELECT merchant_id, document_id AS fulfilment_id, product_id, sum(allocated) AS allocated,
                     -coalesce(sum(allocated) FILTER (WHERE reason = 'shipped'), 0) AS sent
              FROM stock_movements WHERE document = 'fulfilment' GROUP BY 1, 2, 3) AS m
        FULL JOIN (
            SELECT f.merchant_id, f.id AS fulfilment_id, coalesce(c.product_id, x.product_id) AS product_id,
                   coalesce(sum((x.quantity - x.short - x.cancelled) * coalesce(c.units, 1))
                            FILTER (WHERE f.state NOT IN ('shipped', 'rejected', 'cancelled')), 0) AS allocated,
                   coalesce(sum((x.quantity - x.short - x.cancelled) * coalesce(c.units, 1))
                            FILTER (WHERE f.state = 'shipped'), 0) AS sent
            FROM fulfilments AS f JOIN fulfilment_lines AS x ON x.merchant_id = f.merchant_id AND x.fulfilment_id = f.id
            LEFT JOIN fulfilment_components AS c ON c.merchant_id = x.merchant_id
                  AND c.fulfilment_id = x.fulfilment_id AND c.line_id = x.line_id
            GROUP BY 1, 2, 3
        ) AS x USING (merchant_id, fulfilment_id, product_id)
        WHERE (coalesce(m.allocated, 0), coalesce(m.sent, 0)) <> (coalesce(x.allocated, 0), coalesce(x.sent, 0))""",
    "what left the building was taken from its warehouse's stock": """
        SELECT format('fulfilment %s, product %s: in parcels %s, taken from stock %s', fulfilment_id, product_id,
                      coalesce(p.units, 0), coalesce(m.units, 0))
        FROM (SELECT s.merchant_id, s.fulfilment_id, s.warehouse_id,
                     coalesce(c.product_id, x.product_id) AS product_id,
                     sum(x.quantity * coalesce(c.units, 1)) AS units
              FROM shipments AS s JOIN parcels AS p ON p.merchant_id = s.merchant_id AND p.shipment_id = s.id
              JOIN parcel_contents AS x ON x.merchant_id = p.merchant_id AND x.parcel_id = p.id
              LEFT JOIN fulfilment_components AS c ON c.merchant_id = s.merchant_id
                    AND c.fulfilment_id = s.fulfilment_id AND c.line_id = x.line_id
              GROUP BY 1, 2, 3, 4) AS p
        FULL JOIN (
            SELECT merchant_id, document_id AS fulfilment_id, warehouse_id, product_id, -sum(allocated) AS units
            FROM stock_movements WHERE reason = 'shipped' GROUP BY 1, 2, 3, 4
        ) AS m USING (merchant_id, fulfilment_id, warehouse_id, product_id)
        WHERE coalesce(p.units, 0) <> coalesce(m.units, 0)""",
    "what inspections put back is in the ledger": """
        SELECT format('return %s, product %s: inspected %s, in the ledger %s', return_id, product_id, r.units, m.units)
        FROM (SELECT merchant_id, return_id, product_id,
                     ARRAY[sum(restocked), sum(quarantined)]::bigint[] AS units
              FROM return_lines WHERE product_id IS NOT NULL GROUP BY 1, 2, 3) AS r
        FULL JOIN (
            SELECT merchant_id, document_id AS return_id, product_id,
                   ARRAY[sum(available), sum(quarantined)]::bigint[] AS units
            FROM stock_movements WHERE document = 'return' GROUP BY 1, 2, 3
        ) AS m USING (merchant_id, return_id, product_id)
        WHERE coalesce(r.units, '{0,0}') <> coalesce(m.units, '{0,0}')""",
    "kits have components, and only kits": """
        SELECT format('product %s', p.id) FROM products AS p
        WHERE (p.kind = 'kit') <> EXISTS (SELECT 1 FROM product_components AS c
                                          WHERE c.merchant_id = p.merchant_id AND c.kit_id = p.id)""",
}
