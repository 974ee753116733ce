"""Tables of shipping: shipments, their parcels and contents, carriers' scans, those that came before their parcel, how
promises ended, and what lets an operator report scans."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.orders.models import one_of
from fulfilhub.orders.rules import PromiseCause, PromiseOutcome, PromiseStage
from fulfilhub.platform.database import AccountTable, Base, MerchantTable
from fulfilhub.shipping.rules import TrackingState

STATES = f"state IN ({', '.join(repr(str(state)) for state in TrackingState)})"


class Shipment(MerchantTable, Base):
    """What left the building for one fulfilment; there is at most one."""

    __tablename__ = "shipments"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    fulfilment_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]
    service: Mapped[str]
    shipped_at: Mapped[datetime]
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("merchant_id", "fulfilment_id", name="uq_shipments_fulfilment"),
        ForeignKeyConstraint(
            ["merchant_id", "fulfilment_id"],
            ["fulfilments.merchant_id", "fulfilments.id"],
            name="fk_shipments_fulfilment",
        ),
        ForeignKeyConstraint(
            ["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_shipments_order"
        ),
        Index("ix_shipments_order", "merchant_id", "order_id", "id"),
    )


class Parcel(MerchantTable, Base):
    """One parcel. `state` and `state_at` are the scan that counts (`shipping.rules.advance`); weight in grams,
    sizes in millimetres. `tracking_normal` is the number as it is compared."""

    __tablename__ = "parcels"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    shipment_id: Mapped[UUID]
    order_id: Mapped[UUID]
    position: Mapped[int]
    carrier: Mapped[str]
    service: Mapped[str]
    tracking_number: Mapped[str]
    tracking_normal: Mapped[str]
    weight_grams: Mapped[int | None]
    length_mm: Mapped[int | None]
    width_mm: Mapped[int | None]
    height_mm: Mapped[int | None]
    state: Mapped[str]
    state_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(STATES, name="state"),
        ForeignKeyConstraint(
            ["merchant_id", "shipment_id"], ["shipments.merchant_id", "shipments.id"], name="fk_parcels_shipment"
        ),
        Index("ix_parcels_shipment", "merchant_id", "shipment_id", "position"),
        Index("ix_parcels_order", "merchant_id", "order_id"),
        Index("ix_parcels_tracking", "merchant_id", "tracking_normal", "id"),
    )


class ParcelContent(MerchantTable, Base):
    """How many of one order line are in a parcel."""

    __tablename__ = "parcel_contents"

    parcel_id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    product_id: Mapped[UUID]
    quantity: Mapped[int]

    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        ForeignKeyConstraint(
            ["merchant_id", "parcel_id"], ["parcels.merchant_id", "parcels.id"], name="fk_parcel_contents_parcel"
        ),
        ForeignKeyConstraint(
            ["merchant_id", "order_id", "line_id"],
            ["order_lines.merchant_id", "order_lines.order_id", "order_lines.id"],
            name="fk_parcel_contents_line",
        ),
    )


class TrackingEvent(MerchantTable, Base):
    """One scan, as told; the same scan told twice is one row, with what either teller knew. `occurred_at` is the
    carrier's time, `code` its own word for what happened; `signed_by` is who took the parcel, `estimated_at` when it
    was expected then."""

    __tablename__ = "tracking_events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    parcel_id: Mapped[UUID]
    state: Mapped[str]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    description: Mapped[str]
    location: Mapped[str]
    told_by: Mapped[str]
    code: Mapped[str] = mapped_column(server_default="")
    signed_by: Mapped[str] = mapped_column(server_default="")
    estimated_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(STATES, name="state"),
        UniqueConstraint("merchant_id", "parcel_id", "occurred_at", "state", name="uq_tracking_events_scan"),
        ForeignKeyConstraint(
            ["merchant_id", "parcel_id"], ["parcels.merchant_id", "parcels.id"], name="fk_tracking_events_parcel"
        ),
    )


class EarlyScan(AccountTable, Base):
    """A scan of a parcel that nobody has handed over yet, as a carrier told this account; it waits for the parcel.
    Columns as those of a tracking event."""

    __tablename__ = "early_scans"

    tracking_normal: Mapped[str] = mapped_column(primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(primary_key=True)
    description: Mapped[str]
    location: Mapped[str]
    code: Mapped[str]
    signed_by: Mapped[str]
    estimated_at: Mapped[datetime | None]
    told_by: Mapped[str]
    received_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(STATES, name="state"),
        Index("ix_early_scans_received", "received_at"),
    )


class PromiseVerdict(MerchantTable, Base):
    """How one stage of an order's promise ended, decided once: rows are only added. `promised` is the frozen moment,
    `due` the one that counted after the clock had stood still, `happened` null for what had not come. The warehouse,
    service and carrier are those of the part that left last, or was to."""

    __tablename__ = "promise_verdicts"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    cause: Mapped[str | None]
    promised: Mapped[datetime]
    due: Mapped[datetime]
    happened: Mapped[datetime | None]
    warehouse_id: Mapped[UUID | None]
    service: Mapped[str]
    carrier: Mapped[str]
    decided_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(one_of("stage", PromiseStage), name="stage"),
        CheckConstraint(one_of("outcome", PromiseOutcome), name="outcome"),
        CheckConstraint(one_of("cause", PromiseCause), name="cause"),
        CheckConstraint("(outcome = 'kept') = (cause IS NULL)", name="why"),
        ForeignKeyConstraint(
            ["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_promise_verdicts_order"
        ),
        Index("ix_promise_verdicts_promised", "merchant_id", "promised"),
    )


class WorkParcel(AccountTable, Base):
    """A parcel that this operator handed over: it may report scans of it, and see nothing else of it."""

    __tablename__ = "work_parcels"

    tracking_normal: Mapped[str] = mapped_column(primary_key=True)
    parcel_id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    work_order_id: Mapped[UUID]
    created_at: Mapped[datetime]

    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "work_order_id"],
            ["work_orders.account_id", "work_orders.id"],
            name="fk_work_parcels_work_order",
        ),
        Index("ix_work_parcels_work_order", "account_id", "work_order_id", "parcel_id"),
    )
