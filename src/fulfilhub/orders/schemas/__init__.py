"""Wire shapes of orders, their lines, holds and timeline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct, field

from fulfilhub.orders.commands import NO_STORE, Changes, LineEdit
from fulfilhub.orders.incoming import Address, IncomingLine, IncomingOrder
from fulfilhub.orders.queries import EventRow, LineRow, RequestRow, Whole
from fulfilhub.orders.rules import (
    REQUEST,
    AskedBy,
    ChangeKind,
    ChangeState,
    OnSilence,
    OrderStatus,
    order_actions,
)
from fulfilhub.orders.schemas.beside import HoldOut, OrderPromiseOut, hold_out, promise_out
from fulfilhub.platform import ids
from fulfilhub.platform.machines import Who
from fulfilhub.web.problems import Problem

BATCH_LIMIT = 1000

Short = Annotated[str, Meta(max_length=200)]
Key = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]*$", min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=2000)]
Gift = Annotated[
    str, Meta(max_length=1000, description="Printed for who unpacks it.", examples=["Happy birthday, Grace!"])
]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$", examples=["GB"])]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["GBP"])]
Units = Annotated[int, Meta(ge=1, le=100_000)]
Minor = Annotated[int, Meta(ge=0, le=10**12, description="Minor units of the order's currency.")]
StoreId = Annotated[str, Meta(pattern=ids.STORE.pattern)]
LineId = Annotated[str, Meta(pattern=ids.ORDER_LINE.pattern)]


class AddressIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where to ship."""

    name: Short
    company: Short = ""
    line1: Short
    line2: Short = ""
    city: Short
    region: Short = ""
    postcode: Short = ""
    country: Country
    phone: Short = ""


class OrderLineIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """One line. `external_id` is your own id of the line, unique in the order."""

    external_id: Key
    sku: Short
    title: Short = ""
    quantity: Units
    unit_price_minor: Minor | None = None
    requires_shipping: bool = True


class OrderIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """An order. `external_id` is your own id of it: the same one again is the same order."""

    external_id: Key
    number: Key
    currency: Currency
    placed_at: datetime
    lines: Annotated[list[OrderLineIn], Meta(min_length=1, max_length=500)]
    store_id: StoreId | None = None
    ship_to: AddressIn | None = None
    email: Annotated[str, Meta(max_length=320, examples=["ada@example.test"])] = ""
    total_minor: Minor = 0
    service: Annotated[str, Meta(min_length=1, max_length=50, examples=["standard"])] = "standard"
    note: Text = ""
    gift_message: Gift = ""
    tags: Annotated[list[Short], Meta(max_length=50)] = field(default_factory=list)
    metadata: Annotated[dict[Short, Short], Meta(max_length=50)] = field(default_factory=dict)


class OrderBatchIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Orders to take. Each item is read by itself, so that a bad one never fails its neighbours."""

    orders: Annotated[
        list[object],
        Meta(min_length=1, max_length=BATCH_LIMIT, description="Each as the body of `POST /v1/orders`."),
    ]


class LineEditIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A change of one line. A `quantity` of zero takes the line away."""

    line_id: LineId
    quantity: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    sku: Key | None = None


class OrderChangeIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays. `accept_problems` settles what could not be read in a store's telling."""

    ship_to: AddressIn | None = None
    email: Annotated[str, Meta(max_length=320)] | None = None
    service: Annotated[str, Meta(min_length=1, max_length=50)] | None = None
    note: Text | None = None
    gift_message: Gift | None = None
    metadata: Annotated[dict[Short, Short], Meta(max_length=50)] | None = None
    lines: Annotated[list[LineEditIn], Meta(max_length=500)] | None = None
    accept_problems: bool = False


class AddressOut(Struct, kw_only=True):
    """Where it ships to."""

    name: str = ""
    company: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""
    phone: str = ""


class LineOut(Struct, kw_only=True):
    """A line and how far its units got."""

    id: str
    external_id: str
    sku: str
    title: str
    product_id: str | None
    unit_price_minor: int | None
    requires_shipping: bool
    ordered: int
    allocated: int
    picked: int
    shipped: int
    delivered: int
    cancelled: int
    return_requested: int
    returned: int


class RequestLineOut(Struct, kw_only=True):
    """Units of one line that are asked back."""

    line_id: str
    quantity: int


class RequestOut(Struct, kw_only=True):
    """What was asked of a warehouse that has the order in hand. Without an answer until `answer_by` it comes to
    `on_silence`; `carried_out` says whether the change was made, `reason` why it ended so."""

    id: str
    kind: ChangeKind
    state: ChangeState
    fulfilment_id: str
    warehouse_id: str
    lines: list[RequestLineOut]
    ship_to: AddressOut | None
    service: str | None
    asked_by: AskedBy
    note: str
    reason: str | None
    answer_note: str
    carried_out: bool | None
    on_silence: OnSilence
    asked_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    actions: list[str]


class ReviewReasonOut(Struct, kw_only=True):
    """What is wrong with an order that needs review, and where."""

    code: str
    pointer: str = ""
    sentence: str = ""


class OrderOut(Struct, kw_only=True):
    """An order. `actions` are what you can ask of it now; `tracking_page` is the customer's link."""

    id: str
    store_id: str | None
    external_id: str
    number: str
    status: OrderStatus
    currency: str
    total_minor: int
    service: str
    email: str
    ship_to: AddressOut | None
    note: str
    gift_message: str
    tags: list[str]
    metadata: dict[str, str]
    review_reasons: list[ReviewReasonOut]
    ship_by: datetime | None
    deliver_by: datetime | None
    promise: OrderPromiseOut | None
    placed_at: datetime
    created_at: datetime
    updated_at: datetime
    lines: list[LineOut]
    holds: list[HoldOut]
    requests: list[RequestOut]
    actions: list[str]
    tracking_page: str
    version: int


class OrderAnswerOut(Struct, kw_only=True):
    """What became of one item: `status` as if it had been sent alone; the order, or the problem."""

    index: int
    status: int
    outcome: Literal["created", "duplicate", "invalid"]
    order_id: str | None = None
    order_status: OrderStatus | None = None
    problem: Problem | None = None


class OrderBatchOut(Struct, kw_only=True):
    """An answer per item, in the order in which they were sent."""

    created: int
    duplicates: int
    failed: int
    data: list[OrderAnswerOut]


class TimelineEntryOut(Struct, kw_only=True):
    """One thing that happened to an order."""

    id: str
    type: str
    actor: str
    occurred_at: datetime


def address(told: AddressIn) -> Address:
    return Address(**{name: getattr(told, name) for name in AddressIn.__struct_fields__})


def incoming(told: OrderIn) -> IncomingOrder:
    """The API's order in the neutral shape; its own time of change is when it was placed."""
    placed_at = told.placed_at.astimezone(UTC)  # PostgreSQL reads no offset of 16 hours and more
    return IncomingOrder(
        external_id=told.external_id,
        number=told.number,
        currency=told.currency,
        placed_at=placed_at,
        updated_at=placed_at,
        lines=tuple(
            IncomingLine(
                external_id=line.external_id,
                sku=line.sku,
                title=line.title,
                quantity=line.quantity,
                unit_price_minor=line.unit_price_minor,
                requires_shipping=line.requires_shipping,
            )
            for line in told.lines
        ),
        ship_to=address(told.ship_to) if told.ship_to else None,
        email=told.email,
        total_minor=told.total_minor,
        service=told.service,
        note=told.note,
        gift_message=told.gift_message,
        tags=tuple(told.tags),
        metadata=told.metadata,
    )


def changes(told: OrderChangeIn) -> Changes:
    lines = told.lines
    return Changes(
        ship_to=address(told.ship_to) if told.ship_to else None,
        email=told.email,
        service=told.service,
        note=told.note,
        gift_message=told.gift_message,
        metadata=told.metadata,
        lines=None
        if lines is None
        else [
            LineEdit(
                line_id=ids.ORDER_LINE.read(line.line_id, f"/lines/{place}/line_id"),
                quantity=line.quantity,
                sku=line.sku,
            )
            for place, line in enumerate(lines)
        ],
        accept_problems=told.accept_problems,
    )


def _line_out(row: LineRow) -> LineOut:
    return LineOut(
        id=ids.ORDER_LINE.show(row.id),
        product_id=ids.PRODUCT.show(row.product_id) if row.product_id else None,
        **{name: getattr(row, name) for name in LineOut.__struct_fields__ if name not in {"id", "product_id"}},
    )


def request_out(row: RequestRow) -> RequestOut:
    state = ChangeState(row.state)
    return RequestOut(
        id=ids.REQUEST.show(row.id),
        kind=ChangeKind(row.kind),
        state=state,
        fulfilment_id=ids.FULFILMENT.show(row.fulfilment_id),
        warehouse_id=ids.WAREHOUSE.show(row.warehouse_id),
        lines=[
            RequestLineOut(line_id=ids.ORDER_LINE.show(line.line_id), quantity=line.quantity)
            for line in row.asked.lines
        ],
        ship_to=None if row.asked.ship_to is None else AddressOut(**row.asked.ship_to),
        service=row.asked.service,
        asked_by=AskedBy(row.asked_by),
        on_silence=OnSilence(row.on_silence),
        actions=[str(verb) for verb in REQUEST.actions(state, Who.MERCHANT)],
        **{name: getattr(row, name) for name in PLAIN_OF_REQUEST},
    )


def order_out(whole: Whole, page: Callable[[UUID], str]) -> OrderOut:
    """`page` gives the customer's link of an order."""
    row = whole.order
    return OrderOut(
        id=ids.ORDER.show(row.id),
        store_id=None if row.store_id == NO_STORE else ids.STORE.show(row.store_id),
        ship_to=None if row.ship_to is None else AddressOut(**row.ship_to),
        review_reasons=[ReviewReasonOut(**reason) for reason in row.review_reasons],
        lines=[_line_out(line) for line in whole.lines],
        holds=[hold_out(hold) for hold in whole.holds],
        requests=[request_out(request) for request in whole.requests],
        actions=[str(action) for action in order_actions(OrderStatus(row.status), Who.MERCHANT)],
        promise=promise_out(whole),
        tracking_page=page(row.id),
        **{name: getattr(row, name) for name in PLAIN},
    )


PLAIN_OF_REQUEST = ("note", "reason", "answer_note", "carried_out", "asked_at", "answer_by", "answered_at")
PLAIN = (
    *("external_id", "number", "status", "currency", "total_minor", "service", "email", "note"),
    *("gift_message", "tags", "metadata"),
    *("ship_by", "deliver_by", "placed_at", "created_at", "updated_at", "version"),
)


def timeline_out(row: EventRow) -> TimelineEntryOut:
    return TimelineEntryOut(id=ids.EVENT.show(row.id), type=row.type, actor=row.actor, occurred_at=row.occurred_at)
