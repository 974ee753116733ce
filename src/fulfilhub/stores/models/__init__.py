"""Tables of store connections and of what stores were told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import Base, Json, JsonList, MerchantTable
from fulfilhub.stores.models.assigned import (
    AssignedOrder,
    Assignment,
    AssignmentLine,
    StoreHold,
    StoreLocation,
    StorePull,
    StoreService,
)
from fulfilhub.stores.models.goods import StoreCatalogue, StoreImport, StoreProduct, StoreReturn
from fulfilhub.stores.models.outgoing import StoreLane, StoreNotice, StoreStock
from fulfilhub.stores.models.shopify import ShopifyInstall

__all__ = [
    "AssignedOrder",
    "Assignment",
    "AssignmentLine",
    "Backfill",
    "LateOrder",
    "NumberGap",
    "ShopifyInstall",
    "Store",
    "StoreCatalogue",
    "StoreCode",
    "StoreHold",
    "StoreImport",
    "StoreLane",
    "StoreLocation",
    "StoreNotice",
    "StoreProduct",
    "StorePull",
    "StoreRead",
    "StoreReturn",
    "StoreService",
    "StoreStock",
    "StoreSweep",
    "StoreUpdate",
]


class Store(MerchantTable, Base):
    """One connection to a storefront. `credentials` and `secrets` are sealed by the vault and never shown.
    `shop_domain` is the name a Shopify shop gives itself in its deliveries. `plugin` is what a plugin of ours in
    the shop says of itself; null without one."""

    __tablename__ = "stores"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    platform: Mapped[str]
    name: Mapped[str]
    base_url: Mapped[str]
    shop_domain: Mapped[str]
    credentials: Mapped[bytes]
    secrets: Mapped[bytes]
    settings: Mapped[Json]
    plugin: Mapped[Json | None]
    state: Mapped[str]
    last_seen_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("platform IN ('shopify', 'woocommerce', 'api')", name="platform"),
        CheckConstraint("state IN ('connected', 'disconnected')", name="state"),
        Index("ix_stores_id", "id"),
        Index("uq_stores_base_url", "merchant_id", "base_url", unique=True, postgresql_where=text("base_url <> ''")),
    )


class StoreCode(MerchantTable, Base):
    """Leave to connect one store, once and soon; only the code's SHA-256 is kept. What the merchant saw and approved
    (`platform`, `base_url`; None or empty: any) binds whoever uses it; `challenge` is theirs by PKCE (RFC 7636)."""

    __tablename__ = "store_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    platform: Mapped[str | None]
    name: Mapped[str]
    base_url: Mapped[str]
    challenge: Mapped[str]
    made_by: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    store_id: Mapped[UUID | None]

    __table_args__ = (
        CheckConstraint("platform IN ('shopify', 'woocommerce')", name="platform"),
        ForeignKeyConstraint(
            ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name="fk_store_codes_store"
        ),
        Index("ix_store_codes_fingerprint", "fingerprint"),
        Index("ix_store_codes_expires", "expires_at"),
    )


class StoreUpdate(MerchantTable, Base):
    """One shipment as one store was told of it. `told_as` is what the store calls it; `left_out` what it would not
    take; `code` and `reason` say why it is not `sent`, or what is odd about it. `due_at`: not told before."""

    __tablename__ = "store_updates"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    store_id: Mapped[UUID]
    shipment_id: Mapped[UUID]
    order_id: Mapped[UUID]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    told_as: Mapped[list[str]]
    left_out: Mapped[JsonList]
    code: Mapped[str | None]
    reason: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("merchant_id", "store_id", "shipment_id", name="uq_store_updates_shipment"),
        ForeignKeyConstraint(
            ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name="fk_store_updates_store"
        ),
        CheckConstraint("state IN ('pending', 'sent', 'in_doubt', 'failed', 'refused')", name="state"),
        Index("ix_store_updates_order", "merchant_id", "order_id"),
        Index("ix_store_updates_store", "merchant_id", "store_id", "id"),
        Index(
            "ix_store_updates_due",
            "merchant_id",
            "store_id",
            "due_at",
            postgresql_where=text("state IN ('pending', 'in_doubt')"),
        ),
        Index(
            "ix_store_updates_failing",
            "merchant_id",
            "store_id",
            "id",
            postgresql_where=text("state IN ('refused', 'failed')"),
        ),
    )


def _store_key(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name=f"fk_{table}_store"
    )


class StoreSweep(MerchantTable, Base):
    """How far one store was read, by its own clock. Whoever changes what waits to be read of a store locks this row
    first.

    Every change between `complete_from` and `complete_to` is in FulfilHub; the list was read to its end up to
    `listed_to`. `next_at` is when the store is looked at again (null: disconnected), `look_back_at` when far back.
    The run in hand has `run_id`, the one that reads waiting orders `reader_id`: only the tickets that carry them count.
    `offset_seconds`: how far the store's clock is ahead of ours; `lag_seconds`: how late its list was seen to be.
    """

    __tablename__ = "store_sweeps"

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    complete_from: Mapped[datetime]
    complete_to: Mapped[datetime | None]
    listed_to: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    look_back_at: Mapped[datetime]
    wanted_at: Mapped[datetime | None]
    offset_seconds: Mapped[int] = mapped_column(server_default="0")
    lag_seconds: Mapped[int] = mapped_column(server_default="0")
    run_id: Mapped[UUID | None]
    run_since: Mapped[datetime | None]
    run_upto: Mapped[datetime | None]
    run_cursor: Mapped[str | None]
    run_started_at: Mapped[datetime | None]
    run_looks_back: Mapped[bool] = mapped_column(server_default=text("false"))
    run_patient: Mapped[bool] = mapped_column(server_default=text("true"))
    run_listed: Mapped[int] = mapped_column(server_default="0")
    run_found: Mapped[int] = mapped_column(server_default="0")
    reader_id: Mapped[UUID | None]
    reader_due_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    failed_at: Mapped[datetime | None]
    code: Mapped[str | None]
    reason: Mapped[str | None]
    last_started_at: Mapped[datetime | None]
    last_ended_at: Mapped[datetime | None]
    last_listed: Mapped[int] = mapped_column(server_default="0")
    last_found: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = (
        _store_key("store_sweeps"),
        Index("ix_store_sweeps_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    )


class StoreRead(MerchantTable, Base):
    """One order that must be read from its store, until it was. `changed_at` is the store's time of the earliest change
    that we lack, `latest_at` of the latest; those a backfill found wait behind all others."""

    __tablename__ = "store_reads"

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    changed_at: Mapped[datetime]
    latest_at: Mapped[datetime]
    found_by: Mapped[str]
    found_at: Mapped[datetime]
    backfill_id: Mapped[UUID | None]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default="0")
    reason: Mapped[str | None]

    __table_args__ = (
        _store_key("store_reads"),
        CheckConstraint("found_by IN ('sweep', 'gap', 'backfill')", name="found_by"),
        CheckConstraint("(found_by = 'backfill') <= (backfill_id IS NOT NULL)", name="backfill"),
        Index("ix_store_reads_due", "merchant_id", "store_id", "due_at"),
    )


class LateOrder(MerchantTable, Base):
    """An order, or a change of one, that no webhook had brought when we read it from the store. `arrived_at`: when its
    webhook came after all."""

    __tablename__ = "store_late_orders"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    store_id: Mapped[UUID]
    external_id: Mapped[str]
    number: Mapped[str]
    order_id: Mapped[UUID]
    what: Mapped[str]
    how: Mapped[str]
    changed_at: Mapped[datetime]
    found_at: Mapped[datetime]
    read_at: Mapped[datetime]
    arrived_at: Mapped[datetime | None]

    __table_args__ = (
        _store_key("store_late_orders"),
        CheckConstraint("what IN ('order', 'change')", name="what"),
        CheckConstraint("how IN ('sweep', 'gap')", name="how"),
        Index("ix_store_late_orders_store", "merchant_id", "store_id", "id"),
        Index(
            "ix_store_late_orders_missed",
            "merchant_id",
            "store_id",
            "external_id",
            postgresql_where=text("arrived_at IS NULL"),
        ),
    )


class NumberGap(MerchantTable, Base):
    """A number between two others of a store that counts its orders, which no order here has: a question to the store,
    no proof that something is missing."""

    __tablename__ = "store_number_gaps"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    store_id: Mapped[UUID]
    number: Mapped[str]
    state: Mapped[str]
    external_id: Mapped[str | None]
    reason: Mapped[str | None]
    seen_at: Mapped[datetime]
    ask_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default="0")
    checked_at: Mapped[datetime | None]

    __table_args__ = (
        _store_key("store_number_gaps"),
        UniqueConstraint("merchant_id", "store_id", "number", name="uq_store_number_gaps_number"),
        CheckConstraint("state IN ('open', 'absent', 'found')", name="state"),
        Index("ix_store_number_gaps_store", "merchant_id", "store_id", "id"),
        Index("ix_store_number_gaps_ask", "merchant_id", "store_id", "ask_at", postgresql_where=text("state = 'open'")),
    )


class Backfill(MerchantTable, Base):
    """Bringing in a store's history: every order that changed between `since` and `until`, by the store's clock.
    `listing`: a ticket reads the list on; otherwise the orders found so far are being read. `reach`: the store hides
    older orders from us."""

    __tablename__ = "store_backfills"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    store_id: Mapped[UUID]
    since: Mapped[datetime]
    until: Mapped[datetime]
    hold_open: Mapped[bool]
    state: Mapped[str]
    listing: Mapped[bool]
    listed_whole: Mapped[bool]
    cursor: Mapped[str | None]
    total: Mapped[int | None] = mapped_column(BigInteger)
    reach: Mapped[datetime | None]
    listed: Mapped[int] = mapped_column(BigInteger, server_default="0")
    had: Mapped[int] = mapped_column(BigInteger, server_default="0")
    taken: Mapped[int] = mapped_column(BigInteger, server_default="0")
    updated: Mapped[int] = mapped_column(BigInteger, server_default="0")
    gone: Mapped[int] = mapped_column(BigInteger, server_default="0")
    unreadable: Mapped[int] = mapped_column(BigInteger, server_default="0")
    code: Mapped[str | None]
    reason: Mapped[str | None]
    requested_by: Mapped[str]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")

    __table_args__ = (
        _store_key("store_backfills"),
        CheckConstraint("state IN ('queued', 'running', 'completed', 'failed', 'cancelled')", name="state"),
        CheckConstraint("(ended_at IS NULL) = (state IN ('queued', 'running'))", name="ended"),
        CheckConstraint("since < until", name="window"),
        Index("ix_store_backfills_store", "merchant_id", "store_id", "id"),
        Index(
            "uq_store_backfills_live",
            "merchant_id",
            "store_id",
            unique=True,
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
    )
