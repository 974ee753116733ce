"""Whether everything a store has is here: the proof, what came late, missing numbers, and bringing in its history."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from fulfilhub.accounts.principal import MerchantCaller, may
from fulfilhub.platform import ids
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Work, Works
from fulfilhub.stores import queries
from fulfilhub.stores.commands import backfilling, sweeping
from fulfilhub.stores.routes.stores import READ, WRITE
from fulfilhub.stores.schemas.completeness import (
    BackfillIn,
    BackfillOut,
    Completeness,
    GapStateName,
    LateOrderOut,
    NumberGapOut,
    backfill_out,
    completeness_out,
    late_order_out,
    number_gap_out,
)
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.replies import created, ok

TAGS = ["Store completeness"]


@get(
    "/v1/stores/{store_id:str}/completeness",
    **may("stores:read"),
    tags=TAGS,
    summary="Get how complete a store is",
    responses=READ,
)
async def get_completeness(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    settings: NamedDependency[Settings],
    store_id: FromPath[str],
) -> Response[Completeness]:
    """Up to when every order of the store is proven to be in FulfilHub, and what the proof rests on. A store of
    platform `api` sends its orders itself, so there is nothing to compare with: its state is `direct`."""
    async with works.reading(merchant.scope) as work:
        return ok(work, await _completeness(work, ids.STORE.find(store_id), settings))


@post(
    "/v1/stores/{store_id:str}/sweep",
    **may("stores:write"),
    tags=TAGS,
    summary="Sweep a store now",
    status_code=202,
    responses=WRITE,
)
async def sweep_store(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    settings: NamedDependency[Settings],
    once: NamedDependency[Once],
    store_id: FromPath[str],
) -> Response[Completeness]:
    """Begins at once to read which orders changed in the store; what is missing is read without waiting for its
    webhook. While a sweep is under way, another follows it."""
    found = ids.STORE.find(store_id)
    async with works.begin(merchant.scope, once) as work:
        await sweeping.sweep_now(work, found, settings.sweeps)
        return ok(work, await _completeness(work, found, settings), 202)


@get(
    "/v1/stores/{store_id:str}/late-orders",
    **may("stores:read"),
    tags=TAGS,
    summary="List what came late",
    responses=READ,
)
async def list_late_orders(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    store_id: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LateOrderOut]:
    """The orders and changes that no webhook had brought when they were read from the store, in the order they were
    found."""
    found = ids.STORE.find(store_id)
    async with works.reading(merchant.scope) as work:
        await queries.get_store(work, found)
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_late(work, found, after, size),
            lambda row: row.id,
            late_order_out,
        )


@get(
    "/v1/stores/{store_id:str}/number-gaps",
    **may("stores:read"),
    tags=TAGS,
    summary="List missing order numbers",
    responses=READ,
)
async def list_number_gaps(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    store_id: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
    gap_state: Annotated[
        GapStateName | None, QueryParameter(name="state", description="Only gaps in this state.")
    ] = None,
) -> Page[NumberGapOut]:
    """Numbers that no order here has although their neighbours are here, and what the store said of each. Always empty
    for WooCommerce, whose orders share their numbers with everything else in the shop."""
    found = ids.STORE.find(store_id)
    async with works.reading(merchant.scope) as work:
        await queries.get_store(work, found)
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_gaps(work, found, gap_state, after, size),
            lambda row: row.id,
            number_gap_out,
        )


@post(
    "/v1/stores/{store_id:str}/backfills",
    **may("stores:write"),
    tags=TAGS,
    summary="Bring in a store's history",
    responses=WRITE,
)
async def create_backfill(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    store_id: FromPath[str],
    data: JSONBody[BackfillIn],
) -> Response[BackfillOut]:
    """Reads every order that changed in a stretch of the past and takes it as the store has it now. Completed and
    cancelled orders are only kept; open ones are fulfilled like any other, unless they are to be held. It goes
    page by page, behind everything that is happening now; one at a time per store."""
    found = ids.STORE.find(store_id)
    async with works.begin(merchant.scope, once) as work:
        made = await backfilling.start(work, found, data.since, data.until, hold_open=data.hold_open)
        body = backfill_out(await queries.get_backfill(work, found, made))
        return created(work, body, f"/v1/stores/{body.store_id}/backfills/{body.id}")


@get(
    "/v1/stores/{store_id:str}/backfills",
    **may("stores:read"),
    tags=TAGS,
    summary="List a store's backfills",
    responses=READ,
)
async def list_backfills(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    store_id: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[BackfillOut]:
    """What was brought in of the store's history, oldest first."""
    found = ids.STORE.find(store_id)
    async with works.reading(merchant.scope) as work:
        await queries.get_store(work, found)
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_backfills(work, found, after, size),
            lambda row: row.id,
            backfill_out,
        )


@get(
    "/v1/stores/{store_id:str}/backfills/{backfill_id:str}",
    **may("stores:read"),
    tags=TAGS,
    summary="Get a backfill",
    responses=READ,
)
async def get_backfill(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    store_id: FromPath[str],
    backfill_id: FromPath[str],
) -> Response[BackfillOut]:
    """One backfill, and how far it is."""
    found, wanted = ids.STORE.find(store_id), ids.BACKFILL.find(backfill_id)
    async with works.reading(merchant.scope) as work:
        return ok(work, backfill_out(await queries.get_backfill(work, found, wanted)))


@post(
    "/v1/stores/{store_id:str}/backfills/{backfill_id:str}/cancel",
    **may("stores:write"),
    tags=TAGS,
    summary="Cancel a backfill",
    status_code=200,
    responses=WRITE,
)
async def cancel_backfill(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    store_id: FromPath[str],
    backfill_id: FromPath[str],
) -> Response[BackfillOut]:
    """Ends a backfill where it is. What it brought in stays; cancelling again changes nothing."""
    found, wanted = ids.STORE.find(store_id), ids.BACKFILL.find(backfill_id)
    async with works.begin(merchant.scope, once) as work:
        await backfilling.cancel(work, found, wanted)
        return ok(work, backfill_out(await queries.get_backfill(work, found, wanted)))


async def _completeness(work: Work, store_id: UUID, settings: Settings) -> Completeness:
    store = await queries.get_store(work, store_id)
    sweep = await queries.sweep_of(work, store_id)
    figures, held = await queries.figures(work, store_id), await queries.held_by(work, store_id)
    return completeness_out(store, sweep, figures, held, timedelta(seconds=settings.sweeps.interval), work.now)


ROUTES = [
    get_completeness,
    sweep_store,
    list_late_orders,
    list_number_gaps,
    create_backfill,
    list_backfills,
    get_backfill,
    cancel_backfill,
]
