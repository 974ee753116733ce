"""Shipments, parcels, their contents, and carriers' scans."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fulfilhub.platform.tenancy import APPEND, OWN_ACCOUNT, OWN_MERCHANT, secure

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
STATES = (
    "state IN ('label_created', 'silent', 'picked_up', 'in_transit', 'customs', 'delayed', 'out_for_delivery', "
    "'attempt_failed', 'exception', 'ready_for_pickup', 'returning', 'cancelled', 'returned', 'delivered')"
)
ITS_ORDER = "order_id IN (SELECT app_order())"
ORDER = (["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"])


def upgrade() -> None:
    _shipments()
    _parcels()
    _tracking()
    customer = {"fh_customer": f"{OWN_MERCHANT} AND {ITS_ORDER}"}
    own_parcels = f"{OWN_MERCHANT} AND parcel_id IN (SELECT p.id FROM parcels AS p)"  # noqa: S608 - row security picks the parcels
    for statement in (
        *secure("shipments", OWN_MERCHANT, {"fh_merchant": APPEND, "fh_customer": "SELECT"}, where=customer),
        *secure(
            "parcels", OWN_MERCHANT, {"fh_merchant": "SELECT, INSERT, UPDATE", "fh_customer": "SELECT"}, where=customer
        ),
        *secure("parcel_contents", OWN_MERCHANT, {"fh_merchant": APPEND, "fh_customer": "SELECT"}, where=customer),
        *secure(
            "tracking_events",
            OWN_MERCHANT,
            {"fh_merchant": APPEND, "fh_customer": "SELECT"},
            where={"fh_customer": own_parcels},
        ),
        *secure(
            "work_parcels",
            OWN_ACCOUNT,
            {"fh_partner": "SELECT", "fh_merchant": APPEND},
            where={"fh_merchant": OWN_MERCHANT},
        ),
    ):
        op.execute(statement)


def _shipments() -> None:
    op.create_table(
        "shipments",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("merchant_id", "id", "order_id", "fulfilment_id")),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("shipped_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_shipments"),
        sa.UniqueConstraint("merchant_id", "fulfilment_id", name="uq_shipments_fulfilment"),
        sa.ForeignKeyConstraint(
            ["merchant_id", "fulfilment_id"],
            ["fulfilments.merchant_id", "fulfilments.id"],
            name="fk_shipments_fulfilment",
        ),
        sa.ForeignKeyConstraint(*ORDER, name="fk_shipments_order"),
    )
    op.create_index("ix_shipments_order", "shipments", ["merchant_id", "order_id", "id"])


def _parcels() -> None:
    op.create_table(
        "parcels",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("merchant_id", "id", "shipment_id", "order_id")),
        sa.Column("position", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("carrier", "service", "tracking_number", "tracking_normal")
        ),
        *(sa.Column(name, sa.Integer()) for name in ("weight_grams", "length_mm", "width_mm", "height_mm")),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_at", TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_parcels"),
        sa.CheckConstraint(STATES, name=op.f("ck_parcels_state")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "shipment_id"], ["shipments.merchant_id", "shipments.id"], name="fk_parcels_shipment"
        ),
    )
    op.create_index("ix_parcels_shipment", "parcels", ["merchant_id", "shipment_id", "position"])
    op.create_index("ix_parcels_order", "parcels", ["merchant_id", "order_id"])
    op.create_index("ix_parcels_tracking", "parcels", ["merchant_id", "tracking_normal", "id"])
    op.create_table(
        "parcel_contents",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("merchant_id", "parcel_id", "line_id")),
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("order_id", "product_id")),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "parcel_id", "line_id", name="pk_parcel_contents"),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_parcel_contents_quantity")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "parcel_id"], ["parcels.merchant_id", "parcels.id"], name="fk_parcel_contents_parcel"
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id", "line_id"],
            ["order_lines.merchant_id", "order_lines.order_id", "order_lines.id"],
            name="fk_parcel_contents_line",
        ),
    )


def _tracking() -> None:
    op.create_table(
        "tracking_events",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("merchant_id", "id", "parcel_id")),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("occurred_at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("description", "location", "told_by")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="pk_tracking_events"),
        sa.UniqueConstraint("merchant_id", "parcel_id", "occurred_at", "state", name="uq_tracking_events_scan"),
        sa.CheckConstraint(STATES, name=op.f("ck_tracking_events_state")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "parcel_id"], ["parcels.merchant_id", "parcels.id"], name="fk_tracking_events_parcel"
        ),
    )
    op.create_table(
        "work_parcels",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("tracking_normal", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("parcel_id", "merchant_id", "work_order_id")),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "tracking_normal", "parcel_id", name="pk_work_parcels"),
        sa.ForeignKeyConstraint(
            ["account_id", "work_order_id"],
            ["work_orders.account_id", "work_orders.id"],
            name="fk_work_parcels_work_order",
        ),
    )


def downgrade() -> None:
    for table in ("work_parcels", "tracking_events", "parcel_contents", "parcels", "shipments"):
        op.drop_table(table)
