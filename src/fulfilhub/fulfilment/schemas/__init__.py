"""Wire shapes of the work queue, fulfilments, holds, cancels and stock counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from fulfilhub.fulfilment.queries import DocumentPart, FulfilmentLineRow, FulfilmentRow, WorkRow
from fulfilhub.fulfilment.rules import (
    LONGEST_LEASE_SECONDS,
    SHORTEST_ASKED_SECONDS,
    WORK,
    RejectReason,
    ShortPickReason,
    WorkState,
)
from fulfilhub.fulfilment.schemas.packing import (
    HandlingOut,
    LeaseId,
    LineId,
    PackedParcelOut,
    Units,
    WishesOut,
    handling_out,
    packed_out,
    wishes_out,
)
from fulfilhub.fulfilment.schemas.requests import WorkRequestOut, work_request_out
from fulfilhub.orders.rules import CausedBy, HoldReason
from fulfilhub.platform import ids
from fulfilhub.platform.machines import Who

Short = Annotated[str, Meta(max_length=200)]
Text = Annotated[str, Meta(max_length=2000)]
Count = Annotated[int, Meta(ge=0, le=100_000)]
LeaseSeconds = Annotated[
    int,
    Meta(
        ge=SHORTEST_ASKED_SECONDS,
        le=LONGEST_LEASE_SECONDS,
        description="How long the lease lives without a heartbeat; left out: as long as is usual here (15 minutes).",
    ),
]
WarehouseId = Annotated[str, Meta(pattern=ids.WAREHOUSE.pattern)]
ProductId = Annotated[str, Meta(pattern=ids.PRODUCT.pattern)]


class ClaimIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to claim, oldest promise first."""

    warehouse_id: WarehouseId
    limit: Annotated[int, Meta(ge=1, le=200)] = 20
    service: Short | None = None
    ship_by_before: datetime | None = None
    lease_seconds: LeaseSeconds | None = None


class LeaseIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """How much longer you need."""

    lease_seconds: LeaseSeconds | None = None


class LeaseOut(Struct, kw_only=True):
    """A live lease, its end, and the work orders under it."""

    lease_id: str
    lease_until: datetime
    work_order_ids: list[str]


class ReleasedOut(Struct, kw_only=True):
    """The work orders that went back to the queue."""

    lease_id: str
    work_order_ids: list[str]


class PickPartOut(Struct, kw_only=True):
    """What is picked for a kit: `units` in one kit, `quantity` for all kits still to be sent. Weight in grams of one
    unit."""

    product_id: str
    sku: str
    name: str
    barcodes: list[str]
    weight_grams: int | None
    hs_code: str | None
    origin_country: str | None
    units: int
    quantity: int
    handling: HandlingOut


class WorkOrderLineOut(Struct, kw_only=True):
    """One line of a work order and how far it got; `quantity` less `short` and `cancelled` is to be sent. Weight in
    grams of one unit. A kit has `components`: pick those, scan their barcodes, and count the line in whole kits."""

    line_id: str
    product_id: str
    sku: str
    name: str
    barcodes: list[str]
    weight_grams: int | None
    hs_code: str | None
    origin_country: str | None
    quantity: int
    picked: int
    short: int
    cancelled: int
    components: list[PickPartOut] | None
    handling: HandlingOut


class WorkOrderOut(Struct, kw_only=True):
    """A work order: what the work needs and no more. `actions` are what you can do with it now; `requests` are what you
    are asked to change about it and have not answered; `parcels` are what it was packed into; while `held`, don't
    accept, pack, or ship what is not packed."""

    id: str
    warehouse_id: str
    order_number: str
    state: WorkState
    held: bool
    service: str
    carrier: str
    ship_by: datetime
    deliver_by: datetime
    ship_to: dict[str, str]
    lines: list[WorkOrderLineOut]
    packing: WishesOut
    parcels: list[PackedParcelOut] | None
    lease_id: str | None
    lease_until: datetime | None
    reason: str | None
    requests: list[WorkRequestOut]
    actions: list[str]
    version: int
    created_at: datetime


class ClaimOut(Struct, kw_only=True):
    """The leased batch; empty when there is no work."""

    lease_id: str
    lease_until: datetime
    data: list[WorkOrderOut]


class LeasedIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """The lease under which you act."""

    lease_id: LeaseId


class RejectIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Why the work can't be done here; it is routed elsewhere."""

    lease_id: LeaseId
    reason: RejectReason
    note: Text = ""


class PickIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Units of a line (of a kit: whole ones) picked so far in all, and what was scanned."""

    line_id: LineId
    picked: Count
    barcodes: Annotated[list[Short], Meta(max_length=1000)] = field(default_factory=list)


class PicksIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What was picked; without `lines` everything was."""

    lease_id: LeaseId
    lines: Annotated[list[PickIn], Meta(min_length=1, max_length=500)] | None = None


class ShortPickIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Fewer were there than wanted: the rest is sent from elsewhere. Of a kit, name the component by `product_id`, and
    how many units of it were there for all its kits: no half kit is sent."""

    lease_id: LeaseId
    line_id: LineId
    product_id: ProductId | None = None
    found: Count
    reason: ShortPickReason


class FulfilmentPartOut(Struct, kw_only=True):
    """What one kit takes; `found` is how many units were there when it was picked short."""

    product_id: str
    sku: str
    units: int
    found: int | None


class FulfilmentLineOut(Struct, kw_only=True):
    """Units of an order line that one warehouse sends. `components` are a kit's, as they were when it was routed."""

    line_id: str
    product_id: str
    quantity: int
    picked: int
    short: int
    cancelled: int
    components: list[FulfilmentPartOut] | None


class FulfilmentOut(Struct, kw_only=True):
    """Lines of one order sent to one warehouse."""

    id: str
    order_id: str
    warehouse_id: str
    operator_id: str
    state: WorkState
    service: str
    carrier: str
    ship_by: datetime
    deliver_by: datetime
    reason: str | None
    lines: list[FulfilmentLineOut]
    version: int
    created_at: datetime
    updated_at: datetime


class HoldIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Why the order is to wait, and until when at the latest (without `until`: until it is released). `name` is your
    own for it; `caused_by` follows from the reason unless you say so."""

    reason: HoldReason
    name: Annotated[str, Meta(max_length=200, examples=["Call her first"])] = ""
    note: Text = ""
    until: Annotated[datetime | None, Meta(examples=["2036-01-07T09:00:00Z"])] = None
    caused_by: CausedBy | None = None


class CancelLineIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Units of a line that are not wanted any more."""

    line_id: LineId
    quantity: Units


class CancelIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to cancel; without `lines` the whole order. `note` is told to a warehouse that is asked for it."""

    lines: Annotated[list[CancelLineIn], Meta(min_length=1, max_length=500)] | None = None
    note: Text = ""


class AdjustmentIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A count (`on_hand`) or a change (`delta`) of stock; `expected_on_hand` makes it a compare-and-set."""

    product_id: ProductId
    warehouse_id: WarehouseId
    reason: Annotated[str, Meta(min_length=1, max_length=200, examples=["cycle_count"])]
    on_hand: Annotated[int, Meta(ge=0, le=10**9)] | None = None
    delta: Annotated[int, Meta(ge=-(10**9), le=10**9)] = 0
    expected_on_hand: Annotated[int, Meta(ge=0, le=10**9)] | None = None


class AdjustmentOut(Struct, kw_only=True):
    """What the count changed, and the level now."""

    id: str
    delta: int
    available: int
    allocated: int
    quarantined: int
    damaged: int


def work_out(row: WorkRow) -> WorkOrderOut:
    things = {line.line_id: line for line in row.document.lines}
    return WorkOrderOut(
        id=ids.WORK_ORDER.show(row.id),
        warehouse_id=ids.WAREHOUSE.show(row.warehouse_id),
        order_number=row.document.order_number,
        state=row.state,
        held=row.held,
        service=row.service,
        carrier=row.document.carrier,
        ship_by=row.ship_by,
        deliver_by=row.document.deliver_by,
        ship_to=row.document.ship_to,
        lines=[
            WorkOrderLineOut(
                line_id=ids.ORDER_LINE.show(line.line_id),
                product_id=ids.PRODUCT.show(line.product_id),
                quantity=line.quantity,
                picked=line.picked,
                short=line.short,
                cancelled=line.cancelled,
                components=[_pick_part(part, line.to_ship) for part in things[line.line_id].components] or None,
                handling=handling_out(things[line.line_id].handling),
                **{name: getattr(things[line.line_id], name) for name in THING},
            )
            for line in row.lines
        ],
        packing=wishes_out(row.document.packing),
        parcels=None if row.packing is None else [packed_out(each) for each in row.packing],
        lease_id=ids.LEASE.show(row.lease_id) if row.lease_id else None,
        lease_until=row.lease_until,
        reason=row.reason,
        requests=[work_request_out(request) for request in row.requests],
        actions=[str(verb) for verb in WORK.actions(row.state, Who.PARTNER)],
        version=row.version,
        created_at=row.created_at,
    )


def _pick_part(part: DocumentPart, kits: int) -> PickPartOut:
    return PickPartOut(
        product_id=ids.PRODUCT.show(part.product_id),
        units=part.units,
        quantity=part.units * kits,
        handling=handling_out(part.handling),
        **{name: getattr(part, name) for name in THING},
    )


THING = ("sku", "name", "barcodes", "weight_grams", "hs_code", "origin_country")


def fulfilment_out(row: FulfilmentRow, lines: Sequence[FulfilmentLineRow]) -> FulfilmentOut:
    plain: dict[str, Any] = {
        name: getattr(row, name)
        for name in ("service", "carrier", "ship_by", "deliver_by", "reason", "version", "created_at", "updated_at")
    }
    return FulfilmentOut(
        id=ids.FULFILMENT.show(row.id),
        order_id=ids.ORDER.show(row.order_id),
        warehouse_id=ids.WAREHOUSE.show(row.warehouse_id),
        operator_id=ids.ACCOUNT.show(row.operator_id),
        state=WorkState(row.state),
        lines=[
            FulfilmentLineOut(
                line_id=ids.ORDER_LINE.show(line.line_id),
                product_id=ids.PRODUCT.show(line.product_id),
                quantity=line.quantity,
                picked=line.picked,
                short=line.short,
                cancelled=line.cancelled,
                components=[
                    FulfilmentPartOut(
                        product_id=ids.PRODUCT.show(part.product_id), sku=part.sku, units=part.units, found=part.found
                    )
                    for part in line.components
                ]
                or None,
            )
            for line in lines
        ],
        **plain,
    )
