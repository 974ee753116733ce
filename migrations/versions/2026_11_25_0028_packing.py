"""How things are packed: a warehouse's cartons and how far off a weight may be, what a merchant wants done, and what a
product asks for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import ALL, OWN_ACCOUNT, OWN_MERCHANT, secure

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
NO = sa.text("false")


def upgrade() -> None:
    op.add_column("products", sa.Column("upright", sa.Boolean(), nullable=False, server_default=NO))
    op.add_column("products", sa.Column("fragile", sa.Boolean(), nullable=False, server_default=NO))
    op.add_column("products", sa.Column("dangerous_goods", sa.Text()))
    op.add_column("products", sa.Column("packing_note", sa.Text(), nullable=False, server_default=""))
    op.add_column("orders", sa.Column("gift_message", sa.Text(), nullable=False, server_default=""))
    op.add_column("warehouses", sa.Column("weight_tolerance", pg.JSONB()))
    op.create_index("ix_work_parcels_work_order", "work_parcels", ["account_id", "work_order_id", "parcel_id"])
    _boxes()
    _packing_policies()


def downgrade() -> None:
    op.drop_table("packing_policies")
    op.drop_table("boxes")
    op.drop_index("ix_work_parcels_work_order", "work_parcels")
    op.drop_column("warehouses", "weight_tolerance")
    op.drop_column("orders", "gift_message")
    for column in ("packing_note", "dangerous_goods", "fragile", "upright"):
        op.drop_column("products", column)


def _boxes() -> None:
    op.create_table(
        "boxes",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("length_mm", sa.Integer(), nullable=False),
        sa.Column("width_mm", sa.Integer(), nullable=False),
        sa.Column("height_mm", sa.Integer(), nullable=False),
        sa.Column("tare_grams", sa.Integer(), nullable=False),
        sa.Column("max_grams", sa.Integer(), nullable=False),
        sa.Column("cost_rank", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_boxes"),
        sa.UniqueConstraint("account_id", "warehouse_id", "name", name="uq_boxes_name"),
        sa.ForeignKeyConstraint(
            ["account_id", "warehouse_id"], ["warehouses.account_id", "warehouses.id"], name="fk_boxes_warehouse"
        ),
        sa.CheckConstraint("length_mm > 0 AND width_mm > 0 AND height_mm > 0", name=op.f("ck_boxes_size")),
        sa.CheckConstraint("tare_grams >= 0 AND max_grams > tare_grams", name=op.f("ck_boxes_weight")),
    )
    op.create_index("ix_boxes_warehouse", "boxes", ["account_id", "warehouse_id", "id"])
    for statement in secure("boxes", OWN_ACCOUNT, {"fh_merchant": ALL, "fh_partner": ALL}):
        op.execute(statement)


def _packing_policies() -> None:
    op.create_table(
        "packing_policies",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("brand_name", sa.Text(), nullable=False),
        sa.Column("brand_colour", sa.Text(), nullable=False),
        sa.Column("slip_message", sa.Text(), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("inserts", pg.JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", name="pk_packing_policies"),
    )
    for statement in secure("packing_policies", OWN_MERCHANT, {"fh_merchant": ALL}):
        op.execute(statement)
