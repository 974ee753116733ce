"""What somebody wrote into the stock ledger about a customer's return can be erased; the figures stay as they are."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("GRANT UPDATE (note) ON stock_movements TO fh_platform")


def downgrade() -> None:
    op.execute("REVOKE UPDATE (note) ON stock_movements FROM fh_platform")
