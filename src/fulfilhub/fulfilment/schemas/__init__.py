"""Wire shapes of the work queue."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field

from fulfilhub.fulfilment.queries import DocumentPart, WorkRow
from fulfilhub.fulfilment.queries.claims import Wanted
from fulfilhub.fulfilment.rules import (
    LONGEST_LEASE_SECONDS,
    SHORTEST_ASKED_SECONDS,
    WORK,
    Late,
    Negotiation,
    RejectedLine,
    Rejection,
    RejectReason,
    ShortPickReason,
    WorkState,
)
from fulfilhub.fulfilment.schemas.packing import (
    HandlingOut,
    LeaseId,
    LineId,
    OccurredAt,
    PackedParcelOut,
    WishesOut,
    handling_out,
    packed_out,
    wishes_out,
)
from fulfilhub.fulfilment.schemas.requests import WorkRequestOut, work_request_out
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
AccountId = Annotated[str, Meta(pattern=ids.ACCOUNT.pattern, description="One of your merchants.")]
ProductId = Annotated[str, Meta(pattern=ids.PRODUCT.pattern)]
Prefix = Annotated[str, Meta(min_length=1, max_length=10, examples=["LS"])]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$", examples=["GB"])]


class ZoneIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where it goes to, as the zones of a warehouse's services say it: one of these countries, and, where any are
    named, a postcode that begins with one of the prefixes (blanks and capitals don't matter)."""

    countries: Annotated[list[Country], Meta(min_length=1, max_length=250)]
    postcode_prefixes: Annotated[list[Prefix], Meta(max_length=200)] = field(default_factory=list)


class ClaimIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to claim, oldest promise first; each filter narrows it. `single_sku`: work of one product only (or, with
    false, of several), `product_id`: of this product only; `min_priority`: at least as urgent."""

    warehouse_id: WarehouseId
    limit: Annotated[int, Meta(ge=1, le=200)] = 20
    service: Short | None = None
    carrier: Short | None = None
    merchant_id: AccountId | None = None
    min_priority: Annotated[int, Meta(ge=0, le=9)] = 0
    single_sku: bool | None = None
    product_id: ProductId | None = None
    zone: ZoneIn | None = None
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


class RejectedLineOut(Struct, kw_only=True):
    """What was said of one line; `quantity` units of it went elsewhere."""

    line_id: str
    reason: RejectReason
    message: str
    quantity: int


class RejectionOut(Struct, kw_only=True):
    """Why work was refused: wholly, for a `reason`, or only some lines (`reason` is null)."""

    reason: RejectReason | None
    note: str
    lines: list[RejectedLineOut]


class WorkOrderOut(Struct, kw_only=True):
    """A work order: what the work needs and no more. `state` is where the work is, `negotiation` where you and the
    merchant stand about it. `actions` are what you can do with it now; `requests` are what you are asked to change
    about it and have not answered; `parcels` are what it was packed into; while `held`, don't accept, pack, or ship
    what is not packed. The contract asks for it to be accepted by `accept_by` and to leave by `leave_by`; `late` is
    what was not. `ship_to` holds a phone number or an e-mail address only where the contract says that the service
    needs it."""

    id: str
    merchant_id: str
    warehouse_id: str
    order_number: str
    state: WorkState
    negotiation: Negotiation
    rejection: RejectionOut | None
    held: bool
    priority: int
    accept_by: datetime | None
    accepted_at: datetime | None
    leave_by: datetime | None
    late: list[Late]
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
    occurred_at: OccurredAt = None


class RejectedLineIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is the matter with one line; without a `reason` it is that of the whole."""

    line_id: LineId
    reason: RejectReason | None = None
    message: Text = ""


class RejectIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Why the work can't be done here; it is routed elsewhere. `lines` say what is the matter with which; with
    `only_lines`, those go elsewhere and the rest of the work goes on."""

    lease_id: LeaseId
    reason: RejectReason
    note: Text = ""
    lines: Annotated[list[RejectedLineIn], Meta(max_length=500)] = field(default_factory=list)
    only_lines: bool = False


class PickIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Units of a line (of a kit: whole ones) picked so far in all, and what was scanned."""

    line_id: LineId
    picked: Count
    barcodes: Annotated[list[Short], Meta(max_length=1000)] = field(default_factory=list)


class PicksIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What was picked; without `lines` everything was."""

    lease_id: LeaseId
    occurred_at: OccurredAt = None
    lines: Annotated[list[PickIn], Meta(min_length=1, max_length=500)] | None = None


class ShortPickIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Fewer were there than wanted: the rest is sent from elsewhere. Of a kit, name the component by `product_id`, and
    how many units of it were there for all its kits: no half kit is sent."""

    lease_id: LeaseId
    occurred_at: OccurredAt = None
    line_id: LineId
    product_id: ProductId | None = None
    found: Count
    reason: ShortPickReason


def work_out(row: WorkRow, now: datetime) -> WorkOrderOut:
    things = {line.line_id: line for line in row.document.lines}
    return WorkOrderOut(
        id=ids.WORK_ORDER.show(row.id),
        merchant_id=ids.ACCOUNT.show(row.merchant_id),
        warehouse_id=ids.WAREHOUSE.show(row.warehouse_id),
        order_number=row.document.order_number,
        state=row.state,
        negotiation=row.negotiation,
        rejection=None if row.rejection is None else rejection_out(row.rejection),
        held=row.held,
        priority=row.priority,
        accept_by=row.accept_by,
        accepted_at=row.accepted_at,
        leave_by=row.leave_by,
        late=row.late(now),
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


def rejection_out(said: Rejection) -> RejectionOut:
    lines = [
        RejectedLineOut(
            line_id=ids.ORDER_LINE.show(line.line_id), reason=line.reason, message=line.message, quantity=line.quantity
        )
        for line in said.lines
    ]
    return RejectionOut(reason=said.reason, note=said.note, lines=lines)


def _pick_part(part: DocumentPart, kits: int) -> PickPartOut:
    return PickPartOut(
        product_id=ids.PRODUCT.show(part.product_id),
        units=part.units,
        quantity=part.units * kits,
        handling=handling_out(part.handling),
        **{name: getattr(part, name) for name in THING},
    )


THING = ("sku", "name", "barcodes", "weight_grams", "hs_code", "origin_country")


def wanted_of(data: ClaimIn) -> Wanted:
    """What a claim narrows its work to. Raises Invalid naming each bad id."""
    zone = data.zone
    return Wanted(
        service=data.service,
        carrier=data.carrier,
        merchant_id=None if data.merchant_id is None else ids.ACCOUNT.read(data.merchant_id, "/merchant_id"),
        min_priority=data.min_priority,
        single_sku=data.single_sku,
        product_id=None if data.product_id is None else ids.PRODUCT.read(data.product_id, "/product_id"),
        countries=None if zone is None else tuple(zone.countries),
        postcode_prefixes=() if zone is None else tuple(zone.postcode_prefixes),
        ship_by_before=data.ship_by_before,
    )


def rejected_of(data: RejectIn) -> list[RejectedLine]:
    """What is said of lines, each with its reason."""
    return [
        RejectedLine(
            line_id=ids.ORDER_LINE.read(line.line_id, f"/lines/{place}/line_id"),
            reason=line.reason or data.reason,
            message=line.message,
        )
        for place, line in enumerate(data.lines)
    ]
