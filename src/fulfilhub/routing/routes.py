"""What can be promised, the routing policy, and why an order goes where it goes."""

from __future__ import annotations

import msgspec
from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from fulfilhub.accounts.principal import MerchantCaller, may
from fulfilhub.orders.queries import get_order
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Stale, Unauthenticated
from fulfilhub.platform.work import Works
from fulfilhub.routing import commands, queries
from fulfilhub.routing.queries import RememberedSites
from fulfilhub.routing.rules.terms import Rating
from fulfilhub.routing.schemas import (
    PromiseIn,
    PromiseOut,
    RoutingOut,
    RoutingPolicyIn,
    RoutingPolicyOut,
    check_cart,
    decision_out,
    moment,
    policy_out,
    promise_out,
)
from fulfilhub.web.conditional import IfMatch, expected_version
from fulfilhub.web.once import Once
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import ok

READ = problems(Unauthenticated, Forbidden, NotFound, Invalid, RateLimited)
ASK = problems(Unauthenticated, Forbidden, Conflict, Invalid, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, Stale, Invalid, RateLimited)


@get(
    "/v1/orders/{order_id:str}/routing",
    **may("orders:read"),
    tags=["Routing"],
    summary="Get an order's routing decisions",
    responses=READ,
)
async def get_routing(
    works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller], order_id: FromPath[str]
) -> RoutingOut:
    """Every decision about the order, newest first: each candidate's score, and each fence that excluded one."""
    found = ids.ORDER.find(order_id)
    async with works.reading(merchant.scope) as work:
        await get_order(work, found)
        return RoutingOut(data=[decision_out(row) for row in await queries.decisions(work, found)])


@get("/v1/routing-policy", **may("orders:read"), tags=["Routing"], summary="Get the routing policy", responses=READ)
async def get_routing_policy(
    works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller]
) -> Response[RoutingPolicyOut]:
    """The policy in force; its ETag is its version."""
    async with works.reading(merchant.scope) as work:
        return ok(work, policy_out(await queries.policy(work)))


@put("/v1/routing-policy", **may("orders:write"), tags=["Routing"], summary="Set the routing policy", responses=WRITE)
async def set_routing_policy(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    data: JSONBody[RoutingPolicyIn],
    if_match: IfMatch = None,
) -> Response[RoutingPolicyOut]:
    """Replaces the policy; decisions made before stay as they are and name the version they used."""
    weights = {Rating(name): weight for name, weight in msgspec.structs.asdict(data.weights).items()}
    async with works.begin(merchant.scope) as work:
        row = await commands.set_policy(
            work,
            max_parts=data.max_parts,
            on_shortage=data.on_shortage,
            weights=weights,
            expected=expected_version(if_match),
        )
        return ok(work, policy_out(row))


@post(
    "/v1/promises",
    **may("promises:read", audited=False),
    tags=["Promises"],
    summary="Ask what can be promised",
    status_code=200,
    responses=ASK,
)
async def ask_promise(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    sites: NamedDependency[RememberedSites],
    data: JSONBody[PromiseIn],
) -> Response[PromiseOut]:
    """What each service would promise for a cart: when it leaves, when it arrives, and before when it has to be
    ordered. Nothing is kept or reserved. What can't be promised says why, line by line and service by service."""
    check_cart(data)
    store = None if data.store_id is None else ids.STORE.read(data.store_id, "/store_id")
    place = data.destination
    cart = queries.Cart(
        store_id=store,
        lines=[(line.variant_id, line.sku, line.quantity) for line in data.lines],
        country=place.country,
        postcode=place.postcode,
        city=place.city,
        service=data.service,
    )
    async with works.begin(merchant.scope, once) as work:
        quoted = await queries.promise(work, cart, sites, moment(data.at, work.now))
        made = promise_out(quoted, work.now)
        answer = ok(work, made)
        seconds = int((made.valid_until - work.now).total_seconds())
        answer.headers["Cache-Control"] = f"private, max-age={seconds}"
        return answer


ROUTES = [ask_promise, get_routing, get_routing_policy, set_routing_policy]
