"""The cartons that are proposed for a work order."""

from __future__ import annotations

import asyncio

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from fulfilhub.accounts.principal import PartnerCaller, may
from fulfilhub.fulfilment.queries import read_work
from fulfilhub.inventory.queries.boxes import MOST_BOXES, list_boxes
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Forbidden, NotFound, RateLimited, Unauthenticated
from fulfilhub.platform.work import Works
from fulfilhub.shipping.rules.cartons import cartonise
from fulfilhub.shipping.schemas.cartons import CartonsOut, boxes_to_fill, cartons_out, items_of
from fulfilhub.web.problems import problems

READ = problems(Unauthenticated, Forbidden, NotFound, RateLimited)


@get(
    "/v1/work/orders/{work_id:str}/cartons",
    **may("work:read"),
    tags=["Work"],
    summary="Propose cartons",
    responses=READ,
)
async def propose_cartons(
    works: NamedDependency[Works], partner: NamedDependency[PartnerCaller], work_id: FromPath[str]
) -> CartonsOut:
    """Which of the warehouse's boxes to take for what is to be shipped, and how it lies in them. What has no size or
    weight, or fits no box, is named. Say at `pack` what you took: this binds nobody."""
    found = ids.WORK_ORDER.find(work_id)
    async with works.reading(partner.scope) as work:
        row = await read_work(work, partner.caller.account_id, found)
        boxes = await list_boxes(work, row.warehouse_id, None, MOST_BOXES, active=True)
    plan = await asyncio.to_thread(cartonise, items_of(row), boxes_to_fill(boxes))
    return cartons_out(row.id, plan)


ROUTES = [propose_cartons]
