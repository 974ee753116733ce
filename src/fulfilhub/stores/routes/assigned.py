"""Which location of a shop stands for which warehouse, and what the shop assigns to them."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from fulfilhub.accounts.principal import MerchantCaller, may
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Unauthenticated, Unavailable
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Work, Works
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import assigns
from fulfilhub.stores.adapters.assigning import Places
from fulfilhub.stores.adapters.outside import Outside
from fulfilhub.stores.adapters.port import Refused, Retry
from fulfilhub.stores.commands import locating
from fulfilhub.stores.queries import assigned
from fulfilhub.stores.renewing import reach
from fulfilhub.stores.routes.stores import READ, WRITE
from fulfilhub.stores.schemas.assigned import (
    AssignmentStateName,
    StoreAssignmentOut,
    StoreLocationsIn,
    StoreLocationsOut,
    assignment_out,
    locations_out,
    mapped,
)
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import ok

TAGGED = ["Store locations"]
LOOK = problems(Unauthenticated, Forbidden, NotFound, Conflict, Invalid, RateLimited, Unavailable)


async def _places(
    works: Works, vault: Vault, settings: Settings, outside: Outside, caller: MerchantCaller, store_id: str
) -> Places | Refused | Retry:
    """What the shop has now. Raises NotFound, Conflict for a store without locations."""
    found = ids.STORE.find(store_id)
    # Not in the caller's own scope: what a caller does is kept, and nothing is kept in a transaction that only reads.
    scope = Merchant(caller.scope.account_id)
    async with works.reading(scope) as work:
        await locating.mappable(work, found)
    connection = await reach(works, vault, settings, outside.http, scope, found)
    return await assigns(connection.platform).places(outside.http, connection)


async def _shown(work: Work, store_id: str, places: Places | Refused | Retry) -> StoreLocationsOut:
    found = ids.STORE.find(store_id)
    rows, services = await queries.locations(work, found), await queries.services(work, found)
    if isinstance(places, Places):
        return locations_out(rows, services, places.places, None)
    return locations_out(rows, services, None, places.reason)


@get(
    "/v1/stores/{store_id:str}/locations",
    **may("stores:read"),
    tags=TAGGED,
    summary="List a store's locations",
    responses=LOOK,
)
async def list_store_locations(
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    outside: NamedDependency[Outside],
    merchant: NamedDependency[MerchantCaller],
    store_id: FromPath[str],
) -> Response[StoreLocationsOut]:
    """The locations that the shop has just now, with the warehouse that stands for each, and the fulfilment services
    that we registered there. When the shop does not answer, `problem` says so and the mapped ones are listed."""
    places = await _places(works, vault, settings, outside, merchant, store_id)
    async with works.reading(merchant.scope) as work:
        return ok(work, await _shown(work, store_id, places))


@put(
    "/v1/stores/{store_id:str}/locations",
    **may("stores:write"),
    tags=TAGGED,
    summary="Map a store's locations",
    responses=WRITE,
)
async def map_store_locations(
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    outside: NamedDependency[Outside],
    merchant: NamedDependency[MerchantCaller],
    store_id: FromPath[str],
    data: JSONBody[StoreLocationsIn],
) -> Response[StoreLocationsOut]:
    """Says which warehouse stands for which of the shop's own locations, and which warehouses are to have a fulfilment
    service in the shop; replaces what was said before. From then on only what the shop asks of these locations is ours:
    each part is sent from the warehouse that is asked. Services are registered within seconds; see their `state`."""
    wanted = mapped(data)
    places = await _places(works, vault, settings, outside, merchant, store_id)
    if isinstance(places, Retry):
        raise Unavailable(f"The shop does not answer: {places.reason}")
    if isinstance(places, Refused):
        raise Conflict(places.reason, code=places.code)
    async with works.begin(merchant.scope) as work:
        await locating.map_places(work, ids.STORE.find(store_id), wanted, places.places)
        return ok(work, await _shown(work, store_id, places))


@get(
    "/v1/stores/{store_id:str}/assignments",
    **may("stores:read"),
    tags=TAGGED,
    summary="List what a store assigned",
    responses=READ,
)
async def list_assignments(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    store_id: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
    assignment_state: Annotated[
        AssignmentStateName | None, QueryParameter(name="state", description="Only assignments in this state.")
    ] = None,
) -> Page[StoreAssignmentOut]:
    """Each part of an order that the shop assigned to a location of ours, and where it stands, oldest first."""
    found = ids.STORE.find(store_id)
    async with works.reading(merchant.scope) as work:
        await queries.get_store(work, found)
        rows: Page[assigned.AssignmentRow] = await page_of(
            limit,
            cursor,
            lambda after, size: assigned.list_assignments(work, found, assignment_state, after, size),
            lambda row: row.id,
            lambda row: row,
        )
        lines = await assigned.part_lines(work, [row.id for row in rows.data])
        shown = [assignment_out(row, lines) for row in rows.data]
        return Page(data=shown, next_cursor=rows.next_cursor, has_more=rows.has_more)


@post(
    "/v1/stores/{store_id:str}/assignments/{assignment_id:str}/retry",
    **may("stores:write"),
    tags=TAGGED,
    summary="Read an assignment again",
    status_code=202,
    responses=WRITE,
)
async def retry_assignment(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    store_id: FromPath[str],
    assignment_id: FromPath[str],
) -> Response[StoreAssignmentOut]:
    """Reads the assignment's order from the shop again now and answers what is open, without waiting for the next look;
    harmless however often."""
    store, assignment = ids.STORE.find(store_id), ids.ASSIGNMENT.find(assignment_id)
    async with works.begin(merchant.scope, once) as work:
        await locating.retry_order(work, store, assignment)
        row = await assigned.get_assignment(work, store, assignment)
        return ok(work, assignment_out(row, await assigned.part_lines(work, [row.id])), status=202)


ROUTES = [list_store_locations, map_store_locations, list_assignments, retry_assignment]
