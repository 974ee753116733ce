"""Connecting stores, changing them, and rotating their webhook secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import insert, null, update
from sqlalchemy.exc import IntegrityError

from fulfilhub.accounts.commands import end_store_keys
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FieldError, Invalid
from fulfilhub.platform.secrets import LiveSecret, Vault, new_token, rotated, seal_secrets
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.port import Connection
from fulfilhub.stores.commands.backfilling import cut_off
from fulfilhub.stores.commands.lanes import follow
from fulfilhub.stores.commands.sweeping import keep_sweeping, stop_sweeping
from fulfilhub.stores.events import StoreConnected, StoreDisconnected
from fulfilhub.stores.models import ShopifyInstall, Store
from fulfilhub.stores.rules import (
    ROTATION_OVERLAP,
    PlatformKind,
    Plugin,
    Settings,
    StoreState,
    check_credentials,
    clean_url,
)
from fulfilhub.stores.rules.shopify import LIVE, InstallState
from fulfilhub.web.conditional import check_version


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStore:
    """A store to connect. `webhook_secret` is the storefront's own (Shopify: the app's client secret); None lets us
    make one, which is not possible for Shopify. `shop_domain` defaults to the host of `base_url`. `plugin`: a plugin of
    ours asks, and goes on to speak for the store. `by_app`: our Shopify app asks, whose secrets are ours."""

    platform: PlatformKind
    name: str
    base_url: str = ""
    shop_domain: str = ""
    credentials: Mapping[str, str]
    webhook_secret: str | None = None
    settings: Settings
    plugin: Plugin | None = None
    by_app: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreChange:
    """What to change of a store; None leaves a field as it is."""

    name: str | None = None
    base_url: str | None = None
    shop_domain: str | None = None
    credentials: Mapping[str, str] | None = None
    settings: Settings | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A store's id, the webhook secret if it is one of ours, and the key if its plugin was given one: shown once and
    never again."""

    store_id: UUID
    webhook_secret: str | None
    api_key: str | None = None


async def connect(work: Work, vault: Vault, new: NewStore) -> Made:
    """Connect a store. Raises Invalid naming each bad field, Conflict (`store_exists`) for a second connection to
    the same address."""
    check_credentials(new.platform, dict(new.credentials))
    own = new_token() if new.webhook_secret is None and new.platform is PlatformKind.WOOCOMMERCE else None
    secret = new.webhook_secret or own
    if new.platform is PlatformKind.SHOPIFY and secret is None and not new.by_app:
        detail = "Shopify signs with the app's client secret; give it here."
        raise Invalid(detail, fields=[FieldError("/webhook_secret", detail, "required")])
    base_url = "" if new.platform is PlatformKind.API else clean_url(new.base_url, "/base_url")
    store_id = ids.new()
    values = {
        "merchant_id": work.account_id,
        "id": store_id,
        "platform": new.platform,
        "name": new.name,
        "base_url": base_url,
        "shop_domain": _shop_domain(new.platform, new.shop_domain, base_url),
        "credentials": vault.encrypt_map(dict(new.credentials)),
        "secrets": seal_secrets(vault, [LiveSecret(secret)] if secret else []),
        "settings": asdict(new.settings),
        "state": StoreState.CONNECTED,
        "created_at": work.now,
        "updated_at": work.now,
    }
    try:
        await work.db.execute(insert(Store).values(values))
    except IntegrityError:
        raise _exists() from None
    if new.platform is not PlatformKind.API:
        await keep_sweeping(work, store_id)
        await follow(work, store_id)
    work.publish(StoreConnected(store_id=store_id, platform=new.platform))
    return Made(store_id, own)


async def change(work: Work, vault: Vault, store_id: UUID, wanted: StoreChange, version: int | None) -> None:
    """Change a store; new credentials also connect it again, and take the place of our app's token where the store was
    connected by that. Raises NotFound, Stale, Invalid, Conflict (`installed_shop`: our app's token is for that shop
    alone)."""
    row = await queries.sealed_store(work, store_id, lock=True)
    before = row.store
    check_version(version, before.version)
    if row.install in LIVE and wanted.credentials is None and _moves(before, wanted):
        detail = "Our app is installed in this very shop: connect another shop as a store of its own."
        raise Conflict(detail, code="installed_shop")
    platform = PlatformKind(before.platform)
    values: dict[str, object] = {"version": before.version + 1, "updated_at": work.now}
    if wanted.name is not None:
        values["name"] = wanted.name
    if platform is not PlatformKind.API:
        base_url = before.base_url if wanted.base_url is None else clean_url(wanted.base_url, "/base_url")
        kept = before.shop_domain if wanted.base_url is None else ""
        given = kept if wanted.shop_domain is None else wanted.shop_domain
        values |= {"base_url": base_url, "shop_domain": _shop_domain(platform, given, base_url)}
    if wanted.credentials is not None:
        check_credentials(platform, dict(wanted.credentials))
        values |= {"credentials": vault.encrypt_map(dict(wanted.credentials)), "state": StoreState.CONNECTED}
        await _release(work, store_id)
        if before.state != StoreState.CONNECTED:
            work.publish(StoreConnected(store_id=store_id, platform=platform))
    if wanted.settings is not None:
        values["settings"] = asdict(wanted.settings)
    try:
        await work.db.execute(
            update(Store).where(Store.merchant_id == work.account_id, Store.id == store_id).values(values)
        )
    except IntegrityError:
        raise _exists() from None
    moved = values.get("base_url", before.base_url) != before.base_url
    if platform is not PlatformKind.API and (moved or wanted.credentials is not None):
        await keep_sweeping(work, store_id, anew=moved)
    await follow(work, store_id, anew=moved)


async def rotate_secret(work: Work, vault: Vault, store_id: UUID, given: str | None) -> Made:
    """Let a new webhook secret sign beside the present one, which ends after `rules.ROTATION_OVERLAP`. Without
    `given` we make one (not for Shopify, whose secret is the app's). Raises NotFound, Invalid, Conflict."""
    row = await queries.sealed_store(work, store_id, lock=True)
    platform = PlatformKind(row.store.platform)
    if platform is PlatformKind.API:
        raise Conflict("An api store sends no webhooks, so it has no secret.", code="no_webhooks")
    if platform is PlatformKind.SHOPIFY and given is None:
        detail = "Shopify signs with the app's client secret; give the new one here."
        raise Invalid(detail, fields=[FieldError("/webhook_secret", detail, "required")])
    own = new_token() if given is None else None
    secrets = rotated(queries.open_secrets(vault, row), given or own or "", work.now, ROTATION_OVERLAP)
    await work.db.execute(
        update(Store)
        .where(Store.merchant_id == work.account_id, Store.id == store_id)
        .values(secrets=seal_secrets(vault, secrets), version=Store.version + 1, updated_at=work.now)
    )
    return Made(store_id, own)


async def disconnect(work: Work, store_id: UUID, *, told: bool = True) -> None:
    """The store is no longer connected, whoever ended it: its plugin's keys end at once, and nothing is asked of it.
    `told`: the storefront knows, since it said so itself; otherwise its plugin, if it has one, is told, and how it was
    reached is forgotten after that. Repeating is harmless."""
    await end_store_keys(work, store_id)
    done = await work.db.execute(
        update(Store)
        .where(Store.merchant_id == work.account_id, Store.id == store_id, Store.state == StoreState.CONNECTED)
        .values(state=StoreState.DISCONNECTED, version=Store.version + 1, updated_at=work.now)
        .returning(Store.platform)
    )
    platform = done.scalar_one_or_none()
    if platform is not None:
        await stop_sweeping(work, store_id)
        await cut_off(work, store_id)
        await follow(work, store_id)
        work.publish(StoreDisconnected(store_id=store_id, platform=platform))
        if not told:
            work.enqueue("stores.say_goodbye", {"store_id": store_id})


async def leaving(work: Work, vault: Vault, store_id: UUID) -> Connection | None:
    """How to reach a store once more that was disconnected; None when it was connected again meanwhile, or never was
    reached by us."""
    row = (await queries.sealed(work, [store_id])).get(store_id)
    if row is None or row.store.state != StoreState.DISCONNECTED or row.store.platform == PlatformKind.API:
        return None
    return queries.connection(vault, row, work.now)


async def forget(work: Work, vault: Vault, store_id: UUID) -> None:
    """Forget how a disconnected store was reached and what signed its messages; of one that was connected again
    meanwhile nothing is forgotten. Repeating is harmless."""
    await work.db.execute(
        update(Store)
        .where(Store.merchant_id == work.account_id, Store.id == store_id, Store.state == StoreState.DISCONNECTED)
        .values(credentials=vault.encrypt_map({}), secrets=seal_secrets(vault, []), plugin=null(), updated_at=work.now)
    )


def _moves(before: queries.StoreRow, wanted: StoreChange) -> bool:
    moved = wanted.base_url is not None and wanted.base_url.strip().rstrip("/") != before.base_url
    return moved or (wanted.shop_domain is not None and wanted.shop_domain.lower() != before.shop_domain)


async def _release(work: Work, store_id: UUID) -> None:
    """What our app had of the shop ends with it."""
    ended = {"refresh_token": None, "expires_at": None, "refresh_expires_at": None, "renewal_id": None}
    await work.db.execute(
        update(ShopifyInstall)
        .where(
            ShopifyInstall.merchant_id == work.account_id,
            ShopifyInstall.store_id == store_id,
            ShopifyInstall.state.in_(LIVE),
        )
        .values(state=InstallState.RELEASED, renewal_until=None, ended_at=work.now, **ended)
    )


def _shop_domain(platform: PlatformKind, given: str, base_url: str) -> str:
    if platform is not PlatformKind.SHOPIFY:
        return ""
    return (given or urlsplit(base_url).hostname or "").lower()


def _exists() -> Conflict:
    return Conflict("There is a connection to this address already; change that one.", code="store_exists")
