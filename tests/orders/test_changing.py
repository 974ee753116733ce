"""Changes of orders we have: by the store, by the merchant, and what a warehouse has in hand in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from fulfilhub.catalogue.commands import NewProduct, make_products
from fulfilhub.orders import queries
from fulfilhub.orders.commands import (
    NO_STORE,
    Changes,
    LineChange,
    LineEdit,
    check_again,
    count,
    edit,
    take,
    take_wanted,
)
from fulfilhub.orders.commands.editing import NotEditable
from fulfilhub.orders.commands.keeping import Sealed
from fulfilhub.orders.commands.revising import REMOVED
from fulfilhub.orders.incoming import IncomingOrder, StoreState
from fulfilhub.orders.queries import Filters, Whole
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Invalid
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.work import Work, Works
from tests.orders.telling import HOME, T0, line, merchant_with, order, told_types

TELLINGS = st.builds(
    order,
    lines=st.lists(
        st.builds(
            line,
            external_id=st.sampled_from(["1", "2", "3"]),
            sku=st.sampled_from(["MUG", "CUP", "NONE"]),
            quantity=st.integers(0, 3),
            fulfilled=st.integers(0, 2),
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda each: each.external_id,
    ).map(tuple),
    ship_to=st.sampled_from([HOME, None]),
    note=st.sampled_from(["", "gift"]),
    state=st.sampled_from(StoreState),
)


async def stored(works: Works, scope: Merchant, order_id: UUID) -> Whole:
    async with works.begin(scope) as work:
        return await queries.get_order(work, order_id)


def essence(whole: Whole) -> object:
    """What is the same however the order came about."""
    told = sorted(
        (each.external_id, each.sku, each.ordered - each.cancelled, each.elsewhere)
        for each in whole.lines
        if each.position < REMOVED
    )
    row = whole.order
    return row.status, row.note, row.ship_to, row.store_state, row.review_reasons, row.store_updated_at, told


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tellings=st.lists(TELLINGS, min_size=3, max_size=3))
async def test_whatever_is_told_any_order_of_arrival_ends_the_same(tellings: list[IncomingOrder], works: Works) -> None:
    scope = await merchant_with(works, "MUG", "CUP")
    timed = [replace(each, updated_at=T0 + timedelta(minutes=place)) for place, each in enumerate(tellings)]
    ends = []
    for arrival in permutations(timed):
        store = ids.new()
        for each in arrival:
            async with works.begin(scope) as work:
                (taken,) = await take(work, store, [each])
        ends.append(essence(await stored(works, scope, taken.order_id)))
    assert all(end == ends[0] for end in ends)


async def test_paid_later_cancelled_and_opened_again(works: Works) -> None:
    scope, store = await merchant_with(works, "MUG"), ids.new()
    statuses = []
    states = (StoreState.UNPAID, StoreState.OPEN, StoreState.CANCELLED, StoreState.OPEN, StoreState.COMPLETED)
    for minutes, state in enumerate(states):
        async with works.begin(scope) as work:
            (taken,) = await take(work, store, [order(minutes=minutes, state=state)])
        statuses.append(str(taken.status))
    assert statuses == ["awaiting_payment", "received", "cancelled", "received", "not_required"]
    async with works.begin(scope) as work:
        told = [each for each in await told_types(work, taken.order_id) if each != "order.updated"]
    assert told == ["order.received", "order.cancelled", "order.received"]


async def test_a_correction_takes_the_order_on_and_the_store_does_not_undo_it(works: Works) -> None:
    scope, store = await merchant_with(works, "MUG"), ids.new()
    told = order(lines=(line(sku="NONE"),), ship_to=None)
    async with works.begin(scope) as work:
        (taken,) = await take(work, store, [told])
    whole = await stored(works, scope, taken.order_id)
    async with works.begin(scope) as work:
        await edit(work, taken.order_id, Changes(ship_to=HOME))
        assert (await queries.get_order(work, taken.order_id)).order.status == "needs_review"
        await edit(work, taken.order_id, Changes(lines=[LineEdit(line_id=whole.lines[0].id, sku="MUG")]))
    async with works.begin(scope) as work:
        assert "order.received" in await told_types(work, taken.order_id)
        (again,) = await take(work, store, [replace(told, updated_at=T0 + timedelta(hours=1), note="ring twice")])
        assert (again.outcome, again.status) == ("updated", "received")
    whole = await stored(works, scope, taken.order_id)
    assert (whole.order.ship_to or {})["line1"] == HOME.line1
    assert (whole.lines[0].sku, whole.order.note) == ("MUG", "ring twice")


async def test_a_product_added_later_takes_the_order_on(works: Works) -> None:
    scope = await merchant_with(works)
    async with works.begin(scope) as work:
        (taken,) = await take(work, ids.new(), [order()])
        await make_products(work, [NewProduct(sku="MUG", name="Mug")])
        assert await queries.orders_with_unknown_skus(work, ["MUG"], 10) == [taken.order_id]
        await check_again(work, [taken.order_id])
        assert (await queries.get_order(work, taken.order_id)).order.status == "received"


async def test_units_with_a_warehouse_shrink_when_they_lose_it(works: Works) -> None:
    scope, store = await merchant_with(works, "MUG"), ids.new()
    async with works.begin(scope) as work:
        (taken,) = await take(work, store, [order(lines=(line(quantity=5),))])
        line_id = (await queries.lines_of(work, taken.order_id))[0].id
        await count(work, [LineChange(taken.order_id, line_id, allocated=3)])
        (again,) = await take(work, store, [order(minutes=1, lines=(line(quantity=1),))])
        assert again.status == "routed"
        (row,) = await queries.lines_of(work, taken.order_id)
        assert (row.ordered, row.allocated, row.reduce_to) == (3, 3, 1)
        assert (await queries.lock_orders(work, [taken.order_id]))[0].shrinking
        await count(work, [LineChange(taken.order_id, line_id, allocated=-2)])
        (row,) = await queries.lines_of(work, taken.order_id)
        assert (row.ordered, row.allocated, row.reduce_to) == (1, 1, None)


async def test_what_is_in_hand_is_never_changed(works: Works) -> None:
    scope, store = await merchant_with(works, "MUG"), ids.new()
    elsewhere = replace(HOME, line1="1 New Street")
    async with works.begin(scope) as work:
        (taken,) = await take(work, store, [order()])
        line_id = (await queries.lines_of(work, taken.order_id))[0].id
        await count(work, [LineChange(taken.order_id, line_id, allocated=2, picked=1)])
        for minutes in (1, 2):
            (again,) = await take(work, store, [order(minutes=minutes, ship_to=elsewhere, email="new@example.test")])
            assert again.status == "in_progress"
        row = (await queries.get_order(work, taken.order_id)).order
        assert (row.ship_to or {})["line1"] == HOME.line1
        assert (row.email, row.pending_parts) == ("new@example.test", ["ship_to"])
        await edit(work, taken.order_id, Changes(note="fragile"))
        assert (await queries.get_order(work, taken.order_id)).order.pending_parts == ["ship_to"]
        third = replace(HOME, line1="3 New Street")
        await edit(work, taken.order_id, Changes(ship_to=third))
        row = (await queries.get_order(work, taken.order_id)).order
        assert ((row.ship_to or {})["line1"], row.wanted["ship_to"]["line1"]) == (HOME.line1, third.line1)
        await take_wanted(work, [taken.order_id])
        row = (await queries.get_order(work, taken.order_id)).order
        assert ((row.ship_to or {})["line1"], row.wanted, row.pending_parts) == (third.line1, {}, [])


async def test_an_address_told_back_is_no_longer_wanted(works: Works) -> None:
    scope, store = await merchant_with(works, "MUG"), ids.new()
    async with works.begin(scope) as work:
        (taken,) = await take(work, store, [order()])
        line_id = (await queries.lines_of(work, taken.order_id))[0].id
        await count(work, [LineChange(taken.order_id, line_id, allocated=2)])
        wanted = []
        for minutes, told in enumerate((replace(HOME, line1="1 New Street"), HOME), 1):
            await take(work, store, [order(minutes=minutes, ship_to=told)])
            row = (await queries.get_order(work, taken.order_id)).order
            assert (row.ship_to or {})["line1"] == HOME.line1
            wanted.append(sorted(row.wanted))
        assert wanted == [["ship_to"], []]


async def test_what_was_sent_is_not_changed_any_more(works: Works) -> None:
    scope = await merchant_with(works, "MUG")
    async with works.begin(scope) as work:
        (taken,) = await take(work, ids.new(), [order()])
        line_id = (await queries.lines_of(work, taken.order_id))[0].id
        await count(work, [LineChange(taken.order_id, line_id, allocated=2, picked=2, shipped=2)])
        with pytest.raises(NotEditable):
            await edit(work, taken.order_id, Changes(ship_to=HOME))


async def test_a_cancelled_order_with_a_warehouse_is_asked_back(works: Works) -> None:
    scope, store = await merchant_with(works, "MUG"), ids.new()
    async with works.begin(scope) as work:
        (taken,) = await take(work, store, [order()])
        line_id = (await queries.lines_of(work, taken.order_id))[0].id
        await count(work, [LineChange(taken.order_id, line_id, allocated=2)])
    async with works.begin(scope) as work:
        (again,) = await take(work, store, [order(minutes=1, state=StoreState.CANCELLED)])
        assert again.status == "routed"
    async with works.begin(scope) as work:
        assert "order.cancel_requested" in await told_types(work, taken.order_id)
        await count(work, [LineChange(taken.order_id, line_id, allocated=-2)])
        await count(work, [LineChange(taken.order_id, line_id, cancelled=2)])
        row = (await queries.get_order(work, taken.order_id)).order
        assert (row.status, row.cancelled_by) == ("cancelled", "store")


async def test_what_the_merchant_cancelled_stays_cancelled(works: Works) -> None:
    scope, store = await merchant_with(works, "MUG"), ids.new()
    async with works.begin(scope) as work:
        (taken,) = await take(work, store, [order()])
        line_id = (await queries.lines_of(work, taken.order_id))[0].id
        await count(work, [LineChange(taken.order_id, line_id, cancelled=2)])
        (again,) = await take(work, store, [order(minutes=1, lines=(line(quantity=4),), note="x")])
        assert again.status == "cancelled"


async def test_the_lines_of_an_edit_must_be_the_orders_own(works: Works) -> None:
    scope = await merchant_with(works, "MUG")
    async with works.begin(scope) as work:
        (taken,) = await take(work, ids.new(), [order()])
        with pytest.raises(Invalid) as refused:
            await edit(work, taken.order_id, Changes(lines=[LineEdit(line_id=ids.new(), quantity=1)]))
        assert [fault.pointer for fault in refused.value.fields] == ["/lines/0/line_id"]


async def test_the_api_only_makes_new_ones(works: Works) -> None:
    scope = await merchant_with(works, "MUG")
    raw = Sealed("api", "orders", b"sealed", T0 + timedelta(days=30))
    told = [order("a"), order("a"), order("a", note="other"), order("b")]
    async with works.begin(scope) as work:
        taken = await take(work, NO_STORE, told, only_new=True, raws=[raw])
        assert [each.outcome for each in taken] == ["created", "unchanged", "differs", "created"]
        taken = await take(work, NO_STORE, [order("a", minutes=9), order("b", note="x")], only_new=True, raws=[raw])
        assert [each.outcome for each in taken] == ["unchanged", "differs"]
        rows = await work.db.execute(text("SELECT count(*), count(handled_at) FROM inbox"))
        assert tuple(rows.one()) == (2, 2)
        assert {row.version for row in await queries.list_orders(work, None, 9, Filters())} == {1}


async def test_a_thousand_take_as_many_statements_as_one(works: Works) -> None:
    scope, store = await merchant_with(works, "MUG"), ids.new()
    async with works.begin(scope) as work:
        assert await statements(work, lambda: take(work, store, [order("one")])) == 2
        assert await statements(work, lambda: take(work, store, [order(str(n)) for n in range(1_000)])) == 2
        again = [order(str(n), minutes=1, note="x") for n in range(1_000)]
        assert await statements(work, lambda: take(work, store, again)) == 5


async def statements(work: Work, do: Callable[[], Awaitable[object]]) -> int:
    """How many statements `do` sends."""
    sent: list[str] = []
    with work._driver.query_logger(lambda record: sent.append(record.query)):
        await do()
        await asyncio.sleep(0)  # asyncpg calls its loggers in the loop's next round
    return len(sent)
