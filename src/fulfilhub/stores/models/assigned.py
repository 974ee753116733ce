"""Tables of what a shop asks of which of our warehouses: its locations, the services we registered there, and the
units it assigned to them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import Base, MerchantTable


def _store_key(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name=f"fk_{table}_store"
    )


class StoreLocation(MerchantTable, Base):
    """A location of a shop that is ours or mapped. `warehouse_id` is the warehouse that stands for it (null: none of
    ours). `kind`: `service`, which we registered as `service_id`, or the merchant's own. `active`: the shop still
    has it. As soon as one has a warehouse, only what the shop asks of such locations is ours."""

    __tablename__ = "store_locations"

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    warehouse_id: Mapped[UUID | None]
    name: Mapped[str]
    kind: Mapped[str]
    service_id: Mapped[str | None]
    active: Mapped[bool]
    updated_at: Mapped[datetime]

    __table_args__ = (
        _store_key("store_locations"),
        CheckConstraint("kind IN ('service', 'merchant')", name="kind"),
        CheckConstraint("(kind = 'service') = (service_id IS NOT NULL)", name="service"),
        Index(
            "uq_store_locations_warehouse",
            "merchant_id",
            "store_id",
            "warehouse_id",
            unique=True,
            postgresql_where=text("warehouse_id IS NOT NULL"),
        ),
    )


class StoreService(MerchantTable, Base):
    """A fulfilment service that stands for one warehouse in one shop, from the wish to register it to its end. Its id
    and our link key make the address at which the shop calls us."""

    __tablename__ = "store_services"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    store_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]
    name: Mapped[str]
    state: Mapped[str]
    service_id: Mapped[str | None]
    location_id: Mapped[str | None]
    code: Mapped[str | None]
    reason: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        _store_key("store_services"),
        CheckConstraint("state IN ('wanted', 'registered', 'refused', 'unwanted')", name="state"),
        CheckConstraint(
            "state <> 'registered' OR (service_id IS NOT NULL AND location_id IS NOT NULL)", name="registered"
        ),
        UniqueConstraint("merchant_id", "store_id", "warehouse_id", name="uq_store_services_warehouse"),
        Index("ix_store_services_id", "id"),
    )


class StorePull(MerchantTable, Base):
    """When a mapped store is asked next what it wants of us. `pinged_at`: it said itself that there is something. Only
    the ticket that carries `run_id` counts."""

    __tablename__ = "store_pulls"

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]
    pinged_at: Mapped[datetime | None]
    run_id: Mapped[UUID | None]
    run_due_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    code: Mapped[str | None]
    reason: Mapped[str | None]
    last_ended_at: Mapped[datetime | None]

    __table_args__ = (
        _store_key("store_pulls"),
        CheckConstraint("(run_id IS NULL) = (run_due_at IS NULL)", name="run"),
        Index("ix_store_pulls_next", "next_at"),
    )


class AssignedOrder(MerchantTable, Base):
    """An order of a mapped store, by its id there, whose assignments are followed: read whole each time, one reading at
    a time (`run_id`). `marks` counts reasons to read it again. `order_id` is ours, as soon as we have it."""

    __tablename__ = "store_assigned_orders"

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[UUID | None]
    marks: Mapped[int] = mapped_column(server_default="1")
    run_id: Mapped[UUID | None]
    run_due_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    code: Mapped[str | None]
    reason: Mapped[str | None]
    read_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]

    __table_args__ = (
        _store_key("store_assigned_orders"),
        CheckConstraint("(run_id IS NULL) = (run_due_at IS NULL)", name="run"),
        Index("ix_store_assigned_orders_order", "merchant_id", "order_id"),
        Index("ix_store_assigned_orders_failing", "merchant_id", "store_id", postgresql_where=text("code IS NOT NULL")),
        Index("ix_store_assigned_orders_run", "run_due_at", postgresql_where=text("run_id IS NOT NULL")),
    )


class Assignment(MerchantTable, Base):
    """Units of one order that a shop assigned to one location (Shopify: a fulfilment order), by its id there. `state`
    is ours (`rules.assigning.AssignmentState`), `changed_at` the shop's time of its last change."""

    __tablename__ = "store_assignments"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    store_id: Mapped[UUID]
    external_id: Mapped[str]
    order_external_id: Mapped[str]
    location_id: Mapped[str]
    warehouse_id: Mapped[UUID | None]
    state: Mapped[str]
    recalls_answered: Mapped[int] = mapped_column(server_default="0")
    code: Mapped[str | None]
    reason: Mapped[str | None]
    changed_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        _store_key("store_assignments"),
        UniqueConstraint("merchant_id", "store_id", "external_id", name="uq_store_assignments_external"),
        CheckConstraint(
            "state IN ('elsewhere', 'waiting', 'asked', 'ours', 'recalled', 'refused', 'done', 'given_up', 'gone')",
            name="state",
        ),
        Index("ix_store_assignments_store", "merchant_id", "store_id", "id"),
        Index("ix_store_assignments_order", "merchant_id", "store_id", "order_external_id"),
    )


class AssignmentLine(MerchantTable, Base):
    """Units of one line of the order (`line_external_id`) in an assignment, by the shop's id of this part: how many in
    all, how many nobody sent yet, and how many of these we gave up because our order has them cancelled."""

    __tablename__ = "store_assignment_lines"

    assignment_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    line_external_id: Mapped[str]
    total: Mapped[int]
    remaining: Mapped[int]
    given_up: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = (
        ForeignKeyConstraint(
            ["merchant_id", "assignment_id"],
            ["store_assignments.merchant_id", "store_assignments.id"],
            name="fk_store_assignment_lines_assignment",
        ),
        CheckConstraint("0 <= remaining AND remaining <= total AND 0 <= given_up", name="units"),
    )


class StoreHold(MerchantTable, Base):
    """A hold that was placed in a shop, by its id there, and the hold of ours that stands for it."""

    __tablename__ = "store_holds"

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    order_external_id: Mapped[str]
    hold_id: Mapped[UUID]
    placed_at: Mapped[datetime]

    __table_args__ = (
        _store_key("store_holds"),
        Index("ix_store_holds_order", "merchant_id", "store_id", "order_external_id"),
    )
