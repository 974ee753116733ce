"""What a store's plugin asks about its connection with the store's own key, and the door by which it hands over
orders."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, delete, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from fulfilhub.accounts.principal import StorefrontCaller, storefront
from fulfilhub.accounts.queries import get_account
from fulfilhub.orders.queries import count_in_review
from fulfilhub.platform import ids, inbox
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from fulfilhub.platform.scopes import Merchant, Nobody
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Work, Works
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.outside import Outside
from fulfilhub.stores.adapters.woocommerce.checks import look
from fulfilhub.stores.adapters.woocommerce.handed import read_letter
from fulfilhub.stores.commands import connections, handing, plugins
from fulfilhub.stores.rules import PlatformKind, StoreState
from fulfilhub.stores.rules.checks import judge
from fulfilhub.stores.schemas import plugin_of
from fulfilhub.stores.schemas.plugin import (
    HandedAllOut,
    PluginChangeIn,
    PluginChecksIn,
    PluginChecksOut,
    PluginConnectionOut,
    PluginRotateIn,
    PluginSecretsOut,
    checks_out,
    connection_out,
    credentials_of,
    handed_out,
    secrets_out,
)
from fulfilhub.web.openapi import RAW_BODY
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import ok

READ = problems(Unauthenticated, Forbidden, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, Invalid, RateLimited)
CHECK = problems(Unauthenticated, Forbidden, Conflict, Invalid, RateLimited)
DOOR = problems(Unauthenticated, NotFound, Invalid, RateLimited)


async def _own(work: Work, caller: StorefrontCaller) -> queries.StoreRow:
    """The store that the key belongs to. Keys end with their connection, but processes remember them for a moment."""
    store = await queries.get_store(work, caller.store_id)
    if store.state != StoreState.CONNECTED:
        raise Unauthenticated("This store was disconnected: connect it again.", code="store_disconnected")
    return store


async def _told(work: Work, store: queries.StoreRow, settings: Settings) -> PluginConnectionOut:
    return connection_out(
        store,
        await get_account(work, work.account_id),
        await inbox.intake_of(work, queries.source_of(store.id)),
        await count_in_review(work, store.id),
        await queries.outgoing_counts(work, store.id),
        settings.server.url,
        work.now,
    )


@get("/v1/storefront", **storefront(), tags=["Storefront"], summary="Read the connection", responses=READ)
async def get_storefront(
    works: NamedDependency[Works],
    storefront: NamedDependency[StorefrontCaller],
    settings: NamedDependency[Settings],
) -> Response[PluginConnectionOut]:
    """Whose store this is, how it is connected, and what waits in either direction."""
    async with works.reading(storefront.scope) as work:
        return ok(work, await _told(work, await _own(work, storefront), settings))


@patch("/v1/storefront", **storefront(), tags=["Storefront"], summary="Change the connection", responses=WRITE)
async def change_storefront(
    works: NamedDependency[Works],
    storefront: NamedDependency[StorefrontCaller],
    settings: NamedDependency[Settings],
    data: JSONBody[PluginChangeIn],
) -> Response[PluginConnectionOut]:
    """Says what the plugin runs in now, and adjusts what can be adjusted in the shop."""
    async with works.begin(storefront.scope) as work:
        await _own(work, storefront)
        plugin = None if data.plugin is None else plugin_of(data.plugin)
        await plugins.adjust(work, storefront.store_id, plugin, data.settings.stock_sync)
        work.concerns(ids.STORE.show(storefront.store_id))
        return ok(work, await _told(work, await _own(work, storefront), settings))


@post(
    "/v1/storefront/checks",
    **storefront(audited=False),
    tags=["Storefront"],
    summary="Check the connection",
    status_code=200,
    responses=CHECK,
)
async def check_storefront(
    works: NamedDependency[Works],
    storefront: NamedDependency[StorefrontCaller],
    vault: NamedDependency[Vault],
    outside: NamedDependency[Outside],
    data: JSONBody[PluginChecksIn],
) -> PluginChecksOut:
    """FulfilHub calls the shop now and tells what it finds, each with what to do about it. It takes 15 seconds at most.
    Nothing is changed, so there is nothing to be kept under an Idempotency-Key."""
    async with works.reading(storefront.scope) as work:
        store = await _own(work, storefront)
        if store.platform != PlatformKind.WOOCOMMERCE:
            raise Conflict("Only WooCommerce shops can be checked.", code="not_woocommerce")
        connection = queries.connection(vault, await queries.sealed_store(work, store.id), work.now)
    seen = await look(outside.http, connection)
    return checks_out(judge(connection.base_url, seen, ids.STORE.show(store.id), works.clock()))


@post(
    "/v1/storefront/rotate",
    **storefront(),
    tags=["Storefront"],
    summary="Rotate the connection's secrets",
    status_code=200,
    responses=WRITE,
)
async def rotate_storefront(
    works: NamedDependency[Works],
    storefront: NamedDependency[StorefrontCaller],
    vault: NamedDependency[Vault],
    data: JSONBody[PluginRotateIn],
) -> Response[PluginSecretsOut]:
    """A new webhook secret and a new key, both shown this once, so an Idempotency-Key is not honoured here. The old
    ones live on for 24 hours. With `credentials` the shop is called with those from now on: a call that is under way
    may still use the old ones, so let them live for some minutes more."""
    async with works.begin(storefront.scope) as work:
        await _own(work, storefront)
        made = await plugins.rotate(work, vault, storefront.store_id, credentials_of(data))
        work.concerns(ids.STORE.show(storefront.store_id))
        return ok(work, secrets_out(made))


@delete(
    "/v1/storefront",
    **storefront(),
    tags=["Storefront"],
    summary="Disconnect the store",
    status_code=204,
    responses=READ,
)
async def disconnect_storefront(
    works: NamedDependency[Works], storefront: NamedDependency[StorefrontCaller], vault: NamedDependency[Vault]
) -> None:
    """The merchant disconnected the shop, or removed the plugin: nothing is asked of the shop any more, and its
    credentials, secrets and keys are forgotten. Orders that are here stay, and are fulfilled."""
    async with works.begin(storefront.scope) as work:
        await connections.disconnect(work, storefront.store_id)
        await connections.forget(work, vault, storefront.store_id)
        work.concerns(ids.STORE.show(storefront.store_id))


@post(
    "/v1/stores/{store_id:str}/deliveries",
    opt={
        RAW_BODY: "`deliveries`: a list of 1 to 50 orders, each with `id`, `topic`, `occurred_at` and `order`; signed "
        "byte for byte by Standard Webhooks. See docs/woocommerce.md.",
        "batch": True,
    },
    tags=["Store webhooks"],
    summary="Hand over orders",
    status_code=200,
    responses=DOOR,
)
async def hand_over_orders(
    request: Request[Any, Any, State],
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    store_id: FromPath[str],
) -> HandedAllOut:
    """Called by the plugin of a WooCommerce store, signed as Standard Webhooks says, over the raw body, with the
    store's webhook secret. Answers per item, once it is stored: `accepted`, `duplicate` (its `id` came before), or
    `refused` with the reason. A letter signed more than five minutes off is 401 (`stale_timestamp`), with our
    `server_time`."""
    found = ids.STORE.find(store_id)
    async with works.begin(Nobody()) as work:
        door = await queries.door(work, found)
    if door.platform is not PlatformKind.WOOCOMMERCE:
        raise NotFound(f"The store {store_id!r} is not one of {PlatformKind.WOOCOMMERCE}.")
    scope, headers, body = Merchant(door.merchant_id, store_id), dict(request.headers), await request.body()
    async with works.reading(scope) as work:
        store = await handing.open_letter(work, vault, found, headers, body)
    # Counted once it is known to be theirs, so that nobody else can use up what a store may send.
    await request.app.state.limits.count(request.scope, store_id, "This store")
    items = read_letter(body, store.base_url)
    async with works.begin(scope) as work:
        return handed_out(await handing.keep(work, vault, found, items, settings.policy.raw_retention_days))


ROUTES = [
    get_storefront,
    change_storefront,
    check_storefront,
    rotate_storefront,
    disconnect_storefront,
    hand_over_orders,
]
