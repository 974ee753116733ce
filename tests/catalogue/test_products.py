"""Products and listings: one row per SKU, versions, and what a store's variants mean."""

from __future__ import annotations

import asyncio

import pytest

from fulfilhub.catalogue import commands, queries
from fulfilhub.catalogue.commands import NewProduct
from fulfilhub.catalogue.queries import ProductRow
from fulfilhub.catalogue.rules import ListingTaken, ProductState, ProductVerb, SkuTaken
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Invalid, NotFound, Stale
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.work import Works


@pytest.fixture
def shop() -> Merchant:
    return Merchant(ids.new(), "key_m")


async def test_a_product_keeps_what_it_was_given(works: Works, shop: Merchant) -> None:
    wanted = NewProduct(
        sku="MUG-1", name="Mug", barcodes=("5012345678900",), weight_grams=350, customs_value_minor=499,
        customs_currency="GBP",
    )  # fmt: skip
    async with works.begin(shop) as work:
        made = await commands.make_product(work, wanted)
    async with works.begin(shop) as work:
        read = await queries.get_product(work, made.id)
    assert read == made
    assert (read.sku, read.barcodes, read.weight_grams, read.version) == ("MUG-1", ["5012345678900"], 350, 1)


async def test_a_batch_answers_per_item_and_keeps_the_good_ones(works: Works, shop: Merchant) -> None:
    async with works.begin(shop) as work:
        await commands.make_product(work, NewProduct(sku="B", name="old B"))
    async with works.begin(shop) as work:
        answers = await commands.make_products(
            work, [NewProduct(sku=sku, name=name) for sku, name in (("A", "1"), ("B", "2"), ("C", "3"), ("A", "4"))]
        )
    assert [type(answer) for answer in answers] == [ProductRow, SkuTaken, ProductRow, SkuTaken]
    async with works.begin(shop) as work:
        found = await queries.find_products(work, ["A", "B", "C", "D"])
    assert {sku: row.name for sku, row in found.items()} == {"A": "1", "B": "old B", "C": "3"}


async def test_a_thousand_at_once_twice_at_once_make_each_sku_once(works: Works, shop: Merchant) -> None:
    skus = [f"S{n:04}" for n in range(1000)]

    async def make(order: list[str]) -> int:
        async with works.begin(shop) as work:
            answers = await commands.make_products(work, [NewProduct(sku=sku, name=sku) for sku in order])
        return sum(isinstance(answer, ProductRow) for answer in answers)

    made = await asyncio.gather(make(skus), make(skus[::-1]))
    assert sum(made) == 1000
    async with works.begin(shop) as work:
        assert len(await queries.find_products(work, skus)) == 1000


async def test_the_same_sku_at_another_merchant_is_another_product(works: Works, shop: Merchant) -> None:
    other = Merchant(ids.new())
    made = []
    for scope in (shop, other):
        async with works.begin(scope) as work:
            made.append(await commands.make_product(work, NewProduct(sku="X", name="X")))
    async with works.begin(other) as work:
        assert await queries.get_products(work, [made[0].id, made[1].id]) == {made[1].id: made[1]}
        with pytest.raises(NotFound):
            await commands.change_product(work, made[0].id, {"name": "stolen"})


async def test_a_change_raises_the_version_and_an_old_one_is_refused(works: Works, shop: Merchant) -> None:
    async with works.begin(shop) as work:
        made = await commands.make_product(work, NewProduct(sku="X", name="X"))
        changed = await commands.change_product(work, made.id, {"name": "Y", "weight_grams": 5}, 1)
        assert (changed.name, changed.weight_grams, changed.version) == ("Y", 5, 2)
        assert (await commands.change_product(work, made.id, {"name": "Y"}, 2)).version == 2
        with pytest.raises(Stale):
            await commands.change_product(work, made.id, {"name": "Z"}, 1)
        with pytest.raises(Invalid):
            await commands.change_product(work, made.id, {"customs_value_minor": 5})


async def test_an_archived_product_is_no_longer_found_by_orders(works: Works, shop: Merchant) -> None:
    store = ids.new()
    async with works.begin(shop) as work:
        made = await commands.make_product(work, NewProduct(sku="X", name="X"))
        await commands.make_listing(work, store, "v1", made.id)
        await commands.move_product(work, made.id, ProductVerb.ARCHIVE)
        gone = await queries.resolve(work, store, ["v1"], ["X"])
        assert gone.find("v1", "X") is None
        with pytest.raises(Conflict, match="archived"):
            await commands.move_product(work, made.id, ProductVerb.ARCHIVE)
        assert [row.id for row in await queries.list_products(work, None, 9, state=ProductState.ARCHIVED)] == [made.id]
        await commands.move_product(work, made.id, ProductVerb.RESTORE)
        back = (await queries.resolve(work, store, ["v1"], ["X"])).find(None, "X")
    assert back is not None
    assert back.id == made.id


async def test_a_listing_goes_before_the_sku_and_only_for_its_store(works: Works, shop: Merchant) -> None:
    store, other_store = ids.new(), ids.new()
    async with works.begin(shop) as work:
        one = await commands.make_product(work, NewProduct(sku="ONE", name="1"))
        two = await commands.make_product(work, NewProduct(sku="TWO", name="2"))
        await commands.make_listing(work, store, "v1", two.id)
        here = await queries.resolve(work, store, ["v1", "v2"], ["ONE", "one"])
        there = await queries.resolve(work, other_store, ["v1"], ["ONE"])
        api = await queries.resolve(work, None, [], ["ONE"])

    def found(where: queries.Resolved, variant: str | None, sku: str) -> object:
        ref = where.find(variant, sku)
        return ref and ref.id

    assert found(here, "v1", "ONE") == two.id
    assert found(here, "v2", "ONE") == one.id
    assert found(here, None, "one") is None
    assert found(there, "v1", "ONE") == one.id
    assert found(api, "v1", "ONE") == one.id


async def test_a_variant_means_one_product(works: Works, shop: Merchant) -> None:
    store = ids.new()
    async with works.begin(shop) as work:
        one = await commands.make_product(work, NewProduct(sku="ONE", name="1"))
        two = await commands.make_product(work, NewProduct(sku="TWO", name="2"))
        listing = await commands.make_listing(work, store, "v1", one.id)
        assert await commands.make_listing(work, store, "v1", one.id) == listing
        with pytest.raises(ListingTaken):
            await commands.make_listing(work, store, "v1", two.id)
        with pytest.raises(Invalid):
            await commands.make_listing(work, store, "v2", ids.new())
        await commands.delete_listing(work, listing.id)
        assert (await queries.resolve(work, store, ["v1"], [])).find("v1", "") is None
        with pytest.raises(NotFound):
            await commands.delete_listing(work, listing.id)
