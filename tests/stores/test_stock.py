"""A store's stock: what can be sold is what the shop shows, once, whatever happens on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import text

from fulfilhub.catalogue.commands import make_listing
from fulfilhub.demo.storefronts.shop import Mischief
from fulfilhub.demo.storefronts.shopify import ShopifyShop, shopify_storefront
from fulfilhub.demo.storefronts.shopify.shop import LOCATION
from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop
from fulfilhub.fulfilment.commands.freeing import cancel
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.jobs.runner import Runner
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores.commands import lanes, turns
from fulfilhub.stores.commands.connections import NewStore, connect, disconnect
from fulfilhub.stores.rules import PlatformKind
from fulfilhub.stores.rules import Settings as StoreSettings
from tests.fakes.serving import in_memory
from tests.make.world import Client
from tests.stores.conftest import Hand
from tests.stores.selling import KEYS, Till, make_till


@pytest.fixture(params=["plugin", "rest"])
async def till(request: pytest.FixtureRequest, works: Works, vault: Vault, hand: Hand, shop: WooCommerceShop) -> Till:
    """Mugs and teapots: ten of each at Leeds, of which the shop knows nothing yet."""
    made = await make_till(works, vault, hand, shop, ["MUG", "TEA"], plugin=request.param == "plugin")
    for sku in ("MUG", "TEA"):
        await made.sell(sku, units=3)
        await made.book_in(sku, 10)
    return made


@pytest.fixture
async def plugged(works: Works, vault: Vault, hand: Hand, shop: WooCommerceShop) -> Till:
    """The same, with the plugin."""
    made = await make_till(works, vault, hand, shop, ["MUG", "TEA"])
    for sku in ("MUG", "TEA"):
        await made.sell(sku, units=3)
        await made.book_in(sku, 10)
    return made


def stock_writes(till: Till) -> list[str]:
    whats = [write.what for write in till.shop.record.writes]
    return [what for what in whats if "stock" in what or "products" in what]


async def test_the_shop_shows_what_can_be_sold(till: Till) -> None:
    await till.settle()
    assert till.shown() == [10, 10]
    rows = await till.stock()
    assert {(row.state, row.wanted, row.told) for row in rows.values()} == {("told", 10, 10)}
    before = stock_writes(till)
    await till.settle()
    assert stock_writes(till) == before, "nothing that is told is told again"


async def test_a_sale_in_the_shop_is_no_news_to_it(till: Till) -> None:
    """The shop took the unit off by itself; our number follows with the order and agrees."""
    await till.settle()
    await till.arrive(await till.buy(("MUG", 2)))
    await till.settle()
    assert till.shown() == [8, 10]
    assert (await till.stock())["MUG"].told == 8
    if till.shop.plugin is not None:
        assert till.plugin.units[till.wares["MUG"].id] == 1, "it was set once, before the sale"


async def test_orders_without_a_warehouse_have_the_first_claim(till: Till) -> None:
    await till.settle()
    (order,) = await till.arrive(await till.buy(("MUG", 2)), route=False)
    await till.settle()
    assert till.shown() == [8, 10]
    async with till.works.begin(till.site.merchant) as work:
        await cancel(work, order, None)
    await till.settle()
    assert till.shown() == [10, 10]


async def test_what_is_sold_elsewhere_is_taken_off(till: Till) -> None:
    await till.settle()
    order = await till.site.order("elsewhere", ("MUG", 4))
    await till.site.route(order)
    await till.settle()
    assert till.shown() == [6, 10]


async def test_kits_go_with_their_components(till: Till) -> None:
    await till.site.kit("PAIR", MUG=2, TEA=1)
    await till.sell("PAIR")
    await till.settle()
    assert till.shown() == [10, 10, 5]
    await till.book_in("MUG", 5, till.site.bristol)
    await till.settle()
    assert till.shown() == [15, 10, 5], "mugs at Bristol make no pair: the tea is at Leeds"
    await till.arrive(await till.buy(("PAIR", 2)))
    await till.settle()
    assert till.shown() == [11, 8, 3]


async def test_a_buffer_is_kept_back(till: Till) -> None:
    await till.set(stock_sync=True, stock_buffer=4)
    await till.settle()
    assert till.shown() == [6, 6]
    await till.set(stock_sync=True, stock_buffer=11)
    await till.settle()
    assert till.shown() == [0, 0]


async def test_nothing_is_told_while_it_is_off(till: Till) -> None:
    await till.set(stock_sync=False)
    await till.settle()
    assert till.shown() == [3, 3]
    assert await till.stock() == {}
    with pytest.raises(Conflict, match="does not keep this store's stock"):
        await till.check_now()
    await till.set(stock_sync=True)
    await till.settle()
    await till.set(stock_sync=False)
    await till.book_in("MUG", 5)
    await till.settle()
    assert till.shown() == [10, 10]


async def test_a_closed_warehouse_serves_nobody(till: Till, worker_works: Works) -> None:
    await till.book_in("MUG", 7, till.site.bristol)
    await till.settle()
    assert till.shown() == [17, 10]
    async with worker_works.begin(Platform("test")) as work:
        await work.db.execute(
            text("UPDATE warehouses SET state = 'suspended' WHERE id = :id"), {"id": till.site.bristol}
        )
    await till.check_now()
    await till.tell()
    assert till.shown() == [10, 10]


async def test_what_somebody_changed_in_the_shop_is_set_right(till: Till) -> None:
    await till.settle()
    till.shop.products[till.wares["MUG"].id]["stock_quantity"] = 99
    await till.book_in("MUG", 1)
    await till.look()
    await till.hand.run(lanes.TURN)
    row = (await till.stock())["MUG"]
    assert (row.state, row.told, row.wanted) == ("stale", 99, 11)
    assert till.shown("MUG") == [99], "first it is left as it is, since an order may be on its way"
    await till.tell()
    assert till.shown() == [11, 10]
    assert (await till.stock())["MUG"].state == "told"


async def test_the_whole_check_finds_what_nobody_told(till: Till) -> None:
    await till.settle()
    till.shop.products[till.wares["TEA"].id]["stock_quantity"] = 77
    await till.settle()
    assert till.shown() == [10, 77]
    await till.check_now()
    await till.tell()
    assert till.shown() == [10, 10]


async def test_somebody_who_keeps_changing_it_is_let_have_it(plugged: Till) -> None:
    till = plugged
    await till.settle()
    await till.book_in("MUG", 1)
    await till.look()
    number = till.wares["MUG"].id
    for count in range(20):
        if not await till.hand.waiting(lanes.TURN):
            break
        till.shop.products[number]["stock_quantity"] = 100 + count
        await till.hand.run(lanes.TURN, later=count)
    row = (await till.stock())["MUG"]
    assert (row.state, row.code) == ("failed", "stale")
    assert till.plugin.units[number] == 1


async def test_what_the_shop_does_not_count_or_have_is_said_and_left(till: Till) -> None:
    till.shop.products[till.wares["MUG"].id]["manage_stock"] = False
    del till.shop.products[till.wares["TEA"].id]
    await till.settle()
    rows = await till.stock()
    assert {sku: (row.state, row.code, row.told) for sku, row in rows.items()} == {
        "MUG": ("unmanaged", "unmanaged", None),
        "TEA": ("missing", "missing", None),
    }
    told = len(stock_writes(till))
    await till.book_in("MUG", 1)
    await till.settle()
    assert len(stock_writes(till)) == told, "only the next whole check tries again"
    till.shop.products[till.wares["MUG"].id]["manage_stock"] = True
    await till.check_now()
    await till.tell()
    assert till.shown("MUG") == [11]


async def test_without_listings_variants_are_learned_from_orders(
    works: Works, vault: Vault, hand: Hand, shop: WooCommerceShop
) -> None:
    till = await make_till(works, vault, hand, shop, ["MUG", "TEA"])
    for sku in ("MUG", "TEA"):
        await till.sell(sku, units=50, listed=False)
        await till.book_in(sku, 10)
    await till.settle()
    assert till.shown() == [50, 50]
    await till.arrive(await till.buy(("MUG", 2)))
    await till.settle()
    assert till.shown() == [8, 50]
    assert list(await till.stock()) == ["MUG"]
    # A listing knows better: the merchant sells teapots under the mug's variant.
    async with till.works.begin(till.site.merchant) as work:
        await make_listing(work, till.store_id, str(till.wares["MUG"].id), till.site.products["TEA"].id)
    await till.settle()
    assert till.shown() == [10, 50]
    assert {sku: row.product_id for sku, row in (await till.stock()).items()} == {"TEA": till.site.products["TEA"].id}


async def test_a_dead_shop_hears_it_when_it_is_back(till: Till) -> None:
    await till.settle()
    till.shop.record.misbehave(Mischief.FAIL, 5)
    await till.book_in("MUG", 5)
    await till.look()
    await till.hand.run(lanes.TURN)
    lane = await till.lane()
    assert lane.failures == 1
    assert lane.paused_until is not None
    await till.book_in("TEA", 5)
    await till.look()
    assert till.shown() == [10, 10]
    await till.tell()
    assert till.shown() == [15, 15]
    assert (await till.lane()).failures == 0


@pytest.mark.parametrize("how", [Mischief.FAIL, Mischief.FAIL_AFTER])
async def test_a_sale_while_the_shop_is_silent_is_not_lost(till: Till, how: Mischief) -> None:
    """The number was set or not, nobody knows; then a customer bought. In the end all agree."""
    await till.settle()
    till.shop.record.misbehave(how)
    await till.book_in("MUG", 5)
    await till.look()
    await till.hand.run(lanes.TURN)
    placed = await till.buy(("MUG", 3))
    await till.arrive(placed)
    await till.settle()
    await till.tell()
    assert till.shown() == [12, 10]
    assert {row.state for row in (await till.stock()).values()} == {"told"}


async def test_a_worker_that_dies_between_the_call_and_its_end_leaves_the_right_number(
    plugged: Till, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = plugged
    await till.settle()
    await till.book_in("MUG", 5)
    await till.look()

    async def dies(*args: object, **kwargs: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as broken:
        broken.setattr(turns, "conclude", dies)
        with pytest.raises(asyncio.CancelledError):
            await till.hand.run(lanes.TURN)
    assert till.shown("MUG") == [15]
    assert (await till.stock())["MUG"].told == 10
    # Its lease runs out, and another takes its place; meanwhile a mug was sold.
    async with till.hand.works.begin(Platform("test")) as work:
        await work.db.execute(
            text("UPDATE jobs SET lease_until = now() - interval '1 minute' WHERE kind = 'stores.tell'")
        )
    await till.arrive(await till.buy(("MUG", 1)))
    await till.settle()
    await till.tell()
    assert till.shown("MUG") == [14]
    assert till.plugin.units[till.wares["MUG"].id] == 2, "10 and 15 were set; 14 the shop knew itself"


async def test_a_turn_that_was_lost_is_made_up_for(plugged: Till) -> None:
    till = plugged
    await till.look()
    async with till.hand.works.begin(Platform("test")) as work:
        await work.db.execute(text("DELETE FROM jobs WHERE kind = 'stores.tell'"))
        await work.db.execute(text("UPDATE store_lanes SET turn_due_at = now() - interval '1 hour'"))
    await till.look()
    await till.tell()
    assert till.shown() == [10, 10]


async def test_a_slow_shop_has_one_turn_at_a_time(plugged: Till) -> None:
    till = plugged
    await till.look()
    for _ in range(3):
        await till.book_in("MUG", 1)
        await till.look()
    assert len(await till.hand.waiting(lanes.TURN)) == 1


async def test_a_disconnected_shop_is_told_goodbye_and_no_more(plugged: Till) -> None:
    till = plugged
    await till.settle()
    await till.book_in("MUG", 1)
    await till.look()
    async with till.works.begin(till.site.merchant) as work:
        await disconnect(work, till.store_id, told=False)
    await till.tell()
    assert till.shown() == [10, 10]
    await till.hand.run("stores.say_goodbye")
    assert till.plugin.disconnected
    async with till.works.begin(till.site.merchant) as work:
        sealed = (await work.db.execute(text("SELECT credentials FROM stores"))).scalar_one()
    assert till.vault.decrypt_map(sealed) == {}


@pytest.fixture
async def shopify(
    works: Works, worker_works: Works, vault: Vault, settings: Settings, shop: WooCommerceShop
) -> AsyncIterator[tuple[Till, ShopifyShop]]:
    """A till whose second shop is one of Shopify's."""
    theirs = ShopifyShop("ada.myshopify.com", "shpat_1", "secret")
    async with in_memory(shopify_storefront(theirs)) as http:
        till = await make_till(
            works, vault, Hand(worker_works, Runner(worker_works, settings, vault, http)), shop, ["MUG"]
        )
        new = NewStore(
            platform=PlatformKind.SHOPIFY,
            name="Ada's",
            base_url="https://ada.myshopify.com",
            credentials={"access_token": "shpat_1"},
            webhook_secret="secret",
            settings=StoreSettings(stock_sync=True, stock_location=LOCATION),
        )
        async with works.begin(till.site.merchant) as work:
            await disconnect(work, till.store_id)
            store_id = (await connect(work, vault, new)).store_id
        yield replace(till, store_id=store_id), theirs


async def test_shopify_is_told_the_same_way(shopify: tuple[Till, ShopifyShop]) -> None:
    till, shop = shopify
    mug = shop.stock("MUG", "Mug", "8.50", units=3)
    async with till.works.begin(till.site.merchant) as work:
        await make_listing(work, till.store_id, mug.id, till.site.products["MUG"].id)
    await till.book_in("MUG", 10)
    await till.settle()
    assert mug.available == 10
    mug.available = 4
    shop.record.misbehave(Mischief.FAIL_AFTER)
    await till.check_now()
    await till.tell()
    assert mug.available == 10
    assert (await till.stock())["MUG"].state == "told"


async def test_the_stock_is_listed_page_by_page_and_told_when_asked_for(
    http: httpx.AsyncClient, merchant: Client, hand: Hand
) -> None:
    body = {"platform": "woocommerce", "name": "Mugs", "base_url": "https://shop.test", "credentials": KEYS}
    made = await merchant.made("/v1/stores", body)
    store = made["store"]["id"]  # type: ignore[index]
    at = f"/v1/stores/{store}"
    refused = await merchant.post(f"{at}/stock-sync", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "stock_sync_off")
    bad = await merchant.patch(at, {"settings": {"stock_sync": True, "stock_buffer": -1}})
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/settings/stock_buffer")
    changed = await merchant.patch(at, {"settings": {"stock_sync": True, "stock_buffer": 2}})
    assert changed.json()["settings"]["stock_sync"] is True
    for sku, variant in (("MUG", "11"), ("TEA", "12"), ("CUP", "13")):
        product = await merchant.made("/v1/products", {"sku": sku, "name": sku})
        await merchant.made("/v1/listings", {"store_id": store, "external_id": variant, "product_id": product["id"]})
    asked = await merchant.post(f"{at}/stock-sync", {})
    assert (asked.status_code, asked.json()["store_id"]) == (202, store)
    await hand.run(lanes.LOOK)
    first = (await merchant.get(f"{at}/stock", limit=2)).json()
    rest = (await merchant.get(f"{at}/stock", limit=2, cursor=first["next_cursor"])).json()
    rows = first["data"] + rest["data"]
    assert sorted((row["sku"], row["variant_id"], row["wanted"], row["told"], row["state"]) for row in rows) == [
        ("CUP", "13", 0, None, "pending"),
        ("MUG", "11", 0, None, "pending"),
        ("TEA", "12", 0, None, "pending"),
    ]
    assert (await merchant.get(f"{at}/stock", state="told")).json()["data"] == []
    await hand.run(lanes.TURN)
    missing = (await merchant.get(f"{at}/stock", state="missing")).json()["data"]
    assert [row["reason"] for row in missing] == ["The shop has no such variant."] * 3


async def test_a_merchant_ends_a_connection(http: httpx.AsyncClient, merchant: Client) -> None:
    body = {"platform": "woocommerce", "name": "Mugs", "base_url": "https://shop.test", "credentials": KEYS}
    made = await merchant.made("/v1/stores", body)
    at = f"/v1/stores/{made['store']['id']}"  # type: ignore[index]
    ended = await merchant.post(f"{at}/disconnect", {})
    assert (ended.status_code, ended.json()["state"]) == (200, "disconnected")
    again = await merchant.post(f"{at}/disconnect", {})
    assert (again.status_code, again.json()["version"]) == (200, ended.json()["version"])
    await merchant.patch(at, {"settings": {"stock_sync": True}})
    refused = await merchant.post(f"{at}/stock-sync", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "store_disconnected")
