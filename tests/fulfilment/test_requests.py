"""Requests: what a warehouse has in hand is changed when it agrees, and whatever happens first is what counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fulfilhub.fulfilment.commands.answering import accept, refuse, time_out, withdraw
from fulfilhub.fulfilment.commands.changing import change
from fulfilhub.fulfilment.commands.claiming import extend
from fulfilhub.fulfilment.commands.following import follow, take_back_cancelled
from fulfilhub.fulfilment.commands.freeing import cancel
from fulfilhub.fulfilment.commands.handling import pick_short
from fulfilhub.fulfilment.commands.policy import set_request_policy
from fulfilhub.fulfilment.commands.refusing import reject, release
from fulfilhub.fulfilment.rules import RejectReason, ShortPickReason, WorkState
from fulfilhub.orders.commands import Changes, LineEdit, take
from fulfilhub.orders.incoming import StoreState
from fulfilhub.orders.queries import RequestRow, get_order
from fulfilhub.orders.rules import AskedBy, OnSilence, OrderStatus, RefusalReason, RequestPolicy
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FulfilHubError, NotFound
from fulfilhub.platform.scopes import Partner
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.shipping.commands.handover import Shipped
from tests.fulfilment.desk import Clock, Desk, desk, sound
from tests.fulfilment.world import broken, make_site
from tests.orders.telling import HOME, line, order, told_types

ELSEWHERE = replace(HOME, line1="1 New Street", city="Hull", postcode="HU1 1AA")


@pytest.fixture
async def at_hand(works: Works) -> Desk:
    return await desk(works)


async def test_an_accepted_cancel_frees_what_was_picked_and_ends_the_order(
    at_hand: Desk, works: Works, worker_works: Works, settings: Settings
) -> None:
    site = at_hand.site
    await at_hand.pick()
    request = await at_hand.ask_cancel()
    assert (await at_hand.row()).requests[0].id == request.id
    assert await site.level("MUG", site.leeds) == (0, 5, 0, 0)
    for _ in range(2):
        answered = await at_hand.partner(lambda work: accept(work, request.id, "stopped in time"))
        assert (answered.state, answered.answer_note) == ("accepted", "stopped in time")
    late = await at_hand.partner(lambda work: refuse(work, request.id, RefusalReason.OTHER))
    assert late.state == "accepted"
    assert await site.level("MUG", site.leeds) == (5, 0, 0, 0)
    whole, (counted,) = await site.read(at_hand.order_id)
    assert (whole.status, counted.cancelled, counted.picked) == (OrderStatus.CANCELLED, 5, 0)
    assert (await at_hand.row()).state is WorkState.CANCELLED
    assert isinstance(await at_hand.ship(), FulfilHubError)
    async with works.begin(site.merchant) as work:
        told = await told_types(work, at_hand.order_id)
    wanted = ["fulfilment.change_requested", "fulfilment.change_answered", "fulfilment.cancelled", "order.cancelled"]
    assert [each for each in told if each in wanted] == wanted
    await sound(worker_works, settings)


async def test_a_refused_cancel_changes_nothing_and_may_be_asked_again(
    at_hand: Desk, worker_works: Works, settings: Settings
) -> None:
    first = await at_hand.ask_cancel()
    assert (await at_hand.ask_cancel()).id == first.id
    await at_hand.partner(lambda work: refuse(work, first.id, RefusalReason.ALREADY_PACKED, "on the trolley"))
    (refused,) = await at_hand.requests()
    assert (refused.state, refused.reason, refused.answer_note) == ("refused", "already_packed", "on the trolley")
    assert (await at_hand.ask_cancel()).id != first.id
    assert await at_hand.states() == [("cancel", "refused", False), ("cancel", "requested", None)]
    await sound(worker_works, settings)


async def test_some_units_are_taken_off_packed_work_which_is_packed_anew(
    at_hand: Desk, worker_works: Works, settings: Settings
) -> None:
    site = at_hand.site
    await at_hand.pick()
    await at_hand.pack()
    await at_hand.ask_cancel(1)
    request = await at_hand.ask_cancel(2)
    assert await at_hand.states() == [("cancel", "superseded", False), ("cancel", "requested", None)]
    await at_hand.partner(lambda work: accept(work, request.id))
    row = await at_hand.row()
    assert (row.state, row.packing, row.lines[0].picked, row.lines[0].to_ship) == (WorkState.PICKED, [], 3, 3)
    assert await site.level("MUG", site.leeds) == (2, 3, 0, 0)
    await sound(worker_works, settings)
    await at_hand.pack(3)
    assert isinstance(await at_hand.ship(), Shipped)
    whole, (counted,) = await site.read(at_hand.order_id)
    assert (whole.status, counted.shipped, counted.cancelled) == (OrderStatus.SHIPPED, 3, 2)
    await sound(worker_works, settings)


async def test_shipping_overtakes_a_request(at_hand: Desk, worker_works: Works, settings: Settings) -> None:
    request = await at_hand.ask_cancel()
    assert isinstance(await at_hand.ship(), Shipped)
    assert await at_hand.states() == [("cancel", "overtaken", False)]
    assert (await at_hand.partner(lambda work: accept(work, request.id))).state == "overtaken"
    assert (await at_hand.site.read(at_hand.order_id))[0].status == OrderStatus.SHIPPED
    await sound(worker_works, settings)


async def test_a_new_address_is_asked_and_taken_over_by_work_and_order(
    at_hand: Desk, worker_works: Works, settings: Settings
) -> None:
    await at_hand.pick()
    changes = Changes(ship_to=ELSEWHERE, note="ring twice")
    for _ in range(2):
        assert await at_hand.merchant(lambda work: change(work, at_hand.order_id, changes))
    whole, _ = await at_hand.site.read(at_hand.order_id)
    assert ((whole.ship_to or {})["line1"], whole.note) == (HOME.line1, "ring twice")
    (request,) = await at_hand.requests()
    assert (request.kind, (request.asked.ship_to or {})["line1"]) == ("address", ELSEWHERE.line1)
    await at_hand.partner(lambda work: accept(work, request.id))
    whole, _ = await at_hand.site.read(at_hand.order_id)
    assert (whole.ship_to or {})["line1"] == ELSEWHERE.line1
    assert (whole.wanted, whole.pending_parts) == ({}, [])
    assert (await at_hand.row()).document.ship_to["line1"] == ELSEWHERE.line1
    assert not await at_hand.merchant(lambda work: follow(work, [at_hand.order_id]))
    await sound(worker_works, settings)


async def test_a_refused_address_waits_for_the_work_to_come_back(
    at_hand: Desk, worker_works: Works, settings: Settings
) -> None:
    site = at_hand.site
    await at_hand.merchant(lambda work: change(work, at_hand.order_id, Changes(ship_to=ELSEWHERE)))
    (request,) = await at_hand.requests()
    await at_hand.partner(lambda work: refuse(work, request.id, RefusalReason.UNDELIVERABLE_DESTINATION))
    assert not await at_hand.merchant(lambda work: follow(work, [at_hand.order_id]))
    assert (await site.read(at_hand.order_id))[0].pending_parts == ["ship_to"]
    await at_hand.partner(lambda work: release(work, [at_hand.work_id], at_hand.lease))
    await at_hand.merchant(lambda work: follow(work, [at_hand.order_id]))
    whole, _ = await site.read(at_hand.order_id)
    assert ((whole.ship_to or {})["line1"], whole.pending_parts) == (ELSEWHERE.line1, [])
    await site.route(at_hand.order_id)
    _, (again,) = await site.claim(site.leeds)
    assert again.document.ship_to["line1"] == ELSEWHERE.line1
    await sound(worker_works, settings)


async def test_fewer_units_are_asked_back_and_withdrawn_ones_stay(
    at_hand: Desk, worker_works: Works, settings: Settings
) -> None:
    site = at_hand.site
    await at_hand.pick()

    async def reduce(units: int) -> RequestRow:
        edits = [LineEdit(line_id=at_hand.line_id, quantity=units)]
        assert await at_hand.merchant(lambda work: change(work, at_hand.order_id, Changes(lines=edits)))
        return (await at_hand.requests())[-1]

    request = await reduce(4)
    await at_hand.merchant(lambda work: withdraw(work, at_hand.order_id, request.id))
    assert (await site.read(at_hand.order_id))[1][0].reduce_to is None
    assert not await at_hand.merchant(lambda work: follow(work, [at_hand.order_id]))
    request = await reduce(3)
    assert request.asked.units == {at_hand.line_id: 2}
    await at_hand.partner(lambda work: accept(work, request.id))
    assert (await site.read(at_hand.order_id))[1][0].ordered == 3
    assert await site.level("MUG", site.leeds) == (2, 3, 0, 0)
    assert (await at_hand.row()).lines[0].to_ship == 3
    assert await at_hand.states() == [("lines", "withdrawn", False), ("lines", "accepted", True)]
    await sound(worker_works, settings)


async def test_a_withdrawn_address_is_forgotten(at_hand: Desk, worker_works: Works, settings: Settings) -> None:
    await at_hand.merchant(lambda work: change(work, at_hand.order_id, Changes(service="express")))
    (request,) = await at_hand.requests()
    for _ in range(2):
        await at_hand.merchant(lambda work: withdraw(work, at_hand.order_id, request.id))
    whole, _ = await at_hand.site.read(at_hand.order_id)
    assert (whole.service, whole.wanted, whole.pending_parts) == ("standard", {}, [])
    assert not await at_hand.merchant(lambda work: follow(work, [at_hand.order_id]))
    with pytest.raises(NotFound):
        await at_hand.merchant(lambda work: withdraw(work, at_hand.order_id, ids.new()))
    await sound(worker_works, settings)


@pytest.mark.parametrize("on_silence", OnSilence)
async def test_silence_means_what_the_policy_said_when_it_was_asked(
    at_hand: Desk, works: Works, worker_works: Works, settings: Settings, on_silence: OnSilence
) -> None:
    clock = works.clock = Clock()
    policy = RequestPolicy(answer_minutes=30, on_silence=on_silence)
    await at_hand.merchant(lambda work: set_request_policy(work, policy, None))
    request = await at_hand.ask_cancel()
    await at_hand.merchant(lambda work: set_request_policy(work, RequestPolicy(), 1))
    await at_hand.merchant(lambda work: time_out(work, at_hand.order_id, request.id))
    assert await at_hand.states() == [("cancel", "requested", None)]
    clock.ahead = timedelta(minutes=10)
    lease, extended = at_hand.lease, timedelta(minutes=31)
    await at_hand.partner(lambda work: extend(work, lease, 3_600))
    clock.ahead = extended
    for _ in range(2):
        await at_hand.merchant(lambda work: time_out(work, at_hand.order_id, request.id))
    done = on_silence is OnSilence.ACCEPT
    assert await at_hand.states() == [("cancel", "timed_out", done)]
    assert (await at_hand.row()).state is (WorkState.CANCELLED if done else WorkState.ACCEPTED)
    assert await broken(worker_works) == []


@pytest.mark.parametrize("how", ["release", "reject", "reject_for_address", "short"])
async def test_work_that_leaves_its_hands_needs_nobodys_agreement(
    at_hand: Desk, worker_works: Works, settings: Settings, how: str
) -> None:
    site = at_hand.site
    await site.stock("MUG", site.bristol, 9)
    await at_hand.ask_cancel(2)
    if how == "release":
        await at_hand.partner(lambda work: release(work, [at_hand.work_id], at_hand.lease))
        assert await at_hand.states() == [("cancel", "requested", None)]
        await at_hand.merchant(lambda work: follow(work, [at_hand.order_id]))
    elif how == "short":
        missing = ShortPickReason.NOT_FOUND
        await at_hand.partner(
            lambda work: pick_short(work, at_hand.work_id, at_hand.lease, at_hand.line_id, 0, missing)
        )
    else:
        reason = RejectReason.OTHER if how == "reject" else RejectReason.INCORRECT_ADDRESS
        await at_hand.partner(lambda work: reject(work, at_hand.work_id, at_hand.lease, reason))
    assert await at_hand.states() == [("cancel", "accepted", True)]
    await sound(worker_works, settings)
    await site.route(at_hand.order_id)
    _, (counted,) = await site.read(at_hand.order_id)
    assert counted.cancelled == 2
    assert counted.allocated == (0 if how == "reject_for_address" else 3)
    await sound(worker_works, settings)


async def test_a_rejected_cancel_leaves_nothing_to_hold(at_hand: Desk, worker_works: Works, settings: Settings) -> None:
    await at_hand.ask_cancel()
    wrong = RejectReason.INCORRECT_ADDRESS
    await at_hand.partner(lambda work: reject(work, at_hand.work_id, at_hand.lease, wrong))
    assert (await at_hand.site.read(at_hand.order_id))[0].status == OrderStatus.CANCELLED
    await sound(worker_works, settings)


async def test_units_not_found_are_those_that_were_asked_back(
    at_hand: Desk, worker_works: Works, settings: Settings
) -> None:
    site = at_hand.site
    await site.stock("MUG", site.bristol, 9)
    request = await at_hand.ask_cancel(2)
    missing = ShortPickReason.NOT_FOUND
    await at_hand.partner(lambda work: pick_short(work, at_hand.work_id, at_hand.lease, at_hand.line_id, 4, missing))
    _, (counted,) = await site.read(at_hand.order_id)
    assert (counted.cancelled, counted.allocated) == (1, 4)
    await at_hand.partner(lambda work: accept(work, request.id))
    await site.route(at_hand.order_id)
    _, (counted,) = await site.read(at_hand.order_id)
    assert (counted.cancelled, counted.allocated, counted.picked) == (2, 3, 3)
    assert await site.fulfilments(at_hand.order_id) == [(site.leeds, "picked")]
    await sound(worker_works, settings)


async def test_a_store_asks_once_and_takes_it_back_when_it_opens_the_order_again(
    works: Works, worker_works: Works, settings: Settings
) -> None:
    store = ids.new()
    made = await desk(works, store=store)

    async def told(minutes: int, state: StoreState) -> None:
        async with works.begin(made.site.merchant) as work:
            await take(work, store, [order(minutes=minutes, state=state, lines=(line(quantity=5),))])
        async with works.begin(made.site.merchant) as work:
            await take_back_cancelled(work, [made.order_id])
            await follow(work, [made.order_id], reopened=[made.order_id])

    await told(1, StoreState.CANCELLED)
    await made.merchant(lambda work: take_back_cancelled(work, [made.order_id]))
    assert await made.states() == [("cancel", "requested", None)]
    assert (await made.requests())[0].asked_by == AskedBy.STORE
    await told(2, StoreState.OPEN)
    await told(3, StoreState.CANCELLED)
    assert await made.states() == [("cancel", "withdrawn", False), ("cancel", "requested", None)]
    request = (await made.requests())[-1]
    await made.partner(lambda work: refuse(work, request.id, RefusalReason.OTHER))
    await made.merchant(lambda work: take_back_cancelled(work, [made.order_id]))
    assert [state for _, state, _ in await made.states()] == ["withdrawn", "refused"]
    await made.partner(lambda work: reject(work, made.work_id, made.lease, RejectReason.OTHER))
    await made.site.route(made.order_id)
    whole, _ = await made.site.read(made.order_id)
    assert (whole.status, whole.cancelled_by) == (OrderStatus.CANCELLED, "store")
    await sound(worker_works, settings)


async def test_what_is_free_is_cancelled_at_once_and_the_rest_is_asked(
    works: Works, worker_works: Works, settings: Settings
) -> None:
    site = await make_site(works, "MUG", "CUP")
    await site.stock("MUG", site.leeds, 5)
    await site.stock("CUP", site.bristol, 5)
    order_id = await site.order("o-1", ("MUG", 2), ("CUP", 2))
    await site.route(order_id)
    await site.claim(site.leeds)
    async with works.begin(site.merchant) as work:
        assert await cancel(work, order_id)
        whole = await get_order(work, order_id)
    assert [each.cancelled for each in whole.lines] == [0, 2]
    assert [sum(each.asked.units.values()) for each in whole.requests] == [2]
    await sound(worker_works, settings)


async def test_nobody_else_sees_or_answers_a_request(at_hand: Desk, works: Works) -> None:
    request = await at_hand.ask_cancel()
    with pytest.raises(NotFound):
        async with works.begin(Partner(ids.new())) as work:
            await accept(work, request.id)
