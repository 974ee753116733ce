"""The table of shops that our Shopify app is installed in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import Base, MerchantTable


class ShopifyInstall(MerchantTable, Base):
    """A shop whose store is reached with a token of our app. The token itself stands with the store's credentials;
    `refresh_token`, sealed, gets the next one (null: the token does not expire), and both are always written together.

    `renewal_id` is of whoever renews the pair now, until `renewal_until`; nobody else may meanwhile. `scopes` is what
    the shop granted. `code` and `reason` say why renewing failed last. An ended one stays, to tell whose the shop was.
    """

    __tablename__ = "shopify_installs"

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    shop: Mapped[str]
    state: Mapped[str]
    scopes: Mapped[list[str]]
    refresh_token: Mapped[bytes | None]
    expires_at: Mapped[datetime | None]
    refresh_expires_at: Mapped[datetime | None]
    renewal_id: Mapped[UUID | None]
    renewal_until: Mapped[datetime | None]
    renewed_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(server_default="0")
    failed_at: Mapped[datetime | None]
    code: Mapped[str | None]
    reason: Mapped[str | None]
    installed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        ForeignKeyConstraint(
            ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name="fk_shopify_installs_store"
        ),
        CheckConstraint("state IN ('installed', 'lapsed', 'uninstalled', 'released')", name="state"),
        CheckConstraint("(ended_at IS NOT NULL) = (state IN ('uninstalled', 'released'))", name="ended"),
        CheckConstraint("(renewal_id IS NULL) = (renewal_until IS NULL)", name="renewal"),
        CheckConstraint("refresh_token IS NULL OR expires_at IS NOT NULL", name="refresh_token"),
        Index("ix_shopify_installs_shop", "shop"),
        Index(
            "ix_shopify_installs_refresh_expires",
            "refresh_expires_at",
            postgresql_where=text("state = 'installed'"),
        ),
    )
