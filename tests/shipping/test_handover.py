"""Shipping and carriers' scans: shipped once, stock deducted once, and a parcel never moved backwards."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import cast
from uuid import UUID

import msgspec
import pytest
from litestar import Response

from fulfilhub.fulfilment.queries import WorkRow
from fulfilhub.orders.rules import OrderStatus
from fulfilhub.platform import ids
from fulfilhub.platform.audit import Doing
from fulfilhub.platform.errors import Conflict, Invalid, NotFound
from fulfilhub.platform.scopes import Merchant, Partner
from fulfilhub.platform.work import Works
from fulfilhub.shipping.commands.handover import ParcelToShip, Shipped, ToShip, ship
from fulfilhub.shipping.commands.scans import Recorded, ScanTold, record
from fulfilhub.shipping.rules import TrackingState
from fulfilhub.shipping.together import Dispatch, Leaving, ship_together, work_of
from tests.fulfilment.world import Site, broken, make_site


def parcel(number: str = "RM 1", **more: object) -> ParcelToShip:
    return ParcelToShip(carrier="royal_mail", tracking_number=number, **more)  # type: ignore[arg-type]


async def claimed(works: Works, *numbers: str) -> tuple[Site, UUID, list[WorkRow]]:
    """A site, a lease, and a piece of work of two mugs for each order."""
    site = await make_site(works)
    await site.stock("MUG", site.leeds, 2 * len(numbers))
    await site.route(*[await site.order(number) for number in numbers])
    lease, rows = await site.claim(site.leeds)
    return site, lease, rows


async def test_shipping_counts_deducts_and_tells_once(works: Works, worker_works: Works) -> None:
    site, lease, (row,) = await claimed(works, "o-1")
    made = []
    for _ in range(2):
        async with works.begin(site.partner) as work:
            (verdict,) = await ship(work, [ToShip(row.id, lease, [parcel()])])
        assert isinstance(verdict, Shipped)
        made.append(verdict)
    assert made[0].shipment_id == made[1].shipment_id
    assert [each.repeated for each in made] == [False, True]
    async with works.begin(site.partner) as work:
        (other,) = await ship(work, [ToShip(row.id, lease, [parcel("RM2")])])
    assert isinstance(other, Conflict)
    assert other.code == "already_shipped"
    order, lines = await site.read(row.order_id)
    assert order.status == OrderStatus.SHIPPED
    assert (lines[0].picked, lines[0].shipped) == (2, 2)
    assert await site.level("MUG", site.leeds) == (0, 0, 0, 0)
    async with works.begin(site.merchant) as work:
        told = await work.fetch_raw("SELECT 1 FROM events WHERE type = 'shipment.created'")
    assert len(told) == 1
    assert await broken(worker_works) == []


async def test_one_bad_item_never_fails_its_neighbours(works: Works, worker_works: Works) -> None:
    site, lease, rows = await claimed(works, "o-1", "o-2", "o-3")
    line = rows[1].lines[0].line_id
    async with works.begin(site.partner) as work:
        verdicts = await ship(
            work,
            [
                ToShip(rows[0].id, lease, [parcel("A1")]),
                ToShip(rows[1].id, lease, [parcel("A2", contents={line: 1})]),
                ToShip(ids.new(), lease, [parcel("A3")]),
                ToShip(rows[2].id, ids.new(), [parcel("A4")]),
                ToShip(rows[0].id, lease, [parcel("A1")]),
            ],
        )
    assert [type(each) for each in verdicts[:3]] == [Shipped, Invalid, NotFound]
    assert [each.code for each in verdicts[3:] if isinstance(each, Conflict)] == ["lease_lost", "twice_in_batch"]
    assert await broken(worker_works) == []


async def test_the_same_shipment_told_eight_times_at_once_is_one(works: Works, worker_works: Works) -> None:
    site, lease, (row,) = await claimed(works, "o-1")

    async def tell() -> object:
        async with works.begin(site.partner) as work:
            return (await ship(work, [ToShip(row.id, lease, [parcel()])]))[0]

    verdicts = await asyncio.gather(*(tell() for _ in range(8)))
    assert len({each.shipment_id for each in verdicts if isinstance(each, Shipped)}) == 1
    assert all(isinstance(each, Shipped) for each in verdicts)
    assert await broken(worker_works) == []


async def shipped_in_two(works: Works) -> tuple[Site, WorkRow]:
    site, lease, (row,) = await claimed(works, "o-1")
    line = row.lines[0].line_id
    async with works.begin(site.partner) as work:
        (verdict,) = await ship(
            work, [ToShip(row.id, lease, [parcel("P1", contents={line: 1}), parcel("P2", contents={line: 1})])]
        )
    assert isinstance(verdict, Shipped)
    return site, row


@pytest.mark.parametrize("arrival", list(permutations(range(3))))
async def test_scans_in_any_order_and_often_end_the_same(
    works: Works, worker_works: Works, arrival: tuple[int]
) -> None:
    site, row = await shipped_in_two(works)
    at = works.clock()
    states = (TrackingState.PICKED_UP, TrackingState.IN_TRANSIT, TrackingState.DELIVERED)
    journey = [
        ScanTold(tracking_number="p1", state=state, occurred_at=at + timedelta(seconds=place))
        for place, state in enumerate(states)
    ]
    for place in (*arrival, *arrival):
        async with works.begin(site.merchant) as work:
            (verdict,) = await record(work, [journey[place]])
        assert isinstance(verdict, Recorded)
    assert isinstance(verdict, Recorded)
    assert verdict.state is TrackingState.DELIVERED
    assert verdict.repeated
    order, lines = await site.read(row.order_id)
    assert (order.status, lines[0].delivered) == (OrderStatus.PARTIALLY_DELIVERED, 1)
    last = ScanTold(tracking_number="P2", state=TrackingState.DELIVERED, occurred_at=at)
    for _ in range(2):
        async with works.begin(site.partner) as work:
            await record(work, [last])
    order, lines = await site.read(row.order_id)
    assert (order.status, lines[0].delivered) == (OrderStatus.DELIVERED, 2)
    async with works.begin(site.merchant) as work:
        assert len(await work.fetch_raw("SELECT 1 FROM events WHERE type = 'order.delivered'")) == 1
    assert await broken(worker_works) == []


async def test_nobody_speaks_of_anothers_parcels(works: Works) -> None:
    _, _ = await shipped_in_two(works)
    scan = ScanTold(tracking_number="P1", state=TrackingState.DELIVERED, occurred_at=works.clock())
    for stranger in (Merchant(ids.new()), Partner(ids.new())):
        async with works.begin(stranger) as work:
            (verdict,) = await record(work, [scan])
        assert isinstance(verdict, NotFound)


async def test_a_scan_from_the_future_is_refused(works: Works) -> None:
    site, _ = await shipped_in_two(works)
    late = works.clock() + timedelta(days=3)
    async with works.begin(site.merchant) as work:
        (verdict,) = await record(
            work, [ScanTold(tracking_number="P1", state=TrackingState.IN_TRANSIT, occurred_at=late)]
        )
    assert isinstance(verdict, Invalid)


async def test_calls_that_ship_at_once_share_a_transaction_and_repeats_do_not(
    works: Works, worker_works: Works
) -> None:
    site, lease, rows = await claimed(works, "o-1", "o-2", "o-3")
    dispatch = Dispatch(works, ship_together, work_of)
    items = [ToShip(row.id, lease, [parcel(f"A{place}")]) for place, row in enumerate(rows)]
    late = ToShip(rows[0].id, ids.new(), [parcel("other")])
    asked = [*items, *items, late]
    doings = [Doing("shipWork", 200, ids.WORK_ORDER.show(each.work_id), f"r{n}", None) for n, each in enumerate(asked)]
    calls = [
        dispatch.call(replace(site.partner, doing=doing), Leaving(each, None))
        for each, doing in zip(asked, doings, strict=True)
    ]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(answers[-1], Conflict)
    told = [
        msgspec.json.decode(cast("bytes", answer.content)) for answer in answers[:-1] if isinstance(answer, Response)
    ]
    assert [each["repeated"] for each in told] == [False] * 3 + [True] * 3
    assert [each["shipment_id"] for each in told[:3]] == [each["shipment_id"] for each in told[3:]]
    assert len({each["shipment_id"] for each in told}) == 3
    async with works.begin(site.partner) as work:
        kept = await work.fetch_raw("SELECT entity, request_id FROM audit_log")
    assert sorted(map(tuple, kept)) == sorted((d.entity, d.request_id) for d in doings[:-1])
    assert await broken(worker_works) == []
