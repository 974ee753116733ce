"""What stores want sent from certain warehouses, less what these have been given."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from fulfilhub.platform.work import Work
from fulfilhub.routing.queries import wishes
from fulfilhub.routing.rules.wishes import Wishes

GIVEN = """
SELECT f.order_id, l.line_id, f.warehouse_id, sum(l.quantity - l.short - l.cancelled)::int
FROM fulfilments AS f JOIN fulfilment_lines AS l ON l.merchant_id = f.merchant_id AND l.fulfilment_id = f.id
WHERE f.merchant_id = $1 AND f.order_id = ANY ($2) AND f.state NOT IN ('rejected', 'cancelled')
GROUP BY f.order_id, l.line_id, f.warehouse_id
"""


async def given(work: Work, order_ids: Collection[UUID]) -> dict[tuple[UUID, UUID, UUID], int]:
    """Units that warehouses have, or sent, by (order id, line id, warehouse id)."""
    rows = await work.fetch_raw(GIVEN, work.account_id, list(order_ids))
    return {(row[0], row[1], row[2]): row[3] for row in rows}


async def open_wishes(work: Work, order_ids: Collection[UUID]) -> dict[UUID, Wishes]:
    """By order, the units that its store wants sent from a warehouse that has not been given them; orders of stores
    that leave that to us are left out."""
    found = await wishes(work, order_ids) if order_ids else {}
    if not found:
        return {}
    has = await given(work, list(found))
    return {
        order_id: {at: units - max(done, has.get((order_id, *at), 0)) for at, (units, done) in mine.items()}
        for order_id, mine in found.items()
    }
