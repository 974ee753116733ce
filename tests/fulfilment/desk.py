"""One order in a warehouse's hands, and who acts on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from fulfilhub.auditing import CHECKS, audit
from fulfilhub.fulfilment.commands.freeing import CancelLine, cancel
from fulfilhub.fulfilment.commands.handling import accept as take_on
from fulfilhub.fulfilment.commands.handling import pick
from fulfilhub.fulfilment.commands.packing import PackedParcel, pack
from fulfilhub.fulfilment.queries import WorkRow, read_work
from fulfilhub.orders.commands import take
from fulfilhub.orders.queries import RequestRow, get_order
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.errors import FulfilHubError
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Work, Works
from fulfilhub.shipping.commands.handover import ParcelToShip, Shipped, ToShip, ship
from tests.fulfilment.world import Site, broken, make_site
from tests.orders.telling import line, order

T = TypeVar("T")
BOOKS = [name for name in CHECKS if "ticket" not in name and "numbered" not in name]
"""Without workers and a relay, tickets wait and events are not numbered."""


@dataclass(slots=True)
class Clock:
    """A clock that a test moves on."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@dataclass(slots=True)
class Desk:
    """One order of five mugs whose work is claimed and accepted at Leeds, and who acts on it."""

    site: Site
    order_id: UUID
    lease: UUID
    work_id: UUID
    line_id: UUID

    async def requests(self) -> list[RequestRow]:
        async with self.site.works.begin(self.site.merchant) as work:
            return list((await get_order(work, self.order_id)).requests)

    async def states(self) -> list[tuple[str, str, bool | None]]:
        """(kind, state, carried out), oldest first."""
        return [(each.kind, each.state, each.carried_out) for each in await self.requests()]

    async def row(self) -> WorkRow:
        async with self.site.works.begin(self.site.partner) as work:
            return await read_work(work, self.site.partner.account_id, self.work_id)

    async def merchant(self, do: Callable[[Work], Awaitable[T]]) -> T:
        async with self.site.works.begin(self.site.merchant) as work:
            return await do(work)

    async def partner(self, do: Callable[[Work], Awaitable[T]]) -> T:
        async with self.site.works.begin(self.site.partner) as work:
            return await do(work)

    async def ask_cancel(self, units: int | None = None) -> RequestRow:
        lines = None if units is None else [CancelLine(self.line_id, units)]
        assert await self.merchant(lambda work: cancel(work, self.order_id, lines))
        return (await self.requests())[-1]

    async def pick(self) -> None:
        await self.partner(lambda work: pick(work, self.work_id, self.lease, None))

    async def pack(self, units: int = 5) -> None:
        contents = {self.line_id: units}
        await self.partner(lambda work: pack(work, self.work_id, self.lease, [PackedParcel(contents=contents)]))

    async def ship(self) -> Shipped | FulfilHubError:
        to_ship = ToShip(self.work_id, self.lease, [ParcelToShip(carrier="dpd", tracking_number="T1")])
        return (await self.partner(lambda work: ship(work, [to_ship])))[0]


async def desk(works: Works, units: int = 5, store: UUID | None = None) -> Desk:
    site = await make_site(works)
    await site.stock("MUG", site.leeds, units)
    if store is None:
        order_id = await site.order("o-1", ("MUG", units))
    else:
        async with works.begin(site.merchant) as work:
            (taken,) = await take(work, store, [order(lines=(line(quantity=units),))])
        order_id = taken.order_id
    await site.route(order_id)
    lease, (row,) = await site.claim(site.leeds)
    async with works.begin(site.partner) as work:
        await take_on(work, row.id, lease)
    return Desk(site, order_id, lease, row.id, row.lines[0].line_id)


async def sound(worker_works: Works, settings: Settings) -> None:
    assert await broken(worker_works) == []
    assert [check for check in (await audit(settings)).checks if check.breaks and check.name in BOOKS] == []


async def another_desk(made: Desk, external_id: str) -> Desk:
    """One more order at the same desk."""
    site = made.site
    await site.stock("MUG", site.leeds, 5)
    order_id = await site.order(external_id, ("MUG", 5))
    await site.route(order_id)
    lease, (row,) = await site.claim(site.leeds)
    return Desk(site, order_id, lease, row.id, row.lines[0].line_id)
