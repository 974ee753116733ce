"""Orders over HTTP: taken one by one or in batches, listed, and their timeline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, cast
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from fulfilhub.accounts.principal import MerchantCaller, may
from fulfilhub.orders import queries
from fulfilhub.orders.commands import NO_STORE, Outcome, Taken, take_each
from fulfilhub.orders.commands.keeping import Sealed
from fulfilhub.orders.incoming import IncomingOrder
from fulfilhub.orders.queries import Filters, Whole
from fulfilhub.orders.rules import OrderStatus, PromiseState
from fulfilhub.orders.schemas import (
    OrderAnswerOut,
    OrderBatchIn,
    OrderBatchOut,
    OrderIn,
    OrderOut,
    TimelineEntryOut,
    incoming,
    order_out,
    timeline_out,
)
from fulfilhub.orders.together import Intake, Told
from fulfilhub.platform import ids
from fulfilhub.platform.errors import (
    Conflict,
    Forbidden,
    FulfilHubError,
    Invalid,
    NotFound,
    RateLimited,
    Stale,
    Unauthenticated,
)
from fulfilhub.platform.gathering import Kept
from fulfilhub.platform.inbox import Raw, seal
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Work, Works
from fulfilhub.web.bodies import Reader
from fulfilhub.web.checks import ApiRequest
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, id_cursor, page, page_of
from fulfilhub.web.problems import Malformed, Problem, describe, problems
from fulfilhub.web.replies import created, ok

READ = problems(Unauthenticated, Forbidden, NotFound, Invalid, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Stale, Invalid, RateLimited)
REPEATED = ResponseSpec(OrderOut, description="Taken before: the order as it is now.", generate_examples=False)
ITEM = Reader(OrderIn)


def _exactly(what: str, most: int = 320) -> Any:
    return QueryParameter(max_length=most, description=f"Only orders with this {what}.")


Number = Annotated[str | None, _exactly("number")]
Email = Annotated[str | None, _exactly("e-mail address of the customer")]
TrackingNumber = Annotated[str | None, _exactly("tracking number on one of their parcels")]
ExternalId = Annotated[str | None, _exactly("id in the store (or of your own)")]
StoreFilter = Annotated[str | None, QueryParameter(max_length=60, description="Only orders of this store.")]
After = Annotated[
    datetime | None, QueryParameter(description="Only what is after this moment (RFC 3339, with offset).")
]
Before = Annotated[
    datetime | None, QueryParameter(description="Only what is before this moment (RFC 3339, with offset).")
]


def links(vault: Vault, settings: Settings) -> Callable[[UUID], str]:
    """Makes the customer's unguessable link of an order."""

    def page_link(order_id: UUID) -> str:
        return f"{settings.server.url}/t/{ids.ORDER.show(order_id)}.{vault.link_mac('order', order_id)}"

    return page_link


def _sealed(vault: Vault, settings: Settings, now: datetime, topic: str, body: bytes) -> Sealed:
    raw = Raw(source="api", topic=topic, dedupe_key="", headers={}, body=body)
    return Sealed("api", topic, seal(vault, raw), now + timedelta(days=settings.policy.raw_retention_days))


def _differs(taken: Taken) -> Conflict:
    return Conflict(
        f"There is another order with this external_id ({ids.ORDER.show(taken.order_id)}); to change it, PATCH it.",
        code="order_exists",
        more={"order_id": ids.ORDER.show(taken.order_id)},
    )


def _store(told: OrderIn, pointer: str = "/store_id") -> UUID:
    return NO_STORE if told.store_id is None else ids.STORE.read(told.store_id, pointer)


@post(
    "/v1/orders",
    **may("orders:write"),
    tags=["Orders"],
    summary="Take an order",
    responses={**WRITE, 200: REPEATED},
)
async def create_order(
    request: ApiRequest,
    intake: NamedDependency[Intake],
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    data: JSONBody[OrderIn],
) -> Response[OrderOut]:
    """Takes an order once: the same `external_id` again is answered with the order as it is. What can't be resolved (an
    unknown SKU, no address) is kept as `needs_review` with its reasons, to be corrected by PATCH."""

    def answer(taken: Taken, whole: Whole | None) -> Response[OrderOut]:
        if whole is None or taken.outcome is Outcome.DIFFERS:
            raise _differs(taken)
        made = order_out(whole, links(vault, settings))
        if taken.outcome is Outcome.CREATED:
            return created(kept, made, f"/v1/orders/{made.id}")
        kept.concerns(made.id)
        return ok(kept, made)

    raw = _sealed(vault, settings, works.clock(), "order", await request.body())
    kept = Kept(once, merchant.scope.doing)
    return await intake.call(merchant.scope, Told(_store(data), incoming(data), raw, once, answer))


@post(
    "/v1/orders/batch",
    **may("orders:write", batch=True),
    tags=["Orders"],
    summary="Take up to 1,000 orders",
    status_code=200,
    responses=WRITE,
)
async def create_orders(
    request: ApiRequest,
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    data: JSONBody[OrderBatchIn],
) -> Response[OrderBatchOut]:
    """Answers per item, as if each had been sent alone."""
    raw = _sealed(vault, settings, works.clock(), "orders", await request.body())
    read = [await _read_item(item) for item in data.orders]
    async with works.begin(merchant.scope, once) as work:
        taken = await _take_all(work, read, raw)
        answers = [_answer(request, place, each) for place, each in enumerate(taken)]
        made = sum(answer.outcome == "created" for answer in answers)
        failed = sum(answer.outcome == "invalid" for answer in answers)
        return ok(
            work,
            OrderBatchOut(created=made, duplicates=len(answers) - made - failed, failed=failed, data=answers),
        )


async def _read_item(item: object) -> tuple[UUID, IncomingOrder] | FulfilHubError:
    try:
        told = await ITEM.read(msgspec.json.encode(item))
        return _store(told), incoming(told)
    except (Invalid, Malformed) as error:
        return error


async def _take_all(
    work: Work, read: Sequence[tuple[UUID, IncomingOrder] | FulfilHubError], raw: Sealed
) -> list[Taken | FulfilHubError]:
    verdicts = iter(await take_each(work, [each for each in read if not isinstance(each, FulfilHubError)], [raw]))
    return [each if isinstance(each, FulfilHubError) else next(verdicts) for each in read]


def _answer(request: ApiRequest, index: int, taken: Taken | FulfilHubError) -> OrderAnswerOut:
    if isinstance(taken, Taken) and taken.outcome is Outcome.DIFFERS:
        taken = _differs(taken)
    if isinstance(taken, FulfilHubError):
        problem = msgspec.convert(describe(cast("Any", request.scope), taken), Problem)
        return OrderAnswerOut(index=index, status=problem.status, outcome="invalid", problem=problem)
    new = taken.outcome is Outcome.CREATED
    return OrderAnswerOut(
        index=index,
        status=201 if new else 200,
        outcome="created" if new else "duplicate",
        order_id=ids.ORDER.show(taken.order_id),
        order_status=taken.status,
    )


@get("/v1/orders", **may("orders:read"), tags=["Orders"], summary="List and search orders", responses=READ)
async def list_orders(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    limit: Limit = 50,
    cursor: Cursor = None,
    number: Number = None,
    email: Email = None,
    tracking_number: TrackingNumber = None,
    external_id: ExternalId = None,
    store_id: StoreFilter = None,
    order_status: Annotated[OrderStatus | None, QueryParameter(name="status")] = None,
    promise: Annotated[PromiseState | None, QueryParameter(description="How its promise stands.")] = None,
    created_after: After = None,
    created_before: Before = None,
    placed_after: After = None,
    placed_before: Before = None,
) -> Page[OrderOut]:
    """Oldest first. Number, e-mail and tracking number are compared without regard to case and blanks."""
    filters = Filters(
        number=number,
        email=email,
        tracking_number=tracking_number,
        external_id=external_id,
        store_id=None if store_id is None else ids.STORE.read(store_id, "query/store_id"),
        status=order_status,
        promise=promise,
        created_after=created_after,
        created_before=created_before,
        placed_after=placed_after,
        placed_before=placed_before,
    )
    async with works.reading(merchant.scope) as work:
        rows = await queries.list_orders(work, id_cursor(cursor), limit + 1, filters)
        wholes = await queries.wholes_of(work, rows[:limit])
    show = links(vault, settings)
    return page(rows, limit, lambda row: (row.id,), lambda row: order_out(wholes[row.id], show))


@get("/v1/orders/{order_id:str}", **may("orders:read"), tags=["Orders"], summary="Get an order", responses=READ)
async def get_order(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    order_id: FromPath[str],
) -> Response[OrderOut]:
    """One order with its lines, holds, promise, and what can be done with it now."""
    async with works.reading(merchant.scope) as work:
        return ok(work, order_out(await queries.get_order(work, ids.ORDER.find(order_id)), links(vault, settings)))


@get(
    "/v1/orders/{order_id:str}/timeline",
    **may("orders:read"),
    tags=["Orders"],
    summary="Read an order's timeline",
    responses=READ,
)
async def get_timeline(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    order_id: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TimelineEntryOut]:
    """What happened, oldest first."""
    found = ids.ORDER.find(order_id)
    async with works.reading(merchant.scope) as work:
        await queries.get_order(work, found)
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.timeline(work, found, after, size),
            lambda row: row.id,
            timeline_out,
        )


ROUTES = [create_order, create_orders, list_orders, get_order, get_timeline]
