"""How promises stand and how they turned out; those given before are looked at from now on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fulfilhub.platform.tenancy import APPEND, OWN_MERCHANT, secure

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
STATES = "state IN ('on_track', 'at_risk', 'kept', 'excused', 'broken')"
STAGES = "stage IN ('ship', 'deliver')"
OUTCOMES = "outcome IN ('kept', 'excused', 'broken')"
CAUSES = "cause IN ('site', 'carrier', 'merchant', 'customer')"
ORDER = (["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"])
OWN_ORDER = f"{OWN_MERCHANT} AND order_id = (SELECT app_order())"

LOOK_AT_ALL = """
INSERT INTO order_promises (merchant_id, order_id, state, look_at, updated_at)
SELECT merchant_id, id, 'on_track', promised_at, promised_at FROM orders
WHERE promised_at IS NOT NULL AND ship_by IS NOT NULL AND deliver_by IS NOT NULL
"""


def upgrade() -> None:
    _standing()
    _verdicts()
    for statement in (
        *secure(
            "order_promises",
            OWN_MERCHANT,
            {"fh_merchant": "SELECT, INSERT, UPDATE", "fh_customer": "SELECT"},
            where={"fh_customer": OWN_ORDER},
        ),
        *secure("promise_verdicts", OWN_MERCHANT, {"fh_merchant": APPEND}),
        # Decided once and for good.
        "REVOKE UPDATE ON promise_verdicts FROM fh_platform",
        LOOK_AT_ALL,
    ):
        op.execute(statement)


def _standing() -> None:
    op.create_table(
        "order_promises",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text()),
        *(sa.Column(name, TIME) for name in ("ship_risk_at", "deliver_risk_at", "look_at")),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "order_id", name="pk_order_promises"),
        sa.ForeignKeyConstraint(*ORDER, name="fk_order_promises_order"),
        sa.CheckConstraint(STATES, name=op.f("ck_order_promises_state")),
        sa.CheckConstraint(CAUSES, name=op.f("ck_order_promises_cause")),
    )
    op.create_index("ix_order_promises_state", "order_promises", ["merchant_id", "state", "order_id"])
    # The watch goes over all merchants at once.
    op.create_index(
        "ix_order_promises_look", "order_promises", ["look_at"], postgresql_where=sa.text("look_at IS NOT NULL")
    )


def _verdicts() -> None:
    op.create_table(
        "promise_verdicts",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text()),
        sa.Column("promised", TIME, nullable=False),
        sa.Column("due", TIME, nullable=False),
        sa.Column("happened", TIME),
        sa.Column("warehouse_id", sa.Uuid()),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "order_id", "stage", name="pk_promise_verdicts"),
        sa.ForeignKeyConstraint(*ORDER, name="fk_promise_verdicts_order"),
        sa.CheckConstraint(STAGES, name=op.f("ck_promise_verdicts_stage")),
        sa.CheckConstraint(OUTCOMES, name=op.f("ck_promise_verdicts_outcome")),
        sa.CheckConstraint(CAUSES, name=op.f("ck_promise_verdicts_cause")),
        sa.CheckConstraint("(outcome = 'kept') = (cause IS NULL)", name=op.f("ck_promise_verdicts_why")),
    )
    op.create_index("ix_promise_verdicts_promised", "promise_verdicts", ["merchant_id", "promised"])


def downgrade() -> None:
    for table in ("promise_verdicts", "order_promises"):
        op.drop_table(table)
