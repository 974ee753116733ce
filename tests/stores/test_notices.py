"""What a shop shows of orders and returns: the newest, once, and never at the cost of shipments."""

from __future__ import annotations

import asyncio
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from fulfilhub.demo.storefronts.shop import Mischief
from fulfilhub.demo.storefronts.woocommerce import Plugin, WooCommerceShop
from fulfilhub.fulfilment.commands.freeing import cancel
from fulfilhub.fulfilment.commands.holding import hold_order
from fulfilhub.orders.rules import HoldReason
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Works
from fulfilhub.returns.events import ReturnApproved, ReturnCompleted, ReturnReceived
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import ADAPTERS
from fulfilhub.stores.adapters.errands import CALLS_AT_ONCE
from fulfilhub.stores.adapters.news import ShipmentNews, StateNews
from fulfilhub.stores.adapters.port import Connection, Ended, Pushed
from fulfilhub.stores.adapters.woocommerce.adapter import WooCommerce
from fulfilhub.stores.commands import lanes, turns
from fulfilhub.stores.rules.returning import ReturnParts, ReturnTold, return_news
from tests.make.shipped import shipped_order
from tests.stores.conftest import Hand
from tests.stores.selling import Till, make_till


@pytest.fixture
async def till(works: Works, vault: Vault, hand: Hand, shop: WooCommerceShop) -> Till:
    """A hundred mugs at Leeds, and a shop with our plugin whose stock is its own business."""
    made = await make_till(works, vault, hand, shop, ["MUG"])
    await made.set()
    await made.sell("MUG", units=100)
    await made.book_in("MUG", 100)
    return made


def state_writes(till: Till) -> list[str]:
    return [write.what for write in till.shop.record.writes if write.what.endswith("/state")]


async def test_the_shop_shows_each_order_as_it_is(till: Till) -> None:
    placed = await till.buy(("MUG", 2))
    (order,) = await till.arrive(placed, route=False)
    await till.look()
    (number,) = till.shop.orders
    assert till.plugin.states == {}, "what follows at once is told together with it"
    await till.site.route(order)
    await till.settle()
    shown = till.plugin.states[number]
    assert (shown["external_id"], shown["order_id"], shown["status"]) == (str(number), ids.ORDER.show(order), "routed")
    assert len(state_writes(till)) == 1
    async with till.works.begin(till.site.merchant) as work:
        await hold_order(work, order, HoldReason.FRAUD_RISK, "Look.")
    await till.settle()
    held = till.plugin.states[number]
    assert held["status"] == "on_hold"
    assert int(str(held["revision"])) > int(str(shown["revision"]))
    async with till.works.begin(till.site.merchant) as work:
        await cancel(work, order, None)
    await till.settle()
    assert till.plugin.states[number]["status"] == "cancelled"
    assert await till.notices("state") == [(order, "told")]


async def test_nothing_is_told_of_orders_of_others(till: Till) -> None:
    await till.site.route(await till.site.order("by the API", ("MUG", 1)))
    await till.settle()
    assert till.shop.record.writes == []
    assert await till.notices("state") == []


async def test_what_nobody_would_see_is_not_told(till: Till) -> None:
    (order,) = await till.arrive(await till.buy(("MUG", 2)))
    await till.settle()
    told = state_writes(till)
    async with till.works.begin(till.site.merchant) as work:
        await work.db.execute(text("UPDATE orders SET version = version + 1"))
        work.publish(*(await shipped_order(till.hand.works, ids.new())).facts())
    async with till.hand.works.begin(Platform("test")) as work:
        await work.db.execute(text("UPDATE store_lanes SET after_seq = 0"))
    await till.settle()
    assert state_writes(till) == told
    assert await till.notices("state") == [(order, "told")]


async def test_what_changes_while_it_is_told_is_told_again(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    (order,) = await till.arrive(await till.buy(("MUG", 2)))
    await till.look()
    told: list[object] = []

    class Slow(WooCommerce):
        @staticmethod
        async def push_state(http: httpx.AsyncClient, connection: Connection, news: StateNews) -> Ended:
            told.append(news.state["status"])
            if len(told) == 1:  # the order is held before the shop has answered
                async with till.works.begin(till.site.merchant) as work:
                    await hold_order(work, order, HoldReason.FRAUD_RISK, "Look.")
                await till.look()
            return Pushed()

    monkeypatch.setitem(ADAPTERS, "woocommerce", Slow())
    await till.tell()
    assert told == ["routed", "on_hold"]
    assert await till.notices("state") == [(order, "told")]


async def test_a_storm_of_states_keeps_no_shipment_waiting(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    placed = [await till.buy(("MUG", 1)) for _ in range(50)]
    await till.arrive(*placed, route=False)
    busy, most, order_of_calls = 0, 0, []

    class Counting(WooCommerce):
        @staticmethod
        async def push_state(http: httpx.AsyncClient, connection: Connection, news: StateNews) -> Ended:
            nonlocal busy, most
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(0)
            busy -= 1
            order_of_calls.append("state")
            return Pushed()

        @staticmethod
        async def push_shipment(http: httpx.AsyncClient, connection: Connection, news: ShipmentNews) -> Ended:
            order_of_calls.append("shipment")
            return Pushed()

    monkeypatch.setitem(ADAPTERS, "woocommerce", Counting())
    await till.look()
    await till.hand.run(lanes.TURN, later=1)
    till.hours = 2
    assert order_of_calls == ["state"] * turns.STATES
    sent = await shipped_order(
        till.hand.works, till.site.merchant.account_id, (1,), store_id=till.store_id, external_id="999"
    )
    async with till.works.begin(till.site.merchant) as work:
        work.publish(*sent.facts())
    await till.hand.run("stores.tell_shipment")
    await till.hand.run(lanes.TURN, later=till.hours)
    assert order_of_calls[turns.STATES] == "shipment"
    till.hours += 1
    await till.tell()
    assert (order_of_calls.count("state"), most) == (50, CALLS_AT_ONCE)


async def test_while_a_shop_is_down_few_are_tried_and_none_is_lost(till: Till) -> None:
    placed = [await till.buy(("MUG", 1)) for _ in range(30)]
    made = await till.arrive(*placed)
    till.shop.record.misbehave(Mischief.SLOW_DOWN, 12)
    await till.look()
    await till.hand.run(lanes.TURN, later=1)
    assert len(till.shop.record.writes) <= CALLS_AT_ONCE
    async with till.works.begin(till.site.merchant) as work:
        assert (await queries.outgoing_counts(work, till.store_id)) == (30, 0)
    till.hours = 2
    await till.tell()
    assert len(till.plugin.states) == 30
    assert sorted(await till.notices("state")) == sorted((order, "told") for order in made)
    done = [write.what for write in till.shop.record.writes if write.done]
    assert len(done) == len(set(done)) == 30


async def test_an_order_the_shop_no_longer_has_is_let_go(till: Till) -> None:
    placed = await till.buy(("MUG", 1))
    (order,) = await till.arrive(placed)
    del till.shop.orders[int(str(placed["id"]))]
    await till.settle()
    assert await till.notices("state") == [(order, "refused")]
    async with till.works.begin(till.site.merchant) as work:
        assert (await queries.outgoing_counts(work, till.store_id)) == (0, 1)


async def test_a_shop_that_lets_us_in_no_more_is_not_asked_for_each_order(till: Till) -> None:
    placed = [await till.buy(("MUG", 1)) for _ in range(12)]
    made = await till.arrive(*placed)
    till.shop.consumer_secret = "another"
    await till.look()
    await till.hand.run(lanes.TURN, later=1)
    refused = [order for order, state in await till.notices("state") if state == "refused"]
    assert 0 < len(refused) <= CALLS_AT_ONCE
    async with till.works.begin(till.site.merchant) as work:
        lane = (
            await work.db.execute(text("SELECT code, paused_until > :now FROM store_lanes"), {"now": work.now})
        ).one()
    assert tuple(lane) == ("unauthorised", True)
    till.shop.consumer_secret = "cs_1"
    await till.set()
    till.hours = 2
    await till.tell()
    assert sorted(await till.notices("state")) == sorted((order, "told") for order in made)


async def test_a_shop_that_gets_the_plugin_is_shown_what_is_going_on(
    works: Works, vault: Vault, hand: Hand, shop: WooCommerceShop
) -> None:
    till = await make_till(works, vault, hand, shop, ["MUG"], plugin=False)
    await till.set()
    await till.sell("MUG", units=5)
    await till.book_in("MUG", 5)
    await till.arrive(await till.buy(("MUG", 1)))
    await till.settle()
    assert await till.notices("state") == []
    shop.plugin = Plugin()
    async with works.begin(till.site.merchant) as work:
        await work.db.execute(text("UPDATE stores SET plugin = '{}'"))
        await lanes.follow(work, till.store_id)
    await till.tell()
    assert [state["status"] for state in till.plugin.states.values()] == ["routed"]


@pytest.mark.parametrize(
    ("state", "parts", "lines", "note"),
    [
        ("approved", ReturnParts("11", 3, 0, 0, 0, 0), [("11", 3, False)], "FulfilHub awaits a return of 3 units."),
        ("received", ReturnParts("11", 3, 2, 0, 0, 0), [("11", 3, False)], "FulfilHub received 2 units of 3 units"),
        (
            "completed",
            ReturnParts("11", 3, 3, 1, 1, 1),
            [("11", 1, True), ("11", 2, False)],
            "A return is complete: of 3 units sent back, 1 can be sold again.",
        ),
    ],
)
def test_a_return_says_what_came_and_what_can_be_sold_again(
    state: str, parts: ReturnParts, lines: list[tuple[str, int, bool]], note: str
) -> None:
    news = return_news(ReturnTold("ret_1", "17", state, (parts,)))
    assert [(line.external_id, line.quantity, line.restock) for line in news.lines] == lines
    assert news.note.startswith(note)
    assert (news.reference, news.order_external_id, news.status) == ("ret_1", "17", state)


async def a_return(till: Till) -> tuple[int, UUID, UUID]:
    """A delivered order of the shop, and its return as the tables have it: (shop's order, order, return)."""
    placed = await till.buy(("MUG", 2))
    number = int(str(placed["id"]))
    sent = await shipped_order(
        till.hand.works, till.site.merchant.account_id, (2,), store_id=till.store_id, external_id=str(number)
    )
    (line,), return_id = sent.lines, ids.new()
    async with till.hand.works.begin(Platform("test")) as work:
        await work.db.execute(
            text(
                "INSERT INTO returns (merchant_id, id, order_id, state, requested_by, note, decision, created_at, "
                "updated_at) VALUES (:m, :r, :o, 'approved', 'customer', '', '{}', now(), now())"
            ),
            {"m": sent.merchant_id, "r": return_id, "o": sent.order_id},
        )
        await work.db.execute(
            text(
                "INSERT INTO return_lines (merchant_id, return_id, id, order_id, order_line_id, sku, title, reason, "
                "note, advised) VALUES (:m, :r, :r, :o, :l, 'MUG', 'Mug', 'changed_mind', '', 2)"
            ),
            {"m": sent.merchant_id, "r": return_id, "o": sent.order_id, "l": line},
        )
    return number, sent.order_id, return_id


@pytest.mark.parametrize("plugin", [True, False])
async def test_a_shop_is_told_of_returns_step_by_step(
    works: Works, vault: Vault, hand: Hand, shop: WooCommerceShop, plugin: bool
) -> None:
    till = await make_till(works, vault, hand, shop, ["MUG"], plugin=plugin)
    await till.set()
    await till.sell("MUG", units=5)
    number, order_id, return_id = await a_return(till)
    whose = {"order_id": order_id, "return_id": return_id}
    steps = [
        (ReturnApproved(**whose, warehouse_id=till.site.leeds), "state = 'approved'", ""),
        (ReturnReceived(**whose, quantity=2), "state = 'received'", "received = 2"),
        (ReturnCompleted(**whose), "state = 'completed'", "restocked = 1, disposed = 1"),
    ]
    for fact, head, lines in steps:
        async with till.hand.works.begin(Platform("test")) as work:
            await work.db.execute(text(f"UPDATE returns SET {head}"))  # noqa: S608
            if lines:
                await work.db.execute(text(f"UPDATE return_lines SET {lines}"))  # noqa: S608
        async with till.works.begin(till.site.merchant) as work:
            work.publish(fact)
        await till.settle()
    assert await till.notices("return") == [(return_id, "told")]
    if not plugin:
        assert len(shop.notes[number]) == 3
        return
    told = till.plugin.returns[number, ids.RETURN.show(return_id)]
    assert (told["status"], told["lines"]) == (
        "completed",
        [{"line_id": "1", "quantity": 1, "restock": True}, {"line_id": "1", "quantity": 1, "restock": False}],
    )
