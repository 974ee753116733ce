"""Every look at stores, the codes that connect them, and how to reach them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import and_, exists, select

from fulfilhub.platform import ids, secrets
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.secrets import LiveSecret, Vault, live_secrets
from fulfilhub.platform.work import Work
from fulfilhub.stores.adapters.port import Connection, StoreSettings
from fulfilhub.stores.models import ShopifyInstall, Store, StoreCode
from fulfilhub.stores.rules import PlatformKind, Settings
from fulfilhub.stores.rules.shopify import LIVE, is_stale


class DoorRow(NamedTuple):
    """Whose store it is: all that may be known before the signature is checked."""

    merchant_id: UUID
    platform: PlatformKind


class StoreRow(NamedTuple):
    """A store. `by_app`: it is a shop that our app is in."""

    id: UUID
    platform: str
    name: str
    base_url: str
    shop_domain: str
    settings: dict[str, object]
    plugin: dict[str, str] | None
    state: str
    last_seen_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    by_app: bool


class SealedRow(NamedTuple):
    """A store with what the vault keeps of it. `install`: the state of our app in it, if it is reached by its token,
    which ends at `token_ends`."""

    store: StoreRow
    credentials: bytes
    secrets: bytes
    install: str | None = None
    token_ends: datetime | None = None


class TokenStale(Exception):
    """The store's token has to be renewed before anything is asked of the shop: `stores.renewing` does."""

    def __init__(self, store_id: UUID) -> None:
        super().__init__("The store's token must be renewed first.")
        self.store_id = store_id


BY_APP = (
    exists()
    .where(
        ShopifyInstall.merchant_id == Store.merchant_id,
        ShopifyInstall.store_id == Store.id,
        ShopifyInstall.state.in_(LIVE),
    )
    .correlate(Store)
)
STORE = (*(getattr(Store, name) for name in StoreRow._fields if name != "by_app"), BY_APP.label("by_app"))


class CodeRow(NamedTuple):
    """A connection code, locked."""

    platform: str | None
    name: str
    base_url: str
    challenge: str
    expires_at: datetime
    used_at: datetime | None


class CodeSeen(NamedTuple):
    """A connection code as its merchant may see it again."""

    id: UUID
    platform: str | None
    name: str
    base_url: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    store_id: UUID | None


async def get_code(work: Work, code_id: UUID) -> CodeSeen:
    """One of the merchant's codes. Raises NotFound."""
    columns = [getattr(StoreCode, name) for name in CodeSeen._fields]
    query = select(*columns).where(StoreCode.merchant_id == work.account_id, StoreCode.id == code_id)
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no store code {ids.STORE_CODE.show(code_id)!r}.")
    return CodeSeen._make(row)


async def code_door(work: Work, fingerprint: bytes) -> tuple[UUID, UUID] | None:
    """(merchant, code) of a connection code, in the scope Nobody; None for an unknown one."""
    rows = await work.fetch_raw("SELECT merchant_id, code_id FROM resolve_store_code($1)", fingerprint)
    return (rows[0]["merchant_id"], rows[0]["code_id"]) if rows else None


async def lock_code(work: Work, code_id: UUID) -> CodeRow | None:
    """A code, locked: of two who use it at once, the second finds it used."""
    columns = [getattr(StoreCode, name) for name in CodeRow._fields]
    query = select(*columns).where(StoreCode.merchant_id == work.account_id, StoreCode.id == code_id)
    row = (await work.db.execute(query.with_for_update())).one_or_none()
    return None if row is None else CodeRow._make(row)


async def store_at(work: Work, base_url: str) -> StoreRow | None:
    """The merchant's store at this address."""
    query = select(*STORE).where(Store.merchant_id == work.account_id, Store.base_url == base_url)
    row = (await work.db.execute(query)).one_or_none()
    return None if row is None else StoreRow._make(row)


async def door(work: Work, store_id: UUID) -> DoorRow:
    """Whose store this is, in the scope Nobody. Raises NotFound."""
    rows = await work.fetch_raw("SELECT merchant_id, platform FROM store_door($1)", store_id)
    if not rows:
        raise _no_store(store_id)
    return DoorRow(rows[0]["merchant_id"], PlatformKind(rows[0]["platform"]))


async def get_store(work: Work, store_id: UUID) -> StoreRow:
    """One of the merchant's stores. Raises NotFound."""
    query = select(*STORE).where(Store.merchant_id == work.account_id, Store.id == store_id)
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise _no_store(store_id)
    return StoreRow(*row)


async def list_stores(work: Work, after: UUID | None, limit: int) -> list[StoreRow]:
    """The merchant's stores by age."""
    query = select(*STORE).where(Store.merchant_id == work.account_id).order_by(Store.id).limit(limit)
    if after is not None:
        query = query.where(Store.id > after)
    return [StoreRow(*row) for row in await work.db.execute(query)]


async def sealed(work: Work, store_ids: Sequence[UUID], *, lock: bool = False) -> dict[UUID, SealedRow]:
    """Stores with their sealed parts, optionally locked (in id order)."""
    ours = and_(ShopifyInstall.merchant_id == Store.merchant_id, ShopifyInstall.store_id == Store.id)
    query = (
        select(*STORE, Store.credentials, Store.secrets, ShopifyInstall.state, ShopifyInstall.expires_at)
        .outerjoin(ShopifyInstall, ours)
        .where(Store.merchant_id == work.account_id, Store.id.in_(store_ids))
        .order_by(Store.id)
    )
    rows = await work.db.execute(query.with_for_update(of=Store) if lock else query)
    return {row.id: SealedRow(StoreRow(*row[:-4]), *row[-4:]) for row in rows}


async def sealed_store(work: Work, store_id: UUID, *, lock: bool = False) -> SealedRow:
    """One store with its sealed parts. Raises NotFound."""
    found = (await sealed(work, [store_id], lock=lock)).get(store_id)
    if found is None:
        raise _no_store(store_id)
    return found


def open_secrets(vault: Vault, row: SealedRow) -> list[LiveSecret]:
    """A store's webhook secrets, newest first, ended ones included."""
    return secrets.open_secrets(vault, row.secrets)


def connection(vault: Vault, row: SealedRow, now: datetime) -> Connection:
    """How to reach a store that has an adapter, with its secrets opened. Raises TokenStale for a shop that our app is
    installed in when its token is about to end: nothing may be asked with it."""
    if row.store.platform == PlatformKind.API:
        raise LookupError("A store of platform api has no adapter.")
    if row.install is not None and is_stale(row.install, row.token_ends, now):
        raise TokenStale(row.store.id)
    return Connection(
        platform="shopify" if row.store.platform == PlatformKind.SHOPIFY else "woocommerce",
        base_url=row.store.base_url,
        credentials=vault.decrypt_map(row.credentials),
        secrets=live_secrets(open_secrets(vault, row), now),
        settings=adapter_settings(row.store),
        plugin=row.store.plugin is not None,
        renewable=row.install in LIVE,
    )


def settings_of(store: StoreRow) -> Settings:
    """The merchant's adjustments."""
    return msgspec.convert(store.settings, Settings)


def adapter_settings(store: StoreRow) -> StoreSettings:
    """The part of the adjustments that adapters know."""
    kept = settings_of(store)
    return StoreSettings(
        services=kept.services,
        states=kept.states,
        accept_test_orders=kept.accept_test_orders,
        stock_location=kept.stock_location,
        customers=store.by_app,
    )


def _no_store(store_id: UUID) -> NotFound:
    return NotFound(f"There is no store {ids.STORE.show(store_id)!r}.")
