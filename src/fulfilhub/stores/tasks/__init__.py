"""Reading what stores delivered, sweeping stores for what they did not, and telling stores of shipments."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import structlog

from fulfilhub.orders.routes import links
from fulfilhub.platform import ids, metrics
from fulfilhub.platform.errors import Unavailable
from fulfilhub.platform.jobs.tickets import OUTSIDE_QUEUE, Retry, Run, Ticket, task
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.work import LeaseLost
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for, errands, port
from fulfilhub.stores.commands import (
    backfilling,
    connections,
    deliveries,
    gaps,
    lanes,
    looking,
    plugins,
    reading,
    sweeping,
    turns,
    updates,
)
from fulfilhub.stores.renewing import renew, with_fresh_tokens
from fulfilhub.stores.rules.completeness import SweepState, after_try, state_of
from fulfilhub.stores.rules.shopify import KEEP_ALIVE
from fulfilhub.stores.tasks import goods  # noqa: F401 - registers its tasks

log = structlog.get_logger("fulfilhub.stores")

SPREAD = timedelta(minutes=1)
"""Runs that become due in one turn of the clock begin at random within it."""

CALLS_AT_ONCE = 4
"""Requests to one store at once, where it is asked about several orders."""

RENEWALS_AT_ONCE = 500

GOODBYES = 3
"""Tries at telling a plugin that its store was disconnected."""


@task("stores.read_delivery", batch=100)
async def read_delivery(run: Run, tickets: Sequence[Ticket]) -> None:
    """Read stored deliveries and take their orders, in one transaction for the whole batch."""
    async with run.works.begin(Merchant(run.account_id, "system")) as work:
        await work.finish(tickets)
        await deliveries.read_deliveries(work, run.vault, [ticket.uuid("message_id") for ticket in tickets])


@task("stores.reread_order", queue=OUTSIDE_QUEUE, batch=1)
@with_fresh_tokens
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
        told_in = ticket.uuid("message_id") if "message_id" in ticket.args else None
        keep = run.settings.policy.raw_retention_days
        await deliveries.take_reread(work, run.vault, row.store, external_id, told_in, found, keep)


@task("stores.tell_shipment", batch=100)
async def tell_shipment(run: Run, tickets: Sequence[Ticket]) -> None:
    """Write down that the stores of shipments are to be told, and see to their turns."""
    async with run.works.begin(Merchant(run.account_id, "system")) as work:
        await work.finish(tickets)
        await updates.note(work, [ticket.uuid("shipment_id") for ticket in tickets])


@task(lanes.TURN, queue=OUTSIDE_QUEUE, batch=1)
@with_fresh_tokens
async def tell(run: Run, tickets: Sequence[Ticket]) -> None:
    """One turn at telling a store what waits for it: intents, commit, calls, outcomes."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    page = links(run.vault, run.settings)
    async with run.works.begin(scope) as work:
        turn = await turns.take(work, run.vault, ticket.uuid("store_id"), ticket.uuid("turn_id"), page)
        if turn is None:
            await work.finish(tickets)
    if turn is None:
        return
    outcomes = await errands.run(run.http, turn.connection, turn.news)
    async with run.works.begin(scope) as work:
        await work.finish(tickets)
        await turns.conclude(work, turn, outcomes, tries=run.settings.jobs.max_attempts, spread=_chance())


@task("stores.watch", batch=100)
async def watch(run: Run, tickets: Sequence[Ticket]) -> None:
    """Give each store that has news to hear a look, and what was lost on the way another try."""
    async with run.works.begin(Platform("watch what goes out to stores")) as work:
        await work.finish(tickets)
        found, counts = await lanes.watch(work)
        for merchant_id, kind, args in found:
            await work.enqueue_for(merchant_id, kind, args)
    for state, size in counts.items():
        metrics.STORE_LANES.labels(state).set(size)


@task(lanes.LOOK, batch=1)
async def look(run: Run, tickets: Sequence[Ticket]) -> None:
    """Note what a store must be told of what happened since it was looked at last."""
    (ticket,) = tickets
    async with run.works.begin(Merchant(run.account_id, "system")) as work:
        await work.finish(tickets)
        await looking.look(work, ticket.uuid("store_id"), ticket.uuid("look_id"), _chance())


@task("stores.ask_to_rotate", queue=OUTSIDE_QUEUE, batch=1)
async def ask_to_rotate(run: Run, tickets: Sequence[Ticket]) -> None:
    """Ask a store's plugin to change its keys, until it hears us or refuses."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    async with run.works.begin(scope) as work:
        connection = await plugins.reachable(work, run.vault, ticket.uuid("store_id"))
        if connection is None:
            await work.finish(tickets)
    if connection is None:
        return
    ended = await adapter_for(connection.platform).ask_to_rotate(run.http, connection)
    if isinstance(ended, port.InDoubt | port.Retry):
        raise Retry(ended.reason, ended.after)
    if isinstance(ended, port.Refused):
        log.warning("stores.rotation_refused", store_id=ids.STORE.show(ticket.uuid("store_id")), code=ended.code)
    async with run.works.begin(scope) as work:
        await work.finish(tickets)


@task("stores.say_goodbye", queue=OUTSIDE_QUEUE, batch=1)
async def say_goodbye(run: Run, tickets: Sequence[Ticket]) -> None:
    """Tell a store's plugin that we no longer serve it, as well as that can be done, and forget how to reach it."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    store_id = ticket.uuid("store_id")
    async with run.works.begin(scope) as work:
        connection = await connections.leaving(work, run.vault, store_id)
        if connection is None:
            await work.finish(tickets)
    if connection is None:
        return
    ended = await adapter_for(connection.platform).say_goodbye(run.http, connection)
    if isinstance(ended, port.InDoubt | port.Retry) and ticket.attempts < GOODBYES:
        raise Retry(ended.reason, ended.after)
    async with run.works.begin(scope) as work:
        await work.finish(tickets)
        await connections.forget(work, run.vault, store_id)


@task("stores.sweep_due", batch=1)
async def sweep_due(run: Run, tickets: Sequence[Ticket]) -> None:
    """Begin the sweeps that are due, spread over the next minute, and count how complete stores are."""
    interval = timedelta(seconds=run.settings.sweeps.interval)
    async with run.works.begin(Platform("sweep stores")) as work:
        await work.finish(tickets)
        begun = await sweeping.begin_due(work, run.settings.sweeps)
        for merchant_id, store_id, run_id in begun:
            due_at = work.now + SPREAD * _chance()
            await work.enqueue_for(merchant_id, sweeping.PAGE, {"store_id": store_id, "run_id": run_id}, due_at)
        if len(begun) == sweeping.AT_ONCE:
            await work.enqueue_for(run.account_id, "stores.sweep_due", {})
        counts = Counter(state_of(each, interval, work.now) for each in await queries.standings(work))
    for state in SweepState:
        metrics.STORES.labels(state).set(counts[state])


@task("stores.sweep", queue=OUTSIDE_QUEUE, batch=1)
@with_fresh_tokens
async def sweep(run: Run, tickets: Sequence[Ticket]) -> None:
    """Read one page of a store's list of changed orders, between two transactions."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    store_id, run_id = ticket.uuid("store_id"), ticket.uuid("run_id")
    async with run.works.begin(scope) as work:
        leg = await sweeping.leg(work, run.vault, store_id, run_id)
        if leg is None:
            await work.finish(tickets)
    if leg is None:
        return
    adapter = adapter_for(leg.connection.platform)
    listed = await adapter.changed_orders(run.http, leg.connection, leg.since, leg.cursor)
    async with run.works.begin(scope) as work:
        await work.finish(tickets)
        await sweeping.take_page(work, store_id, run_id, leg, listed, run.settings.sweeps, _chance())


@task("stores.read_orders", queue=OUTSIDE_QUEUE, batch=1)
@with_fresh_tokens
async def read_orders(run: Run, tickets: Sequence[Ticket]) -> None:
    """Read some of the orders that wait, between two transactions, and take them as the store has them now."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    store_id, reader_id = ticket.uuid("store_id"), ticket.uuid("reader_id")
    async with run.works.begin(scope) as work:
        batch = await reading.take_turn(work, run.vault, store_id, reader_id, _chance())
        if batch is None:
            await work.finish(tickets)
    if batch is None:
        return
    adapter, turns = adapter_for(batch.connection.platform), asyncio.Semaphore(CALLS_AT_ONCE)
    trouble: list[port.Retry] = []

    async def read(external_id: str) -> reading.Answer:
        async with turns:
            if trouble:
                return trouble[0]  # a store that is down, or asks to slow down, is left alone
            answer = await adapter.fetch_order(run.http, batch.connection, external_id)
        if isinstance(answer, port.Retry):
            trouble.append(answer)
        return answer

    answers = await asyncio.gather(*(read(row.external_id) for row in batch.rows))
    try:
        async with run.works.begin(scope) as work:
            await work.finish(tickets)
            keep = run.settings.policy.raw_retention_days
            await reading.conclude(work, run.vault, batch, reader_id, answers, keep)
    except Exception as error:
        # Of several, each gets a turn of its own when the ticket is tried again, so that none spoils another's.
        if len(batch.rows) > 1 or isinstance(error, LeaseLost | Unavailable):
            raise
        log.error("stores.order_not_taken", store_id=ids.STORE.show(store_id), error=type(error).__name__)
        async with run.works.begin(scope) as work:
            await work.finish(tickets)
            await reading.put_off(work, batch, reader_id)


@task("stores.ask_gaps", queue=OUTSIDE_QUEUE, batch=1)
@with_fresh_tokens
async def ask_gaps(run: Run, tickets: Sequence[Ticket]) -> None:
    """Ask a store about numbers that nobody has, between two transactions."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    store_id = ticket.uuid("store_id")
    async with run.works.begin(scope) as work:
        row = await queries.sealed_store(work, store_id)
        connection = queries.connection(run.vault, row, work.now)
        asked = await gaps.to_ask(work, store_id)
    adapter, turns = adapter_for(connection.platform), asyncio.Semaphore(CALLS_AT_ONCE)

    async def ask(number: str) -> gaps.Answer:
        async with turns:
            return await adapter.find_number(run.http, connection, number)

    answers = await asyncio.gather(*(ask(gap.number) for gap in asked))
    async with run.works.begin(scope) as work:
        await work.finish(tickets)
        await gaps.close(work, store_id, list(zip(asked, answers, strict=True)), _chance())


@task("stores.backfill", queue=OUTSIDE_QUEUE, batch=1)
@with_fresh_tokens
async def backfill(run: Run, tickets: Sequence[Ticket]) -> None:
    """Read one page of a store's history, between two transactions."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    store_id, backfill_id = ticket.uuid("store_id"), ticket.uuid("backfill_id")
    async with run.works.begin(scope) as work:
        leg = await backfilling.leg(work, run.vault, store_id, backfill_id)
        if leg is None:
            await work.finish(tickets)
    if leg is None:
        return
    listed: port.Changed | port.Refused | port.Retry
    if isinstance(leg, port.Refused):
        listed = leg
    else:
        adapter = adapter_for(leg.connection.platform)
        listed = await adapter.changed_orders(run.http, leg.connection, leg.since, leg.cursor, survey=leg.survey)
    if isinstance(listed, port.Retry) and ticket.attempts < run.settings.jobs.max_attempts:
        wait = max(listed.after, after_try(ticket.attempts, _chance()).total_seconds())
        raise Retry(listed.reason, wait)
    async with run.works.begin(scope) as work:
        await work.finish(tickets)
        await backfilling.take_page(work, store_id, backfill_id, listed)


@task("stores.renew_tokens", batch=1)
async def renew_tokens(run: Run, tickets: Sequence[Ticket]) -> None:
    """Have the tokens renewed whose time would run out unnoticed, and permanent ones exchanged, spread over an hour."""
    async with run.works.begin(Platform("renew shops' tokens")) as work:
        await work.finish(tickets)
        for merchant_id, store_id in await queries.to_keep_alive(work, work.now + KEEP_ALIVE, RENEWALS_AT_ONCE):
            due_at = work.now + timedelta(hours=1) * _chance()
            await work.enqueue_for(merchant_id, "stores.renew_token", {"store_id": store_id}, due_at)


@task("stores.renew_token", queue=OUTSIDE_QUEUE, batch=1)
async def renew_token(run: Run, tickets: Sequence[Ticket]) -> None:
    """Renew one shop's token ahead of its time. Repeating is harmless."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    await renew(run.works, run.vault, run.settings, run.http, scope, ticket.uuid("store_id"), ahead=True)
    async with run.works.begin(scope) as work:
        await work.finish(tickets)


def _chance() -> float:
    return random.random()  # noqa: S311 - jitter is no secret
