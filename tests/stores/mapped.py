"""A Shopify shop whose locations stand for our warehouses: the stateful fake, and relay and workers run by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import httpx
from sqlalchemy import text

from fulfilhub.catalogue.commands import NewProduct, make_product
from fulfilhub.fulfilment.commands import answering, handling, refusing
from fulfilhub.fulfilment.queries import WorkRow
from fulfilhub.fulfilment.queries.wishes import given
from fulfilhub.fulfilment.rules import RejectReason
from fulfilhub.orders.queries import HoldRow, LineRow, OrderRow, holds_of
from fulfilhub.orders.rules import RefusalReason
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.jobs.runner import Runner
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.shipping.commands.handover import ParcelToShip, Shipped, ToShip, ship
from fulfilhub.shipping.commands.scans import ScanTold, record
from fulfilhub.shipping.rules import TrackingState
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import assigns
from fulfilhub.stores.adapters.assigning import Places
from fulfilhub.stores.commands import following, locating, pulling
from fulfilhub.stores.commands.connections import NewStore, connect
from fulfilhub.stores.queries import assigned
from fulfilhub.stores.rules import PlatformKind
from fulfilhub.stores.rules import Settings as StoreSettings
from fulfilhub.wiring import load_tasks
from tests.fakes.serving import in_memory
from tests.fakes.shopify.api import shopify
from tests.fakes.shopify.shop import Shop
from tests.fakes.shopify.things import FulfillmentOrder, Location, Order, ProductVariant
from tests.fulfilment.world import Site, make_site

PATIENT = ["jobs.pass_on", "fulfilment.tell_work", "fulfilment.lease_ended"]
"""Jobs that come again and again, each later: they are run only as far as they are due now."""


@dataclass(slots=True)
class Counter:
    """A site, the shop that asks things of it, and the hand that runs their jobs."""

    site: Site
    store_id: UUID
    shop: Shop
    http: httpx.AsyncClient
    runner: Runner
    works: Works
    """The worker's."""
    wares: dict[str, ProductVariant] = field(default_factory=dict)

    async def map(
        self, services: Sequence[UUID] = (), locations: dict[str, UUID] | None = None, *, work_off: bool = True
    ) -> None:
        """What the merchant maps, as `PUT .../locations` does."""
        async with self.site.works.begin(self.site.merchant) as work:
            connection = queries.connection(
                self.runner.vault, await queries.sealed_store(work, self.store_id), work.now
            )
        places = await assigns("shopify").places(self.http, connection)
        assert isinstance(places, Places)
        async with self.site.works.begin(self.site.merchant) as work:
            wanted = locating.Mapped(locations or {}, dict.fromkeys(services, ""))
            await locating.map_places(work, self.store_id, wanted, places.places)
        if work_off:
            await self.work_off()

    async def place_of(self, warehouse_id: UUID) -> Location:
        """The shop's location that stands for a warehouse."""
        async with self.site.works.begin(self.site.merchant) as work:
            found = await queries.warehouses_at(work, self.store_id)
        (name,) = [place for place, warehouse in found.items() if warehouse == warehouse_id]
        return next(each for each in self.shop.locations if each.id == name)

    def sell(self, sku: str) -> ProductVariant:
        """A variant of the shop with this SKU."""
        self.wares[sku] = self.shop.add_product(sku, sku.title(), "8.50")
        return self.wares[sku]

    async def pull(self) -> None:
        """The store is asked, as it is every few minutes."""
        async with self.site.works.begin(self.site.merchant) as work:
            await pulling.ping(work, self.store_id)
        await self.work_off()

    async def heard(self, order: Order) -> None:
        """Some message about the order arrived."""
        async with self.site.works.begin(self.site.merchant) as work:
            await following.mark(work, self.store_id, [order.id])
        await self.work_off()

    async def work_off(self, *, most: int = 60) -> None:
        """Run whatever is due until nothing is; then, as time goes by, what was put off because the shop failed."""
        ahead = timedelta()
        for _ in range(most):
            rows = await self._due(ahead)
            if rows:
                await self._run(self._later(ahead), rows)
            elif await self._due(ahead + timedelta(hours=1), "stores.%"):
                ahead += timedelta(hours=1)
            else:
                return
        raise AssertionError(f"there is always more to do: {[kind for _, kind, _ in rows]}")

    async def _due(self, ahead: timedelta, kinds: str = "%") -> list[tuple[UUID, str, UUID]]:
        asked = text(
            "SELECT account_id, kind, id FROM jobs WHERE state = 'ready' AND due_at <= :until AND kind LIKE :kinds "
            "AND (:at_once OR kind <> ALL (:patient)) ORDER BY due_at, id"
        )
        given = {"until": utc_now() + ahead, "kinds": kinds, "at_once": not ahead, "patient": PATIENT}
        async with self.works.begin(Platform("test")) as work:
            return [(row[0], row[1], row[2]) for row in await work.db.execute(asked, given)]

    async def _run(self, runner: Runner, rows: Sequence[tuple[UUID, str, UUID]]) -> None:
        for account, kind, job in rows:
            await runner.run(kind, account, [job])

    def _later(self, by: timedelta) -> Runner:
        clock = lambda: utc_now() + by  # noqa: E731
        return replace(self.runner, works=Works(self.works.engine, self.works._wiring, clock=clock))

    async def ours(self, order: Order) -> tuple[OrderRow, list[LineRow]] | None:
        """Our order, if we have one."""
        async with self.site.works.begin(self.site.merchant) as work:
            order_id = await queries.order_of(work, self.store_id, order.id)
        return None if order_id is None else await self.site.read(order_id)

    async def states(self, order: Order) -> list[str]:
        """Where the order's parts stand with us, oldest first."""
        async with self.site.works.begin(self.site.merchant) as work:
            return [row.state for row in await assigned.assignments_of(work, self.store_id, order.id)]

    async def trouble(self, order: Order) -> tuple[str | None, str | None]:
        """What is wrong with following it."""
        async with self.site.works.begin(self.site.merchant) as work:
            row = (await assigned.followed(work, self.store_id, [order.id]))[order.id]
        return row.code, row.reason

    async def given(self, order: Order) -> dict[UUID, int]:
        """Units of our order that warehouses have or sent, by warehouse."""
        found = await self.ours(order)
        assert found is not None
        units: dict[UUID, int] = {}
        async with self.site.works.begin(self.site.merchant) as work:
            for (_, _, warehouse_id), many in (await given(work, [found[0].id])).items():
                units[warehouse_id] = units.get(warehouse_id, 0) + many
        return {warehouse_id: many for warehouse_id, many in units.items() if many}

    async def holds(self, order: Order) -> list[HoldRow]:
        """The holds that live on our order, in the order they were placed."""
        found = await self.ours(order)
        assert found is not None
        async with self.site.works.begin(self.site.merchant) as work:
            return [hold for hold in await holds_of(work, found[0].id) if hold.released_at is None]

    async def add_product(self, sku: str) -> None:
        """We have a product of this SKU now."""
        async with self.site.works.begin(self.site.merchant) as work:
            self.site.products[sku] = await make_product(work, NewProduct(sku=sku, name=sku.title()))

    async def run(self, kind: str) -> None:
        """Run the jobs of one kind that are due, once."""
        async with self.works.begin(Platform("test")) as work:
            asked = text("SELECT account_id, id FROM jobs WHERE kind = :kind AND state = 'ready'")
            rows = (await work.db.execute(asked, {"kind": kind})).all()
        for account, job in rows:
            await self.runner.run(kind, account, [job])

    async def sweep(self) -> None:
        """The next turn of the clock, a good while later."""
        async with self._later(timedelta(hours=1)).works.begin(Platform("test")) as work:
            for merchant_id, store_id, run_id in await pulling.begin_due(work):
                await work.enqueue_for(merchant_id, pulling.PULL, {"store_id": store_id, "run_id": run_id})
        await self.work_off()

    async def scan(self, number: str, state: str, minutes: int) -> None:
        """A carrier tells of a parcel, so many minutes from now by its clock, and the shop hears of it."""
        at = utc_now() + timedelta(minutes=minutes)
        scan = ScanTold(tracking_number=number, state=TrackingState(state), occurred_at=at)
        async with self.site.works.begin(self.site.partner) as work:
            await record(work, [scan])
        await self.work_off()

    async def claim(self, warehouse_id: UUID) -> tuple[UUID, list[WorkRow]]:
        """A worker of the warehouse takes all of its work."""
        return await self.site.claim(warehouse_id)

    async def accept(self, warehouse_id: UUID) -> tuple[UUID, list[WorkRow]]:
        """... and accepts it."""
        lease_id, rows = await self.claim(warehouse_id)
        async with self.site.works.begin(self.site.partner) as work:
            for row in rows:
                await handling.accept(work, row.id, lease_id)
        return lease_id, rows

    async def send(self, warehouse_id: UUID, number: str) -> None:
        """The warehouse sends all of its work, and the shop hears of it."""
        lease_id, rows = await self.claim(warehouse_id)
        assert rows, "nothing to send"
        async with self.site.works.begin(self.site.partner) as work:
            told = await ship(
                work,
                [
                    ToShip(
                        row.id, lease_id, [ParcelToShip(carrier="royal_mail", tracking_number=f"{number}{at or ''}")]
                    )
                    for at, row in enumerate(rows)
                ],
            )
        assert all(isinstance(each, Shipped) for each in told), told
        await self.work_off()

    async def reject(self, warehouse_id: UUID, reason: RejectReason = RejectReason.OUT_OF_STOCK) -> None:
        """The warehouse rejects all of its work."""
        lease_id, rows = await self.claim(warehouse_id)
        async with self.site.works.begin(self.site.partner) as work:
            for row in rows:
                await refusing.reject(work, row.id, lease_id, reason)
        await self.work_off()

    async def answer(self, *, agree: bool) -> None:
        """The partner answers whatever it is asked."""
        async with self.site.works.begin(self.site.partner) as work:
            rows = await work.fetch_raw("SELECT id FROM work_requests WHERE state = 'requested' ORDER BY id")
            for row in rows:
                if agree:
                    await answering.accept(work, row[0])
                else:
                    await answering.refuse(work, row[0], RefusalReason.ALREADY_PACKED)
        await self.work_off()


@asynccontextmanager
async def counter(works: Works, worker_works: Works, settings: Settings, vault: Vault) -> AsyncIterator[Counter]:
    """Two warehouses with ten MUGs each, and a shop without a mapping yet."""
    load_tasks()
    shop = Shop()
    site = await make_site(works, "MUG", "JUG")
    for sku in ("MUG", "JUG"):
        for warehouse_id in (site.leeds, site.bristol):
            await site.stock(sku, warehouse_id, 10)
    async with works.begin(site.merchant) as work:
        new = NewStore(
            platform=PlatformKind.SHOPIFY,
            name="Sample goods",
            base_url=f"https://{shop.domain}",
            credentials={"access_token": "shpat_1"},
            webhook_secret="hush-1",
            settings=StoreSettings(),
        )
        made = await connect(work, vault, new)
    async with in_memory(shopify(shop)) as http:
        yield Counter(site, made.store_id, shop, http, Runner(worker_works, settings, vault, http), worker_works)


def parts(order: Order) -> list[tuple[str, str]]:
    """How the shop sees the order's fulfilment orders, oldest first."""
    return [(each.status, each.request_status) for each in order.fulfillment_orders]


def open_part(order: Order) -> FulfillmentOrder:
    """The only part that is not done with."""
    (found,) = [each for each in order.fulfillment_orders if each.status not in ("CLOSED", "CANCELLED")]
    return found
