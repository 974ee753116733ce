"""The audit log, read by cursor."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from fulfilhub.accounts.principal import AnyCaller, may
from fulfilhub.people import queries
from fulfilhub.people.queries import AuditFilter
from fulfilhub.people.schemas import AuditEntryOut, audit_out
from fulfilhub.platform.errors import Forbidden, Invalid, RateLimited, Unauthenticated
from fulfilhub.platform.work import Works
from fulfilhub.web.paging import Cursor, Limit, Page, page, timed_cursor
from fulfilhub.web.problems import problems

Actor = Annotated[
    str | None, QueryParameter(name="actor", max_length=100, description="Only by this key or user (`usr_...`).")
]
Action = Annotated[
    str | None, QueryParameter(name="action", max_length=100, description="Only this operation, such as `createOrder`.")
]
Entity = Annotated[
    str | None, QueryParameter(name="entity", max_length=100, description="Only what was done to this id.")
]
After = Annotated[datetime | None, QueryParameter(name="after", description="Only at or after this time.")]
Before = Annotated[datetime | None, QueryParameter(name="before", description="Only before this time.")]


@get(
    "/v1/audit-log",
    **may("audit:read"),
    tags=["Audit log"],
    summary="Read the audit log",
    responses=problems(Unauthenticated, Forbidden, Invalid, RateLimited),
)
async def list_audit_log(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    limit: Limit = 50,
    cursor: Cursor = None,
    actor: Actor = None,
    action: Action = None,
    entity: Entity = None,
    after: After = None,
    before: Before = None,
) -> Page[AuditEntryOut]:
    """Who did what, the newest first: every write by a key or a person, done or refused, and every sign-in. Nobody can
    change or delete a row. Test mode has a log of its own."""
    wanted = AuditFilter(actor, action, entity, after, before)
    async with works.reading(anyone.scope) as work:
        rows = await queries.list_audit(work, wanted, timed_cursor(cursor), limit + 1)
    return page(rows, limit, lambda row: (row.at, row.id), audit_out)


ROUTES = [list_audit_log]
