"""Telling a store of a shipment: once, whatever goes wrong on the way."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from fulfilhub.demo.storefronts.shop import Mischief
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, NotFound
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import ADAPTERS
from fulfilhub.stores.adapters.news import ShipmentNews
from fulfilhub.stores.adapters.port import Connection, Retry
from fulfilhub.stores.adapters.woocommerce.adapter import WooCommerce
from fulfilhub.stores.commands import updates
from fulfilhub.stores.commands.connections import NewStore, StoreChange, change, connect
from fulfilhub.stores.queries import UpdateRow
from fulfilhub.stores.rules import PlatformKind, Settings
from tests.make.shipped import ShippedOrder, shipped_order
from tests.stores.conftest import Connected, Hand

NOTE = "stores.tell_shipment"
TELL = "stores.tell"


async def sold(worker_works: Works, connected: Connected, shipments: int = 1) -> ShippedOrder:
    """Two mugs that the shop sold, shipped in so many shipments."""
    mug = connected.shop.stock("MUG", "Mug", "8.50")
    order = connected.shop.place_order([(mug, 2)])
    line = order["line_items"][0]  # type: ignore[index]
    return await shipped_order(
        worker_works,
        connected.merchant.account_id,
        (2,),
        shipments=shipments,
        store_id=connected.store_id,
        external_id=str(order["id"]),
        line_ids=[str(line["id"])],
    )


async def ship(works: Works, order: ShippedOrder) -> None:
    async with works.begin(Merchant(order.merchant_id)) as work:
        work.publish(*order.facts())


async def tell(hand: Hand) -> None:
    """Note what was shipped, and tell it in one turn."""
    await hand.run(NOTE)
    await hand.run(TELL)


async def told(works: Works, connected: Connected) -> Sequence[UpdateRow]:
    async with works.begin(connected.merchant) as work:
        return await queries.list_updates(work, connected.store_id, None, None, 10)


def writes(connected: Connected) -> list[str]:
    return [write.what.partition(" ")[0] for write in connected.shop.record.writes if write.done]


async def test_the_store_shows_the_tracking_number(
    works: Works, worker_works: Works, connected: Connected, hand: Hand
) -> None:
    order = await sold(worker_works, connected)
    await ship(works, order)
    assert await hand.run(NOTE) == 1
    assert await hand.run(TELL) == 1
    (update,) = await told(works, connected)
    assert (update.state, update.order_id, update.attempts) == ("sent", order.order_id, 1)
    ((number, row),) = connected.shop.orders.items()
    assert row["status"] == "completed"
    assert any(ids.SHIPMENT.show(order.shipments[0]) in str(note) for note in connected.shop.notes[number])
    async with works.begin(connected.merchant) as work:
        facts = await work.db.execute(text("SELECT data ->> 'state' FROM events WHERE type = 'store.told'"))
        assert facts.scalars().all() == ["sent"]


async def test_each_shipment_is_told_once_though_the_fact_comes_twice(
    works: Works, worker_works: Works, connected: Connected, hand: Hand
) -> None:
    order = await sold(worker_works, connected, shipments=2)
    await ship(works, order)
    await tell(hand)
    before = writes(connected)
    await ship(works, order)
    await tell(hand)
    assert writes(connected) == before
    assert [update.state for update in await told(works, connected)] == ["sent", "sent"]
    assert await hand.waiting(TELL) == []


async def test_an_answer_that_never_came_is_read_back_not_repeated(
    works: Works, worker_works: Works, connected: Connected, hand: Hand
) -> None:
    order = await sold(worker_works, connected)
    connected.shop.record.misbehave(Mischief.FAIL_AFTER)
    await ship(works, order)
    await tell(hand)
    (update,) = await told(works, connected)
    assert update.state == "in_doubt"
    done = writes(connected)
    assert len(done) == 1
    while (await told(works, connected))[0].state != "sent":
        assert await hand.run(TELL, later=1) == 1
    whats = [write.what for write in connected.shop.record.writes if write.done]
    assert len(whats) == len(set(whats)), "no write was done twice"
    assert sum(len(notes) for notes in connected.shop.notes.values()) == 1


async def test_a_store_that_is_busy_is_told_later(
    works: Works, worker_works: Works, connected: Connected, hand: Hand
) -> None:
    order = await sold(worker_works, connected)
    connected.shop.record.misbehave(Mischief.SLOW_DOWN)
    await ship(works, order)
    await tell(hand)
    (update,) = await told(works, connected)
    assert update.state == "pending"
    assert update.reason
    await hand.run(TELL, later=1)
    assert (await told(works, connected))[0].state == "sent"


async def test_a_refusal_waits_for_a_person(
    works: Works, worker_works: Works, vault: Vault, connected: Connected, hand: Hand
) -> None:
    order = await sold(worker_works, connected)
    good = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}
    async with works.begin(connected.merchant) as work:
        await change(work, vault, connected.store_id, StoreChange(credentials=good | {"consumer_secret": "x"}), None)
    await ship(works, order)
    await tell(hand)
    (update,) = await told(works, connected)
    assert (update.state, update.code) == ("refused", "unauthorised")
    assert await hand.waiting(TELL) == []
    async with works.begin(connected.merchant) as work:
        await change(work, vault, connected.store_id, StoreChange(credentials=good), None)
        await updates.retry(work, connected.store_id, update.id)
    assert await hand.run(TELL) == 1
    assert (await told(works, connected))[0].state == "sent"
    with pytest.raises(Conflict):
        async with works.begin(connected.merchant) as work:
            await updates.retry(work, connected.store_id, update.id)
    with pytest.raises(NotFound):
        async with works.begin(Merchant(ids.new())) as work:
            await updates.retry(work, connected.store_id, update.id)


async def test_giving_up_is_said(
    works: Works, worker_works: Works, connected: Connected, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes wrong with this very shipment is tried so many times; the shop as a whole is well."""
    order = await sold(worker_works, connected)
    monkeypatch.setitem(ADAPTERS, "woocommerce", Moody())
    await ship(works, order)
    await hand.run(NOTE)
    for attempt in range(1, hand.runner.settings.jobs.max_attempts + 1):
        assert await hand.run(TELL, later=2 * (attempt - 1)) == 1
        (update,) = await told(works, connected)
        assert (update.attempts, update.reason) == (attempt, "Not now.")
        assert update.state == ("failed" if attempt == hand.runner.settings.jobs.max_attempts else "pending")
    assert await hand.waiting(TELL) == [], "nothing waits any more"


class Moody(WooCommerce):
    """A shop that is well, and for no reason will not take this shipment now."""

    @staticmethod
    async def push_shipment(http: httpx.AsyncClient, connection: Connection, news: ShipmentNews) -> Retry:
        return Retry("Not now.", 1.0)


async def test_a_dead_shop_keeps_what_it_is_to_be_told_for_a_week(
    works: Works, worker_works: Works, connected: Connected, hand: Hand
) -> None:
    order = await sold(worker_works, connected)
    await ship(works, order)
    await hand.run(NOTE)
    tries = hand.runner.settings.jobs.max_attempts + 3
    connected.shop.record.misbehave(Mischief.SLOW_DOWN, tries + 1)
    for hours in range(tries):
        await hand.run(TELL, later=hours)
    (update,) = await told(works, connected)
    assert (update.state, update.attempts) == ("pending", 0)
    async with worker_works.begin(Platform("test")) as work:
        await work.db.execute(text("UPDATE store_updates SET created_at = created_at - interval '8 days'"))
    await hand.run(TELL, later=tries)
    (update,) = await told(works, connected)
    assert (update.state, update.reason) == ("failed", "The store asks to slow down.")
    assert await hand.waiting(TELL) == []


async def test_an_order_by_the_api_has_nobody_to_tell(
    works: Works, worker_works: Works, vault: Vault, connected: Connected, hand: Hand
) -> None:
    merchant = connected.merchant.account_id
    own = NewStore(platform=PlatformKind.API, name="Our shop", credentials={}, settings=Settings())
    async with works.begin(connected.merchant) as work:
        made = await connect(work, vault, own)
    for store_id in (UUID(int=0), made.store_id):
        await ship(works, await shipped_order(worker_works, merchant, store_id=store_id))
    await tell(hand)
    assert await hand.waiting(TELL) == []
    assert await told(works, connected) == []
    assert connected.shop.record.writes == []
