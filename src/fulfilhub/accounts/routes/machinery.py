"""The event log by cursor, and dead jobs: listed and run again."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from fulfilhub.accounts import queries
from fulfilhub.accounts.principal import AnyCaller, may
from fulfilhub.accounts.schemas import EventPage, JobOut, RerunOut, event_out, job_out
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from fulfilhub.platform.jobs import deadletters
from fulfilhub.platform.work import Works
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, cursor_like, decode_cursor, encode_cursor, page_of
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import ok

EventCursor = Annotated[str | None, cursor_like("WzEyXQ")]
EventType = Annotated[
    str | None, QueryParameter(name="type", max_length=100, description="Only this type, such as `shipment.created`.")
]


@get(
    "/v1/events",
    **may("events:read"),
    tags=["Events"],
    summary="Read the event log",
    responses=problems(Unauthenticated, Forbidden, Invalid, RateLimited),
)
async def list_events(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    limit: Limit = 50,
    cursor: EventCursor = None,
    type_: EventType = None,
) -> EventPage:
    """What happened in the account, in commit order. Keep `next_cursor` and ask again with it for what came since:
    it never skips an event and never repeats one."""
    after = 0
    if cursor:
        (found,) = decode_cursor(cursor, int)
        after = min(max(int(str(found)), 0), 2**62)
    async with works.reading(anyone.scope) as work:
        rows = await queries.list_events(work, after, limit + 1, type_)
    shown = rows[:limit]
    last = shown[-1].seq if shown else after
    return EventPage(
        data=[event_out(row) for row in shown], next_cursor=encode_cursor(last), has_more=len(rows) > limit
    )


@get(
    "/v1/jobs",
    **may("jobs:read"),
    tags=["Jobs"],
    summary="List dead jobs",
    responses=problems(Unauthenticated, Forbidden, Invalid, RateLimited),
)
async def list_dead_jobs(
    works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], limit: Limit = 50, cursor: Cursor = None
) -> Page[JobOut]:
    """Background work that failed too often and waits for a person, newest first."""
    async with works.reading(anyone.scope) as work:
        return await page_of(
            limit, cursor, lambda before, size: deadletters.list_dead(work, before, size), lambda r: r.id, job_out
        )


@post(
    "/v1/jobs/{job_id:str}/rerun",
    **may("jobs:write"),
    tags=["Jobs"],
    summary="Run a dead job again",
    status_code=200,
    responses=problems(Unauthenticated, Forbidden, NotFound, RateLimited),
)
async def rerun_job(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    job_id: FromPath[str],
) -> Response[RerunOut]:
    """Gives a dead job a fresh start."""
    async with works.begin(anyone.scope, once) as work:
        if not await deadletters.rerun(work, [ids.JOB.find(job_id)]):
            raise NotFound(f"There is no dead job {job_id!r}.")
        return ok(work, RerunOut(id=job_id, state="ready"))


ROUTES = [list_events, list_dead_jobs, rerun_job]
