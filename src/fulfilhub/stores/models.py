"""Tables of store connections and of what stores were told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import Base, Json, JsonList, MerchantTable


class Store(MerchantTable, Base):
    """One connection to a storefront. `credentials` and `secrets` are sealed by the vault and never shown.
    `shop_domain` is the name a Shopify shop gives itself in its deliveries."""

    __tablename__ = "stores"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    platform: Mapped[str]
    name: Mapped[str]
    base_url: Mapped[str]
    shop_domain: Mapped[str]
    credentials: Mapped[bytes]
    secrets: Mapped[bytes]
    settings: Mapped[Json]
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
    take; `code` and `reason` say why it is not `sent`."""

    __tablename__ = "store_updates"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    store_id: Mapped[UUID]
    shipment_id: Mapped[UUID]
    order_id: Mapped[UUID]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(server_default="0")
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
    )
