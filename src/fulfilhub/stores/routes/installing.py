"""Connecting a shop by our Shopify app from outside the shop's admin: a signed-in merchant approves here, the shop's
owner grants in Shopify, and Shopify brings the code back.

Source: https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant .
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency

from fulfilhub.accounts.principal import doing_of
from fulfilhub.accounts.queries import get_account
from fulfilhub.accounts.sessions import CSRF_FIELD, doorkeeper
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, Invalid, Unauthenticated
from fulfilhub.platform.scopes import Merchant, Nobody
from fulfilhub.platform.secrets import Vault, fingerprint
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.outside import Outside
from fulfilhub.stores.adapters.shopify import oauth
from fulfilhub.stores.adapters.shopify.tokens import Pairs, check_query, shop_domain
from fulfilhub.stores.commands import codes, installing
from fulfilhub.stores.routes.connecting import entitled
from fulfilhub.stores.routes.shopify import granted
from fulfilhub.stores.rules import CODE_LASTS, PlatformKind
from fulfilhub.stores.rules.shopify import CALLBACK_PATH, INSTALL_PATH, consent_url
from fulfilhub.web.pages import OwnPages, form_of, go_to, page_headers

PAGES = OwnPages("fulfilhub.stores")
COOKIE = "shopify"
SHOPIFY_ITSELF = "https://*.shopify.com"
"""Where a shop sends its owner on to sign in and grant: forms may lead there, too."""

PageRequest = Request[Any, Any, State]


@get(INSTALL_PATH, **PAGES.options)
async def ask_to_install(
    request: PageRequest, works: NamedDependency[Works], settings: NamedDependency[Settings]
) -> Response[str]:
    """Where Shopify sends the owner of a shop that the app was picked for (signed), and where a merchant begins whose
    shop it is (`?shop=name.myshopify.com`). The merchant approves, which nobody can do for it."""
    app = oauth.app_of(settings.shopify)
    pairs = _pairs(request)
    signed = any(name == "hmac" for name, _ in pairs)
    shop = check_query(pairs, app.secrets, works.clock()) if signed else _shop(dict(pairs).get("shop", ""))
    guard = doorkeeper(request)
    session = await guard.session(request)
    if session is None:
        return go_to(f"/sign-in?next={quote(consent_url('', shop), safe='')}")
    caller = entitled(session)
    async with works.reading(caller.scope) as work:
        organisation = (await get_account(work, session.account_id)).name
        known = await queries.installed_store(work, shop)
    return PAGES.show(
        "shopify.html",
        forms_lead_to=f"{_origin(app.url_of(shop))} {SHOPIFY_ITSELF}",
        csrf=guard.csrf(session.id),
        shop=shop,
        organisation=organisation,
        mode=session.mode,
        known=known is not None,
    )


@post(INSTALL_PATH, status_code=303, **PAGES.options)
async def answer_to_install(
    request: PageRequest, works: NamedDependency[Works], settings: NamedDependency[Settings]
) -> Response[str]:
    """Sends the merchant on to the shop, whose owner grants there. What comes back must be of this browser, and is good
    for this shop and this merchant, once and soon."""
    app = oauth.app_of(settings.shopify)
    guard = doorkeeper(request)
    session = await guard.session(request)
    if session is None:
        raise Unauthenticated("You were signed out. Start again.")
    form = await form_of(request)
    guard.check_csrf(request, session.id, form.get(CSRF_FIELD))
    shop = _shop(form.get("shop", ""))
    if form.get("answer") != "approve":
        return PAGES.show("own_message.html", title="Nothing was connected", text="You can close this page.")
    caller = replace(entitled(session), doing=doing_of(request))
    async with works.begin(caller.scope) as work:
        name = shop.partition(".")[0]
        made = await codes.make_code(work, PlatformKind.SHOPIFY, name, app.url_of(shop))
        work.remember(303, {"Location": f"/{ids.STORE_CODE.show(made.id)}"}, b"")
    address = oauth.authorise_url(app, shop, f"{settings.server.url}{CALLBACK_PATH}", made.code)
    kept = guard.cookie(COOKIE, fingerprint(made.code).hex(), request, int(CODE_LASTS.total_seconds()))
    headers = page_headers(referrer="same-origin") | {"Location": address}
    return Response("", status_code=303, headers=headers, cookies=[kept], media_type="text/html")


@get(CALLBACK_PATH, **PAGES.options)
async def back_from_shopify(
    request: PageRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    outside: NamedDependency[Outside],
) -> Response[str]:
    """Where Shopify sends the owner who has granted, with a code for our token. Signed by Shopify for this shop, and
    begun in this very browser; otherwise somebody could have a shop connected to an organisation of their own."""
    app = oauth.app_of(settings.shopify)
    pairs = _pairs(request)
    shop, given = check_query(pairs, app.secrets, works.clock()), dict(pairs)
    guard = doorkeeper(request)
    begun = request.cookies.get(guard.cookie_name(COOKIE, request), "")
    state = given.get("state", "")
    if not state or not hmac.compare_digest(fingerprint(state).hex(), begun):
        raise Unauthenticated("This was not begun in this browser, or too long ago: start again.", code="bad_state")
    async with works.begin(Nobody()) as work:
        found = await queries.code_door(work, codes.code_fingerprint(state))
    if found is None:
        raise codes.bad_code()
    merchant_id, code_id = found
    actor, address = ids.STORE_CODE.show(code_id), app.url_of(shop)
    async with works.begin(Merchant(merchant_id, actor)) as work:
        await installing.check(work, code_id, None, shop, address)
    grant = granted(await oauth.for_code(outside.http, app, shop, given.get("code", ""), works.clock()))
    async with works.begin(Merchant(merchant_id, actor, doing_of(request))) as work:
        store_id = await installing.install(work, vault, code_id, None, shop, address, grant)
        work.concerns(ids.STORE.show(store_id))
        work.remember(200, {}, b"")
    text = f"FulfilHub reads the orders of {shop} from now on. You can close this page."
    gone = guard.cookie(COOKIE, "", request, 0)
    return PAGES.show("own_message.html", title="Your shop is connected", text=text, cookies=[gone])


def _pairs(request: PageRequest) -> Pairs:
    """What the address says, in its order, with what stands there twice."""
    query = request.scope["query_string"].decode("latin-1")
    return parse_qsl(query, keep_blank_values=True, errors="surrogateescape")


def _shop(given: str) -> str:
    shop = shop_domain(given)
    if shop is None:
        detail = "Must be the shop's own domain at Shopify, such as adas-mugs.myshopify.com."
        raise Invalid(detail, fields=[FieldError("query/shop", detail)])
    return shop


def _origin(address: str) -> str:
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


ROUTES = [ask_to_install, answer_to_install, back_from_shopify]
