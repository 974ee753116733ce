"""Products and listings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import OWN_MERCHANT, secure

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "products",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("barcodes", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("weight_grams", sa.Integer()),
        sa.Column("length_mm", sa.Integer()),
        sa.Column("width_mm", sa.Integer()),
        sa.Column("height_mm", sa.Integer()),
        sa.Column("hs_code", sa.Text()),
        sa.Column("origin_country", sa.Text()),
        sa.Column("customs_value_minor", sa.BigInteger()),
        sa.Column("customs_currency", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False, server_default="active"),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_products"),
        sa.UniqueConstraint("merchant_id", "sku", name="uq_products_sku"),
        sa.CheckConstraint("state IN ('active', 'archived')", name=op.f("ck_products_state")),
        sa.CheckConstraint("weight_grams >= 0", name=op.f("ck_products_weight")),
        sa.CheckConstraint("length_mm > 0 AND width_mm > 0 AND height_mm > 0", name=op.f("ck_products_size")),
        sa.CheckConstraint(
            "customs_value_minor >= 0 AND (customs_value_minor IS NULL) = (customs_currency IS NULL)",
            name=op.f("ck_products_customs_value"),
        ),
    )
    op.create_table(
        "listings",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_listings"),
        sa.UniqueConstraint("merchant_id", "store_id", "external_id", name="uq_listings_external_id"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "product_id"], ["products.merchant_id", "products.id"], name="fk_listings_product"
        ),
    )
    op.create_index("ix_listings_product", "listings", ["merchant_id", "product_id"])
    for statement in (
        *secure("products", OWN_MERCHANT, {"fh_merchant": "SELECT, INSERT, UPDATE"}),
        *secure("listings", OWN_MERCHANT, {"fh_merchant": "SELECT, INSERT, DELETE"}),
    ):
        op.execute(statement)


def downgrade() -> None:
    for table in ("listings", "products"):
        op.drop_table(table)
