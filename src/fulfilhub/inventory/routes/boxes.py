"""The boxes of a warehouse over HTTP."""

from __future__ import annotations

from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from fulfilhub.accounts.principal import PartnerCaller, may
from fulfilhub.inventory.commands import boxes as commands
from fulfilhub.inventory.queries import boxes as queries
from fulfilhub.inventory.schemas.boxes import BoxChangeIn, BoxIn, BoxOut, box_changes, box_out, new_box
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Stale, Unauthenticated
from fulfilhub.platform.work import Works
from fulfilhub.web.conditional import IfMatch, expected_version
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import created, ok

AT = "/v1/warehouses/{warehouse_id:str}/boxes"
READ = problems(Unauthenticated, Forbidden, NotFound, Invalid, RateLimited)
ONE = problems(Unauthenticated, Forbidden, NotFound, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Invalid, RateLimited)
CHANGE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Stale, Invalid, RateLimited)


@post(AT, **may("warehouses:write"), tags=["Warehouses"], summary="Make a box", responses=WRITE)
async def create_box(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    once: NamedDependency[Once],
    warehouse_id: FromPath[str],
    data: JSONBody[BoxIn],
) -> Response[BoxOut]:
    """A carton that this warehouse packs with. From these the cartons of its work are proposed."""
    async with works.begin(partner.scope, once) as work:
        made = box_out(await commands.make_box(work, ids.WAREHOUSE.find(warehouse_id), new_box(data)))
        return created(work, made, f"/v1/warehouses/{made.warehouse_id}/boxes/{made.id}")


@get(AT, **may("warehouses:read"), tags=["Warehouses"], summary="List a warehouse's boxes", responses=READ)
async def list_boxes(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    warehouse_id: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[BoxOut]:
    """The boxes of a warehouse of your own, oldest first."""
    found = ids.WAREHOUSE.find(warehouse_id)
    async with works.reading(partner.scope) as work:
        await queries.own_warehouse(work, found)
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_boxes(work, found, after, size),
            lambda row: row.id,
            box_out,
        )


@get(f"{AT}/{{box_id:str}}", **may("warehouses:read"), tags=["Warehouses"], summary="Get a box", responses=ONE)
async def get_box(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    warehouse_id: FromPath[str],
    box_id: FromPath[str],
) -> Response[BoxOut]:
    """One box; its ETag is its version."""
    async with works.reading(partner.scope) as work:
        row = await queries.get_box(work, ids.WAREHOUSE.find(warehouse_id), ids.BOX.find(box_id))
        return ok(work, box_out(row))


@patch(f"{AT}/{{box_id:str}}", **may("warehouses:write"), tags=["Warehouses"], summary="Change a box", responses=CHANGE)
async def change_box(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    warehouse_id: FromPath[str],
    box_id: FromPath[str],
    data: JSONBody[BoxChangeIn],
    if_match: IfMatch = None,
) -> Response[BoxOut]:
    """What was packed in it before stays as it was recorded."""
    where, which = ids.WAREHOUSE.find(warehouse_id), ids.BOX.find(box_id)
    async with works.begin(partner.scope) as work:
        row = await commands.change_box(work, where, which, box_changes(data), expected_version(if_match))
        return ok(work, box_out(row))


@delete(f"{AT}/{{box_id:str}}", **may("warehouses:write"), tags=["Warehouses"], summary="Delete a box", responses=ONE)
async def delete_box(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    warehouse_id: FromPath[str],
    box_id: FromPath[str],
) -> None:
    """It is not proposed any more; what was packed in it before stays as it was recorded."""
    async with works.begin(partner.scope) as work:
        await commands.delete_box(work, ids.WAREHOUSE.find(warehouse_id), ids.BOX.find(box_id))


ROUTES = [create_box, list_boxes, get_box, change_box, delete_box]
