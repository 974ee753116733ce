"""What a shop asks of which of our warehouses: its locations, the services registered there, the units assigned to
them with their holds, and what routing knows of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fulfilhub.platform.tenancy import ALL, OWN_MERCHANT, door, secure

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
TABLES = (
    "store_locations",
    "store_services",
    "store_pulls",
    "store_assigned_orders",
    "store_assignments",
    "store_assignment_lines",
    "store_holds",
    "routing_wishes",
)
DOOR = """
CREATE FUNCTION store_service_door(wanted uuid)
RETURNS TABLE (merchant_id uuid, store_id uuid, warehouse_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT s.merchant_id, s.store_id, s.warehouse_id FROM store_services AS s WHERE s.id = wanted;
END
"""
NOTICE_KINDS = "kind IN ({})"


def _store_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name=f"fk_{table}_store"
    )


def _id(name: str, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=null)


def _text(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=null, server_default=default)


def _number(name: str, default: str | None = "0") -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=default)


def upgrade() -> None:
    _places()
    _work()
    _assigned()
    _wishes()
    for table in TABLES:
        for statement in secure(table, OWN_MERCHANT, {"fh_merchant": ALL}):
            op.execute(statement)
    op.execute(DOOR)
    for statement in door("store_service_door(uuid)"):
        op.execute(statement)
    _notices("'state', 'return', 'milestone'")


def downgrade() -> None:
    op.execute("DELETE FROM store_notices WHERE kind = 'milestone'")
    _notices("'state', 'return'")
    op.execute("DROP FUNCTION store_service_door(uuid)")
    for table in reversed(TABLES):
        op.drop_table(table)


def _notices(kinds: str) -> None:
    op.drop_constraint(op.f("ck_store_notices_kind"), "store_notices", type_="check")
    op.create_check_constraint(op.f("ck_store_notices_kind"), "store_notices", NOTICE_KINDS.format(kinds))


def _places() -> None:
    op.create_table(
        "store_locations",
        _id("merchant_id"),
        _id("store_id"),
        _text("external_id"),
        _id("warehouse_id", null=True),
        _text("name"),
        _text("kind"),
        _text("service_id", null=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "store_id", "external_id", name="pk_store_locations"),
        _store_key("store_locations"),
        sa.CheckConstraint("kind IN ('service', 'merchant')", name=op.f("ck_store_locations_kind")),
        sa.CheckConstraint("(kind = 'service') = (service_id IS NOT NULL)", name=op.f("ck_store_locations_service")),
    )
    op.create_index(
        "uq_store_locations_warehouse",
        "store_locations",
        ["merchant_id", "store_id", "warehouse_id"],
        unique=True,
        postgresql_where=sa.text("warehouse_id IS NOT NULL"),
    )
    op.create_table(
        "store_services",
        _id("merchant_id"),
        _id("id"),
        _id("store_id"),
        _id("warehouse_id"),
        _text("name"),
        _text("state"),
        _text("service_id", null=True),
        _text("location_id", null=True),
        _text("code", null=True),
        _text("reason", null=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_store_services"),
        _store_key("store_services"),
        sa.CheckConstraint(
            "state IN ('wanted', 'registered', 'refused', 'unwanted')", name=op.f("ck_store_services_state")
        ),
        sa.CheckConstraint(
            "state <> 'registered' OR (service_id IS NOT NULL AND location_id IS NOT NULL)",
            name=op.f("ck_store_services_registered"),
        ),
        sa.UniqueConstraint("merchant_id", "store_id", "warehouse_id", name="uq_store_services_warehouse"),
    )
    op.create_index("ix_store_services_id", "store_services", ["id"])


def _work() -> None:
    op.create_table(
        "store_pulls",
        _id("merchant_id"),
        _id("store_id"),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("pinged_at", TIME),
        _id("run_id", null=True),
        sa.Column("run_due_at", TIME),
        _number("failures"),
        _text("code", null=True),
        _text("reason", null=True),
        sa.Column("last_ended_at", TIME),
        sa.PrimaryKeyConstraint("merchant_id", "store_id", name="pk_store_pulls"),
        _store_key("store_pulls"),
        sa.CheckConstraint("(run_id IS NULL) = (run_due_at IS NULL)", name=op.f("ck_store_pulls_run")),
    )
    op.create_index("ix_store_pulls_next", "store_pulls", ["next_at"])
    op.create_table(
        "store_assigned_orders",
        _id("merchant_id"),
        _id("store_id"),
        _text("external_id"),
        _id("order_id", null=True),
        _number("marks", "1"),
        _id("run_id", null=True),
        sa.Column("run_due_at", TIME),
        _number("attempts"),
        _text("code", null=True),
        _text("reason", null=True),
        sa.Column("read_at", TIME),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "store_id", "external_id", name="pk_store_assigned_orders"),
        _store_key("store_assigned_orders"),
        sa.CheckConstraint("(run_id IS NULL) = (run_due_at IS NULL)", name=op.f("ck_store_assigned_orders_run")),
    )
    op.create_index("ix_store_assigned_orders_order", "store_assigned_orders", ["merchant_id", "order_id"])
    op.create_index(
        "ix_store_assigned_orders_run",
        "store_assigned_orders",
        ["run_due_at"],
        postgresql_where=sa.text("run_id IS NOT NULL"),
    )


def _assigned() -> None:
    op.create_table(
        "store_assignments",
        _id("merchant_id"),
        _id("id"),
        _id("store_id"),
        _text("external_id"),
        _text("order_external_id"),
        _text("location_id"),
        _id("warehouse_id", null=True),
        _text("state"),
        _number("recalls_answered"),
        _text("code", null=True),
        _text("reason", null=True),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_store_assignments"),
        _store_key("store_assignments"),
        sa.UniqueConstraint("merchant_id", "store_id", "external_id", name="uq_store_assignments_external"),
        sa.CheckConstraint(
            "state IN ('elsewhere', 'waiting', 'asked', 'ours', 'recalled', 'refused', 'done', 'given_up', 'gone')",
            name=op.f("ck_store_assignments_state"),
        ),
    )
    op.create_index("ix_store_assignments_store", "store_assignments", ["merchant_id", "store_id", "id"])
    op.create_index("ix_store_assignments_order", "store_assignments", ["merchant_id", "store_id", "order_external_id"])
    op.create_table(
        "store_assignment_lines",
        _id("merchant_id"),
        _id("assignment_id"),
        _text("external_id"),
        _text("line_external_id"),
        _number("total", None),
        _number("remaining", None),
        _number("given_up"),
        sa.PrimaryKeyConstraint("merchant_id", "assignment_id", "external_id", name="pk_store_assignment_lines"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "assignment_id"],
            ["store_assignments.merchant_id", "store_assignments.id"],
            name="fk_store_assignment_lines_assignment",
        ),
        sa.CheckConstraint(
            "0 <= remaining AND remaining <= total AND 0 <= given_up",
            name=op.f("ck_store_assignment_lines_units"),
        ),
    )
    op.create_table(
        "store_holds",
        _id("merchant_id"),
        _id("store_id"),
        _text("external_id"),
        _text("order_external_id"),
        _id("hold_id"),
        sa.Column("placed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "store_id", "external_id", name="pk_store_holds"),
        _store_key("store_holds"),
    )
    op.create_index("ix_store_holds_order", "store_holds", ["merchant_id", "store_id", "order_external_id"])


def _wishes() -> None:
    op.create_table(
        "routing_wishes",
        _id("merchant_id"),
        _id("order_id"),
        _id("line_id"),
        _id("warehouse_id"),
        _number("units", None),
        _number("done", None),
        sa.PrimaryKeyConstraint("merchant_id", "order_id", "line_id", "warehouse_id", name="pk_routing_wishes"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id", "line_id"],
            ["order_lines.merchant_id", "order_lines.order_id", "order_lines.id"],
            name="fk_routing_wishes_line",
        ),
        sa.CheckConstraint("0 <= done AND done <= units", name=op.f("ck_routing_wishes_units")),
    )
