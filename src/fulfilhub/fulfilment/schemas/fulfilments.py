"""Wire shapes of the merchant's side: fulfilments, holds, cancels and stock counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from fulfilhub.fulfilment.queries.fulfilments import FulfilmentLineRow, FulfilmentRow
from fulfilhub.fulfilment.rules import Late, Negotiation, Rejection, WorkState
from fulfilhub.fulfilment.schemas import ProductId, RejectionOut, Text, WarehouseId, rejection_out
from fulfilhub.fulfilment.schemas.packing import LineId, Units
from fulfilhub.orders.rules import CausedBy, HoldReason
from fulfilhub.platform import ids


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
    """Lines of one order sent to one warehouse. `state` is where the work is; `negotiation` where you and the warehouse
    stand about it; `late` what its contract asks for in vain, by `accept_by` and `leave_by`."""

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
    negotiation: Negotiation
    rejection: RejectionOut | None
    priority: int
    accept_by: datetime | None
    accepted_at: datetime | None
    leave_by: datetime | None
    late: list[Late]
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


class PriorityIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """How urgent: 0 as any other, 9 the most. Warehouses can claim by it."""

    priority: Annotated[int, Meta(ge=0, le=9)]


def fulfilment_out(row: FulfilmentRow, lines: Sequence[FulfilmentLineRow], now: datetime) -> FulfilmentOut:
    plain: dict[str, Any] = {
        name: getattr(row, name)
        for name in (
            *("service", "carrier", "ship_by", "deliver_by", "reason", "negotiation", "priority", "accept_by"),
            *("accepted_at", "leave_by", "version", "created_at", "updated_at"),
        )
    }
    return FulfilmentOut(
        id=ids.FULFILMENT.show(row.id),
        order_id=ids.ORDER.show(row.order_id),
        warehouse_id=ids.WAREHOUSE.show(row.warehouse_id),
        operator_id=ids.ACCOUNT.show(row.operator_id),
        state=WorkState(row.state),
        rejection=None if row.rejection is None else rejection_out(msgspec.convert(row.rejection, Rejection)),
        late=row.late(now),
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
