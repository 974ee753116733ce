"""Virtual kits and their components.

Whether a product is a kit is a column of it, and part of what others refer to: stock levels and components refer to
plain products only, so that no kit can have stock or hold a kit, whatever code may try.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fulfilhub.platform.tenancy import OWN_MERCHANT, secure

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

LEVEL_OF = "fk_stock_levels_product"


def upgrade() -> None:
    op.add_column("products", sa.Column("kind", sa.Text(), nullable=False, server_default="plain"))
    op.create_check_constraint(op.f("ck_products_kind"), "products", "kind IN ('plain', 'kit')")
    op.create_unique_constraint("uq_products_kind", "products", ["merchant_id", "id", "kind"])
    _plain_stock()
    _components()
    _frozen()
    for statement in (
        *secure("product_components", OWN_MERCHANT, {"fh_merchant": "SELECT, INSERT, DELETE"}),
        *secure("fulfilment_components", OWN_MERCHANT, {"fh_merchant": "SELECT, INSERT, UPDATE"}),
    ):
        op.execute(statement)


def _plain_stock() -> None:
    op.add_column("stock_levels", sa.Column("product_kind", sa.Text(), nullable=False, server_default="plain"))
    op.create_check_constraint(op.f("ck_stock_levels_product_kind"), "stock_levels", "product_kind = 'plain'")
    op.drop_constraint(LEVEL_OF, "stock_levels", type_="foreignkey")
    op.create_foreign_key(
        LEVEL_OF,
        "stock_levels",
        "products",
        ["merchant_id", "product_id", "product_kind"],
        ["merchant_id", "id", "kind"],
    )


def _components() -> None:
    op.create_table(
        "product_components",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("merchant_id", "kit_id", "product_id")),
        sa.Column("kit_kind", sa.Text(), nullable=False, server_default="kit"),
        sa.Column("product_kind", sa.Text(), nullable=False, server_default="plain"),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "kit_id", "product_id", name="pk_product_components"),
        sa.CheckConstraint("units > 0", name=op.f("ck_product_components_units")),
        sa.CheckConstraint("kit_kind = 'kit' AND product_kind = 'plain'", name=op.f("ck_product_components_kinds")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "kit_id", "kit_kind"],
            ["products.merchant_id", "products.id", "products.kind"],
            name="fk_product_components_kit",
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "product_id", "product_kind"],
            ["products.merchant_id", "products.id", "products.kind"],
            name="fk_product_components_product",
        ),
    )
    op.create_index("ix_product_components_product", "product_components", ["merchant_id", "product_id", "kit_id"])


def _frozen() -> None:
    op.create_table(
        "fulfilment_components",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("merchant_id", "fulfilment_id", "line_id")),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer()),
        sa.PrimaryKeyConstraint(
            "merchant_id", "fulfilment_id", "line_id", "product_id", name="pk_fulfilment_components"
        ),
        sa.CheckConstraint("units > 0 AND found >= 0", name=op.f("ck_fulfilment_components_units")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "fulfilment_id", "line_id"],
            ["fulfilment_lines.merchant_id", "fulfilment_lines.fulfilment_id", "fulfilment_lines.line_id"],
            name="fk_fulfilment_components_line",
        ),
    )


def downgrade() -> None:
    op.drop_table("fulfilment_components")
    op.drop_table("product_components")
    op.drop_constraint(LEVEL_OF, "stock_levels", type_="foreignkey")
    op.create_foreign_key(LEVEL_OF, "stock_levels", "products", ["merchant_id", "product_id"], ["merchant_id", "id"])
    op.drop_column("stock_levels", "product_kind")
    op.drop_constraint("uq_products_kind", "products", type_="unique")
    op.drop_column("products", "kind")
