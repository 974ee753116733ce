"""Following what shops assign to our locations: asking for it, reading it, answering, and registering services."""

from __future__ import annotations

import random
from collections.abc import Sequence

from fulfilhub.platform.jobs.tickets import OUTSIDE_QUEUE, Retry, Run, Ticket, task
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for, assigns, port
from fulfilhub.stores.adapters.assigning import Answer, AssignedParts, Registered
from fulfilhub.stores.adapters.port import Found, InDoubt, Missing, Refused
from fulfilhub.stores.commands import assigning, following, locating, pulling, updates
from fulfilhub.stores.renewing import with_fresh_tokens
from fulfilhub.stores.rules.assigning import ServiceState


@task("stores.pull_due", batch=1)
async def pull_due(run: Run, tickets: Sequence[Ticket]) -> None:
    """Begin to ask the mapped stores that are due."""
    async with run.works.begin(Platform("ask mapped stores")) as work:
        await work.finish(tickets)
        for merchant_id, store_id, run_id in await pulling.begin_due(work):
            await work.enqueue_for(merchant_id, pulling.PULL, {"store_id": store_id, "run_id": run_id})


@task(pulling.PULL, queue=OUTSIDE_QUEUE, batch=1)
@with_fresh_tokens
async def pull(run: Run, tickets: Sequence[Ticket]) -> None:
    """Ask one store what it wants of us, between two transactions."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    store_id, run_id = ticket.uuid("store_id"), ticket.uuid("run_id")
    async with run.works.begin(scope) as work:
        leg = await pulling.leg(work, run.vault, store_id, run_id)
        if leg is None:
            await work.finish(tickets)
    if leg is None:
        return
    connection, began = leg
    found = await assigns(connection.platform).waiting(run.http, connection)
    async with run.works.begin(scope) as work:
        await work.finish(tickets)
        await pulling.conclude(work, store_id, run_id, began, found, random.random())  # noqa: S311 - no secret


@task(following.FIND, queue=OUTSIDE_QUEUE, batch=1)
@with_fresh_tokens
async def find_assigned(run: Run, tickets: Sequence[Ticket]) -> None:
    """Ask a store which orders these parts belong to, and have them read."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    store_id, parts = ticket.uuid("store_id"), ticket.args["parts"]
    async with run.works.begin(scope) as work:
        connection = queries.connection(run.vault, await queries.sealed_store(work, store_id), work.now)
    named = [str(part) for part in parts] if isinstance(parts, list) else []
    found = await assigns(connection.platform).orders_of(run.http, connection, named)
    if isinstance(found, port.Retry):
        raise Retry(found.reason, found.after)
    async with run.works.begin(scope) as work:
        await work.finish(tickets)
        if not isinstance(found, Refused):
            await following.mark(work, store_id, found.orders)


@task(following.FOLLOW, queue=OUTSIDE_QUEUE, batch=1)
@with_fresh_tokens
async def follow_order(run: Run, tickets: Sequence[Ticket]) -> None:
    """Read an order's parts, take what is ours, and answer the shop: until there is nothing to answer any more."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    store_id, external_id = ticket.uuid("store_id"), str(ticket.args["external_id"])
    told: tuple[Answer, ...] = ()
    remark, rounds = "", following.ROUNDS
    while True:
        async with run.works.begin(scope) as work:
            leg = await following.leg(work, run.vault, store_id, external_id, ticket.uuid("run_id"))
            if leg is None:
                await work.finish(tickets)
        if leg is None:
            return
        read = await _read(run, leg)
        if isinstance(read, port.Retry):
            await _again(run, ticket, leg, read)
            return
        if isinstance(read, Refused):
            await _end(run, ticket, leg, read.code, read.reason)
            return
        async with run.works.begin(scope) as work:
            judged = await assigning.take(work, run.vault, leg, *read, run.settings.policy.raw_retention_days)
            if not judged.answers:
                await work.finish(tickets)
                await following.conclude(work, leg, code=judged.code, reason=judged.reason)
        if not judged.answers:
            return
        rounds -= 1
        if (remark and judged.answers == told) or not rounds:  # it said no, or would be told again and again
            await _end(run, ticket, leg, "answer_refused", remark or "The shop goes on asking the same.")
            return
        ended = await assigns(leg.connection.platform).answer(run.http, leg.connection, judged.answers)
        if isinstance(ended, port.Retry | InDoubt):
            await _again(run, ticket, leg, ended)
            return
        if isinstance(ended, Refused):
            await _end(run, ticket, leg, ended.code, ended.reason)
            return
        told, remark = judged.answers, ended.remark


async def _read(run: Run, leg: following.Leg) -> tuple[Found | Missing, AssignedParts | Missing] | port.Retry | Refused:
    """The order and all of its parts; the parts first, for they say what of the order is ours."""
    connection = leg.connection
    parts = await assigns(connection.platform).parts(run.http, connection, leg.external_id)
    if isinstance(parts, port.Retry | Refused):
        return parts
    if isinstance(parts, Missing):
        return Missing(), parts
    order = await adapter_for(connection.platform).fetch_order(run.http, connection, leg.external_id)
    return order if isinstance(order, port.Retry | Refused) else (order, parts)


async def _again(run: Run, ticket: Ticket, leg: following.Leg, trouble: port.Retry | InDoubt) -> None:
    """Try again later; a store that is not reached for long is asked about the order with the next sweep."""
    if ticket.attempts < run.settings.jobs.max_attempts:
        raise Retry(trouble.reason, trouble.after)
    await _end(run, ticket, leg, "unreachable", trouble.reason)


async def _end(run: Run, ticket: Ticket, leg: following.Leg, code: str, reason: str) -> None:
    async with run.works.begin(Merchant(run.account_id, "system")) as work:
        await work.finish([ticket])
        await following.conclude(work, leg, code=code, reason=reason)


@task("stores.heed_orders", batch=100)
async def heed_orders(run: Run, tickets: Sequence[Ticket]) -> None:
    """Something happened to orders: the shops that assigned them are answered."""
    async with run.works.begin(Merchant(run.account_id, "system")) as work:
        await work.finish(tickets)
        await following.mark_ours(work, {ticket.uuid("order_id") for ticket in tickets})


@task("stores.tell_milestones", batch=100)
async def tell_milestones(run: Run, tickets: Sequence[Ticket]) -> None:
    """Parcels went on, or stores heard of shipments: write down that these are to be told where they are."""
    async with run.works.begin(Merchant(run.account_id, "system")) as work:
        await work.finish(tickets)
        named = [
            {name: each.uuid(name) for name in ("parcel_id", "shipment_id") if name in each.args} for each in tickets
        ]
        parcels = {each["parcel_id"] for each in named if "parcel_id" in each}
        await updates.note_milestones(work, parcels, {each["shipment_id"] for each in named if "shipment_id" in each})


@task(locating.REGISTER, queue=OUTSIDE_QUEUE, batch=1)
@with_fresh_tokens
async def register_service(run: Run, tickets: Sequence[Ticket]) -> None:
    """Register a service in a shop, or end it, between two transactions; after a lost answer it is read back first."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    store_id, service_id = ticket.uuid("store_id"), ticket.uuid("service_id")
    async with run.works.begin(scope) as work:
        leg = await locating.service_leg(work, run.vault, store_id, service_id)
        if leg is None:
            await work.finish(tickets)
    if leg is None:
        return
    connection, row = leg
    adapter = assigns(connection.platform)
    answer: Registered | port.Ended
    if row.state == ServiceState.UNWANTED and row.service_id is not None:
        answer = await adapter.unregister(run.http, connection, row.service_id)
    else:
        callback = locating.callback_of(run.vault, run.settings.server.url, service_id)
        answer = await adapter.register(run.http, connection, row.name, callback)
    if isinstance(answer, InDoubt | port.Retry) and ticket.attempts < run.settings.jobs.max_attempts:
        raise Retry(answer.reason, answer.after)
    async with run.works.begin(scope) as work:
        await work.finish(tickets)
        await locating.service_done(work, row, answer)
