"""People, sessions, invitations and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fulfilhub.platform.tenancy import ALL, APPEND, OWN_ACCOUNT, OWN_MERCHANT, door, secure

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
EVERYONE = ("fh_merchant", "fh_partner", "fh_operator")
EDITS = "SELECT, INSERT, UPDATE"

RESOLVE_SESSION = """
CREATE FUNCTION resolve_session(given bytea, at timestamptz, idle interval)
RETURNS TABLE (session_id uuid, user_id uuid, home_id uuid, account_id uuid, kind text, mode text, role text,
               expires_at timestamptz)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    UPDATE public.user_sessions AS s SET last_seen_at = at
    WHERE s.fingerprint = given AND s.last_seen_at < at - interval '1 minute' AND s.last_seen_at > at - idle
      AND s.expires_at > at;
    SELECT s.id, s.user_id, s.account_id, CASE s.mode WHEN 'test' THEN a.twin_id ELSE a.account_id END, a.kind, s.mode,
           u.role, s.expires_at
    FROM public.user_sessions AS s
    JOIN public.users AS u ON u.account_id = s.account_id AND u.id = s.user_id AND u.deactivated_at IS NULL
    JOIN public.accounts AS a ON a.account_id = s.account_id
    WHERE s.fingerprint = given AND s.expires_at > at AND s.last_seen_at > at - idle;
END
"""

USERS_NAMED = """
CREATE FUNCTION users_named(given text) RETURNS TABLE (account_id uuid, user_id uuid, kind text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    SELECT u.account_id, u.id, a.kind
    FROM public.users AS u JOIN public.accounts AS a USING (account_id)
    WHERE u.email_key = given AND u.deactivated_at IS NULL ORDER BY u.account_id LIMIT 20;
END
"""

RESOLVE_LINK = """
CREATE FUNCTION resolve_user_link(given bytea, wanted text) RETURNS TABLE (account_id uuid, link_id uuid, kind text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    SELECT l.account_id, l.id, a.kind
    FROM public.user_links AS l JOIN public.accounts AS a USING (account_id)
    WHERE l.fingerprint = given AND l.kind = wanted;
END
"""

RESOLVE_CODE = """
CREATE FUNCTION resolve_store_code(given bytea) RETURNS TABLE (merchant_id uuid, code_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    SELECT c.merchant_id, c.id FROM public.store_codes AS c WHERE c.fingerprint = given;
END
"""

# Each try is counted before it is known whether it fails, or many at once would all be let through. Until `free`
# tries nothing waits; from then on the wait doubles, up to `longest` seconds. A day's quiet forgets. What need not wait
# is due a minute ago: of two at once, the one with the earlier clock may come second.
BRAKE = """
CREATE FUNCTION brake(keys bytea[], free int[], longest int[], at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE waits timestamptz;
BEGIN
    INSERT INTO public.brakes AS b (key, failures, next_at, touched_at)
    SELECT k, 0, at - interval '1 minute', at FROM unnest(keys) AS k ORDER BY k
    ON CONFLICT (key) DO UPDATE SET
        failures = CASE WHEN b.touched_at < at - interval '1 day' THEN 0 ELSE b.failures END;
    SELECT max(b.next_at) INTO waits FROM public.brakes AS b WHERE b.key = ANY (keys) AND b.next_at > at;
    IF waits IS NOT NULL THEN
        RETURN waits;
    END IF;
    UPDATE public.brakes AS b
    SET failures = b.failures + 1, touched_at = at,
        next_at = CASE WHEN b.failures < k.free THEN b.next_at
                       ELSE at + interval '1 second' * least(k.longest, power(2, least(b.failures - k.free, 20))) END
    FROM unnest(keys, free, longest) AS k (key, free, longest) WHERE b.key = k.key;
    RETURN NULL;
END
$$
"""

RELEASE = """
CREATE FUNCTION release_brake(keys bytea[], wholly boolean[], at timestamptz) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    UPDATE public.brakes AS b
    SET failures = CASE WHEN k.wholly THEN 0 ELSE greatest(b.failures - 1, 0) END,
        next_at = at - interval '1 minute'
    FROM unnest(keys, wholly) AS k (key, wholly) WHERE b.key = k.key;
END
"""

DOORS = {
    "resolve_session(bytea, timestamptz, interval)": RESOLVE_SESSION,
    "users_named(text)": USERS_NAMED,
    "resolve_user_link(bytea, text)": RESOLVE_LINK,
    "resolve_store_code(bytea)": RESOLVE_CODE,
    "brake(bytea[], int[], int[], timestamptz)": BRAKE,
    "release_brake(bytea[], boolean[], timestamptz)": RELEASE,
}


def upgrade() -> None:
    _audit_log()
    _users()
    _sessions_and_links()
    _store_codes()
    for signature, function in DOORS.items():
        op.execute(function)
        for statement in door(signature):
            op.execute(statement)


def _audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text()),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.PrimaryKeyConstraint("account_id", "at", "id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_actor", "audit_log", ["account_id", "actor", "at", "id"])
    op.create_index(
        "ix_audit_log_entity",
        "audit_log",
        ["account_id", "entity", "at", "id"],
        postgresql_where=sa.text("entity IS NOT NULL"),
    )
    for statement in (
        *secure("audit_log", OWN_ACCOUNT, dict.fromkeys(EVERYONE, APPEND)),
        "REVOKE UPDATE, DELETE ON audit_log FROM fh_platform",
    ):
        op.execute(statement)


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("totp", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("deactivated_at", TIME),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_users"),
        sa.UniqueConstraint("account_id", "email_key", name="uq_users_email"),
        sa.CheckConstraint("role IN ('owner', 'operations', 'finance', 'read_only')", name=op.f("ck_users_role")),
    )
    op.create_index("ix_users_email", "users", ["email_key"])
    op.create_table(
        "user_secrets",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("totp_secret", sa.LargeBinary()),
        sa.Column("totp_pending", sa.LargeBinary()),
        sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("changed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "user_id", name="pk_user_secrets"),
        _of_user("fk_user_secrets_user"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "user_id", "fingerprint", name="pk_recovery_codes"),
        _of_user("fk_recovery_codes_user"),
    )
    for statement in (
        *secure("users", OWN_ACCOUNT, dict.fromkeys(EVERYONE, EDITS)),
        *secure("user_secrets", OWN_ACCOUNT, dict.fromkeys(EVERYONE, EDITS)),
        *secure("recovery_codes", OWN_ACCOUNT, dict.fromkeys(EVERYONE, "SELECT, INSERT, DELETE")),
    ):
        op.execute(statement)


def _of_user(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["account_id", "user_id"], ["users.account_id", "users.id"], name=name)


def _sessions_and_links() -> None:
    op.create_table(
        "user_sessions",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_seen_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_user_sessions"),
        sa.CheckConstraint("mode IN ('live', 'test')", name=op.f("ck_user_sessions_mode")),
        _of_user("fk_user_sessions_user"),
    )
    op.create_index("ix_user_sessions_user", "user_sessions", ["account_id", "user_id", "id"])
    op.create_index("ix_user_sessions_fingerprint", "user_sessions", ["fingerprint"])
    op.create_index("ix_user_sessions_expires", "user_sessions", ["expires_at"])
    op.create_table(
        "user_links",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        sa.Column("revoked_at", TIME),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_user_links"),
        sa.CheckConstraint("kind IN ('invitation', 'reset')", name=op.f("ck_user_links_kind")),
        _of_user("fk_user_links_user"),
    )
    op.create_index("ix_user_links_kind", "user_links", ["account_id", "kind", "id"])
    op.create_index("ix_user_links_fingerprint", "user_links", ["fingerprint"])
    op.create_index("ix_user_links_expires", "user_links", ["expires_at"])
    op.create_table(
        "brakes",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("touched_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_brakes"),
    )
    op.create_index("ix_brakes_touched", "brakes", ["touched_at"])
    for statement in (
        *secure("user_sessions", OWN_ACCOUNT, dict.fromkeys(EVERYONE, ALL)),
        *secure("user_links", OWN_ACCOUNT, dict.fromkeys(EVERYONE, EDITS)),
        f"GRANT {ALL} ON brakes TO fh_platform",
    ):
        op.execute(statement)


def _store_codes() -> None:
    op.create_table(
        "store_codes",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("platform", sa.Text()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("challenge", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        sa.Column("store_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_store_codes"),
        sa.CheckConstraint("platform IN ('shopify', 'woocommerce')", name=op.f("ck_store_codes_platform")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name="fk_store_codes_store"
        ),
    )
    op.create_index("ix_store_codes_fingerprint", "store_codes", ["fingerprint"])
    op.create_index("ix_store_codes_expires", "store_codes", ["expires_at"])
    for statement in secure("store_codes", OWN_MERCHANT, {"fh_merchant": EDITS}):
        op.execute(statement)


def downgrade() -> None:
    for signature in DOORS:
        op.execute(f"DROP FUNCTION {signature}")
    for table in (
        "store_codes",
        "brakes",
        "user_links",
        "user_sessions",
        "recovery_codes",
        "user_secrets",
        "users",
        "audit_log",
    ):
        op.drop_table(table)
