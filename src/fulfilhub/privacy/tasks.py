"""Carrying out privacy requests, and forgetting exports in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from fulfilhub.platform.jobs.tickets import Run, Ticket, task
from fulfilhub.platform.scopes import Platform
from fulfilhub.privacy import commands

SCOPE = Platform("carry out privacy requests")
LOOK_AGAIN = timedelta(hours=6)
"""Until an erasure that waits for orders under way is tried again."""


@task("privacy.carry_out", batch=1)
async def carry_out(run: Run, tickets: Sequence[Ticket]) -> None:
    """Hand out or erase; what has to wait gets a ticket for later."""
    (ticket,) = tickets
    async with run.works.begin(SCOPE) as work:
        await work.finish(tickets)
        keep_until = work.now + timedelta(days=run.settings.policy.export_days)
        request_id = ticket.uuid("request_id")
        if not await commands.carry_out(work, run.vault, run.account_id, request_id, keep_until):
            async with work.act_for(run.account_id):
                work.enqueue("privacy.carry_out", {"request_id": request_id}, due_at=work.now + LOOK_AGAIN)


@task("privacy.expire_exports", batch=1)
async def expire_exports(run: Run, tickets: Sequence[Ticket]) -> None:
    """Empty exports whose time is over."""
    async with run.works.begin(SCOPE) as work:
        await work.finish(tickets)
        await commands.expire_exports(work)
