"""What the customer's page reads: whose order a link names, and the shop's name."""

from __future__ import annotations

from alembic import op

from fulfilhub.platform.tenancy import OWN_ACCOUNT, door

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ORDER_MERCHANT = """
CREATE FUNCTION order_merchant(wanted uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    SELECT o.merchant_id FROM public.orders AS o WHERE o.id = wanted;
END
"""


def upgrade() -> None:
    # An order's id comes from a link that was signed by us, so there is no merchant to lead the index.
    op.create_index("ix_orders_id", "orders", ["id"])
    for statement in (
        ORDER_MERCHANT,
        *door("order_merchant(uuid)"),
        "GRANT SELECT (account_id, name) ON accounts TO fh_customer",
        f"CREATE POLICY customer ON accounts TO fh_customer USING ({OWN_ACCOUNT})",
    ):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP POLICY customer ON accounts")
    op.execute("REVOKE SELECT (account_id, name) ON accounts FROM fh_customer")
    op.execute("DROP FUNCTION order_merchant(uuid)")
    op.drop_index("ix_orders_id", "orders")
