"""Routing policies, decisions and fences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import APPEND, OWN_MERCHANT, secure

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
ORDER = (["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"])


def upgrade() -> None:
    op.create_table(
        "routing_policies",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("max_parts", sa.Integer(), nullable=False),
        sa.Column("on_shortage", sa.Text(), nullable=False),
        sa.Column("weights", pg.JSONB(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "version", name="pk_routing_policies"),
        sa.CheckConstraint("max_parts BETWEEN 1 AND 10", name=op.f("ck_routing_policies_max_parts")),
        sa.CheckConstraint(
            "on_shortage IN ('backorder', 'hold', 'partial')", name=op.f("ck_routing_policies_on_shortage")
        ),
    )
    op.create_table(
        "routing_decisions",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ship_by", TIME),
        sa.Column("deliver_by", TIME),
        *(sa.Column(name, pg.JSONB(), nullable=False) for name in ("assignments", "unfilled", "candidates")),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_routing_decisions"),
        sa.ForeignKeyConstraint(*ORDER, name="fk_routing_decisions_order"),
        sa.CheckConstraint(
            "outcome IN ('routed', 'partly_routed', 'backordered', 'held')", name=op.f("ck_routing_decisions_outcome")
        ),
    )
    op.create_index("ix_routing_decisions_order", "routing_decisions", ["merchant_id", "order_id", "id"])
    op.create_table(
        "routing_fences",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "order_id", "warehouse_id", name="pk_routing_fences"),
        sa.ForeignKeyConstraint(*ORDER, name="fk_routing_fences_order"),
    )
    for statement in (
        *secure("routing_policies", OWN_MERCHANT, {"fh_merchant": APPEND}),
        *secure("routing_decisions", OWN_MERCHANT, {"fh_merchant": APPEND}),
        *secure("routing_fences", OWN_MERCHANT, {"fh_merchant": "SELECT, INSERT, DELETE"}),
    ):
        op.execute(statement)


def downgrade() -> None:
    for table in ("routing_fences", "routing_decisions", "routing_policies"):
        op.drop_table(table)
