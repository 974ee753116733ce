"""What our extension in the customer accounts of a Shopify shop asks: one order of whoever is signed in there.

Every request brings a session token that Shopify signed for our app (see `adapters/shopify/tokens.py`). The extension
runs in a worker of Shopify's, so these doors are open to pages of any origin; no cookie counts here.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from litestar import HttpMethod, Request, get, post, route
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.handlers.base import BaseRouteHandler
from litestar.params import FromPath, JSONBody

from fulfilhub.people.commands.brakes import brake, release
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound, Unauthenticated
from fulfilhub.platform.scopes import Customer, Merchant, Nobody
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.returns import commands as returns
from fulfilhub.storefront.queries import customers
from fulfilhub.storefront.rules.customers import confirmation_brakes
from fulfilhub.storefront.schemas.customers import CustomerOrderOut, CustomerReturnIn, asked_for, customer_order
from fulfilhub.stores.adapters.shopify.ids import gid
from fulfilhub.stores.adapters.shopify.tokens import SessionToken, read_customer_token
from fulfilhub.stores.queries import ShopDoor
from fulfilhub.stores.routes.proxied import live_door
from fulfilhub.web.clients import client_address, neighbourhood
from fulfilhub.web.headers import answer_later
from fulfilhub.web.tracing import AsgiScope

ExtensionRequest = Request[Any, Any, State]

CONFIRMATION = "X-Confirmation-Number"
_LONGEST = 64
OPEN = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, " + CONFIRMATION.encode()),
    (b"access-control-max-age", b"86400"),
)


async def open_to_pages(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """The guard of these doors: lets pages of any origin read the answer, also a problem."""
    answer_later(cast("AsgiScope", connection.scope), *OPEN)


async def _speaker(request: ExtensionRequest, works: Works, settings: Settings) -> tuple[SessionToken, ShopDoor]:
    """Who speaks, and whose store they are in. Raises Unauthenticated, NotFound, RateLimited."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("Send `Authorization: Bearer` with the page's session token.", code="bad_session_token")
    app = settings.shopify
    token = read_customer_token(text.strip(), app.client_id, app.client_secrets, works.clock())
    door = await live_door(works, token.shop)
    address = client_address(cast("AsgiScope", request.scope), trust_forwarded=settings.security.trust_forwarded)
    who = token.subject or neighbourhood(address)
    await request.app.state.limits.count(request.scope, f"{ids.STORE.show(door.store_id)}:{who}", "You")
    return token, door


async def _order(
    request: ExtensionRequest, works: Works, vault: Vault, token: SessionToken, door: ShopDoor, number: str
) -> UUID:
    """The order, if it is this customer's. Raises NotFound for every other, and RateLimited for who guesses."""
    external_id = gid("Order", number) if number.isascii() and number.isdigit() else ""
    scope = Merchant(door.merchant_id, ids.STORE.show(door.store_id))
    confirmation = request.headers.get(CONFIRMATION, "")[:_LONGEST]
    found = None
    if token.subject:
        async with works.reading(scope) as work:
            found = await customers.order_of_customer(work, door.store_id, external_id, token.subject, "")
    if found is None and confirmation:
        brakes = confirmation_brakes(str(door.store_id), external_id)
        async with works.begin(Nobody()) as work:
            await brake(work, vault, brakes)
        async with works.reading(scope) as work:
            found = await customers.order_of_customer(work, door.store_id, external_id, token.subject, confirmation)
        if found is not None:
            async with works.begin(Nobody()) as work:
                await release(work, vault, brakes)
    if found is None:
        raise NotFound("There is no such order of yours.", code="order_not_found")
    return found


async def _told(works: Works, customer: Customer, token: SessionToken) -> CustomerOrderOut:
    async with works.reading(customer) as work:
        return customer_order(await customers.find(work, customer.order_id), work.now, returns=bool(token.subject))


@get("/shopify/customers/orders/{number:str}", include_in_schema=False, guards=[open_to_pages])
async def customers_order(
    request: ExtensionRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    number: FromPath[str],
) -> CustomerOrderOut:
    """How the order stands, for its own customer. Who is not signed in must know the random number by which the shop
    confirmed it, and is offered no returns."""
    token, door = await _speaker(request, works, settings)
    order_id = await _order(request, works, vault, token, door, number)
    return await _told(works, Customer(door.merchant_id, order_id), token)


@post(
    "/shopify/customers/orders/{number:str}/returns",
    include_in_schema=False,
    status_code=200,
    guards=[open_to_pages],
)
async def customers_return(
    request: ExtensionRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    number: FromPath[str],
    data: JSONBody[CustomerReturnIn],
) -> CustomerOrderOut:
    """Asks for a return, as the form on the customer's page does; the shop's policy decides. Answers with the order as
    it then is. Only for who is signed in. Raises Conflict (`return_refused`), Invalid."""
    token, door = await _speaker(request, works, settings)
    if not token.subject:
        raise Unauthenticated("Sign in to ask for a return.", code="sign_in_required")
    order_id = await _order(request, works, vault, token, door, number)
    customer = Customer(door.merchant_id, order_id)
    async with works.begin(customer) as work:
        await returns.request(work, order_id, asked_for(data))
    return await _told(works, customer, token)


@route(
    ["/shopify/customers/orders/{number:str}", "/shopify/customers/orders/{number:str}/returns"],
    http_method=[HttpMethod.OPTIONS],
    include_in_schema=False,
    guards=[open_to_pages],
)
async def customers_preflight(number: FromPath[str]) -> None:
    """What browsers ask before they ask."""


# The preflight comes first: Litestar makes one of its own for a path that has none yet.
ROUTES = [customers_preflight, customers_order, customers_return]
