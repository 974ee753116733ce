"""Counters, the status said twice (in SQL and in Python), holds, promises, and finding orders again."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fulfilhub.orders import queries
from fulfilhub.orders.commands import (
    LineChange,
    count,
    freeze_promises,
    note_tracking,
    place_hold,
    release_hold,
    set_backordered,
    take,
)
from fulfilhub.orders.commands.counting import COUNTERS
from fulfilhub.orders.incoming import StoreState
from fulfilhub.orders.queries import Filters
from fulfilhub.orders.rules import HoldReason, LineCounts, OrderFlags, order_status
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, NotFound
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.work import Works
from tests.orders.telling import T0, line, merchant_with, order, told_types


@st.composite
def progress(draw: st.DrawFn) -> LineCounts:
    """Counters that do not contradict each other."""
    ordered = draw(st.integers(0, 3))
    cancelled = draw(st.integers(0, ordered))
    allocated = draw(st.integers(0, ordered - cancelled))
    picked = draw(st.integers(0, allocated))
    shipped = draw(st.integers(0, picked))
    asked = draw(st.integers(0, shipped))
    return LineCounts(
        ordered=ordered,
        allocated=allocated,
        picked=picked,
        shipped=shipped,
        delivered=draw(st.integers(0, shipped)),
        cancelled=cancelled,
        return_requested=asked,
        returned=draw(st.integers(0, asked)),
    )


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(progress(), min_size=1, max_size=3),
    unpaid=st.booleans(),
    held=st.booleans(),
    waits=st.booleans(),
    review=st.booleans(),
)
async def test_the_database_derives_the_same_status_as_the_rule(
    works: Works, lines: list[LineCounts], unpaid: bool, held: bool, waits: bool, review: bool
) -> None:
    scope = await merchant_with(works, "MUG")
    told = order(
        lines=tuple(line(str(place), quantity=each.ordered) for place, each in enumerate(lines)),
        state=StoreState.UNPAID if unpaid else StoreState.OPEN,
        problems=("odd: It is odd.",) if review else (),
    )
    async with works.begin(scope) as work:
        (taken,) = await take(work, ids.new(), [told])
        if held and taken.status not in {"not_required", "cancelled"}:
            await place_hold(work, taken.order_id, HoldReason.OTHER)
        else:
            held = False
        await set_backordered(work, {taken.order_id: waits})
        rows = await queries.lines_of(work, taken.order_id)
        await count(
            work,
            [
                LineChange(taken.order_id, row.id, **{name: getattr(each, name) for name in COUNTERS})
                for row, each in zip(rows, lines, strict=True)
            ],
        )
        after = (await queries.get_order(work, taken.order_id)).order.status
    flags = OrderFlags(unpaid=unpaid, on_hold=held, backordered=waits, needs_review=review)
    assert after == order_status(lines, flags)


async def test_counters_that_contradict_each_other_are_refused(works: Works) -> None:
    scope = await merchant_with(works, "MUG")
    async with works.begin(scope) as work:
        (taken,) = await take(work, ids.new(), [order()])
        (row,) = await queries.lines_of(work, taken.order_id)
    with pytest.raises(asyncpg.CheckViolationError):
        async with works.begin(scope) as work:
            await count(work, [LineChange(taken.order_id, row.id, allocated=3)])
    with pytest.raises(LookupError):
        async with works.begin(scope) as work:
            await count(work, [LineChange(taken.order_id, ids.new(), allocated=1)])


async def test_several_changes_of_one_line_add_up(works: Works) -> None:
    scope = await merchant_with(works, "MUG")
    async with works.begin(scope) as work:
        (taken,) = await take(work, ids.new(), [order()])
        (row,) = await queries.lines_of(work, taken.order_id)
        await count(work, [LineChange(taken.order_id, row.id, allocated=1)] * 2)
        (row,) = await queries.lines_of(work, taken.order_id)
        assert row.allocated == 2


async def test_an_order_goes_on_when_its_last_hold_is_released(works: Works) -> None:
    scope = await merchant_with(works, "MUG")
    async with works.begin(scope) as work:
        (taken,) = await take(work, ids.new(), [order()])
        first = await place_hold(work, taken.order_id, HoldReason.FRAUD_RISK, "odd card")
        second = await place_hold(work, taken.order_id, HoldReason.CUSTOMER_REQUEST)
        await release_hold(work, taken.order_id, first)
        await release_hold(work, taken.order_id, first)
        assert (await queries.get_order(work, taken.order_id)).order.status == "on_hold"
        assert await queries.has_live_hold(work, taken.order_id)
        await release_hold(work, taken.order_id, second)
        whole = await queries.get_order(work, taken.order_id)
        assert (whole.order.status, len(whole.holds)) == ("received", 2)
        with pytest.raises(NotFound):
            await release_hold(work, taken.order_id, ids.new())
        with pytest.raises(NotFound):
            await place_hold(work, ids.new(), HoldReason.OTHER)
    async with works.begin(scope) as work:
        told = await told_types(work, taken.order_id)
        assert [told.count(each) for each in ("order.held", "order.hold_released")] == [2, 2]


async def test_a_cancelled_order_cannot_be_held(works: Works) -> None:
    scope = await merchant_with(works, "MUG")
    async with works.begin(scope) as work:
        (taken,) = await take(work, ids.new(), [order(state=StoreState.CANCELLED)])
        with pytest.raises(Conflict):
            await place_hold(work, taken.order_id, HoldReason.OTHER)


async def test_a_promise_is_frozen(works: Works) -> None:
    scope, day = await merchant_with(works, "MUG"), timedelta(days=1)
    async with works.begin(scope) as work:
        (taken,) = await take(work, ids.new(), [order()])
        await freeze_promises(work, [(taken.order_id, T0 + day, T0 + 2 * day)])
        await freeze_promises(work, [(taken.order_id, T0 + 5 * day, T0 + 6 * day)])
        row = (await queries.get_order(work, taken.order_id)).order
        assert (row.ship_by, row.deliver_by) == (T0 + day, T0 + 2 * day)


async def test_orders_are_found_by_what_people_know_of_them(works: Works) -> None:
    scope, store = await merchant_with(works, "MUG"), ids.new()
    async with works.begin(scope) as work:
        told = [order("1001"), order("1002", ship_to=None, email="bob@example.test", placed_at=T0 + timedelta(days=1))]
        one, two = await take(work, store, told)
        await note_tracking(work, two.order_id, ["jd 0002-x", "JD0002X", "  "])

        async def found(**filters: object) -> list[object]:
            return [row.id for row in await queries.list_orders(work, None, 10, Filters(**filters))]  # type: ignore[arg-type]

        both = [one.order_id, two.order_id]
        assert await found() == await found(store_id=store) == both
        assert await found(number="1001") == await found(number=" #1001 ") == [one.order_id]
        assert await found(email="ADA@example.com") == [one.order_id]
        assert await found(tracking_number="JD-0002 x") == [two.order_id]
        assert await found(external_id="1002") == [two.order_id]
        assert await found(status="needs_review") == [two.order_id]
        assert await found(placed_after=T0 + timedelta(hours=1)) == [two.order_id]
        assert await found(placed_before=T0 + timedelta(hours=1)) == [one.order_id]
        assert await found(created_before=work.now) == []
        assert await found(created_after=work.now) == both
        assert [row.id for row in await queries.list_orders(work, one.order_id, 10, Filters())] == [two.order_id]
    async with works.begin(Merchant(ids.new())) as work:
        assert await queries.list_orders(work, None, 10, Filters()) == []
        assert await queries.lock_orders(work, both) == []
