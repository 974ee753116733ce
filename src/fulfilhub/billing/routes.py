"""The merchant's charges."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from fulfilhub.accounts.principal import MerchantCaller, may
from fulfilhub.billing import queries
from fulfilhub.billing.queries import ChargeFilter
from fulfilhub.billing.rules import month_bounds
from fulfilhub.billing.schemas import ChargeKindName, ChargeOut, ChargeSummaryOut, charge_out, sum_out
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Forbidden, Invalid, RateLimited, Unauthenticated
from fulfilhub.platform.work import Works
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.problems import problems

READ = problems(Unauthenticated, Forbidden, Invalid, RateLimited)

Kind = Annotated[ChargeKindName | None, QueryParameter(description="Only charges of this kind.")]
OrderId = Annotated[str | None, QueryParameter(max_length=60, description="Only the charges for this order.")]
After = Annotated[datetime | None, QueryParameter(description="Only what occurred after this moment.")]
Before = Annotated[datetime | None, QueryParameter(description="Only what occurred before this moment.")]
Month = Annotated[
    str,
    QueryParameter(
        pattern=r"^[12][0-9]{3}-(0[1-9]|1[0-2])$",
        description="A month in UTC, such as 2026-11.",
        schema_extra={"examples": ["2026-11"]},
    ),
]


@get("/v1/charges", **may("billing:read"), tags=["Billing"], summary="List charges", responses=READ)
async def list_charges(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    limit: Limit = 50,
    cursor: Cursor = None,
    kind: Kind = None,
    order_id: OrderId = None,
    occurred_after: After = None,
    occurred_before: Before = None,
) -> Page[ChargeOut]:
    """What was charged and why, oldest first. An order is charged once, with its first shipment."""
    wanted = ChargeFilter(
        kind=kind,
        cause=None if order_id is None else ids.ORDER.read(order_id, "query/order_id"),
        occurred_after=_aware(occurred_after),
        occurred_before=_aware(occurred_before),
    )
    async with works.reading(merchant.scope) as work:
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_charges(work, wanted, after, size),
            lambda row: row.id,
            charge_out,
        )


@get("/v1/charges/summary", **may("billing:read"), tags=["Billing"], summary="Sum a month's charges", responses=READ)
async def summarise_charges(
    works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller], month: Month
) -> ChargeSummaryOut:
    """The month's charges per kind and currency, before tax."""
    start, end = month_bounds(month)
    async with works.reading(merchant.scope) as work:
        return ChargeSummaryOut(month=month, sums=[sum_out(row) for row in await queries.sums(work, start, end)])


def _aware(given: datetime | None) -> datetime | None:
    """A time without an offset is taken as UTC."""
    return given.replace(tzinfo=UTC) if given is not None and given.tzinfo is None else given


ROUTES = [list_charges, summarise_charges]
