"""Jobs of returns: telling operators of what comes to their warehouses."""

from __future__ import annotations

from collections.abc import Sequence

from fulfilhub.platform.jobs.tickets import Run, Ticket, task
from fulfilhub.platform.scopes import Partner
from fulfilhub.returns.commands.telling import TELL, tell


@task(TELL)
async def tell_work(run: Run, tickets: Sequence[Ticket]) -> None:
    """Tell an operator's log of returns, in the order in which they changed."""
    told = dict.fromkeys((ticket.uuid("return_id"), bool(ticket.args["new"])) for ticket in tickets)
    async with run.works.begin(Partner(run.account_id)) as work:
        await work.finish(tickets)
        await tell(work, list(told))
