"""What of a store needs a person, and trying it again."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, PathParameter

from fulfilhub.accounts.principal import MerchantCaller, may
from fulfilhub.platform import ids
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.commands import failing
from fulfilhub.stores.routes.stores import READ, WRITE
from fulfilhub.stores.schemas.failing import FailingOut, TriedAgain, failing_out
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.replies import ok

ItemId = Annotated[
    str,
    PathParameter(
        max_length=40,
        description="What failed: its id in the list of what fails.",
        schema_extra={"examples": ["sup_01h455vb4pex5vsknk084sn02q"]},
    ),
]


@get(
    "/v1/stores/{store_id:str}/failing",
    **may("stores:read"),
    tags=["Stores"],
    summary="List what fails for a store",
    responses=READ,
)
async def list_failing(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    store_id: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[FailingOut]:
    """Everything about a store that waits for a person, in one list, by when each first came up: messages that can't be
    read, orders that can't be fulfilled as they are, and what the store would not be told."""
    found = ids.STORE.find(store_id)
    async with works.reading(merchant.scope) as work:
        await queries.get_store(work, found)
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_failing(work, found, after, size),
            lambda row: row.id,
            failing_out,
        )


@post(
    "/v1/stores/{store_id:str}/failing/{item_id:str}/retry",
    **may("stores:write"),
    tags=["Stores"],
    summary="Try again what failed for a store",
    status_code=202,
    responses=WRITE,
)
async def retry_failing(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    store_id: FromPath[str],
    item_id: ItemId,
) -> Response[TriedAgain]:
    """A message is read again, an order read anew from the store, anything else told again."""
    found = ids.STORE.find(store_id)
    async with works.begin(merchant.scope, once) as work:
        await failing.retry(work, found, item_id)
        return ok(work, TriedAgain(id=item_id, requested_at=work.now), status=202)


ROUTES = [list_failing, retry_failing]
