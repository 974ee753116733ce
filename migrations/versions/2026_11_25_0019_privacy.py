"""Erasure and export of a customer's data."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import APPEND, OWN_MERCHANT, secure

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# Of an address the country stays, for statistics.
BLANKED = """
CREATE FUNCTION blanked(address jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT jsonb_object_agg(part.key, CASE WHEN part.key = 'country' THEN part.value ELSE '""'::jsonb END)
    FROM jsonb_each(CASE WHEN jsonb_typeof(address) = 'object' THEN address END) AS part
)
"""

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "privacy_requests",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("subject", sa.LargeBinary()),
        sa.Column("result", sa.LargeBinary()),
        sa.Column("counts", pg.JSONB(), nullable=False),
        sa.Column("open_orders", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("done_at", TIME),
        sa.Column("expires_at", TIME),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_privacy_requests"),
        sa.CheckConstraint("kind IN ('export', 'erasure')", name=op.f("ck_privacy_requests_kind")),
        sa.CheckConstraint("state IN ('requested', 'waiting', 'done')", name=op.f("ck_privacy_requests_state")),
        sa.CheckConstraint("(done_at IS NOT NULL) = (state = 'done')", name=op.f("ck_privacy_requests_done")),
    )
    op.create_index("ix_privacy_requests_expires", "privacy_requests", ["expires_at"])
    for statement in (*secure("privacy_requests", OWN_MERCHANT, {"fh_merchant": APPEND}), BLANKED):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION blanked(jsonb)")
    op.drop_table("privacy_requests")
