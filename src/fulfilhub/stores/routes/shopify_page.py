"""The page in Shopify's admin: how the connection stands, what fails and can be tried again, where stock stands.

The page itself is empty; Shopify's script in it gets a session token, with which it asks for its content. So nothing of
a shop is shown to anybody who cannot get that token.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency

from fulfilhub.accounts.principal import doing_of
from fulfilhub.accounts.queries import get_account
from fulfilhub.platform.errors import FieldError, Invalid, NotFound, Unauthenticated
from fulfilhub.platform.scopes import Merchant, Nobody
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Work, Works
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.shopify import scopes
from fulfilhub.stores.adapters.shopify.tokens import SessionToken, read_session_token, shop_domain
from fulfilhub.stores.commands import failing, lanes, sweeping
from fulfilhub.stores.rules.shopify import consent_url
from fulfilhub.stores.schemas.completeness import completeness_out
from fulfilhub.stores.schemas.failing import failing_out
from fulfilhub.web.pages import FORM_LIMIT, OwnPages, form_of, page_headers, templates

MOST_FAILING = 25
ADMIN = "https://admin.shopify.com"
CDN = "https://cdn.shopify.com"

PAGES = OwnPages("fulfilhub.stores")
TEMPLATES = templates("fulfilhub.stores")
ASSETS = files("fulfilhub.stores") / "assets"
STYLE, SCRIPT = ((ASSETS / f"shopify-page.{kind}").read_bytes() for kind in ("css", "js"))
KEPT = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
PageRequest = Request[Any, Any, State]


@dataclass(frozen=True, slots=True)
class Desk:
    """Who has the page open: the merchant's scope, named after the person in the shop, and the store it is about."""

    scope: Merchant
    door: queries.ShopDoor
    token: SessionToken


@get("/shopify", include_in_schema=False)
async def show_page(request: PageRequest, settings: NamedDependency[Settings]) -> Response[str]:
    """The empty page, for the admin's frame. Opened by itself, it sends its reader there."""
    shop = shop_domain(request.query_params.get("shop", ""))
    client_id = settings.shopify.client_id
    if not client_id or shop is None:
        text = "Open FulfilHub from the apps of your Shopify admin."
        return PAGES.show("own_message.html", 404, title="This page belongs into Shopify", text=text)
    if request.query_params.get("embedded") != "1":
        headers = page_headers() | {"Location": f"https://{shop}/admin/apps/{client_id}"}
        return Response("", status_code=303, headers=headers, media_type="text/html")
    text = TEMPLATES.get_template("shopify/page.html").render(
        client_id=client_id, css_version=_version(STYLE), script_version=_version(SCRIPT)
    )
    return Response(text, headers=_frame_headers(shop), media_type="text/html")


@get("/shopify/page.css", include_in_schema=False)
async def stylesheet() -> Response[bytes]:
    """The page's style; its address carries its version, so it may be kept for ever."""
    return Response(STYLE, headers=KEPT, media_type="text/css")


@get("/shopify/page.js", include_in_schema=False)
async def script() -> Response[bytes]:
    """The page's script."""
    return Response(SCRIPT, headers=KEPT, media_type="text/javascript")


@get("/shopify/view", include_in_schema=False)
async def show_view(
    request: PageRequest, works: NamedDependency[Works], settings: NamedDependency[Settings]
) -> Response[str]:
    """What the page shows."""
    return await _view(request, works, settings)


@post("/shopify/sweep", status_code=200, include_in_schema=False)
async def sweep(
    request: PageRequest, works: NamedDependency[Works], settings: NamedDependency[Settings]
) -> Response[str]:
    """Look for what no webhook brought, now."""
    desk = await _desk(request, works, settings)
    async with works.begin(desk.scope) as work:
        await sweeping.sweep_now(work, desk.door.store_id, settings.sweeps)
        _remembered(work)
    return await _view(request, works, settings, "FulfilHub looks through the shop's orders.")


@post("/shopify/stock-sync", status_code=200, include_in_schema=False)
async def sync_stock(
    request: PageRequest, works: NamedDependency[Works], settings: NamedDependency[Settings]
) -> Response[str]:
    """Compare and set all stock, now."""
    desk = await _desk(request, works, settings)
    async with works.begin(desk.scope) as work:
        await lanes.look_now(work, desk.door.store_id)
        _remembered(work)
    return await _view(request, works, settings, "All stock is compared.")


@post("/shopify/retry", status_code=200, include_in_schema=False, request_max_body_size=FORM_LIMIT)
async def retry(
    request: PageRequest, works: NamedDependency[Works], settings: NamedDependency[Settings]
) -> Response[str]:
    """Try one failing item again."""
    desk = await _desk(request, works, settings)
    item = _given(await form_of(request), "item")
    async with works.begin(desk.scope) as work:
        await failing.retry(work, desk.door.store_id, item)
        _remembered(work)
    return await _view(request, works, settings, "It is tried again.")


async def _view(request: PageRequest, works: Works, settings: Settings, told: str = "") -> Response[str]:
    desk = await _desk(request, works, settings)
    async with works.reading(replace(desk.scope, doing=None)) as work:
        values = await _gathered(work, desk.door.store_id, settings)
    text = TEMPLATES.get_template("shopify/view.html").render(told=told, **values)
    return Response(text, headers={"Cache-Control": "no-store"}, media_type="text/html")


async def _gathered(work: Work, store_id: UUID, settings: Settings) -> Mapping[str, object]:
    """All that the page shows, in one snapshot."""
    store = await queries.get_store(work, store_id)
    install = await queries.install_of(work, store_id)
    if install is None:
        raise NotFound("FulfilHub is not installed in this shop.")
    figures, held = await queries.figures(work, store_id), await queries.held_by(work, store_id)
    interval = timedelta(seconds=settings.sweeps.interval)
    complete = completeness_out(store, await queries.sweep_of(work, store_id), figures, held, interval, work.now)
    rows = await queries.list_failing(work, store_id, None, MOST_FAILING + 1)
    lane = await queries.lane(work, store_id)
    account = await get_account(work, work.account_id)
    return {
        "store": store,
        "install": install,
        "organisation": account.name,
        "mode": account.mode,
        "missing": scopes.missing(install.scopes),
        "consent": consent_url(settings.server.url, install.shop),
        "complete": complete,
        "failing": [failing_out(row) for row in rows[:MOST_FAILING]],
        "more_failing": len(rows) > MOST_FAILING,
        "outgoing": await queries.outgoing_counts(work, store_id),
        "lane": lane,
        "keeps_stock": queries.settings_of(store).stock_sync,
        "busy": complete.sweeping or complete.orders.waiting > 0,
        "now": work.now,
    }


async def _desk(request: PageRequest, works: Works, settings: Settings) -> Desk:
    """Whoever sent this has the page of a connected shop open. Raises Unauthenticated, NotFound (`not_linked`)."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    app = settings.shopify
    if kind.lower() != "bearer" or not given or not app.client_id:
        raise Unauthenticated("This needs a session token of Shopify's.", code="bad_session_token")
    token = read_session_token(given, app.client_id, app.client_secrets, works.clock())
    async with works.begin(Nobody()) as work:
        doors = [door for door in await queries.shop_doors(work, token.shop) if door.live]
    if not doors:
        raise NotFound("This shop is not linked to an organisation of FulfilHub's.", code="not_linked")
    (door,) = doors
    scope = Merchant(door.merchant_id, f"shopify:{token.subject}", doing_of(request))
    return Desk(scope, door, token)


def _remembered(work: Work) -> None:
    """The audit log names what was done; the answer, a page, is made anew each time."""
    work.remember(200, {}, b"")


def _given(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value:
        detail = "This is missing."
        raise Invalid(detail, fields=[FieldError(f"/{name}", detail)])
    return value


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _frame_headers(shop: str) -> dict[str, str]:
    """Only this shop's admin may frame the page, and only Shopify's two scripts, which every app must take from there,
    may run in it besides our own. Source: shopify.dev, "Set up iframe protection"."""
    policy = (
        "default-src 'none'; "
        f"script-src 'self' {CDN}; style-src 'self' 'unsafe-inline' {CDN}; img-src 'self' data: {CDN}; "
        f"font-src {CDN}; connect-src 'self' {CDN} {ADMIN} https://{shop}; "
        f"form-action 'none'; base-uri 'none'; frame-ancestors https://{shop} {ADMIN}"
    )
    return page_headers(referrer="origin") | {"Content-Security-Policy": policy}


ROUTES = [show_page, stylesheet, script, show_view, sweep, sync_stock, retry]
