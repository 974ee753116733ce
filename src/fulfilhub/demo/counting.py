"""The demo's result, counted from the database and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import text

from fulfilhub.platform.database import engine
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works

# A repeat is either a delivery that the inbox had already, or an order sent again that changed nothing.
COUNT = text(
    """
    SELECT
        (SELECT count(*) FROM orders WHERE merchant_id = :merchant) AS orders_in,
        (SELECT coalesce(sum(repeats), 0) FROM inbox
         WHERE account_id = :merchant AND source NOT LIKE 'carrier:%') AS orders_duplicate_ignored,
        (SELECT count(*) FROM store_late_orders WHERE merchant_id = :merchant AND what = 'order')
            AS orders_found_by_sweep,
        (SELECT count(*) FROM orders WHERE merchant_id = :merchant AND status = 'needs_review')
            AS orders_needing_review,
        (SELECT count(*) FROM fulfilments WHERE merchant_id = :merchant) AS fulfilments,
        (SELECT count(*) FROM work_orders WHERE merchant_id = :merchant AND lease_actor IS NOT NULL) AS claimed,
        (SELECT count(*) FROM fulfilments WHERE merchant_id = :merchant AND state = 'shipped') AS shipped,
        (SELECT coalesce(sum(k.quantity), 0) FROM shipments AS s
         JOIN parcels AS p ON p.merchant_id = s.merchant_id AND p.shipment_id = s.id
         JOIN parcel_contents AS k ON k.merchant_id = p.merchant_id AND k.parcel_id = p.id
         WHERE s.merchant_id = :merchant AND EXISTS (
            SELECT FROM fulfilment_components AS c
            WHERE c.merchant_id = s.merchant_id AND c.fulfilment_id = s.fulfilment_id AND c.line_id = k.line_id))
            AS kits_shipped,
        (SELECT count(*) FROM shipments AS s WHERE merchant_id = :merchant AND NOT EXISTS (
            SELECT FROM parcels AS p
            WHERE p.merchant_id = s.merchant_id AND p.shipment_id = s.id AND p.state <> 'delivered')) AS delivered,
        (SELECT count(*) FROM order_requests WHERE merchant_id = :merchant AND state = 'accepted') AS requests_accepted,
        (SELECT count(*) FROM returns WHERE merchant_id = :merchant AND state = 'completed') AS returns_completed,
        (SELECT count(*) FROM charges WHERE merchant_id = :merchant) AS charges,
        (SELECT count(*) FROM store_updates WHERE merchant_id = :merchant AND state = 'sent') AS store_updates,
        (SELECT count(*) FROM store_stock WHERE merchant_id = :merchant AND state = 'told' AND told = wanted)
            AS stock_told
    """
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the demo's merchant has in the database. `orders_duplicate_ignored` are messages that came again and
    changed nothing; `claimed`, `shipped` and `delivered` count fulfilments, `kits_shipped` kits that were picked as
    their components."""

    orders_in: int
    orders_duplicate_ignored: int
    orders_found_by_sweep: int
    orders_needing_review: int
    fulfilments: int
    claimed: int
    shipped: int
    kits_shipped: int
    delivered: int
    requests_accepted: int
    returns_completed: int
    charges: int
    store_updates: int
    stock_told: int

    def as_dict(self) -> Mapping[str, int]:
        """By name, in the order they are told."""
        return asdict(self)


async def count(settings: Settings, merchant_id: UUID) -> Numbers:
    """Count one merchant's rows with the worker's login."""
    pool = engine(settings.database_url("worker"), settings.database, "demo")
    try:
        async with Works(pool, {}).begin(Platform("count what the demo did")) as work:
            row = (await work.db.execute(COUNT, {"merchant": merchant_id})).one()
            return Numbers(**{name: int(value) for name, value in row._mapping.items()})
    finally:
        await pool.dispose()


def counted(settings: Settings, merchant_id: UUID) -> Numbers:
    """`count`, for callers without an event loop."""
    return asyncio.run(count(settings, merchant_id))
