"""Papers over HTTP: one work order's, or five hundred in one file. Nothing of them is kept anywhere."""

from __future__ import annotations

import asyncio

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from fulfilhub.accounts.principal import PartnerCaller, may
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from fulfilhub.platform.work import Works
from fulfilhub.shipping.queries.papers import papers_of
from fulfilhub.shipping.schemas.papers import (
    PDF,
    ZPL,
    Paper,
    PaperFormat,
    PapersIn,
    check_format,
    check_one_site,
    draw,
    work_ids_of,
)
from fulfilhub.web.openapi import FILES
from fulfilhub.web.problems import problems

READ = problems(Unauthenticated, Forbidden, NotFound, Invalid, RateLimited)
DRAWN = {FILES: {PDF: "%PDF-1.3", ZPL: "^XA"}}


def _file(made: bytes, paper: Paper, drawn_as: PaperFormat) -> Response[bytes]:
    headers = {"Content-Disposition": f'inline; filename="{paper}.{drawn_as}"', "Cache-Control": "no-store"}
    return Response(made, media_type=drawn_as.media_type, headers=headers)


def _paper(paper: Paper, operation_id: str, summary: str, told_of: str) -> HTTPRouteHandler:
    """The route of one paper: each has a path of its own, so that the reference shows them all."""

    @get(
        f"/v1/work/orders/{{work_id:str}}/papers/{paper}",
        **may("work:read", **DRAWN),
        tags=["Work"],
        operation_id=operation_id,
        summary=summary,
        description=f"{told_of} As the work order is now. Letters that can't be printed are named on the paper.",
        responses=READ,
    )
    async def draw_paper(
        works: NamedDependency[Works],
        partner: NamedDependency[PartnerCaller],
        work_id: FromPath[str],
        format: FromQuery[PaperFormat] = PaperFormat.PDF,
    ) -> Response[bytes]:
        check_format(paper, format, "query/format")
        found = ids.WORK_ORDER.find(work_id)
        async with works.reading(partner.scope) as work:
            told, now = await papers_of(work, [found]), work.now
        return _file(await asyncio.to_thread(draw, paper, format, told, now), paper, format)

    return draw_paper


PAPERS = (
    (Paper.PICK_LIST, "drawPickList", "Draw a pick list", "What to take from which shelf, and what to mind."),
    (Paper.PACKING_SLIP, "drawPackingSlip", "Draw a packing slip", "What is in it, for who unpacks it; no prices."),
    (Paper.PARCEL_LABEL, "drawParcelLabels", "Draw parcel labels", "4 by 6 inches, one for each parcel."),
    (Paper.CARTON_LABEL, "drawCartonLabels", "Draw carton labels", "What is in each carton, 4 by 6 inches."),
    (Paper.MANIFEST, "drawManifest", "Draw a manifest", "The parcels to be handed over, to be signed for."),
)


@post(
    "/v1/work/papers",
    **may("work:read", audited=False, **DRAWN),
    tags=["Work"],
    summary="Draw papers of several work orders",
    status_code=200,
    responses=READ,
)
async def draw_papers(
    works: NamedDependency[Works], partner: NamedDependency[PartnerCaller], data: JSONBody[PapersIn]
) -> Response[bytes]:
    """The same paper of up to 500 work orders in one file, in the order in which you name them. Nothing is changed and
    nothing kept: ask again as often as you like, without an Idempotency-Key."""
    check_format(data.paper, data.format, "/format")
    wanted = work_ids_of(data.work_order_ids)
    async with works.reading(partner.scope) as work:
        told, now = await papers_of(work, wanted), work.now
    if data.paper is Paper.MANIFEST:
        check_one_site(told)
    return _file(await asyncio.to_thread(draw, data.paper, data.format, told, now), data.paper, data.format)


ROUTES = [*(_paper(*told) for told in PAPERS), draw_papers]
