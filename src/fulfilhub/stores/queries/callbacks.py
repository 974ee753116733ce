"""What a shop may ask about the warehouse that stands for one of its locations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from fulfilhub.orders.queries import normal_number
from fulfilhub.platform.work import Work
from fulfilhub.stores.queries.locations import ServiceDoor

AT_ONCE = 250
_PLACE = re.compile(r"(?:\.|-F)(\d{1,4})\Z", re.ASCII)
"""What tells the fulfilments of an order apart: `#1001.1`, or `#1001-F1`."""

# A kit can be sold as often as its scarcest component allows.
STOCK = """
SELECT p.sku, greatest(l.available, 0)::bigint FROM products AS p
JOIN stock_levels AS l ON l.merchant_id = p.merchant_id AND l.product_id = p.id AND l.warehouse_id = $2
WHERE p.merchant_id = $1 AND p.kind <> 'kit' AND p.state = 'active' AND ($3::text IS NULL OR p.sku = $3)
UNION ALL
SELECT p.sku, min(greatest(coalesce(l.available, 0), 0) / c.units)::bigint FROM products AS p
JOIN product_components AS c ON c.merchant_id = p.merchant_id AND c.kit_id = p.id
LEFT JOIN stock_levels AS l ON l.merchant_id = c.merchant_id AND l.product_id = c.product_id AND l.warehouse_id = $2
WHERE p.merchant_id = $1 AND p.kind = 'kit' AND p.state = 'active' AND ($3::text IS NULL OR p.sku = $3)
GROUP BY p.id, p.sku
"""
NUMBERS = """
SELECT o.number_normal, s.warehouse_id,
       (SELECT x.tracking_number FROM parcels AS x
        WHERE x.merchant_id = s.merchant_id AND x.shipment_id = s.id AND x.tracking_number <> ''
        ORDER BY x.position LIMIT 1)
FROM orders AS o JOIN shipments AS s ON s.merchant_id = o.merchant_id AND s.order_id = o.id
WHERE o.merchant_id = $1 AND o.store_id = $2 AND o.number_normal = ANY ($3)
ORDER BY o.number_normal, s.id
"""


async def stock_at(work: Work, warehouse_id: UUID, sku: str | None) -> dict[str, int]:
    """Units that can be sold from a warehouse, by SKU; of one SKU, or of all that it ever had."""
    rows = await work.fetch_raw(STOCK, work.account_id, warehouse_id, sku)
    return {row[0]: row[1] for row in rows}


async def tracking_numbers(work: Work, door: ServiceDoor, names: Sequence[str]) -> dict[str, str]:
    """Tracking numbers of fulfilments, by the very names that were asked for. A name tells which fulfilment of its
    order it is; the answer is our shipment in that place, if it left from the service's warehouse."""
    wanted = {name: _order_and_place(name) for name in names}
    numbers = sorted({normal_number(number) for number, _ in wanted.values()})
    sent: dict[str, list[tuple[UUID, str | None]]] = {}
    for number, warehouse_id, tracking in await work.fetch_raw(NUMBERS, work.account_id, door.store_id, numbers):
        sent.setdefault(number, []).append((warehouse_id, tracking))
    found = {}
    for name, (number, place) in wanted.items():
        shipments = sent.get(normal_number(number), [])
        if 1 <= place <= len(shipments):
            warehouse_id, tracking = shipments[place - 1]
            if warehouse_id == door.warehouse_id and tracking:
                found[name] = tracking
    return found


def _order_and_place(name: str) -> tuple[str, int]:
    """The order's number and which of its fulfilments it is, from 1; a name without a place means the first."""
    found = _PLACE.search(name)
    return (name[: found.start()], int(found.group(1))) if found else (name, 1)
