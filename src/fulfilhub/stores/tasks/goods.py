"""Bringing in stores' products, and reading the returns that begin in them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from fulfilhub.platform.jobs.tickets import OUTSIDE_QUEUE, Retry, Run, Ticket, task
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for, goods, listings, port
from fulfilhub.stores.commands import catching, hearing, importing, products, returning
from fulfilhub.stores.renewing import with_fresh_tokens

SPREAD = timedelta(minutes=5)
"""Stores that are due in one turn of the clock are asked at random within it."""

TRIES_TO_END = 3


@task(importing.STEP, queue=OUTSIDE_QUEUE, batch=1)
@with_fresh_tokens
async def import_products(run: Run, tickets: Sequence[Ticket]) -> None:
    """One step of bringing in a store's products, between two transactions."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    store_id, import_id, step = ticket.uuid("store_id"), ticket.uuid("import_id"), int(str(ticket.args["step"]))
    async with run.works.begin(scope) as work:
        leg = await importing.leg(work, run.vault, store_id, import_id, step)
        if leg is None:
            await work.finish(tickets)
    if leg is None:
        return
    answer = await listings.ask(run.http, leg.connection, leg.question)
    async with run.works.begin(scope) as work:
        await work.finish(tickets)
        await importing.take(work, leg, answer, random.random())  # noqa: S311 - jitter is no secret


@task(importing.END, queue=OUTSIDE_QUEUE, batch=1)
@with_fresh_tokens
async def end_listing(run: Run, tickets: Sequence[Ticket]) -> None:
    """Let a store make a list no longer that nobody will read, as well as that can be done."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    async with run.works.begin(scope) as work:
        row = await queries.sealed_store(work, ticket.uuid("store_id"))
        connection = queries.connection(run.vault, row, work.now)
    ended = await adapter_for(connection.platform).end_listing(run.http, connection, str(ticket.args["listing_id"]))
    if isinstance(ended, port.InDoubt | port.Retry) and ticket.attempts < TRIES_TO_END:
        raise Retry(ended.reason, ended.after)
    async with run.works.begin(scope) as work:
        await work.finish(tickets)


@task(hearing.READ_PRODUCT, queue=OUTSIDE_QUEUE, batch=1)
@with_fresh_tokens
async def read_product(run: Run, tickets: Sequence[Ticket]) -> None:
    """Read one product whole from its store, between two transactions, and take it as the store has it now."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    store_id, product_id = ticket.uuid("store_id"), str(ticket.args["product_id"])
    async with run.works.begin(scope) as work:
        row = await queries.sealed_store(work, store_id)
        connection = queries.connection(run.vault, row, work.now)
    found = await adapter_for(connection.platform).fetch_product(run.http, connection, product_id)
    if isinstance(found, port.Retry):
        raise Retry(found.reason, found.after)
    if isinstance(found, port.Missing):
        found = goods.ProductTold(product_id, (), whole=True)
    async with run.works.begin(scope) as work:
        await work.finish(tickets)
        if isinstance(found, goods.ProductTold):
            await products.take_product(work, row.store, found)


@task(hearing.READ_RETURNS, queue=OUTSIDE_QUEUE, batch=1)
@with_fresh_tokens
async def read_returns(run: Run, tickets: Sequence[Ticket]) -> None:
    """Read an order's returns from its store, between two transactions, and take them as the store has them now."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    store_id, external_id = ticket.uuid("store_id"), str(ticket.args["external_id"])
    async with run.works.begin(scope) as work:
        row = await queries.sealed_store(work, store_id)
        connection = queries.connection(run.vault, row, work.now)
    found = await adapter_for(connection.platform).fetch_returns(run.http, connection, external_id)
    if isinstance(found, port.Retry):
        raise Retry(found.reason, found.after)
    async with run.works.begin(scope) as work:
        await work.finish(tickets)
        if isinstance(found, goods.OrderReturns):
            await returning.take(work, row.store, found)


@task("stores.sweep_goods_due", batch=1)
async def sweep_goods_due(run: Run, tickets: Sequence[Ticket]) -> None:
    """Begin to ask the stores that are due what changed of their products and returns."""
    async with run.works.begin(Platform("sweep stores' goods")) as work:
        await work.finish(tickets)
        for merchant_id, store_id in await catching.due(work):
            due_at = work.now + SPREAD * random.random()  # noqa: S311 - jitter is no secret
            await work.enqueue_for(merchant_id, catching.SWEEP, {"store_id": store_id}, due_at)


@task(catching.SWEEP, queue=OUTSIDE_QUEUE, batch=1)
@with_fresh_tokens
async def sweep_goods(run: Run, tickets: Sequence[Ticket]) -> None:
    """Ask a store what changed: its products by an import, the orders with returns page by page."""
    (ticket,) = tickets
    scope = Merchant(run.account_id, "system")
    store_id, cursor = ticket.uuid("store_id"), ticket.args.get("cursor")
    since = datetime.fromisoformat(str(ticket.args["since"])) if cursor is not None else None
    async with run.works.begin(scope) as work:
        begun_at = datetime.fromisoformat(str(ticket.args["at"])) if cursor is not None else work.now
        leg = await catching.leg(work, run.vault, store_id, None if cursor is None else str(cursor), since)
        if leg is None:
            await work.finish(tickets)
    if leg is None:
        return
    adapter = adapter_for(leg.connection.platform)
    page = await adapter.orders_with_returns(run.http, leg.connection, leg.since, leg.cursor)
    async with run.works.begin(scope) as work:
        await work.finish(tickets)
        await catching.take(work, store_id, leg, begun_at, page)
