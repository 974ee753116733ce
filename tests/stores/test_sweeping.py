"""A lost webhook loses no order: what a store lists is read, and what is claimed of it is true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy import text

from fulfilhub.demo.storefronts.woocommerce.orders import Json
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores.commands import connections, reading
from fulfilhub.stores.rules.completeness import SETTLES
from tests.stores.conftest import Connected, Hand
from tests.stores.sweeping import (
    FIGURES,
    at,
    begin,
    clock_strikes,
    figures,
    late,
    orders,
    standing,
    sweep,
    told,
    work_off,
)
from tests.stores.test_deliveries import deliver

READ = "stores.read_delivery"
MINUTE = timedelta(minutes=1)


def buy(connected: Connected, **members: object) -> Json:
    mug = connected.shop.stock("MUG", "Mug", "8.50")
    return connected.shop.place_order([(mug, 1)], **members)  # type: ignore[arg-type]


def moment(order: Json) -> datetime:
    return datetime.fromisoformat(str(order["date_modified_gmt"])).replace(tzinfo=UTC)


async def execute(settings: Settings, statement: str) -> None:
    """As the database's owner."""
    owner = await asyncpg.connect(settings.database.url)
    try:
        await owner.execute(statement)
    finally:
        await owner.close()


async def test_an_order_whose_webhook_was_lost_is_found(works: Works, connected: Connected, hand: Hand) -> None:
    lost = buy(connected)
    await sweep(works, connected, hand)
    ((external_id, status, _),) = await orders(works, connected)
    assert (external_id, status) == (str(lost["id"]), "needs_review"), "the SKU is unknown"
    (found,) = await late(works, connected)
    assert (found.external_id, found.number, found.what, found.how) == (
        str(lost["id"]),
        lost["number"],
        "order",
        "sweep",
    )
    assert (found.changed_at, found.arrived_at) == (moment(lost), None)
    assert (await told(works, connected)).orders.late == 1


async def test_the_merchant_is_told_of_it(works: Works, worker_works: Works, connected: Connected, hand: Hand) -> None:
    buy(connected)
    await sweep(works, connected, hand)
    async with worker_works.begin(Platform("test")) as work:
        rows = await work.db.execute(text("SELECT data FROM events WHERE type = 'store.order_found_late'"))
        (data,) = rows.scalars()
    assert (data["what"], data["how"]) == ("order", "sweep")


async def test_a_change_whose_webhook_was_lost_is_found(
    works: Works, vault: Vault, connected: Connected, hand: Hand
) -> None:
    shop = connected.shop
    placed = buy(connected)
    await deliver(works, vault, connected, shop.order_created(placed))
    await hand.run(READ)
    shop.now = lambda: datetime.now(UTC) + timedelta(seconds=2)
    shop.change(placed, status="cancelled")
    await sweep(works, connected, hand)
    ((_, _, state),) = await orders(works, connected)
    assert state == "cancelled"
    (found,) = await late(works, connected)
    assert found.what == "change"


async def test_what_our_plugin_does_not_send_is_left_in_the_shop(
    works: Works, vault: Vault, connected: Connected, hand: Hand
) -> None:
    shop = connected.shop
    known, own, virtual, lost = (buy(connected) for _ in range(4))
    for order in (known, own):
        await deliver(works, vault, connected, shop.order_created(order))
    await hand.run(READ)
    shop.now = lambda: datetime.now(UTC) + timedelta(seconds=2)
    known["fulfilhub"] = virtual["fulfilhub"] = "unwanted"
    own["fulfilhub"] = lost["fulfilhub"] = "own"
    shop.change(known, status="cancelled")
    shop.change(own, status="completed")
    await sweep(works, connected, hand)
    row = await standing(works, connected)
    assert (row.last_listed, row.last_found) == (4, 2)
    assert {found.external_id: found.what for found in await late(works, connected)} == {
        str(known["id"]): "change",
        str(lost["id"]): "order",
    }
    assert row.complete_to is not None, "what was left there holds no proof back"


async def test_what_webhooks_brought_is_not_read_again(
    works: Works, vault: Vault, connected: Connected, hand: Hand
) -> None:
    for _ in range(3):
        await deliver(works, vault, connected, connected.shop.order_created(buy(connected)))
    await hand.run(READ)
    await sweep(works, connected, hand)
    row = await standing(works, connected)
    assert (row.last_listed, row.last_found) == (3, 0)
    assert await late(works, connected) == []
    assert not await hand.waiting("stores.read_orders")


async def test_many_pages_are_read_and_nothing_comes_twice(works: Works, connected: Connected, hand: Hand) -> None:
    mug = connected.shop.stock("MUG", "Mug", "8.50")
    start = connected.shop.now()
    for place in range(230):
        connected.shop.now = lambda place=place: start + timedelta(seconds=place // 30)  # type: ignore[misc]
        connected.shop.place_order([(mug, 1)])
    connected.shop.now = lambda: datetime.now(UTC) + timedelta(seconds=10)
    await sweep(works, connected, hand)
    assert {external_id for external_id, _, _ in await orders(works, connected)} == {
        str(number) for number in connected.shop.orders
    }
    assert len(await late(works, connected)) == 230
    assert await work_off(hand) == 0


async def test_what_waits_holds_the_proof_back(works: Works, connected: Connected, hand: Hand) -> None:
    connected.shop.now = lambda: hand.works.clock() + MINUTE
    early = buy(connected)
    later = at(hand, 10 * MINUTE)
    connected.shop.now = later.works.clock
    await clock_strikes(hand, 10 * MINUTE)
    await later.run("stores.sweep")
    row = await standing(works, connected)
    assert row.listed_to is not None
    assert row.complete_to == moment(early), "it was listed, but it is not here"
    claim = await told(works, connected, later.works.clock())
    assert claim.held_back_by is not None
    assert claim.held_back_by.external_id == str(early["id"])
    await work_off(later)
    row = await standing(works, connected)
    assert row.listed_to is not None
    assert row.complete_to == row.listed_to - SETTLES


async def test_the_newest_past_is_never_claimed(works: Works, connected: Connected, hand: Hand) -> None:
    await sweep(works, connected, hand)
    row = await standing(works, connected)
    claim = await told(works, connected)
    assert row.listed_to is not None
    assert claim.complete_up_to is None, "the store was connected a moment ago"
    later = at(hand, 10 * MINUTE)
    connected.shop.now = later.works.clock
    assert await clock_strikes(hand, 10 * MINUTE) == 1
    await work_off(later)
    claim = await told(works, connected, later.works.clock())
    assert claim.state == "complete"
    assert claim.complete_up_to is not None
    assert later.works.clock() - claim.complete_up_to >= SETTLES


async def test_a_webhook_gets_its_time_before_the_clocks_sweep_reads(
    works: Works, vault: Vault, connected: Connected, hand: Hand
) -> None:
    placed = buy(connected)
    await clock_strikes(hand)
    await work_off(hand)
    assert await orders(works, connected) == []
    assert (await told(works, connected)).orders.waiting == 1
    await deliver(works, vault, connected, connected.shop.order_created(placed))
    await hand.run(READ)
    await work_off(at(hand, 3 * MINUTE))
    assert len(await orders(works, connected)) == 1
    assert await late(works, connected) == [], "its webhook brought it"
    assert (await figures(works, connected)).waiting == 0


async def test_a_webhook_that_comes_after_all_is_noted(
    works: Works, vault: Vault, connected: Connected, hand: Hand
) -> None:
    placed = buy(connected)
    await sweep(works, connected, hand)
    await deliver(works, vault, connected, connected.shop.order_created(placed))
    await hand.run(READ)
    (found,) = await late(works, connected)
    assert found.arrived_at is not None
    assert len(await orders(works, connected)) == 1


@pytest.mark.parametrize("minutes", [-45, 45])
async def test_a_store_whose_clock_is_wrong_loses_nothing(
    works: Works, connected: Connected, hand: Hand, minutes: int
) -> None:
    shop, wrong = connected.shop, minutes * MINUTE
    shop.now = lambda: datetime.now(UTC) + wrong
    buy(connected)
    await sweep(works, connected, hand)
    assert len(await orders(works, connected)) == 1
    claim = await told(works, connected)
    assert abs(claim.clock_difference_seconds - minutes * 60) <= 1
    later = at(hand, 10 * MINUTE)
    shop.now = lambda: later.works.clock() + wrong
    buy(connected)
    await clock_strikes(hand, 10 * MINUTE)
    await work_off(later)
    await work_off(at(hand, 20 * MINUTE))
    assert len(await orders(works, connected)) == 2
    claim = await told(works, connected, later.works.clock())
    assert claim.complete_up_to is not None
    assert timedelta() < later.works.clock() - claim.complete_up_to < 5 * MINUTE, "by our clock"


async def test_a_store_whose_clock_goes_back_loses_nothing(works: Works, connected: Connected, hand: Hand) -> None:
    shop = connected.shop
    shop.now = lambda: datetime.now(UTC) + timedelta(hours=1)
    await sweep(works, connected, hand)
    shop.now = lambda: datetime.now(UTC)
    buy(connected)
    await sweep(works, connected, hand)
    assert len(await orders(works, connected)) == 1
    row = await standing(works, connected)
    assert row.listed_to is not None
    assert row.listed_to <= datetime.now(UTC) + timedelta(seconds=5)


async def test_what_the_list_showed_too_late_is_found_by_the_long_look_and_remembered(
    works: Works, connected: Connected, hand: Hand
) -> None:
    shop, day = connected.shop, timedelta(days=1, hours=4)
    await sweep(works, connected, hand)
    for hours in (1, 2):
        later = at(hand, timedelta(hours=hours))
        shop.now = later.works.clock
        await clock_strikes(hand, timedelta(hours=hours))
        await work_off(later)
    before = await standing(works, connected)
    shop.now = lambda: hand.works.clock() + 90 * MINUTE
    hidden = buy(connected)
    assert before.complete_to is not None
    assert moment(hidden) < before.complete_to, "the claim was wrong, and nobody could know"
    later = at(hand, day)
    shop.now = later.works.clock
    await clock_strikes(hand, day)
    await work_off(later)
    assert len(await orders(works, connected)) == 1
    after = await standing(works, connected)
    assert after.lag_seconds >= 29 * 60, "so much is not claimed again"


async def test_a_store_that_refuses_us_is_failing_until_it_does_not(
    works: Works, vault: Vault, connected: Connected, hand: Hand
) -> None:
    shop = connected.shop
    buy(connected)
    shop.consumer_secret = "another"
    await sweep(works, connected, hand)
    claim = await told(works, connected)
    assert (claim.state, claim.complete_up_to) == ("failing", None)
    assert claim.failure is not None
    assert claim.failure.code == "unauthorised"
    assert "credentials" in claim.failure.fix
    row = await standing(works, connected)
    assert row.next_at is not None
    async with works.begin(connected.merchant) as work:
        wanted = connections.StoreChange(credentials={"consumer_key": "ck_1", "consumer_secret": "another"})
        await connections.change(work, vault, connected.store_id, wanted, None)
    assert await clock_strikes(hand) == 1
    await work_off(at(hand, 3 * MINUTE))
    assert len(await orders(works, connected)) == 1
    assert (await told(works, connected)).failure is None


async def test_one_order_that_nobody_can_read_holds_up_no_other(works: Works, connected: Connected, hand: Hand) -> None:
    strange, good = buy(connected), buy(connected)
    connected.shop.orders[int(str(strange["id"]))] = {"id": strange["id"], "date_modified_gmt": "x", "status": 7}
    await sweep(works, connected, hand)
    found = {key: status for key, status, _ in await orders(works, connected)}
    assert str(good["id"]) in found
    assert found[str(strange["id"])] == "needs_review"


async def test_an_order_that_we_can_not_take_spoils_no_other(
    works: Works, settings: Settings, connected: Connected, hand: Hand
) -> None:
    """Whatever goes wrong in taking one order, its neighbours are taken, and no claim goes beyond it."""
    bad, good = buy(connected, email="bad@example.test"), buy(connected)
    await execute(settings, "ALTER TABLE orders ADD CONSTRAINT no CHECK (email <> 'bad@example.test')")
    await sweep(works, connected, hand)
    for hours in (1, 2, 3):
        await work_off(at(hand, timedelta(hours=hours)))
    assert [key for key, _, _ in await orders(works, connected)] == [str(good["id"])]
    claim = await told(works, connected)
    assert claim.held_back_by is not None
    assert (claim.held_back_by.external_id, claim.state) == (str(bad["id"]), "behind")
    assert claim.held_back_by.reason
    await execute(settings, "ALTER TABLE orders DROP CONSTRAINT no")
    await work_off(at(hand, timedelta(hours=9)))
    assert len(await orders(works, connected)) == 2
    assert (await told(works, connected)).held_back_by is None


async def test_a_dead_workers_turn_costs_moments(works: Works, vault: Vault, connected: Connected, hand: Hand) -> None:
    """It wrote its turn down, asked the store, and died."""
    buy(connected)
    await begin(works, connected)
    await hand.run("stores.sweep")
    row = await standing(works, connected)
    assert row.reader_id is not None
    async with works.begin(connected.merchant) as work:
        assert await reading.take_turn(work, vault, connected.store_id, row.reader_id, 0.5) is not None
    await work_off(hand)
    assert await orders(works, connected) == [], "its next try is not due yet"
    await work_off(at(hand, MINUTE))
    assert len(await orders(works, connected)) == 1
    assert len(await late(works, connected)) == 1


async def test_a_run_that_lost_its_ticket_is_begun_again_where_it_was(
    works: Works, worker_works: Works, connected: Connected, hand: Hand
) -> None:
    mug = connected.shop.stock("MUG", "Mug", "8.50")
    start = connected.shop.now()
    for place in range(120):
        connected.shop.now = lambda place=place: start + timedelta(seconds=place // 50)  # type: ignore[misc]
        connected.shop.place_order([(mug, 1)])
    await begin(works, connected)
    await hand.run("stores.sweep")
    before = await standing(works, connected)
    assert before.run_cursor is not None
    async with worker_works.begin(Platform("test")) as work:
        await work.db.execute(text("DELETE FROM jobs WHERE kind = 'stores.sweep'"))
    assert await clock_strikes(hand) == 0
    await begin(works, connected)
    after = await standing(works, connected)
    assert after.run_id != before.run_id
    assert (after.run_cursor, after.run_listed) == (before.run_cursor, before.run_listed)
    await work_off(hand)
    assert len(await orders(works, connected)) == 120


async def test_a_sweep_that_is_asked_for_meanwhile_follows(works: Works, connected: Connected, hand: Hand) -> None:
    await begin(works, connected)
    first = await standing(works, connected)
    await begin(works, connected)
    second = await standing(works, connected)
    assert second.run_id == first.run_id
    assert len(await hand.waiting("stores.sweep")) == 1
    assert await hand.run("stores.sweep") == 1
    assert len(await hand.waiting("stores.sweep")) == 1


async def test_the_clock_gives_a_store_out_once(works: Works, connected: Connected, hand: Hand) -> None:
    assert [await clock_strikes(hand), await clock_strikes(hand)] == [1, 0]
    await work_off(hand)
    assert 0.8 < await _wait(works, connected) / (SETTLES.total_seconds() * 1.25) < 1.2, "the first proves nothing"
    await sweep(works, connected, hand)
    assert 0.8 < await _wait(works, connected) / FIGURES.interval < 1.2


async def _wait(works: Works, connected: Connected) -> float:
    """Seconds until the store is swept again."""
    row = await standing(works, connected)
    assert row.next_at is not None
    return (row.next_at - datetime.now(UTC)).total_seconds()


async def test_who_is_disconnected_is_left_alone(works: Works, vault: Vault, connected: Connected, hand: Hand) -> None:
    async with works.begin(connected.merchant) as work:
        await connections.disconnect(work, connected.store_id)
    assert await clock_strikes(hand, timedelta(days=2)) == 0
    with pytest.raises(Conflict):
        await begin(works, connected)
    assert (await told(works, connected)).state == "off"


async def test_another_address_begins_the_proof_anew(
    works: Works, vault: Vault, connected: Connected, hand: Hand
) -> None:
    await sweep(works, connected, hand)
    async with works.begin(connected.merchant) as work:
        wanted = connections.StoreChange(base_url="https://other.test")
        await connections.change(work, vault, connected.store_id, wanted, None)
    row = await standing(works, connected)
    assert (row.listed_to, row.complete_to) == (None, None)
