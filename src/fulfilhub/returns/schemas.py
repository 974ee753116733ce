"""Wire shapes of returns, the returns policy, and a warehouse's view of returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from fulfilhub.inventory.rules.stock import Disposition
from fulfilhub.platform import ids
from fulfilhub.platform.machines import Who
from fulfilhub.returns.commands import Arrived, Asked, Inspected, ReturnShipping
from fulfilhub.returns.queries import LineRow, PolicyRow, ReturnRow, VerdictRow, WorkRow
from fulfilhub.returns.rules import RETURN, ReturnReason, ReturnState, ReturnVerb, custody

StateName = Literal[
    "requested", "approved", "declined", "in_transit", "received", "inspected", "completed", "cancelled", "expired"
]
ReasonName = Literal[
    "changed_mind",
    "too_small",
    "too_large",
    "colour",
    "style",
    "arrived_late",
    "damaged",
    "defective",
    "not_as_described",
    "wrong_item",
    "other",
]
CustodyName = Literal["advised", "in_transit", "received", "inspected", "disposed", "not_returned"]
DispositionName = Literal["restock", "quarantine", "dispose"]
Quantity = Annotated[int, Meta(ge=1, le=100_000, examples=[1])]
Note = Annotated[str, Meta(max_length=2000)]
OrderId = Annotated[str, Meta(pattern=ids.ORDER.pattern, examples=["ord_01h455vb4pex5vsknk084sn02q"])]
OrderLineId = Annotated[str, Meta(pattern=ids.ORDER_LINE.pattern, examples=["orl_01h455vb4pex5vsknk084sn02q"])]
ReturnLineId = Annotated[str, Meta(pattern=ids.RETURN_LINE.pattern, examples=["rtl_01h455vb4pex5vsknk084sn02q"])]
WarehouseId = Annotated[str, Meta(pattern=ids.WAREHOUSE.pattern, examples=["wh_01h455vb4pex5vsknk084sn02q"])]
WebAddress = Annotated[
    str, Meta(pattern=r"^(https?://[\x21-\x7e]{1,1990})?$", examples=["https://labels.example.com/1"])
]

MERCHANT_VERBS = (
    ReturnVerb.APPROVE,
    ReturnVerb.DECLINE,
    ReturnVerb.HAND_OVER,
    ReturnVerb.COMPLETE,
    ReturnVerb.CANCEL,
)
SITE_VERBS = (ReturnVerb.RECEIVE, ReturnVerb.INSPECT)


class ReturnLineIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Units of one order line to send back, and why."""

    line_id: OrderLineId
    quantity: Quantity
    reason: ReasonName = "changed_mind"
    note: Note = ""


class ReturnIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A request to send goods of one order back."""

    order_id: OrderId
    lines: Annotated[list[ReturnLineIn], Meta(min_length=1, max_length=200)]
    note: Note = ""


class ApproveIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where the goods are to go; by default the policy's warehouse, else the one that sent them."""

    warehouse_id: WarehouseId | None = None


class DeclineIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Why not, in words for the customer."""

    reason: Annotated[str, Meta(min_length=1, max_length=2000, examples=["Worn and washed."])]


class ReturnShippingIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """How the goods come back; what is left out is not known (any more). `label_url`: where the label can be had."""

    carrier: Annotated[str, Meta(max_length=100, examples=["Royal Mail"])] = ""
    tracking_number: Annotated[str, Meta(pattern=r"^[\x20-\x7e]{0,100}$", examples=["RM123456789GB"])] = ""
    tracking_url: WebAddress = ""
    label_url: WebAddress = ""


class PolicyIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """The returns policy. `window_days` counts after the day of delivery (in the UK and the EU never less than the 14
    days of the law); `auto_approve`: what is within it needs no person; `warehouse_id` takes all returns."""

    window_days: Annotated[int, Meta(ge=0, le=3650)]
    auto_approve: bool
    warehouse_id: WarehouseId | None = None


class PolicyOut(Struct, kw_only=True):
    """The policy in force; version 0 is the default."""

    window_days: int
    auto_approve: bool
    warehouse_id: str | None
    version: int


class RefusedLine(Struct, kw_only=True):
    """What was asked for and left out of the return, and why."""

    line_id: str
    quantity: int
    code: str
    detail: str


class ReturnLineOut(Struct, kw_only=True):
    """Units of one order line that come back. `advised` is how many were announced."""

    id: str
    order_line_id: str
    product_id: str | None
    sku: str
    title: str
    reason: ReasonName
    note: str
    custody: CustodyName
    advised: int
    received: int
    restocked: int
    quarantined: int
    disposed: int


class VerdictOut(Struct, kw_only=True):
    """What an inspection found of some units."""

    line_id: str
    disposition: DispositionName
    quantity: int
    note: str
    decided_at: datetime


class ReturnShippingOut(Struct, kw_only=True):
    """How the goods come back; empty where it is not known."""

    carrier: str
    tracking_number: str
    tracking_url: str
    label_url: str


class ReturnOut(Struct, kw_only=True):
    """A return. `refused` are lines the policy left out; `window_ends` is when the policy's time was or is over;
    `verdicts` are what inspections found."""

    id: str
    order_id: str
    state: StateName
    requested_by: Literal["customer", "merchant"]
    note: str
    lines: list[ReturnLineOut]
    refused: list[RefusedLine]
    verdicts: list[VerdictOut]
    window_ends: datetime | None
    decline_reason: str | None
    shipping: ReturnShippingOut
    warehouse_id: str | None
    decided_by: str | None
    decided_at: datetime | None
    received_at: datetime | None
    inspected_at: datetime | None
    ended_at: datetime | None
    actions: list[str]
    version: int
    created_at: datetime
    updated_at: datetime


class ArrivedLineIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Units of one line that arrived."""

    line_id: ReturnLineId
    quantity: Quantity


class ReceiveIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What arrived; without `lines`, everything that was still to come."""

    lines: Annotated[list[ArrivedLineIn], Meta(min_length=1, max_length=200)] | None = None


class InspectedLineIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A verdict on units of one line that arrived."""

    line_id: ReturnLineId
    disposition: DispositionName
    quantity: Quantity
    note: Note = ""


class InspectIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What was found, unit by unit."""

    lines: Annotated[list[InspectedLineIn], Meta(min_length=1, max_length=1000)]


class WorkPartOut(Struct, kw_only=True):
    """Units of a component in one kit."""

    sku: str
    units: int


class WorkLineOut(Struct, kw_only=True):
    """Units of one line as the warehouse sees them."""

    id: str
    sku: str
    title: str
    reason: ReasonName
    note: str
    advised: int
    received: int
    restocked: int
    quarantined: int
    disposed: int
    components: list[WorkPartOut] | None = None


class ReturnWorkOut(Struct, kw_only=True):
    """A return that is to come to a warehouse, with what taking it in needs."""

    id: str
    merchant_id: str
    warehouse_id: str
    order_number: str
    state: StateName
    lines: list[WorkLineOut]
    actions: list[str]
    version: int
    created_at: datetime
    updated_at: datetime


class _DecisionLine(Struct):
    line_id: str
    quantity: int
    refusal: str | None
    sentence: str


class _Decision(Struct):
    window_ends: datetime | None
    lines: list[_DecisionLine]


def asked(data: ReturnIn) -> list[Asked]:
    """The command's words."""
    return [
        Asked(
            line_id=ids.ORDER_LINE.read(line.line_id, f"/lines/{place}/line_id"),
            quantity=line.quantity,
            reason=ReturnReason(line.reason),
            note=line.note,
        )
        for place, line in enumerate(data.lines)
    ]


def arrived(data: ReceiveIn) -> list[Arrived] | None:
    """The command's words."""
    if data.lines is None:
        return None
    return [
        Arrived(ids.RETURN_LINE.read(line.line_id, f"/lines/{place}/line_id"), line.quantity)
        for place, line in enumerate(data.lines)
    ]


def inspected(data: InspectIn) -> list[Inspected]:
    """The command's words."""
    return [
        Inspected(
            line_id=ids.RETURN_LINE.read(line.line_id, f"/lines/{place}/line_id"),
            disposition=Disposition(line.disposition),
            quantity=line.quantity,
            note=line.note,
        )
        for place, line in enumerate(data.lines)
    ]


def shipping_of(data: ReturnShippingIn) -> ReturnShipping:
    """The command's words."""
    return ReturnShipping(
        carrier=data.carrier.strip(),
        tracking_number=data.tracking_number.strip(),
        tracking_url=data.tracking_url.strip(),
        label_url=data.label_url.strip(),
    )


def policy_out(row: PolicyRow) -> PolicyOut:
    return PolicyOut(
        window_days=row.policy.window_days,
        auto_approve=row.policy.auto_approve,
        warehouse_id=ids.WAREHOUSE.show(row.warehouse_id) if row.warehouse_id else None,
        version=row.version,
    )


def work_out(row: WorkRow) -> ReturnWorkOut:
    state = ReturnState(row.state)
    return ReturnWorkOut(
        id=ids.RETURN.show(row.id),
        merchant_id=ids.ACCOUNT.show(row.merchant_id),
        warehouse_id=ids.WAREHOUSE.show(row.warehouse_id),
        order_number=row.order_number,
        state=state.value,
        lines=msgspec.convert(row.lines, list[WorkLineOut]),
        actions=[verb for verb in RETURN.actions(state, Who.PARTNER) if verb in SITE_VERBS],
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def return_out(row: ReturnRow, lines: Sequence[LineRow], verdicts: Sequence[VerdictRow]) -> ReturnOut:
    decision = msgspec.convert(row.decision, _Decision)
    state = ReturnState(row.state)
    return ReturnOut(
        id=ids.RETURN.show(row.id),
        order_id=ids.ORDER.show(row.order_id),
        state=state.value,
        requested_by=row.requested_by,  # type: ignore[arg-type]  # the CHECK constraint holds it to these values
        note=row.note,
        lines=[_line_out(line, state) for line in lines],
        refused=[
            RefusedLine(line_id=line.line_id, quantity=line.quantity, code=line.refusal, detail=line.sentence)
            for line in decision.lines
            if line.refusal is not None
        ],
        verdicts=[_verdict_out(verdict) for verdict in verdicts],
        window_ends=decision.window_ends,
        decline_reason=row.decline_reason,
        shipping=ReturnShippingOut(
            carrier=row.carrier,
            tracking_number=row.tracking_number,
            tracking_url=row.tracking_url,
            label_url=row.label_url,
        ),
        warehouse_id=ids.WAREHOUSE.show(row.warehouse_id) if row.warehouse_id else None,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        received_at=row.received_at,
        inspected_at=row.inspected_at,
        ended_at=row.ended_at,
        actions=[verb for verb in RETURN.actions(state, Who.MERCHANT) if verb in MERCHANT_VERBS],
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _line_out(line: LineRow, state: ReturnState) -> ReturnLineOut:
    return ReturnLineOut(
        id=ids.RETURN_LINE.show(line.id),
        order_line_id=ids.ORDER_LINE.show(line.order_line_id),
        product_id=ids.PRODUCT.show(line.product_id) if line.product_id else None,
        sku=line.sku,
        title=line.title,
        reason=line.reason,  # type: ignore[arg-type]
        note=line.note,
        custody=custody(line.counts, state).value,
        advised=line.advised,
        received=line.received,
        restocked=line.restocked,
        quarantined=line.quarantined,
        disposed=line.disposed,
    )


def _verdict_out(row: VerdictRow) -> VerdictOut:
    return VerdictOut(
        line_id=ids.RETURN_LINE.show(row.line_id),
        disposition=row.disposition,  # type: ignore[arg-type]
        quantity=row.quantity,
        note=row.note,
        decided_at=row.decided_at,
    )
