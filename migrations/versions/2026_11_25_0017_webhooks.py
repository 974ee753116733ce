"""Outgoing webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import OWN_ACCOUNT, secure

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
EDITS = "SELECT, INSERT, UPDATE"


def upgrade() -> None:
    _endpoints()
    _deliveries()
    _attempts()
    for table in ("webhook_endpoints", "webhook_deliveries", "webhook_attempts"):
        for statement in secure(table, OWN_ACCOUNT, dict.fromkeys(("fh_merchant", "fh_partner"), EDITS)):
            op.execute(statement)


def _endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("event_types", pg.ARRAY(sa.Text())),
        sa.Column("rate_per_second", sa.Integer()),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.Text()),
        sa.Column("disabled_at", TIME),
        sa.Column("deleted_at", TIME),
        sa.Column("after_seq", sa.BigInteger(), nullable=False),
        sa.Column("wake_at", TIME),
        sa.Column("lease_id", sa.Uuid()),
        sa.Column("lease_until", TIME),
        sa.Column("paused_until", TIME),
        sa.Column("failure_streak", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failing_since", TIME),
        sa.Column("last_success_at", TIME),
        sa.Column("recent", pg.JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_webhook_endpoints"),
        sa.CheckConstraint(
            "disabled_reason IN ('by_hand', 'failing', 'gone')", name=op.f("ck_webhook_endpoints_disabled_reason")
        ),
        sa.CheckConstraint(
            "enabled = (disabled_reason IS NULL) AND enabled = (disabled_at IS NULL)",
            name=op.f("ck_webhook_endpoints_disabled"),
        ),
        sa.CheckConstraint("rate_per_second > 0", name=op.f("ck_webhook_endpoints_rate")),
    )
    op.create_index(
        "ix_webhook_endpoints_wake", "webhook_endpoints", ["wake_at"], postgresql_where=sa.text("wake_at IS NOT NULL")
    )


def _deliveries() -> None:
    table = "webhook_deliveries"
    op.create_table(
        table,
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default="pending"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_webhook_deliveries"),
        sa.UniqueConstraint("account_id", "endpoint_id", "event_id", name="uq_webhook_deliveries_event"),
        sa.ForeignKeyConstraint(
            ["account_id", "endpoint_id"],
            ["webhook_endpoints.account_id", "webhook_endpoints.id"],
            name="fk_webhook_deliveries_endpoint",
        ),
        sa.CheckConstraint("state IN ('pending', 'delivered', 'failed')", name=op.f("ck_webhook_deliveries_state")),
        sa.CheckConstraint("(state = 'pending') = (ended_at IS NULL)", name=op.f("ck_webhook_deliveries_ended")),
    )
    of_endpoint = ["account_id", "endpoint_id"]
    op.create_index("ix_webhook_deliveries_list", table, [*of_endpoint, "id"])
    op.create_index(
        "ix_webhook_deliveries_due", table, [*of_endpoint, "due_at"], postgresql_where=sa.text("state = 'pending'")
    )
    op.create_index(
        "ix_webhook_deliveries_failed", table, [*of_endpoint, "id"], postgresql_where=sa.text("state = 'failed'")
    )
    op.create_index(
        "ix_webhook_deliveries_ended", table, ["ended_at"], postgresql_where=sa.text("ended_at IS NOT NULL")
    )


def _attempts() -> None:
    op.create_table(
        "webhook_attempts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("request_headers", pg.JSONB(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("duration_ms", sa.Integer()),
        sa.Column("status", sa.Integer()),
        sa.Column("response_headers", pg.JSONB()),
        sa.Column("answer", sa.LargeBinary()),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_webhook_attempts"),
        sa.UniqueConstraint("account_id", "delivery_id", "number", name="uq_webhook_attempts_number"),
        sa.ForeignKeyConstraint(
            ["account_id", "delivery_id"],
            ["webhook_deliveries.account_id", "webhook_deliveries.id"],
            name="fk_webhook_attempts_delivery",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    for table in ("webhook_attempts", "webhook_deliveries", "webhook_endpoints"):
        op.drop_table(table)
