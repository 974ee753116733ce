"""Looks at scans: which parcels a tracking number means, to whom, what was told of a shipment, and what waits."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, tuple_

from fulfilhub.platform.work import Work
from fulfilhub.shipping.models import EarlyScan, Parcel, TrackingEvent


class ScanRow(NamedTuple):
    """A scan as it was told."""

    id: UUID
    parcel_id: UUID
    state: str
    occurred_at: datetime
    received_at: datetime
    description: str
    location: str
    code: str
    signed_by: str
    estimated_at: datetime | None


class EarlyRow(NamedTuple):
    """A scan that waits for its parcel."""

    tracking_normal: str
    state: str
    occurred_at: datetime
    description: str
    location: str
    code: str
    signed_by: str
    estimated_at: datetime | None
    told_by: str


class Told(NamedTuple):
    """A parcel that a tracking number means, and whose it is."""

    merchant_id: UUID
    parcel_id: UUID


SCAN_COLUMNS = tuple(getattr(TrackingEvent, name) for name in ScanRow._fields)
EARLY_COLUMNS = tuple(getattr(EarlyScan, name) for name in EarlyRow._fields)

# Carriers use numbers again after some months: a number means the parcels of the newest shipment that has it.
BY_NUMBER = """
SELECT n.number, $1::uuid, p.id
FROM unnest($2::text[]) AS n (number)
CROSS JOIN LATERAL (SELECT x.shipment_id FROM parcels AS x
                    WHERE x.merchant_id = $1 AND x.tracking_normal = n.number ORDER BY x.id DESC LIMIT 1) AS newest
JOIN parcels AS p ON p.merchant_id = $1 AND p.tracking_normal = n.number AND p.shipment_id = newest.shipment_id
"""
HANDED_OVER = """
SELECT n.number, p.merchant_id, p.parcel_id
FROM unnest($2::text[]) AS n (number)
CROSS JOIN LATERAL (
    SELECT x.work_order_id FROM work_parcels AS x
    WHERE x.account_id = $1 AND x.tracking_normal = n.number ORDER BY x.parcel_id DESC LIMIT 1
) AS newest
JOIN work_parcels AS p
  ON p.account_id = $1 AND p.tracking_normal = n.number AND p.work_order_id = newest.work_order_id
"""
EARLY = "SELECT DISTINCT tracking_normal FROM early_scans WHERE account_id = $1 AND tracking_normal = ANY ($2)"


async def parcels_by_number(work: Work, numbers: Collection[str]) -> dict[str, list[Told]]:
    """The merchant's parcels that these normalised numbers mean."""
    return await _told(work, BY_NUMBER, numbers)


async def parcels_handed_over(work: Work, numbers: Collection[str]) -> dict[str, list[Told]]:
    """The parcels with these normalised numbers that the scope's account handed over."""
    return await _told(work, HANDED_OVER, numbers)


async def _told(work: Work, statement: str, numbers: Collection[str]) -> dict[str, list[Told]]:
    found: dict[str, list[Told]] = {}
    for number, *told in await work.fetch_raw(statement, work.account_id, list(numbers)):
        found.setdefault(number, []).append(Told._make(told))
    return found


async def list_scans(work: Work, shipment_id: UUID, after: tuple[datetime, UUID] | None, limit: int) -> list[ScanRow]:
    """What carriers told of a shipment's parcels, in the order in which it happened, after (time, id)."""
    query = (
        select(*SCAN_COLUMNS)
        .join(Parcel, (Parcel.merchant_id == TrackingEvent.merchant_id) & (Parcel.id == TrackingEvent.parcel_id))
        .where(TrackingEvent.merchant_id == work.account_id, Parcel.shipment_id == shipment_id)
        .order_by(TrackingEvent.occurred_at, TrackingEvent.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(TrackingEvent.occurred_at, TrackingEvent.id) > tuple_(*after))
    return [ScanRow._make(row) for row in await work.db.execute(query)]


async def numbers_told_early(work: Work, numbers: Collection[str]) -> list[str]:
    """Those of these normalised numbers of which the scope's account has scans that wait."""
    return [row[0] for row in await work.fetch_raw(EARLY, work.account_id, list(numbers))]


async def lock_early(work: Work, numbers: Collection[str]) -> list[EarlyRow]:
    """The account's scans that wait under these normalised numbers, locked in key order."""
    rows = await work.db.execute(
        select(*EARLY_COLUMNS)
        .where(EarlyScan.account_id == work.account_id, EarlyScan.tracking_normal.in_(numbers))
        .order_by(EarlyScan.tracking_normal, EarlyScan.occurred_at, EarlyScan.state)
        .with_for_update()
    )
    return [EarlyRow._make(row) for row in rows]
