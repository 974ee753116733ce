"""Kits that come back: asked for and judged as kits, put back into stock as what they were sent as."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from fulfilhub.catalogue.commands import change_product
from fulfilhub.catalogue.rules import NewComponent
from fulfilhub.inventory.rules.stock import Disposition
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.work import Works
from fulfilhub.returns import commands, queries
from fulfilhub.returns.commands import Asked, Inspected
from fulfilhub.returns.rules import Sent, stock_of_returned
from fulfilhub.returns.schemas import work_out
from fulfilhub.shipping.commands.handover import ParcelToShip, Shipped, ToShip, ship
from tests.fulfilment.world import Site, broken, make_site

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How long an example takes says nothing here: other work may run on the machine."""

products = st.integers(1, 3).map(lambda n: UUID(int=n))
shipments = st.lists(
    st.builds(Sent, st.integers(1, 4), st.dictionaries(products, st.integers(1, 3), min_size=1)),
    min_size=1,
    max_size=4,
)


@patient
@given(shipments, st.lists(st.integers(1, 4), max_size=6))
def test_all_that_comes_back_is_all_that_was_sent(sent: list[Sent], returns: list[int]) -> None:
    units, before = sum(each.units for each in sent), 0
    back = Counter[UUID]()
    for wanted in [*returns, units]:
        now = min(wanted, units - before)
        for product, count in stock_of_returned(sent, before, now):
            back[product] += count
        before += now
    all_sent = Counter[UUID]()
    for each in sent:
        for product, count in each.made_of.items():
            all_sent[product] += count * each.units
    assert back == all_sent


async def deliver(site: Site, worker_works: Works, warehouse_id: UUID) -> None:
    """Ship all work that waits there, and let every parcel have arrived."""
    lease, rows = await site.claim(warehouse_id)
    items = [ToShip(row.id, lease, [ParcelToShip(carrier="dpd", tracking_number=f"T{row.id.hex}")]) for row in rows]
    async with site.works.begin(site.partner) as work:
        assert all(isinstance(told, Shipped) for told in await ship(work, items))
    async with worker_works.begin(Platform("test")) as work:
        await work.db.execute(text("UPDATE parcels SET state = 'delivered'"))
        await work.db.execute(text("UPDATE order_lines SET delivered = shipped"))


async def test_a_kit_comes_back_as_what_it_was_sent_as(works: Works, worker_works: Works) -> None:
    site = await make_site(works, "MUG", "TEA")
    await site.kit("SET", MUG=2, TEA=1)
    for sku, place, units in (("MUG", site.leeds, 2), ("TEA", site.leeds, 1), ("MUG", site.bristol, 6)):
        await site.stock(sku, place, units)
    order_id = await site.order("o-1", ("SET", 1))
    await site.route(order_id)
    other = await site.order("o-2", ("SET", 3))
    async with works.begin(site.merchant) as work:
        await change_product(work, site.products["SET"].id, {"components": (NewComponent(units=2, sku="MUG"),)})
    await site.route(other)
    for place in (site.leeds, site.bristol):
        await deliver(site, worker_works, place)
    (line,) = (await site.read(order_id))[1]
    async with works.begin(site.merchant) as work:
        return_id = await commands.request(work, order_id, [Asked(line_id=line.id, quantity=1)])
        await change_product(work, site.products["SET"].id, {"components": None})
    async with works.begin(site.partner) as work:
        document = await queries.find_work(work, return_id)
        shown = msgspec.to_builtins(work_out(document).lines[0])
        assert {(part["sku"], part["units"]) for part in shown["components"]} == {("MUG", 2), ("TEA", 1)}
        await commands.receive(work, return_id, None)
        await commands.inspect(
            work,
            return_id,
            [Inspected(line_id=await _line(site, return_id), disposition=Disposition.RESTOCK, quantity=1)],
        )
    assert await site.level("MUG", site.leeds) == (2, 0, 0, 0)
    assert await site.level("TEA", site.leeds) == (1, 0, 0, 0)
    (line,) = (await site.read(other))[1]
    async with works.begin(site.merchant) as work:
        return_id = await commands.request(work, other, [Asked(line_id=line.id, quantity=3)])
    async with works.begin(site.partner) as work:
        await commands.receive(work, return_id, None)
        back = await _line(site, return_id)
        await commands.inspect(
            work,
            return_id,
            [
                Inspected(line_id=back, disposition=Disposition.QUARANTINE, quantity=1),
                Inspected(line_id=back, disposition=Disposition.DISPOSE, quantity=2),
            ],
        )
    assert await site.level("MUG", site.bristol) == (0, 0, 2, 0)
    assert await site.level("TEA", site.bristol) == (0, 0, 0, 0)
    assert await broken(worker_works) == []


async def _line(site: Site, return_id: UUID) -> UUID:
    async with site.works.begin(site.merchant) as work:
        (line,) = (await queries.lines_of(work, [return_id]))[return_id]
    return line.id
