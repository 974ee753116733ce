"""Jobs of fulfilment: routing what came in, what waits for stock, and following edited orders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text

from fulfilhub.fulfilment.commands.following import follow, take_back_cancelled
from fulfilhub.fulfilment.commands.queueing import BATCH, route, route_waiting
from fulfilhub.platform.jobs.tickets import Run, Ticket, task
from fulfilhub.platform.scopes import Merchant, Platform

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
    """Orders were edited, cancelled by their store, held or released: make their queued work true to them."""
    orders = sorted({ticket.uuid("order_id") for ticket in tickets})
    async with run.works.begin(Merchant(run.account_id)) as work:
        await work.finish(tickets)
        await take_back_cancelled(work, orders)
        await follow(work, orders)


@task("fulfilment.retry_waiting")
async def retry_waiting(run: Run, tickets: Sequence[Ticket]) -> None:
    """Time alone may help what waits: a new day's capacity, a warehouse that is open again."""
    async with run.works.begin(Platform("retry backordered orders")) as work:
        await work.finish(tickets)
        for (merchant_id,) in await work.db.execute(WAITING):
            await work.enqueue_for(merchant_id, "fulfilment.route_waiting", {"product_ids": None})
