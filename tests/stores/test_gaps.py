"""A missing number is a question to the store, never a claim."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from fulfilhub.demo.storefronts.shopify import ShopifyShop, shopify_storefront
from fulfilhub.demo.storefronts.shopify.orders import Order
from fulfilhub.platform import ids
from fulfilhub.platform.jobs.runner import Runner
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.commands.connections import NewStore, connect
from fulfilhub.stores.queries import GapRow
from fulfilhub.stores.rules import PlatformKind
from fulfilhub.stores.rules import Settings as StoreSettings
from tests.fakes.serving import in_memory
from tests.stores.conftest import Connected, Hand
from tests.stores.sweeping import at, late, orders, sweep, told, work_off
from tests.stores.test_deliveries import deliver

READ = "stores.read_delivery"


@pytest.fixture
def shopify() -> ShopifyShop:
    return ShopifyShop("adas-mugs.myshopify.com", "shpat_1", "client-secret")


@pytest.fixture
async def hand(worker_works: Works, settings: Settings, vault: Vault, shopify: ShopifyShop) -> AsyncIterator[Hand]:
    async with in_memory(shopify_storefront(shopify)) as http:
        yield Hand(worker_works, Runner(worker_works, settings, vault, http))


@pytest.fixture
async def connected(works: Works, vault: Vault, shopify: ShopifyShop) -> Connected:
    merchant = Merchant(ids.new(), "key_test")
    new = NewStore(
        platform=PlatformKind.SHOPIFY,
        name="Ada's Mugs",
        base_url="https://adas-mugs.myshopify.com",
        credentials={"access_token": "shpat_1"},
        webhook_secret="client-secret",
        settings=StoreSettings(),
    )
    async with works.begin(merchant) as work:
        made = await connect(work, vault, new)
    return Connected(merchant, made.store_id, shopify)  # type: ignore[arg-type]


async def bought(works: Works, vault: Vault, connected: Connected, hand: Hand, shopify: ShopifyShop) -> list[Order]:
    """Five orders; the webhook of the third was lost."""
    mug = shopify.stock("MUG", "Mug", "8.50")
    made = [shopify.place_order([(mug, 1)]) for _ in range(5)]
    for order in (*made[:2], *made[3:]):
        await deliver(works, vault, connected, shopify.order_created(order), "shopify")
    await hand.run(READ)
    return made


async def gaps(works: Works, connected: Connected) -> list[GapRow]:
    async with works.begin(connected.merchant) as work:
        return await queries.list_gaps(work, connected.store_id, None, None, 50)


async def test_the_list_alone_finds_it_and_no_gap_is_left(
    works: Works, vault: Vault, connected: Connected, hand: Hand, shopify: ShopifyShop
) -> None:
    await bought(works, vault, connected, hand, shopify)
    await sweep(works, connected, hand)
    await work_off(at(hand, timedelta(minutes=10)))
    assert len(await orders(works, connected)) == 5
    assert [row.how for row in await late(works, connected)] == ["sweep"]
    assert {row.state for row in await gaps(works, connected)} <= {"found"}


async def test_an_order_that_the_list_hides_is_found_by_its_number(
    works: Works, vault: Vault, connected: Connected, hand: Hand, shopify: ShopifyShop
) -> None:
    made = await bought(works, vault, connected, hand, shopify)
    made[2].updated_at -= timedelta(days=9)
    await sweep(works, connected, hand)
    (gap,) = await gaps(works, connected)
    assert (gap.number, gap.state, gap.external_id) == ("#1003", "found", made[2].id)
    assert made[2].id in {key for key, _, _ in await orders(works, connected)}
    (found,) = await late(works, connected)
    assert (found.how, found.number) == ("gap", "#1003")


async def test_a_number_that_the_store_has_not_either_is_no_loss(
    works: Works, vault: Vault, connected: Connected, hand: Hand, shopify: ShopifyShop
) -> None:
    made = await bought(works, vault, connected, hand, shopify)
    del shopify.orders[made[2].id]
    await sweep(works, connected, hand)
    (gap,) = await gaps(works, connected)
    assert (gap.number, gap.state) == ("#1003", "absent")
    assert gap.checked_at is not None
    claim = await told(works, connected)
    assert (claim.numbering, claim.orders.gaps_absent, claim.orders.gaps_open) == ("counted", 1, 0)
    await sweep(works, connected, hand)
    assert len(await gaps(works, connected)) == 1


async def test_a_jump_of_the_numbering_is_no_gap(
    works: Works, vault: Vault, connected: Connected, hand: Hand, shopify: ShopifyShop
) -> None:
    mug = shopify.stock("MUG", "Mug", "8.50")
    for name in ("#1001", "#5001", "EU-1", "EU-2", "#5002", "no number"):
        order = shopify.place_order([(mug, 1)])
        order.name = name
    await sweep(works, connected, hand)
    assert len(await orders(works, connected)) == 6
    await sweep(works, connected, hand)
    assert await gaps(works, connected) == []


async def test_a_store_that_gives_no_answer_is_asked_again(
    works: Works, vault: Vault, connected: Connected, hand: Hand, shopify: ShopifyShop
) -> None:
    made = await bought(works, vault, connected, hand, shopify)
    del shopify.orders[made[2].id]
    await sweep_without_answers(works, connected, hand, shopify)
    (gap,) = await gaps(works, connected)
    assert (gap.state, gap.attempts) == ("open", 1)
    assert gap.reason
    assert (await told(works, connected)).orders.gaps_open == 1


async def sweep_without_answers(works: Works, connected: Connected, hand: Hand, shopify: ShopifyShop) -> None:
    """The sweep goes well, then the shop takes our access away."""
    from tests.stores.sweeping import begin

    await begin(works, connected)
    await hand.run("stores.sweep")
    shopify.access_token = "another"
    await hand.run("stores.ask_gaps")
    shopify.access_token = "shpat_1"
