"""What stores have: their variants and the imports that brought them in, stock by location, and returns that stand in
both places."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from fulfilhub.platform.tenancy import ALL, OWN_MERCHANT, secure

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
TABLES = ("store_catalogues", "store_products", "store_imports", "store_returns")
WAY_BACK = ("carrier", "tracking_number", "tracking_url", "label_url")

# Shopify's shops are told of returns from now on.
FOLLOW = """
UPDATE store_lanes AS l SET follows_orders = true,
       after_seq = CASE WHEN l.follows_stock THEN l.after_seq
                        ELSE coalesce((SELECT last FROM event_sequences WHERE account_id = l.merchant_id), 0) END
FROM stores AS s
WHERE s.merchant_id = l.merchant_id AND s.id = l.store_id AND s.platform = 'shopify' AND s.state = 'connected'
"""
CATALOGUES = """
INSERT INTO store_catalogues (merchant_id, store_id, returns_to, sweep_at)
SELECT merchant_id, id, now(), now() FROM stores WHERE platform <> 'api'
"""
UNFOLLOW = """
UPDATE store_lanes AS l SET follows_orders = false FROM stores AS s
WHERE s.merchant_id = l.merchant_id AND s.id = l.store_id AND s.platform = 'shopify'
"""
STOCK_STATES = "state IN ('pending', 'told', 'stale', 'unmanaged', 'missing', 'failed'{})"


def _store_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name=f"fk_{table}_store"
    )


def _texts(*names: str, null: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=null) for name in names]


def _counts(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False, server_default="0") for name in names]


def upgrade() -> None:
    op.create_index("ix_products_barcodes", "products", ["barcodes"], postgresql_using="gin")
    _store_catalogues()
    _store_products()
    _store_imports()
    _store_returns()
    for table in TABLES:
        for statement in secure(table, OWN_MERCHANT, {"fh_merchant": ALL}):
            op.execute(statement)
    _stock_by_location()
    for name in WAY_BACK:
        op.add_column("returns", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.execute(FOLLOW)
    op.execute(CATALOGUES)


def downgrade() -> None:
    op.execute(UNFOLLOW)
    for name in reversed(WAY_BACK):
        op.drop_column("returns", name)
    op.execute("DELETE FROM store_stock WHERE location <> ''")
    op.execute("UPDATE store_stock SET state = 'stale' WHERE state = 'drifted'")
    op.drop_constraint(op.f("ck_store_stock_state"), "store_stock", type_="check")
    op.create_check_constraint(op.f("ck_store_stock_state"), "store_stock", STOCK_STATES.format(""))
    op.drop_constraint("uq_store_stock_variant", "store_stock", type_="unique")
    op.create_unique_constraint("uq_store_stock_variant", "store_stock", ["merchant_id", "store_id", "variant_id"])
    for name in ("drift_shown", "drift_at", "location"):
        op.drop_column("store_stock", name)
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("ix_products_barcodes", "products")


def _stock_by_location() -> None:
    op.add_column("store_stock", sa.Column("location", sa.Text(), nullable=False, server_default=""))
    op.add_column("store_stock", sa.Column("drift_at", TIME))
    op.add_column("store_stock", sa.Column("drift_shown", sa.BigInteger()))
    op.drop_constraint("uq_store_stock_variant", "store_stock", type_="unique")
    op.create_unique_constraint(
        "uq_store_stock_variant", "store_stock", ["merchant_id", "store_id", "variant_id", "location"]
    )
    op.drop_constraint(op.f("ck_store_stock_state"), "store_stock", type_="check")
    op.create_check_constraint(op.f("ck_store_stock_state"), "store_stock", STOCK_STATES.format(", 'drifted'"))


def _store_catalogues() -> None:
    op.create_table(
        "store_catalogues",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("whole_to", TIME),
        sa.Column("changes_to", TIME),
        sa.Column("returns_to", TIME),
        sa.Column("sweep_at", TIME),
        *_texts("code", "reason", null=True),
        sa.PrimaryKeyConstraint("merchant_id", "store_id", name="pk_store_catalogues"),
        _store_key("store_catalogues"),
    )
    op.create_index(
        "ix_store_catalogues_sweep",
        "store_catalogues",
        ["sweep_at"],
        postgresql_where=sa.text("sweep_at IS NOT NULL"),
    )


def _store_products() -> None:
    op.create_table(
        "store_products",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        *_texts("variant_id", "parent_id", "item_id", "sku", "title", "barcode"),
        sa.Column("weight_grams", sa.Integer()),
        *_texts("hs_code", "origin_country"),
        sa.Column("requires_shipping", sa.Boolean()),
        sa.Column("tracked", sa.Boolean()),
        *_texts("status", "state"),
        sa.Column("code", sa.Text()),
        sa.Column("product_id", sa.Uuid()),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("written", JSONB(), nullable=False),
        sa.Column("import_id", sa.Uuid()),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_store_products"),
        sa.UniqueConstraint("merchant_id", "store_id", "variant_id", name="uq_store_products_variant"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "product_id"], ["products.merchant_id", "products.id"], name="fk_store_products_product"
        ),
        _store_key("store_products"),
        sa.CheckConstraint("status IN ('active', 'draft', 'archived')", name=op.f("ck_store_products_status")),
        sa.CheckConstraint("state IN ('mapped', 'unmapped', 'ignored', 'gone')", name=op.f("ck_store_products_state")),
    )
    for name, columns in {
        "store": ["state", "id"],
        "all": ["id"],
        "parent": ["parent_id"],
        "item": ["item_id"],
        "sku": ["sku"],
    }.items():
        op.create_index(f"ix_store_products_{name}", "store_products", ["merchant_id", "store_id", *columns])
    op.create_index("ix_store_products_product", "store_products", ["merchant_id", "product_id"])


def _store_imports() -> None:
    op.create_table(
        "store_imports",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", TIME),
        *_texts("listing_id", "place", null=True),
        *(sa.Column(name, sa.Integer(), nullable=False, server_default="0") for name in ("step", "polls", "failures")),
        sa.Column("total", sa.BigInteger()),
        *_counts("read", "mapped", "made", "unmapped", "gone"),
        sa.Column("unreadable", JSONB(), nullable=False, server_default=sa.text("'[]'")),
        *_counts("unread"),
        *_texts("code", "reason", null=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_store_imports"),
        _store_key("store_imports"),
        sa.CheckConstraint(
            "state IN ('queued', 'listing', 'reading', 'completed', 'failed', 'cancelled')",
            name=op.f("ck_store_imports_state"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (state IN ('queued', 'listing', 'reading'))", name=op.f("ck_store_imports_ended")
        ),
    )
    op.create_index("ix_store_imports_store", "store_imports", ["merchant_id", "store_id", "id"])
    op.create_index(
        "uq_store_imports_live",
        "store_imports",
        ["merchant_id", "store_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('queued', 'listing', 'reading')"),
    )


def _store_returns() -> None:
    op.create_table(
        "store_returns",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        *_texts("order_external_id"),
        sa.Column("order_id", sa.Uuid()),
        sa.Column("return_id", sa.Uuid()),
        sa.Column("external_id", sa.Text()),
        *_texts("name", "begun", "status"),
        sa.Column("refunds", ARRAY(sa.Text()), nullable=False),
        *_texts("code", "reason", null=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_store_returns"),
        sa.UniqueConstraint("merchant_id", "store_id", "external_id", name="uq_store_returns_external"),
        sa.UniqueConstraint("merchant_id", "return_id", name="uq_store_returns_return"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "return_id"], ["returns.merchant_id", "returns.id"], name="fk_store_returns_return"
        ),
        _store_key("store_returns"),
        sa.CheckConstraint("begun IN ('here', 'store')", name=op.f("ck_store_returns_begun")),
        sa.CheckConstraint("return_id IS NOT NULL OR external_id IS NOT NULL", name=op.f("ck_store_returns_either")),
        sa.CheckConstraint(
            "status IN ('requested', 'open', 'declined', 'cancelled', 'closed')",
            name=op.f("ck_store_returns_status"),
        ),
    )
    op.create_index("ix_store_returns_store", "store_returns", ["merchant_id", "store_id", "id"])
