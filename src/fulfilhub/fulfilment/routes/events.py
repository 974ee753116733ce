"""What whoever runs a warehouse must know of its work, in order and once each, however long its system was away."""

from __future__ import annotations

from time import monotonic
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from fulfilhub.accounts import queries
from fulfilhub.accounts.principal import PartnerCaller, may
from fulfilhub.accounts.rules import AccountKind
from fulfilhub.accounts.schemas import EventPage, event_out
from fulfilhub.platform.errors import Forbidden, Invalid, RateLimited, Unauthenticated
from fulfilhub.platform.waiting import Watch
from fulfilhub.platform.work import Works
from fulfilhub.web.paging import Limit, decode_cursor, encode_cursor
from fulfilhub.web.problems import problems

LONGEST = 30
TOLD = {AccountKind.PARTNER: ("work", "contract"), AccountKind.MERCHANT: ("work", "fulfilment")}
"""What each kind of account reads here, by how the types begin: who runs its own warehouse has its work in its own
words."""

Since = Annotated[
    str | None,
    QueryParameter(
        max_length=500,
        description="Where to go on: `next_cursor` of the answer before; empty for the beginning.",
        schema_extra={"examples": ["WzEyXQ"]},
    ),
]
Wait = Annotated[
    int, QueryParameter(ge=0, le=LONGEST, description="Seconds to wait for something new, where there is nothing yet.")
]


@get(
    "/v1/work/events",
    **may("work:read"),
    tags=["Work"],
    summary="Read what happened to your work",
    responses=problems(Unauthenticated, Forbidden, Invalid, RateLimited),
)
async def list_work_events(
    works: NamedDependency[Works],
    watch: NamedDependency[Watch],
    partner: NamedDependency[PartnerCaller],
    limit: Limit = 50,
    after: Since = None,
    wait: Wait = 0,
) -> EventPage:
    """New work, work held or changed, cancels that are asked for, leases that ran out, and contracts, in commit order.
    Keep `next_cursor` and ask again with it: it never skips an event and never repeats one. With `wait` the answer
    comes as soon as there is something. Webhooks tell the same."""
    until = monotonic() + wait
    found = await _read(works, partner, _number(after), limit)
    # What is new may be none of this: then the wait goes on.
    while not found.data:
        seen = _number(found.next_cursor)
        if not await watch.beyond(partner.caller.account_id, seen, until - monotonic()):
            break
        found = await _read(works, partner, seen, limit)
    return found


def _number(after: str | None) -> int:
    if not after:
        return 0
    (found,) = decode_cursor(after, int)
    return min(max(int(str(found)), 0), 2**62)


async def _read(works: Works, partner: PartnerCaller, begun: int, limit: int) -> EventPage:
    """A page; with the last of them, the cursor is past everything else that the log holds, too."""
    async with works.reading(partner.scope) as work:
        rows = await queries.list_events(work, begun, limit + 1, among=TOLD[partner.caller.kind])
        whole = len(rows) <= limit
        last = max(begun, await queries.last_number(work)) if whole else rows[limit - 1].seq
    return EventPage(data=[event_out(row) for row in rows[:limit]], next_cursor=encode_cursor(last), has_more=not whole)


ROUTES = [list_work_events]
