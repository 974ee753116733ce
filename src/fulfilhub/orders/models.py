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
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.orders.incoming import StoreState
from fulfilhub.orders.rules import OrderStatus, PromiseCause, PromiseState
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


def one_of(column: str, values: type[StrEnum]) -> str:
    """A CHECK that keeps a text column within an enumeration."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class Order(MerchantTable, Base):
    """One order, unique per (store, external id). `store_id` is opaque here; the nil UUID is the merchant's own API.

    `store_seen` holds a fingerprint per part (address, e-mail, lines, rest) of what the store last told, so that a
    later delivery overwrites only what the store really changed and the merchant's own corrections stay.
    `number_normal` and `email_normal` are what searches compare with. `pending_parts` names what the store changed too
    late, when a warehouse had the order in hand. `cancelled_by` is set while the whole order is cancelled.
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
    """One reason why nobody may begin work on an order; live until released."""

    __tablename__ = "holds"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str]
    note: Mapped[str]
    placed_by: Mapped[str]
    placed_at: Mapped[datetime]
    released_by: Mapped[str | None]
    released_at: Mapped[datetime | None]

    __table_args__ = (
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_holds_order"),
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
