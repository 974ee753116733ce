"""The ground: scope functions, event log, tickets, inbox, idempotency keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import ALL, APPEND, FUNCTIONS, OWN_ACCOUNT, secure

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    for statement in FUNCTIONS.strip().split(";\n"):
        op.execute(statement)
    _events()
    _jobs()
    _inbox_and_keys()


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("data", pg.JSONB(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("occurred_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_events"),
    )
    op.create_index("uq_events_seq", "events", ["account_id", "seq"], unique=True)
    op.create_index("ix_events_subject", "events", ["account_id", "subject_id", "id"])
    op.create_index("ix_events_unnumbered", "events", ["account_id", "id"], postgresql_where=sa.text("seq IS NULL"))
    op.create_table(
        "event_sequences",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_event_sequences"),
    )
    grants = dict.fromkeys(("fh_merchant", "fh_partner", "fh_operator"), APPEND)
    for statement in (
        *secure(
            "events",
            OWN_ACCOUNT,
            {**grants, "fh_customer": APPEND},
            where={"fh_customer": f"{OWN_ACCOUNT} AND subject_id = (SELECT app_order())"},
        ),
        *secure("event_sequences", OWN_ACCOUNT, dict.fromkeys(grants, "SELECT")),
    ):
        op.execute(statement)


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("args", pg.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default="ready"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("handed", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("lease_id", sa.Uuid()),
        sa.Column("lease_until", TIME),
        sa.Column("last_error", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_jobs"),
        sa.CheckConstraint("state IN ('ready', 'dead')", name=op.f("ck_jobs_state")),
    )
    op.create_index("ix_jobs_next", "jobs", ["next_at"], postgresql_where=sa.text("state = 'ready'"))
    op.create_index("ix_jobs_dead", "jobs", ["account_id", "id"], postgresql_where=sa.text("state = 'dead'"))
    op.create_table(
        "schedules",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("kind", name="pk_schedules"),
    )
    for statement in (
        *secure(
            "jobs",
            OWN_ACCOUNT,
            {"fh_merchant": ALL, "fh_partner": APPEND, "fh_customer": "INSERT"},
        ),
        # The platform's staff looks after what is dead, whoever's it is, and does nothing with it but to run it again;
        # it must still see what it has just run again, or the database refuses the change.
        "GRANT SELECT, INSERT, UPDATE ON jobs TO fh_operator",
        f"CREATE POLICY operator_look ON jobs FOR SELECT TO fh_operator USING (state = 'dead' OR {OWN_ACCOUNT} "
        "OR (attempts = 0 AND last_error IS NOT NULL))",
        "CREATE POLICY operator_rerun ON jobs FOR UPDATE TO fh_operator USING (state = 'dead') "
        "WITH CHECK (state = 'ready' AND attempts = 0)",
        f"CREATE POLICY operator_queue ON jobs FOR INSERT TO fh_operator WITH CHECK ({OWN_ACCOUNT})",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON schedules TO fh_platform",
    ):
        op.execute(statement)


def _inbox_and_keys() -> None:
    op.create_table(
        "inbox",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary()),
        sa.Column("repeats", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("handled_at", TIME),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_inbox"),
        sa.UniqueConstraint("account_id", "source", "dedupe_key", name="uq_inbox_dedupe"),
    )
    op.create_index("ix_inbox_expires", "inbox", ["expires_at"], postgresql_where=sa.text("payload IS NOT NULL"))
    op.create_table(
        "idempotency_keys",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_expires", "idempotency_keys", ["expires_at"])
    callers = dict.fromkeys(("fh_merchant", "fh_partner", "fh_operator"), APPEND)
    for statement in (
        *secure("inbox", OWN_ACCOUNT, {"fh_merchant": ALL, "fh_partner": APPEND}),
        *secure("idempotency_keys", OWN_ACCOUNT, callers),
    ):
        op.execute(statement)


def downgrade() -> None:
    for table in ("idempotency_keys", "inbox", "schedules", "jobs", "event_sequences", "events"):
        op.drop_table(table)
    op.execute("DROP FUNCTION app_order()")
    op.execute("DROP FUNCTION app_account()")
