"""Stock goes out to a Shopify shop, location by location; what somebody else writes there is noticed and set right."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import pytest

from fulfilhub.catalogue.commands import make_listing
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores.adapters.news import StockNews
from fulfilhub.stores.adapters.port import Connection
from fulfilhub.stores.adapters.shopify.stock import push_stock
from fulfilhub.stores.commands import lanes
from tests.fakes.serving import in_memory
from tests.fakes.shopify import inventory
from tests.fakes.shopify.api import shopify
from tests.fakes.shopify.faults import Fault
from tests.fakes.shopify.schema import needs_schema
from tests.fakes.shopify.shop import Shop
from tests.fakes.shopify.things import Location, ProductVariant
from tests.stores.trading import Trade, trading

pytestmark = needs_schema


@pytest.fixture
async def trade(works: Works, worker_works: Works, vault: Vault, settings: Settings) -> AsyncIterator[Trade]:
    async with trading(works, worker_works, vault, settings, ["MUG", "TEA"], stock_sync=True) as made:
        yield made


def shown(variant: ProductVariant, at: Location) -> int | None:
    level = variant.inventory_item.levels.get(at.id)
    return level.quantities["available"] if level is not None and level.is_active else None


async def mapped(trade: Trade) -> tuple[ProductVariant, Location, Location]:
    """A mug on sale, and two locations of the shop that stand for our two warehouses."""
    mug = trade.shop.add_product("MUG", "Mug", "8.50", 3)
    north, south = trade.shop.add_location("North"), trade.shop.add_location("South")
    await trade.import_all()
    await trade.map(north=(north, trade.site.leeds), south=(south, trade.site.bristol))
    return mug, north, south


async def test_each_location_shows_what_lies_in_its_warehouse(trade: Trade) -> None:
    mug, north, south = await mapped(trade)
    await trade.receive("MUG", 10, trade.site.leeds)
    await trade.receive("MUG", 4, trade.site.bristol)
    await trade.settle()
    assert (shown(mug, north), shown(mug, south)) == (10, 4), "stocked there first"
    assert shown(mug, trade.shop.primary) == 3, "the merchant's own location is left alone"
    rows = await trade.stock()
    assert {key: (row.wanted, row.told, row.state) for key, row in rows.items()} == {
        ("MUG", north.id): (10, 10, "told"),
        ("MUG", south.id): (4, 4, "told"),
    }
    activated = [each for each in trade.shop.asked if each["operation"] == "FulfilHubActivateStock"]
    assert len(activated) == 2
    await trade.receive("MUG", 5, trade.site.bristol)
    await trade.settle()
    assert (shown(mug, north), shown(mug, south)) == (10, 9)


async def test_what_orders_want_is_taken_off_once(trade: Trade) -> None:
    mug, north, south = await mapped(trade)
    await trade.receive("MUG", 10, trade.site.leeds)
    await trade.receive("MUG", 4, trade.site.bristol)
    await trade.site.order("elsewhere", ("MUG", 2))
    await trade.set(stock_buffer=1)
    await trade.settle()
    assert (shown(mug, north), shown(mug, south)) == (7, 4)


async def test_our_own_echo_is_no_news(trade: Trade) -> None:
    mug, north, _ = await mapped(trade)
    await trade.receive("MUG", 10, trade.site.leeds)
    await trade.settle()
    asked = len(trade.shop.asked)
    inventory.set_available(trade.shop, mug, north, 10)
    await trade.deliver()
    assert await trade.hand.waiting(lanes.TURN) == []
    assert (await trade.stock())["MUG", north.id].drift_at is None
    assert len(trade.shop.asked) == asked


async def test_somebody_elses_number_is_noticed_shown_and_set_right(trade: Trade) -> None:
    mug, north, _ = await mapped(trade)
    await trade.receive("MUG", 10, trade.site.leeds)
    await trade.settle()
    trade.shop.now = _later(trade)
    inventory.set_available(trade.shop, mug, north, 99)
    await trade.deliver()
    row = (await trade.stock())["MUG", north.id]
    assert (row.state, row.told, row.reason) == ("stale", 99, "The shop showed 99.")
    await trade.settle()
    row = (await trade.stock())["MUG", north.id]
    assert (row.state, row.told, row.drift_shown) == ("told", 10, 99)
    assert row.drift_at is not None
    assert shown(mug, north) == 10


async def test_or_left_there_until_the_next_check(trade: Trade) -> None:
    await trade.set(stock_drift="report")
    mug, north, _ = await mapped(trade)
    await trade.receive("MUG", 10, trade.site.leeds)
    await trade.settle()
    trade.shop.now = _later(trade)
    inventory.set_available(trade.shop, mug, north, 99)
    await trade.deliver()
    await trade.settle()
    row = (await trade.stock())["MUG", north.id]
    assert (row.state, row.code, row.drift_shown, shown(mug, north)) == ("drifted", "drift", 99, 99)
    async with trade.works.begin(trade.site.merchant) as work:
        await lanes.look_now(work, trade.store_id)
    await trade.hand.run(lanes.LOOK)
    await trade.settle()
    assert shown(mug, north) == 10


async def test_a_sale_that_is_on_its_way_is_no_drift(trade: Trade) -> None:
    mug, north, _ = await mapped(trade)
    await trade.receive("MUG", 10, trade.site.leeds)
    await trade.settle()
    trade.shop.now = _later(trade)
    inventory.commit(trade.shop, mug, north, 2)
    await trade.deliver()
    await trade.site.order("the shop's own", ("MUG", 2))
    await trade.settle()
    row = (await trade.stock())["MUG", north.id]
    assert (row.state, row.told, row.drift_at, shown(mug, north)) == ("told", 8, None, 8)


async def test_a_change_between_reading_and_writing_is_read_again(trade: Trade) -> None:
    mug, north, _ = await mapped(trade)
    await trade.receive("MUG", 10, trade.site.leeds)
    await trade.settle()
    trade.shop.faults.next(Fault.FAIL_AFTER, operation="FulfilHubSetStock")
    await trade.receive("MUG", 5, trade.site.leeds)
    await trade.settle()
    assert shown(mug, north) == 15
    assert (await trade.stock())["MUG", north.id].state == "told"


async def test_more_than_one_call_takes_is_split() -> None:
    shop = Shop()
    north = shop.add_location("North")
    made = [shop.add_product(f"P-{place}", f"Product {place}", "1.00", 1, at=north) for place in range(270)]
    news = [
        StockNews(reference=f"r{place}", variant_id=each.id, available=7, location=north.id)
        for place, each in enumerate(made)
    ]
    url = f"https://{shop.domain}"
    async with in_memory(shopify(shop, url=url)) as http:
        connection = Connection(platform="shopify", base_url=url, credentials={"access_token": "shpat_1"})
        done = await push_stock(http, connection, news)
    assert (len(done.told), done.trouble, {shown(each, north) for each in made}) == (270, None, {7})
    sizes = [
        len(each["variables"]["input"]["quantities"]) for each in shop.asked if each["operation"] == "FulfilHubSetStock"
    ]
    assert sizes == [250, 20]


async def test_without_a_mapping_all_is_shown_at_one_location(trade: Trade) -> None:
    mug = trade.shop.add_product("MUG", "Mug", "8.50", 3)
    await trade.set(stock_location=trade.shop.primary.id)
    async with trade.works.begin(trade.site.merchant) as work:
        await make_listing(work, trade.store_id, mug.id, trade.site.products["MUG"].id)
    await trade.receive("MUG", 10, trade.site.leeds)
    await trade.receive("MUG", 4, trade.site.bristol)
    await trade.settle()
    assert shown(mug, trade.shop.primary) == 14
    north = trade.shop.add_location("North")
    await trade.map(north=(north, trade.site.leeds))
    await trade.settle()
    assert shown(mug, north) == 10
    assert list(await trade.stock()) == [("MUG", north.id)], "the one location is told no more"


def _later(trade: Trade) -> Callable[[], datetime]:
    """The shop's clock, as far on as the merchant's by now."""
    return lambda: utc_now() + timedelta(hours=trade.hours + 1)
