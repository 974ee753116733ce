"""Keys that belong to one store, what a store's plugin says of itself, and messages that can be looked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import door

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

KEY = "key_id uuid, account_id uuid, kind text, mode text, permissions text[], expires_at timestamptz"
FOUND = "k.id, k.account_id, a.kind, a.mode, k.permissions, k.expires_at"


def _resolve_key(returned: str, found: str) -> list[str]:
    return [
        "DROP FUNCTION resolve_api_key(bytea)",
        f"""
        CREATE FUNCTION resolve_api_key(given bytea) RETURNS TABLE ({returned})
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
        BEGIN ATOMIC
            SELECT {found}
            FROM public.api_keys AS k JOIN public.accounts AS a USING (account_id)
            WHERE k.fingerprint = given AND k.revoked_at IS NULL;
        END
        """,  # noqa: S608 - made of the constants above
        *door("resolve_api_key(bytea)"),
    ]


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("store_id", sa.Uuid()))
    op.create_foreign_key("fk_api_keys_store", "api_keys", "stores", ["account_id", "store_id"], ["merchant_id", "id"])
    op.create_check_constraint(
        op.f("ck_api_keys_store"), "api_keys", "(store_id IS NOT NULL) = (permissions = '{storefront:use}')"
    )
    op.create_index(
        "ix_api_keys_store", "api_keys", ["account_id", "store_id"], postgresql_where=sa.text("store_id IS NOT NULL")
    )
    op.add_column("stores", sa.Column("plugin", pg.JSONB()))
    op.add_column("inbox", sa.Column("about", sa.Text()))
    op.create_index(
        "ix_inbox_about",
        "inbox",
        ["account_id", "source", "about", "id"],
        postgresql_where=sa.text("about IS NOT NULL"),
    )
    op.create_index(
        "ix_inbox_waiting",
        "inbox",
        ["account_id", "source"],
        postgresql_where=sa.text("handled_at IS NULL AND source <> 'api'"),
    )
    for statement in _resolve_key(f"{KEY}, store_id uuid", f"{FOUND}, k.store_id"):
        op.execute(statement)


def downgrade() -> None:
    for statement in _resolve_key(KEY, FOUND):
        op.execute(statement)
    for index in ("ix_inbox_waiting", "ix_inbox_about"):
        op.drop_index(index, "inbox")
    op.drop_column("inbox", "about")
    op.drop_column("stores", "plugin")
    op.execute("DELETE FROM api_keys WHERE store_id IS NOT NULL")
    op.drop_column("api_keys", "store_id")
