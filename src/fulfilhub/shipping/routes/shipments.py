"""Shipping a work order, shipments and parcels, carriers' events, and how promises turned out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, cast

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from fulfilhub.accounts.principal import AnyCaller, MerchantCaller, PartnerCaller, may
from fulfilhub.orders.queries import get_order
from fulfilhub.platform import ids
from fulfilhub.platform.errors import (
    Conflict,
    Forbidden,
    FulfilHubError,
    Invalid,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from fulfilhub.platform.work import Work, Works
from fulfilhub.shipping import queries
from fulfilhub.shipping.commands import scans
from fulfilhub.shipping.commands.scans import ScanTold
from fulfilhub.shipping.queries import ShipmentRow
from fulfilhub.shipping.queries.scans import list_scans
from fulfilhub.shipping.schemas import (
    PromiseAccountOut,
    PromiseSummaryOut,
    ShipIn,
    ShipmentOut,
    ShippedOut,
    TrackingAnswerOut,
    TrackingAnswersOut,
    TrackingEventOut,
    TrackingEventsIn,
    promise_account,
    promise_days,
    promise_sum,
    shipment_out,
    to_ship,
    tracking_event_out,
)
from fulfilhub.shipping.together import Dispatch, Leaving
from fulfilhub.web.checks import ApiRequest
from fulfilhub.web.links import BODY, After, after
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, cursor_like, id_cursor, page, timed_cursor
from fulfilhub.web.problems import Problem, describe, problems
from fulfilhub.web.replies import ok

READ = problems(Unauthenticated, Forbidden, NotFound, Invalid, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Invalid, RateLimited)
First = Annotated[date, QueryParameter(name="from", description="The first day that counts (UTC).")]
End = Annotated[date, QueryParameter(name="to", description="The day after the last that counts (UTC).")]
PICKED = After(
    {"work_id": f"{BODY}/id"},
    {
        "lease_id": f"{BODY}/lease_id",
        "parcels": [{"carrier": f"{BODY}/carrier", "tracking_number": "AB123456789GB"}],
    },
)
ScanCursor = Annotated[
    str | None,
    cursor_like("WyIyMDI2LTExLTI0VDA5OjMwOjAwWiIsIjAxOTM1NzJiLWQ5YzctN2QyYy1hNGYxLTNmNmE1YjhjOWQwZSJd"),
]
OrderFilter = Annotated[str | None, QueryParameter(max_length=60, description="Only shipments of this order.")]


@post(
    "/v1/work/orders/{work_id:str}/ship",
    **may("work:write", **after(pickWork=PICKED, packWork=PICKED)),
    tags=["Work"],
    summary="Ship a work order",
    status_code=200,
    responses=WRITE,
)
async def ship_work(
    dispatch: NamedDependency[Dispatch],
    partner: NamedDependency[PartnerCaller],
    once: NamedDependency[Once],
    work_id: FromPath[str],
    data: JSONBody[ShipIn],
) -> Response[ShippedOut]:
    """The parcels have left: stock is deducted, the store and the customer are told. The same call again is answered as
    before; other tracking numbers for the same work are refused."""
    item = to_ship(ids.WORK_ORDER.find(work_id), data)
    return await dispatch.call(partner.scope, Leaving(item, once))


async def _shown(work: Work, rows: Sequence[ShipmentRow]) -> dict[Any, ShipmentOut]:
    parcels = await queries.parcels_of(work, [row.id for row in rows])
    contents = await queries.contents_of(work, [parcel.id for each in parcels.values() for parcel in each])
    return {row.id: shipment_out(row, parcels.get(row.id, ()), contents) for row in rows}


async def _page(work: Work, rows: Sequence[ShipmentRow], limit: int) -> Page[ShipmentOut]:
    shown = await _shown(work, rows[:limit])
    return page(rows, limit, lambda row: (row.id,), lambda row: shown[row.id])


@get("/v1/shipments", **may("orders:read"), tags=["Shipments"], summary="List shipments", responses=READ)
async def list_shipments(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    limit: Limit = 50,
    cursor: Cursor = None,
    order_id: OrderFilter = None,
) -> Page[ShipmentOut]:
    """What left, oldest first."""
    order = None if order_id is None else ids.ORDER.read(order_id, "query/order_id")
    async with works.reading(merchant.scope) as work:
        return await _page(
            work, await queries.list_shipments(work, id_cursor(cursor), limit + 1, order_id=order), limit
        )


@get(
    "/v1/orders/{order_id:str}/shipments",
    **may("orders:read"),
    tags=["Shipments"],
    summary="List an order's shipments",
    responses=READ,
)
async def list_order_shipments(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    order_id: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ShipmentOut]:
    """What left for one order, oldest first."""
    order = ids.ORDER.find(order_id)
    async with works.reading(merchant.scope) as work:
        await get_order(work, order)
        return await _page(
            work, await queries.list_shipments(work, id_cursor(cursor), limit + 1, order_id=order), limit
        )


@get(
    "/v1/shipments/{shipment_id:str}",
    **may("orders:read"),
    tags=["Shipments"],
    summary="Get a shipment",
    responses=READ,
)
async def get_shipment(
    works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller], shipment_id: FromPath[str]
) -> ShipmentOut:
    """One shipment with its parcels."""
    async with works.reading(merchant.scope) as work:
        row = await queries.get_shipment(work, ids.SHIPMENT.find(shipment_id))
        return (await _shown(work, [row]))[row.id]


@get(
    "/v1/shipments/{shipment_id:str}/tracking-events",
    **may("orders:read"),
    tags=["Shipments"],
    summary="List a shipment's tracking events",
    responses=READ,
)
async def list_tracking_events(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    shipment_id: FromPath[str],
    limit: Limit = 50,
    cursor: ScanCursor = None,
) -> Page[TrackingEventOut]:
    """What carriers told of the shipment's parcels, each event once, in the order in which it happened."""
    found = ids.SHIPMENT.find(shipment_id)
    async with works.reading(merchant.scope) as work:
        await queries.get_shipment(work, found)
        rows = await list_scans(work, found, timed_cursor(cursor), limit + 1)
        return page(rows, limit, lambda row: (row.occurred_at, row.id), tracking_event_out)


@post(
    "/v1/tracking-events",
    **may("tracking:write"),
    tags=["Shipments"],
    summary="Report carriers' events",
    status_code=200,
    responses=WRITE,
)
async def report_tracking(
    request: ApiRequest,
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    data: JSONBody[TrackingEventsIn],
) -> Response[TrackingAnswersOut]:
    """Scans of your own parcels (merchant) or those you handed over (partner), in any order, repeats included: a parcel
    never moves backwards. Answers per scan."""
    told = [
        ScanTold(
            tracking_number=event.tracking_number,
            state=event.state,
            occurred_at=event.occurred_at,
            description=event.description,
            location=event.location,
        )
        for event in data.events
    ]
    async with works.begin(anyone.scope, once) as work:
        verdicts = await scans.record(work, told)
        return ok(work, TrackingAnswersOut(data=[_answer(request, place, each) for place, each in enumerate(verdicts)]))


def _answer(request: ApiRequest, index: int, verdict: scans.Verdict) -> TrackingAnswerOut:
    if isinstance(verdict, FulfilHubError):
        problem = msgspec.convert(describe(cast("Any", request.scope), verdict), Problem)
        return TrackingAnswerOut(index=index, status=problem.status, parcel_ids=[], problem=problem)
    return TrackingAnswerOut(
        index=index,
        status=200 if verdict.repeated else 201,
        parcel_ids=[ids.PARCEL.show(each) for each in verdict.parcel_ids],
        state=verdict.state,
        repeated=verdict.repeated,
    )


@get(
    "/v1/orders/{order_id:str}/promise",
    **may("orders:read"),
    tags=["Promises"],
    summary="Get an order's promise",
    responses=READ,
)
async def get_promise(
    works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller], order_id: FromPath[str]
) -> PromiseAccountOut:
    """What was promised, whether it was kept stage by stage, and whose doing it is where it was not."""
    found = ids.ORDER.find(order_id)
    async with works.reading(merchant.scope) as work:
        return promise_account(await get_order(work, found), await queries.verdicts_of(work, found))


@get(
    "/v1/promises/summary",
    **may("promises:read"),
    tags=["Promises"],
    summary="Sum up how promises turned out",
    responses=READ,
)
async def summarise_promises(
    works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller], first: First, end: End
) -> PromiseSummaryOut:
    """Kept, excused and broken by cause, per month, warehouse, service and stage, of the promises that fell due between
    two days. What is still open is not counted."""
    start, stop = promise_days(first, end)
    async with works.reading(merchant.scope) as work:
        return PromiseSummaryOut(sums=[promise_sum(row) for row in await queries.promise_sums(work, start, stop)])


ROUTES = [
    get_promise,
    summarise_promises,
    ship_work,
    list_shipments,
    list_order_shipments,
    get_shipment,
    list_tracking_events,
    report_tracking,
]
