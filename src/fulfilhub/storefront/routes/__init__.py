"""What a shop's plugin asks about the shop's orders, with the shop's own key."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, QueryParameter

from fulfilhub.accounts.principal import StorefrontCaller, storefront
from fulfilhub.fulfilment.commands import changing, freeing, holding
from fulfilhub.orders.routes import links
from fulfilhub.orders.rules import HoldSource
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.routing.queries import RememberedSites, promise
from fulfilhub.storefront import queries
from fulfilhub.storefront.rules import OrderPanel
from fulfilhub.storefront.schemas import (
    MOST_ORDERS,
    ShopCancelIn,
    ShopCartIn,
    ShopHoldIn,
    ShopMoveIn,
    ShopOrdersOut,
    ShopPromisesOut,
    ShopReleaseIn,
    another_address,
    cart_of,
    external_ids_of,
    promises_out,
)
from fulfilhub.web.once import Once
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import ok

READ = problems(Unauthenticated, Forbidden, NotFound, Conflict, Invalid, RateLimited)
ASK = problems(Unauthenticated, Forbidden, Conflict, Invalid, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Invalid, RateLimited)
ExternalId = Annotated[
    str,
    PathParameter(
        max_length=255,
        description="The shop's own id of the order.",
        schema_extra={"examples": ["11"]},
    ),
]
ExternalIds = Annotated[
    str,
    QueryParameter(
        min_length=1,
        max_length=4_000,  # percent-encoded it must fit into a line that servers and proxies take
        description="The shop's own ids of up to 100 orders, with commas between them.",
        schema_extra={"examples": ["11,12"]},
    ),
]


@get(
    "/v1/storefront/orders",
    **storefront(),
    tags=["Storefront"],
    summary="Read states of the shop's orders",
    responses=ASK,
)
async def list_shop_orders(
    works: NamedDependency[Works],
    storefront: NamedDependency[StorefrontCaller],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    external_ids: ExternalIds,
) -> Response[ShopOrdersOut]:
    """How these orders stand, in one look: for lists, and to catch up. Those that are not here are left out."""
    wanted = external_ids_of(external_ids)
    if len(wanted) > MOST_ORDERS:
        detail = f"Must name {MOST_ORDERS} orders at most."
        raise Invalid(detail, fields=[FieldError("query/external_ids", detail)])
    async with works.reading(storefront.scope) as work:
        found = await queries.order_states(work, storefront.store_id, wanted, links(vault, settings))
        return ok(work, ShopOrdersOut(data=found))


@get(
    "/v1/storefront/orders/{external_id:str}",
    **storefront(),
    tags=["Storefront"],
    summary="Read one of the shop's orders",
    responses=READ,
)
async def get_shop_order(
    works: NamedDependency[Works],
    storefront: NamedDependency[StorefrontCaller],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    external_id: ExternalId,
) -> Response[OrderPanel]:
    """All that the shop's page of an order shows. One that is not here is 404 (`order_not_here`); one that has arrived
    and is read in a moment is 409 (`order_waiting`)."""
    async with works.reading(storefront.scope) as work:
        return ok(work, await queries.order_panel(work, storefront.store_id, external_id, links(vault, settings)))


@post(
    "/v1/storefront/orders/{external_id:str}/hold",
    **storefront(),
    tags=["Storefront"],
    summary="Hold one of the shop's orders",
    status_code=200,
    responses=WRITE,
)
async def hold_shop_order(
    works: NamedDependency[Works],
    storefront: NamedDependency[StorefrontCaller],
    once: NamedDependency[Once],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    external_id: ExternalId,
    data: JSONBody[ShopHoldIn],
) -> Response[OrderPanel]:
    """While a hold lives no warehouse begins work on the order, nor sends it."""
    page = links(vault, settings)
    async with works.begin(storefront.scope, once) as work:
        order = await queries.order_of_shop(work, storefront.store_id, external_id)
        work.concerns(ids.ORDER.show(order.id))
        await holding.hold_order(work, order.id, data.reason, data.note, until=data.until, source=HoldSource.STORE)
        return ok(work, await queries.order_panel(work, storefront.store_id, external_id, page))


@post(
    "/v1/storefront/orders/{external_id:str}/release",
    **storefront(),
    tags=["Storefront"],
    summary="Release one of the shop's orders",
    status_code=200,
    responses=WRITE,
)
async def release_shop_order(
    works: NamedDependency[Works],
    storefront: NamedDependency[StorefrontCaller],
    once: NamedDependency[Once],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    external_id: ExternalId,
    data: JSONBody[ShopReleaseIn],
) -> Response[OrderPanel]:
    """Ends one hold; with the last one the order goes on. One that is released already stays so."""
    page = links(vault, settings)
    async with works.begin(storefront.scope, once) as work:
        order = await queries.order_of_shop(work, storefront.store_id, external_id)
        work.concerns(ids.ORDER.show(order.id))
        await holding.release_order(work, order.id, ids.HOLD.read(data.hold_id, "/hold_id"))
        return ok(work, await queries.order_panel(work, storefront.store_id, external_id, page))


@post(
    "/v1/storefront/orders/{external_id:str}/cancel",
    **storefront(),
    tags=["Storefront"],
    summary="Cancel one of the shop's orders",
    status_code=200,
    responses=WRITE,
)
async def cancel_shop_order(
    works: NamedDependency[Works],
    storefront: NamedDependency[StorefrontCaller],
    once: NamedDependency[Once],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    external_id: ExternalId,
    data: JSONBody[ShopCancelIn],
) -> Response[OrderPanel]:
    """Cancels what no warehouse has in hand; the rest is asked of the warehouse, and is among `pending_requests` then.
    Repeating is harmless."""
    page = links(vault, settings)
    async with works.begin(storefront.scope, once) as work:
        order = await queries.order_of_shop(work, storefront.store_id, external_id)
        work.concerns(ids.ORDER.show(order.id))
        await freeing.cancel(work, order.id, note=data.note)
        return ok(work, await queries.order_panel(work, storefront.store_id, external_id, page))


@post(
    "/v1/storefront/orders/{external_id:str}/address",
    **storefront(),
    tags=["Storefront"],
    summary="Send one of the shop's orders elsewhere",
    status_code=200,
    responses=WRITE,
)
async def move_shop_order(
    works: NamedDependency[Works],
    storefront: NamedDependency[StorefrontCaller],
    once: NamedDependency[Once],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    external_id: ExternalId,
    data: JSONBody[ShopMoveIn],
) -> Response[OrderPanel]:
    """Changes the address at once where nobody has the order in hand; otherwise the warehouse is asked, and that is
    among `pending_requests`. An order that waited for a better address goes on."""
    page = links(vault, settings)
    async with works.begin(storefront.scope, once) as work:
        order = await queries.order_of_shop(work, storefront.store_id, external_id)
        work.concerns(ids.ORDER.show(order.id))
        await changing.change(work, order.id, another_address(data))
        return ok(work, await queries.order_panel(work, storefront.store_id, external_id, page))


@post(
    "/v1/storefront/promises",
    **storefront(audited=False),
    tags=["Storefront"],
    summary="Ask what a cart can be promised",
    status_code=200,
    responses=ASK,
)
async def ask_shop_promise(
    works: NamedDependency[Works],
    storefront: NamedDependency[StorefrontCaller],
    once: NamedDependency[Once],
    sites: NamedDependency[RememberedSites],
    data: JSONBody[ShopCartIn],
) -> Response[ShopPromisesOut]:
    """What each service would promise for a cart, for the checkout. Nothing is kept or reserved; what is unknown, out
    of stock or not complete enough has no options, and is no error."""
    async with works.begin(storefront.scope, once) as work:
        quoted = await promise(work, cart_of(data, storefront.store_id), sites, work.now)
        return ok(work, promises_out(quoted, data.ship_to.country))


ROUTES = [
    list_shop_orders,
    get_shop_order,
    hold_shop_order,
    release_shop_order,
    cancel_shop_order,
    move_shop_order,
    ask_shop_promise,
]
