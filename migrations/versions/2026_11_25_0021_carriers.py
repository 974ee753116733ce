"""Carrier connections, scans that come before their parcel, and what carriers say beside a scan."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import ALL, OWN_ACCOUNT, door, secure

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
STATES = (
    "state IN ('label_created', 'silent', 'picked_up', 'in_transit', 'customs', 'delayed', 'out_for_delivery', "
    "'attempt_failed', 'exception', 'ready_for_pickup', 'returning', 'cancelled', 'returned', 'delivered')"
)
BOTH = ("fh_merchant", "fh_partner")
BESIDE = ("description", "location", "code", "signed_by")

CARRIER_DOOR = """
CREATE FUNCTION carrier_door(wanted uuid) RETURNS TABLE (account_id uuid, kind text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    SELECT c.account_id, a.kind
    FROM public.carrier_connections AS c JOIN public.accounts AS a USING (account_id) WHERE c.id = wanted;
END
"""


def upgrade() -> None:
    op.create_table(
        "carrier_connections",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("statuses", pg.JSONB(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("last_seen_at", TIME),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_carrier_connections"),
    )
    op.create_index("ix_carrier_connections_id", "carrier_connections", ["id"])
    op.create_table(
        "early_scans",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("tracking_normal", sa.Text(), nullable=False),
        sa.Column("occurred_at", TIME, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in BESIDE),
        sa.Column("estimated_at", TIME),
        sa.Column("told_by", sa.Text(), nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "tracking_normal", "occurred_at", "state", name="pk_early_scans"),
        sa.CheckConstraint(STATES, name=op.f("ck_early_scans_state")),
    )
    op.create_index("ix_early_scans_received", "early_scans", ["received_at"])
    for name in ("code", "signed_by"):
        op.add_column("tracking_events", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("tracking_events", sa.Column("estimated_at", TIME))
    for statement in (
        *secure("carrier_connections", OWN_ACCOUNT, dict.fromkeys(BOTH, "SELECT, INSERT, UPDATE")),
        *secure("early_scans", OWN_ACCOUNT, dict.fromkeys(BOTH, ALL)),
        f"GRANT UPDATE ({', '.join(BESIDE)}, estimated_at) ON tracking_events TO fh_merchant",
        "GRANT UPDATE ON inbox TO fh_partner",
        "GRANT DELETE ON jobs TO fh_partner",  # jobs that run in a partner's scope end their tickets
        CARRIER_DOOR,
        *door("carrier_door(uuid)"),
    ):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION carrier_door(uuid)")
    op.execute("REVOKE UPDATE ON inbox FROM fh_partner")
    op.execute("REVOKE DELETE ON jobs FROM fh_partner")
    op.execute(f"REVOKE UPDATE ({', '.join(BESIDE)}, estimated_at) ON tracking_events FROM fh_merchant")
    for name in ("estimated_at", "signed_by", "code"):
        op.drop_column("tracking_events", name)
    for table in ("early_scans", "carrier_connections"):
        op.drop_table(table)
