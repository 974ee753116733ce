"""Requests raced: with shipping, with each other, with silence. One thing happens, and the books say which."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from fulfilhub.fulfilment.commands.answering import accept, refuse, time_out
from fulfilhub.fulfilment.commands.freeing import cancel
from fulfilhub.fulfilment.commands.policy import set_request_policy
from fulfilhub.fulfilment.queries import WorkRow
from fulfilhub.orders.queries import get_order
from fulfilhub.orders.rules import OnSilence, OrderStatus, RefusalReason, RequestPolicy
from fulfilhub.platform.errors import FulfilHubError
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.shipping.commands.handover import ParcelToShip, Shipped, ToShip, ship
from tests.fulfilment.desk import Clock, Desk, another_desk, desk, sound
from tests.fulfilment.world import broken, make_site
from tests.orders.telling import told_types


@pytest.fixture
async def at_hand(works: Works) -> Desk:
    return await desk(works)


async def test_cancel_and_ship_at_the_same_moment_exactly_one_wins(
    works: Works, worker_works: Works, settings: Settings
) -> None:
    site = await make_site(works)
    await site.stock("MUG", site.leeds, 24)
    orders = [await site.order(f"o-{n}") for n in range(12)]
    await site.route(*orders)
    lease, rows = await site.claim(site.leeds, 12)
    requests = {}
    for row in rows:
        async with works.begin(site.merchant) as work:
            await cancel(work, row.order_id)
            (requests[row.id],) = (await get_order(work, row.order_id)).requests

    async def shipped(row: WorkRow) -> bool:
        async with works.begin(site.partner) as work:
            parcel = ParcelToShip(carrier="dpd", tracking_number=f"T{row.id.hex}")
            (verdict,) = await ship(work, [ToShip(row.id, lease, [parcel])])
        return isinstance(verdict, Shipped)

    async def accepted(row: WorkRow) -> str:
        async with works.begin(site.partner) as work:
            return str((await accept(work, requests[row.id].id)).state)

    raced = await asyncio.gather(*(do(row) for row in rows for do in (shipped, accepted)))
    for row, left, answer in zip(rows, raced[::2], raced[1::2], strict=True):
        assert answer == ("overtaken" if left else "accepted")
        status = (await site.read(row.order_id))[0].status
        assert status == (OrderStatus.SHIPPED if left else OrderStatus.CANCELLED)
    gone = sum(bool(left) for left in raced[::2])
    assert await site.level("MUG", site.leeds) == (24 - 2 * gone, 0, 0, 0)
    await sound(worker_works, settings)


async def test_asking_while_it_ships_never_leaves_a_request_open(
    at_hand: Desk, worker_works: Works, settings: Settings
) -> None:
    desks = [at_hand, *[await another_desk(at_hand, f"more-{turn}") for turn in range(4)]]

    async def asked(made: Desk) -> str:
        try:
            await made.merchant(lambda work: cancel(work, made.order_id))
        except FulfilHubError as refused:
            return refused.code
        return "asked"

    raced = await asyncio.gather(*(do for made in desks for do in (made.ship(), asked(made))))
    for made, verdict, answer in zip(desks, raced[::2], raced[1::2], strict=True):
        assert isinstance(verdict, Shipped)
        states = [state for _, state, _ in await made.states()]
        assert (answer, states) in [("asked", ["overtaken"]), ("illegal_action", [])]
    await sound(worker_works, settings)


async def test_two_answers_and_a_time_out_at_once_are_one(
    at_hand: Desk, works: Works, worker_works: Works, settings: Settings
) -> None:
    clock = works.clock = Clock()
    policy = RequestPolicy(answer_minutes=5, on_silence=OnSilence.ACCEPT)
    await at_hand.merchant(lambda work: set_request_policy(work, policy, None))
    request = await at_hand.ask_cancel(2)
    clock.ahead = timedelta(minutes=6)
    both = [lambda work: accept(work, request.id), lambda work: refuse(work, request.id, RefusalReason.OTHER)]
    answers = await asyncio.gather(
        *(at_hand.partner(do) for do in both * 2),
        at_hand.merchant(lambda work: time_out(work, at_hand.order_id, request.id)),
    )
    ((_, state, done),) = await at_hand.states()
    assert {str(answer.state) for answer in answers[:4] if answer is not None} == {state}
    assert (await at_hand.row()).lines[0].to_ship == (3 if done else 5)
    assert len({each.id for each in await at_hand.requests()}) == 1
    async with works.begin(at_hand.site.merchant) as work:
        assert (await told_types(work, at_hand.order_id)).count("fulfilment.change_answered") == 1
    assert await broken(worker_works) == []


async def test_a_request_made_many_times_at_once_is_one(at_hand: Desk, worker_works: Works, settings: Settings) -> None:
    await asyncio.gather(*(at_hand.merchant(lambda work: cancel(work, at_hand.order_id)) for _ in range(6)))
    assert await at_hand.states() == [("cancel", "requested", None)]
    await sound(worker_works, settings)
