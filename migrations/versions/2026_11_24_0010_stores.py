"""Stores: connections, what stores were told, and what became of each message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import OWN_MERCHANT, door, secure

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

STORE_DOOR = """
CREATE FUNCTION store_door(wanted uuid) RETURNS TABLE (merchant_id uuid, platform text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT s.merchant_id, s.platform FROM stores AS s WHERE s.id = wanted;
END
"""


def upgrade() -> None:
    op.create_table(
        "stores",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("shop_domain", sa.Text(), nullable=False),
        sa.Column("credentials", sa.LargeBinary(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("settings", pg.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("last_seen_at", TIME),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_stores"),
        sa.CheckConstraint("platform IN ('shopify', 'woocommerce', 'api')", name=op.f("ck_stores_platform")),
        sa.CheckConstraint("state IN ('connected', 'disconnected')", name=op.f("ck_stores_state")),
    )
    op.create_index("ix_stores_id", "stores", ["id"])
    op.create_index(
        "uq_stores_base_url",
        "stores",
        ["merchant_id", "base_url"],
        unique=True,
        postgresql_where=sa.text("base_url <> ''"),
    )
    op.create_table(
        "store_updates",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("told_as", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("left_out", pg.JSONB(), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_store_updates"),
        sa.UniqueConstraint("merchant_id", "store_id", "shipment_id", name="uq_store_updates_shipment"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name="fk_store_updates_store"
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'sent', 'in_doubt', 'failed', 'refused')", name=op.f("ck_store_updates_state")
        ),
    )
    op.create_index("ix_store_updates_order", "store_updates", ["merchant_id", "order_id"])
    op.create_index("ix_store_updates_store", "store_updates", ["merchant_id", "store_id", "id"])
    op.add_column("inbox", sa.Column("outcome", sa.Text()))
    op.add_column("inbox", sa.Column("detail", sa.Text()))
    op.create_index(
        "ix_inbox_source", "inbox", ["account_id", "source", "id"], postgresql_where=sa.text("source <> 'api'")
    )
    edits = "SELECT, INSERT, UPDATE"
    for statement in (
        *secure("stores", OWN_MERCHANT, {"fh_merchant": edits}),
        *secure("store_updates", OWN_MERCHANT, {"fh_merchant": edits}),
        STORE_DOOR,
        *door("store_door(uuid)"),
    ):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION store_door(uuid)")
    op.drop_index("ix_inbox_source", "inbox")
    op.drop_column("inbox", "detail")
    op.drop_column("inbox", "outcome")
    op.drop_table("store_updates")
    op.drop_table("stores")
