"""Charging orders when they are shipped."""

from __future__ import annotations

from collections.abc import Sequence

from fulfilhub.billing import commands, queries
from fulfilhub.platform.jobs.tickets import Run, Ticket, task
from fulfilhub.platform.scopes import Merchant


@task("billing.charge_order", batch=200)
async def charge_order(run: Run, tickets: Sequence[Ticket]) -> None:
    """One charge per order, however many shipments tell of it. Raises NoPrice, which ends as a dead ticket."""
    async with run.works.begin(Merchant(run.account_id, "system")) as work:
        await work.finish(tickets)
        shipments = await queries.shipped(work, [ticket.uuid("shipment_id") for ticket in tickets])
        await commands.charge_orders(work, shipments)
