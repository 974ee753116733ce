"""Jobs of shipping: whether promises were kept, which are at risk, and scans that came before their parcel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from fulfilhub.accounts.principal import scope_of
from fulfilhub.accounts.rules import AccountKind
from fulfilhub.platform.jobs.tickets import Run, Ticket, task
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.shipping.commands import early
from fulfilhub.shipping.commands.promises import judge_promises, take_due

BATCH = 200
AT_ONCE = 5_000


@task("shipping.judge_promises", batch=BATCH)
async def judge(run: Run, tickets: Sequence[Ticket]) -> None:
    """Something happened to these orders, or time went by: look at their promises, all in one transaction."""
    async with run.works.begin(Merchant(run.account_id)) as work:
        await work.finish(tickets)
        await judge_promises(work, {order_id for ticket in tickets for order_id in _orders(ticket)})


def _orders(ticket: Ticket) -> list[UUID]:
    many = ticket.args.get("order_ids")
    return [UUID(str(each)) for each in many] if isinstance(many, list) else [ticket.uuid("order_id")]


@task("shipping.watch_promises")
async def watch_promises(run: Run, tickets: Sequence[Ticket]) -> None:
    """Find the promises that have to be looked at, and queue the looks, so many orders of one merchant at a time."""
    async with run.works.begin(Platform("watch promises")) as work:
        await work.finish(tickets)
        due = await take_due(work, AT_ONCE)
        for merchant_id, order_ids in due.items():
            for start in range(0, len(order_ids), BATCH):
                args = {"order_ids": order_ids[start : start + BATCH]}
                await work.enqueue_for(merchant_id, "shipping.judge_promises", args)
        if sum(len(each) for each in due.values()) == AT_ONCE:
            await work.enqueue_for(run.account_id, "shipping.watch_promises", {})


@task(early.MATCH)
async def match_scans(run: Run, tickets: Sequence[Ticket]) -> None:
    """Parcels were handed over of which a carrier had told before: tell it now, in the scope of whom it told."""
    for kind in sorted({str(ticket.args["kind"]) for ticket in tickets}):
        mine = [ticket for ticket in tickets if ticket.args["kind"] == kind]
        async with run.works.begin(scope_of(AccountKind(kind), run.account_id, "system")) as work:
            await work.finish(mine)
            await early.match(work, {number for ticket in mine for number in _numbers(ticket)})


def _numbers(ticket: Ticket) -> list[str]:
    many = ticket.args["numbers"]
    return [str(each) for each in many] if isinstance(many, list) else []


@task("shipping.forget_early")
async def forget_early(run: Run, tickets: Sequence[Ticket]) -> None:
    """Forget scans whose parcel never came, in portions so that no lock is held for long."""
    keep, more = timedelta(days=run.settings.policy.raw_retention_days), True
    while more:
        async with run.works.begin(Platform("forget early scans")) as work:
            more = await early.forget(work, keep)
    async with run.works.begin(Platform("forget early scans")) as work:
        await work.finish(tickets)
