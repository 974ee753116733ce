"""The merchant's side of the queue: fulfilments, holds, cancels and stock counts."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from fulfilhub.accounts.principal import MerchantCaller, may
from fulfilhub.fulfilment.commands import freeing, holding, prioritising
from fulfilhub.fulfilment.commands.freeing import CancelLine
from fulfilhub.fulfilment.queries import fulfilments as queries
from fulfilhub.fulfilment.routes.requests import ASKED
from fulfilhub.fulfilment.rules import WorkState
from fulfilhub.fulfilment.schemas.fulfilments import (
    AdjustmentIn,
    AdjustmentOut,
    CancelIn,
    FulfilmentOut,
    HoldIn,
    PriorityIn,
    fulfilment_out,
)
from fulfilhub.orders import queries as orders
from fulfilhub.orders.routes import links
from fulfilhub.orders.rules import HoldSource
from fulfilhub.orders.schemas import OrderOut, order_out
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Stale, Unauthenticated
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, id_cursor, page
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import created, ok

READ = problems(Unauthenticated, Forbidden, NotFound, Invalid, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Stale, Invalid, RateLimited)
OrderFilter = Annotated[str | None, QueryParameter(max_length=60, description="Only fulfilments of this order.")]
WarehouseFilter = Annotated[str | None, QueryParameter(max_length=60, description="Only fulfilments sent there.")]


@get("/v1/fulfilments", **may("orders:read"), tags=["Fulfilments"], summary="List fulfilments", responses=READ)
async def list_fulfilments(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    limit: Limit = 50,
    cursor: Cursor = None,
    order_id: OrderFilter = None,
    warehouse_id: WarehouseFilter = None,
    fulfilment_state: Annotated[WorkState | None, QueryParameter(name="state")] = None,
) -> Page[FulfilmentOut]:
    """Lines of orders that were sent to warehouses, oldest first."""
    async with works.reading(merchant.scope) as work:
        rows = await queries.list_fulfilments(
            work,
            id_cursor(cursor),
            limit + 1,
            order_id=None if order_id is None else ids.ORDER.read(order_id, "query/order_id"),
            warehouse_id=None if warehouse_id is None else ids.WAREHOUSE.read(warehouse_id, "query/warehouse_id"),
            state=fulfilment_state,
        )
        lines = await queries.fulfilment_lines(work, [row.id for row in rows[:limit]])
        return page(
            rows, limit, lambda row: (row.id,), lambda row: fulfilment_out(row, lines.get(row.id, ()), work.now)
        )


@get(
    "/v1/fulfilments/{fulfilment_id:str}",
    **may("orders:read"),
    tags=["Fulfilments"],
    summary="Get a fulfilment",
    responses=READ,
)
async def get_fulfilment(
    works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller], fulfilment_id: FromPath[str]
) -> FulfilmentOut:
    """One fulfilment."""
    async with works.reading(merchant.scope) as work:
        row = await queries.get_fulfilment(work, ids.FULFILMENT.find(fulfilment_id))
        lines = await queries.fulfilment_lines(work, [row.id])
        return fulfilment_out(row, lines.get(row.id, ()), work.now)


@post(
    "/v1/fulfilments/{fulfilment_id:str}/prioritise",
    **may("orders:write"),
    tags=["Fulfilments"],
    summary="Prioritise a fulfilment",
    status_code=200,
    responses=WRITE,
)
async def prioritise_fulfilment(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    fulfilment_id: FromPath[str],
    data: JSONBody[PriorityIn],
) -> Response[FulfilmentOut]:
    """Says how urgent it is. The warehouse is told, and can claim what is urgent first; what must leave first still
    stands first in its queue."""
    found = ids.FULFILMENT.find(fulfilment_id)
    async with works.begin(merchant.scope, once) as work:
        await prioritising.prioritise(work, found, data.priority)
        row = await queries.get_fulfilment(work, found)
        lines = await queries.fulfilment_lines(work, [row.id])
        return ok(work, fulfilment_out(row, lines.get(row.id, ()), work.now))


@post(
    "/v1/orders/{order_id:str}/holds", **may("orders:write"), tags=["Orders"], summary="Hold an order", responses=WRITE
)
async def hold_order(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    order_id: FromPath[str],
    data: JSONBody[HoldIn],
) -> Response[OrderOut]:
    """While any hold lives, no warehouse can claim the order's work, nor accept, pack, or ship what it claimed before
    (what was packed goes its way). A hold with `until` is released by itself. Several can live at once."""
    found = ids.ORDER.find(order_id)
    async with works.begin(merchant.scope, once) as work:
        await holding.hold_order(
            work,
            found,
            data.reason,
            data.note,
            name=data.name,
            until=data.until,
            source=HoldSource.MERCHANT,
            caused_by=data.caused_by,
        )
        made = order_out(await orders.get_order(work, found), links(vault, settings))
        return created(work, made, f"/v1/orders/{order_id}")


@post(
    "/v1/orders/{order_id:str}/holds/{hold_id:str}/release",
    **may("orders:write"),
    tags=["Orders"],
    summary="Release a hold",
    status_code=200,
    responses=WRITE,
)
async def release_hold(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    order_id: FromPath[str],
    hold_id: FromPath[str],
) -> Response[OrderOut]:
    """Ends one hold. Repeating is harmless; other holds stay."""
    found = ids.ORDER.find(order_id)
    async with works.begin(merchant.scope, once) as work:
        await holding.release_order(work, found, ids.HOLD.find(hold_id))
        return ok(work, order_out(await orders.get_order(work, found), links(vault, settings)))


@post(
    "/v1/orders/{order_id:str}/cancel",
    **may("orders:write"),
    tags=["Orders"],
    summary="Cancel an order or some lines",
    status_code=200,
    responses=WRITE | ASKED,
)
async def cancel_order(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    order_id: FromPath[str],
    data: JSONBody[CancelIn],
) -> Response[OrderOut]:
    """Cancels what no warehouse has in hand, and gives its stock back. The rest is asked of the warehouse: the answer
    is 202 then, and the order's `requests` tell how they stand. Repeating is harmless."""
    found = ids.ORDER.find(order_id)
    lines = (
        None
        if data.lines is None
        else [
            CancelLine(ids.ORDER_LINE.read(line.line_id, f"/lines/{place}/line_id"), line.quantity)
            for place, line in enumerate(data.lines)
        ]
    )
    async with works.begin(merchant.scope, once) as work:
        asked = await freeing.cancel(work, found, lines, note=data.note)
        made = order_out(await orders.get_order(work, found), links(vault, settings))
        return ok(work, made, 202 if asked else 200)


@post(
    "/v1/stock/adjustments",
    **may("inventory:write"),
    tags=["Stock"],
    summary="Adjust stock",
    status_code=200,
    responses=WRITE,
)
async def adjust_stock(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    data: JSONBody[AdjustmentIn],
) -> Response[AdjustmentOut]:
    """Books a count or a change. Below what is allocated, the work promised latest that nobody has in hand is taken
    back and routed anew; 409 (`claimed`) names the work when that is not enough."""
    async with works.begin(merchant.scope, once) as work:
        adjustment_id, outcome = await freeing.adjust_stock(
            work,
            ids.PRODUCT.read(data.product_id, "/product_id"),
            ids.WAREHOUSE.read(data.warehouse_id, "/warehouse_id"),
            reason=data.reason,
            on_hand=data.on_hand,
            delta=data.delta,
            expected_on_hand=data.expected_on_hand,
        )
        level = outcome.level
        return ok(
            work,
            AdjustmentOut(
                id=ids.MOVEMENT.show(adjustment_id),
                delta=outcome.delta,
                available=level.available,
                allocated=level.allocated,
                quarantined=level.quarantined,
                damaged=level.damaged,
            ),
        )


ROUTES = [list_fulfilments, get_fulfilment, prioritise_fulfilment, hold_order, release_hold, cancel_order, adjust_stock]
