"""Returns as the merchant sees them, and the warehouse's side: what is to come, receiving and inspecting it."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from fulfilhub.accounts.principal import MerchantCaller, PartnerCaller, may
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Stale, Unauthenticated
from fulfilhub.platform.work import Work, Works
from fulfilhub.returns import commands, queries
from fulfilhub.returns.rules import ReturnPolicy
from fulfilhub.returns.schemas import (
    ApproveIn,
    DeclineIn,
    InspectIn,
    PolicyIn,
    PolicyOut,
    ReceiveIn,
    ReturnIn,
    ReturnOut,
    ReturnShippingIn,
    ReturnWorkOut,
    StateName,
    arrived,
    asked,
    inspected,
    policy_out,
    return_out,
    shipping_of,
    work_out,
)
from fulfilhub.web.conditional import IfMatch, expected_version
from fulfilhub.web.links import BODY, After, after
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, id_cursor, page
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import created, ok

READ = problems(Unauthenticated, Forbidden, NotFound, Invalid, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Stale, Invalid, RateLimited)


StateFilter = Annotated[StateName | None, QueryParameter(name="state", description="Only returns in this state.")]
OrderFilter = Annotated[str | None, QueryParameter(max_length=60, description="Only returns of this order.")]
WarehouseFilter = Annotated[str | None, QueryParameter(max_length=60, description="Only returns to this warehouse.")]


def _return_of(at: str) -> After:
    line = {"line_id": f"{BODY}{at}/parcels/0/contents/0/line_id", "quantity": 1}
    return After(body={"order_id": f"{BODY}{at}/order_id", "lines": [line]})


SHIPPED, LAST_SHIPPED = _return_of(""), _return_of("/data/0")


async def _detail(work: Work, return_id: str) -> ReturnOut:
    found = ids.RETURN.find(return_id)
    row = await queries.find_return(work, found)
    lines = (await queries.lines_of(work, [found]))[found]
    return return_out(row, lines, (await queries.verdicts_of(work, [found]))[found])


@post(
    "/v1/returns",
    **may("returns:write", **after(getShipment=SHIPPED, listShipments=LAST_SHIPPED, listOrderShipments=LAST_SHIPPED)),
    tags=["Returns"],
    summary="Request a return",
    responses=WRITE,
)
async def request_return(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    data: JSONBody[ReturnIn],
) -> Response[ReturnOut]:
    """Asks to send delivered goods back. What the returns policy allows is approved at once; lines it refuses are left
    out and named in `refused`; when none is left the answer is 409."""
    order_id = ids.ORDER.read(data.order_id, "/order_id")
    async with works.begin(merchant.scope, once) as work:
        return_id = ids.RETURN.show(await commands.request(work, order_id, asked(data), data.note))
        return created(work, await _detail(work, return_id), f"/v1/returns/{return_id}")


@get("/v1/returns", **may("returns:read"), tags=["Returns"], summary="List returns", responses=READ)
async def list_returns(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    limit: Limit = 50,
    cursor: Cursor = None,
    return_state: StateFilter = None,
    order_id: OrderFilter = None,
) -> Page[ReturnOut]:
    """The merchant's returns, oldest first."""
    wanted = None if order_id is None else ids.ORDER.read(order_id, "query/order_id")
    async with works.reading(merchant.scope) as work:
        rows = await queries.list_returns(work, return_state, wanted, id_cursor(cursor), limit + 1)
        lines = await queries.lines_of(work, [row.id for row in rows])
        verdicts = await queries.verdicts_of(work, [row.id for row in rows])
        return page(rows, limit, lambda row: (row.id,), lambda row: return_out(row, lines[row.id], verdicts[row.id]))


@get("/v1/returns/{return_id:str}", **may("returns:read"), tags=["Returns"], summary="Get a return", responses=READ)
async def get_return(
    works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller], return_id: FromPath[str]
) -> Response[ReturnOut]:
    """One return with its lines and what was found of them."""
    async with works.reading(merchant.scope) as work:
        return ok(work, await _detail(work, return_id))


@post(
    "/v1/returns/{return_id:str}/approve",
    **may("returns:write"),
    tags=["Returns"],
    summary="Approve a return",
    status_code=200,
    responses=WRITE,
)
async def approve_return(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    return_id: FromPath[str],
    data: JSONBody[ApproveIn],
    if_match: IfMatch = None,
) -> Response[ReturnOut]:
    """Lets the goods come back; the warehouse is told to expect them."""
    warehouse_id = None if data.warehouse_id is None else ids.WAREHOUSE.read(data.warehouse_id, "/warehouse_id")
    async with works.begin(merchant.scope, once) as work:
        await commands.approve(work, ids.RETURN.find(return_id), warehouse_id, expected_version(if_match))
        return ok(work, await _detail(work, return_id))


@post(
    "/v1/returns/{return_id:str}/decline",
    **may("returns:write"),
    tags=["Returns"],
    summary="Decline a return",
    status_code=200,
    responses=WRITE,
)
async def decline_return(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    return_id: FromPath[str],
    data: JSONBody[DeclineIn],
    if_match: IfMatch = None,
) -> Response[ReturnOut]:
    """Declines the request."""
    async with works.begin(merchant.scope, once) as work:
        await commands.decline(work, ids.RETURN.find(return_id), data.reason, expected_version(if_match))
        return ok(work, await _detail(work, return_id))


@put(
    "/v1/returns/{return_id:str}/shipping",
    **may("returns:write"),
    tags=["Returns"],
    summary="Say how a return comes back",
    responses=WRITE,
)
async def set_return_shipping(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    return_id: FromPath[str],
    data: JSONBody[ReturnShippingIn],
    if_match: IfMatch = None,
) -> Response[ReturnOut]:
    """Keeps the parcel's number and the label's address, whole each time. A store that has returns of its own shows
    them to the customer."""
    async with works.begin(merchant.scope) as work:
        shipping = shipping_of(data)
        await commands.set_shipping(work, ids.RETURN.find(return_id), shipping, expected_version(if_match))
        return ok(work, await _detail(work, return_id))


@post(
    "/v1/returns/{return_id:str}/cancel",
    **may("returns:write"),
    tags=["Returns"],
    summary="Cancel a return",
    status_code=200,
    responses=WRITE,
)
async def cancel_return(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    return_id: FromPath[str],
    if_match: IfMatch = None,
) -> Response[ReturnOut]:
    """Nothing will be sent back after all. Its units may be asked for again."""
    async with works.begin(merchant.scope, once) as work:
        await commands.cancel(work, ids.RETURN.find(return_id), expected_version(if_match))
        return ok(work, await _detail(work, return_id))


@post(
    "/v1/returns/{return_id:str}/hand-over",
    **may("returns:write"),
    tags=["Returns"],
    summary="Say that a return is on its way",
    status_code=200,
    responses=WRITE,
)
async def hand_over_return(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    return_id: FromPath[str],
    if_match: IfMatch = None,
) -> Response[ReturnOut]:
    """The customer has handed the goods to a carrier."""
    async with works.begin(merchant.scope, once) as work:
        await commands.hand_over(work, ids.RETURN.find(return_id), expected_version(if_match))
        return ok(work, await _detail(work, return_id))


@post(
    "/v1/returns/{return_id:str}/complete",
    **may("returns:write"),
    tags=["Returns"],
    summary="Await no more of a return",
    status_code=200,
    responses=WRITE,
)
async def complete_return(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    return_id: FromPath[str],
    if_match: IfMatch = None,
) -> Response[ReturnOut]:
    """Ends a return of which a part never came. One that came whole ends by itself with its inspection."""
    async with works.begin(merchant.scope, once) as work:
        await commands.complete(work, ids.RETURN.find(return_id), expected_version(if_match))
        return ok(work, await _detail(work, return_id))


@get("/v1/returns-policy", **may("returns:read"), tags=["Returns"], summary="Get the returns policy", responses=READ)
async def get_policy(works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller]) -> Response[PolicyOut]:
    """The policy in force, or the default."""
    async with works.reading(merchant.scope) as work:
        return ok(work, policy_out(await queries.policy_of(work)))


@put("/v1/returns-policy", **may("returns:write"), tags=["Returns"], summary="Set the returns policy", responses=WRITE)
async def set_policy(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    data: JSONBody[PolicyIn],
    if_match: IfMatch = None,
) -> Response[PolicyOut]:
    """Replaces the policy; it decides on requests from now on."""
    policy = ReturnPolicy(window_days=data.window_days, auto_approve=data.auto_approve)
    warehouse_id = None if data.warehouse_id is None else ids.WAREHOUSE.read(data.warehouse_id, "/warehouse_id")
    async with works.begin(merchant.scope) as work:
        await commands.set_policy(work, policy, warehouse_id, expected_version(if_match))
        return ok(work, policy_out(await queries.policy_of(work)))


@get("/v1/work/returns", **may("work:read"), tags=["Work"], summary="List returns to take in", responses=READ)
async def list_work_returns(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    limit: Limit = 50,
    cursor: Cursor = None,
    return_state: StateFilter = None,
    warehouse_id: WarehouseFilter = None,
) -> Page[ReturnWorkOut]:
    """Returns announced to the caller's warehouses, oldest first."""
    wanted = None if warehouse_id is None else ids.WAREHOUSE.read(warehouse_id, "query/warehouse_id")
    async with works.reading(partner.scope) as work:
        rows = await queries.list_work(work, return_state, wanted, id_cursor(cursor), limit + 1)
        return page(rows, limit, lambda row: (row.id,), work_out)


@get(
    "/v1/work/returns/{return_id:str}",
    **may("work:read"),
    tags=["Work"],
    summary="Get a return to take in",
    responses=READ,
)
async def get_work_return(
    works: NamedDependency[Works], partner: NamedDependency[PartnerCaller], return_id: FromPath[str]
) -> Response[ReturnWorkOut]:
    """One return announced to a warehouse of the caller."""
    async with works.reading(partner.scope) as work:
        return ok(work, work_out(await queries.find_work(work, ids.RETURN.find(return_id))))


@post(
    "/v1/work/returns/{return_id:str}/receive",
    **may("work:write"),
    tags=["Work"],
    summary="Receive a return",
    status_code=200,
    responses=WRITE,
)
async def receive_return(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    once: NamedDependency[Once],
    return_id: FromPath[str],
    data: JSONBody[ReceiveIn],
) -> Response[ReturnWorkOut]:
    """Reports what arrived; without lines, everything that was still to come."""
    found = ids.RETURN.find(return_id)
    async with works.begin(partner.scope, once) as work:
        await commands.receive(work, found, arrived(data))
        return ok(work, work_out(await queries.find_work(work, found)))


@post(
    "/v1/work/returns/{return_id:str}/inspect",
    **may("work:write"),
    tags=["Work"],
    summary="Inspect a return",
    status_code=200,
    responses=WRITE,
)
async def inspect_return(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    once: NamedDependency[Once],
    return_id: FromPath[str],
    data: JSONBody[InspectIn],
) -> Response[ReturnWorkOut]:
    """Gives units that arrived their verdict: `restock` puts them back on sale, `quarantine` aside, `dispose` scraps
    them. With its last unit the return is completed."""
    found = ids.RETURN.find(return_id)
    async with works.begin(partner.scope, once) as work:
        await commands.inspect(work, found, inspected(data))
        return ok(work, work_out(await queries.find_work(work, found)))


ROUTES = [
    request_return,
    list_returns,
    get_return,
    approve_return,
    decline_return,
    set_return_shipping,
    cancel_return,
    hand_over_return,
    complete_return,
    get_policy,
    set_policy,
    list_work_returns,
    get_work_return,
    receive_return,
    inspect_return,
]
