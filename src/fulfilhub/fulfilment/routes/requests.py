"""Requests over HTTP: changes of orders that warehouses have in hand, their answers, and the policy on silence."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, patch, post, put
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from fulfilhub.accounts.principal import MerchantCaller, PartnerCaller, may
from fulfilhub.fulfilment.commands import answering, changing
from fulfilhub.fulfilment.commands.policy import set_request_policy
from fulfilhub.fulfilment.queries.requests import list_requests, read_request, request_policy
from fulfilhub.fulfilment.schemas.requests import (
    AcceptIn,
    RefuseIn,
    RequestPolicyIn,
    RequestPolicyOut,
    WorkRequestOut,
    request_policy_out,
    work_request_out,
)
from fulfilhub.fulfilment.schemas.requests import request_policy as policy_in
from fulfilhub.orders.queries import get_order
from fulfilhub.orders.routes import links
from fulfilhub.orders.rules import ChangeKind, ChangeState
from fulfilhub.orders.schemas import OrderChangeIn, OrderOut, changes, order_out
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Stale, Unauthenticated
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.web.conditional import IfMatch, expected_version
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import ok

READ = problems(Unauthenticated, Forbidden, NotFound, Invalid, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Invalid, RateLimited)
CHANGE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Stale, Invalid, RateLimited)
SET = problems(Unauthenticated, Forbidden, Stale, Invalid, RateLimited)
ASKED = {
    202: ResponseSpec(
        data_container=OrderOut,
        description="A warehouse has some of it in hand and was asked: the order's `requests` tell how they stand.",
        generate_examples=False,
    )
}
Text = Annotated[str | None, QueryParameter(max_length=200)]


@patch(
    "/v1/orders/{order_id:str}",
    **may("orders:write"),
    tags=["Orders"],
    summary="Change an order",
    responses=CHANGE | ASKED,
)
async def change_order(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    order_id: FromPath[str],
    data: JSONBody[OrderChangeIn],
    if_match: IfMatch = None,
) -> Response[OrderOut]:
    """Corrects or changes an order until it was sent. What a warehouse has in hand is asked of it: the answer is 202
    then, and the order's `requests` tell how they stand. One that needed review is checked again and goes on when
    nothing is wrong any more."""
    found = ids.ORDER.find(order_id)
    async with works.begin(merchant.scope) as work:
        asked = await changing.change(work, found, changes(data), expected_version(if_match))
        made = order_out(await get_order(work, found), links(vault, settings))
        return ok(work, made, 202 if asked else 200)


@post(
    "/v1/orders/{order_id:str}/requests/{change_id:str}/withdraw",
    **may("orders:write"),
    tags=["Orders"],
    summary="Withdraw a request",
    status_code=200,
    responses=WRITE,
)
async def withdraw_request(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    order_id: FromPath[str],
    change_id: FromPath[str],
) -> Response[OrderOut]:
    """You no longer want what you asked of a warehouse. One that has ended stays as it ended; repeating is harmless."""
    found = ids.ORDER.find(order_id)
    async with works.begin(merchant.scope, once) as work:
        await answering.withdraw(work, found, ids.REQUEST.find(change_id))
        return ok(work, order_out(await get_order(work, found), links(vault, settings)))


@get("/v1/request-policy", **may("orders:read"), tags=["Orders"], summary="Get the request policy", responses=READ)
async def get_request_policy(
    works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller]
) -> Response[RequestPolicyOut]:
    """How long warehouses have to answer requests, and what silence means."""
    async with works.reading(merchant.scope) as work:
        return ok(work, request_policy_out(await request_policy(work)))


@put("/v1/request-policy", **may("orders:write"), tags=["Orders"], summary="Set the request policy", responses=SET)
async def put_request_policy(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    data: JSONBody[RequestPolicyIn],
    if_match: IfMatch = None,
) -> Response[RequestPolicyOut]:
    """Replaces the policy; it counts for what is asked from now on."""
    async with works.begin(merchant.scope) as work:
        await set_request_policy(work, policy_in(data), expected_version(if_match))
        return ok(work, request_policy_out(await request_policy(work)))


@get("/v1/work/requests", **may("work:read"), tags=["Work"], summary="List requests", responses=READ)
async def list_work_requests(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    limit: Limit = 50,
    cursor: Cursor = None,
    request_state: Annotated[ChangeState | None, QueryParameter(name="state")] = None,
    kind: FromQuery[ChangeKind | None] = None,
    warehouse_id: Annotated[
        str | None, QueryParameter(max_length=60, description="Only this warehouse's requests.")
    ] = None,
) -> Page[WorkRequestOut]:
    """What merchants ask about work that you have in hand, oldest first; `state=requested` waits for your answer."""
    warehouse = None if warehouse_id is None else ids.WAREHOUSE.read(warehouse_id, "query/warehouse_id")
    async with works.reading(partner.scope) as work:
        return await page_of(
            limit,
            cursor,
            lambda after, size: list_requests(
                work, after, size, state=request_state, kind=kind, warehouse_id=warehouse
            ),
            lambda row: row.id,
            work_request_out,
        )


@get("/v1/work/requests/{change_id:str}", **may("work:read"), tags=["Work"], summary="Get a request", responses=READ)
async def get_work_request(
    works: NamedDependency[Works], partner: NamedDependency[PartnerCaller], change_id: FromPath[str]
) -> WorkRequestOut:
    """One request as it stands."""
    async with works.reading(partner.scope) as work:
        return work_request_out(await read_request(work, partner.caller.account_id, ids.REQUEST.find(change_id)))


@post(
    "/v1/work/requests/{change_id:str}/accept",
    **may("work:write"),
    tags=["Work"],
    summary="Accept a request",
    status_code=200,
    responses=WRITE,
)
async def accept_request(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    once: NamedDependency[Once],
    change_id: FromPath[str],
    data: JSONBody[AcceptIn],
) -> Response[WorkRequestOut]:
    """You agree: the work order is changed at once. Put what you picked of cancelled units back on its shelf; what was
    packed is to be packed anew. A late or repeated answer changes nothing and is told how the request stands."""
    async with works.begin(partner.scope, once) as work:
        return ok(work, work_request_out(await answering.accept(work, ids.REQUEST.find(change_id), data.note)))


@post(
    "/v1/work/requests/{change_id:str}/refuse",
    **may("work:write"),
    tags=["Work"],
    summary="Refuse a request",
    status_code=200,
    responses=WRITE,
)
async def refuse_request(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    once: NamedDependency[Once],
    change_id: FromPath[str],
    data: JSONBody[RefuseIn],
) -> Response[WorkRequestOut]:
    """You go on with the work as it is, and why. A late or repeated answer changes nothing and is told how the request
    stands."""
    async with works.begin(partner.scope, once) as work:
        row = await answering.refuse(work, ids.REQUEST.find(change_id), data.reason, data.note)
        return ok(work, work_request_out(row))


ROUTES = [
    change_order,
    withdraw_request,
    get_request_policy,
    put_request_policy,
    list_work_requests,
    get_work_request,
    accept_request,
    refuse_request,
]
