"""What a shop assigns to our locations: asked, taken, recalled, held, moved, split, merged, sent and given up, against
a stateful Shopify that executes our documents."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest

from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.commands import lanes, pulling
from fulfilhub.stores.commands.connections import StoreChange, change
from fulfilhub.stores.rules import Settings as StoreSettings
from tests.fakes.shopify import moves, orders, requests
from tests.fakes.shopify.engine import No
from tests.fakes.shopify.faults import Fault
from tests.fakes.shopify.schema import needs_schema
from tests.fakes.shopify.things import Location, Order
from tests.fulfilment.world import broken
from tests.stores.mapped import Counter, counter, open_part, parts

pytestmark = needs_schema


@pytest.fixture
async def till(works: Works, worker_works: Works, settings: Settings, vault: Vault) -> AsyncIterator[Counter]:
    """Leeds and Bristol have a service each; MUG and JUG are on sale."""
    async with counter(works, worker_works, settings, vault) as made:
        await made.map([made.site.leeds, made.site.bristol])
        made.sell("MUG")
        made.sell("JUG")
        yield made
        assert await broken(worker_works) == []


async def test_services_are_registered_with_an_address_of_their_own(till: Counter) -> None:
    names = [each.service_name for each in till.shop.services]
    assert names == ["FulfilHub Leeds North", "FulfilHub Bristol"]
    assert len({each.callback_url for each in till.shop.services}) == 2


async def test_what_is_asked_is_taken_and_only_that(till: Counter) -> None:
    leeds = await till.place_of(till.site.leeds)
    order = orders.place(till.shop, [(till.wares["MUG"], 2), (till.wares["JUG"], 1)], at=[leeds, till.shop.primary])
    await till.pull()
    assert ("IN_PROGRESS", "ACCEPTED") in parts(order)
    found = await till.ours(order)
    assert found is not None
    row, lines = found
    assert [(line.sku, line.ordered, line.allocated) for line in lines] == [("MUG", 2, 2)]
    assert await till.site.fulfilments(row.id) == [(till.site.leeds, "queued")]


async def test_what_is_sent_is_told_once_per_location_with_its_tracking(till: Counter) -> None:
    leeds, bristol = await till.place_of(till.site.leeds), await till.place_of(till.site.bristol)
    order = orders.place(till.shop, [(till.wares["MUG"], 2), (till.wares["JUG"], 1)], at=[leeds, bristol])
    await till.pull()
    await till.send(till.site.leeds, "RM1")
    await till.send(till.site.bristol, "RM2")
    sent = [([info["number"] for info in each.tracking_info], each.location.id) for each in order.fulfillments]
    assert sent == [(["RM1"], leeds.id), (["RM2"], bristol.id)]
    assert await till.states(order) == ["done", "done"]
    assert order.display_fulfillment_status == "FULFILLED"


async def test_an_unknown_sku_is_refused_with_its_line_and_can_be_asked_again(till: Counter) -> None:
    leeds = await till.place_of(till.site.leeds)
    strange = till.shop.add_product("NOBODY-KNOWS", "Strange", "1.00")
    order = orders.place(till.shop, [(strange, 1)], at=[leeds])
    await till.pull()
    assert parts(order) == [("OPEN", "REJECTED")]
    said = [each["variables"] for each in till.shop.asked if each["operation"] == "FulfilHubRefuseRequest"]
    assert said[0]["reason"] == "INVALID_SKU"
    assert "NOBODY-KNOWS" in said[0]["lines"][0]["message"]
    assert await till.ours(order) is None
    await till.add_product("NOBODY-KNOWS")
    requests.submit(till.shop, open_part(order))
    await till.pull()
    assert parts(order) == [("IN_PROGRESS", "ACCEPTED")]


async def test_a_destination_that_the_warehouse_does_not_reach_is_refused(till: Counter) -> None:
    leeds = await till.place_of(till.site.leeds)
    far = {**orders.SHIPPING, "country": "Japan", "countryCodeV2": "JP", "zip": "100-0001"}
    order = orders.place(till.shop, [(till.wares["MUG"], 1)], at=[leeds], shipping=far)
    await till.pull()
    (said,) = [each["variables"] for each in till.shop.asked if each["operation"] == "FulfilHubRefuseRequest"]
    assert said["reason"] == "UNDELIVERABLE_DESTINATION"
    nowhere = orders.place(till.shop, [(till.wares["MUG"], 1)], at=[leeds], shipping=None)
    await till.pull()
    said = [each["variables"] for each in till.shop.asked if each["operation"] == "FulfilHubRefuseRequest"][-1]
    assert said["reason"] == "INCORRECT_ADDRESS"
    assert parts(order) == parts(nowhere) == [("OPEN", "REJECTED")]


async def test_part_of_a_line_is_asked_and_the_rest_later(till: Counter) -> None:
    leeds = await till.place_of(till.site.leeds)
    order = orders.place(till.shop, [(till.wares["MUG"], 5)], at=[leeds], request=False)
    (waiting,) = order.fulfillment_orders
    rest = requests.submit(till.shop, waiting, [{"id": waiting.line_items[0].id, "quantity": 2}])
    await till.pull()
    found = await till.ours(order)
    assert found is not None
    assert [line.ordered for line in found[1]] == [2]
    await till.send(till.site.leeds, "RM1")
    assert rest is not None
    requests.submit(till.shop, rest)
    await till.pull()
    found = await till.ours(order)
    assert found is not None
    assert [(line.ordered, line.shipped, line.allocated) for line in found[1]] == [(5, 2, 5)]
    await till.send(till.site.leeds, "RM2")
    assert [each.total_quantity for each in order.fulfillments] == [2, 3]


async def test_what_nobody_has_in_hand_is_given_back_at_once(till: Counter) -> None:
    leeds = await till.place_of(till.site.leeds)
    order = orders.place(till.shop, [(till.wares["MUG"], 2)], at=[leeds])
    await till.pull()
    requests.ask_to_cancel(till.shop, open_part(order))
    await till.pull()
    assert parts(order)[0] == ("CLOSED", "CANCELLATION_ACCEPTED")
    found = await till.ours(order)
    assert found is not None
    assert found[0].status == "not_required"
    assert await till.site.level("MUG", till.site.leeds) == (10, 0, 0, 0)


@pytest.mark.parametrize("agrees", [True, False])
async def test_what_a_warehouse_has_in_hand_it_is_asked_for(till: Counter, agrees: bool) -> None:
    leeds = await till.place_of(till.site.leeds)
    order = orders.place(till.shop, [(till.wares["MUG"], 2)], at=[leeds])
    await till.pull()
    waiting = open_part(order)
    await till.accept(till.site.leeds)
    requests.ask_to_cancel(till.shop, waiting)
    await till.pull()
    await till.pull()
    assert (waiting.status, waiting.request_status) == ("IN_PROGRESS", "ACCEPTED"), "it has not answered"
    assert await till.states(order) == ["recalled"]
    await till.answer(agree=agrees)
    if agrees:
        assert (waiting.status, waiting.request_status) == ("CLOSED", "CANCELLATION_ACCEPTED")
        return
    assert (waiting.status, waiting.request_status) == ("IN_PROGRESS", "CANCELLATION_REJECTED")
    assert await till.states(order) == ["ours"]
    requests.ask_to_cancel(till.shop, waiting)
    await till.pull()
    assert await till.states(order) == ["recalled"], "asked again after a refusal"
    await till.answer(agree=True)
    assert waiting.request_status == "CANCELLATION_ACCEPTED"


async def test_an_order_cancelled_in_the_shop_and_asked_again_is_ours_again(till: Counter) -> None:
    leeds = await till.place_of(till.site.leeds)
    order = orders.place(till.shop, [(till.wares["MUG"], 2)], at=[leeds])
    await till.pull()
    requests.ask_to_cancel(till.shop, open_part(order))
    await till.pull()
    again = orders.route(till.shop, order, leeds, [(order.line_items[0], 2)])
    requests.submit(till.shop, again)
    await till.pull()
    assert await till.states(order) == ["gone", "ours"]
    await till.send(till.site.leeds, "RM1")
    assert [each.total_quantity for each in order.fulfillments] == [2]


async def test_holds_are_mirrored_and_released_one_by_one(till: Counter) -> None:
    await till.map([], {till.shop.primary.id: till.site.leeds})
    order = orders.place(till.shop, [(till.wares["MUG"], 2)])
    await till.heard(order)
    (waiting,) = order.fulfillment_orders
    moves.hold(till.shop, waiting, reason="HIGH_RISK_OF_FRAUD", handle="fraud", notes="Look twice.")
    moves.hold(till.shop, waiting, reason="INCORRECT_ADDRESS", handle="address")
    await till.heard(order)
    assert [(hold.reason, hold.name) for hold in await till.holds(order)] == [
        ("fraud_risk", "fraud"),
        ("incorrect_address", "address"),
    ]
    first, second = waiting.fulfillment_holds
    moves.release(till.shop, waiting, [first.id])
    await till.heard(order)
    assert [hold.name for hold in await till.holds(order)] == ["address"]
    moves.release(till.shop, waiting, [second.id])
    await till.heard(order)
    assert await till.holds(order) == []
    await till.send(till.site.leeds, "RM1")
    assert [each.total_quantity for each in order.fulfillments] == [2]


async def test_a_part_that_moves_is_sent_from_where_it_is_then(till: Counter) -> None:
    second = till.shop.add_location("Second")
    await till.map([], {till.shop.primary.id: till.site.leeds, second.id: till.site.bristol})
    order = orders.place(till.shop, [(till.wares["MUG"], 2)])
    await till.heard(order)
    moves.move(till.shop, open_part(order), second)
    await till.heard(order)
    found = await till.ours(order)
    assert found is not None
    assert (await till.site.fulfilments(found[0].id))[-1] == (till.site.bristol, "queued")
    await till.accept(till.site.bristol)
    moves.move(till.shop, open_part(order), till.shop.primary)
    await till.heard(order)
    await till.answer(agree=True)
    assert (await till.site.fulfilments(found[0].id))[-1] == (till.site.leeds, "queued")
    elsewhere = till.shop.add_location("Not ours")
    moves.move(till.shop, open_part(order), elsewhere)
    await till.heard(order)
    found = await till.ours(order)
    assert found is not None
    assert found[0].status == "not_required"


async def test_splits_and_merges_change_nothing_of_what_is_ours(till: Counter) -> None:
    await till.map([], {till.shop.primary.id: till.site.leeds})
    order = orders.place(till.shop, [(till.wares["MUG"], 4)])
    await till.heard(order)
    (waiting,) = order.fulfillment_orders
    other = moves.split(till.shop, waiting, [{"id": waiting.line_items[0].id, "quantity": 1}])
    await till.heard(order)
    found = await till.ours(order)
    assert found is not None
    assert [(line.ordered, line.allocated) for line in found[1]] == [(4, 4)]
    assert len(await till.site.fulfilments(found[0].id)) == 1, "nobody's work was touched"
    moves.merge(till.shop, [waiting, other])
    await till.heard(order)
    await till.send(till.site.leeds, "RM1")
    assert [each.total_quantity for each in order.fulfillments] == [4]


async def test_an_edit_in_the_shop_is_followed(till: Counter) -> None:
    await till.map([], {till.shop.primary.id: till.site.leeds})
    order = orders.place(till.shop, [(till.wares["MUG"], 4)])
    await till.heard(order)
    orders.edit(till.shop, order, {order.line_items[0]: 1})
    await till.heard(order)
    found = await till.ours(order)
    assert found is not None
    assert [(line.ordered - line.cancelled, line.allocated) for line in found[1]] == [(1, 1)]


async def test_what_the_warehouse_rejects_is_given_up_in_the_shop(till: Counter) -> None:
    leeds = await till.place_of(till.site.leeds)
    order = orders.place(till.shop, [(till.wares["MUG"], 2)], at=[leeds])
    await till.pull()
    first = open_part(order)
    await till.reject(till.site.leeds)
    assert (await till.states(order))[0] == "given_up"
    assert first.status == "CLOSED"
    (said,) = [each["variables"] for each in till.shop.asked if each["operation"] == "FulfilHubGiveUp"]
    assert "out of stock" in said["message"]
    again = open_part(order)
    requests.submit(till.shop, again)
    await till.pull()
    assert (await till.states(order))[-1] in ("ours", "refused", "given_up")


async def test_a_lost_answer_is_read_back_before_anything_is_repeated(till: Counter) -> None:
    leeds = await till.place_of(till.site.leeds)
    till.shop.faults.next(Fault.FAIL_AFTER, operation="FulfilHubAcceptRequest")
    order = orders.place(till.shop, [(till.wares["MUG"], 2)], at=[leeds])
    await till.pull()
    assert parts(order) == [("IN_PROGRESS", "ACCEPTED")]
    assert [each["operation"] for each in till.shop.asked].count("FulfilHubAcceptRequest") == 1
    assert await till.states(order) == ["ours"]


async def test_a_store_that_is_down_loses_nothing(till: Counter) -> None:
    leeds = await till.place_of(till.site.leeds)
    order = orders.place(till.shop, [(till.wares["MUG"], 2)], at=[leeds])
    till.shop.faults.down = True
    async with till.site.works.begin(till.site.merchant) as work:
        await pulling.ping(work, till.store_id)
    await till.run("stores.pull")
    till.shop.faults.down = False
    await till.sweep()
    assert await till.states(order) == ["ours"]


async def test_milestones_are_told_in_order_and_once(till: Counter) -> None:
    leeds = await till.place_of(till.site.leeds)
    order = orders.place(till.shop, [(till.wares["MUG"], 2)], at=[leeds])
    await till.pull()
    await till.send(till.site.leeds, "RM1")
    for state, minutes in (
        ("in_transit", 10),
        ("picked_up", 5),
        ("in_transit", 10),
        ("delivered", 30),
        ("delayed", 20),
    ):
        await till.scan("RM1", state, minutes)
    (sent,) = order.fulfillments
    assert [event.status for event in sent.events] == ["IN_TRANSIT", "DELIVERED"]


async def test_a_mapping_that_ends_ends_the_service(till: Counter) -> None:
    await till.map([till.site.leeds])
    assert [each.service_name for each in till.shop.services] == ["FulfilHub Leeds North"]
    await till.map([])
    assert till.shop.services == []
    order = orders.place(till.shop, [(till.wares["MUG"], 1)])
    assert await till.ours(order) is None


def _act(till: Counter, order: Order, other: Location, chance: random.Random) -> None:
    """Something the merchant does with the order in the shop, if it can be done just now."""
    waiting = chance.choice([each for each in order.fulfillment_orders if each.status not in ("CLOSED", "CANCELLED")])
    line = order.line_items[0]
    acts: list[Callable[[], object]] = [
        lambda: moves.hold(till.shop, waiting, handle=f"h{chance.random()}"),
        lambda: moves.release(till.shop, waiting, None),
        lambda: moves.move(till.shop, waiting, chance.choice([till.shop.primary, other])),
        lambda: moves.split(till.shop, waiting, [{"id": waiting.line_items[0].id, "quantity": 1}]),
        lambda: orders.edit(till.shop, order, {line: max(line.current_quantity - 1, 1)}),
    ]
    with suppress(No):
        chance.choice(acts)()


@pytest.mark.parametrize("seed", [0, 1, 3, 6])
async def test_whatever_is_heard_when_and_how_often_both_sides_agree_in_the_end(till: Counter, seed: int) -> None:
    chance = random.Random(seed)
    other = till.shop.add_location("Second")
    await till.map([], {till.shop.primary.id: till.site.leeds, other.id: till.site.bristol})
    order = orders.place(till.shop, [(till.wares["MUG"], 6)])
    for _ in range(10):
        _act(till, order, other, chance)
        match chance.randrange(5):
            case 0:
                await till.heard(order)
            case 1:
                await till.heard(order)
                await till.pull()
            case 2:
                await till.accept(chance.choice([till.site.leeds, till.site.bristol]))
            case 3:
                await till.answer(agree=True)
    await till.heard(order)
    held = {hold.id for each in order.fulfillment_orders for hold in each.fulfillment_holds}
    assert len(await till.holds(order)) == len(held)
    for each in order.fulfillment_orders:
        if each.fulfillment_holds:
            moves.release(till.shop, each, None)
    for _ in range(3):  # what is moved while it is in hand takes a question and an answer
        await till.heard(order)
        await till.answer(agree=True)
    assert await till.holds(order) == []
    found = await till.ours(order)
    assert found is not None
    asked: dict[UUID, int] = {}
    for each in order.fulfillment_orders:
        if each.status not in ("CLOSED", "CANCELLED"):
            at = till.site.leeds if each.location is till.shop.primary else till.site.bristol
            asked[at] = asked.get(at, 0) + each.remaining
    assert sum(line.ordered - line.cancelled for line in found[1]) == sum(asked.values())
    assert await till.given(order) == {at: units for at, units in asked.items() if units}


async def test_stock_is_looked_at_anew_when_other_places_stand_for_warehouses(till: Counter) -> None:
    async with till.site.works.begin(till.site.merchant) as work:
        kept = StoreChange(settings=StoreSettings(stock_sync=True))
        await change(work, till.runner.vault, till.store_id, kept, None)
        await lanes.set_lane(
            work, till.store_id, check_at=work.now + timedelta(hours=6), look_id=None, look_due_at=None
        )
    await till.map([till.site.leeds], work_off=False)
    async with till.site.works.begin(till.site.merchant) as work:
        lane = await queries.lane(work, till.store_id)
    assert lane is not None
    assert lane.look_id is not None
    assert lane.check_at is not None
    assert lane.check_at <= work.now, "not only with the check that comes every six hours"
