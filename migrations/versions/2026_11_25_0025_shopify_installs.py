"""Shops that our Shopify app is installed in, their tokens, and what stores ask about customers' data."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import ALL, OWN_MERCHANT, door, secure

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

SHOP_DOOR = """
CREATE FUNCTION shop_door(wanted text) RETURNS TABLE (merchant_id uuid, store_id uuid, live boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    SELECT i.merchant_id, i.store_id, i.state IN ('installed', 'lapsed')
    FROM public.shopify_installs AS i WHERE i.shop = wanted ORDER BY i.merchant_id, i.store_id;
END
"""
# Two who install one shop at once are put in a row: the second sees what the first did.
CLAIM_SHOP = """
CREATE FUNCTION claim_shop(wanted text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('shopify:' || wanted, 0));
    RETURN NOT EXISTS (
        SELECT FROM public.shopify_installs AS i
        WHERE i.shop = wanted AND i.state IN ('installed', 'lapsed')
          AND i.merchant_id IS DISTINCT FROM public.app_account());
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "shopify_installs",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("scopes", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("refresh_token", sa.LargeBinary()),
        sa.Column("expires_at", TIME),
        sa.Column("refresh_expires_at", TIME),
        sa.Column("renewal_id", sa.Uuid()),
        sa.Column("renewal_until", TIME),
        sa.Column("renewed_at", TIME, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failed_at", TIME),
        sa.Column("code", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("installed_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("merchant_id", "store_id", name="pk_shopify_installs"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name="fk_shopify_installs_store"
        ),
        sa.CheckConstraint(
            "state IN ('installed', 'lapsed', 'uninstalled', 'released')", name=op.f("ck_shopify_installs_state")
        ),
        sa.CheckConstraint(
            "(ended_at IS NOT NULL) = (state IN ('uninstalled', 'released'))", name=op.f("ck_shopify_installs_ended")
        ),
        sa.CheckConstraint("(renewal_id IS NULL) = (renewal_until IS NULL)", name=op.f("ck_shopify_installs_renewal")),
        sa.CheckConstraint(
            "refresh_token IS NULL OR expires_at IS NOT NULL", name=op.f("ck_shopify_installs_refresh_token")
        ),
    )
    op.create_index("ix_shopify_installs_shop", "shopify_installs", ["shop"])
    op.create_index(
        "ix_shopify_installs_refresh_expires",
        "shopify_installs",
        ["refresh_expires_at"],
        postgresql_where=sa.text("state = 'installed'"),
    )
    op.add_column("privacy_requests", sa.Column("origin", sa.Text(), nullable=False, server_default="merchant"))
    op.add_column("privacy_requests", sa.Column("store_id", sa.Uuid()))
    op.add_column("privacy_requests", sa.Column("reference", sa.Text()))
    op.create_foreign_key(
        "fk_privacy_requests_store", "privacy_requests", "stores", ["merchant_id", "store_id"], ["merchant_id", "id"]
    )
    _kinds("'export', 'erasure', 'store_erasure'")
    op.create_check_constraint(
        op.f("ck_privacy_requests_store"), "privacy_requests", "(store_id IS NOT NULL) = (origin = 'store')"
    )
    for statement in (
        *secure("shopify_installs", OWN_MERCHANT, {"fh_merchant": ALL}),
        SHOP_DOOR,
        *door("shop_door(text)"),
        CLAIM_SHOP,
        "REVOKE ALL ON FUNCTION claim_shop(text) FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION claim_shop(text) TO fh_merchant, fh_platform",
    ):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION claim_shop(text)")
    op.execute("DROP FUNCTION shop_door(text)")
    op.execute("DELETE FROM privacy_requests WHERE origin = 'store'")
    op.drop_constraint(op.f("ck_privacy_requests_store"), "privacy_requests")
    _kinds("'export', 'erasure'")
    op.drop_constraint("fk_privacy_requests_store", "privacy_requests")
    for column in ("reference", "store_id", "origin"):
        op.drop_column("privacy_requests", column)
    op.drop_table("shopify_installs")


def _kinds(kinds: str) -> None:
    name = op.f("ck_privacy_requests_kind")
    op.drop_constraint(name, "privacy_requests")
    op.create_check_constraint(name, "privacy_requests", f"kind IN ({kinds})")
