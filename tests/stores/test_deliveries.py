"""What a store sends becomes its orders, in whatever order and however often it comes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from fulfilhub.demo.storefronts.shop import SignedDelivery, signature
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Unauthenticated
from fulfilhub.platform.inbox import MessageRow
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.commands.connections import NewStore, connect, rotate_secret
from fulfilhub.stores.commands.deliveries import receive
from fulfilhub.stores.rules import ROTATION_OVERLAP, PlatformKind, Settings
from tests.stores.adapters.samples import delivery as captured
from tests.stores.conftest import Connected, Hand

READ, REREAD = "stores.read_delivery", "stores.reread_order"


async def deliver(
    works: Works, vault: Vault, connected: Connected, delivery: SignedDelivery, platform: str = "woocommerce"
) -> bool:
    """What the door does with a delivery; whether it was new."""
    read = adapter_for(platform).read_delivery(delivery.headers, delivery.body)
    async with works.begin(connected.merchant) as work:
        return await receive(work, vault, connected.store_id, read, delivery.headers, delivery.body, 30)


async def orders(works: Works, connected: Connected) -> Sequence[tuple[str, str, str]]:
    """(external id, status, store's state) of the merchant's orders."""
    async with works.begin(connected.merchant) as work:
        rows = await work.db.execute(text("SELECT external_id, status, store_state FROM orders ORDER BY external_id"))
        return [(row.external_id, row.status, row.store_state) for row in rows]


async def messages(works: Works, connected: Connected) -> list[MessageRow]:
    async with works.begin(connected.merchant) as work:
        return await queries.list_messages(work, connected.store_id, None, None, 50)


def resigned(connected: Connected, name: str) -> SignedDelivery:
    """A captured delivery, signed with our shop's secret."""
    headers, body = captured(name)
    return SignedDelivery({**headers, "X-WC-Webhook-Signature": signature(connected.shop.webhook_secret, body)}, body)


async def test_a_repeat_is_kept_once_and_counted(works: Works, vault: Vault, connected: Connected, hand: Hand) -> None:
    mug = connected.shop.stock("MUG", "Mug", "8.50")
    delivery = connected.shop.order_created(connected.shop.place_order([(mug, 2)]))
    assert [await deliver(works, vault, connected, delivery) for _ in range(3)] == [True, False, False]
    assert await hand.run(READ) == 1
    (message,) = await messages(works, connected)
    assert (message.outcome, message.repeats) == ("taken", 2)
    assert len(await orders(works, connected)) == 1


async def test_what_is_kept_is_sealed(works: Works, worker_works: Works, vault: Vault, connected: Connected) -> None:
    mug = connected.shop.stock("MUG", "Mug", "8.50")
    await deliver(works, vault, connected, connected.shop.order_created(connected.shop.place_order([(mug, 1)])))
    async with worker_works.begin(Platform("test")) as work:
        rows = await work.db.execute(text("SELECT payload, cast(stores.credentials AS bytea) FROM inbox, stores"))
        for row in rows:
            assert b"ada@example.test" not in row[0]
            assert b"cs_1" not in row[1]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
async def test_any_order_of_arrival_converges(
    works: Works, vault: Vault, connected: Connected, hand: Hand, order: tuple[int, ...]
) -> None:
    shop = connected.shop
    mug = shop.stock("MUG", "Mug", "8.50")
    placed = shop.place_order([(mug, 2)])
    told = [shop.order_created(placed)]
    start = shop.now()
    for seconds, status in ((60, "on-hold"), (120, "cancelled")):
        shop.now = lambda seconds=seconds: start + timedelta(seconds=seconds)  # type: ignore[misc]
        placed = shop.change(placed, status=status)
        told.append(shop.order_updated(placed))
    for place in order:
        await deliver(works, vault, connected, told[place])
        await hand.run(READ)
        await hand.run(REREAD)
    ((_, status, state),) = await orders(works, connected)
    assert (status, state) == ("cancelled", "cancelled")


async def test_all_in_one_batch_converges(works: Works, vault: Vault, connected: Connected, hand: Hand) -> None:
    shop = connected.shop
    mug = shop.stock("MUG", "Mug", "8.50")
    placed = shop.place_order([(mug, 2)])
    await deliver(works, vault, connected, shop.order_created(placed))
    start = shop.now()
    shop.now = lambda: start + timedelta(seconds=90)
    await deliver(works, vault, connected, shop.order_updated(shop.change(placed, status="cancelled")))
    assert await hand.run(READ) == 2
    ((_, _, state),) = await orders(works, connected)
    assert state == "cancelled"


async def test_two_of_one_second_are_settled_by_the_store(
    works: Works, vault: Vault, connected: Connected, hand: Hand
) -> None:
    shop = connected.shop
    moment = shop.now()
    shop.now = lambda: moment
    mug = shop.stock("MUG", "Mug", "8.50")
    placed = shop.place_order([(mug, 2)])
    created = shop.order_created(placed)
    held = shop.order_updated(shop.change(placed, status="on-hold"))
    for delivery in (held, created):
        await deliver(works, vault, connected, delivery)
        await hand.run(READ)
    assert await hand.run(REREAD) == 1
    ((_, _, state),) = await orders(works, connected)
    assert state == "unpaid", "as the shop has it now, though the older telling came last"
    assert {message.outcome for message in await messages(works, connected)} == {"taken", "reread"}


async def test_the_captures_of_a_real_store(works: Works, vault: Vault, connected: Connected, hand: Hand) -> None:
    for name in ("webhook-delivery-order.updated", "webhook-delivery-order.created"):
        assert await deliver(works, vault, connected, resigned(connected, name))
    await hand.run(READ)
    ((external_id, _, _),) = await orders(works, connected)
    assert external_id == "17"
    assert [message.outcome for message in await messages(works, connected)] == ["reread", "taken"]


async def test_an_order_the_store_no_longer_has_is_cancelled(
    works: Works, vault: Vault, connected: Connected, hand: Hand
) -> None:
    shop = connected.shop
    placed = shop.place_order([(shop.stock("MUG", "Mug", "8.50"), 2)])
    await deliver(works, vault, connected, shop.order_created(placed))
    await hand.run(READ)
    del shop.orders[int(str(placed["id"]))]
    await deliver(works, vault, connected, shop.delivery("order.deleted", {"id": placed["id"]}))
    await hand.run(READ)
    await hand.run(REREAD)
    ((_, status, _),) = await orders(works, connected)
    assert status == "cancelled"


async def test_what_can_not_be_read_is_kept_for_a_person(
    works: Works, vault: Vault, connected: Connected, hand: Hand
) -> None:
    shop = connected.shop
    body = b'{"id": 5, "line_items": '
    headers = shop.order_created(shop.place_order([(shop.stock("MUG", "Mug", "8.50"), 1)])).headers
    broken = SignedDelivery({**headers, "X-WC-Webhook-Signature": signature(shop.webhook_secret, body)}, body)
    assert await deliver(works, vault, connected, broken)
    strange = shop.delivery("order.created", {"id": 77, "line_items": 5, "currency": 7})
    assert await deliver(works, vault, connected, strange)
    await hand.run(READ)
    first, second = await messages(works, connected)
    assert (first.outcome, bool(first.detail)) == ("unreadable", True)
    assert second.outcome in {"unreadable", "taken"}
    ((external_id, status, _),) = await orders(works, connected)
    assert (external_id, status) == ("77", "needs_review")
    async with works.begin(connected.merchant) as work:
        listed = await queries.list_messages(work, connected.store_id, "unreadable", None, 50)
    assert first.id in {message.id for message in listed}


async def test_only_a_live_secret_opens_the_door(
    works: Works, vault: Vault, connected: Connected, settings: object
) -> None:
    shop = connected.shop
    placed = shop.place_order([(shop.stock("MUG", "Mug", "8.50"), 1)])
    async with works.begin(connected.merchant) as work:
        fresh = (await rotate_secret(work, vault, connected.store_id, None)).webhook_secret
    assert fresh is not None
    assert await deliver(works, vault, connected, shop.order_created(placed)), "the old one goes on for a while"
    body = shop.order_updated(placed)
    signed = SignedDelivery({**body.headers, "X-WC-Webhook-Signature": signature(fresh, body.body)}, body.body)
    assert await deliver(works, vault, connected, signed)
    bad = SignedDelivery({**body.headers, "X-WC-Webhook-Signature": signature("no", body.body)}, body.body)
    with pytest.raises(Unauthenticated):
        await deliver(works, vault, connected, bad)
    much_later = Works(works.engine, {}, clock=lambda: shop.now() + ROTATION_OVERLAP * 2)
    with pytest.raises(Unauthenticated):
        await deliver(much_later, vault, connected, shop.order_updated(placed))
    assert await deliver(much_later, vault, connected, signed) is False


async def test_another_shop_of_the_same_app_is_refused(works: Works, vault: Vault) -> None:
    merchant = Merchant(ids.new())
    new = NewStore(
        platform=PlatformKind.SHOPIFY,
        name="Ada's Mugs",
        base_url="https://adas-mugs.myshopify.com",
        credentials={"access_token": "shpat_1"},
        webhook_secret="client-secret",
        settings=Settings(),
    )
    async with works.begin(merchant) as work:
        store = Connected(merchant, (await connect(work, vault, new)).store_id, None)  # type: ignore[arg-type]
    body = b'{"id": 1, "line_items": []}'
    headers = {
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Webhook-Id": "w1",
        "X-Shopify-Hmac-Sha256": signature("client-secret", body),
    }
    own = SignedDelivery({**headers, "X-Shopify-Shop-Domain": "adas-mugs.myshopify.com"}, body)
    other = SignedDelivery({**headers, "X-Shopify-Shop-Domain": "other.myshopify.com"}, body)
    with pytest.raises(Unauthenticated):
        await deliver(works, vault, store, other, "shopify")
    assert await deliver(works, vault, store, own, "shopify")
    assert await deliver(works, vault, store, own, "shopify") is False


async def test_a_store_says_that_it_is_seen(works: Works, vault: Vault, connected: Connected, hand: Hand) -> None:
    async def seen() -> object:
        async with works.begin(connected.merchant) as work:
            return (await queries.get_store(work, connected.store_id)).last_seen_at

    assert await seen() is None
    placed = connected.shop.place_order([(connected.shop.stock("MUG", "Mug", "8.50"), 1)])
    await deliver(works, vault, connected, connected.shop.order_created(placed))
    await hand.run(READ)
    assert await seen() is not None


async def test_the_door_tells_nothing_but_whose_it_is(works: Works, connected: Connected) -> None:
    from fulfilhub.platform.errors import NotFound
    from fulfilhub.platform.scopes import Nobody

    async with works.begin(Nobody()) as work:
        assert await queries.door(work, connected.store_id) == (connected.merchant.account_id, "woocommerce")
    with pytest.raises(NotFound):
        async with works.begin(Nobody()) as work:
            await queries.door(work, UUID(int=7))
    with pytest.raises(NotFound):
        async with works.begin(Merchant(ids.new())) as work:
            await queries.get_store(work, connected.store_id)
