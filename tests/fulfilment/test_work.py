"""The partner's side: leases that only one can hold, work done step by step, and work that goes back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from fulfilhub.fulfilment.commands.claiming import claim, extend
from fulfilhub.fulfilment.commands.freeing import CancelLine, Claimed, adjust_stock, cancel
from fulfilhub.fulfilment.commands.handling import OnHold, Pick, WrongItem, accept, pick, pick_short
from fulfilhub.fulfilment.commands.holding import hold_order
from fulfilhub.fulfilment.commands.packing import PackedParcel, pack
from fulfilhub.fulfilment.commands.refusing import reject, release
from fulfilhub.fulfilment.rules import LeaseLost, RejectReason, ShortPickReason, WorkState
from fulfilhub.orders.rules import HoldReason, OrderStatus
from fulfilhub.platform import ids
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.errors import Conflict, Invalid, NotFound
from fulfilhub.platform.scopes import Partner
from fulfilhub.platform.work import Works
from fulfilhub.routing.commands import fence
from tests.fulfilment.world import Site, broken, make_site


@dataclass(slots=True)
class Clock:
    """A clock that a test moves on."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


async def queued(works: Works, orders: int = 1, units: int = 2) -> tuple[Site, list[UUID]]:
    """A site with so many orders in the queue of Leeds."""
    site = await make_site(works)
    await site.stock("MUG", site.leeds, orders * units)
    made = [await site.order(f"o-{n}", ("MUG", units)) for n in range(orders)]
    await site.route(*made)
    return site, made


async def test_eight_claimers_at_once_never_get_the_same_work(works: Works) -> None:
    site, _ = await queued(works, 30)

    async def shift() -> list[UUID]:
        mine: list[UUID] = []
        while True:
            _, rows = await site.claim(site.leeds, 3)
            if not rows:
                return mine
            mine += [row.id for row in rows]

    taken = [work_id for each in await asyncio.gather(*(shift() for _ in range(8))) for work_id in each]
    assert len(taken) == len(set(taken)) == 30


async def test_an_expired_lease_opens_nothing_and_the_work_is_claimable_with_its_progress(
    works: Works, worker_works: Works
) -> None:
    site, _ = await queued(works)
    clock = Clock()
    works.clock = clock
    old, (row,) = await site.claim(site.leeds)
    async with works.begin(site.partner) as work:
        await accept(work, row.id, old)
        await pick(work, row.id, old, [Pick(row.lines[0].line_id, 1)])
    assert (await site.claim(site.leeds))[1] == []
    clock.ahead = timedelta(hours=1)
    with pytest.raises(LeaseLost):
        async with works.begin(site.partner) as work:
            await pick(work, row.id, old, None)
    with pytest.raises(LeaseLost):
        async with works.begin(site.partner) as work:
            await extend(work, old)
    new, (again,) = await site.claim(site.leeds)
    assert (again.state, again.lines[0].picked) == (WorkState.PICKING, 1)
    with pytest.raises(LeaseLost):
        async with works.begin(site.partner) as work:
            await pick(work, row.id, old, None)
    async with works.begin(site.partner) as work:
        assert (await pick(work, row.id, new, None)).state is WorkState.PICKED
    assert await broken(worker_works) == []


async def test_a_heartbeat_keeps_the_lease(works: Works) -> None:
    site, _ = await queued(works)
    clock = Clock()
    works.clock = clock
    lease, (row,) = await site.claim(site.leeds)
    clock.ahead = timedelta(minutes=10)
    async with works.begin(site.partner) as work:
        until, kept = await extend(work, lease)
    assert kept == [row.id]
    clock.ahead = timedelta(minutes=20)
    assert until > clock()
    assert (await site.claim(site.leeds))[1] == []


async def test_work_is_claimed_by_its_warehouse_operator_only(works: Works) -> None:
    site, _ = await queued(works)
    async with works.begin(Partner(ids.new())) as work:
        _, _, rows = await claim(work, site.leeds, 10)
    assert rows == []
    lease, (row,) = await site.claim(site.leeds)
    with pytest.raises(NotFound):
        async with works.begin(Partner(ids.new())) as work:
            await accept(work, row.id, lease)


async def test_a_hold_keeps_work_from_being_claimed_and_from_being_accepted(works: Works) -> None:
    site, orders = await queued(works, 2)
    lease, rows = await site.claim(site.leeds, 1)
    held = rows[0].order_id
    async with works.begin(site.merchant) as work:
        for order_id in orders:
            await hold_order(work, order_id, HoldReason.FRAUD_RISK)
    assert (await site.claim(site.leeds))[1] == []
    assert held in orders
    with pytest.raises(OnHold):
        async with works.begin(site.partner) as work:
            await accept(work, rows[0].id, lease)


async def test_rejected_work_goes_elsewhere_and_never_back(works: Works, worker_works: Works) -> None:
    site, (order_id,) = await queued(works)
    await site.stock("MUG", site.bristol, 5)
    lease, (row,) = await site.claim(site.leeds)
    for _ in range(2):
        async with works.begin(site.partner) as work:
            assert (await reject(work, row.id, lease, RejectReason.ORDER_TOO_LARGE)).state is WorkState.REJECTED
    await site.route(order_id)
    assert await site.fulfilments(order_id) == [(site.leeds, "rejected"), (site.bristol, "queued")]
    assert await broken(worker_works) == []


async def test_a_rejection_for_the_address_holds_the_order_and_fences_nobody(works: Works, worker_works: Works) -> None:
    site, (order_id,) = await queued(works)
    lease, (row,) = await site.claim(site.leeds)
    async with works.begin(site.partner) as work:
        await reject(work, row.id, lease, RejectReason.INCORRECT_ADDRESS, "No such street.")
    assert (await site.read(order_id))[0].status == OrderStatus.ON_HOLD
    assert await site.level("MUG", site.leeds) == (2, 0, 0, 0)
    assert await broken(worker_works) == []


async def test_a_short_pick_sends_the_rest_from_elsewhere(works: Works, worker_works: Works) -> None:
    site, (order_id,) = await queued(works, 1, 3)
    await site.stock("MUG", site.bristol, 5)
    lease, (row,) = await site.claim(site.leeds)
    line = row.lines[0].line_id
    async with works.begin(site.partner) as work:
        await accept(work, row.id, lease)
    for _ in range(2):
        async with works.begin(site.partner) as work:
            short = await pick_short(work, row.id, lease, line, 2, ShortPickReason.NOT_FOUND)
        assert (short.state, short.lines[0].picked, short.lines[0].short) == (WorkState.PICKED, 2, 1)
    await site.route(order_id)
    assert await site.fulfilments(order_id) == [(site.leeds, "picked"), (site.bristol, "queued")]
    assert await site.level("MUG", site.leeds) == (0, 2, 1, 0)
    assert (await site.read(order_id))[1][0].allocated == 3
    assert await broken(worker_works) == []


async def test_what_is_in_hand_goes_on_when_the_rest_has_nowhere_to_go(works: Works, worker_works: Works) -> None:
    site, (order_id,) = await queued(works, 1, 3)
    lease, (row,) = await site.claim(site.leeds)
    line = row.lines[0].line_id
    async with works.begin(site.partner) as work:
        await accept(work, row.id, lease)
        await pick_short(work, row.id, lease, line, 2, ShortPickReason.NOT_FOUND)
    async with works.begin(site.merchant) as work:
        await fence(work, [(order_id, site.bristol)], "test")
    await site.route(order_id)
    assert (await site.read(order_id))[0].status == OrderStatus.ON_HOLD
    async with works.begin(site.partner) as work:
        packed = await pack(work, row.id, lease, [PackedParcel(contents={line: 2})])
    assert packed.state is WorkState.PACKED
    assert await broken(worker_works) == []


async def test_work_of_which_nothing_is_there_ends(works: Works, worker_works: Works) -> None:
    site, (order_id,) = await queued(works)
    lease, (row,) = await site.claim(site.leeds)
    async with works.begin(site.partner) as work:
        await accept(work, row.id, lease)
        ended = await pick_short(work, row.id, lease, row.lines[0].line_id, 0, ShortPickReason.DAMAGED)
    assert ended.state is WorkState.CANCELLED
    assert await site.level("MUG", site.leeds) == (0, 0, 0, 2)
    await site.route(order_id)
    assert (await site.read(order_id))[0].status == OrderStatus.BACKORDERED  # Bristol may get stock
    assert await broken(worker_works) == []


async def test_a_wrong_scan_blocks_and_picks_are_harmless_to_repeat(works: Works, worker_works: Works) -> None:
    site, _ = await queued(works)
    lease, (row,) = await site.claim(site.leeds)
    line = row.lines[0].line_id
    async with works.begin(site.partner) as work:
        await accept(work, row.id, lease)
    with pytest.raises(WrongItem):
        async with works.begin(site.partner) as work:
            await pick(work, row.id, lease, [Pick(line, 1, ("CUP",))])
    for _ in range(3):
        async with works.begin(site.partner) as work:
            done = await pick(work, row.id, lease, [Pick(line, 2, ("MUG",))])
        assert done.state is WorkState.PICKED
    with pytest.raises(Conflict):
        async with works.begin(site.partner) as work:
            await pick(work, row.id, lease, [Pick(line, 3)])
    with pytest.raises(Invalid):
        async with works.begin(site.partner) as work:
            await pack(work, row.id, lease, [PackedParcel(contents={line: 1})])
    for _ in range(2):
        async with works.begin(site.partner) as work:
            packed = await pack(work, row.id, lease, [PackedParcel(contents={line: 2})])
        assert packed.state is WorkState.PACKED
    assert await broken(worker_works) == []


async def test_released_work_is_in_the_queue_again_unpicked(works: Works, worker_works: Works) -> None:
    site, _ = await queued(works, 2)
    lease, rows = await site.claim(site.leeds)
    async with works.begin(site.partner) as work:
        await accept(work, rows[0].id, lease)
        await pick(work, rows[0].id, lease, None)
    for expected in (2, 0):
        async with works.begin(site.partner) as work:
            assert len(await release(work, [row.id for row in rows], lease)) == expected
    _, again = await site.claim(site.leeds)
    assert {(row.state, row.lines[0].picked) for row in again} == {(WorkState.QUEUED, 0)}
    assert await broken(worker_works) == []


async def test_claimed_work_is_not_cancelled_and_lines_can_be_in_part(works: Works, worker_works: Works) -> None:
    site, (first, second) = await queued(works, 2, 3)
    lease, (row,) = await site.claim(site.leeds, 1)
    claimed, free = (first, second) if row.order_id == first else (second, first)
    async with works.begin(site.merchant) as work:
        assert await cancel(work, claimed)
    assert (await site.read(claimed))[0].status == OrderStatus.ROUTED
    async with works.begin(site.merchant) as work:
        assert not await cancel(work, free, [CancelLine((await site.read(free))[1][0].id, 1)])
    await site.route(free)
    line = (await site.read(free))[1][0]
    assert (line.cancelled, line.allocated) == (1, 2)
    assert await broken(worker_works) == []
    async with works.begin(site.partner) as work:
        await release(work, [row.id], lease)
    async with works.begin(site.merchant) as work:
        assert not await cancel(work, claimed)
    assert (await site.read(claimed))[0].status == OrderStatus.CANCELLED
    assert await broken(worker_works) == []


async def test_a_count_below_what_is_allocated_takes_back_the_latest_promise(works: Works, worker_works: Works) -> None:
    site, _ = await queued(works, 3)
    product = site.products["MUG"].id
    async with works.begin(site.merchant) as work:
        _, outcome = await adjust_stock(work, product, site.leeds, reason="count", on_hand=4)
    assert outcome.delta == -2
    assert await site.level("MUG", site.leeds) == (0, 4, 0, 0)
    assert await broken(worker_works) == []
    await site.claim(site.leeds)
    with pytest.raises(Claimed):
        async with works.begin(site.merchant) as work:
            await adjust_stock(work, product, site.leeds, reason="count", on_hand=1)
    assert await site.level("MUG", site.leeds) == (0, 4, 0, 0)
    assert await broken(worker_works) == []
