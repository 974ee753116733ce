"""Sweeps: how complete each store is, what must be read of it, what came late, missing numbers, and backfills."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fulfilhub.platform.tenancy import ALL, OWN_MERCHANT, secure

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
TABLES = ("store_sweeps", "store_reads", "store_late_orders", "store_number_gaps", "store_backfills")

# Stores that were connected before are swept from now on, not all in the same minute.
SWEEP_KNOWN = """
INSERT INTO store_sweeps (merchant_id, store_id, complete_from, next_at, look_back_at)
SELECT merchant_id, id, now(), CASE WHEN state = 'connected' THEN now() + random() * interval '5 minutes' END,
       now() + random() * interval '1 day'
FROM stores WHERE platform <> 'api'
"""


def _store_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name=f"fk_{table}_store"
    )


def upgrade() -> None:
    _store_sweeps()
    _store_reads()
    _store_late_orders()
    _store_number_gaps()
    _store_backfills()
    for table in TABLES:
        for statement in secure(table, OWN_MERCHANT, {"fh_merchant": ALL}):
            op.execute(statement)
    op.execute(SWEEP_KNOWN)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _store_sweeps() -> None:
    op.create_table(
        "store_sweeps",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("complete_from", TIME, nullable=False),
        sa.Column("complete_to", TIME),
        sa.Column("listed_to", TIME),
        sa.Column("next_at", TIME),
        sa.Column("look_back_at", TIME, nullable=False),
        sa.Column("wanted_at", TIME),
        sa.Column("offset_seconds", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("lag_seconds", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("run_id", sa.Uuid()),
        sa.Column("run_since", TIME),
        sa.Column("run_upto", TIME),
        sa.Column("run_cursor", sa.Text()),
        sa.Column("run_started_at", TIME),
        sa.Column("run_looks_back", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("run_patient", sa.Boolean(), nullable=False, server_default=sa.text("true")),
        sa.Column("run_listed", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("run_found", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("reader_id", sa.Uuid()),
        sa.Column("reader_due_at", TIME),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failed_at", TIME),
        sa.Column("code", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("last_started_at", TIME),
        sa.Column("last_ended_at", TIME),
        sa.Column("last_listed", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("last_found", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("merchant_id", "store_id", name="pk_store_sweeps"),
        _store_key("store_sweeps"),
    )
    op.create_index(
        "ix_store_sweeps_next", "store_sweeps", ["next_at"], postgresql_where=sa.text("next_at IS NOT NULL")
    )


def _store_reads() -> None:
    op.create_table(
        "store_reads",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("latest_at", TIME, nullable=False),
        sa.Column("found_by", sa.Text(), nullable=False),
        sa.Column("found_at", TIME, nullable=False),
        sa.Column("backfill_id", sa.Uuid()),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("merchant_id", "store_id", "external_id", name="pk_store_reads"),
        _store_key("store_reads"),
        sa.CheckConstraint("found_by IN ('sweep', 'gap', 'backfill')", name=op.f("ck_store_reads_found_by")),
        sa.CheckConstraint(
            "(found_by = 'backfill') <= (backfill_id IS NOT NULL)", name=op.f("ck_store_reads_backfill")
        ),
    )
    op.create_index("ix_store_reads_due", "store_reads", ["merchant_id", "store_id", "due_at"])


def _store_late_orders() -> None:
    op.create_table(
        "store_late_orders",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("found_at", TIME, nullable=False),
        sa.Column("read_at", TIME, nullable=False),
        sa.Column("arrived_at", TIME),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_store_late_orders"),
        _store_key("store_late_orders"),
        sa.CheckConstraint("what IN ('order', 'change')", name=op.f("ck_store_late_orders_what")),
        sa.CheckConstraint("how IN ('sweep', 'gap')", name=op.f("ck_store_late_orders_how")),
    )
    op.create_index("ix_store_late_orders_store", "store_late_orders", ["merchant_id", "store_id", "id"])
    op.create_index(
        "ix_store_late_orders_missed",
        "store_late_orders",
        ["merchant_id", "store_id", "external_id"],
        postgresql_where=sa.text("arrived_at IS NULL"),
    )


def _store_number_gaps() -> None:
    op.create_table(
        "store_number_gaps",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("ask_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("checked_at", TIME),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_store_number_gaps"),
        _store_key("store_number_gaps"),
        sa.UniqueConstraint("merchant_id", "store_id", "number", name="uq_store_number_gaps_number"),
        sa.CheckConstraint("state IN ('open', 'absent', 'found')", name=op.f("ck_store_number_gaps_state")),
    )
    op.create_index("ix_store_number_gaps_store", "store_number_gaps", ["merchant_id", "store_id", "id"])
    op.create_index(
        "ix_store_number_gaps_ask",
        "store_number_gaps",
        ["merchant_id", "store_id", "ask_at"],
        postgresql_where=sa.text("state = 'open'"),
    )


def _store_backfills() -> None:
    op.create_table(
        "store_backfills",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("hold_open", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("listing", sa.Boolean(), nullable=False),
        sa.Column("listed_whole", sa.Boolean(), nullable=False),
        sa.Column("cursor", sa.Text()),
        sa.Column("total", sa.BigInteger()),
        sa.Column("reach", TIME),
        sa.Column("listed", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("had", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("taken", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("updated", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("gone", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("unreadable", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("code", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_store_backfills"),
        _store_key("store_backfills"),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'completed', 'failed', 'cancelled')", name=op.f("ck_store_backfills_state")
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (state IN ('queued', 'running'))", name=op.f("ck_store_backfills_ended")
        ),
        sa.CheckConstraint("since < until", name=op.f("ck_store_backfills_window")),
    )
    op.create_index("ix_store_backfills_store", "store_backfills", ["merchant_id", "store_id", "id"])
    op.create_index(
        "uq_store_backfills_live",
        "store_backfills",
        ["merchant_id", "store_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
