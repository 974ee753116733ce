"""The work queue of whoever runs a warehouse: claim, accept, reject, pick, pack. Shipping is `shipping`'s."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from fulfilhub.accounts.principal import PartnerCaller, may
from fulfilhub.fulfilment import queries
from fulfilhub.fulfilment.commands import claiming, handling, packing, refusing
from fulfilhub.fulfilment.commands.handling import Pick
from fulfilhub.fulfilment.queries import WorkRow
from fulfilhub.fulfilment.rules import WorkState
from fulfilhub.fulfilment.schemas import (
    ClaimIn,
    ClaimOut,
    LeasedIn,
    LeaseIn,
    LeaseOut,
    PicksIn,
    RejectIn,
    ReleasedOut,
    ShortPickIn,
    WorkOrderOut,
    rejected_of,
    wanted_of,
    work_out,
)
from fulfilhub.fulfilment.schemas.packing import PackIn, packed_parcels
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Work, Works
from fulfilhub.web.links import BODY, After, after
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import ok

READ = problems(Unauthenticated, Forbidden, NotFound, Invalid, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Invalid, RateLimited)
WarehouseFilter = Annotated[str | None, QueryParameter(max_length=60, description="Only this warehouse's work.")]
ServiceFilter = Annotated[str | None, QueryParameter(max_length=200, description="Only work of this service.")]


def _lease(text: str) -> UUID:
    return ids.LEASE.read(text, "/lease_id")


async def _fresh(work: Work, row: WorkRow) -> WorkOrderOut:
    return work_out(await queries.read_work(work, row.account_id, row.id), work.now)


@post("/v1/work/claims", **may("work:write"), tags=["Work"], summary="Claim work", status_code=200, responses=WRITE)
async def claim_work(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    settings: NamedDependency[Settings],
    data: JSONBody[ClaimIn],
) -> Response[ClaimOut]:
    """Leases a batch that nobody else has, of what the filters let through, the earliest ship-by first. Send heartbeats
    to `extend`; when the lease ends, the work goes back to the queue. Idempotency-Keys are not kept for claims: a lost
    answer's lease runs out."""
    warehouse_id, wanted = ids.WAREHOUSE.read(data.warehouse_id, "/warehouse_id"), wanted_of(data)
    async with works.begin(partner.scope) as work:
        lease_id, until, rows = await claiming.claim(
            work,
            warehouse_id,
            data.limit,
            wanted,
            seconds=data.lease_seconds or settings.policy.work_lease,
        )
        if not rows:
            work.leave_no_trace()
        shown = [work_out(row, work.now) for row in rows]
        made = ClaimOut(lease_id=ids.LEASE.show(lease_id), lease_until=until, data=shown)
        return ok(work, made)


@post(
    "/v1/work/leases/{lease_id:str}/extend",
    **may("work:write", audited=False),
    tags=["Work"],
    summary="Extend a lease (heartbeat)",
    status_code=200,
    responses=WRITE,
)
async def extend_lease(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    settings: NamedDependency[Settings],
    lease_id: FromPath[str],
    data: JSONBody[LeaseIn],
) -> Response[LeaseOut]:
    """Keeps a lease alive; tells which work orders are still under it."""
    async with works.begin(partner.scope) as work:
        seconds = data.lease_seconds or settings.policy.work_lease
        until, under = await claiming.extend(work, ids.LEASE.find(lease_id), seconds)
        shown = [ids.WORK_ORDER.show(each) for each in under]
        return ok(work, LeaseOut(lease_id=lease_id, lease_until=until, work_order_ids=shown))


@post(
    "/v1/work/leases/{lease_id:str}/release",
    **may("work:write"),
    tags=["Work"],
    summary="Release a lease",
    status_code=200,
    responses=WRITE,
)
async def release_lease(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    once: NamedDependency[Once],
    lease_id: FromPath[str],
) -> Response[ReleasedOut]:
    """Gives everything under the lease back to the queue. Repeating is harmless."""
    found = ids.LEASE.find(lease_id)
    async with works.begin(partner.scope, once) as work:
        back = await refusing.release(work, await claiming.leased(work, found), found)
        return ok(work, ReleasedOut(lease_id=lease_id, work_order_ids=[ids.WORK_ORDER.show(each) for each in back]))


@get("/v1/work/orders", **may("work:read"), tags=["Work"], summary="List work orders", responses=READ)
async def list_work(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    limit: Limit = 50,
    cursor: Cursor = None,
    warehouse_id: WarehouseFilter = None,
    work_state: Annotated[WorkState | None, QueryParameter(name="state")] = None,
    service: ServiceFilter = None,
) -> Page[WorkOrderOut]:
    """The work of your warehouses, oldest first."""
    warehouse = None if warehouse_id is None else ids.WAREHOUSE.read(warehouse_id, "query/warehouse_id")
    async with works.reading(partner.scope) as work:
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_work(
                work, after, size, warehouse_id=warehouse, state=work_state, service=service
            ),
            lambda row: row.id,
            lambda row: work_out(row, work.now),
        )


@get("/v1/work/orders/{work_id:str}", **may("work:read"), tags=["Work"], summary="Get a work order", responses=READ)
async def get_work(
    works: NamedDependency[Works], partner: NamedDependency[PartnerCaller], work_id: FromPath[str]
) -> WorkOrderOut:
    """One work order as it is now."""
    async with works.reading(partner.scope) as work:
        row = await queries.read_work(work, partner.caller.account_id, ids.WORK_ORDER.find(work_id))
        return work_out(row, work.now)


CLAIMED = After({"work_id": f"{BODY}/data/0/id"}, {"lease_id": f"{BODY}/lease_id"})
IN_HAND = After({"work_id": f"{BODY}/id"}, {"lease_id": f"{BODY}/lease_id"})


def _verb(verb: str, summary: str, **led_by: After) -> post:
    return post(
        f"/v1/work/orders/{{work_id:str}}/{verb}",
        **may("work:write", **after(**led_by)),
        tags=["Work"],
        summary=summary,
        status_code=200,
        responses=WRITE,
    )


@_verb("accept", "Accept a work order", claimWork=CLAIMED)
async def accept_work(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    once: NamedDependency[Once],
    work_id: FromPath[str],
    data: JSONBody[LeasedIn],
) -> Response[WorkOrderOut]:
    """You will do it. Repeating is harmless."""
    async with works.begin(partner.scope, once) as work:
        row = await handling.accept(work, ids.WORK_ORDER.find(work_id), _lease(data.lease_id), data.occurred_at)
        return ok(work, await _fresh(work, row))


@_verb("reject", "Reject a work order")
async def reject_work(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    once: NamedDependency[Once],
    work_id: FromPath[str],
    data: JSONBody[RejectIn],
) -> Response[WorkOrderOut]:
    """You can't do it, and why: the order is routed elsewhere and this warehouse is not asked again for it. With
    `only_lines` this is so for the lines that you name, and the rest of the work goes on."""
    found, lease_id, lines = ids.WORK_ORDER.find(work_id), _lease(data.lease_id), rejected_of(data)
    if data.only_lines and not lines:
        detail = "Name the lines that you reject."
        raise Invalid(detail, fields=[FieldError("/lines", detail)])
    async with works.begin(partner.scope, once) as work:
        if data.only_lines:
            row = await refusing.reject_lines(work, found, lease_id, lines)
        else:
            row = await refusing.reject(work, found, lease_id, data.reason, data.note, lines)
        return ok(work, await _fresh(work, row))


@_verb("pick", "Report picks", acceptWork=IN_HAND)
async def pick_work(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    once: NamedDependency[Once],
    work_id: FromPath[str],
    data: JSONBody[PicksIn],
) -> Response[WorkOrderOut]:
    """Units picked so far in all, per line; a wrong barcode is refused with what the line wants. Kits are counted
    whole, and scanned as their components."""
    picks = (
        None
        if data.lines is None
        else [
            Pick(ids.ORDER_LINE.read(line.line_id, f"/lines/{place}/line_id"), line.picked, tuple(line.barcodes))
            for place, line in enumerate(data.lines)
        ]
    )
    async with works.begin(partner.scope, once) as work:
        row = await handling.pick(work, ids.WORK_ORDER.find(work_id), _lease(data.lease_id), picks, data.occurred_at)
        return ok(work, await _fresh(work, row))


@_verb("short-pick", "Report a short pick")
async def pick_short(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    once: NamedDependency[Once],
    work_id: FromPath[str],
    data: JSONBody[ShortPickIn],
) -> Response[WorkOrderOut]:
    """Fewer are there than wanted: stock is corrected, the missing units go elsewhere, the rest goes on. Of a kit,
    name the component that is short: whole kits go on, the other components are free again."""
    line_id = ids.ORDER_LINE.read(data.line_id, "/line_id")
    part = None if data.product_id is None else ids.PRODUCT.read(data.product_id, "/product_id")
    async with works.begin(partner.scope, once) as work:
        found = ids.WORK_ORDER.find(work_id)
        row = await handling.pick_short(
            work, found, _lease(data.lease_id), line_id, data.found, data.reason, part, data.occurred_at
        )
        return ok(work, await _fresh(work, row))


@_verb("pack", "Report packing")
async def pack_work(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    once: NamedDependency[Once],
    work_id: FromPath[str],
    data: JSONBody[PackIn],
) -> Response[WorkOrderOut]:
    """Everything picked is in these parcels. `GET .../cartons` proposes boxes; what was taken is what you say here."""
    parcels = packed_parcels(data.parcels)
    async with works.begin(partner.scope, once) as work:
        found = ids.WORK_ORDER.find(work_id)
        row = await packing.pack(work, found, _lease(data.lease_id), parcels, data.occurred_at)
        return ok(work, await _fresh(work, row))


ROUTES = [
    claim_work,
    extend_lease,
    release_lease,
    list_work,
    get_work,
    accept_work,
    reject_work,
    pick_work,
    pick_short,
    pack_work,
]
