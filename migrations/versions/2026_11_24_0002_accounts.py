"""Accounts, API keys and contracts, and the door that turns a key into ids."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import OWN_ACCOUNT, OWN_MERCHANT, door, secure

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

RESOLVE_KEY = """
CREATE FUNCTION resolve_api_key(given bytea)
RETURNS TABLE (key_id uuid, account_id uuid, kind text, mode text, permissions text[], expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    SELECT k.id, k.account_id, a.kind, a.mode, k.permissions, k.expires_at
    FROM public.api_keys AS k JOIN public.accounts AS a USING (account_id)
    WHERE k.fingerprint = given AND k.revoked_at IS NULL;
END
"""

MAY_CONTRACT = """
CREATE FUNCTION may_contract(merchant uuid, partner uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT 1 FROM public.accounts AS m JOIN public.accounts AS p ON p.mode = m.mode
        WHERE m.account_id = merchant AND m.kind = 'merchant' AND p.account_id = partner AND p.kind = 'partner'
    );
END
"""


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("twin_id", sa.Uuid()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_accounts"),
        sa.CheckConstraint("kind IN ('merchant', 'partner', 'platform')", name=op.f("ck_accounts_kind")),
        sa.CheckConstraint("mode IN ('live', 'test')", name=op.f("ck_accounts_mode")),
    )
    op.create_table(
        "api_keys",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("permissions", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("revoked_at", TIME),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_api_keys"),
    )
    op.create_index("ix_api_keys_fingerprint", "api_keys", ["fingerprint"])
    op.create_table(
        "contracts",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_contracts"),
        sa.UniqueConstraint("merchant_id", "warehouse_id", name="uq_contracts_warehouse"),
        sa.CheckConstraint("state IN ('offered', 'active', 'ended')", name=op.f("ck_contracts_state")),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_contracts_dates")),
    )
    op.create_index("ix_contracts_partner", "contracts", ["partner_id", "id"])
    edits = "SELECT, INSERT, UPDATE"
    for statement in (
        *secure(
            "accounts",
            OWN_ACCOUNT,
            {"fh_merchant": "SELECT", "fh_partner": "SELECT", "fh_operator": edits},
            where={"fh_operator": "true"},
        ),
        *secure(
            "api_keys",
            OWN_ACCOUNT,
            {"fh_merchant": edits, "fh_partner": edits, "fh_operator": edits},
            where={"fh_operator": "true"},
        ),
        *secure(
            "contracts",
            OWN_MERCHANT,
            {"fh_merchant": "SELECT, UPDATE", "fh_partner": edits},
            where={"fh_partner": "partner_id = (SELECT app_account())"},
        ),
        RESOLVE_KEY,
        *door("resolve_api_key(bytea)"),
        MAY_CONTRACT,
        "REVOKE ALL ON FUNCTION may_contract(uuid, uuid) FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION may_contract(uuid, uuid) TO fh_partner",
    ):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION may_contract(uuid, uuid)")
    op.execute("DROP FUNCTION resolve_api_key(bytea)")
    for table in ("contracts", "api_keys", "accounts"):
        op.drop_table(table)
