"""Our Shopify app: the door for the webhooks of all its shops, what its page in a shop's admin begins with, and how a
store's connection by it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from fulfilhub.accounts.principal import MerchantCaller, doing_of, may
from fulfilhub.platform import ids
from fulfilhub.platform.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
)
from fulfilhub.platform.scopes import Merchant, Nobody
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.outside import Outside
from fulfilhub.stores.adapters.port import Kind, Refused, Retry
from fulfilhub.stores.adapters.shopify import oauth, scopes
from fulfilhub.stores.adapters.shopify.sight import look
from fulfilhub.stores.adapters.shopify.tokens import SessionToken, read_session_token
from fulfilhub.stores.commands import codes, deliveries, installing
from fulfilhub.stores.renewing import reach
from fulfilhub.stores.rules import PlatformKind
from fulfilhub.stores.rules.shopify import LIVE, InstallState, ShopSeen, judge
from fulfilhub.stores.schemas import Received
from fulfilhub.stores.schemas.shopify import (
    ShopifyChecksOut,
    ShopifyConnectIn,
    ShopifyInstallOut,
    ShopifySessionOut,
    install_out,
    shop_checks_out,
)
from fulfilhub.web.openapi import RAW_BODY
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import created, ok

log = structlog.get_logger("fulfilhub.stores")

TAGS = ["Shopify app"]
PAGE = problems(Unauthenticated, Conflict, Invalid, Unavailable)
READ = problems(Unauthenticated, Forbidden, NotFound, Invalid, RateLimited)
CHECK = problems(Unauthenticated, Forbidden, NotFound, Conflict, Invalid, RateLimited, Unavailable)
AppRequest = Request[Any, Any, State]


@dataclass(frozen=True, slots=True)
class ShopPage:
    """A page of our app that somebody of the shop has open, proven by its session token (`token`)."""

    app: oauth.App
    session: SessionToken
    token: str


@dataclass(frozen=True, slots=True)
class ShopCaller:
    """Such a page of a shop that is connected: it may see its merchant's rows as far as they are its store's."""

    page: ShopPage
    scope: Merchant
    store_id: UUID


async def shop_page(request: AppRequest, works: NamedDependency[Works]) -> ShopPage:
    """The page that calls. Raises Unauthenticated (`bad_session_token`, `expired_session_token`), Conflict where there
    is no app of ours."""
    settings: Settings = request.app.state.settings
    app = oauth.app_of(settings.shopify)
    scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("Send `Authorization: Bearer` with the session token.", code="bad_session_token")
    return ShopPage(app, read_session_token(token.strip(), app.client_id, app.secrets, works.clock()), token.strip())


async def shop_caller(request: AppRequest, works: NamedDependency[Works]) -> ShopCaller:
    """The page that calls, of a connected shop. Raises as `shop_page`, and Conflict (`not_connected`)."""
    page = await shop_page(request, works)
    door = await _door(works, page.session.shop)
    if door is None:
        raise Conflict("This shop is not connected to FulfilHub yet.", code="not_connected")
    scope = Merchant(door.merchant_id, ids.STORE.show(door.store_id), doing_of(request))
    return ShopCaller(page, scope, door.store_id)


@post(
    "/shopify/webhooks",
    opt={RAW_BODY: "What Shopify sends, signed byte for byte in X-Shopify-Hmac-Sha256.", "batch": True},
    tags=["Store webhooks"],
    summary="Deliver a webhook of the Shopify app",
    status_code=200,
    responses=problems(Unauthenticated),
)
async def deliver_shopify_app(
    request: AppRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
) -> Received:
    """Called by Shopify for every shop that our app is in, signed in X-Shopify-Hmac-Sha256 with one of the app's client
    secrets over the raw body. Once the delivery is stored the answer is 200, also for repeats, for what can't be
    understood, and for a shop that nobody has connected."""
    headers, body = dict(request.headers), await request.body()
    adapter = adapter_for(PlatformKind.SHOPIFY)
    if not adapter.verify(headers, body, settings.shopify.client_secrets):
        raise Unauthenticated("The signature does not fit the body and the app's secrets.", code="bad_signature")
    delivery = adapter.read_delivery(headers, body)
    async with works.begin(Nobody()) as work:
        doors = await queries.shop_doors(work, delivery.sender)
    # What is asked about customers concerns everybody who ever had this shop.
    wanted = [door for door in doors if door.live or delivery.kind is Kind.PRIVACY]
    for door in wanted:
        async with works.begin(Merchant(door.merchant_id, ids.STORE.show(door.store_id))) as work:
            keep = settings.policy.raw_retention_days
            await deliveries.keep(work, vault, door.store_id, delivery, headers, body, keep)
    if not wanted:
        log.info("shopify.nobodys_message", topic=delivery.topic)
    return Received()


@post(
    "/shopify/session",
    opt={"audited": False},
    dependencies={"page": Provide(shop_page)},
    tags=TAGS,
    summary="Begin a page in the shop's admin",
    status_code=200,
    responses=PAGE,
)
async def begin_shopify_session(
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    outside: NamedDependency[Outside],
    page: NamedDependency[ShopPage],
) -> ShopifySessionOut:
    """Called by the app's page when it is opened, with its session token (App Bridge) instead of an API key. Where our
    access to the shop has lapsed, or the shop grants more than we knew, it is renewed by the way."""
    shop, door = page.session.shop, await _door(works, page.session.shop)
    if door is None:
        asked = {"platform": "shopify", "shop_name": shop.partition(".")[0], "shop_url": page.app.url_of(shop)}
        address = f"{settings.server.url}/connect?{urlencode(asked)}"
        return ShopifySessionOut(shop=shop, connected=False, connect_url=address, install=None)
    scope = Merchant(door.merchant_id, ids.STORE.show(door.store_id))
    async with works.reading(scope) as work:
        install = await queries.install_of(work, door.store_id)
    if install is not None and (install.state == InstallState.LAPSED or scopes.missing(install.scopes)):
        grant = await oauth.for_session(outside.http, page.app, shop, page.token, works.clock())
        if isinstance(grant, oauth.Grant):
            async with works.begin(scope) as work:
                await installing.keep_pair(work, vault, door.store_id, shop, grant)
    async with works.reading(scope) as work:
        install = await queries.install_of(work, door.store_id)
    known = None if install is None else install_out(install, settings.server.url)
    return ShopifySessionOut(shop=shop, connected=True, connect_url=None, install=known)


@post(
    "/shopify/connect",
    dependencies={"page": Provide(shop_page)},
    tags=TAGS,
    summary="Connect a shop with a code",
    responses=PAGE,
)
async def connect_shopify(
    request: AppRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    outside: NamedDependency[Outside],
    page: NamedDependency[ShopPage],
    data: JSONBody[ShopifyConnectIn],
) -> Response[ShopifyInstallOut]:
    """Called by the app's page with its session token: exchanges a connection code, which a merchant of FulfilHub made
    or approved, for the connection of this very shop. A shop that another organisation has connected is 409
    (`shop_taken`). The code is good once, so an Idempotency-Key is not honoured here."""
    shop, address = page.session.shop, page.app.url_of(page.session.shop)
    async with works.begin(Nobody()) as work:
        found = await queries.code_door(work, codes.code_fingerprint(data.code))
    if found is None:
        raise codes.bad_code()
    merchant_id, code_id = found
    actor = ids.STORE_CODE.show(code_id)
    async with works.begin(Merchant(merchant_id, actor)) as work:
        await installing.check(work, code_id, data.code_verifier, shop, address)
    grant = granted(await oauth.for_session(outside.http, page.app, shop, page.token, works.clock()))
    async with works.begin(Merchant(merchant_id, actor, doing_of(request))) as work:
        store_id = await installing.install(work, vault, code_id, data.code_verifier, shop, address, grant)
        install = await queries.install_of(work, store_id)
        if install is None:
            raise LookupError("It was connected just now.")
        body = install_out(install, settings.server.url)
        return created(work, body, f"/v1/stores/{body.store_id}")


@get(
    "/v1/stores/{store_id:str}/shopify",
    **may("stores:read"),
    tags=TAGS,
    summary="Get how the app is installed",
    responses=READ,
)
async def get_shopify_install(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    settings: NamedDependency[Settings],
    store_id: FromPath[str],
) -> Response[ShopifyInstallOut]:
    """What the shop grants our app, what it does not grant (yet), and whether our access is renewed. 404 for a store
    that was never connected by the app."""
    async with works.reading(merchant.scope) as work:
        install = await queries.install_of(work, ids.STORE.find(store_id))
        if install is None:
            raise NotFound(f"The store {store_id!r} is not one that our Shopify app is in.")
        return ok(work, install_out(install, settings.server.url))


@post(
    "/v1/stores/{store_id:str}/shopify/checks",
    **may("stores:write", audited=False),
    tags=TAGS,
    summary="Check a Shopify connection",
    status_code=200,
    responses=CHECK,
)
async def check_shopify(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    outside: NamedDependency[Outside],
    store_id: FromPath[str],
) -> ShopifyChecksOut:
    """FulfilHub asks the shop now and tells what it finds, each with what to do about it: whether the app is in it,
    whether the shop answers, grants all scopes, and shows its customers' data. Nothing is changed, so there is nothing
    to be kept under an Idempotency-Key."""
    return await checks_of(works, vault, settings, outside, Merchant(merchant.scope.account_id), store_id)


async def checks_of(
    works: Works, vault: Vault, settings: Settings, outside: Outside, scope: Merchant, store_id: str
) -> ShopifyChecksOut:
    """See `check_shopify`; the app's own page asks the same. Raises NotFound, Conflict (`not_shopify`), Unavailable."""
    found = ids.STORE.find(store_id)
    async with works.reading(scope) as work:
        if (await queries.get_store(work, found)).platform != PlatformKind.SHOPIFY:
            raise Conflict("Only a store of Shopify can be checked so.", code="not_shopify")
        install = await queries.install_of(work, found)
    state = None if install is None else install.state
    if install is not None and install.state not in LIVE and install.state != InstallState.RELEASED:
        return shop_checks_out(judge(ShopSeen(install=state, trouble="FulfilHub has no access to the shop.")))
    seen = await look(outside.http, await reach(works, vault, settings, outside.http, scope, found))
    if isinstance(seen, Refused | Retry):
        lacking = scopes.missing(install.scopes) if install is not None else ()
        return shop_checks_out(judge(ShopSeen(install=state, missing=lacking, trouble=seen.reason)))
    lacking = scopes.missing(seen.scopes)
    return shop_checks_out(judge(ShopSeen(install=state, missing=lacking, shows_customers=seen.data)))


def granted(answer: oauth.Answer) -> oauth.Grant:
    """The grant, for a route. Raises Conflict (`token_refused`), Unavailable."""
    if isinstance(answer, oauth.Grant):
        return answer
    if isinstance(answer, Refused):
        raise Conflict(f"Shopify gave us no access to the shop: {answer.reason}", code="token_refused")
    raise Unavailable("Shopify does not answer; try again in a moment.")


async def _door(works: Works, shop: str) -> queries.ShopDoor | None:
    async with works.begin(Nobody()) as work:
        return next((door for door in await queries.shop_doors(work, shop) if door.live), None)


ROUTES = [deliver_shopify_app, begin_shopify_session, connect_shopify, get_shopify_install, check_shopify]
