"""Tables of routing: the merchant's policy (every version kept), decisions with their reasons, and fences."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import Base, Json, JsonList, MerchantTable


class PolicyVersion(MerchantTable, Base):
    """One version of a merchant's routing policy; the highest counts, and decisions name the one they used."""

    __tablename__ = "routing_policies"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    max_parts: Mapped[int]
    on_shortage: Mapped[str]
    weights: Mapped[Json]
    created_by: Mapped[str]
    created_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("max_parts BETWEEN 1 AND 10", name="max_parts"),
        CheckConstraint("on_shortage IN ('backorder', 'hold', 'partial')", name="on_shortage"),
    )


class RoutingDecision(MerchantTable, Base):
    """One decision about one order, as it was made: `assignments`, `unfilled` and `candidates` are the rules' own
    words (`routing.rules.terms`). `cause` is the job or fact that asked for it."""

    __tablename__ = "routing_decisions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    cause: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str]
    ship_by: Mapped[datetime | None]
    deliver_by: Mapped[datetime | None]
    assignments: Mapped[JsonList]
    unfilled: Mapped[JsonList]
    candidates: Mapped[JsonList]
    policy_version: Mapped[int]
    rules_version: Mapped[int]
    decided_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("outcome IN ('routed', 'partly_routed', 'backordered', 'held')", name="outcome"),
        ForeignKeyConstraint(
            ["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_routing_decisions_order"
        ),
        Index("ix_routing_decisions_order", "merchant_id", "order_id", "id"),
    )


class RoutingFence(MerchantTable, Base):
    """A warehouse that refused or could not find an order's items, and is not asked again for that order."""

    __tablename__ = "routing_fences"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    warehouse_id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str]
    created_at: Mapped[datetime]

    __table_args__ = (
        ForeignKeyConstraint(
            ["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_routing_fences_order"
        ),
    )


class RoutingWish(MerchantTable, Base):
    """How many units of an order's line its store wants sent from this warehouse, `done` of them sent by whoever. An
    order that has wishes goes nowhere else."""

    __tablename__ = "routing_wishes"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    warehouse_id: Mapped[UUID] = mapped_column(primary_key=True)
    units: Mapped[int]
    done: Mapped[int]

    __table_args__ = (
        ForeignKeyConstraint(
            ["merchant_id", "order_id", "line_id"],
            ["order_lines.merchant_id", "order_lines.order_id", "order_lines.id"],
            name="fk_routing_wishes_line",
        ),
        CheckConstraint("0 <= done AND done <= units", name="units"),
    )
