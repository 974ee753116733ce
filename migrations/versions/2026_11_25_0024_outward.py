"""What goes out to stores: each store's turn, orders' states and returns it is told, and its stock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fulfilhub.platform.tenancy import ALL, OWN_MERCHANT, secure

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
TABLES = ("store_lanes", "store_notices", "store_stock")

# Stores that were connected before follow what happens from now on; shipments that wait are told by turns.
LANES_OF_KNOWN = """
INSERT INTO store_lanes (merchant_id, store_id, after_seq, follows_orders, turn_id, turn_due_at)
SELECT s.merchant_id, s.id, coalesce(q.last, 0), s.platform = 'woocommerce' AND s.state = 'connected',
       CASE WHEN w.waits THEN gen_random_uuid() END, CASE WHEN w.waits THEN now() - interval '1 day' END
FROM stores AS s LEFT JOIN event_sequences AS q ON q.account_id = s.merchant_id
CROSS JOIN LATERAL (SELECT EXISTS (
    SELECT FROM store_updates AS u
    WHERE u.merchant_id = s.merchant_id AND u.store_id = s.id AND u.state IN ('pending', 'in_doubt')) AS waits) AS w
WHERE s.platform <> 'api'
"""


def _store_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name=f"fk_{table}_store"
    )


def upgrade() -> None:
    op.add_column("store_updates", sa.Column("due_at", TIME, nullable=False, server_default=sa.text("now()")))
    op.create_index(
        "ix_store_updates_due",
        "store_updates",
        ["merchant_id", "store_id", "due_at"],
        postgresql_where=sa.text("state IN ('pending', 'in_doubt')"),
    )
    _store_lanes()
    _store_notices()
    _store_stock()
    for table in TABLES:
        for statement in secure(table, OWN_MERCHANT, {"fh_merchant": ALL}):
            op.execute(statement)
    op.execute(LANES_OF_KNOWN)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("ix_store_updates_due", "store_updates")
    op.drop_column("store_updates", "due_at")


def _store_lanes() -> None:
    op.create_table(
        "store_lanes",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("turn_id", sa.Uuid()),
        sa.Column("turn_due_at", TIME),
        sa.Column("paused_until", TIME),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failed_at", TIME),
        sa.Column("code", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("told_at", TIME),
        sa.Column("follows_orders", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("follows_states", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("follows_stock", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("after_seq", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("ledger_id", sa.Uuid()),
        sa.Column("look_id", sa.Uuid()),
        sa.Column("look_due_at", TIME),
        sa.Column("check_at", TIME),
        sa.Column("checked_at", TIME),
        sa.PrimaryKeyConstraint("merchant_id", "store_id", name="pk_store_lanes"),
        _store_key("store_lanes"),
        sa.CheckConstraint("(turn_id IS NULL) = (turn_due_at IS NULL)", name=op.f("ck_store_lanes_turn")),
        sa.CheckConstraint("(look_id IS NULL) = (look_due_at IS NULL)", name=op.f("ck_store_lanes_look")),
        sa.CheckConstraint("follows_stock = (check_at IS NOT NULL)", name=op.f("ck_store_lanes_check_at")),
    )
    op.create_index(
        "ix_store_lanes_follows",
        "store_lanes",
        ["merchant_id", "store_id"],
        postgresql_where=sa.text("follows_orders OR follows_stock"),
    )


def _store_notices() -> None:
    op.create_table(
        "store_notices",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("digest", sa.LargeBinary()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("told_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_store_notices"),
        sa.UniqueConstraint("merchant_id", "store_id", "kind", "subject_id", name="uq_store_notices_subject"),
        _store_key("store_notices"),
        sa.CheckConstraint("kind IN ('state', 'return')", name=op.f("ck_store_notices_kind")),
        sa.CheckConstraint("state IN ('pending', 'told', 'refused', 'failed')", name=op.f("ck_store_notices_state")),
    )
    op.create_index(
        "ix_store_notices_due",
        "store_notices",
        ["merchant_id", "store_id", "kind", "due_at"],
        postgresql_where=sa.text("state = 'pending'"),
    )


def _store_stock() -> None:
    op.create_table(
        "store_stock",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("learned", sa.Boolean(), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.BigInteger()),
        sa.Column("reference", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("told_at", TIME),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_store_stock"),
        sa.UniqueConstraint("merchant_id", "store_id", "variant_id", name="uq_store_stock_variant"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "product_id"], ["products.merchant_id", "products.id"], name="fk_store_stock_product"
        ),
        _store_key("store_stock"),
        sa.CheckConstraint(
            "state IN ('pending', 'told', 'stale', 'unmanaged', 'missing', 'failed')",
            name=op.f("ck_store_stock_state"),
        ),
        sa.CheckConstraint("wanted >= 0", name=op.f("ck_store_stock_wanted")),
    )
    op.create_index("ix_store_stock_store", "store_stock", ["merchant_id", "store_id", "id"])
    op.create_index("ix_store_stock_product", "store_stock", ["merchant_id", "product_id"])
    op.create_index(
        "ix_store_stock_due",
        "store_stock",
        ["merchant_id", "store_id", "due_at"],
        postgresql_where=sa.text("state IN ('pending', 'stale')"),
    )
