"""Tables of orders: the order, its lines with counters, holds beside it, and the tracking numbers it is found by."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.orders.incoming import StoreState
from fulfilhub.orders.rules import (
    CausedBy,
    ChangeKind,
    ChangeState,
    HoldSource,
    OnSilence,
    OrderStatus,
    PromiseCause,
    PromiseState,
)
from fulfilhub.platform.database import Base, Json, JsonList, MerchantTable

COUNTERS_SANE = " AND ".join(
    (
        "ordered >= 0 AND allocated >= 0 AND picked >= 0 AND shipped >= 0 AND delivered >= 0 AND cancelled >= 0",
        "return_requested >= 0 AND returned >= 0",
        "elsewhere >= 0 AND allocated + cancelled <= ordered",
        "picked <= allocated AND shipped <= picked AND delivered <= shipped",
        "return_requested <= shipped AND returned <= return_requested",
        "reduce_to >= 0 AND reduce_to < ordered",
    )
)


ANSWERED = "(state = 'requested') = (answered_at IS NULL) AND (state = 'requested') = (carried_out IS NULL)"


def one_of(column: str, values: type[StrEnum]) -> str:
    """A CHECK that keeps a text column within an enumeration."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class Order(MerchantTable, Base):
    """One order, unique per (store, external id). `store_id` is opaque here; the nil UUID is the merchant's own API.

    `store_seen` holds a fingerprint per part (address, e-mail, lines, rest) of what the store last told, so that a
    later delivery overwrites only what the store really changed and the merchant's own corrections stay.
    `number_normal` and `email_normal` are what searches compare with. `pending_parts` names what was changed too late,
    when a warehouse had the order in hand; `wanted` are the values it shall have (`ship_to`, `service`,
    `shipping_method`) when that warehouse agrees or gives the work back. `cancelled_by` is set while the whole order is
    cancelled.
    """

    __tablename__ = "orders"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    store_id: Mapped[UUID]
    external_id: Mapped[str]
    number: Mapped[str]
    number_normal: Mapped[str]
    currency: Mapped[str]
    total_minor: Mapped[int] = mapped_column(BigInteger)
    service: Mapped[str]
    shipping_method: Mapped[str]
    email: Mapped[str]
    email_normal: Mapped[str]
    locale: Mapped[str]
    ship_to: Mapped[Json | None]
    note: Mapped[str]
    gift_message: Mapped[str] = mapped_column(server_default="")
    tags: Mapped[JsonList]
    metadata_: Mapped[Json] = mapped_column("metadata")
    store_state: Mapped[str]
    store_updated_at: Mapped[datetime]
    store_seen: Mapped[Json]
    store_problems: Mapped[JsonList]
    placed_at: Mapped[datetime]
    status: Mapped[str]
    review_reasons: Mapped[JsonList]
    pending_parts: Mapped[JsonList]
    wanted: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    backordered: Mapped[bool]
    cancelled_by: Mapped[str | None]
    ship_by: Mapped[datetime | None]
    deliver_by: Mapped[datetime | None]
    promised_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("merchant_id", "store_id", "external_id", name="uq_orders_external_id"),
        CheckConstraint(one_of("status", OrderStatus), name="status"),
        CheckConstraint(one_of("store_state", StoreState), name="store_state"),
        CheckConstraint("cancelled_by IN ('store', 'merchant')", name="cancelled_by"),
        Index("ix_orders_number", "merchant_id", "number_normal", "id"),
        Index("ix_orders_email", "merchant_id", "email_normal", "id"),
        Index("ix_orders_status", "merchant_id", "status", "id"),
        Index("ix_orders_created", "merchant_id", "created_at"),
        Index("ix_orders_placed", "merchant_id", "placed_at"),
        Index("ix_orders_id", "id"),
    )


class OrderLine(MerchantTable, Base):
    """One line with its counters. `external_id` is the store's line id; `product_id` is what its SKU or variant
    resolved to, or null while nothing did. `unit_price_minor` is in the order's currency. `elsewhere` counts units that
    somebody else sent: they are not in `ordered`. `reduce_to` is what `ordered` falls to as soon as units lose their
    warehouse."""

    __tablename__ = "order_lines"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int]
    external_id: Mapped[str]
    sku: Mapped[str]
    variant_id: Mapped[str | None]
    title: Mapped[str]
    product_id: Mapped[UUID | None]
    unit_price_minor: Mapped[int | None] = mapped_column(BigInteger)
    requires_shipping: Mapped[bool]
    elsewhere: Mapped[int] = mapped_column(server_default="0")
    reduce_to: Mapped[int | None]
    ordered: Mapped[int]
    allocated: Mapped[int] = mapped_column(server_default="0")
    picked: Mapped[int] = mapped_column(server_default="0")
    shipped: Mapped[int] = mapped_column(server_default="0")
    delivered: Mapped[int] = mapped_column(server_default="0")
    cancelled: Mapped[int] = mapped_column(server_default="0")
    return_requested: Mapped[int] = mapped_column(server_default="0")
    returned: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = (
        UniqueConstraint("merchant_id", "order_id", "external_id", name="uq_order_lines_external_id"),
        ForeignKeyConstraint(
            ["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_order_lines_order"
        ),
        CheckConstraint(COUNTERS_SANE, name="counters"),
        Index("ix_order_lines_product", "merchant_id", "product_id"),
        Index("ix_order_lines_unresolved", "merchant_id", "sku", postgresql_where=text("product_id IS NULL")),
    )


class Hold(MerchantTable, Base):
    """One reason why nobody may begin work on an order; live until released, by itself when `until` has come. `source`
    is who placed it, `caused_by` whose doing it is."""

    __tablename__ = "holds"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str]
    name: Mapped[str]
    note: Mapped[str]
    source: Mapped[str]
    caused_by: Mapped[str]
    placed_by: Mapped[str]
    placed_at: Mapped[datetime]
    until: Mapped[datetime | None]
    released_by: Mapped[str | None]
    released_at: Mapped[datetime | None]

    __table_args__ = (
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_holds_order"),
        CheckConstraint(one_of("source", HoldSource), name="source"),
        CheckConstraint(one_of("caused_by", CausedBy), name="caused_by"),
    )


class OrderRequest(MerchantTable, Base):
    """A change that was asked of the warehouse which has (a part of) the order in hand. `asked` is a `rules.Asked`;
    `carried_out` says whether the change was made, once it is answered; `on_silence` what no answer until `answer_by`
    means. The warehouse's own copy is `fulfilment.WorkRequest` of the same id."""

    __tablename__ = "order_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    fulfilment_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]
    kind: Mapped[str]
    asked: Mapped[Json]
    asked_by: Mapped[str]
    note: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str | None]
    answer_note: Mapped[str]
    carried_out: Mapped[bool | None]
    on_silence: Mapped[str]
    asked_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]

    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "order_id", "id", name="pk_order_requests"),
        ForeignKeyConstraint(
            ["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_order_requests_order"
        ),
        CheckConstraint(one_of("kind", ChangeKind), name="kind"),
        CheckConstraint(one_of("state", ChangeState), name="state"),
        CheckConstraint(one_of("on_silence", OnSilence), name="on_silence"),
        CheckConstraint(ANSWERED, name="answered"),
    )


class OrderPromise(MerchantTable, Base):
    """How an order's promise stands; the promise itself is on the order, the verdicts with their evidence are in
    shipping. `look_at` is when it has to be looked at again, null once everything is decided; `ship_risk_at` and
    `deliver_risk_at` are when it was told that a stage is at risk."""

    __tablename__ = "order_promises"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str]
    cause: Mapped[str | None]
    ship_risk_at: Mapped[datetime | None]
    deliver_risk_at: Mapped[datetime | None]
    look_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(one_of("state", PromiseState), name="state"),
        CheckConstraint(one_of("cause", PromiseCause), name="cause"),
        ForeignKeyConstraint(
            ["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_order_promises_order"
        ),
        Index("ix_order_promises_state", "merchant_id", "state", "order_id"),
        Index("ix_order_promises_look", "look_at", postgresql_where=text("look_at IS NOT NULL")),
    )


class OrderTracking(MerchantTable, Base):
    """A tracking number an order is found by, in its normal form (upper case, letters and digits only)."""

    __tablename__ = "order_tracking"

    tracking_normal: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(primary_key=True)

    __table_args__ = (
        ForeignKeyConstraint(
            ["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_order_tracking_order"
        ),
    )
