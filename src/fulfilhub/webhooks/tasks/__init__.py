"""Background work of webhooks: the courier, which sends, and the nightly forgetting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from fulfilhub.platform.jobs.tickets import Run, Ticket, task
from fulfilhub.platform.scopes import Platform
from fulfilhub.webhooks.commands.forgetting import forget

SCOPE = Platform("forget webhook deliveries")


@task("webhooks.forget", batch=1)
async def forget_old(run: Run, tickets: Sequence[Ticket]) -> None:
    """Delete what is older than the retention, and what deleted endpoints leave."""
    retention = timedelta(days=run.settings.webhooks.retention_days)
    more = True
    while more:
        async with run.works.begin(SCOPE) as work:
            more = await forget(work, retention)
    async with run.works.begin(SCOPE) as work:
        await work.finish(tickets)
