"""Billing: versioned prices and the append-only ledger of charges."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fulfilhub.platform.tenancy import APPEND, OWN_MERCHANT, reference, secure

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

FIRST_PRICES = """
INSERT INTO prices (code, currency, version, amount_minor, tax_class, valid_from)
VALUES ('order_fulfilled', 'GBP', 1, 25, 'standard', '2026-01-01T00:00:00Z')
"""


def upgrade() -> None:
    op.create_table(
        "prices",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_class", sa.Text(), nullable=False),
        sa.Column("valid_from", TIME, nullable=False),
        sa.PrimaryKeyConstraint("code", "currency", "version", name="pk_prices"),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_prices_amount")),
    )
    op.create_table(
        "charges",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cause", sa.Uuid(), nullable=False),
        sa.Column("document", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("formula", sa.Text(), nullable=False),
        sa.Column("price_version", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("tax_class", sa.Text(), nullable=False),
        sa.Column("occurred_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_charges"),
        sa.UniqueConstraint("merchant_id", "kind", "cause", name="uq_charges_cause"),
        sa.CheckConstraint("kind IN ('order_fulfilled')", name=op.f("ck_charges_kind")),
    )
    op.create_index("ix_charges_occurred", "charges", ["merchant_id", "occurred_at"])
    for statement in (
        *reference("prices"),
        *secure("charges", OWN_MERCHANT, {"fh_merchant": APPEND}),
        # A ledger: not even the platform's own scope rewrites it.
        "REVOKE UPDATE, DELETE ON charges FROM fh_platform",
        FIRST_PRICES,
    ):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("charges")
    op.drop_table("prices")
