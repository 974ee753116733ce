"""What fails for a store is found without looking at all that did not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_inbox_unreadable": ("inbox", ["account_id", "source", "id"], "outcome = 'unreadable'"),
    "ix_store_updates_failing": (
        "store_updates",
        ["merchant_id", "store_id", "id"],
        "state IN ('refused', 'failed')",
    ),
    "ix_store_notices_failing": (
        "store_notices",
        ["merchant_id", "store_id", "id"],
        "state IN ('refused', 'failed')",
    ),
    "ix_store_assigned_orders_failing": ("store_assigned_orders", ["merchant_id", "store_id"], "code IS NOT NULL"),
    "ix_store_returns_failing": ("store_returns", ["merchant_id", "store_id", "id"], "code IS NOT NULL"),
    "ix_store_stock_failing": ("store_stock", ["merchant_id", "store_id", "id"], "state IN ('failed', 'missing')"),
}


def upgrade() -> None:
    for name, (table, columns, where) in INDEXES.items():
        op.create_index(name, table, columns, postgresql_where=sa.text(where))


def downgrade() -> None:
    for name, (table, _, _) in reversed(INDEXES.items()):
        op.drop_index(name, table)
