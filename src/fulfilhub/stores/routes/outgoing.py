"""What stores are told of stock, and ending a connection from our side."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from fulfilhub.accounts.principal import MerchantCaller, may
from fulfilhub.platform import ids
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.commands import connections, lanes
from fulfilhub.stores.routes.stores import READ, WRITE
from fulfilhub.stores.schemas import StoreOut, store_out
from fulfilhub.stores.schemas.outgoing import StockStateName, StockSyncOut, StoreStockOut, stock_out
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.replies import ok


@get(
    "/v1/stores/{store_id:str}/stock",
    **may("stores:read"),
    tags=["Stores"],
    summary="List a store's stock",
    responses=READ,
)
async def list_store_stock(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    store_id: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
    stock_state: Annotated[
        StockStateName | None, QueryParameter(name="state", description="Only stock in this state.")
    ] = None,
) -> Page[StoreStockOut]:
    """What each of the store's variants should show, and what it was told, by when it was first known. Empty while
    `stock_sync` is off in the store's settings."""
    found = ids.STORE.find(store_id)
    async with works.reading(merchant.scope) as work:
        await queries.get_store(work, found)
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_stock(work, found, stock_state, after, size),
            lambda row: row.id,
            stock_out,
        )


@post(
    "/v1/stores/{store_id:str}/stock-sync",
    **may("stores:write"),
    tags=["Stores"],
    summary="Tell a store all its stock now",
    status_code=202,
    responses=WRITE,
)
async def sync_store_stock(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    store_id: FromPath[str],
) -> Response[StockSyncOut]:
    """Computes all of the store's stock and tells it anew, without waiting for the check that comes every six hours:
    what was changed in the shop meanwhile is set right. 409 while `stock_sync` is off in the store's settings."""
    found = ids.STORE.find(store_id)
    async with works.begin(merchant.scope, once) as work:
        await lanes.look_now(work, found)
        return ok(work, StockSyncOut(store_id=store_id, requested_at=work.now), status=202)


@post(
    "/v1/stores/{store_id:str}/disconnect",
    **may("stores:write"),
    tags=["Stores"],
    summary="Disconnect a store",
    status_code=200,
    responses=WRITE,
)
async def disconnect_store(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    settings: NamedDependency[Settings],
    once: NamedDependency[Once],
    store_id: FromPath[str],
) -> Response[StoreOut]:
    """Ends the connection from our side: the store is neither read nor told any more, our plugin in the shop is told
    so, and its credentials are forgotten. Orders stay. New credentials connect it again."""
    found = ids.STORE.find(store_id)
    async with works.begin(merchant.scope, once) as work:
        await queries.get_store(work, found)
        await connections.disconnect(work, found, told=False)
        return ok(work, store_out(await queries.get_store(work, found), settings.server.url))


ROUTES = [list_store_stock, sync_store_stock, disconnect_store]
