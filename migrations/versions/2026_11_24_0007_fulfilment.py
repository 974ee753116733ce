"""Fulfilments and the work orders that warehouses pull."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import OWN_ACCOUNT, OWN_MERCHANT, secure

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
STATES = "state IN ('queued', 'accepted', 'picking', 'picked', 'packed', 'shipped', 'rejected', 'cancelled')"
LIVE = "state IN ('queued', 'accepted', 'picking', 'picked', 'packed')"
PROGRESS = "quantity > 0 AND picked >= 0 AND short >= 0 AND picked + short <= quantity"
EDITS = "SELECT, INSERT, UPDATE"

# How busy warehouses are, over all merchants: a merchant may know the numbers, never whose work it is.
LOAD = """
CREATE FUNCTION warehouse_load(asked uuid[], since timestamptz[])
RETURNS TABLE (warehouse_id uuid, given bigint, queued bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    SELECT w.id,
           (SELECT count(*) FROM public.work_orders AS o
            WHERE o.account_id = w.account_id AND o.warehouse_id = w.id AND o.created_at >= a.since
              AND o.state NOT IN ('rejected', 'cancelled')),
           (SELECT count(*) FROM public.work_orders AS o
            WHERE o.account_id = w.account_id AND o.warehouse_id = w.id AND o.ended_at IS NULL)
    FROM unnest(asked, since) AS a (id, since) JOIN public.warehouses AS w ON w.id = a.id;
END
"""


def upgrade() -> None:
    _fulfilments()
    _work_orders()
    for statement in (
        *secure("fulfilments", OWN_MERCHANT, {"fh_merchant": EDITS}),
        *secure("fulfilment_lines", OWN_MERCHANT, {"fh_merchant": EDITS}),
        # A merchant reaches the documents about its own orders, whoever's queue they stand in.
        *secure(
            "work_orders",
            OWN_ACCOUNT,
            {"fh_partner": "SELECT, UPDATE", "fh_merchant": EDITS},
            where={"fh_merchant": OWN_MERCHANT},
        ),
        *secure(
            "work_order_lines",
            OWN_ACCOUNT,
            {"fh_partner": "SELECT", "fh_merchant": EDITS},
            where={"fh_merchant": OWN_MERCHANT},
        ),
        LOAD,
        "REVOKE ALL ON FUNCTION warehouse_load(uuid[], timestamptz[]) FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION warehouse_load(uuid[], timestamptz[]) TO fh_merchant, fh_platform",
    ):
        op.execute(statement)


def _fulfilments() -> None:
    op.create_table(
        "fulfilments",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("merchant_id", "id", "order_id", "warehouse_id")),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("state", "service", "carrier")),
        sa.Column("ship_by", TIME, nullable=False),
        sa.Column("deliver_by", TIME, nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_fulfilments"),
        sa.CheckConstraint(STATES, name=op.f("ck_fulfilments_state")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_fulfilments_order"
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "decision_id"],
            ["routing_decisions.merchant_id", "routing_decisions.id"],
            name="fk_fulfilments_decision",
        ),
    )
    op.create_index("ix_fulfilments_order", "fulfilments", ["merchant_id", "order_id", "id"])
    op.create_index(
        "ix_fulfilments_live", "fulfilments", ["merchant_id", "warehouse_id", "id"], postgresql_where=sa.text(LIVE)
    )
    op.create_table(
        "fulfilment_lines",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("merchant_id", "fulfilment_id", "line_id")),
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("order_id", "product_id")),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("picked", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("short", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("merchant_id", "fulfilment_id", "line_id", name="pk_fulfilment_lines"),
        sa.CheckConstraint(PROGRESS, name=op.f("ck_fulfilment_lines_progress")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "fulfilment_id"],
            ["fulfilments.merchant_id", "fulfilments.id"],
            name="fk_fulfilment_lines_fulfilment",
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id", "line_id"],
            ["order_lines.merchant_id", "order_lines.order_id", "order_lines.id"],
            name="fk_fulfilment_lines_line",
        ),
    )


def _work_orders() -> None:
    op.create_table(
        "work_orders",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("account_id", "id", "merchant_id", "warehouse_id")),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("ship_by", TIME, nullable=False),
        sa.Column("document", pg.JSONB(), nullable=False),
        sa.Column("packing", pg.JSONB()),
        sa.Column("reason", sa.Text()),
        sa.Column("lease_id", sa.Uuid()),
        sa.Column("lease_until", TIME),
        sa.Column("lease_actor", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_work_orders"),
        sa.CheckConstraint(STATES, name=op.f("ck_work_orders_state")),
        sa.CheckConstraint(
            "(ended_at IS NOT NULL) = (state IN ('shipped', 'rejected', 'cancelled'))",
            name=op.f("ck_work_orders_ended"),
        ),
        sa.CheckConstraint("(lease_id IS NULL) = (lease_until IS NULL)", name=op.f("ck_work_orders_lease")),
    )
    op.create_index(
        "ix_work_orders_queue",
        "work_orders",
        ["account_id", "warehouse_id", "ship_by", "id"],
        postgresql_where=sa.text("ended_at IS NULL AND NOT held"),
    )
    op.create_index(
        "ix_work_orders_lease",
        "work_orders",
        ["account_id", "lease_id"],
        postgresql_where=sa.text("lease_id IS NOT NULL"),
    )
    op.create_index("ix_work_orders_given", "work_orders", ["account_id", "warehouse_id", "created_at"])
    op.create_table(
        "work_order_lines",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("account_id", "work_order_id", "line_id")),
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("merchant_id", "product_id")),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("picked", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("short", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("account_id", "work_order_id", "line_id", name="pk_work_order_lines"),
        sa.CheckConstraint(PROGRESS, name=op.f("ck_work_order_lines_progress")),
        sa.ForeignKeyConstraint(
            ["account_id", "work_order_id"],
            ["work_orders.account_id", "work_orders.id"],
            name="fk_work_order_lines_work_order",
        ),
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION warehouse_load(uuid[], timestamptz[])")
    for table in ("work_order_lines", "work_orders", "fulfilment_lines", "fulfilments"):
        op.drop_table(table)
