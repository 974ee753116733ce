"""One charge per order, whatever is split, retried or told twice; a ledger nobody rewrites."""

from __future__ import annotations

import asyncio
from uuid import UUID

import httpx
import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import ProgrammingError

import fulfilhub.billing.tasks  # noqa: F401 - registers the task
from fulfilhub.accounts.models import Account
from fulfilhub.billing.commands import charge_orders
from fulfilhub.billing.queries import ChargeFilter, list_charges, shipped
from fulfilhub.platform import ids
from fulfilhub.platform.jobs.runner import Runner
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.make.shipped import ShippedOrder, shipped_order


async def account(works: Works, mode: str = "live") -> UUID:
    account_id = ids.new()
    async with works.begin(Platform("test")) as work:
        await work.db.execute(
            insert(Account).values(account_id=account_id, kind="merchant", mode=mode, name="Ada", created_at=work.now)
        )
    return account_id


async def tell(works: Works, order: ShippedOrder) -> list[UUID]:
    """Shipping's facts; the ids of the tickets to charge."""
    async with works.begin(Merchant(order.merchant_id)) as work:
        work.publish(*order.facts())
    return work.handed["billing.charge_order", order.merchant_id]


async def run(runner: Runner, account_id: UUID, tickets: list[UUID]) -> None:
    await runner.run("billing.charge_order", account_id, tickets)


@pytest.fixture
async def runner(worker_works: Works, settings: Settings, vault: Vault) -> Runner:

    return Runner(worker_works, settings, vault, httpx.AsyncClient())


async def test_a_split_order_is_charged_once(works: Works, worker_works: Works, runner: Runner) -> None:
    merchant = await account(worker_works)
    order = await shipped_order(worker_works, merchant, (3, 2), shipments=3)
    tickets = await tell(works, order)
    assert len(tickets) == 3
    await asyncio.gather(*(run(runner, merchant, [ticket]) for ticket in tickets))
    await run(runner, merchant, await tell(works, order))
    async with works.begin(Merchant(merchant)) as work:
        (charge,) = await list_charges(work, ChargeFilter(), None, 10)
        assert (charge.cause, charge.amount_minor, charge.currency) == (order.order_id, 25, "GBP")
        assert charge.price_version == "order_fulfilled/GBP/1"
        facts = await work.db.execute(text("SELECT type, subject_id FROM events WHERE type = 'charge.made'"))
        assert [tuple(row) for row in facts] == [("charge.made", order.order_id)]
        assert (await work.db.execute(text("SELECT count(*) FROM jobs WHERE kind LIKE 'billing%'"))).scalar() == 0


async def test_a_batch_charges_each_order_at_its_first_shipment(works: Works, worker_works: Works) -> None:
    merchant = await account(worker_works)
    orders = [
        await shipped_order(worker_works, merchant, (2,), shipments=2, external_id=str(place)) for place in range(3)
    ]
    async with works.begin(Merchant(merchant)) as work:
        shipments = [shipment for order in reversed(orders) for shipment in reversed(order.shipments)]
        assert len(await charge_orders(work, await shipped(work, shipments))) == 3
        charges = await list_charges(work, ChargeFilter(), None, 10)
    assert {charge.cause: charge.document for charge in charges} == {
        order.order_id: order.shipments[0] for order in orders
    }


async def test_a_test_account_is_charged_nothing(works: Works, worker_works: Works) -> None:
    merchant = await account(worker_works, "test")
    order = await shipped_order(worker_works, merchant)
    async with works.begin(Merchant(merchant)) as work:
        await charge_orders(work, await shipped(work, order.shipments))
        assert [charge.amount_minor for charge in await list_charges(work, ChargeFilter(), None, 10)] == [0]


@pytest.mark.parametrize("statement", ["UPDATE charges SET amount_minor = 0", "DELETE FROM charges"])
async def test_nobody_rewrites_the_ledger(works: Works, worker_works: Works, statement: str) -> None:
    for opened, scope in ((works, Merchant(ids.new())), (worker_works, Platform("test"))):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with opened.begin(scope) as work:
                await work.db.execute(text(statement))


async def test_a_merchant_sees_only_its_own_charges(works: Works, worker_works: Works) -> None:
    merchant = await account(worker_works)
    order = await shipped_order(worker_works, merchant)
    async with works.begin(Merchant(merchant)) as work:
        await charge_orders(work, await shipped(work, order.shipments))
    async with works.begin(Merchant(ids.new())) as work:
        assert (await work.db.execute(text("SELECT count(*) FROM charges"))).scalar() == 0
        assert await shipped(work, order.shipments) == []
