"""Kits from order to parcel and back: bought as one thing, held and moved as what they are made of."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fulfilhub.catalogue.commands import change_product
from fulfilhub.catalogue.rules import NewComponent
from fulfilhub.fulfilment.commands.freeing import CancelLine, adjust_stock, cancel
from fulfilhub.fulfilment.commands.handling import Pick, WrongItem, accept, pick, pick_short
from fulfilhub.fulfilment.commands.packing import PackedParcel, pack
from fulfilhub.fulfilment.commands.queueing import route_waiting
from fulfilhub.fulfilment.commands.refusing import reject, release
from fulfilhub.fulfilment.queries import WorkRow
from fulfilhub.fulfilment.queries.fulfilments import fulfilment_lines
from fulfilhub.fulfilment.rules import RejectReason, ShortPickReason, WorkState, short_of_component
from fulfilhub.fulfilment.schemas import work_out
from fulfilhub.fulfilment.tasks import BEGINNING
from fulfilhub.orders.rules import OrderStatus
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.errors import Conflict, Invalid
from fulfilhub.platform.work import Works
from fulfilhub.routing.commands import set_policy
from fulfilhub.routing.rules.terms import DEFAULT_WEIGHTS, OnShortage
from fulfilhub.shipping.commands.handover import ParcelToShip, Shipped, ToShip, ship
from tests.fulfilment.world import Site, broken, make_site

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How long an example takes says nothing here: other work may run on the machine."""


@pytest.fixture
async def site(works: Works) -> Site:
    """SET is two mugs and a tea, PAIR two mugs; nothing in stock."""
    made = await make_site(works, "MUG", "TEA")
    await made.kit("SET", MUG=2, TEA=1)
    await made.kit("PAIR", MUG=2)
    return made


async def working(site: Site, warehouse_id: UUID) -> tuple[UUID, WorkRow]:
    """The one piece of work there, claimed and accepted."""
    lease, (row,) = await site.claim(warehouse_id)
    async with site.works.begin(site.partner) as work:
        await accept(work, row.id, lease)
    return lease, row


async def send(site: Site, lease: UUID, row: WorkRow) -> None:
    async with site.works.begin(site.partner) as work:
        (told,) = await ship(work, [ToShip(row.id, lease, [ParcelToShip(carrier="dpd", tracking_number="T1")])])
    assert isinstance(told, Shipped)


units_of = st.dictionaries(st.integers(1, 4).map(lambda n: UUID(int=n)), st.integers(1, 4), min_size=1)


@patient
@given(st.integers(1, 8), units_of, st.data())
def test_a_short_component_leaves_whole_kits_and_every_unit_has_its_place(
    kits: int, made_of: Mapping[UUID, int], data: st.DataObject
) -> None:
    part = data.draw(st.sampled_from(sorted(made_of)))
    found = data.draw(st.integers(0, kits * made_of[part] - 1))
    told = short_of_component(kits, made_of, part, found)
    assert 0 <= told.kits < kits
    assert told.kits * made_of[part] <= found < (told.kits + 1) * made_of[part]
    for product, units in made_of.items():
        gone = told.freed.get(product, 0) + (told.missing if product == part else 0)
        assert told.kits * units + gone == kits * units
    assert told.missing == kits * made_of[part] - found > 0


async def test_a_kit_is_counted_whole_and_moves_as_its_components(
    works: Works, worker_works: Works, site: Site
) -> None:
    await site.stock("MUG", site.leeds, 5)
    await site.stock("TEA", site.leeds, 3)
    order_id = await site.order("o-1", ("SET", 2), ("TEA", 1))
    await site.route(order_id)
    assert await site.level("MUG", site.leeds) == (1, 4, 0, 0)
    assert await site.level("TEA", site.leeds) == (0, 3, 0, 0)
    assert await site.level("SET", site.leeds) == (0, 0, 0, 0)
    _, lines = await site.read(order_id)
    assert [line.allocated for line in lines] == [2, 1]
    lease, row = await working(site, site.leeds)
    kit = next(line for line in row.document.lines if line.components)
    shown = next(line.components for line in work_out(row, utc_now()).lines if line.components)
    assert {(part.sku, part.units, part.quantity) for part in shown} == {("MUG", 2, 4), ("TEA", 1, 2)}
    async with works.begin(site.partner) as work:
        with pytest.raises(WrongItem, match="nor"):
            await pick(work, row.id, lease, [Pick(kit.line_id, 2, ("SET",))])
    async with works.begin(site.partner) as work:
        await pick(work, row.id, lease, [Pick(kit.line_id, 1, ("MUG", "MUG", "TEA"))])
        await pick(work, row.id, lease, None)
        await pack(work, row.id, lease, [PackedParcel(contents={line.line_id: line.quantity for line in row.lines})])
    await send(site, lease, row)
    assert await site.level("MUG", site.leeds) == (1, 0, 0, 0)
    assert await site.level("TEA", site.leeds) == (0, 0, 0, 0)
    order, lines = await site.read(order_id)
    assert (order.status, [line.shipped for line in lines]) == (OrderStatus.SHIPPED, [2, 1])
    assert await broken(worker_works) == []


async def test_components_in_different_warehouses_make_no_kit(site: Site) -> None:
    await site.stock("MUG", site.leeds, 2)
    await site.stock("TEA", site.bristol, 1)
    order_id = await site.order("o-1", ("SET", 1))
    await site.route(order_id)
    assert (await site.read(order_id))[0].status is OrderStatus.BACKORDERED
    await site.stock("TEA", site.leeds, 1)
    async with site.works.begin(site.merchant) as work:
        await route_waiting(work, [site.products["TEA"].id], BEGINNING, "test")
    assert await site.fulfilments(order_id) == [(site.leeds, "queued")]


async def test_a_line_of_kits_is_split_between_warehouses_as_whole_kits(worker_works: Works, site: Site) -> None:
    for place in (site.leeds, site.bristol):
        await site.stock("MUG", place, 3)
        await site.stock("TEA", place, 3)
    order_id = await site.order("o-1", ("SET", 2), ("MUG", 1))
    await site.route(order_id)
    assert sorted(await site.fulfilments(order_id)) == sorted([(site.leeds, "queued"), (site.bristol, "queued")])
    assert [line.allocated for line in (await site.read(order_id))[1]] == [2, 1]
    levels = [await site.level("MUG", place) for place in (site.leeds, site.bristol)]
    assert sorted(levels) == [(0, 3, 0, 0), (1, 2, 0, 0)]
    assert await broken(worker_works) == []


async def test_lines_that_share_a_component_are_never_oversold(worker_works: Works, site: Site) -> None:
    await site.stock("MUG", site.leeds, 5)
    await site.stock("TEA", site.leeds, 9)
    async with site.works.begin(site.merchant) as work:
        await set_policy(work, max_parts=2, on_shortage=OnShortage.PARTIAL, weights=DEFAULT_WEIGHTS, expected=None)
    order_id = await site.order("o-1", ("SET", 2), ("PAIR", 1), ("MUG", 2))
    await site.route(order_id)
    _, lines = await site.read(order_id)
    taken = {line.sku: line.allocated for line in lines}
    # Five mugs for eight: these two lines can be whole, and the mug that is left makes no set.
    assert taken == {"SET": 0, "PAIR": 1, "MUG": 2}
    assert await site.level("MUG", site.leeds) == (1, 4, 0, 0)
    assert await broken(worker_works) == []


async def test_orders_routed_at_once_never_oversell_what_their_kits_share(
    works: Works, worker_works: Works, site: Site
) -> None:
    await site.stock("MUG", site.leeds, 21)
    await site.stock("TEA", site.leeds, 50)
    orders = [await site.order(f"o-{n}", ((("SET", "PAIR", "MUG")[n % 3]), 1)) for n in range(36)]
    await asyncio.gather(*(site.route(*orders[n::6]) for n in range(6)))
    assert await site.level("MUG", site.leeds) == (0, 21, 0, 0)
    assert await broken(worker_works) == []


async def test_a_short_component_takes_whole_kits_and_frees_the_rest(
    works: Works, worker_works: Works, site: Site
) -> None:
    await site.stock("MUG", site.leeds, 6)
    await site.stock("TEA", site.leeds, 3)
    order_id = await site.order("o-1", ("SET", 3))
    await site.route(order_id)
    lease, row = await working(site, site.leeds)
    line, mug, tea = row.lines[0].line_id, site.products["MUG"].id, site.products["TEA"].id
    for part in (None, site.products["SET"].id):
        with pytest.raises(Invalid) as raised:
            async with works.begin(site.partner) as work:
                await pick_short(work, row.id, lease, line, 1, ShortPickReason.NOT_FOUND, part)
        assert [fault.pointer for fault in raised.value.fields] == ["/product_id"]
    for _ in range(2):  # said again, it is answered as it is
        async with works.begin(site.partner) as work:
            after = await pick_short(work, row.id, lease, line, 5, ShortPickReason.NOT_FOUND, mug)
        assert (after.state, after.lines[0].short, after.lines[0].to_ship) == (WorkState.PICKING, 1, 2)
        # One mug is missing, one is there but makes no kit; its tea is free too.
        assert await site.level("MUG", site.leeds) == (1, 4, 1, 0)
        assert await site.level("TEA", site.leeds) == (1, 2, 0, 0)
    with pytest.raises(Conflict):
        async with works.begin(site.partner) as work:
            await pick_short(work, row.id, lease, line, 1, ShortPickReason.NOT_FOUND, mug)
    async with works.begin(site.partner) as work:
        after = await pick_short(work, row.id, lease, line, 1, ShortPickReason.DAMAGED, tea)
    assert (after.lines[0].short, after.lines[0].to_ship) == (2, 1)
    assert await site.level("MUG", site.leeds) == (3, 2, 1, 0)
    assert await site.level("TEA", site.leeds) == (1, 1, 0, 1)
    assert await broken(worker_works) == []
    async with works.begin(site.partner) as work:
        assert (await pick(work, row.id, lease, None)).state is WorkState.PICKED
    await send(site, lease, row)
    _, (kits,) = await site.read(order_id)
    assert (kits.ordered, kits.allocated, kits.shipped) == (3, 1, 1)
    async with works.begin(site.merchant) as work:
        (frozen,) = (await fulfilment_lines(work, [row.id]))[row.id]
    assert {(part.sku, part.units, part.found) for part in frozen.components} == {("MUG", 2, 5), ("TEA", 1, 1)}
    assert await broken(worker_works) == []


async def test_no_kit_left_gives_the_work_up(works: Works, worker_works: Works, site: Site) -> None:
    await site.stock("MUG", site.leeds, 2)
    await site.stock("TEA", site.leeds, 1)
    order_id = await site.order("o-1", ("SET", 1))
    await site.route(order_id)
    lease, row = await working(site, site.leeds)
    async with works.begin(site.partner) as work:
        tea = site.products["TEA"].id
        after = await pick_short(work, row.id, lease, row.lines[0].line_id, 0, ShortPickReason.NOT_FOUND, tea)
    assert after.state is WorkState.CANCELLED
    assert await site.level("MUG", site.leeds) == (2, 0, 0, 0)
    assert await site.level("TEA", site.leeds) == (0, 0, 1, 0)
    assert await broken(worker_works) == []


async def test_a_changed_kit_changes_no_work_given_before(works: Works, worker_works: Works, site: Site) -> None:
    await site.stock("MUG", site.leeds, 9)
    await site.stock("TEA", site.leeds, 9)
    before = await site.order("o-1", ("SET", 1))
    await site.route(before)
    async with works.begin(site.merchant) as work:
        await change_product(work, site.products["SET"].id, {"components": (NewComponent(units=3, sku="MUG"),)})
    after = await site.order("o-2", ("SET", 1))
    await site.route(after)
    assert await site.level("MUG", site.leeds) == (4, 5, 0, 0)
    assert await site.level("TEA", site.leeds) == (8, 1, 0, 0)
    async with works.begin(site.merchant) as work:
        await change_product(work, site.products["SET"].id, {"components": None})
        await cancel(work, before)
    assert await site.level("MUG", site.leeds) == (6, 3, 0, 0)
    assert await site.level("TEA", site.leeds) == (9, 0, 0, 0)
    lease, row = await working(site, site.leeds)
    async with works.begin(site.partner) as work:
        await pick(work, row.id, lease, None)
        await pack(work, row.id, lease, [PackedParcel(contents={line.line_id: line.quantity for line in row.lines})])
    await send(site, lease, row)
    assert await site.level("MUG", site.leeds) == (6, 0, 0, 0)
    assert await broken(worker_works) == []


@pytest.mark.parametrize("way", ["reject", "release", "cancel_a_kit", "adjust"])
async def test_whatever_takes_work_back_frees_its_components(
    works: Works, worker_works: Works, site: Site, way: str
) -> None:
    await site.stock("MUG", site.leeds, 4)
    await site.stock("TEA", site.leeds, 2)
    order_id = await site.order("o-1", ("SET", 2))
    await site.route(order_id)
    mugs, teas = (4, 0, 0, 0), (2, 0, 0, 0)
    if way in {"reject", "release"}:
        lease, row = await working(site, site.leeds)
        async with works.begin(site.partner) as work:
            await pick(work, row.id, lease, [Pick(row.lines[0].line_id, 1)])
            if way == "reject":
                await reject(work, row.id, lease, RejectReason.OTHER)
            else:
                await release(work, [row.id], lease)
                mugs, teas = (0, 4, 0, 0), (0, 2, 0, 0)
    elif way == "cancel_a_kit":
        _, (line,) = await site.read(order_id)
        async with works.begin(site.merchant) as work:
            await cancel(work, order_id, [CancelLine(line.id, 1)])
        await site.route(order_id)
        mugs, teas = (2, 2, 0, 0), (1, 1, 0, 0)
    else:
        async with works.begin(site.merchant) as work:
            tea = site.products["TEA"].id
            await adjust_stock(work, tea, site.leeds, reason="count", on_hand=1)
        teas = (1, 0, 0, 0)
    assert await site.level("MUG", site.leeds) == mugs
    assert await site.level("TEA", site.leeds) == teas
    assert await broken(worker_works) == []
