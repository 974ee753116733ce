"""Every look at shipments, parcels and scans, and the lock on parcels."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select

from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.work import Work
from fulfilhub.shipping.models import Parcel, ParcelContent, Shipment, TrackingEvent
from fulfilhub.shipping.rules import Scan, TrackingState


class ShipmentRow(NamedTuple):
    """A shipment; its parcels beside it."""

    id: UUID
    order_id: UUID
    fulfilment_id: UUID
    warehouse_id: UUID
    service: str
    shipped_at: datetime
    created_at: datetime


class ParcelRow(NamedTuple):
    """A parcel. Grams, millimetres."""

    id: UUID
    shipment_id: UUID
    order_id: UUID
    position: int
    carrier: str
    service: str
    tracking_number: str
    tracking_normal: str
    weight_grams: int | None
    length_mm: int | None
    width_mm: int | None
    height_mm: int | None
    state: str
    state_at: datetime
    version: int

    @property
    def scan(self) -> Scan:
        """Its present state, as the rules read it."""
        return Scan(TrackingState(self.state), self.state_at)


class ContentRow(NamedTuple):
    """Units of one order line in a parcel."""

    parcel_id: UUID
    order_id: UUID
    line_id: UUID
    product_id: UUID
    quantity: int


class ScanRow(NamedTuple):
    """A scan as it was told."""

    id: UUID
    parcel_id: UUID
    state: str
    occurred_at: datetime
    received_at: datetime
    description: str
    location: str


class Told(NamedTuple):
    """A parcel that a tracking number means, and whose it is."""

    merchant_id: UUID
    parcel_id: UUID


SHIPMENT_COLUMNS = tuple(getattr(Shipment, name) for name in ShipmentRow._fields)
PARCEL_COLUMNS = tuple(getattr(Parcel, name) for name in ParcelRow._fields)
CONTENT_COLUMNS = tuple(getattr(ParcelContent, name) for name in ContentRow._fields)
SCAN_COLUMNS = tuple(getattr(TrackingEvent, name) for name in ScanRow._fields)

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
ORDERS_OF = "SELECT DISTINCT order_id FROM parcels WHERE merchant_id = $1 AND id = ANY ($2)"
ALL_DELIVERED = """
SELECT l.order_id, (SELECT max(p.state_at) FROM parcels AS p
                    WHERE p.merchant_id = $1 AND p.order_id = l.order_id AND p.state = 'delivered')
FROM order_lines AS l
WHERE l.merchant_id = $1 AND l.order_id = ANY ($2) AND l.requires_shipping
GROUP BY l.order_id HAVING sum(l.delivered) >= sum(l.ordered - l.cancelled)
"""


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


async def orders_of(work: Work, parcel_ids: Collection[UUID]) -> list[UUID]:
    """The orders these parcels belong to."""
    return [row[0] for row in await work.fetch_raw(ORDERS_OF, work.account_id, list(parcel_ids))]


async def all_delivered(work: Work, order_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Which of these orders have been delivered whole, and when the last parcel was."""
    rows = await work.fetch_raw(ALL_DELIVERED, work.account_id, list(order_ids))
    return {row[0]: row[1] for row in rows}


async def lock_parcels(work: Work, parcel_ids: Collection[UUID]) -> dict[UUID, ParcelRow]:
    """Parcels, locked in the order of their ids. Their order rows are locked already."""
    rows = await work.db.execute(
        _parcels(work).where(Parcel.id.in_(parcel_ids)).order_by(Parcel.id).with_for_update(key_share=True)
    )
    return {row.id: ParcelRow._make(row) for row in rows}


def _parcels(work: Work) -> Select[*tuple[object, ...]]:
    return select(*PARCEL_COLUMNS).where(Parcel.merchant_id == work.account_id)


async def parcels_of(work: Work, shipment_ids: Collection[UUID]) -> dict[UUID, list[ParcelRow]]:
    """The parcels of these shipments, by shipment, in their order."""
    query = _parcels(work).where(Parcel.shipment_id.in_(shipment_ids)).order_by(Parcel.shipment_id, Parcel.position)
    found: dict[UUID, list[ParcelRow]] = {}
    for row in await work.db.execute(query):
        parcel = ParcelRow._make(row)
        found.setdefault(parcel.shipment_id, []).append(parcel)
    return found


async def contents_of(work: Work, parcel_ids: Collection[UUID]) -> dict[UUID, list[ContentRow]]:
    """What is in these parcels, by parcel."""
    rows = await work.db.execute(
        select(*CONTENT_COLUMNS)
        .where(ParcelContent.merchant_id == work.account_id, ParcelContent.parcel_id.in_(parcel_ids))
        .order_by(ParcelContent.parcel_id, ParcelContent.line_id)
    )
    found: dict[UUID, list[ContentRow]] = {}
    for row in rows:
        content = ContentRow._make(row)
        found.setdefault(content.parcel_id, []).append(content)
    return found


async def scans_of(work: Work, parcel_ids: Collection[UUID]) -> dict[UUID, list[ScanRow]]:
    """The scans of these parcels, by parcel, in the carrier's order."""
    rows = await work.db.execute(
        select(*SCAN_COLUMNS)
        .where(TrackingEvent.merchant_id == work.account_id, TrackingEvent.parcel_id.in_(parcel_ids))
        .order_by(TrackingEvent.parcel_id, TrackingEvent.occurred_at, TrackingEvent.id)
    )
    found: dict[UUID, list[ScanRow]] = {}
    for row in rows:
        scan = ScanRow._make(row)
        found.setdefault(scan.parcel_id, []).append(scan)
    return found


async def list_shipments(
    work: Work, after: UUID | None, limit: int, *, order_id: UUID | None = None, fulfilment_id: UUID | None = None
) -> list[ShipmentRow]:
    """The merchant's shipments by age, those after the id `after`."""
    query = select(*SHIPMENT_COLUMNS).where(Shipment.merchant_id == work.account_id).order_by(Shipment.id).limit(limit)
    if after is not None:
        query = query.where(Shipment.id > after)
    if order_id is not None:
        query = query.where(Shipment.order_id == order_id)
    if fulfilment_id is not None:
        query = query.where(Shipment.fulfilment_id == fulfilment_id)
    return [ShipmentRow._make(row) for row in await work.db.execute(query)]


async def get_shipment(work: Work, shipment_id: UUID) -> ShipmentRow:
    """One shipment of the merchant. Raises NotFound."""
    query = select(*SHIPMENT_COLUMNS).where(Shipment.merchant_id == work.account_id, Shipment.id == shipment_id)
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no shipment {ids.SHIPMENT.show(shipment_id)!r}.")
    return ShipmentRow._make(row)


async def shipments_of(work: Work, fulfilment_ids: Sequence[UUID]) -> dict[UUID, ShipmentRow]:
    """The shipments of these fulfilments, by fulfilment."""
    query = select(*SHIPMENT_COLUMNS).where(
        Shipment.merchant_id == work.account_id, Shipment.fulfilment_id.in_(fulfilment_ids)
    )
    return {row.fulfilment_id: ShipmentRow._make(row) for row in await work.db.execute(query)}
