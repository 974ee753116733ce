"""Taking orders in: once each, however often and in whatever order they are told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import permutations
from uuid import UUID

from sqlalchemy import text

from fulfilhub.orders import queries
from fulfilhub.orders.commands import take
from fulfilhub.orders.commands.revising import REMOVED
from fulfilhub.orders.commands.taking import Outcome
from fulfilhub.orders.incoming import StoreState
from fulfilhub.orders.queries import Filters, Whole
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.work import Works
from tests.orders.telling import HOME, line, merchant_with, order, told_types


async def stored(works: Works, scope: Merchant, order_id: UUID) -> Whole:
    async with works.begin(scope) as work:
        return await queries.get_order(work, order_id)


async def test_a_good_order_is_received_and_told_once(works: Works) -> None:
    scope, store = await merchant_with(works, "MUG"), ids.new()
    async with works.begin(scope) as work:
        (taken,) = await take(work, store, [order()])
    assert (taken.outcome, taken.status) == ("created", "received")
    async with works.begin(scope) as work:
        (again,) = await take(work, store, [order()])
    assert (again.outcome, again.order_id) == ("unchanged", taken.order_id)
    async with works.begin(scope) as work:
        assert await told_types(work, taken.order_id) == ["order.received"]
    whole = await stored(works, scope, taken.order_id)
    assert taken.whole is not None
    assert (whole.order, whole.lines) == (taken.whole.order, taken.whole.lines)
    assert [(each.ordered, each.product_id is not None) for each in whole.lines] == [(2, True)]
    assert whole.order.ship_to is not None
    assert whole.order.ship_to["postcode"] == HOME.postcode


async def test_the_same_external_id_of_another_store_is_another_order(works: Works) -> None:
    scope = await merchant_with(works, "MUG")
    async with works.begin(scope) as work:
        (one,) = await take(work, ids.new(), [order()])
        (two,) = await take(work, ids.new(), [order()])
    assert one.order_id != two.order_id


async def test_eight_at_once_give_one_order(works: Works) -> None:
    scope, store = await merchant_with(works, "MUG", "CUP"), ids.new()
    batch = [order("a"), order("b", lines=(line(sku="CUP"),))]

    async def one(turn: int) -> list[str]:
        async with works.begin(scope) as work:
            told = batch if turn % 2 else batch[::-1]
            return [each.outcome for each in await take(work, store, told)]

    outcomes = await asyncio.gather(*(one(turn) for turn in range(8)))
    assert sorted(each for pair in outcomes for each in pair) == ["created"] * 2 + ["unchanged"] * 14
    async with works.begin(scope) as work:
        assert len(await queries.list_orders(work, None, 10, Filters())) == 2
        rows = await work.db.execute(text("SELECT count(*) FROM order_lines"))
        assert rows.scalar_one() == 2


async def test_what_cannot_go_on_is_kept_with_its_reasons(works: Works) -> None:
    scope = await merchant_with(works, "MUG")
    told = [
        order("sku", lines=(line(sku="NONE"), line("2"))),
        order("address", ship_to=None),
        order("lines", lines=()),
        order("adapter", problems=("bad_money: The total can't be read.",)),
        order("negative", lines=(line(quantity=-3),)),
        order("twice", lines=(line(), line(sku="MUG", quantity=1))),
        order("good"),
        order("paid later", state=StoreState.UNPAID),
        order("gone", state=StoreState.CANCELLED, ship_to=None),
        order("done", state=StoreState.COMPLETED),
        order("half", lines=(line(quantity=3, fulfilled=1),)),
    ]
    async with works.begin(scope) as work:
        taken = await take(work, ids.new(), told)
    found = {each.external_id: each for each in taken}
    assert [each.external_id for each in taken] == [each.external_id for each in told]
    reasons = {
        key: [reason["code"] for reason in each.whole.order.review_reasons] for key, each in found.items() if each.whole
    }
    assert reasons["sku"] == ["unknown_sku"]
    assert reasons["address"] == ["no_address"]
    assert reasons["lines"] == ["no_lines"]
    assert reasons["adapter"] == ["unreadable"]
    assert reasons["negative"] == ["bad_quantity"]
    assert reasons["twice"] == ["duplicate_line"]
    statuses = {key: str(each.status) for key, each in found.items()}
    assert {key for key, status in statuses.items() if status == "needs_review"} == {
        "sku", "address", "lines", "adapter", "negative", "twice",
    }  # fmt: skip
    assert (statuses["good"], statuses["paid later"]) == ("received", "awaiting_payment")
    assert (statuses["gone"], statuses["done"]) == ("cancelled", "not_required")
    half = found["half"].whole
    assert half is not None
    assert [(each.ordered, each.elsewhere) for each in half.lines] == [(2, 1)]
    async with works.begin(scope) as work:
        assert await told_types(work, found["sku"].order_id) == ["order.review_needed"]


async def test_late_and_contradicting_tellings(works: Works) -> None:
    scope, store = await merchant_with(works, "MUG"), ids.new()
    async with works.begin(scope) as work:
        (first,) = await take(work, store, [order(minutes=5, note="second")])
        (late,) = await take(work, store, [order(minutes=1, note="first")])
        (same_time,) = await take(work, store, [order(minutes=5, note="another second")])
        assert (late.outcome, same_time.outcome, same_time.reread) == (Outcome.STALE, Outcome.REREAD, True)
        assert (await queries.get_order(work, first.order_id)).order.note == "second"
        (read,) = await take(work, store, [order(minutes=5, note="another second")], fresh=True)
        assert read.outcome is Outcome.UPDATED
        after = (await queries.get_order(work, first.order_id)).order
        assert (after.note, after.version) == ("another second", 2)


async def test_several_tellings_of_one_order_in_one_call(works: Works) -> None:
    scope, store = await merchant_with(works, "MUG"), ids.new()
    told = [
        order(minutes=1),
        order(minutes=3, note="new"),
        order(minutes=3, note="other"),
        order(minutes=3, note="new"),
    ]
    async with works.begin(scope) as work:
        taken = await take(work, store, told)
    assert [each.outcome for each in taken] == ["stale", "created", "reread", "unchanged"]
    assert len({each.order_id for each in taken}) == 1


def essence(whole: Whole) -> object:
    """What is the same however the order came about."""
    told = sorted(
        (each.external_id, each.sku, each.ordered - each.cancelled, each.elsewhere)
        for each in whole.lines
        if each.position < REMOVED
    )
    row = whole.order
    return row.status, row.note, row.ship_to, row.store_state, row.review_reasons, row.store_updated_at, told


async def test_any_order_of_arrival_ends_the_same(works: Works) -> None:
    scope = await merchant_with(works, "MUG", "CUP")
    timed = [
        order(minutes=0),
        order(minutes=1, lines=(line(sku="CUP"),), note="call first"),
        order(minutes=2, lines=(line(sku="MUG", quantity=3),), ship_to=replace(HOME, postcode="M2 2BB")),
    ]
    ends = []
    for arrival in permutations(timed):
        store = ids.new()
        for told in arrival:
            async with works.begin(scope) as work:
                (taken,) = await take(work, store, [told])
        ends.append(essence(await stored(works, scope, taken.order_id)))
    assert all(end == ends[0] for end in ends)
