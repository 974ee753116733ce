"""Requests to a partner after a claim, and dated holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import OWN_ACCOUNT, OWN_MERCHANT, secure

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
EDITS = "SELECT, INSERT, UPDATE"
LINES = ("fulfilment_lines", "work_order_lines")
BEFORE = "quantity > 0 AND picked >= 0 AND short >= 0 AND picked + short <= quantity"
PROGRESS = "quantity > 0 AND picked >= 0 AND short >= 0 AND cancelled >= 0 AND picked + short + cancelled <= quantity"
KINDS = "kind IN ('cancel', 'lines', 'address')"
STATES = "state IN ('requested', 'accepted', 'refused', 'timed_out', 'withdrawn', 'overtaken', 'superseded')"
ANSWERED = "(state = 'requested') = (answered_at IS NULL) AND (state = 'requested') = (carried_out IS NULL)"
ON_SILENCE = "on_silence IN ('accept', 'refuse')"

# Whose doing a hold was is known from its reason; of what was placed before, nothing more can be known.
CAUSES = """
UPDATE holds SET
    caused_by = CASE WHEN reason IN ('awaiting_payment', 'awaiting_return_items', 'incorrect_address',
                                     'customer_request') THEN 'customer' ELSE 'merchant' END,
    source = CASE WHEN placed_by = 'system' THEN 'platform' ELSE 'merchant' END
"""


def upgrade() -> None:
    _holds()
    op.add_column("orders", sa.Column("wanted", pg.JSONB(), nullable=False, server_default=sa.text("'{}'")))
    for table in LINES:
        op.add_column(table, sa.Column("cancelled", sa.Integer(), nullable=False, server_default="0"))
        op.drop_constraint(op.f(f"ck_{table}_progress"), table)
        op.create_check_constraint(op.f(f"ck_{table}_progress"), table, PROGRESS)
    _order_requests()
    _work_requests()
    _policies()
    for statement in (
        *secure("order_requests", OWN_MERCHANT, {"fh_merchant": EDITS}),
        *secure(
            "work_requests",
            OWN_ACCOUNT,
            {"fh_partner": "SELECT", "fh_merchant": EDITS},
            where={"fh_merchant": OWN_MERCHANT},
        ),
        *secure("request_policies", OWN_MERCHANT, {"fh_merchant": EDITS}),
    ):
        op.execute(statement)


def _holds() -> None:
    for name in ("name", "source", "caused_by"):
        op.add_column("holds", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("holds", sa.Column("until", TIME))
    op.execute(CAUSES)
    for name in ("name", "source", "caused_by"):
        op.alter_column("holds", name, server_default=None)
    op.create_check_constraint(
        op.f("ck_holds_source"), "holds", "source IN ('merchant', 'customer', 'store', 'platform')"
    )
    op.create_check_constraint(
        op.f("ck_holds_caused_by"), "holds", "caused_by IN ('merchant', 'customer', 'site', 'carrier')"
    )


def _asked() -> list[sa.Column[object]]:
    """What the merchant's and the warehouse's record of a request both hold."""
    return [
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "asked_by", "note", "state", "answer_note")),
        sa.Column("asked", pg.JSONB(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("carried_out", sa.Boolean()),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("answer_by", TIME, nullable=False),
        sa.Column("answered_at", TIME),
    ]


def _checks(table: str) -> list[sa.CheckConstraint]:
    checks = {"kind": KINDS, "state": STATES, "answered": ANSWERED}
    return [sa.CheckConstraint(check, name=op.f(f"ck_{table}_{name}")) for name, check in checks.items()]


def _order_requests() -> None:
    op.create_table(
        "order_requests",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("merchant_id", "order_id", "id")),
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("fulfilment_id", "warehouse_id")),
        sa.Column("on_silence", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Text()),
        *_asked(),
        sa.PrimaryKeyConstraint("merchant_id", "order_id", "id", name="pk_order_requests"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_order_requests_order"
        ),
        sa.CheckConstraint(ON_SILENCE, name=op.f("ck_order_requests_on_silence")),
        *_checks("order_requests"),
    )


def _work_requests() -> None:
    op.create_table(
        "work_requests",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("account_id", "id", "work_order_id")),
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("merchant_id", "order_id", "warehouse_id")),
        sa.Column("order_number", sa.Text(), nullable=False),
        *_asked(),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_work_requests"),
        sa.ForeignKeyConstraint(
            ["account_id", "work_order_id"],
            ["work_orders.account_id", "work_orders.id"],
            name="fk_work_requests_work_order",
        ),
        *_checks("work_requests"),
    )
    op.create_index(
        "uq_work_requests_open",
        "work_requests",
        ["account_id", "work_order_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state = 'requested'"),
    )
    op.create_index("ix_work_requests_state", "work_requests", ["account_id", "state", "id"])


def _policies() -> None:
    op.create_table(
        "request_policies",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("answer_minutes", sa.Integer(), nullable=False),
        sa.Column("on_silence", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", name="pk_request_policies"),
        sa.CheckConstraint("answer_minutes BETWEEN 1 AND 20160", name=op.f("ck_request_policies_answer_minutes")),
        sa.CheckConstraint(ON_SILENCE, name=op.f("ck_request_policies_on_silence")),
    )


def downgrade() -> None:
    for table in ("request_policies", "work_requests", "order_requests"):
        op.drop_table(table)
    for table in LINES:
        op.drop_constraint(op.f(f"ck_{table}_progress"), table)
        op.drop_column(table, "cancelled")
        op.create_check_constraint(op.f(f"ck_{table}_progress"), table, BEFORE)
    op.drop_column("orders", "wanted")
    for check in ("source", "caused_by"):
        op.drop_constraint(op.f(f"ck_holds_{check}"), "holds")
    for name in ("until", "caused_by", "source", "name"):
        op.drop_column("holds", name)
