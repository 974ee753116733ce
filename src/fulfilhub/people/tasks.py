"""Forgetting in time: ended sessions, old links, and the brake's memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from fulfilhub.people.rules import LINKS_KEPT
from fulfilhub.platform.jobs.tickets import Run, Ticket, task
from fulfilhub.platform.scopes import Platform

SCOPE = Platform("forget ended sessions and old links")
QUIET = timedelta(days=1)

# Each statement takes what ended before the moment it is given.
FORGET = (
    ("DELETE FROM user_sessions WHERE expires_at <= $1", timedelta(0)),
    ("DELETE FROM user_links WHERE expires_at <= $1", LINKS_KEPT),
    ("DELETE FROM brakes WHERE touched_at <= $1 AND next_at <= $1", QUIET),
)


@task("people.forget", batch=1)
async def forget(run: Run, tickets: Sequence[Ticket]) -> None:
    """Delete what is over: sessions at once, links after 90 days, the brake's counts after a day without a try."""
    async with run.works.begin(SCOPE) as work:
        await work.finish(tickets)
        for statement, kept in FORGET:
            await work.execute_raw(statement, work.now - kept)
