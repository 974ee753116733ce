"""Returns: policy, requests, lines, verdicts, and the warehouse's own document of each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import APPEND, OWN_ACCOUNT, OWN_MERCHANT, secure

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
STATES = (
    "state IN ('requested', 'approved', 'declined', 'in_transit', 'received', 'inspected', 'completed', "
    "'cancelled', 'expired')"
)
REASONS = (
    "reason IN ('changed_mind', 'too_small', 'too_large', 'colour', 'style', 'arrived_late', 'damaged', "
    "'defective', 'not_as_described', 'wrong_item', 'other')"
)
COUNTS_SANE = (
    "advised > 0 AND received >= 0 AND restocked >= 0 AND quarantined >= 0 AND disposed >= 0 "
    "AND received <= advised AND restocked + quarantined + disposed <= received"
)
OWN_ORDER = f"{OWN_MERCHANT} AND order_id = (SELECT app_order())"


def upgrade() -> None:
    _policies_and_returns()
    _lines()
    _verdicts()
    _work()
    edits = "SELECT, INSERT, UPDATE"
    for statement in (
        *secure("returns_policies", OWN_MERCHANT, {"fh_merchant": edits}),
        *secure(
            "returns",
            OWN_MERCHANT,
            {"fh_merchant": edits, "fh_customer": "SELECT"},
            where={"fh_customer": OWN_ORDER},
        ),
        *secure(
            "return_lines",
            OWN_MERCHANT,
            {"fh_merchant": edits, "fh_customer": "SELECT"},
            where={"fh_customer": OWN_ORDER},
        ),
        *secure("return_verdicts", OWN_MERCHANT, {"fh_merchant": APPEND}),
        *secure(
            "return_work",
            OWN_ACCOUNT,
            {"fh_partner": "SELECT", "fh_merchant": edits},
            where={"fh_merchant": OWN_MERCHANT},
        ),
    ):
        op.execute(statement)


def _policies_and_returns() -> None:
    op.create_table(
        "returns_policies",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("auto_approve", sa.Boolean(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", name="pk_returns_policies"),
        sa.CheckConstraint("window_days BETWEEN 0 AND 3650", name=op.f("ck_returns_policies_window")),
    )
    op.create_table(
        "returns",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decision", pg.JSONB(), nullable=False),
        sa.Column("decline_reason", sa.Text()),
        sa.Column("warehouse_id", sa.Uuid()),
        sa.Column("operator_id", sa.Uuid()),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", TIME),
        sa.Column("received_at", TIME),
        sa.Column("inspected_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_returns"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_returns_order"
        ),
        sa.CheckConstraint(STATES, name=op.f("ck_returns_state")),
        sa.CheckConstraint("requested_by IN ('customer', 'merchant')", name=op.f("ck_returns_requested_by")),
    )
    op.create_index("ix_returns_order", "returns", ["merchant_id", "order_id"])
    op.create_index("ix_returns_state", "returns", ["merchant_id", "state", "id"])


def _lines() -> None:
    op.create_table(
        "return_lines",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("return_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid()),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("advised", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("restocked", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("quarantined", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("disposed", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("merchant_id", "return_id", "id", name="pk_return_lines"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "return_id"], ["returns.merchant_id", "returns.id"], name="fk_return_lines_return"
        ),
        sa.CheckConstraint(COUNTS_SANE, name=op.f("ck_return_lines_counts")),
        sa.CheckConstraint(REASONS, name=op.f("ck_return_lines_reason")),
    )
    op.create_index("ix_return_lines_order", "return_lines", ["merchant_id", "order_id", "order_line_id"])


def _verdicts() -> None:
    op.create_table(
        "return_verdicts",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("return_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "return_id", "id", name="pk_return_verdicts"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "return_id", "line_id"],
            ["return_lines.merchant_id", "return_lines.return_id", "return_lines.id"],
            name="fk_return_verdicts_line",
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_return_verdicts_quantity")),
        sa.CheckConstraint(
            "disposition IN ('restock', 'quarantine', 'dispose')", name=op.f("ck_return_verdicts_disposition")
        ),
    )


def _work() -> None:
    op.create_table(
        "return_work",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("lines", pg.JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_return_work"),
        sa.CheckConstraint(STATES, name=op.f("ck_return_work_state")),
    )
    op.create_index("ix_return_work_state", "return_work", ["account_id", "state", "id"])


def downgrade() -> None:
    for table in ("return_work", "return_verdicts", "return_lines", "returns", "returns_policies"):
        op.drop_table(table)
