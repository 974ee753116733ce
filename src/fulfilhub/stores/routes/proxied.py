"""What a Shopify shop passes on to us from an address of its own (`/apps/track`): customers look their orders up,
follow them and ask for returns, and product pages ask for a date. Shopify's app proxy signs each request; nobody else
gets in.

Source: https://shopify.dev/docs/apps/build/online-store/app-proxies/authenticate-app-proxies
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from fulfilhub.orders.queries import normal_number
from fulfilhub.people.commands.brakes import brake, release
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, Invalid, NotFound, RateLimited
from fulfilhub.platform.scopes import Customer, Merchant, Nobody
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.routing.queries import RememberedSites, promise
from fulfilhub.storefront.queries import customers
from fulfilhub.storefront.routes.showing import Place, nothing_here, show, show_order, take_return
from fulfilhub.storefront.rules.customers import look_up_brakes
from fulfilhub.storefront.schemas import PromisedOut, one_of, promised_out
from fulfilhub.storefront.schemas.customers import CustomerOrderOut, customer_order
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.shopify.ids import gid
from fulfilhub.stores.adapters.shopify.tokens import Pairs, ProxyCall, check_proxy
from fulfilhub.stores.queries import ShopDoor
from fulfilhub.web.clients import forwarded_for, neighbourhood
from fulfilhub.web.kept import Kept
from fulfilhub.web.pages import FORM_LIMIT, form_of, page_style

PageRequest = Request[Any, Any, State]

NOT_FOUND = "We found no order with this number and this e-mail address or postcode."
INCOMPLETE = "Please give your order number, and the e-mail address or the postcode of the order."
_PREFIX = re.compile(r"(/[a-z]{2}(-[A-Za-z]{2,4})?)?/(apps|a|community|tools)/[A-Za-z0-9_-]{1,100}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_LONGEST = {"number": 60, "proof": 320}


@dataclass(frozen=True, slots=True)
class Passed:
    """A request that a shop passed on, proven. `visitor` is who asked the shop, as it says."""

    door: ShopDoor
    place: Place
    pairs: Pairs
    visitor: str

    @property
    def scope(self) -> Merchant:
        """The merchant's rows, by the shop's leave."""
        return Merchant(self.door.merchant_id, ids.STORE.show(self.door.store_id))


async def _passed(request: PageRequest, works: Works, settings: Settings) -> Passed:
    """Raises Unauthenticated for what the shop did not sign, NotFound for a shop that is not connected, RateLimited."""
    query = request.scope["query_string"].decode("ascii", "replace")
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    call = check_proxy(pairs, settings.shopify.client_secrets, works.clock())
    door = await live_door(works, call.shop)
    visitor = neighbourhood(forwarded_for(request.scope))
    # By visitor: all that a shop passes on comes from Shopify's own addresses.
    await request.app.state.limits.count(request.scope, f"{ids.STORE.show(door.store_id)}:{visitor}", "You")
    return Passed(door, Place(_root(call)), pairs, visitor)


async def live_door(works: Works, shop: str) -> ShopDoor:
    """Whose shop it is now. Raises NotFound for a shop in which our app is not installed."""
    async with works.reading(Nobody()) as work:
        found = [door for door in await queries.shop_doors(work, shop) if door.live]
    if not found:
        raise NotFound("This shop is not connected.", code="shop_not_connected")
    return found[0]


def _root(call: ProxyCall) -> str:
    return call.path_prefix if _PREFIX.fullmatch(call.path_prefix) else "/apps/track"


@get("/shopify/proxy", include_in_schema=False)
async def look_up_page(
    request: PageRequest, works: NamedDependency[Works], settings: NamedDependency[Settings]
) -> Response[str]:
    """The form, for shops whose theme has none."""
    passed = await _passed(request, works, settings)
    return _form(passed.place)


@post("/shopify/proxy", include_in_schema=False, status_code=200, request_max_body_size=FORM_LIMIT)
async def look_up_order(
    request: PageRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """The order with this number, if the e-mail address or postcode is its own: as JSON for the theme's script, else by
    its page. Everything that does not fit is answered alike, whether there is such an order or not."""
    passed = await _passed(request, works, settings)
    form = await form_of(request)
    number, proof = (form.get(name, "").strip()[:longest] for name, longest in _LONGEST.items())
    for_script = "application/json" in request.headers.get("accept", "")
    if not number or not proof:
        if for_script:
            raise Invalid(
                INCOMPLETE, fields=[FieldError("/proof" if number else "/number", "Is required.", "required")]
            )
        return _form(passed.place, number, INCOMPLETE, 422)
    try:
        order_id = await _looked_up(works, vault, passed, number, proof)
    except RateLimited as error:
        if for_script:
            raise
        return _form(passed.place, number, error.detail, 429)
    if order_id is None:
        if for_script:
            raise NotFound(NOT_FOUND, code="order_not_found")
        return _form(passed.place, number, NOT_FOUND, 422)
    page = passed.place.order(f"{ids.ORDER.show(order_id)}.{vault.link_mac('order', order_id)}")
    if for_script:
        return Response(await _told(works, Customer(passed.door.merchant_id, order_id), page), status_code=200)
    return Response("", status_code=303, headers={"Location": page}, media_type="text/html")


async def _looked_up(works: Works, vault: Vault, passed: Passed, number: str, proof: str) -> UUID | None:
    brakes = look_up_brakes(str(passed.door.store_id), normal_number(number), passed.visitor)
    async with works.begin(Nobody()) as work:
        await brake(work, vault, brakes)
    async with works.reading(passed.scope) as work:
        found = await customers.order_looked_up(work, passed.door.store_id, number, proof)
    if found is not None:
        async with works.begin(Nobody()) as work:
            await release(work, vault, brakes)
    return found


async def _told(works: Works, customer: Customer, page: str) -> CustomerOrderOut:
    async with works.reading(customer) as work:
        return customer_order(await customers.find(work, customer.order_id), work.now, page=page)


def _form(place: Place, number: str = "", problem: str = "", status: int = 200) -> Response[str]:
    return show("look_up.html", status, place, action=place.root, number=number, problem=problem)


@get("/shopify/proxy/t/{token:str}", include_in_schema=False)
async def proxied_page(
    request: PageRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    token: FromPath[str],
) -> Response[str]:
    """One order as its customer sees it, under the shop's own domain."""
    passed = await _passed(request, works, settings)
    customer = await _customer(works, vault, passed, token)
    if customer is None:
        return nothing_here(passed.place)
    return await show_order(works, customer, token, passed.place)


@post("/shopify/proxy/t/{token:str}/returns", include_in_schema=False, request_max_body_size=FORM_LIMIT)
async def proxied_return(
    request: PageRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    token: FromPath[str],
) -> Response[str]:
    """Takes that page's form, and goes back to it."""
    passed = await _passed(request, works, settings)
    customer = await _customer(works, vault, passed, token)
    if customer is None:
        return nothing_here(passed.place)
    return await take_return(works, customer, token, await form_of(request), passed.place)


async def _customer(works: Works, vault: Vault, passed: Passed, token: str) -> Customer | None:
    """Who the link lets in: only to an order of the shop under whose domain it was opened."""
    order_id = customers.order_of_link(vault, token)
    if order_id is None:
        return None
    async with works.reading(passed.scope) as work:
        theirs = await customers.is_of_store(work, passed.door.store_id, order_id)
    return Customer(passed.door.merchant_id, order_id) if theirs else None


@get("/shopify/proxy/promise", include_in_schema=False)
async def proxied_promise(
    request: PageRequest,
    works: NamedDependency[Works],
    settings: NamedDependency[Settings],
    sites: NamedDependency[RememberedSites],
    promised: NamedDependency[Kept[PromisedOut]],
) -> Response[PromisedOut]:
    """When one of a variant would be delivered to a country and postcode. What can't be promised is no error: the page
    then says nothing."""
    passed = await _passed(request, works, settings)
    asked = dict(passed.pairs)
    variant = gid("ProductVariant", asked.get("variant", "")[:40])
    country, postcode = asked.get("country", ""), asked.get("postcode", "").strip().upper()[:16]
    headers = {"Cache-Control": "private, max-age=60"}
    if not variant or not _COUNTRY.fullmatch(country):
        return Response(PromisedOut(deliver_on=None, needs_postcode=False), headers=headers)
    question = (str(passed.door.store_id), variant, country, postcode)
    answer = await promised.get(*question)
    if answer is None:
        cart = one_of(passed.door.store_id, variant, country, postcode)
        async with works.reading(passed.scope) as work:
            answer = promised_out(await promise(work, cart, sites, work.now), country, postcode)
        await promised.put(answer, *question)
    return Response(answer, headers=headers)


@get("/shopify/proxy/page.css", include_in_schema=False)
async def proxied_style() -> Response[bytes]:
    """The pages' style."""
    return page_style()


ROUTES = [look_up_page, look_up_order, proxied_page, proxied_return, proxied_promise, proxied_style]
