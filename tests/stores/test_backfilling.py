"""History is brought in whole, behind what is happening now, and what is over in the store makes no work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from fulfilhub.catalogue.commands import NewProduct, make_product
from fulfilhub.platform.errors import Conflict, Invalid
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.commands import backfilling
from fulfilhub.stores.commands.connections import disconnect
from fulfilhub.stores.queries import BackfillRow
from fulfilhub.stores.schemas.completeness import backfill_out
from tests.stores.conftest import Connected, Hand
from tests.stores.sweeping import at, begin, orders, standing, sweep, told, work_off

DAY = timedelta(days=1)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


async def start(works: Works, connected: Connected, since: datetime = LONG_AGO, *, hold_open: bool = False) -> UUID:
    async with works.begin(connected.merchant) as work:
        return await backfilling.start(work, connected.store_id, since, None, hold_open=hold_open)


async def on_sale(works: Works, connected: Connected) -> None:
    """The merchant knows what a MUG is, so orders of it need no review."""
    async with works.begin(connected.merchant) as work:
        await make_product(work, NewProduct(sku="MUG", name="Mug"))


async def look(works: Works, connected: Connected, backfill_id: UUID) -> BackfillRow:
    async with works.begin(connected.merchant) as work:
        return await queries.get_backfill(work, connected.store_id, backfill_id)


def history(connected: Connected, count: int, status: str = "completed", days: int = 100) -> None:
    """Orders of so many days ago, a minute apart; the shop's clock is right again afterwards."""
    mug = connected.shop.stock("MUG", "Mug", "8.50")
    start = datetime.now(UTC) - days * DAY
    for place in range(count):
        connected.shop.now = lambda place=place: start + timedelta(minutes=place)  # type: ignore[misc]
        connected.shop.place_order([(mug, 1)], status=status)
    connected.shop.now = lambda: datetime.now(UTC)


async def test_history_comes_in_whole_and_makes_no_work(
    works: Works, worker_works: Works, connected: Connected, hand: Hand
) -> None:
    await on_sale(works, connected)
    history(connected, 130, "completed")
    history(connected, 20, "cancelled", days=50)
    history(connected, 10, "refunded", days=40)
    made = await start(works, connected)
    await work_off(hand)
    row = await look(works, connected, made)
    assert (row.state, row.taken, row.total) == ("completed", 160, 160)
    assert row.listed == row.taken + row.had, "the last of a page may be listed once more"
    assert backfill_out(row).progress == 1
    found = await orders(works, connected)
    assert len(found) == 160
    assert {status for _, status, _ in found} <= {"not_required", "cancelled"}
    async with worker_works.begin(Platform("test")) as work:
        told = (await work.db.execute(text("SELECT count(*) FROM events WHERE type = 'order.received'"))).scalar_one()
        late = (await work.db.execute(text("SELECT count(*) FROM store_late_orders"))).scalar_one()
    assert (told, late) == (0, 0)


async def test_its_progress_can_be_followed(works: Works, connected: Connected, hand: Hand) -> None:
    history(connected, 150)
    made = await start(works, connected)
    queued = backfill_out(await look(works, connected, made))
    assert (queued.state, queued.progress, queued.listed) == ("queued", None, 0)
    await hand.run("stores.backfill")
    listed = backfill_out(await look(works, connected, made))
    assert (listed.state, listed.total, listed.listed, listed.waiting) == ("running", 150, 100, 100)
    await hand.run("stores.read_orders")
    some = backfill_out(await look(works, connected, made))
    assert (some.taken, some.waiting, some.progress) == (20, 80, round(20 / 150, 4))
    assert not await hand.waiting("stores.backfill"), "the next page waits until this one was read"
    await work_off(hand)
    assert backfill_out(await look(works, connected, made)).state == "completed"
    assert len(await orders(works, connected)) == 150


async def test_what_is_there_already_is_only_counted(works: Works, connected: Connected, hand: Hand) -> None:
    history(connected, 5)
    await start(works, connected)
    await work_off(hand)
    made = await start(works, connected)
    await work_off(hand)
    row = await look(works, connected, made)
    assert (row.state, row.listed, row.had, row.taken) == ("completed", 5, 5, 0)


async def test_open_orders_are_held_when_asked_for(works: Works, connected: Connected, hand: Hand) -> None:
    await on_sale(works, connected)
    history(connected, 2, "processing")
    await start(works, connected, hold_open=True)
    await work_off(hand)
    assert [status for _, status, _ in await orders(works, connected)] == ["on_hold", "on_hold"]


async def test_what_happens_now_comes_first(works: Works, connected: Connected, hand: Hand) -> None:
    history(connected, 60)
    await start(works, connected)
    await hand.run("stores.backfill")
    fresh = connected.shop.place_order([(connected.shop.stock("TEE", "Tee", "9.00"), 1)])
    await begin(works, connected)
    await hand.run("stores.sweep")
    await hand.run("stores.read_orders")
    assert str(fresh["id"]) in {key for key, _, _ in await orders(works, connected)}
    assert len(await orders(works, connected)) < 30


async def test_its_stretch_joins_the_proof(works: Works, connected: Connected, hand: Hand) -> None:
    history(connected, 3)
    await sweep(works, connected, hand)
    since = datetime.now(UTC) - 200 * DAY
    await start(works, connected, since)
    assert (await standing(works, connected)).complete_from > since
    await work_off(hand)
    assert (await standing(works, connected)).complete_from == since
    claim = await told(works, connected)
    assert claim.complete_up_to is not None
    assert claim.complete_since == since


async def test_it_can_be_cancelled(works: Works, connected: Connected, hand: Hand) -> None:
    history(connected, 150)
    made = await start(works, connected)
    await hand.run("stores.backfill")
    await hand.run("stores.read_orders")
    for _ in range(2):
        async with works.begin(connected.merchant) as work:
            await backfilling.cancel(work, connected.store_id, made)
    await work_off(hand)
    row = await look(works, connected, made)
    assert (row.state, row.taken) == ("cancelled", 20)
    assert len(await orders(works, connected)) == 20
    await start(works, connected)
    await work_off(hand)
    assert len(await orders(works, connected)) == 150
    with pytest.raises(Conflict):
        async with works.begin(connected.merchant) as work:
            *_, over = await queries.list_backfills(work, connected.store_id, None, 9)
            await backfilling.cancel(work, connected.store_id, over.id)


async def test_one_at_a_time_and_of_the_past(works: Works, connected: Connected, hand: Hand) -> None:
    await start(works, connected)
    with pytest.raises(Conflict):
        await start(works, connected)
    with pytest.raises(Invalid):
        await start(works, connected, datetime.now(UTC) + DAY)


async def test_a_refusal_ends_it_with_the_reason(works: Works, connected: Connected, hand: Hand) -> None:
    connected.shop.consumer_secret = "another"
    made = await start(works, connected)
    await work_off(hand)
    row = await look(works, connected, made)
    assert (row.state, row.code) == ("failed", "unauthorised")


async def test_a_store_that_is_cut_off_ends_it(works: Works, connected: Connected, hand: Hand) -> None:
    history(connected, 120)
    made = await start(works, connected)
    await hand.run("stores.backfill")
    async with works.begin(connected.merchant) as work:
        await disconnect(work, connected.store_id)
    await work_off(hand)
    await work_off(at(hand, DAY))
    row = await look(works, connected, made)
    assert (row.state, row.code) == ("failed", "disconnected")
