"""Our plugin in a WooCommerce shop, told over plain HTTP (signed with OAuth) and over TLS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import httpx
import pytest

from fulfilhub.demo.storefronts.shop import Mischief
from fulfilhub.demo.storefronts.woocommerce import Plugin, WooCommerceShop, woocommerce_storefront
from fulfilhub.demo.storefronts.woocommerce.orders import Json, Ware
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.news import (
    ReturnedLine,
    ReturnNews,
    ShipmentNews,
    ShippedLine,
    StateNews,
    StockNews,
    StockOutcome,
)
from fulfilhub.stores.adapters.port import Connection, InDoubt, Pushed, Refused, Retry
from fulfilhub.stores.adapters.woocommerce.plugin import NO_PLUGIN
from fulfilhub.stores.adapters.woocommerce.shipments import PLUGIN_AWAY
from tests.fakes.serving import in_memory

WOO = adapter_for("woocommerce")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class Rig:
    shop: WooCommerceShop
    plugin: Plugin
    http: httpx.AsyncClient
    connection: Connection
    mug: Ware

    def order(self) -> Json:
        return self.shop.place_order([(self.mug, 2)])

    @property
    def shown(self) -> object:
        return self.shop.products[self.mug.id]["stock_quantity"]


@pytest.fixture(params=["http", "https"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    plugin = Plugin()
    shop = WooCommerceShop(f"{request.param}://shop.test", "ck_1", "cs_1", "secret", plugin=plugin)
    connection = Connection(
        platform="woocommerce",
        base_url=shop.url,
        credentials={"consumer_key": "ck_1", "consumer_secret": "cs_1"},
        plugin=True,
    )
    async with in_memory(woocommerce_storefront(shop)) as http:
        yield Rig(shop, plugin, http, connection, shop.stock("MUG", "Mug", "8.50"))


def news(order: Json, **members: object) -> ShipmentNews:
    line = order["line_items"][0]  # type: ignore[index]
    given: dict[str, object] = {
        "reference": "shp_01",
        "order_external_id": str(order["id"]),
        "lines": (ShippedLine(str(line["id"]), 2),),
        "carrier": "Royal Mail",
        "carrier_code": "royal_mail",
        "shipped_at": NOON,
        "tracking_numbers": ("AB1", "AB2"),
        "tracking_urls": ("https://track.test/AB1", "https://track.test/AB2"),
        "completes_order": True,
        **members,
    }
    return ShipmentNews(**given)  # type: ignore[arg-type]


def state(order: Json, revision: int) -> StateNews:
    return StateNews(order_external_id=str(order["id"]), state={"external_id": str(order["id"]), "revision": revision})


class TestShipments:
    async def test_the_plugin_is_told_the_whole_shipment(self, rig: Rig) -> None:
        order = rig.order()
        number = int(str(order["id"]))
        assert await WOO.push_shipment(rig.http, rig.connection, news(order)) == Pushed((f"note:{number}",))
        assert rig.plugin.shipments[number, "shp_01"] == {
            "carrier": "royal_mail",
            "carrier_name": "Royal Mail",
            "shipped_at": "2026-11-24T12:00:00Z",
            "completes_order": True,
            "notify_customer": True,
            "lines": [{"line_id": str(order["line_items"][0]["id"]), "quantity": 2}],  # type: ignore[index]
            "parcels": [
                {"tracking_number": "AB1", "tracking_url": "https://track.test/AB1"},
                {"tracking_number": "AB2", "tracking_url": "https://track.test/AB2"},
            ],
        }
        assert rig.shop.notes[number] == []

    async def test_an_unknown_end_is_repeated_without_harm(self, rig: Rig) -> None:
        order = rig.order()
        rig.shop.record.misbehave(Mischief.FAIL_AFTER)
        first = await WOO.push_shipment(rig.http, rig.connection, news(order))
        assert isinstance(first, InDoubt)
        assert first.resting
        assert isinstance(await WOO.push_shipment(rig.http, rig.connection, news(order)), Pushed)
        assert len(rig.plugin.shipments) == 1

    async def test_a_shop_whose_plugin_is_away_is_told_without_it_and_the_merchant_so(self, rig: Rig) -> None:
        rig.shop.plugin = None
        order = rig.order()
        told = await WOO.push_shipment(rig.http, rig.connection, news(order))
        assert isinstance(told, Pushed)
        assert told.remark == PLUGIN_AWAY
        assert len(rig.shop.notes[int(str(order["id"]))]) == 1

    async def test_a_missing_order_and_a_stranger_are_said(self, rig: Rig) -> None:
        told = await WOO.push_shipment(rig.http, rig.connection, replace(news(rig.order()), order_external_id="999"))
        assert isinstance(told, Refused)
        assert told.code == "order_missing"
        wrong = replace(rig.connection, credentials={"consumer_key": "ck_1", "consumer_secret": "no"})
        told = await WOO.push_shipment(rig.http, wrong, news(rig.order()))
        assert isinstance(told, Refused)
        assert told.code == "unauthorised"


class TestStates:
    async def test_the_newest_stays(self, rig: Rig) -> None:
        order = rig.order()
        for revision in (2, 5, 3):
            assert await WOO.push_state(rig.http, rig.connection, state(order, revision)) == Pushed()
        assert rig.plugin.states[int(str(order["id"]))]["revision"] == 5

    async def test_without_the_plugin_there_is_no_place(self, rig: Rig) -> None:
        rig.shop.plugin = None
        told = await WOO.push_state(rig.http, rig.connection, state(rig.order(), 1))
        assert isinstance(told, Refused)
        assert told.code == "no_plugin"

    async def test_a_busy_shop_is_left_alone(self, rig: Rig) -> None:
        rig.shop.record.misbehave(Mischief.SLOW_DOWN)
        told = await WOO.push_state(rig.http, rig.connection, state(rig.order(), 1))
        assert told == Retry("The store asks to slow down.", 7.0, resting=True)


class TestStock:
    async def test_each_is_compared_and_set(self, rig: Rig) -> None:
        bag = rig.shop.stock("BAG", "Bag", "1.00", units=5)
        rig.shop.products[bag.id]["manage_stock"] = False
        asked = [
            StockNews(reference="a", variant_id=str(rig.mug.id), available=7, expected=100),
            StockNews(reference="b", variant_id=str(bag.id), available=7),
            StockNews(reference="c", variant_id="999", available=7),
        ]
        done = await WOO.push_stock(rig.http, rig.connection, asked)
        outcomes = {each.reference: (each.outcome, each.stock) for each in done.told}
        assert outcomes == {"a": ("set", 7), "b": ("unmanaged", 5), "c": ("missing", None)}
        assert rig.shown == 7
        stale = [StockNews(reference="d", variant_id=str(rig.mug.id), available=9, expected=8)]
        done = await WOO.push_stock(rig.http, rig.connection, stale)
        assert (done.told[0].outcome, done.told[0].stock, rig.shown) == (StockOutcome.STALE, 7, 7)
        assert [write.what for write in rig.shop.record.writes] == ["POST fulfilhub/stock"] * 2

    async def test_without_the_plugin_the_rest_api_does(self, rig: Rig) -> None:
        rig.shop.plugin = None
        asked = [StockNews(reference="a", variant_id=str(rig.mug.id), available=7, expected=100)]
        done = await WOO.push_stock(rig.http, rig.connection, asked)
        assert (done.told[0].outcome, rig.shown) == (StockOutcome.SET, 7)


class TestReturns:
    NEWS = ReturnNews(
        reference="ret_01",
        order_external_id="",
        status="completed",
        lines=(ReturnedLine("11", 1, restock=True), ReturnedLine("11", 1, restock=False)),
        note="A return is complete.",
    )

    async def test_the_plugin_keeps_it(self, rig: Rig) -> None:
        number = int(str(rig.order()["id"]))
        told = replace(self.NEWS, order_external_id=str(number))
        assert await WOO.push_return(rig.http, rig.connection, told) == Pushed()
        assert rig.plugin.returns[number, "ret_01"]["lines"] == [
            {"line_id": "11", "quantity": 1, "restock": True},
            {"line_id": "11", "quantity": 1, "restock": False},
        ]

    async def test_without_the_plugin_the_order_gets_one_note_for_each_step(self, rig: Rig) -> None:
        number = int(str(rig.order()["id"]))
        plain = replace(rig.connection, plugin=False)
        for status in ("received", "received", "completed"):
            told = replace(self.NEWS, order_external_id=str(number), status=status)
            assert isinstance(await WOO.push_return(rig.http, plain, told), Pushed)
        notes = [str(note["note"]) for note in rig.shop.notes[number]]
        assert [note.rpartition(" ")[2] for note in notes] == ["received", "completed"]
        assert all(note["customer_note"] is False for note in rig.shop.notes[number])


async def test_it_is_asked_to_change_its_keys(rig: Rig) -> None:
    for _ in range(2):
        assert await WOO.ask_to_rotate(rig.http, rig.connection) == Pushed()
    assert rig.plugin.asked_to_rotate == 2
    rig.shop.plugin = None
    assert await WOO.ask_to_rotate(rig.http, rig.connection) == NO_PLUGIN


async def test_goodbye_is_said_and_needs_nobody_at_home(rig: Rig) -> None:
    assert await WOO.say_goodbye(rig.http, rig.connection) == Pushed()
    assert rig.plugin.disconnected
    rig.shop.plugin = None
    assert await WOO.say_goodbye(rig.http, rig.connection) == Pushed()
