"""Wire shapes of shipments, parcels and carrier events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from fulfilhub.fulfilment.schemas import ContentIn, Grams, LeaseId, Millimetres, PackedParcelIn, contents_of
from fulfilhub.platform import ids
from fulfilhub.shipping.commands.handover import ParcelToShip, ToShip
from fulfilhub.shipping.queries import ContentRow, ParcelRow, ShipmentRow
from fulfilhub.shipping.rules import TrackingState, tracking_url
from fulfilhub.web.problems import Problem

Name = Annotated[str, Meta(min_length=1, max_length=100, examples=["royal_mail"])]
Number = Annotated[str, Meta(min_length=1, max_length=100, examples=["AB123456789GB"])]
Text = Annotated[str, Meta(max_length=500)]


class ParcelIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """One parcel as it left. Without `contents` it holds what it was packed with. Grams, millimetres."""

    carrier: Name
    tracking_number: Number
    service: Text = ""
    contents: Annotated[list[ContentIn], Meta(min_length=1, max_length=500)] | None = None
    weight_grams: Grams | None = None
    length_mm: Millimetres | None = None
    width_mm: Millimetres | None = None
    height_mm: Millimetres | None = None


class ShipIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """All parcels of one work order."""

    lease_id: LeaseId
    parcels: Annotated[list[ParcelIn], Meta(min_length=1, max_length=100)]


class ShippedOut(Struct, kw_only=True):
    """The shipment that was made, now or by the same call before."""

    work_order_id: str
    shipment_id: str
    parcel_ids: list[str]
    repeated: bool


class ContentOut(Struct, kw_only=True):
    """Units of one order line in a parcel."""

    line_id: str
    product_id: str
    quantity: int


class ParcelOut(Struct, kw_only=True):
    """A parcel and where it is. Grams, millimetres."""

    id: str
    carrier: str
    service: str
    tracking_number: str
    tracking_url: str | None
    state: TrackingState
    state_at: datetime
    contents: list[ContentOut]
    weight_grams: int | None
    length_mm: int | None
    width_mm: int | None
    height_mm: int | None


class ShipmentOut(Struct, kw_only=True):
    """What left the building for one order."""

    id: str
    order_id: str
    fulfilment_id: str
    warehouse_id: str
    service: str
    shipped_at: datetime
    parcels: list[ParcelOut]


class TrackingEventIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """One scan as the carrier tells it; `occurred_at` is the carrier's time."""

    tracking_number: Number
    state: TrackingState
    occurred_at: datetime
    carrier: Annotated[str, Meta(max_length=100)] = ""
    description: Text = ""
    location: Text = ""


class TrackingEventsIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Scans, in any order."""

    events: Annotated[list[TrackingEventIn], Meta(min_length=1, max_length=500)]


class TrackingAnswerOut(Struct, kw_only=True):
    """What became of one scan."""

    index: int
    status: int
    parcel_ids: list[str]
    state: TrackingState | None = None
    repeated: bool = False
    problem: Problem | None = None


class TrackingAnswersOut(Struct, kw_only=True):
    """An answer per scan, in the order in which they were sent."""

    data: list[TrackingAnswerOut]


def to_ship(work_id: UUID, told: ShipIn) -> ToShip:
    parcels = []
    for parcel in told.parcels:
        contents: Mapping[UUID, int] | None = None
        if parcel.contents is not None:
            (contents,) = contents_of([PackedParcelIn(contents=parcel.contents)])
        parcels.append(
            ParcelToShip(
                carrier=parcel.carrier,
                tracking_number=parcel.tracking_number,
                service=parcel.service,
                weight_grams=parcel.weight_grams,
                length_mm=parcel.length_mm,
                width_mm=parcel.width_mm,
                height_mm=parcel.height_mm,
                contents=contents,
            )
        )
    return ToShip(work_id, ids.LEASE.read(told.lease_id, "/lease_id"), parcels)


def _parcel_out(row: ParcelRow, contents: Sequence[ContentRow]) -> ParcelOut:
    plain: dict[str, Any] = {
        name: getattr(row, name)
        for name in (
            *("carrier", "service", "tracking_number", "state_at"),
            *("weight_grams", "length_mm", "width_mm", "height_mm"),
        )
    }
    return ParcelOut(
        id=ids.PARCEL.show(row.id),
        tracking_url=tracking_url(row.carrier, row.tracking_number),
        state=TrackingState(row.state),
        contents=[
            ContentOut(
                line_id=ids.ORDER_LINE.show(each.line_id),
                product_id=ids.PRODUCT.show(each.product_id),
                quantity=each.quantity,
            )
            for each in contents
        ],
        **plain,
    )


def shipment_out(
    row: ShipmentRow, parcels: Sequence[ParcelRow], contents: Mapping[UUID, Sequence[ContentRow]]
) -> ShipmentOut:
    return ShipmentOut(
        id=ids.SHIPMENT.show(row.id),
        order_id=ids.ORDER.show(row.order_id),
        fulfilment_id=ids.FULFILMENT.show(row.fulfilment_id),
        warehouse_id=ids.WAREHOUSE.show(row.warehouse_id),
        service=row.service,
        shipped_at=row.shipped_at,
        parcels=[_parcel_out(parcel, contents.get(parcel.id, ())) for parcel in parcels],
    )
