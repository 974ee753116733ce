"""Tables of what goes out to stores: whose turn it is, what of orders and returns each is told, and its stock."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import Base, MerchantTable


class StoreLane(MerchantTable, Base):
    """How one store is told what waits for it: in turns, one at a time, each of which is a ticket that carries
    `turn_id`. Whoever changes what waits for a store locks this row first.

    `paused_until`: the store asked for rest, or does not answer. `after_seq`: how far the merchant's event log was
    followed for it; `ledger_id`: when its ledger of stock was looked at last, as an id of that moment. `check_at`: when
    all its stock is told anew (null: its stock is not kept).
    """

    __tablename__ = "store_lanes"

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    turn_id: Mapped[UUID | None]
    turn_due_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    failed_at: Mapped[datetime | None]
    code: Mapped[str | None]
    reason: Mapped[str | None]
    told_at: Mapped[datetime | None]
    follows_orders: Mapped[bool] = mapped_column(server_default=text("false"))
    follows_states: Mapped[bool] = mapped_column(server_default=text("false"))
    follows_stock: Mapped[bool] = mapped_column(server_default=text("false"))
    after_seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    ledger_id: Mapped[UUID | None]
    look_id: Mapped[UUID | None]
    look_due_at: Mapped[datetime | None]
    check_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]

    __table_args__ = (
        ForeignKeyConstraint(
            ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name="fk_store_lanes_store"
        ),
        CheckConstraint("(turn_id IS NULL) = (turn_due_at IS NULL)", name="turn"),
        CheckConstraint("(look_id IS NULL) = (look_due_at IS NULL)", name="look"),
        CheckConstraint("follows_stock = (check_at IS NOT NULL)", name="check_at"),
        Index(
            "ix_store_lanes_follows",
            "merchant_id",
            "store_id",
            postgresql_where=text("follows_orders OR follows_stock"),
        ),
    )


class StoreNotice(MerchantTable, Base):
    """What a store shows of one order's state, or of one return (`kind`, `subject_id`): a single row however often it
    changes, and what is told is always the newest. `marks` counts changes, so that what is told meanwhile is told
    again; `digest` is of what was told last."""

    __tablename__ = "store_notices"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    store_id: Mapped[UUID]
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    order_id: Mapped[UUID]
    state: Mapped[str]
    marks: Mapped[int] = mapped_column(server_default="1")
    digest: Mapped[bytes | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime]
    code: Mapped[str | None]
    reason: Mapped[str | None]
    told_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("merchant_id", "store_id", "kind", "subject_id", name="uq_store_notices_subject"),
        ForeignKeyConstraint(
            ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name="fk_store_notices_store"
        ),
        CheckConstraint("kind IN ('state', 'return', 'milestone')", name="kind"),
        CheckConstraint("state IN ('pending', 'told', 'refused', 'failed')", name="state"),
        Index(
            "ix_store_notices_due",
            "merchant_id",
            "store_id",
            "kind",
            "due_at",
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_store_notices_failing",
            "merchant_id",
            "store_id",
            "id",
            postgresql_where=text("state IN ('refused', 'failed')"),
        ),
    )


class StoreStock(MerchantTable, Base):
    """How many units of a product one store's variant may sell, in all or at one of the store's locations (`location`).
    `wanted` is what it should show, `told` what it shows as far as we know (null: unknown). `reference` names this very
    change. `learned`: the variant is known from orders, not from a listing. `drift_at`, `drift_shown`: when somebody
    else's number was last found there, and which."""

    __tablename__ = "store_stock"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    store_id: Mapped[UUID]
    variant_id: Mapped[str]
    location: Mapped[str] = mapped_column(server_default="")
    product_id: Mapped[UUID]
    learned: Mapped[bool]
    wanted: Mapped[int] = mapped_column(BigInteger)
    told: Mapped[int | None] = mapped_column(BigInteger)
    reference: Mapped[UUID]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime]
    code: Mapped[str | None]
    reason: Mapped[str | None]
    told_at: Mapped[datetime | None]
    drift_at: Mapped[datetime | None]
    drift_shown: Mapped[int | None] = mapped_column(BigInteger)
    updated_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("merchant_id", "store_id", "variant_id", "location", name="uq_store_stock_variant"),
        ForeignKeyConstraint(
            ["merchant_id", "product_id"], ["products.merchant_id", "products.id"], name="fk_store_stock_product"
        ),
        ForeignKeyConstraint(
            ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name="fk_store_stock_store"
        ),
        CheckConstraint(
            "state IN ('pending', 'told', 'stale', 'unmanaged', 'missing', 'failed', 'drifted')", name="state"
        ),
        CheckConstraint("wanted >= 0", name="wanted"),
        Index("ix_store_stock_store", "merchant_id", "store_id", "id"),
        Index("ix_store_stock_product", "merchant_id", "product_id"),
        Index(
            "ix_store_stock_due",
            "merchant_id",
            "store_id",
            "due_at",
            postgresql_where=text("state IN ('pending', 'stale')"),
        ),
        Index(
            "ix_store_stock_failing",
            "merchant_id",
            "store_id",
            "id",
            postgresql_where=text("state IN ('failed', 'missing')"),
        ),
    )
