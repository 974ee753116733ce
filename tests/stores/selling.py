"""A shop that sells what lies in two warehouses, and hears of it as relay and workers would have it hear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import text

from fulfilhub.catalogue.commands import make_listing
from fulfilhub.demo.storefronts.woocommerce import Plugin, WooCommerceShop
from fulfilhub.demo.storefronts.woocommerce.orders import Json, Ware
from fulfilhub.inventory.commands import receive
from fulfilhub.inventory.commands.receipts import ReceiptLine
from fulfilhub.orders.commands import take
from fulfilhub.orders.incoming import IncomingOrder
from fulfilhub.platform.jobs.relay import PLATFORM_ACCOUNT, Relay
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.port import StoreSettings
from fulfilhub.stores.commands import lanes
from fulfilhub.stores.commands.connections import NewStore, StoreChange, change, connect
from fulfilhub.stores.queries import LaneRow, StockRow
from fulfilhub.stores.rules import PlatformKind, Settings
from tests.fulfilment.world import Site, make_site
from tests.stores.conftest import Hand

KEYS = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}


@dataclass(slots=True)
class Till:
    """A site, its connected shop, and the hand that runs their jobs."""

    site: Site
    store_id: UUID
    shop: WooCommerceShop
    hand: Hand
    vault: Vault
    wares: dict[str, Ware] = field(default_factory=dict)
    hours: int = 0

    @property
    def works(self) -> Works:
        return self.site.works

    @property
    def plugin(self) -> Plugin:
        assert self.shop.plugin is not None
        return self.shop.plugin

    async def sell(self, sku: str, units: int = 0, *, listed: bool = True) -> Ware:
        """Put a product on sale, mapped or not; the shop shows so many of it."""
        ware = self.wares[sku] = self.shop.stock(sku, sku.title(), "8.50", units=units)
        if listed:
            async with self.works.begin(self.site.merchant) as work:
                await make_listing(work, self.store_id, str(ware.id), self.site.products[sku].id)
        return ware

    async def book_in(self, sku: str, units: int, warehouse_id: UUID | None = None) -> None:
        """Units arrive, and those who wait for stock are told."""
        async with self.works.begin(self.site.merchant) as work:
            await receive(work, warehouse_id or self.site.leeds, [ReceiptLine(sku, units)])

    async def buy(self, *bought: tuple[str, int]) -> Json:
        """A customer buys in the shop; the order is on its way to us."""
        return self.shop.place_order([(self.wares[sku], units) for sku, units in bought])

    async def arrive(self, *placed: Json, route: bool = True) -> list[UUID]:
        """Orders of the shop reach us, and find their warehouse."""
        woo = adapter_for("woocommerce")
        told: list[IncomingOrder] = [woo.normalise(each, StoreSettings()) for each in placed]
        async with self.works.begin(self.site.merchant) as work:
            taken = await take(work, self.store_id, told)
        made = [each.order_id for each in taken]
        if route:
            await self.site.route(*made)
        return made

    async def look(self) -> int:
        """Number what was told, and give each store that has news its look. Returns how many looked."""
        await Relay(self.hand.works, lambda handed: None, {}, 1.0).number_events()
        async with self.hand.works.begin(Platform("test")) as work:
            await work.enqueue_for(PLATFORM_ACCOUNT, "stores.watch", {})
        await self.hand.run("stores.watch")
        return await self.hand.run(lanes.LOOK)

    async def tell(self, turns: int = 50) -> int:
        """Give the shop its turns, as time goes by, until nothing waits for it. Returns how many it took."""
        for count in range(turns):
            if not await self.hand.waiting(lanes.TURN):
                return count
            await self.hand.run(lanes.TURN, later=self.hours)
            self.hours += 1
        raise AssertionError("the shop is told again and again")

    async def settle(self) -> None:
        """Look and tell until there is nothing to say."""
        while await self.look():
            await self.tell()

    def shown(self, *skus: str) -> list[object]:
        """What the shop shows of these."""
        return [self.shop.products[self.wares[sku].id]["stock_quantity"] for sku in skus or self.wares]

    async def stock(self) -> dict[str, StockRow]:
        """What we keep of the shop's stock, by SKU."""
        async with self.works.begin(self.site.merchant) as work:
            return {row.sku: row for row in await queries.list_stock(work, self.store_id, None, None, 100)}

    async def lane(self) -> LaneRow:
        async with self.works.begin(self.site.merchant) as work:
            found = await queries.lane(work, self.store_id)
        assert found is not None
        return found

    async def set(self, **settings: object) -> None:
        """Change the store's settings."""
        async with self.works.begin(self.site.merchant) as work:
            await change(work, self.vault, self.store_id, StoreChange(settings=Settings(**settings)), None)  # type: ignore[arg-type]

    async def check_now(self) -> None:
        """What the merchant asks for by hand."""
        async with self.works.begin(self.site.merchant) as work:
            await lanes.look_now(work, self.store_id)
        await self.hand.run(lanes.LOOK)

    async def notices(self, kind: str) -> list[tuple[UUID, str]]:
        """(subject, state) of what the shop is told of orders or returns."""
        async with self.works.begin(self.site.merchant) as work:
            rows = await work.db.execute(
                text("SELECT subject_id, state FROM store_notices WHERE kind = :kind ORDER BY created_at, subject_id"),
                {"kind": kind},
            )
            return [(row.subject_id, row.state) for row in rows]


async def make_till(
    works: Works, vault: Vault, hand: Hand, shop: WooCommerceShop, skus: Sequence[str], *, plugin: bool = True
) -> Till:
    """A till whose shop's stock is kept; with our plugin or without."""
    site = await make_site(works, *skus)
    new = NewStore(
        platform=PlatformKind.WOOCOMMERCE,
        name="Ada's Mugs",
        base_url=shop.url,
        credentials=KEYS,
        webhook_secret="a-webhook-secret",
        settings=Settings(stock_sync=True),
    )
    async with works.begin(site.merchant) as work:
        store_id = (await connect(work, vault, new)).store_id
        if plugin:
            shop.plugin = Plugin()
            await work.db.execute(text("UPDATE stores SET plugin = '{}'"))
            await lanes.follow(work, store_id)
    return Till(site, store_id, shop, hand, vault)
