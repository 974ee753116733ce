"""A return's whole way, and what repeated, late and foreign calls can't do to it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from fulfilhub.inventory.rules.stock import Disposition
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Invalid, NotFound, Stale
from fulfilhub.platform.scopes import Customer, Merchant, Partner
from fulfilhub.platform.work import Works
from fulfilhub.returns import commands, queries
from fulfilhub.returns.commands import Arrived, Asked, Inspected
from fulfilhub.returns.queries import ReturnRow
from fulfilhub.returns.rules import ReturnPolicy, ReturnReason
from tests.make.shipped import ShippedOrder, shipped_order


async def one(works: Works, order: ShippedOrder, return_id: UUID) -> ReturnRow:
    async with works.begin(Merchant(order.merchant_id)) as work:
        return await queries.find_return(work, return_id)


async def counters(works: Works, order: ShippedOrder) -> dict[UUID, tuple[int, int]]:
    """Per order line: how many a return was asked for, how many came back."""
    async with works.begin(Merchant(order.merchant_id)) as work:
        rows = await work.db.execute(text("SELECT id, return_requested, returned FROM order_lines"))
        return {row.id: (row.return_requested, row.returned) for row in rows}


async def levels(works: Works, order: ShippedOrder) -> dict[UUID, tuple[int, int, int]]:
    """Per order line's product: available, quarantined, damaged."""
    async with works.begin(Merchant(order.merchant_id)) as work:
        rows = await work.db.execute(text("SELECT product_id, available, quarantined, damaged FROM stock_levels"))
        found = {row.product_id: (row.available, row.quarantined, row.damaged) for row in rows}
    return {line: found.get(product, (0, 0, 0)) for line, product in order.products.items()}


async def facts(works: Works, order: ShippedOrder) -> list[str]:
    async with works.begin(Merchant(order.merchant_id)) as work:
        rows = await work.db.execute(
            text("SELECT type FROM events WHERE type LIKE 'return.%' AND subject_id = :order ORDER BY id"),
            {"order": order.order_id},
        )
        return [row.type for row in rows]


async def ask(works: Works, order: ShippedOrder, **reasons: ReturnReason) -> UUID:
    """A return of everything, by the merchant."""
    asked = [Asked(line_id=line, quantity=quantity, **reasons) for line, quantity in order.lines.items()]
    async with works.begin(Merchant(order.merchant_id)) as work:
        return await commands.request(work, order.order_id, asked)


async def lines(works: Works, order: ShippedOrder, return_id: UUID) -> list[UUID]:
    """The return's lines in the order of the order's lines."""
    async with works.begin(Merchant(order.merchant_id)) as work:
        found = (await queries.lines_of(work, [return_id]))[return_id]
    by_line = {line.order_line_id: line.id for line in found}
    return [by_line[line] for line in order.lines if line in by_line]


@pytest.fixture
async def order(worker_works: Works) -> ShippedOrder:
    """Two units of one thing and one of another, delivered two days ago."""
    return await shipped_order(worker_works, ids.new())


async def test_what_comes_back_gets_its_place(works: Works, order: ShippedOrder) -> None:
    return_id = await ask(works, order)
    first, second = await lines(works, order, return_id)
    row = await one(works, order, return_id)
    assert (row.state, row.decided_by, row.warehouse_id) == ("approved", "policy", order.warehouse_id)
    partner = Partner(order.operator_id)
    async with works.begin(partner) as work:
        await commands.receive(work, return_id, None)
    async with works.begin(partner) as work:
        await commands.inspect(
            work,
            return_id,
            [
                Inspected(line_id=first, disposition=Disposition.RESTOCK, quantity=1),
                Inspected(line_id=first, disposition=Disposition.QUARANTINE, quantity=1, note="scratched"),
            ],
        )
    assert (await one(works, order, return_id)).state == "inspected"
    async with works.begin(partner) as work:
        await commands.inspect(
            work, return_id, [Inspected(line_id=second, disposition=Disposition.DISPOSE, quantity=1)]
        )
        assert (await queries.find_work(work, return_id)).state == "completed"
    assert (await one(works, order, return_id)).state == "completed"
    assert list((await levels(works, order)).values()) == [(1, 1, 0), (0, 0, 0)]
    assert list((await counters(works, order)).values()) == [(2, 2), (1, 1)]
    assert await facts(works, order) == [
        "return.requested",
        "return.approved",
        "return.received",
        "return.inspected",
        "return.inspected",
        "return.completed",
    ]
    async with works.begin(Merchant(order.merchant_id)) as work:
        ledger = await work.db.execute(
            text("SELECT reason FROM stock_movements WHERE document_id = :id ORDER BY id"), {"id": return_id}
        )
        assert ledger.scalars().all() == ["returned", "returned", "returned", "disposed"]


async def test_no_unit_is_asked_for_twice(works: Works, order: ShippedOrder) -> None:
    await ask(works, order)
    with pytest.raises(Conflict) as raised:
        await ask(works, order)
    assert raised.value.code == "return_refused"
    assert {error.code for error in raised.value.fields} == {"already_returned"}
    assert list((await counters(works, order)).values()) == [(2, 0), (1, 0)]


async def test_two_at_once_never_take_more_than_was_delivered(works: Works, order: ShippedOrder) -> None:
    answers = await asyncio.gather(*(ask(works, order) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(answer, UUID) for answer in answers) == 1
    assert list((await counters(works, order)).values()) == [(2, 0), (1, 0)]


async def test_refused_lines_are_left_out_and_named(works: Works, order: ShippedOrder) -> None:
    first, second = order.lines
    async with works.begin(Merchant(order.merchant_id)) as work:
        return_id = await commands.request(
            work, order.order_id, [Asked(line_id=first, quantity=9), Asked(line_id=second, quantity=1)]
        )
        row = await queries.find_return(work, return_id)
        taken = (await queries.lines_of(work, [return_id]))[return_id]
    assert [line.order_line_id for line in taken] == [second]
    assert [line["refusal"] for line in row.decision["lines"]] == ["too_many", None]  # type: ignore[attr-defined]


async def test_after_the_window_only_faults_come_back_and_a_person_looks(works: Works, worker_works: Works) -> None:
    order = await shipped_order(worker_works, ids.new(), delivered_ago=timedelta(days=60))
    with pytest.raises(Conflict):
        await ask(works, order)
    return_id = await ask(works, order, reason=ReturnReason.DEFECTIVE)
    assert (await one(works, order, return_id)).state == "requested"


async def test_a_line_of_another_order_is_refused(works: Works, worker_works: Works, order: ShippedOrder) -> None:
    other = await shipped_order(worker_works, order.merchant_id, external_id="1002")
    with pytest.raises(Invalid) as raised:
        async with works.begin(Merchant(order.merchant_id)) as work:
            await commands.request(work, order.order_id, [Asked(line_id=next(iter(other.lines)), quantity=1)])
    assert raised.value.fields[0].pointer == "/lines/0/line_id"


async def test_a_customer_asks_for_its_own_order_only(works: Works, worker_works: Works, order: ShippedOrder) -> None:
    other = await shipped_order(worker_works, order.merchant_id, external_id="1002")
    customer = Customer(order.merchant_id, order.order_id)
    asked = [Asked(line_id=next(iter(order.lines)), quantity=1)]
    async with works.begin(customer) as work:
        return_id = await commands.request(work, order.order_id, asked)
        assert work.scope == customer
    row = await one(works, order, return_id)
    assert (row.requested_by, row.state) == ("customer", "approved")
    with pytest.raises(NotFound):
        async with works.begin(customer) as work:
            await commands.request(work, other.order_id, [Asked(line_id=next(iter(other.lines)), quantity=1)])
    foreign = await ask(works, other)
    async with works.begin(customer) as work:
        assert [row.id for row in await queries.list_returns(work, None, None, None, 10)] == [return_id]
    with pytest.raises(NotFound):
        async with works.begin(customer) as work:
            await commands.cancel(work, foreign)
    async with works.begin(customer) as work:
        await commands.cancel(work, return_id)
    assert (await one(works, order, return_id)).state == "cancelled"
    assert (await counters(works, order))[next(iter(order.lines))] == (0, 0)


async def test_by_hand_a_person_decides(works: Works, order: ShippedOrder) -> None:
    merchant = Merchant(order.merchant_id, "key_test")
    async with works.begin(merchant) as work:
        await commands.set_policy(work, ReturnPolicy(window_days=30, auto_approve=False), None, 0)
    return_id = await ask(works, order)
    assert (await one(works, order, return_id)).state == "requested"
    with pytest.raises(NotFound):
        async with works.begin(Partner(order.operator_id)) as work:
            await queries.find_work(work, return_id)
    with pytest.raises(Stale):
        async with works.begin(merchant) as work:
            await commands.approve(work, return_id, None, 7)
    with pytest.raises(Invalid):
        async with works.begin(merchant) as work:
            await commands.approve(work, return_id, ids.new(), None)
    async with works.begin(merchant) as work:
        await commands.approve(work, return_id, None, 1)
    row = await one(works, order, return_id)
    assert (row.state, row.decided_by) == ("approved", "key_test")
    async with works.begin(Partner(order.operator_id)) as work:
        assert (await queries.find_work(work, return_id)).state == "approved"


async def test_a_declined_request_may_be_made_again(works: Works, order: ShippedOrder) -> None:
    async with works.begin(Merchant(order.merchant_id)) as work:
        await commands.set_policy(work, ReturnPolicy(auto_approve=False), None, None)
    return_id = await ask(works, order)
    async with works.begin(Merchant(order.merchant_id)) as work:
        await commands.decline(work, return_id, "Worn.", None)
    assert list((await counters(works, order)).values()) == [(0, 0), (0, 0)]
    await ask(works, order)
    with pytest.raises(Conflict):
        async with works.begin(Merchant(order.merchant_id)) as work:
            await commands.approve(work, return_id, None, None)


async def test_repeats_and_late_calls_change_nothing(works: Works, order: ShippedOrder) -> None:
    return_id = await ask(works, order)
    first, second = await lines(works, order, return_id)
    partner = Partner(order.operator_id)
    async with works.begin(partner) as work:
        await commands.receive(work, return_id, [Arrived(first, 1)])
    with pytest.raises(Conflict) as raised:
        async with works.begin(partner) as work:
            await commands.receive(work, return_id, [Arrived(first, 2)])
    assert raised.value.code == "over_received"
    with pytest.raises(Conflict):
        async with works.begin(Merchant(order.merchant_id)) as work:
            await commands.cancel(work, return_id)
    for _ in range(2):
        async with works.begin(partner) as work:
            await commands.receive(work, return_id, None)
    everything = [
        Inspected(line_id=first, disposition=Disposition.RESTOCK, quantity=2),
        Inspected(line_id=second, disposition=Disposition.RESTOCK, quantity=1),
    ]
    with pytest.raises(Conflict) as raised:
        async with works.begin(partner) as work:
            await commands.inspect(work, return_id, [*everything, everything[1]])
    assert raised.value.code == "over_inspected"

    async def inspect() -> None:
        async with works.begin(partner) as work:
            await commands.inspect(work, return_id, everything)

    answers = await asyncio.gather(*(inspect() for _ in range(4)), return_exceptions=True)
    assert sum(answer is None for answer in answers) == 1
    assert all(answer is None or isinstance(answer, Conflict) for answer in answers)
    with pytest.raises(Conflict):
        async with works.begin(partner) as work:
            await commands.receive(work, return_id, None)
    assert list((await levels(works, order)).values()) == [(2, 0, 0), (1, 0, 0)]
    assert list((await counters(works, order)).values()) == [(2, 2), (1, 1)]


async def test_what_never_came_may_be_asked_for_again(works: Works, order: ShippedOrder) -> None:
    return_id = await ask(works, order)
    first, _ = await lines(works, order, return_id)
    partner = Partner(order.operator_id)
    async with works.begin(partner) as work:
        await commands.receive(work, return_id, [Arrived(first, 2)])
        await commands.inspect(work, return_id, [Inspected(line_id=first, disposition=Disposition.RESTOCK, quantity=1)])
    with pytest.raises(Conflict) as raised:
        async with works.begin(Merchant(order.merchant_id)) as work:
            await commands.complete(work, return_id, None)
    assert raised.value.code == "not_inspected"
    async with works.begin(partner) as work:
        await commands.inspect(work, return_id, [Inspected(line_id=first, disposition=Disposition.RESTOCK, quantity=1)])
    async with works.begin(Merchant(order.merchant_id)) as work:
        await commands.complete(work, return_id, None)
    assert list((await counters(works, order)).values()) == [(2, 2), (0, 0)]
    assert (await one(works, order, return_id)).state == "completed"


async def test_a_foreign_operator_finds_nothing(works: Works, order: ShippedOrder) -> None:
    return_id = await ask(works, order)
    for stranger in (Partner(ids.new()), Partner(order.merchant_id)):
        with pytest.raises(NotFound):
            async with works.begin(stranger) as work:
                await commands.receive(work, return_id, None)
        async with works.begin(stranger) as work:
            assert await queries.list_work(work, None, None, None, 10) == []


async def test_a_merchant_takes_returns_in_at_its_own_warehouse(works: Works, worker_works: Works) -> None:
    merchant = ids.new()
    order = await shipped_order(worker_works, merchant, operator_id=merchant)
    return_id = await ask(works, order)
    async with works.begin(Partner(merchant)) as work:
        await commands.receive(work, return_id, None)
        assert (await queries.find_work(work, return_id)).state == "received"


async def test_what_is_on_its_way_to_the_customer_can_not_come_back(works: Works, worker_works: Works) -> None:
    order = await shipped_order(worker_works, ids.new(), delivered=False)
    with pytest.raises(Conflict) as raised:
        await ask(works, order)
    assert {error.code for error in raised.value.fields} == {"not_delivered"}
