"""What accepted orders still want and no warehouse holds for them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from fulfilhub.platform.work import Work

# By the orders that are open, which are few, and not by all lines that ever were of a product. An order that is not
# paid may never be, so it claims nothing.
WAITING = """
SELECT part_id, sum(units)::bigint FROM (
    SELECT coalesce(c.product_id, l.product_id) AS part_id,
           (l.ordered - l.cancelled - l.allocated) * coalesce(c.units, 1) AS units
    FROM orders AS o
    JOIN order_lines AS l ON l.merchant_id = o.merchant_id AND l.order_id = o.id
    LEFT JOIN product_components AS c ON c.merchant_id = l.merchant_id AND c.kit_id = l.product_id
    WHERE o.merchant_id = $1
      AND o.status IN ('needs_review', 'received', 'on_hold', 'backordered', 'in_progress', 'partially_shipped')
      AND l.requires_shipping AND l.ordered - l.cancelled - l.allocated > 0 AND l.product_id IS NOT NULL
) AS wanted
WHERE part_id = ANY ($2::uuid[]) GROUP BY part_id
"""


async def waiting_units(work: Work, product_ids: Collection[UUID]) -> dict[UUID, int]:
    """By stocked product (of a kit, its components), the units of open orders that have no warehouse yet."""
    rows = await work.fetch_raw(WAITING, work.account_id, list(set(product_ids)))
    return {row[0]: row[1] for row in rows}
