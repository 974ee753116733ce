"""Orders, their lines and holds, and the tracking numbers they are found by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import OWN_MERCHANT, secure

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
TEXTS_OF_ORDER = (
    "external_id",
    "number",
    "number_normal",
    "currency",
    "service",
    "shipping_method",
    "email",
    "email_normal",
    "locale",
    "note",
    "store_state",
    "status",
)
LISTS_OF_ORDER = ("tags", "metadata", "store_seen", "store_problems", "review_reasons", "pending_parts")
STATUSES = (
    "needs_review",
    "awaiting_payment",
    "received",
    "on_hold",
    "backordered",
    "routed",
    "in_progress",
    "partially_shipped",
    "shipped",
    "partially_delivered",
    "delivered",
    "partially_returned",
    "returned",
    "cancelled",
    "not_required",
)
STORE_STATES = ("unpaid", "open", "cancelled", "completed")
COUNTERS = ("allocated", "picked", "shipped", "delivered", "cancelled", "return_requested", "returned")
COUNTERS_SANE = """
ordered >= 0 AND allocated >= 0 AND picked >= 0 AND shipped >= 0 AND delivered >= 0 AND cancelled >= 0
AND return_requested >= 0 AND returned >= 0
AND elsewhere >= 0 AND allocated + cancelled <= ordered
AND picked <= allocated AND shipped <= picked AND delivered <= shipped
AND return_requested <= shipped AND returned <= return_requested
AND reduce_to >= 0 AND reduce_to < ordered
"""


def upgrade() -> None:
    _orders()
    _lines()
    _holds_and_tracking()
    edits = "SELECT, INSERT, UPDATE"
    own_order = f"{OWN_MERCHANT} AND {{}} = (SELECT app_order())"
    for statement in (
        *secure(
            "orders",
            OWN_MERCHANT,
            {"fh_merchant": edits, "fh_customer": "SELECT"},
            where={"fh_customer": own_order.format("id")},
        ),
        *secure(
            "order_lines",
            OWN_MERCHANT,
            {"fh_merchant": edits, "fh_customer": "SELECT"},
            where={"fh_customer": own_order.format("order_id")},
        ),
        *secure("holds", OWN_MERCHANT, {"fh_merchant": edits}),
        *secure("order_tracking", OWN_MERCHANT, {"fh_merchant": "SELECT, INSERT, DELETE"}),
    ):
        op.execute(statement)


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS_OF_ORDER),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("ship_to", pg.JSONB()),
        *(sa.Column(name, pg.JSONB(), nullable=False) for name in LISTS_OF_ORDER),
        sa.Column("store_updated_at", TIME, nullable=False),
        sa.Column("placed_at", TIME, nullable=False),
        sa.Column("backordered", sa.Boolean(), nullable=False),
        sa.Column("cancelled_by", sa.Text()),
        *(sa.Column(name, TIME) for name in ("ship_by", "deliver_by", "promised_at")),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_orders"),
        sa.UniqueConstraint("merchant_id", "store_id", "external_id", name="uq_orders_external_id"),
        sa.CheckConstraint(_one_of("status", STATUSES), name=op.f("ck_orders_status")),
        sa.CheckConstraint(_one_of("store_state", STORE_STATES), name=op.f("ck_orders_store_state")),
        sa.CheckConstraint("cancelled_by IN ('store', 'merchant')", name=op.f("ck_orders_cancelled_by")),
    )
    op.create_index("ix_orders_number", "orders", ["merchant_id", "number_normal", "id"])
    op.create_index("ix_orders_email", "orders", ["merchant_id", "email_normal", "id"])
    op.create_index("ix_orders_status", "orders", ["merchant_id", "status", "id"])
    op.create_index("ix_orders_created", "orders", ["merchant_id", "created_at"])
    op.create_index("ix_orders_placed", "orders", ["merchant_id", "placed_at"])


def _lines() -> None:
    op.create_table(
        "order_lines",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("variant_id", sa.Text()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Uuid()),
        sa.Column("unit_price_minor", sa.BigInteger()),
        sa.Column("requires_shipping", sa.Boolean(), nullable=False),
        sa.Column("elsewhere", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("reduce_to", sa.Integer()),
        sa.Column("ordered", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False, server_default="0") for name in COUNTERS),
        sa.PrimaryKeyConstraint("merchant_id", "order_id", "id", name="pk_order_lines"),
        sa.UniqueConstraint("merchant_id", "order_id", "external_id", name="uq_order_lines_external_id"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_order_lines_order"
        ),
        sa.CheckConstraint(COUNTERS_SANE, name=op.f("ck_order_lines_counters")),
    )
    op.create_index("ix_order_lines_product", "order_lines", ["merchant_id", "product_id"])
    op.create_index(
        "ix_order_lines_unresolved",
        "order_lines",
        ["merchant_id", "sku"],
        postgresql_where=sa.text("product_id IS NULL"),
    )


def _holds_and_tracking() -> None:
    op.create_table(
        "holds",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("reason", "note", "placed_by")),
        sa.Column("placed_at", TIME, nullable=False),
        sa.Column("released_by", sa.Text()),
        sa.Column("released_at", TIME),
        sa.PrimaryKeyConstraint("merchant_id", "order_id", "id", name="pk_holds"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_holds_order"
        ),
    )
    op.create_table(
        "order_tracking",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("tracking_normal", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "tracking_normal", "order_id", name="pk_order_tracking"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_order_tracking_order"
        ),
    )


def downgrade() -> None:
    for table in ("order_tracking", "holds", "order_lines", "orders"):
        op.drop_table(table)
