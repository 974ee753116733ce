"""Store connections, and the doors by which storefronts deliver their webhooks."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from fulfilhub.accounts.principal import MerchantCaller, may
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Stale, Unauthenticated
from fulfilhub.platform.scopes import Merchant, Nobody
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.port import Kind
from fulfilhub.stores.commands import connections, deliveries, updates
from fulfilhub.stores.rules import PlatformKind
from fulfilhub.stores.schemas import (
    MessageOut,
    MessageState,
    Received,
    RotateSecretIn,
    StoreIn,
    StoreOut,
    StorePatch,
    StoreSecretOut,
    UpdateOut,
    UpdateStateName,
    message_out,
    new_store,
    store_change,
    store_out,
    update_out,
)
from fulfilhub.web.conditional import IfMatch, expected_version
from fulfilhub.web.once import Once
from fulfilhub.web.openapi import RAW_BODY
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import created, ok

READ = problems(Unauthenticated, Forbidden, Invalid, NotFound, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Stale, Invalid, RateLimited)
DOOR = problems(Unauthenticated, NotFound)


@post("/v1/stores", **may("stores:write"), tags=["Stores"], summary="Connect a store", responses=WRITE)
async def connect_store(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    data: JSONBody[StoreIn],
) -> Response[StoreSecretOut]:
    """Connects a storefront. The webhook secret may be ours and is shown this once, so an Idempotency-Key is not
    honoured here; a second connection to the same address is refused instead."""
    async with works.begin(merchant.scope) as work:
        made = await connections.connect(work, vault, new_store(data))
        store = store_out(await queries.get_store(work, made.store_id), settings.server.url)
        return created(work, StoreSecretOut(store=store, webhook_secret=made.webhook_secret), f"/v1/stores/{store.id}")


@get("/v1/stores", **may("stores:read"), tags=["Stores"], summary="List stores", responses=READ)
async def list_stores(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    settings: NamedDependency[Settings],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[StoreOut]:
    """The merchant's stores, oldest first."""
    url = settings.server.url
    async with works.reading(merchant.scope) as work:
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_stores(work, after, size),
            lambda row: row.id,
            lambda row: store_out(row, url),
        )


@get("/v1/stores/{store_id:str}", **may("stores:read"), tags=["Stores"], summary="Get a store", responses=READ)
async def get_store(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    settings: NamedDependency[Settings],
    store_id: FromPath[str],
) -> Response[StoreOut]:
    """One store, without its secrets."""
    async with works.reading(merchant.scope) as work:
        return ok(work, store_out(await queries.get_store(work, ids.STORE.find(store_id)), settings.server.url))


@patch("/v1/stores/{store_id:str}", **may("stores:write"), tags=["Stores"], summary="Change a store", responses=WRITE)
async def change_store(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    store_id: FromPath[str],
    data: JSONBody[StorePatch],
    if_match: IfMatch = None,
) -> Response[StoreOut]:
    """Changes a store; new credentials also connect a disconnected one again."""
    found = ids.STORE.find(store_id)
    async with works.begin(merchant.scope) as work:
        await connections.change(work, vault, found, store_change(data), expected_version(if_match))
        return ok(work, store_out(await queries.get_store(work, found), settings.server.url))


@post(
    "/v1/stores/{store_id:str}/rotate-secret",
    **may("stores:write"),
    tags=["Stores"],
    summary="Rotate a webhook secret",
    status_code=200,
    responses=WRITE,
)
async def rotate_secret(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    store_id: FromPath[str],
    data: JSONBody[RotateSecretIn],
) -> Response[StoreSecretOut]:
    """A new secret signs at once; the old one goes on being honoured for 24 hours. The secret may be ours and is shown
    this once, so an Idempotency-Key is not honoured here."""
    found = ids.STORE.find(store_id)
    async with works.begin(merchant.scope) as work:
        made = await connections.rotate_secret(work, vault, found, data.webhook_secret)
        store = store_out(await queries.get_store(work, found), settings.server.url)
        return ok(work, StoreSecretOut(store=store, webhook_secret=made.webhook_secret))


@get(
    "/v1/stores/{store_id:str}/messages",
    **may("stores:read"),
    tags=["Stores"],
    summary="List a store's messages",
    responses=READ,
)
async def list_messages(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    store_id: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
    message_state: Annotated[
        MessageState | None, QueryParameter(name="state", description="Only messages that ended so.")
    ] = None,
) -> Page[MessageOut]:
    """What the store sent and what became of it, oldest first."""
    found = ids.STORE.find(store_id)
    async with works.reading(merchant.scope) as work:
        await queries.get_store(work, found)
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_messages(work, found, message_state, after, size),
            lambda row: row.id,
            message_out,
        )


@post(
    "/v1/stores/{store_id:str}/messages/{message_id:str}/retry",
    **may("stores:write"),
    tags=["Stores"],
    summary="Read a store's message again",
    status_code=200,
    responses=WRITE,
)
async def retry_message(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    store_id: FromPath[str],
    message_id: FromPath[str],
) -> Response[MessageOut]:
    """Reads a message again that could not be read, or that nobody wanted, for example after FulfilHub was brought up
    to date. Of an answer that could not be read, its order is read from the store anew."""
    store, message = ids.STORE.find(store_id), ids.MESSAGE.find(message_id)
    async with works.begin(merchant.scope, once) as work:
        await deliveries.retry(work, store, message)
        row, _ = await queries.get_message(work, store, message)
        return ok(work, message_out(row))


@get(
    "/v1/stores/{store_id:str}/updates",
    **may("stores:read"),
    tags=["Stores"],
    summary="List what a store was told",
    responses=READ,
)
async def list_updates(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    store_id: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
    update_state: Annotated[
        UpdateStateName | None, QueryParameter(name="state", description="Only updates in this state.")
    ] = None,
) -> Page[UpdateOut]:
    """Each shipment, and whether the store knows of it, oldest first."""
    found = ids.STORE.find(store_id)
    async with works.reading(merchant.scope) as work:
        await queries.get_store(work, found)
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_updates(work, found, update_state, after, size),
            lambda row: row.id,
            update_out,
        )


@post(
    "/v1/stores/{store_id:str}/updates/{update_id:str}/retry",
    **may("stores:write"),
    tags=["Stores"],
    summary="Tell a store again",
    status_code=200,
    responses=WRITE,
)
async def retry_update(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    store_id: FromPath[str],
    update_id: FromPath[str],
) -> Response[UpdateOut]:
    """Tries a refused or failed update again, for example after the credentials were corrected. What the store
    already shows is not written twice."""
    store, update = ids.STORE.find(store_id), ids.STORE_UPDATE.find(update_id)
    async with works.begin(merchant.scope, once) as work:
        await updates.retry(work, store, update)
        return ok(work, update_out(await queries.get_update(work, store, update)))


@post(
    "/v1/stores/{store_id:str}/webhooks/woocommerce",
    opt={RAW_BODY: "What WooCommerce sends, signed byte for byte in X-WC-Webhook-Signature."},
    tags=["Store webhooks"],
    summary="Deliver a WooCommerce webhook",
    status_code=200,
    responses=DOOR,
)
async def deliver_woocommerce(
    request: Request[Any, Any, State],
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    store_id: FromPath[str],
) -> Received:
    """Called by WooCommerce, signed in X-WC-Webhook-Signature with the store's webhook secret over the raw body.
    Once the delivery is stored the answer is 200, also for repeats and for what can't be understood."""
    return await _deliver(request, works, vault, settings, store_id, PlatformKind.WOOCOMMERCE)


@post(
    "/v1/stores/{store_id:str}/webhooks/shopify",
    opt={RAW_BODY: "What Shopify sends, signed byte for byte in X-Shopify-Hmac-Sha256."},
    tags=["Store webhooks"],
    summary="Deliver a Shopify webhook",
    status_code=200,
    responses=DOOR,
)
async def deliver_shopify(
    request: Request[Any, Any, State],
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    store_id: FromPath[str],
) -> Received:
    """Called by Shopify, signed in X-Shopify-Hmac-Sha256 with the app's client secret over the raw body. Once the
    delivery is stored the answer is 200, also for repeats and for what can't be understood."""
    return await _deliver(request, works, vault, settings, store_id, PlatformKind.SHOPIFY)


async def _deliver(
    request: Request[Any, Any, State],
    works: Works,
    vault: Vault,
    settings: Settings,
    store_id: str,
    platform: PlatformKind,
) -> Received:
    found = ids.STORE.find(store_id)
    async with works.begin(Nobody()) as work:
        door = await queries.door(work, found)
    if door.platform != platform:
        raise NotFound(f"The store {store_id!r} is not one of {platform}.")
    headers, body = dict(request.headers), await request.body()
    delivery = adapter_for(platform).read_delivery(headers, body)
    if delivery.kind is Kind.PING:
        return Received()
    async with works.begin(Merchant(door.merchant_id, store_id)) as work:
        keep = settings.policy.raw_retention_days
        await deliveries.receive(work, vault, found, delivery, headers, body, keep)
    return Received()


ROUTES = [
    connect_store,
    list_stores,
    get_store,
    change_store,
    rotate_secret,
    list_messages,
    retry_message,
    list_updates,
    retry_update,
    deliver_woocommerce,
    deliver_shopify,
]
