"""Warehouses, stock levels, and the ledger that may only grow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import APPEND, OWN_ACCOUNT, OWN_MERCHANT, secure

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
BUCKETS = ("available", "allocated", "quarantined", "damaged", "incoming")

OWN_OR_CONTRACTED = f"""
{OWN_ACCOUNT} OR id IN (SELECT c.warehouse_id FROM contracts AS c WHERE c.merchant_id = (SELECT app_account()))
"""  # noqa: S608 - no value in it comes from outside


def upgrade() -> None:
    _warehouses()
    _levels()
    _movements()
    edits = "SELECT, INSERT, UPDATE"
    for statement in (
        *secure(
            "warehouses",
            OWN_ACCOUNT,
            {"fh_merchant": "SELECT", "fh_partner": edits},
            where={"fh_merchant": OWN_OR_CONTRACTED},
        ),
        *secure("stock_levels", OWN_MERCHANT, {"fh_merchant": edits}),
        *secure("stock_movements", OWN_MERCHANT, {"fh_merchant": APPEND}),
        "REVOKE UPDATE, DELETE ON stock_movements FROM fh_platform",
    ):
        op.execute(statement)


def _warehouses() -> None:
    op.create_table(
        "warehouses",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", pg.JSONB(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("cutoffs", pg.JSONB(), nullable=False),
        sa.Column("calendar", pg.JSONB(), nullable=False),
        sa.Column("handling_days", sa.Integer(), nullable=False),
        sa.Column("services", pg.JSONB(), nullable=False),
        sa.Column("daily_capacity", sa.Integer()),
        sa.Column("state", sa.Text(), nullable=False, server_default="open"),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_warehouses"),
        sa.UniqueConstraint("account_id", "code", name="uq_warehouses_code"),
        sa.CheckConstraint("state IN ('open', 'suspended', 'closed')", name=op.f("ck_warehouses_state")),
        sa.CheckConstraint("handling_days >= 0", name=op.f("ck_warehouses_handling_days")),
        sa.CheckConstraint("daily_capacity >= 0", name=op.f("ck_warehouses_daily_capacity")),
    )


def _levels() -> None:
    op.create_table(
        "stock_levels",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        *(sa.Column(bucket, sa.BigInteger(), nullable=False, server_default="0") for bucket in BUCKETS),
        sa.Column(
            "on_hand",
            sa.BigInteger(),
            sa.Computed("available + allocated + quarantined + damaged", persisted=True),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "product_id", "warehouse_id", name="pk_stock_levels"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "product_id"], ["products.merchant_id", "products.id"], name="fk_stock_levels_product"
        ),
        *(sa.CheckConstraint(f"{bucket} >= 0", name=op.f(f"ck_stock_levels_{bucket}")) for bucket in BUCKETS),
        # Room for new versions beside the old: a hot SKU's updates then touch no index.
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("ix_stock_levels_warehouse", "stock_levels", ["merchant_id", "warehouse_id", "product_id"])


def _movements() -> None:
    reasons = (
        "'announced', 'received', 'allocated', 'deallocated', 'shipped', 'short_picked', 'quarantined', "
        "'released', 'damaged', 'returned', 'disposed', 'adjusted'"
    )
    op.create_table(
        "stock_movements",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        *(sa.Column(bucket, sa.BigInteger(), nullable=False) for bucket in BUCKETS),
        *(sa.Column(f"{bucket}_after", sa.BigInteger(), nullable=False) for bucket in BUCKETS),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("occurred_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_stock_movements"),
        sa.CheckConstraint(f"reason IN ({reasons})", name=op.f("ck_stock_movements_reason")),
        sa.CheckConstraint(
            "least(available_after, allocated_after, quarantined_after, damaged_after, incoming_after) >= 0",
            name=op.f("ck_stock_movements_after"),
        ),
    )
    op.create_index("ix_stock_movements_product", "stock_movements", ["merchant_id", "product_id", "id"])
    op.create_index("ix_stock_movements_document", "stock_movements", ["merchant_id", "document_id", "id"])


def downgrade() -> None:
    for table in ("stock_movements", "stock_levels", "warehouses"):
        op.drop_table(table)
