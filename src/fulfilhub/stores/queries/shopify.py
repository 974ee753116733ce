"""Every look at the shops that our Shopify app is installed in."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_, select, text

from fulfilhub.platform.work import Work
from fulfilhub.stores.models import ShopifyInstall
from fulfilhub.stores.rules.shopify import InstallState


class ShopDoor(NamedTuple):
    """Whose store a shop is, or was (`live` is False)."""

    merchant_id: UUID
    store_id: UUID
    live: bool


class InstallRow(NamedTuple):
    """An install without what is sealed in it."""

    store_id: UUID
    shop: str
    state: str
    scopes: list[str]
    expires_at: datetime | None
    refresh_expires_at: datetime | None
    renewal_id: UUID | None
    renewal_until: datetime | None
    renewed_at: datetime
    failures: int
    failed_at: datetime | None
    code: str | None
    reason: str | None
    installed_at: datetime
    ended_at: datetime | None


INSTALL = tuple(getattr(ShopifyInstall, name) for name in InstallRow._fields)


async def shop_doors(work: Work, shop: str) -> list[ShopDoor]:
    """Whose this shop is and was, in the scope Nobody. Only one is live."""
    rows = await work.fetch_raw("SELECT merchant_id, store_id, live FROM shop_door($1)", shop)
    return [ShopDoor(*row.values()) for row in rows]


async def claim_shop(work: Work, shop: str) -> bool:
    """Keep others from installing this shop until the work has ended; whether no other account has it."""
    return bool((await work.db.execute(text("SELECT claim_shop(:shop)"), {"shop": shop})).scalar_one())


async def install_of(work: Work, store_id: UUID, *, lock: bool = False) -> InstallRow | None:
    """The install behind a store; None for one that was never connected by our app."""
    query = select(*INSTALL).where(ShopifyInstall.merchant_id == work.account_id, ShopifyInstall.store_id == store_id)
    row = (await work.db.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else InstallRow._make(row)


async def installed_store(work: Work, shop: str) -> UUID | None:
    """The merchant's store that was this shop when our app was in it last."""
    query = (
        select(ShopifyInstall.store_id)
        .where(ShopifyInstall.merchant_id == work.account_id, ShopifyInstall.shop == shop)
        .order_by(ShopifyInstall.installed_at.desc(), ShopifyInstall.store_id)
        .limit(1)
    )
    return (await work.db.execute(query)).scalar_one_or_none()


async def refresh_token_of(work: Work, store_id: UUID) -> bytes | None:
    """What gets the next pair, sealed."""
    query = select(ShopifyInstall.refresh_token).where(
        ShopifyInstall.merchant_id == work.account_id, ShopifyInstall.store_id == store_id
    )
    return (await work.db.execute(query)).scalar_one_or_none()


async def to_keep_alive(work: Work, until: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """(merchant, store) of installs whose refresh token ends before then, or whose token is permanent, in the scope of
    the platform."""
    query = (
        select(ShopifyInstall.merchant_id, ShopifyInstall.store_id)
        .where(
            ShopifyInstall.state == InstallState.INSTALLED,
            or_(ShopifyInstall.refresh_expires_at < until, ShopifyInstall.refresh_token.is_(None)),
        )
        .order_by(ShopifyInstall.refresh_expires_at, ShopifyInstall.store_id)
        .limit(limit)
    )
    return [(row.merchant_id, row.store_id) for row in await work.db.execute(query)]
