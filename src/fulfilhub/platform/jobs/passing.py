"""Tickets on their way from one account's queue into another's: what follows there is done in that account's scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from fulfilhub.platform.jobs.tickets import Run, Ticket, task
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.work import CARRY_OVER, Job


@task(CARRY_OVER, batch=200)
async def pass_on(run: Run, tickets: Sequence[Ticket]) -> None:
    """Hand each ticket to its account, all in one transaction."""
    passed: dict[UUID, list[Job]] = {}
    for ticket in tickets:
        due = datetime.fromisoformat(str(ticket.args["due_at"]))
        job = str(ticket.args["kind"]), cast("dict[str, object]", ticket.args["args"]), due
        passed.setdefault(ticket.uuid("account_id"), []).append(job)
    async with run.works.begin(Platform("pass tickets on")) as work:
        await work.finish(tickets)
        for account_id, jobs in sorted(passed.items()):
            await work.enqueue_all_for(account_id, jobs)
