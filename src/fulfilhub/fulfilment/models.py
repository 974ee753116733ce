"""Tables of fulfilment: the merchant's record of what went to which warehouse, and the work order its operator pulls.

A fulfilment and its work order share one id. The work order is a document of its own, in the operator's
account, with just what the work needs, so that the queue never touches a merchant's tables.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKeyConstraint, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.fulfilment.rules import WorkState
from fulfilhub.orders.models import ANSWERED, one_of
from fulfilhub.orders.rules import ChangeKind, ChangeState, OnSilence
from fulfilhub.platform.database import AccountTable, Base, Json, JsonList, MerchantTable

STATES = f"state IN ({', '.join(repr(str(state)) for state in WorkState)})"
LIVE = "state IN ('queued', 'accepted', 'picking', 'picked', 'packed')"
CLAIMABLE = "ended_at IS NULL AND NOT held"
POSTCODE = "replace(upper((document -> 'ship_to') ->> 'postcode'), ' ', '')"
PROGRESS = "quantity > 0 AND picked >= 0 AND short >= 0 AND cancelled >= 0 AND picked + short + cancelled <= quantity"


class Fulfilment(MerchantTable, Base):
    """Lines of one order sent to one warehouse. `operator_id` is the account that runs it; `reason` says why it
    ended without a shipment."""

    __tablename__ = "fulfilments"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]
    operator_id: Mapped[UUID]
    decision_id: Mapped[UUID]
    state: Mapped[str]
    service: Mapped[str]
    carrier: Mapped[str]
    ship_by: Mapped[datetime]
    deliver_by: Mapped[datetime]
    reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(STATES, name="state"),
        ForeignKeyConstraint(
            ["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"], name="fk_fulfilments_order"
        ),
        ForeignKeyConstraint(
            ["merchant_id", "decision_id"],
            ["routing_decisions.merchant_id", "routing_decisions.id"],
            name="fk_fulfilments_decision",
        ),
        Index("ix_fulfilments_order", "merchant_id", "order_id", "id"),
        Index("ix_fulfilments_live", "merchant_id", "warehouse_id", "id", postgresql_where=text(LIVE)),
    )


class FulfilmentLine(MerchantTable, Base):
    """How many of one order line this fulfilment is to send, and how far it got. `cancelled` were taken off it by
    agreement while it was in hand."""

    __tablename__ = "fulfilment_lines"

    fulfilment_id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    product_id: Mapped[UUID]
    quantity: Mapped[int]
    picked: Mapped[int] = mapped_column(server_default="0")
    short: Mapped[int] = mapped_column(server_default="0")
    cancelled: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = (
        CheckConstraint(PROGRESS, name="progress"),
        ForeignKeyConstraint(
            ["merchant_id", "fulfilment_id"],
            ["fulfilments.merchant_id", "fulfilments.id"],
            name="fk_fulfilment_lines_fulfilment",
        ),
        ForeignKeyConstraint(
            ["merchant_id", "order_id", "line_id"],
            ["order_lines.merchant_id", "order_lines.order_id", "order_lines.id"],
            name="fk_fulfilment_lines_line",
        ),
    )


class FulfilmentComponent(MerchantTable, Base):
    """What one kit of a fulfilment's line is made of, as it was when it was routed: later changes of the kit change no
    fulfilment. `found` is how many units were there when it was picked short, null while it was not."""

    __tablename__ = "fulfilment_components"

    fulfilment_id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    units: Mapped[int]
    found: Mapped[int | None]

    __table_args__ = (
        CheckConstraint("units > 0 AND found >= 0", name="units"),
        ForeignKeyConstraint(
            ["merchant_id", "fulfilment_id", "line_id"],
            ["fulfilment_lines.merchant_id", "fulfilment_lines.fulfilment_id", "fulfilment_lines.line_id"],
            name="fk_fulfilment_components_line",
        ),
    )


class WorkOrder(AccountTable, Base):
    """One piece of work in an operator's queue. `document` is what the work needs (address, lines; no e-mail, no
    prices). `held` is true while any hold on the order lives. A claim is a lease beside the state: while
    `lease_until` lies ahead nobody else may claim it. `ended_at` is set once it is shipped, rejected or cancelled.

    `single_sku` is the product, where nothing else is wanted. `accept_by` and `leave_by` follow from the contract;
    `look_at` is when it is late next, unless somebody is quicker. `carrier`, `country` and `postcode` are the
    document's own."""

    __tablename__ = "work_orders"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]
    order_id: Mapped[UUID]
    state: Mapped[str]
    held: Mapped[bool]
    service: Mapped[str]
    ship_by: Mapped[datetime]
    document: Mapped[Json]
    packing: Mapped[JsonList | None]
    reason: Mapped[str | None]
    lease_id: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    lease_actor: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    single_sku: Mapped[UUID | None]
    carrier: Mapped[str | None] = mapped_column(Computed("document ->> 'carrier'", persisted=True))
    country: Mapped[str | None] = mapped_column(Computed("(document -> 'ship_to') ->> 'country'", persisted=True))
    postcode: Mapped[str | None] = mapped_column(Computed(POSTCODE, persisted=True))
    accept_by: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    leave_by: Mapped[datetime | None]
    look_at: Mapped[datetime | None]
    rejection: Mapped[Json | None]

    __table_args__ = (
        CheckConstraint(STATES, name="state"),
        CheckConstraint("priority BETWEEN 0 AND 9", name="priority"),
        CheckConstraint("(ended_at IS NOT NULL) = (state IN ('shipped', 'rejected', 'cancelled'))", name="ended"),
        CheckConstraint("(lease_id IS NULL) = (lease_until IS NULL)", name="lease"),
        Index(
            "ix_work_orders_queue",
            "account_id",
            "warehouse_id",
            "ship_by",
            "id",
            postgresql_where=text(CLAIMABLE),
        ),
        *(
            Index(
                f"ix_work_orders_{name}",
                "account_id",
                "warehouse_id",
                *columns,
                "ship_by",
                "id",
                postgresql_where=text(f"{CLAIMABLE}{where}"),
            )
            for name, columns, where in (
                ("service", ("service",), ""),
                ("single", ("single_sku",), " AND single_sku IS NOT NULL"),
                ("urgent", (), " AND priority > 0"),
            )
        ),
        Index("ix_work_orders_look", "look_at", postgresql_where=text("look_at IS NOT NULL")),
        Index("ix_work_orders_lease", "account_id", "lease_id", postgresql_where=text("lease_id IS NOT NULL")),
        Index("ix_work_orders_given", "account_id", "warehouse_id", "created_at"),
    )


class WorkOrderLine(AccountTable, Base):
    """One line of a work order and how far it got. What the thing is, is in the document."""

    __tablename__ = "work_order_lines"

    work_order_id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    product_id: Mapped[UUID]
    quantity: Mapped[int]
    picked: Mapped[int] = mapped_column(server_default="0")
    short: Mapped[int] = mapped_column(server_default="0")
    cancelled: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = (
        CheckConstraint(PROGRESS, name="progress"),
        ForeignKeyConstraint(
            ["account_id", "work_order_id"],
            ["work_orders.account_id", "work_orders.id"],
            name="fk_work_order_lines_work_order",
        ),
    )


class WorkRequest(AccountTable, Base):
    """A change asked of the warehouse that has a work order in hand: what it needs to know of the merchant's
    `orders.OrderRequest` of the same id. One of a kind can be open."""

    __tablename__ = "work_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    work_order_id: Mapped[UUID]
    merchant_id: Mapped[UUID]
    order_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]
    order_number: Mapped[str]
    kind: Mapped[str]
    asked: Mapped[Json]
    asked_by: Mapped[str]
    note: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str | None]
    answer_note: Mapped[str]
    carried_out: Mapped[bool | None]
    asked_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    answered_at: Mapped[datetime | None]

    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "work_order_id"],
            ["work_orders.account_id", "work_orders.id"],
            name="fk_work_requests_work_order",
        ),
        CheckConstraint(one_of("kind", ChangeKind), name="kind"),
        CheckConstraint(one_of("state", ChangeState), name="state"),
        CheckConstraint(ANSWERED, name="answered"),
        Index(
            "uq_work_requests_open",
            "account_id",
            "work_order_id",
            "kind",
            unique=True,
            postgresql_where=text("state = 'requested'"),
        ),
        Index("ix_work_requests_state", "account_id", "state", "id"),
        Index("ix_work_requests_work_order", "account_id", "work_order_id", "id"),
    )


class RequestPolicyRow(MerchantTable, Base):
    """How long a merchant's warehouses have to answer its requests, and what silence means."""

    __tablename__ = "request_policies"

    answer_minutes: Mapped[int]
    on_silence: Mapped[str]
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("answer_minutes BETWEEN 1 AND 20160", name="answer_minutes"),
        CheckConstraint(one_of("on_silence", OnSilence), name="on_silence"),
    )


class PackingPolicyRow(MerchantTable, Base):
    """What a merchant wants of everybody who packs for it, and how its packing slips look. `brand_colour` is `#rrggbb`
    or empty, `inserts` are what goes into each parcel besides."""

    __tablename__ = "packing_policies"

    brand_name: Mapped[str]
    brand_colour: Mapped[str]
    slip_message: Mapped[str]
    instructions: Mapped[str]
    inserts: Mapped[JsonList]
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[datetime]
