"""Orders routed in batches: stock allocated, promises frozen, work queued; all of it or nothing, and never twice."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import event, text

from fulfilhub.fulfilment.commands.freeing import cancel
from fulfilhub.fulfilment.commands.holding import hold_order, release_order
from fulfilhub.fulfilment.commands.queueing import route, route_waiting
from fulfilhub.fulfilment.tasks import BEGINNING
from fulfilhub.orders.rules import HoldReason, OrderStatus
from fulfilhub.platform import ids
from fulfilhub.platform.work import Works
from fulfilhub.routing import queries as routing
from fulfilhub.routing.schemas import decision_out
from tests.fulfilment.world import broken, make_site


async def test_an_order_goes_where_the_stock_is_with_its_promise_frozen(works: Works, worker_works: Works) -> None:
    site = await make_site(works)
    await site.stock("MUG", site.bristol, 5)
    order_id = await site.order()
    await site.route(order_id)
    order, lines = await site.read(order_id)
    assert order.status == OrderStatus.ROUTED
    assert order.ship_by is not None
    assert order.deliver_by is not None
    assert order.ship_by < order.deliver_by
    assert lines[0].allocated == 2
    assert await site.level("MUG", site.bristol) == (3, 2, 0, 0)
    assert await site.fulfilments(order_id) == [(site.bristol, "queued")]
    assert await broken(worker_works) == []


async def test_the_decision_tells_every_candidate_and_why(works: Works) -> None:
    site = await make_site(works)
    await site.stock("MUG", site.bristol, 5)
    order_id = await site.order()
    await site.route(order_id)
    async with works.begin(site.merchant) as work:
        (decision,) = await routing.decisions(work, order_id)
    verdicts = {each.warehouse_id: each for each in decision.candidates}
    shown = decision_out(decision)
    assert [each.chosen for each in shown.candidates].count(True) == 1
    assert shown.assignments[0].warehouse_id == ids.WAREHOUSE.show(site.bristol)
    assert decision.outcome == "routed"
    assert verdicts[site.bristol].chosen
    assert verdicts[site.bristol].score is not None
    assert [fence.code for fence in verdicts[site.leeds].fences] == ["no_stock"]


async def test_the_work_holds_what_the_work_needs_and_no_more(works: Works) -> None:
    site = await make_site(works)
    await site.stock("MUG", site.leeds, 5)
    await site.route(await site.order())
    _, (work_order,) = await site.claim(site.leeds)
    assert work_order.document.ship_to["postcode"] == "YO1 7HH"
    assert work_order.document.lines[0].sku == "MUG"
    assert work_order.lines[0].quantity == 2
    async with works.begin(site.partner) as work:
        row = (await work.db.execute(text("SELECT document::text FROM work_orders"))).scalar_one()
    assert "Example.com" not in row
    assert "minor" not in row


async def test_routing_twice_changes_nothing_more(works: Works, worker_works: Works) -> None:
    site = await make_site(works)
    await site.stock("MUG", site.leeds, 5)
    order_id = await site.order()
    await asyncio.gather(*(site.route(order_id) for _ in range(4)))
    assert await site.fulfilments(order_id) == [(site.leeds, "queued")]
    assert await broken(worker_works) == []


async def test_scarce_stock_is_never_promised_twice_under_concurrency(works: Works, worker_works: Works) -> None:
    site = await make_site(works)
    await site.stock("MUG", site.leeds, 7)
    orders = [await site.order(f"o-{n}") for n in range(8)]
    await asyncio.gather(*(site.route(order_id) for order_id in orders))
    statuses = [(await site.read(order_id))[0].status for order_id in orders]
    assert statuses.count(OrderStatus.ROUTED) == 3
    assert statuses.count(OrderStatus.BACKORDERED) == 5
    assert await site.level("MUG", site.leeds) == (1, 6, 0, 0)
    assert await broken(worker_works) == []


async def test_a_batch_takes_the_same_few_statements_however_long(works: Works) -> None:
    site = await make_site(works)
    await site.stock("MUG", site.leeds, 500)
    counts = []
    for size in (2, 40):
        orders = [await site.order(f"{size}-{n}") for n in range(size)]
        async with works.begin(site.merchant) as work:
            counted = 0

            def count(*_: object) -> None:
                nonlocal counted
                counted += 1

            event.listen(works.engine.sync_engine, "before_cursor_execute", count)
            raw = work.fetch_raw, work.execute_raw

            async def fetch(*args: object, fetching: Any = raw[0]) -> object:
                count()
                return await fetching(*args)

            async def execute(*args: object, executing: Any = raw[1]) -> object:
                count()
                return await executing(*args)

            work.fetch_raw, work.execute_raw = fetch, execute  # type: ignore[method-assign, assignment]
            await route(work, orders, "test")
            event.remove(works.engine.sync_engine, "before_cursor_execute", count)
            counts.append(counted)
    assert counts[0] == counts[1]
    assert counts[0] <= 20, counts


async def test_a_held_order_is_not_routed_and_goes_on_when_released(works: Works) -> None:
    site = await make_site(works)
    await site.stock("MUG", site.leeds, 5)
    order_id = await site.order()
    async with works.begin(site.merchant) as work:
        hold_id = await hold_order(work, order_id, HoldReason.FRAUD_RISK)
    await site.route(order_id)
    assert await site.fulfilments(order_id) == []
    async with works.begin(site.merchant) as work:
        await release_order(work, order_id, hold_id)
        assert ("fulfilment.route_orders") in {kind for kind, _, _ in work._jobs}
    await site.route(order_id)
    assert await site.fulfilments(order_id) == [(site.leeds, "queued")]


async def test_what_waits_for_stock_is_routed_oldest_first_when_it_comes(works: Works, worker_works: Works) -> None:
    site = await make_site(works)
    orders = [await site.order(f"o-{n}") for n in range(3)]
    await site.route(*orders)
    assert {(await site.read(order_id))[0].status for order_id in orders} == {OrderStatus.BACKORDERED}
    await site.stock("MUG", site.leeds, 4)
    async with works.begin(site.merchant) as work:
        assert await route_waiting(work, [site.products["MUG"].id], BEGINNING, "test") is None
    statuses = [(await site.read(order_id))[0].status for order_id in sorted(orders)]
    assert statuses == [OrderStatus.ROUTED, OrderStatus.ROUTED, OrderStatus.BACKORDERED]
    assert await broken(worker_works) == []


async def test_two_lines_of_one_order_may_come_from_two_warehouses(works: Works, worker_works: Works) -> None:
    site = await make_site(works, "MUG", "CUP")
    await site.stock("MUG", site.leeds, 5)
    await site.stock("CUP", site.bristol, 5)
    order_id = await site.order("o-1", ("MUG", 1), ("CUP", 2), ("MUG", 2))
    await site.route(order_id)
    assert sorted(await site.fulfilments(order_id)) == sorted([(site.leeds, "queued"), (site.bristol, "queued")])
    assert [line.allocated for line in (await site.read(order_id))[1]] == [1, 2, 2]
    assert await broken(worker_works) == []


async def test_a_cancelled_order_frees_its_stock_and_repeats_are_harmless(works: Works, worker_works: Works) -> None:
    site = await make_site(works)
    await site.stock("MUG", site.leeds, 5)
    order_id = await site.order()
    await site.route(order_id)
    for _ in range(2):
        async with works.begin(site.merchant) as work:
            await cancel(work, order_id)
    await site.route(order_id)
    assert (await site.read(order_id))[0].status == OrderStatus.CANCELLED
    assert await site.fulfilments(order_id) == [(site.leeds, "cancelled")]
    assert await site.level("MUG", site.leeds) == (5, 0, 0, 0)
    assert (await site.claim(site.leeds))[1] == []
    assert await broken(worker_works) == []


async def test_batches_beside_each_other_never_promise_a_unit_twice(works: Works, worker_works: Works) -> None:
    site = await make_site(works)
    await site.stock("MUG", site.leeds, 9)
    orders = [await site.order(f"o-{n}") for n in range(8)]
    await asyncio.gather(*(site.route(order_id) for order_id in orders))
    statuses = [(await site.read(order_id))[0].status for order_id in orders]
    assert sorted(statuses) == [OrderStatus.BACKORDERED] * 4 + [OrderStatus.ROUTED] * 4
    assert await site.level("MUG", site.leeds) == (1, 8, 0, 0)
    async with works.begin(site.merchant) as work:
        decided = [len(await routing.decisions(work, order_id)) for order_id in orders]
    assert decided == [1] * 8
    assert await broken(worker_works) == []
