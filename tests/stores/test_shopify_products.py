"""A Shopify shop's products come in: by a bulk operation, by webhooks, and by asking what changed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from fulfilhub.catalogue.commands import change_product, delete_listing, make_listing
from fulfilhub.catalogue.queries import ProductRow, find_products, list_listings
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores.adapters.shopify import products as adapter
from fulfilhub.stores.commands import catching, hearing, importing
from fulfilhub.stores.commands.products import ignore, map_by_hand
from tests.fakes.shopify import products
from tests.fakes.shopify.faults import Fault
from tests.fakes.shopify.schema import needs_schema
from tests.stores.trading import Trade, trading

pytestmark = needs_schema


@pytest.fixture
async def trade(works: Works, worker_works: Works, vault: Vault, settings: Settings) -> AsyncIterator[Trade]:
    async with trading(works, worker_works, vault, settings, ["MUG", "TEA"]) as made:
        yield made


async def listings(trade: Trade) -> dict[str, object]:
    """What the store's variants mean, by variant."""
    async with trade.works.begin(trade.site.merchant) as work:
        return {row.external_id: row.product_id for row in await list_listings(work, None, 100)}


async def product(trade: Trade, sku: str) -> ProductRow:
    async with trade.works.begin(trade.site.merchant) as work:
        return (await find_products(work, [sku]))[sku]


async def test_everything_comes_in_by_a_bulk_operation_and_what_needs_a_person_is_listed(trade: Trade) -> None:
    shop = trade.shop
    mug = shop.add_product("MUG", "Mug", "8.50", barcode="5012345678900")
    twin = shop.add_product("MUG", "Another mug", "9.50")
    bare = shop.add_product(None, "No SKU", "1.00")
    new = shop.add_product("PLATE", "Plate", "7.00")
    old = shop.add_product("OLD", "Old", "7.00")
    old.product.status = "ARCHIVED"
    done = await trade.import_all()
    assert (done.state, done.total, done.read) == ("completed", 5, 5)
    assert (done.mapped, done.made, done.unmapped) == (1, 0, 4)
    known = await trade.variants()
    assert {known[each.id].code for each in (twin, bare, new, old)} == {
        "duplicate_sku",
        "no_sku",
        "unknown_sku",
        "archived",
    }
    assert (known[mug.id].state, known[mug.id].ours) == ("mapped", True)
    assert await listings(trade) == {mug.id: trade.site.products["MUG"].id}
    assert (await product(trade, "MUG")).barcodes == ["5012345678900"], "what was empty is filled in"


async def test_products_are_made_where_the_merchant_wants_it(trade: Trade) -> None:
    await trade.set(product_import="create")
    plate = trade.shop.add_product("PLATE", "Plate", "7.00")
    trade.shop.add_product("PLATE", "Plate again", "7.00")
    gift = trade.shop.add_product("GIFT", "Gift card", "7.00")
    gift.product.is_gift_card = True
    done = await trade.import_all()
    assert (done.mapped, done.made, done.unmapped) == (1, 1, 2)
    made = await product(trade, "PLATE")
    assert made.name == "Plate"
    assert (await listings(trade)) == {plate.id: made.id}
    again = await trade.import_all()
    assert (again.mapped, again.made, again.unmapped) == (1, 0, 2)


async def test_a_store_that_is_let_alone_changes_nothing(trade: Trade) -> None:
    await trade.set(product_import="off")
    mug = trade.shop.add_product("MUG", "Mug", "8.50")
    await trade.import_all()
    assert (await trade.variants())[mug.id].code == "import_off"
    assert await listings(trade) == {}


async def test_a_barcode_finds_what_no_sku_does(trade: Trade) -> None:
    async with trade.works.begin(trade.site.merchant) as work:
        await change_product(work, trade.site.products["TEA"].id, {"barcodes": ["4006381333931"]})
    tea = trade.shop.add_product("TEE-100", "Tea", "3.00", barcode="4006381333931")
    await trade.import_all()
    assert await listings(trade) == {tea.id: trade.site.products["TEA"].id}


async def test_what_the_merchant_edited_here_is_never_overwritten(trade: Trade) -> None:
    await trade.set(product_import="create")
    plate = trade.shop.add_product("PLATE", "Plate", "7.00", barcode="111")
    await trade.import_all()
    made = await product(trade, "PLATE")
    async with trade.works.begin(trade.site.merchant) as work:
        await change_product(work, made.id, {"name": "Our own name"})
    plate.barcode = "222"
    products.change(trade.shop, plate.product, title="Their new name")
    await trade.deliver()
    now = await product(trade, "PLATE")
    assert (now.name, now.barcodes) == ("Our own name", ["222"])


async def test_webhooks_bring_what_changes_once_and_never_backwards(trade: Trade) -> None:
    mug = trade.shop.add_product("MUG", "Mug", "8.50")
    products.created(trade.shop, mug.product)
    products.change(trade.shop, mug, sku="TEA")
    first, second = trade.shop.outbox.waiting
    await trade.deliver(second, first, second)
    tea = trade.site.products["TEA"].id
    assert await listings(trade) == {mug.id: tea}, "the older telling came late"
    products.change(trade.shop, mug, sku="UNKNOWN")
    await trade.deliver()
    assert (await trade.variants())[mug.id].code == "sku_differs"
    assert await listings(trade) == {mug.id: tea}, "an SKU that nobody knows takes nothing away"
    products.delete(trade.shop, mug.product)
    await trade.deliver()
    assert (await trade.variants())[mug.id].state == "gone"
    assert await listings(trade) == {}


async def test_a_variant_beyond_the_first_hundred_is_read_again(trade: Trade) -> None:
    first = trade.shop.add_product("V-0", "Shirt", "9.00")
    for place in range(1, 130):
        trade.shop.add_variant(first.product, "MUG" if place == 129 else f"V-{place}", f"Size {place}", "9.00")
    products.change(trade.shop, first.product, title="Shirts")
    await trade.deliver()
    assert await listings(trade) == {}
    await trade.run(hearing.READ_PRODUCT)
    known = await trade.variants()
    assert len({row.variant_id for row in known.values()}) == 130
    assert known["MUG"].title == "Shirts - Size 129"
    assert await listings(trade) == {known["MUG"].variant_id: trade.site.products["MUG"].id}


async def test_what_is_counted_changes_by_itself(trade: Trade) -> None:
    mug = trade.shop.add_product("MUG", "Mug", "8.50")
    await trade.import_all()
    item = mug.inventory_item
    body = {
        "admin_graphql_api_id": item.id,
        "id": item.number,
        "sku": "MUG",
        "updated_at": (utc_now() + timedelta(minutes=1)).isoformat(),
        "tracked": False,
        "weight_value": 1.5,
        "weight_unit": "kg",
        "country_code_of_origin": "PT",
        "harmonized_system_code": "691200",
    }
    trade.shop.tell(("inventory_items/update", body))
    await trade.deliver()
    row, made = (await trade.variants())["MUG"], await product(trade, "MUG")
    assert (row.tracked, row.weight_grams) == (False, 1500)
    assert (made.weight_grams, made.origin_country, made.hs_code) == (1500, "PT", "691200")


async def test_an_import_goes_on_where_it_was_broken_off(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "LINES_AT_ONCE", 4)
    await trade.set(product_import="create")
    for place in range(10):
        trade.shop.add_product(f"P-{place}", f"Product {place}", "1.00")
    # The answer to the very first call is lost: the operation that it began is found again, and no second one made.
    trade.shop.faults.next(Fault.FAIL_AFTER, operation="FulfilHubRunBulk")
    async with trade.works.begin(trade.site.merchant) as work:
        import_id = await importing.start(work, trade.store_id)
    await trade.hand.run(importing.STEP)
    assert (await trade.imported(import_id)).state == "queued"
    await trade.hand.run(importing.STEP, later=1)
    assert (await trade.imported(import_id)).state == "listing"
    assert len(trade.shop.bulk_operations) == 1
    products.finish(trade.shop)
    await trade.deliver()  # bulk_operations/finish: it is looked at without waiting
    await trade.hand.run(importing.STEP)
    assert ((await trade.imported(import_id)).state, (await trade.imported(import_id)).total) == ("reading", 10)
    await trade.hand.run(importing.STEP)
    assert (await trade.imported(import_id)).read == 4
    # A worker that dies before it commits leaves its ticket, and the step is simply done again.
    async with trade.hand.works.begin(Platform("test")) as work:
        await work.db.execute(text("UPDATE store_imports SET step = step"))
    trade.hours = 1
    await trade.run(importing.STEP)
    done = await trade.imported(import_id)
    assert (done.state, done.read, done.made) == ("completed", 10, 10)
    assert len(await listings(trade)) == 10


async def test_one_import_at_a_time_and_it_can_be_cancelled(trade: Trade) -> None:
    trade.shop.add_product("MUG", "Mug", "8.50")
    async with trade.works.begin(trade.site.merchant) as work:
        import_id = await importing.start(work, trade.store_id)
    with pytest.raises(Conflict, match="being brought in"):
        async with trade.works.begin(trade.site.merchant) as work:
            await importing.start(work, trade.store_id)
    await trade.hand.run(importing.STEP)
    async with trade.works.begin(trade.site.merchant) as work:
        await importing.cancel(work, trade.store_id, import_id)
    await trade.run(importing.END)
    await trade.run(importing.STEP)
    assert (await trade.imported(import_id)).state == "cancelled"
    assert [each.status for each in trade.shop.bulk_operations] == ["CANCELED"]
    assert (await trade.import_all()).state == "completed"


async def test_an_import_that_fails_says_why(trade: Trade) -> None:
    trade.shop.add_product("MUG", "Mug", "8.50")
    async with trade.works.begin(trade.site.merchant) as work:
        import_id = await importing.start(work, trade.store_id)
    await trade.hand.run(importing.STEP)
    products.finish(trade.shop, error="TIMEOUT")
    await trade.run(importing.STEP)
    done = await trade.imported(import_id)
    assert (done.state, done.code) == ("failed", "listing_failed")
    assert "TIMEOUT" in str(done.reason)


async def test_what_can_not_be_read_is_kept_and_the_rest_taken(trade: Trade) -> None:
    trade.shop.add_product("MUG", "Mug", "8.50")
    async with trade.works.begin(trade.site.merchant) as work:
        import_id = await importing.start(work, trade.store_id)
    await trade.hand.run(importing.STEP)
    products.finish(trade.shop)
    (name,) = trade.shop.files
    trade.shop.files[name] = b"<html>\n" + json.dumps({"id": 5}).encode() + b"\n" + trade.shop.files[name]
    await trade.run(importing.STEP)
    done = await trade.imported(import_id)
    assert (done.state, done.read, done.mapped, done.unread) == ("completed", 1, 1, 2)
    assert [row["reason"] for row in done.unreadable] == ["It is not JSON.", "It names no variant, or no product."]  # type: ignore[index]


async def test_a_store_is_kept_up_with(trade: Trade) -> None:
    """Whatever webhook was lost: the hour's sweep asks what changed, and the day's finds what was deleted."""
    mug = trade.shop.add_product("MUG", "Mug", "8.50")
    await trade.import_all()
    products.change(trade.shop, mug, sku="TEA")
    trade.shop.outbox.waiting.clear()
    await _sweep(trade, hours=2)
    assert await listings(trade) == {mug.id: trade.site.products["TEA"].id}
    products.delete(trade.shop, mug.product)
    trade.shop.add_product("MUG", "Mug", "8.50")
    trade.shop.outbox.waiting.clear()
    await _sweep(trade, hours=30)
    known = await trade.variants()
    assert known[mug.id].state == "gone"
    assert known["MUG"].state == "mapped"


async def _sweep(trade: Trade, hours: int) -> None:
    """So many hours later the store is asked, and whatever that begins is done."""
    async with trade.hand.works.begin(Platform("test")) as work:
        await work.db.execute(text("UPDATE store_catalogues SET sweep_at = now()"))
        await work.enqueue_for(trade.site.merchant.account_id, catching.SWEEP, {"store_id": trade.store_id})
    await trade.hand.run(catching.SWEEP, later=hours)
    trade.hours = hours
    await trade.hand.run(importing.STEP, later=hours)
    products.finish(trade.shop)
    trade.hours += 1
    await trade.run(importing.STEP)


async def test_a_person_maps_and_ignores(trade: Trade) -> None:
    bare = trade.shop.add_product(None, "No SKU", "1.00")
    silly = trade.shop.add_product("WRAP", "Gift wrap", "1.00")
    await trade.import_all()
    known = await trade.variants()
    tea = trade.site.products["TEA"].id
    async with trade.works.begin(trade.site.merchant) as work:
        await map_by_hand(work, trade.store_id, known[bare.id].id, tea)
        await ignore(work, trade.store_id, known[silly.id].id)
    await trade.import_all()
    known = await trade.variants()
    assert (known[bare.id].state, known[bare.id].product_id, known[bare.id].ours) == ("mapped", tea, False)
    assert (known[silly.id].state, known[silly.id].code) == ("ignored", None)


async def test_a_listing_made_elsewhere_is_respected(trade: Trade) -> None:
    mug = trade.shop.add_product("MUG", "Mug", "8.50")
    tea = trade.site.products["TEA"].id
    async with trade.works.begin(trade.site.merchant) as work:
        made = await make_listing(work, trade.store_id, mug.id, tea)
    await trade.import_all()
    assert await listings(trade) == {mug.id: tea}
    async with trade.works.begin(trade.site.merchant) as work:
        await delete_listing(work, made.id)
    await trade.import_all()
    assert await listings(trade) == {mug.id: trade.site.products["MUG"].id}
