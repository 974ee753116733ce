"""Tables of returns: the request and its lines, each verdict on a unit, the merchant's policy, and the warehouse's
own document of what is to come back to it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.inventory.rules.stock import Disposition
from fulfilhub.platform.database import AccountTable, Base, Json, JsonList, MerchantTable
from fulfilhub.returns.rules import ReturnReason, ReturnState

COUNTS_SANE = (
    "advised > 0 AND received >= 0 AND restocked >= 0 AND quarantined >= 0 AND disposed >= 0 "
    "AND received <= advised AND restocked + quarantined + disposed <= received"
)


def one_of(column: str, values: type[ReturnState] | type[ReturnReason] | type[Disposition]) -> str:
    """A CHECK that keeps a text column within an enumeration."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class ReturnPolicyRow(MerchantTable, Base):
    """A merchant's returns policy. No row means the default of `rules.ReturnPolicy`. `warehouse_id` takes all
    returns; without it they go back to the warehouse that sent the goods."""

    __tablename__ = "returns_policies"

    window_days: Mapped[int]
    auto_approve: Mapped[bool]
    warehouse_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("window_days BETWEEN 0 AND 3650", name="window"),)


class Return(MerchantTable, Base):
    """One request to send goods of one order back. `decision` keeps what the policy said of each line.

    `operator_id` is the account that runs the warehouse, which works on the return through `return_work`. The way back
    (carrier, tracking, label) is empty where it is not known.
    """

    __tablename__ = "returns"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    state: Mapped[str]
    requested_by: Mapped[str]
    note: Mapped[str]
    decision: Mapped[Json]
    decline_reason: Mapped[str | None]
    warehouse_id: Mapped[UUID | None]
    operator_id: Mapped[UUID | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    inspected_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    carrier: Mapped[str] = mapped_column(server_default="")
    tracking_number: Mapped[str] = mapped_column(server_default="")
    tracking_url: Mapped[str] = mapped_column(server_default="")
    label_url: Mapped[str] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_returns_order"),
        CheckConstraint(one_of("state", ReturnState), name="state"),
        CheckConstraint("requested_by IN ('customer', 'merchant')", name="requested_by"),
        Index("ix_returns_order", "merchant_id", "order_id"),
        Index("ix_returns_state", "merchant_id", "state", "id"),
    )


class ReturnLine(MerchantTable, Base):
    """Units of one order line that are to come back, with their counters (see `rules.ReturnCounts`)."""

    __tablename__ = "return_lines"

    return_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    order_line_id: Mapped[UUID]
    product_id: Mapped[UUID | None]
    sku: Mapped[str]
    title: Mapped[str]
    reason: Mapped[str]
    note: Mapped[str]
    advised: Mapped[int]
    received: Mapped[int] = mapped_column(server_default="0")
    restocked: Mapped[int] = mapped_column(server_default="0")
    quarantined: Mapped[int] = mapped_column(server_default="0")
    disposed: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "return_id", "id", name="pk_return_lines"),
        ForeignKeyConstraint(
            ["merchant_id", "return_id"], ["returns.merchant_id", "returns.id"], name="fk_return_lines_return"
        ),
        CheckConstraint(COUNTS_SANE, name="counts"),
        CheckConstraint(one_of("reason", ReturnReason), name="reason"),
        Index("ix_return_lines_order", "merchant_id", "order_id", "order_line_id"),
    )


class ReturnVerdict(MerchantTable, Base):
    """One verdict of an inspection: append-only, so that every unit's fate can be asked why and by whom."""

    __tablename__ = "return_verdicts"

    return_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID]
    disposition: Mapped[str]
    quantity: Mapped[int]
    note: Mapped[str]
    actor: Mapped[str]
    decided_at: Mapped[datetime]

    __table_args__ = (
        PrimaryKeyConstraint("merchant_id", "return_id", "id", name="pk_return_verdicts"),
        ForeignKeyConstraint(
            ["merchant_id", "return_id", "line_id"],
            ["return_lines.merchant_id", "return_lines.return_id", "return_lines.id"],
            name="fk_return_verdicts_line",
        ),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint(one_of("disposition", Disposition), name="disposition"),
    )


class ReturnWork(AccountTable, Base):
    """What a warehouse's operator needs to take a return in, and nothing more. Its `id` is the return's; `lines`
    repeats id, sku, title, reason and counters of the return's lines."""

    __tablename__ = "return_work"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]
    order_number: Mapped[str]
    state: Mapped[str]
    lines: Mapped[JsonList]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(one_of("state", ReturnState), name="state"),
        Index("ix_return_work_state", "account_id", "state", "id"),
    )
