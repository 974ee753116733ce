"""Reading what stores delivered, reading orders from stores, and telling stores of shipments."""

from __future__ import annotations

from collections.abc import Sequence

from fulfilhub.platform.jobs.tickets import OUTSIDE_QUEUE, Retry, Run, Ticket, task
from fulfilhub.platform.scopes import Merchant
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for, port
from fulfilhub.stores.commands import deliveries, updates


@task("stores.read_delivery", batch=100)
async def read_delivery(run: Run, tickets: Sequence[Ticket]) -> None:
    """Read stored deliveries and take their orders, in one transaction for the whole batch."""
    async with run.works.begin(Merchant(run.account_id, "system")) as work:
        await work.finish(tickets)
        await deliveries.read_deliveries(work, run.vault, [ticket.uuid("message_id") for ticket in tickets])


@task("stores.reread_order", queue=OUTSIDE_QUEUE, batch=1)
async def reread_order(run: Run, tickets: Sequence[Ticket]) -> None:
    """Read one order from its store, between two transactions, and take it as the store has it now."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    store_id, external_id = ticket.uuid("store_id"), str(ticket.args["external_id"])
    async with run.works.begin(scope) as work:
        row = await queries.sealed_store(work, store_id)
        connection = queries.connection(run.vault, row, work.now)
    found = await adapter_for(connection.platform).fetch_order(run.http, connection, external_id)
    if isinstance(found, port.Retry):
        raise Retry(found.reason, found.after)
    async with run.works.begin(scope) as work:
        await work.finish(tickets)
        await deliveries.take_reread(work, run.vault, row.store, external_id, ticket.uuid("message_id"), found)


@task("stores.tell_shipment", queue=OUTSIDE_QUEUE, batch=1)
async def tell_shipment(run: Run, tickets: Sequence[Ticket]) -> None:
    """Tell the store of an order's shipment: intent, commit, call, outcome."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    async with run.works.begin(scope) as work:
        intent = await updates.intend(work, run.vault, ticket.uuid("shipment_id"))
        if intent is None:
            await work.finish(tickets)
    if intent is None:
        return
    outcome = await adapter_for(intent.platform).push_shipment(run.http, intent.connection, intent.news)
    async with run.works.begin(scope) as work:
        last_try = ticket.attempts >= run.settings.jobs.max_attempts
        again = await updates.conclude(work, intent, outcome, last_try=last_try)
        if again is None:
            await work.finish(tickets)
    if again is not None:
        raise Retry(again.reason, again.after)
