"""Jobs of fulfilment: routing what came in, what waits for stock, following edited orders, what falls due, and telling
operators of their work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text

from fulfilhub.fulfilment.commands.answering import time_out
from fulfilhub.fulfilment.commands.following import follow, take_back_cancelled
from fulfilhub.fulfilment.commands.holding import release_due
from fulfilhub.fulfilment.commands.queueing import BATCH, route, route_waiting
from fulfilhub.fulfilment.commands.telling import LEASE_ENDED, TELL, News, end_leases, tell
from fulfilhub.fulfilment.commands.watching import TELL_LATE, find_late
from fulfilhub.fulfilment.events import FulfilmentLate
from fulfilhub.orders.queries import lock_orders
from fulfilhub.platform.jobs.tickets import Run, Ticket, task
from fulfilhub.platform.scopes import Merchant, Partner, Platform

BEGINNING = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))
WAITING = text("SELECT DISTINCT merchant_id FROM orders WHERE status = 'backordered'")


@task("fulfilment.route_orders", batch=BATCH)
async def route_orders(run: Run, tickets: Sequence[Ticket]) -> None:
    """Orders came in, were released, or lost their warehouse: find them one, all in one transaction."""
    # Facts that say themselves that nothing is to be routed (`reroute`, `still_held`) are heard and let go.
    heard = [each for each in tickets if each.args.get("reroute", True) and not each.args.get("still_held", False)]
    async with run.works.begin(Merchant(run.account_id)) as work:
        await work.finish(tickets)
        await route(work, {ticket.uuid("order_id") for ticket in heard}, "route_orders")


@task("fulfilment.route_waiting", batch=BATCH)
async def route_waiting_orders(run: Run, tickets: Sequence[Ticket]) -> None:
    """Stock came in, or a new day began: route the orders that wait, oldest first, a batch at a time."""
    for after in sorted({_after(ticket) for ticket in tickets}):
        mine = [ticket for ticket in tickets if _after(ticket) == after]
        products = _products(mine)
        async with run.works.begin(Merchant(run.account_id)) as work:
            await work.finish(mine)
            goes_on = await route_waiting(work, products, after, "route_waiting")
            if goes_on is not None:
                placed_at, order_id = goes_on
                args = {"product_ids": products, "placed_at": placed_at, "order_id": order_id}
                work.enqueue("fulfilment.route_waiting", args)


def _after(ticket: Ticket) -> tuple[datetime, UUID]:
    if "placed_at" not in ticket.args:
        return BEGINNING
    return datetime.fromisoformat(str(ticket.args["placed_at"])), ticket.uuid("order_id")


def _products(tickets: Iterable[Ticket]) -> list[UUID] | None:
    """The products that came in; None when some ticket is about everything that waits."""
    found: set[UUID] = set()
    for ticket in tickets:
        many = ticket.args.get("product_ids", [ticket.args.get("product_id")])
        if not isinstance(many, list):
            return None
        found.update(UUID(str(each)) for each in many)
    return sorted(found)


@task("fulfilment.follow_orders", batch=BATCH)
async def follow_orders(run: Run, tickets: Sequence[Ticket]) -> None:
    """Orders were edited, cancelled by their store, held, released, or given back: make their work true to them, and
    ask for what somebody has in hand."""
    orders = sorted({ticket.uuid("order_id") for ticket in tickets})
    reopened = {ticket.uuid("order_id") for ticket in tickets if "state" in _parts(ticket)}
    async with run.works.begin(Merchant(run.account_id)) as work:
        await work.finish(tickets)
        await take_back_cancelled(work, orders)
        await follow(work, orders, reopened=reopened)


def _parts(ticket: Ticket) -> list[object]:
    """The parts of the order that changed; none in facts that are not about its content."""
    parts = ticket.args.get("parts", [])
    return parts if isinstance(parts, list) else []


@task("fulfilment.time_out_request", batch=BATCH)
async def time_out_requests(run: Run, tickets: Sequence[Ticket]) -> None:
    """Warehouses did not answer in time: do what the merchant's policy says."""
    async with run.works.begin(Merchant(run.account_id)) as work:
        await work.finish(tickets)
        await lock_orders(work, {ticket.uuid("order_id") for ticket in tickets})
        for ticket in tickets:
            await time_out(work, ticket.uuid("order_id"), ticket.uuid("request_id"))


@task("fulfilment.release_hold", batch=BATCH)
async def release_due_holds(run: Run, tickets: Sequence[Ticket]) -> None:
    """The time of dated holds has come."""
    async with run.works.begin(Merchant(run.account_id)) as work:
        await work.finish(tickets)
        await lock_orders(work, {ticket.uuid("order_id") for ticket in tickets})
        for ticket in tickets:
            await release_due(work, ticket.uuid("order_id"), ticket.uuid("hold_id"))


@task("fulfilment.retry_waiting")
async def retry_waiting(run: Run, tickets: Sequence[Ticket]) -> None:
    """Time alone may help what waits: a new day's capacity, a warehouse that is open again."""
    async with run.works.begin(Platform("retry backordered orders")) as work:
        await work.finish(tickets)
        for (merchant_id,) in await work.db.execute(WAITING):
            await work.enqueue_for(merchant_id, "fulfilment.route_waiting", {"product_ids": None})


@task(TELL, batch=BATCH)
async def tell_work(run: Run, tickets: Sequence[Ticket]) -> None:
    """Tell an operator's log what happened to its work, together for all tickets, in the order in which they came."""
    told: dict[News, dict[UUID, None]] = {}
    for ticket in tickets:
        many = ticket.args["ids"]
        ids = [UUID(str(each)) for each in many] if isinstance(many, list) else []
        told.setdefault(News(str(ticket.args["news"])), {}).update(dict.fromkeys(ids))
    async with run.works.begin(Partner(run.account_id)) as work:
        await work.finish(tickets)
        for news, found in told.items():
            await tell(work, news, list(found))


@task(LEASE_ENDED, batch=BATCH)
async def leases_ended(run: Run, tickets: Sequence[Ticket]) -> None:
    """Leases should have ended by now: tell of the work that was not done under them."""
    async with run.works.begin(Partner(run.account_id)) as work:
        await work.finish(tickets)
        await end_leases(work, {ticket.uuid("lease_id") for ticket in tickets})


@task("fulfilment.watch_lateness")
async def watch_lateness(run: Run, tickets: Sequence[Ticket]) -> None:
    """The time has come by which contracts ask for work to be accepted, or to leave."""
    more = True
    while more:
        async with run.works.begin(Platform("find work that is late")) as work:
            more = await find_late(work)
            if not more:
                await work.finish(tickets)


@task(TELL_LATE, batch=BATCH)
async def tell_late(run: Run, tickets: Sequence[Ticket]) -> None:
    """Tell a merchant's log what its partners did not do in time."""
    async with run.works.begin(Merchant(run.account_id)) as work:
        await work.finish(tickets)
        for ticket in tickets:
            named = {name: ticket.uuid(name) for name in ("order_id", "fulfilment_id", "warehouse_id")}
            work.publish(FulfilmentLate(**named, what=str(ticket.args["what"])))
