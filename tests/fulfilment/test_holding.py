"""Holds: several at once, released one by one or in time, and what they stop once the work is claimed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fulfilhub.fulfilment.commands.handling import OnHold, accept
from fulfilhub.fulfilment.commands.holding import hold_order, release_due, release_order
from fulfilhub.orders.queries import holds_of
from fulfilhub.orders.rules import CausedBy, HoldReason, HoldSource, OrderStatus
from fulfilhub.platform.errors import Invalid
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.shipping.commands.handover import Shipped
from tests.fulfilment.desk import Clock, Desk, desk, sound
from tests.fulfilment.world import make_site


@pytest.fixture
async def at_hand(works: Works) -> Desk:
    return await desk(works)


async def test_a_dated_hold_ends_when_its_time_has_come_and_others_stay(
    works: Works, worker_works: Works, settings: Settings
) -> None:
    clock = works.clock = Clock()
    site = await make_site(works)
    await site.stock("MUG", site.leeds, 2)
    order_id = await site.order()
    async with works.begin(site.merchant) as work:
        until = work.now + timedelta(hours=1)
        dated = await hold_order(work, order_id, HoldReason.PACK_AND_HOLD, name="launch day", until=until)
        other = await hold_order(work, order_id, HoldReason.FRAUD_RISK, source=HoldSource.MERCHANT)
        assert ("fulfilment.release_hold", until) in {(kind, due) for kind, _, due in work._jobs}
    async with works.begin(site.merchant) as work:
        await release_due(work, order_id, dated)
        assert [hold.released_at for hold in await holds_of(work, order_id)] == [None, None]
    clock.ahead = timedelta(hours=1, seconds=1)
    for _ in range(2):
        async with works.begin(site.merchant) as work:
            await release_due(work, order_id, dated)
            await release_due(work, order_id, other)  # no date, so it never falls due
    async with works.begin(site.merchant) as work:
        first, second = await holds_of(work, order_id)
    assert (first.name, first.released_at is None, second.released_at) == ("launch day", False, None)
    assert (await site.read(order_id))[0].status == OrderStatus.ON_HOLD
    async with works.begin(site.merchant) as work:
        await release_order(work, order_id, other)
    await site.route(order_id)
    assert await site.fulfilments(order_id) == [(site.leeds, "queued")]


async def test_a_hold_says_who_placed_it_and_whose_doing_it_is(works: Works) -> None:
    site = await make_site(works)
    order_id = await site.order()
    async with works.begin(site.merchant) as work:
        await hold_order(work, order_id, HoldReason.CUSTOMER_REQUEST, source=HoldSource.CUSTOMER)
        await hold_order(work, order_id, HoldReason.QUERY_RAISED, caused_by=CausedBy.SITE)
        await hold_order(work, order_id, HoldReason.FRAUD_RISK, source=HoldSource.STORE)
        found = [(hold.source, hold.caused_by) for hold in await holds_of(work, order_id)]
    assert found == [("customer", "customer"), ("platform", "site"), ("store", "merchant")]


async def test_a_hold_ends_in_the_future(works: Works) -> None:
    site = await make_site(works)
    order_id = await site.order()
    with pytest.raises(Invalid) as refused:
        async with works.begin(site.merchant) as work:
            await hold_order(work, order_id, HoldReason.OTHER, until=work.now)
    assert [fault.pointer for fault in refused.value.fields] == ["/until"]


async def test_held_work_in_hand_may_be_picked_but_neither_packed_nor_shipped(
    at_hand: Desk, worker_works: Works, settings: Settings
) -> None:
    hold = await at_hand.merchant(lambda work: hold_order(work, at_hand.order_id, HoldReason.FRAUD_RISK))
    assert (await at_hand.row()).held
    await at_hand.pick()
    with pytest.raises(OnHold):
        await at_hand.pack()
    assert isinstance(await at_hand.ship(), OnHold)
    await at_hand.merchant(lambda work: release_order(work, at_hand.order_id, hold))
    await at_hand.pack()
    assert isinstance(await at_hand.ship(), Shipped)
    await sound(worker_works, settings)


async def test_what_was_packed_before_the_hold_goes_its_way(
    at_hand: Desk, worker_works: Works, settings: Settings
) -> None:
    await at_hand.pick()
    await at_hand.pack()
    await at_hand.merchant(lambda work: hold_order(work, at_hand.order_id, HoldReason.FRAUD_RISK))
    await at_hand.partner(lambda work: accept(work, at_hand.work_id, at_hand.lease))  # said again, harmless
    assert isinstance(await at_hand.ship(), Shipped)
    await sound(worker_works, settings)
