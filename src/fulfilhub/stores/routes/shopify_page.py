"""The page in Shopify's admin: how the connection stands, what fails and can be tried again, where stock stands.

The page itself is empty; Shopify's script in it gets a session token, with which it asks for its content. So nothing of
a shop is shown to anybody who cannot get that token.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from typing import Any, TypedDict
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from fulfilhub.accounts.queries import get_account
from fulfilhub.inventory.queries import warehouses_for
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FieldError, Invalid, NotFound, Unavailable
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Work, Works
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import assigns
from fulfilhub.stores.adapters.assigning import Place
from fulfilhub.stores.adapters.outside import Outside
from fulfilhub.stores.adapters.port import Refused, Retry
from fulfilhub.stores.adapters.shopify import scopes
from fulfilhub.stores.adapters.shopify.tokens import shop_domain
from fulfilhub.stores.commands import failing, importing, lanes, locating, sweeping
from fulfilhub.stores.renewing import reach
from fulfilhub.stores.routes.shopify import ShopCaller, ShopPage, door_of, shop_caller, shop_page
from fulfilhub.stores.rules.products import SENTENCES
from fulfilhub.stores.rules.shopify import consent_url
from fulfilhub.stores.schemas.completeness import completeness_out
from fulfilhub.stores.schemas.failing import failing_out
from fulfilhub.web.pages import FORM_LIMIT, OwnPages, form_of, page_headers, templates

MOST_FAILING, MOST_UNMAPPED = 25, 10
ADMIN = "https://admin.shopify.com"
CDN = "https://cdn.shopify.com"

PAGES = OwnPages("fulfilhub.stores")
TEMPLATES = templates("fulfilhub.stores")
ASSETS = files("fulfilhub.stores") / "assets"
STYLE, SCRIPT = ((ASSETS / f"shopify-page.{kind}").read_bytes() for kind in ("css", "js"))
KEPT = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


class Called(TypedDict):
    """What every act of the page is declared with."""

    include_in_schema: bool
    dependencies: dict[str, Provide]


PageRequest = Request[Any, Any, State]
CALLED: Called = {"include_in_schema": False, "dependencies": {"caller": Provide(shop_caller)}}


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
        client_id=client_id,
        here=f"https://{shop}/admin/apps/{client_id}",
        css_version=_version(STYLE),
        script_version=_version(SCRIPT),
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


@get("/shopify/view", include_in_schema=False, dependencies={"page": Provide(shop_page)})
async def show_view(
    works: NamedDependency[Works], settings: NamedDependency[Settings], page: NamedDependency[ShopPage]
) -> Response[str]:
    """What the page shows: how the shop stands, or how it is connected."""
    door = await door_of(works, page.session.shop)
    if door is None:
        asked = {"platform": "shopify", "shop_name": page.session.shop.partition(".")[0]}
        address = f"{settings.server.url}/connect?{urlencode(asked | {'shop_url': page.app.url_of(page.session.shop)})}"
        return _rendered("shopify/connect.html", shop=page.session.shop, connect_url=address)
    return await _view(works, settings, Merchant(door.merchant_id), door.store_id)


@post("/shopify/sweep", status_code=200, **CALLED)
async def sweep(
    works: NamedDependency[Works], settings: NamedDependency[Settings], caller: NamedDependency[ShopCaller]
) -> Response[str]:
    """Look for what no webhook brought, now."""
    async with works.begin(caller.scope) as work:
        await sweeping.sweep_now(work, caller.store_id, settings.sweeps)
        _remembered(work)
    return await _view(works, settings, caller.scope, caller.store_id, "FulfilHub looks through the shop's orders.")


@post("/shopify/stock-sync", status_code=200, **CALLED)
async def sync_stock(
    works: NamedDependency[Works], settings: NamedDependency[Settings], caller: NamedDependency[ShopCaller]
) -> Response[str]:
    """Compare and set all stock, now."""
    async with works.begin(caller.scope) as work:
        await lanes.look_now(work, caller.store_id)
        _remembered(work)
    return await _view(works, settings, caller.scope, caller.store_id, "All stock is compared.")


@post("/shopify/locations", status_code=200, **CALLED)
async def choose_warehouses(
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    outside: NamedDependency[Outside],
    caller: NamedDependency[ShopCaller],
) -> Response[str]:
    """Ask the shop for its locations, and show them to be mapped."""
    places = await _places(works, vault, settings, outside, caller)
    return await _view(works, settings, caller.scope, caller.store_id, places=places)


@post("/shopify/map", status_code=200, request_max_body_size=FORM_LIMIT, **CALLED)
async def map_locations(
    request: PageRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    outside: NamedDependency[Outside],
    caller: NamedDependency[ShopCaller],
) -> Response[str]:
    """Say which warehouse stands for which location, and which have a service of ours in the shop."""
    wanted = _mapped(await form_of(request))
    places = await _places(works, vault, settings, outside, caller)
    async with works.begin(caller.scope) as work:
        await locating.map_places(work, caller.store_id, wanted, places)
        _remembered(work)
    return await _view(works, settings, caller.scope, caller.store_id, "Your locations are mapped.")


@post("/shopify/import", status_code=200, **CALLED)
async def bring_in(
    works: NamedDependency[Works], settings: NamedDependency[Settings], caller: NamedDependency[ShopCaller]
) -> Response[str]:
    """Bring in the shop's products, now."""
    async with works.begin(caller.scope) as work:
        await importing.start(work, caller.store_id)
        _remembered(work)
    return await _view(works, settings, caller.scope, caller.store_id, "The shop's products are brought in.")


@post("/shopify/retry", status_code=200, request_max_body_size=FORM_LIMIT, **CALLED)
async def retry(
    request: PageRequest,
    works: NamedDependency[Works],
    settings: NamedDependency[Settings],
    caller: NamedDependency[ShopCaller],
) -> Response[str]:
    """Try one failing item again."""
    item = _given(await form_of(request), "item")
    async with works.begin(caller.scope) as work:
        await failing.retry(work, caller.store_id, item)
        _remembered(work)
    return await _view(works, settings, caller.scope, caller.store_id, "It is tried again.")


async def _view(
    works: Works,
    settings: Settings,
    scope: Merchant,
    store_id: UUID,
    told: str = "",
    places: Sequence[Place] | None = None,
) -> Response[str]:
    async with works.reading(replace(scope, doing=None)) as work:
        return _rendered("shopify/view.html", told=told, **await _gathered(work, store_id, settings, places))


async def _places(
    works: Works, vault: Vault, settings: Settings, outside: Outside, caller: ShopCaller
) -> tuple[Place, ...]:
    """The shop's locations as it has them now. Raises Unavailable, Conflict."""
    connection = await reach(works, vault, settings, outside.http, replace(caller.scope, doing=None), caller.store_id)
    found = await assigns(connection.platform).places(outside.http, connection)
    if isinstance(found, Retry):
        raise Unavailable(f"The shop does not answer: {found.reason}")
    if isinstance(found, Refused):
        raise Conflict(found.reason, code=found.code)
    return found.places


def _rendered(name: str, **values: object) -> Response[str]:
    text = TEMPLATES.get_template(name).render(**values)
    return Response(text, headers={"Cache-Control": "no-store"}, media_type="text/html")


async def _gathered(
    work: Work, store_id: UUID, settings: Settings, places: Sequence[Place] | None
) -> Mapping[str, object]:
    """All that the page shows, in one snapshot. `places`: the shop's locations, where they are being mapped."""
    store = await queries.get_store(work, store_id)
    install = await queries.install_of(work, store_id)
    if install is None:
        raise NotFound("FulfilHub is not installed in this shop.")
    figures, held = await queries.figures(work, store_id), await queries.held_by(work, store_id)
    interval = timedelta(seconds=settings.sweeps.interval)
    complete = completeness_out(store, await queries.sweep_of(work, store_id), figures, held, interval, work.now)
    rows = await queries.list_failing(work, store_id, None, MOST_FAILING + 1)
    lane, brought = await queries.lane(work, store_id), await queries.last_import(work, store_id)
    warehouses = {each.id: each for each in await warehouses_for(work) if each.contracted}
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
        "locations": await queries.locations(work, store_id),
        "services": await queries.services(work, store_id),
        "warehouses": warehouses,
        "warehouse_ids": {each: ids.WAREHOUSE.show(each) for each in warehouses},
        "places": places,
        "products": await queries.count_variants(work, store_id),
        "brought": brought,
        "unmapped": await queries.list_variants(work, store_id, None, MOST_UNMAPPED, state="unmapped"),
        "why": SENTENCES,
        "outgoing": await queries.outgoing_counts(work, store_id),
        "lane": lane,
        "keeps_stock": queries.settings_of(store).stock_sync,
        "busy": complete.sweeping or complete.orders.waiting > 0 or (brought is not None and brought.ended_at is None),
        "now": work.now,
    }


def _remembered(work: Work) -> None:
    """The audit log names what was done; the answer, a page, is made anew each time."""
    work.remember(200, {}, b"")


def _mapped(form: Mapping[str, str]) -> locating.Mapped:
    """What the form says: `place:GID` and `warehouse:ID` each with its choice. Raises Invalid for what is no id."""
    locations: dict[str, UUID] = {}
    services: dict[UUID, str] = {}
    for name, choice in form.items():
        kind, _, what = name.partition(":")
        if kind == "place" and choice:
            locations[what] = ids.WAREHOUSE.read(choice, f"/{name}")
        elif kind == "warehouse" and choice == "service":
            services[ids.WAREHOUSE.read(what, f"/{name}")] = ""
    return locating.Mapped(locations, services)


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


ROUTES = [
    show_page,
    stylesheet,
    script,
    show_view,
    sweep,
    sync_stock,
    choose_warehouses,
    map_locations,
    bring_in,
    retry,
]
