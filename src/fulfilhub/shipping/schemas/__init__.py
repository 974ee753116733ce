"""Wire shapes of shipments, parcels, carrier events, and how promises turned out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from fulfilhub.fulfilment.schemas.packing import (
    ContentIn,
    Grams,
    LeaseId,
    Millimetres,
    OccurredAt,
    PackedParcelIn,
    contents_of,
)
from fulfilhub.orders.queries import Whole
from fulfilhub.orders.rules import PromiseCause, PromiseOutcome, PromiseStage, PromiseState
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, Invalid, NotFound
from fulfilhub.shipping.commands.handover import ParcelToShip, ToShip
from fulfilhub.shipping.queries import ContentRow, ParcelRow, ShipmentRow, SumRow, VerdictRow
from fulfilhub.shipping.queries.scans import ScanRow
from fulfilhub.shipping.rules import TrackingState, tracking_url
from fulfilhub.web.problems import Problem

Name = Annotated[str, Meta(min_length=1, max_length=100, examples=["royal_mail"])]
Number = Annotated[str, Meta(min_length=1, max_length=100, examples=["AB123456789GB"])]
Text = Annotated[str, Meta(max_length=500)]


class ParcelIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """One parcel as it left. Without `contents` it holds what it was packed with, and has the weight and sizes that you
    leave out. Grams, millimetres."""

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
    occurred_at: OccurredAt = None
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


class TrackingEventOut(Struct, kw_only=True):
    """One event as a carrier told it. `occurred_at` is the carrier's time, `code` its own word for what happened,
    `signed_by` who took the parcel, `estimated_delivery_at` when it was expected then."""

    id: str
    parcel_id: str
    state: TrackingState
    occurred_at: datetime
    received_at: datetime
    description: str
    location: str
    code: str
    signed_by: str
    estimated_delivery_at: datetime | None


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
    return ToShip(work_id, ids.LEASE.read(told.lease_id, "/lease_id"), parcels, told.occurred_at)


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


def tracking_event_out(row: ScanRow) -> TrackingEventOut:
    return TrackingEventOut(
        id=ids.TRACKING_EVENT.show(row.id),
        parcel_id=ids.PARCEL.show(row.parcel_id),
        state=TrackingState(row.state),
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        description=row.description,
        location=row.location,
        code=row.code,
        signed_by=row.signed_by,
        estimated_delivery_at=row.estimated_at,
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


MOST_DAYS = 400
"""The longest time that is summed up in one answer."""


class PromiseStageOut(Struct, kw_only=True):
    """One stage of the promise. `due` is later than `promised` where the merchant or the customer held the order;
    `outcome` is null while it is open; `happened_at` is when it left or arrived."""

    stage: PromiseStage
    promised: datetime
    due: datetime
    outcome: PromiseOutcome | None
    cause: PromiseCause | None
    happened_at: datetime | None
    decided_at: datetime | None


class PromiseAccountOut(Struct, kw_only=True):
    """How an order's promise stands, and how each stage ended: decided once, never changed by what is told later."""

    order_id: str
    state: PromiseState
    cause: PromiseCause | None
    stages: list[PromiseStageOut]


class PromiseBrokenOut(Struct, kw_only=True):
    """Broken promises by whose doing it was."""

    site: int
    carrier: int
    merchant: int
    customer: int


class PromiseSumOut(Struct, kw_only=True):
    """The promises of one month (UTC), warehouse, service and stage. `kept_percent` is the part kept of those kept or
    broken; what was excused counts in neither."""

    month: str
    warehouse_id: str | None
    service: str
    stage: PromiseStage
    kept: int
    excused: int
    broken: PromiseBrokenOut
    kept_percent: float | None


class PromiseSummaryOut(Struct, kw_only=True):
    """How promises that were due from `first` to before `end` turned out."""

    sums: list[PromiseSumOut]


def promise_account(whole: Whole, verdicts: Sequence[VerdictRow]) -> PromiseAccountOut:
    """Raises NotFound for an order that has no promise."""
    order, stand = whole.order, whole.promise
    shown = ids.ORDER.show(order.id)
    if stand is None or order.ship_by is None or order.deliver_by is None:
        raise NotFound(f"The order {shown!r} has no promise: it gets one when it is routed.")
    known = {row.stage: row for row in verdicts}
    promised = {PromiseStage.SHIP: order.ship_by, PromiseStage.DELIVER: order.deliver_by}
    return PromiseAccountOut(
        order_id=shown,
        state=PromiseState(stand.state),
        cause=None if stand.cause is None else PromiseCause(stand.cause),
        stages=[_stage_out(stage, moment, known.get(stage)) for stage, moment in promised.items()],
    )


def _stage_out(stage: PromiseStage, promised: datetime, row: VerdictRow | None) -> PromiseStageOut:
    return PromiseStageOut(
        stage=stage,
        promised=promised,
        due=promised if row is None else row.due,
        outcome=None if row is None else PromiseOutcome(row.outcome),
        cause=None if row is None or row.cause is None else PromiseCause(row.cause),
        happened_at=None if row is None else row.happened,
        decided_at=None if row is None else row.decided_at,
    )


def promise_days(first: date, end: date) -> tuple[datetime, datetime]:
    """From the beginning of one day to that of another (UTC). Raises Invalid when they are not in order, or more than
    MOST_DAYS apart."""
    if not timedelta(0) < end - first <= timedelta(days=MOST_DAYS):
        detail = f"Must be later than `from`, by {MOST_DAYS} days at the most."
        raise Invalid(detail, fields=[FieldError("query/to", detail)])
    return datetime.combine(first, time.min, UTC), datetime.combine(end, time.min, UTC)


def promise_sum(row: SumRow) -> PromiseSumOut:
    counted = row.kept + row.site + row.carrier + row.merchant + row.customer
    return PromiseSumOut(
        month=f"{row.month.astimezone(UTC):%Y-%m}",
        warehouse_id=None if row.warehouse_id is None else ids.WAREHOUSE.show(row.warehouse_id),
        service=row.service,
        stage=PromiseStage(row.stage),
        kept=row.kept,
        excused=row.excused,
        broken=PromiseBrokenOut(site=row.site, carrier=row.carrier, merchant=row.merchant, customer=row.customer),
        kept_percent=round(100 * row.kept / counted, 2) if counted else None,
    )
