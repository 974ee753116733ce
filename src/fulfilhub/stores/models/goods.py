"""Tables of what stores have: their variants, how they were brought in, and the returns that stand in both places."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import Base, Json, JsonList, MerchantTable


def _store_key(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name=f"fk_{table}_store"
    )


class StoreCatalogue(MerchantTable, Base):
    """How far one store's products and returns are known. Whoever takes variants of a store locks this row first.

    `whole_to`: when its whole list was last begun that was then read to its end (null: never); `changes_to` and
    `returns_to`: from when on what changed is asked for. `sweep_at`: when it is asked next (null: not at all).
    """

    __tablename__ = "store_catalogues"

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    whole_to: Mapped[datetime | None]
    changes_to: Mapped[datetime | None]
    returns_to: Mapped[datetime | None]
    sweep_at: Mapped[datetime | None]
    code: Mapped[str | None]
    reason: Mapped[str | None]

    __table_args__ = (
        _store_key("store_catalogues"),
        Index("ix_store_catalogues_sweep", "sweep_at", postgresql_where=text("sweep_at IS NOT NULL")),
    )


class StoreProduct(MerchantTable, Base):
    """One variant as its store has it, the product it means, and why it means none. `ours`: we mapped it, not a person.
    `written`: what of its product the store wrote last, by field, so that what was edited here since is left alone.
    `import_id` is of the last import that saw it."""

    __tablename__ = "store_products"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    store_id: Mapped[UUID]
    variant_id: Mapped[str]
    parent_id: Mapped[str]
    item_id: Mapped[str]
    sku: Mapped[str]
    title: Mapped[str]
    barcode: Mapped[str]
    weight_grams: Mapped[int | None]
    hs_code: Mapped[str]
    origin_country: Mapped[str]
    requires_shipping: Mapped[bool | None]
    tracked: Mapped[bool | None]
    status: Mapped[str]
    state: Mapped[str]
    code: Mapped[str | None]
    product_id: Mapped[UUID | None]
    ours: Mapped[bool]
    written: Mapped[Json]
    import_id: Mapped[UUID | None]
    changed_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        _store_key("store_products"),
        UniqueConstraint("merchant_id", "store_id", "variant_id", name="uq_store_products_variant"),
        ForeignKeyConstraint(
            ["merchant_id", "product_id"], ["products.merchant_id", "products.id"], name="fk_store_products_product"
        ),
        CheckConstraint("status IN ('active', 'draft', 'archived')", name="status"),
        CheckConstraint("state IN ('mapped', 'unmapped', 'ignored', 'gone')", name="state"),
        Index("ix_store_products_store", "merchant_id", "store_id", "state", "id"),
        Index("ix_store_products_all", "merchant_id", "store_id", "id"),
        Index("ix_store_products_parent", "merchant_id", "store_id", "parent_id"),
        Index("ix_store_products_item", "merchant_id", "store_id", "item_id"),
        Index("ix_store_products_sku", "merchant_id", "store_id", "sku"),
        Index("ix_store_products_product", "merchant_id", "product_id"),
    )


class StoreImport(MerchantTable, Base):
    """Bringing in a store's products: all of them (`since` null), or those that changed since. `listing_id` is the
    store's name for the list it makes; of a list that is ready, everything before `place` was read: a byte of it, or a
    page's cursor. `step` counts the tickets, so that only the newest does anything."""

    __tablename__ = "store_imports"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    store_id: Mapped[UUID]
    state: Mapped[str]
    since: Mapped[datetime | None]
    listing_id: Mapped[str | None]
    place: Mapped[str | None]
    step: Mapped[int] = mapped_column(server_default="0")
    polls: Mapped[int] = mapped_column(server_default="0")
    failures: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int | None] = mapped_column(BigInteger)
    read: Mapped[int] = mapped_column(BigInteger, server_default="0")
    mapped: Mapped[int] = mapped_column(BigInteger, server_default="0")
    made: Mapped[int] = mapped_column(BigInteger, server_default="0")
    unmapped: Mapped[int] = mapped_column(BigInteger, server_default="0")
    gone: Mapped[int] = mapped_column(BigInteger, server_default="0")
    unreadable: Mapped[JsonList] = mapped_column(server_default=text("'[]'"))
    unread: Mapped[int] = mapped_column(BigInteger, server_default="0")
    code: Mapped[str | None]
    reason: Mapped[str | None]
    requested_by: Mapped[str]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")

    __table_args__ = (
        _store_key("store_imports"),
        CheckConstraint("state IN ('queued', 'listing', 'reading', 'completed', 'failed', 'cancelled')", name="state"),
        CheckConstraint("(ended_at IS NULL) = (state IN ('queued', 'listing', 'reading'))", name="ended"),
        Index("ix_store_imports_store", "merchant_id", "store_id", "id"),
        Index(
            "uq_store_imports_live",
            "merchant_id",
            "store_id",
            unique=True,
            postgresql_where=text("state IN ('queued', 'listing', 'reading')"),
        ),
    )


class StoreReturn(MerchantTable, Base):
    """A return that stands in a store: ours (`return_id`) and the store's (`external_id`); null while one of the two is
    not there yet. `begun` says where it began, `status` where the store has it. `code` and `reason`: why it could not
    be taken, or what is odd; it is tried again with every look at the order's returns."""

    __tablename__ = "store_returns"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    store_id: Mapped[UUID]
    order_external_id: Mapped[str]
    order_id: Mapped[UUID | None]
    return_id: Mapped[UUID | None]
    external_id: Mapped[str | None]
    name: Mapped[str]
    begun: Mapped[str]
    status: Mapped[str]
    refunds: Mapped[list[str]]
    code: Mapped[str | None]
    reason: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        _store_key("store_returns"),
        UniqueConstraint("merchant_id", "store_id", "external_id", name="uq_store_returns_external"),
        UniqueConstraint("merchant_id", "return_id", name="uq_store_returns_return"),
        ForeignKeyConstraint(
            ["merchant_id", "return_id"], ["returns.merchant_id", "returns.id"], name="fk_store_returns_return"
        ),
        CheckConstraint("begun IN ('here', 'store')", name="begun"),
        CheckConstraint("return_id IS NOT NULL OR external_id IS NOT NULL", name="either"),
        CheckConstraint("status IN ('requested', 'open', 'declined', 'cancelled', 'closed')", name="status"),
        Index("ix_store_returns_store", "merchant_id", "store_id", "id"),
        Index(
            "ix_store_returns_failing",
            "merchant_id",
            "store_id",
            "id",
            postgresql_where=text("code IS NOT NULL"),
        ),
    )
