"""A merchant whose shop is Shopify's (the fake), and who hears of it as relay and workers would have it hear."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import insert, text

from fulfilhub.inventory.commands import receive as book_in
from fulfilhub.inventory.commands.receipts import ReceiptLine
from fulfilhub.platform.jobs.relay import PLATFORM_ACCOUNT, Relay
from fulfilhub.platform.jobs.runner import Runner
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.commands import hearing, importing, lanes
from fulfilhub.stores.commands.connections import NewStore, StoreChange, change, connect
from fulfilhub.stores.commands.deliveries import receive
from fulfilhub.stores.models import StoreLocation
from fulfilhub.stores.queries import ImportRow, LinkRow, StockRow, VariantRow
from fulfilhub.stores.rules import PlatformKind
from fulfilhub.stores.rules import Settings as StoreSettings
from tests.fakes.serving import in_memory
from tests.fakes.shopify import products
from tests.fakes.shopify.api import shopify
from tests.fakes.shopify.messages import Message, Subscription
from tests.fakes.shopify.shop import Shop
from tests.fakes.shopify.things import Location
from tests.fulfilment.world import Site, make_site
from tests.stores.conftest import Hand


@dataclass(slots=True)
class Trade:
    """A site, its connected Shopify shop, and the hand that runs their jobs."""

    site: Site
    store_id: UUID
    shop: Shop
    hand: Hand
    vault: Vault
    http: httpx.AsyncClient
    hours: int = 0
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def works(self) -> Works:
        return self.site.works

    async def set(self, **settings: Any) -> None:
        """Change some of the store's settings."""
        self.settings |= settings
        wanted = StoreChange(settings=StoreSettings(**(asdict(StoreSettings()) | self.settings)))
        async with self.works.begin(self.site.merchant) as work:
            await change(work, self.vault, self.store_id, wanted, None)

    async def deliver(self, *messages: Message) -> None:
        """What the shop sent (all that waits, unless messages are named) reaches us, and is read."""
        batch = messages or tuple(self.shop.outbox.waiting)
        self.shop.outbox.waiting.clear()
        shopify_ = adapter_for("shopify")
        for one in batch:
            delivery = shopify_.read_delivery(one.headers, one.body)
            async with self.works.begin(self.site.merchant) as work:
                await receive(work, self.vault, self.store_id, delivery, one.headers, one.body, 30)
        await self.hand.run("stores.read_delivery")

    async def run(self, kind: str, turns: int = 60) -> int:
        """Run jobs of a kind, as time goes by, until there are none. Returns how many turns it took."""
        for count in range(turns):
            if not await self.hand.waiting(kind):
                return count
            await self.hand.run(kind, later=self.hours)
            self.hours += 1
        raise AssertionError(f"{kind} goes on and on")

    async def look(self) -> int:
        """Number what was told, and give the store a look if it has news."""
        await Relay(self.hand.works, lambda handed: None, {}, 1.0).number_events()
        async with self.hand.works.begin(Platform("test")) as work:
            await work.enqueue_for(PLATFORM_ACCOUNT, "stores.watch", {})
        await self.hand.run("stores.watch")
        return await self.hand.run(lanes.LOOK)

    async def settle(self) -> None:
        """Look, tell, and read what the shop says in return, until there is nothing to say."""
        for _ in range(20):
            looked = await self.look()
            told = await self.run(lanes.TURN)
            sent = len(self.shop.outbox.waiting)
            await self.deliver()
            read = await self.run(hearing.READ_RETURNS)
            if not looked and not told and not sent and not read:
                return
        raise AssertionError("there is always something to say")

    async def import_all(self) -> ImportRow:
        """Bring in all products, the shop making its list in the meantime."""
        async with self.works.begin(self.site.merchant) as work:
            import_id = await importing.start(work, self.store_id)
        await self.hand.run(importing.STEP)
        products.finish(self.shop)
        await self.run(importing.STEP)
        return await self.imported(import_id)

    async def imported(self, import_id: UUID) -> ImportRow:
        async with self.works.begin(self.site.merchant) as work:
            return await queries.get_import(work, self.store_id, import_id)

    async def variants(self) -> dict[str, VariantRow]:
        """What is known of the store's variants, by their SKUs and ids."""
        async with self.works.begin(self.site.merchant) as work:
            rows = await queries.list_variants(work, self.store_id, None, 1000)
        return {row.variant_id: row for row in rows} | {row.sku: row for row in rows if row.sku}

    async def stock(self) -> dict[tuple[str, str], StockRow]:
        """What we keep of the store's stock, by SKU and location."""
        async with self.works.begin(self.site.merchant) as work:
            rows = await queries.list_stock(work, self.store_id, None, None, 1000)
        return {(row.sku, row.location): row for row in rows}

    async def returns(self) -> list[LinkRow]:
        """The returns that stand in the store, oldest first."""
        async with self.works.begin(self.site.merchant) as work:
            return await queries.list_links(work, self.store_id, None, 100)

    async def receive(self, sku: str, units: int, warehouse_id: UUID) -> None:
        """Units arrive."""
        async with self.works.begin(self.site.merchant) as work:
            await book_in(work, warehouse_id, [ReceiptLine(sku, units)])

    async def map(self, **places: tuple[Location, UUID]) -> None:
        """Let locations of the shop stand for warehouses."""
        async with self.works.begin(self.site.merchant) as work:
            for name, (location, warehouse_id) in places.items():
                values = {
                    "merchant_id": work.account_id,
                    "store_id": self.store_id,
                    "external_id": location.id,
                    "name": name,
                    "kind": "merchant",
                    "warehouse_id": warehouse_id,
                    "active": True,
                    "updated_at": work.now,
                }
                await work.db.execute(insert(StoreLocation).values(values))
            await work.db.execute(text("UPDATE store_lanes SET ledger_id = NULL, check_at = now()"))


@asynccontextmanager
async def trading(
    works: Works, worker_works: Works, vault: Vault, settings: Settings, skus: Sequence[str], **chosen: Any
) -> AsyncIterator[Trade]:
    """A merchant with these products, and a connected shop that has none yet."""
    shop = Shop()
    url = f"https://{shop.domain}"
    async with in_memory(shopify(shop, url=url)) as http:
        site = await make_site(works, *skus)
        new = NewStore(
            platform=PlatformKind.SHOPIFY,
            name="Sample Goods",
            base_url=url,
            credentials={"access_token": "shpat_1"},
            webhook_secret=shop.client_secrets[0],
            settings=StoreSettings(**chosen),
        )
        async with works.begin(site.merchant) as work:
            store_id = (await connect(work, vault, new)).store_id
        shop.outbox.subscriptions.append(Subscription("https://fulfilhub.test/hooks"))
        hand = Hand(worker_works, Runner(worker_works, settings, vault, http))
        yield Trade(site, store_id, shop, hand, vault, http, settings=dict(chosen))
