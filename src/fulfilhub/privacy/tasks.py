"""Carrying out privacy requests, and forgetting exports in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from fulfilhub.platform.jobs.tickets import Run, Ticket, task
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.privacy import commands
from fulfilhub.stores.queries import privacy_ask

SCOPE = Platform("carry out privacy requests")


@task("privacy.take_ask", batch=1)
async def take_ask(run: Run, tickets: Sequence[Ticket]) -> None:
    """Make a request of what a store's platform asks about its customers."""
    (ticket,) = tickets
    store_id = ticket.uuid("store_id")
    async with run.works.begin(Merchant(run.account_id, "system")) as work:
        await work.finish(tickets)
        ask = await privacy_ask(work, run.vault, store_id, ticket.uuid("message_id"))
        if ask is not None:
            await commands.request_of_store(work, run.vault, store_id, ask)


@task("privacy.carry_out", batch=1)
async def carry_out(run: Run, tickets: Sequence[Ticket]) -> None:
    """Hand out or erase; what has to wait gets a ticket for later."""
    (ticket,) = tickets
    async with run.works.begin(SCOPE) as work:
        await work.finish(tickets)
        keep_until = work.now + timedelta(days=run.settings.policy.export_days)
        request_id = ticket.uuid("request_id")
        wait = await commands.carry_out(work, run.vault, run.account_id, request_id, keep_until)
        if wait is not None:
            async with work.act_for(run.account_id):
                work.enqueue("privacy.carry_out", {"request_id": request_id}, due_at=work.now + wait)


@task("privacy.expire_exports", batch=1)
async def expire_exports(run: Run, tickets: Sequence[Ticket]) -> None:
    """Empty exports whose time is over."""
    async with run.works.begin(SCOPE) as work:
        await work.finish(tickets)
        await commands.expire_exports(work)
