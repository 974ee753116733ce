"""A contract names a warehouse that its partner runs."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_foreign_key(
        "fk_contracts_warehouse", "contracts", "warehouses", ["partner_id", "warehouse_id"], ["account_id", "id"]
    )


def downgrade() -> None:
    op.drop_constraint("fk_contracts_warehouse", "contracts", type_="foreignkey")
