"""Shopify's outward verbs against a shop that executes our documents, and against recorded answers of the real API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from fulfilhub.demo.storefronts.shop import Mischief
from fulfilhub.demo.storefronts.shopify import LOCATION, ShopifyShop, shopify_storefront
from fulfilhub.demo.storefronts.shopify.orders import Order, Variant, webhook_payload
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.news import ShipmentNews, ShippedLine, StockNews, StockOutcome, StockTold
from fulfilhub.stores.adapters.port import (
    Changed,
    Connection,
    Found,
    InDoubt,
    Missing,
    Named,
    Pushed,
    Refused,
    Retry,
    Stocked,
    StoreSettings,
)
from tests.fakes.serving import free_port, in_memory, serving

SHOPIFY = adapter_for("shopify")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OTHER_LOCATION = "gid://shopify/Location/70000000002"


def connected(url: str) -> Connection:
    return Connection(
        platform="shopify",
        base_url=url,
        credentials={"access_token": "shpat_1"},
        secrets=("secret",),
        settings=StoreSettings(stock_location=LOCATION),
    )


@dataclass
class Rig:
    shop: ShopifyShop
    http: httpx.AsyncClient
    connection: Connection
    mug: Variant
    tee: Variant

    def order(self, **members: object) -> Order:
        return self.shop.place_order([(self.mug, 2), (self.tee, 1)], **members)  # type: ignore[arg-type]


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    shop = ShopifyShop("demo.myshopify.com", "shpat_1", "secret", now=lambda: NOON)
    async with in_memory(shopify_storefront(shop)) as http:
        connection = connected("https://demo.myshopify.com")
        yield Rig(shop, http, connection, shop.stock("MUG", "Mug", "8.50"), shop.stock("TEE", "T-shirt", "15.00"))


def news(order: Order, *units: int, **members: object) -> ShipmentNews:
    """A shipment of so many units of each line; without any, of all."""
    counts = units or [line.quantity for line in order.lines]
    given: dict[str, object] = {
        "reference": "shp_01",
        "order_external_id": order.id,
        "lines": tuple(ShippedLine(line.id, count) for line, count in zip(order.lines, counts, strict=True) if count),
        "carrier": "Royal Mail",
        "shipped_at": NOON,
        "tracking_numbers": ("AB1", "AB2"),
        "tracking_urls": ("https://track.test/AB1", "https://track.test/AB2"),
        **members,
    }
    return ShipmentNews(**given)  # type: ignore[arg-type]


class TestReading:
    async def test_the_order_read_is_the_order_delivered(self, rig: Rig) -> None:
        """One normaliser reads both shapes to the same result, also half-sent and edited."""
        order = rig.order()
        await SHOPIFY.push_shipment(rig.http, rig.connection, news(order, 1, 0))
        rig.shop.remove(order, order.lines[1], 1)
        found = await SHOPIFY.fetch_order(rig.http, rig.connection, order.id)
        assert isinstance(found, Found)
        settings = StoreSettings()
        delivered = json.loads(json.dumps(webhook_payload(order)))
        assert SHOPIFY.normalise(found.payload, settings) == SHOPIFY.normalise(delivered, settings)
        lines = SHOPIFY.normalise(found.payload, settings).lines
        assert [(line.quantity, line.fulfilled) for line in lines] == [(2, 1), (0, 0)]

    async def test_an_order_of_many_lines_is_read_whole(self, rig: Rig) -> None:
        order = rig.shop.place_order([(rig.mug, 1)] * 260)
        found = await SHOPIFY.fetch_order(rig.http, rig.connection, order.id)
        assert isinstance(found, Found)
        assert len(SHOPIFY.normalise(found.payload, StoreSettings()).lines) == 260

    @pytest.mark.parametrize("external_id", ["gid://shopify/Order/1", "1001", "gid://shopify/Product/1", ""])
    async def test_no_such_order(self, rig: Rig, external_id: str) -> None:
        assert await SHOPIFY.fetch_order(rig.http, rig.connection, external_id) == Missing()

    async def test_a_wrong_token(self, rig: Rig) -> None:
        wrong = replace(rig.connection, credentials={"access_token": "shpat_2"})
        found = await SHOPIFY.fetch_order(rig.http, wrong, rig.order().id)
        assert isinstance(found, Refused)
        assert found.code == "unauthorised"
        assert "shpat" not in repr(wrong)

    async def test_an_older_api_serves_as_well(self, rig: Rig) -> None:
        rig.shop.api_versions = ("2026-07",)
        assert isinstance(await SHOPIFY.fetch_order(rig.http, rig.connection, rig.order().id), Found)
        rig.shop.api_versions = ("2025-01",)
        found = await SHOPIFY.fetch_order(rig.http, rig.connection, "gid://shopify/Order/1")
        assert isinstance(found, Refused)
        assert found.code == "not_shopify"

    async def test_a_survey_says_how_much_there_is_and_what_is_hidden(self, rig: Rig) -> None:
        for _ in range(130):
            rig.order()
        page = await SHOPIFY.changed_orders(rig.http, rig.connection, NOON - timedelta(days=900), survey=True)
        assert isinstance(page, Changed)
        assert (page.total, page.reach) == (130, None)
        rig.shop.scopes = ("read_orders",)
        page = await SHOPIFY.changed_orders(rig.http, rig.connection, NOON - timedelta(days=900), survey=True)
        assert isinstance(page, Changed)
        assert page.reach is not None

    async def test_an_order_is_found_by_its_number_and_by_no_other(self, rig: Rig) -> None:
        order = rig.order()
        assert await SHOPIFY.find_number(rig.http, rig.connection, order.name) == Named(order.id)
        assert await SHOPIFY.find_number(rig.http, rig.connection, order.name[1:]) == Missing()
        assert await SHOPIFY.find_number(rig.http, rig.connection, '#1 OR "x') == Missing()

    async def test_a_null_is_no_empty_list(self, rig: Rig) -> None:
        answer = httpx.Response(200, json={"data": {"orders": None}})
        async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer)) as http:
            assert isinstance(await SHOPIFY.changed_orders(http, rig.connection, NOON), Retry)
            assert isinstance(await SHOPIFY.find_number(http, rig.connection, "#1001"), Missing | Retry)

    async def test_changed_orders_over_pages(self, rig: Rig) -> None:
        rig.shop.now = lambda: NOON - timedelta(days=1)
        rig.order()
        rig.shop.now = lambda: NOON
        names = {rig.order().id for _ in range(130)}
        first = await SHOPIFY.changed_orders(rig.http, rig.connection, NOON)
        assert isinstance(first, Changed)
        rest = await SHOPIFY.changed_orders(rig.http, rig.connection, NOON, first.cursor)
        assert isinstance(rest, Changed)
        assert rest.cursor is None
        assert {name for name, _ in (*first.orders, *rest.orders)} == names
        assert first.orders[0][1] == NOON


class TestTelling:
    async def test_a_shipment(self, rig: Rig) -> None:
        order = rig.order()
        told = await SHOPIFY.push_shipment(rig.http, rig.connection, news(order))
        (sent,) = order.sent
        assert told == Pushed((sent.id,))
        assert order.fulfilment == "fulfilled"
        assert [(info["company"], info["number"], info["url"]) for info in sent.tracking] == [
            ("Royal Mail", "AB1", "https://track.test/AB1"),
            ("Royal Mail", "AB2", "https://track.test/AB2"),
        ]

    async def test_telling_it_again_writes_nothing(self, rig: Rig) -> None:
        order = rig.order()
        first = await SHOPIFY.push_shipment(rig.http, rig.connection, news(order))
        assert await SHOPIFY.push_shipment(rig.http, rig.connection, news(order)) == first
        assert len(rig.shop.record.writes) == 1

    async def test_parts_are_fulfilments_of_their_own(self, rig: Rig) -> None:
        order = rig.order()
        for n, units in enumerate([(1, 0), (1, 1)]):
            part = news(order, *units, reference=f"shp_{n}", tracking_numbers=(f"N{n}",), tracking_urls=())
            assert isinstance(await SHOPIFY.push_shipment(rig.http, rig.connection, part), Pushed)
        assert [[units for _, units in sent.lines] for sent in order.sent] == [[1], [1, 1]]
        assert order.fulfilment == "fulfilled"

    async def test_two_locations_take_two_fulfilments(self, rig: Rig) -> None:
        order = rig.order(locations=(LOCATION, OTHER_LOCATION))
        told = await SHOPIFY.push_shipment(rig.http, rig.connection, news(order))
        assert told == Pushed(tuple(sent.id for sent in order.sent))
        assert len(order.sent) == 2

    async def test_a_corrected_number_changes_the_fulfilment(self, rig: Rig) -> None:
        order = rig.order()
        told = await SHOPIFY.push_shipment(rig.http, rig.connection, news(order))
        assert isinstance(told, Pushed)
        corrected = news(order, tracking_numbers=("NEW",), tracking_urls=(), told_as=told.external_ids)
        for _ in range(2):
            assert await SHOPIFY.push_shipment(rig.http, rig.connection, corrected) == told
        assert [info["number"] for info in order.sent[0].tracking] == ["NEW"]
        assert [write.what for write in rig.shop.record.writes] == [
            "FulfilHubCreateFulfilment",
            "FulfilHubUpdateTracking",
        ]

    async def test_what_was_taken_out_of_the_order_is_left_out(self, rig: Rig) -> None:
        order = rig.order()
        rig.shop.remove(order, order.lines[0], 1)
        told = await SHOPIFY.push_shipment(rig.http, rig.connection, news(order))
        assert isinstance(told, Pushed)
        assert told.left_out == (ShippedLine(order.lines[0].id, 1),)

    async def test_a_cancelled_order_takes_nothing(self, rig: Rig) -> None:
        order = rig.order()
        rig.shop.cancel(order)
        told = await SHOPIFY.push_shipment(rig.http, rig.connection, news(order))
        assert isinstance(told, Refused)
        assert told.code == "lines_not_open"

    async def test_without_a_tracking_number(self, rig: Rig) -> None:
        order = rig.order()
        untracked = news(order, 1, 0, tracking_numbers=(), tracking_urls=())
        first = await SHOPIFY.push_shipment(rig.http, rig.connection, untracked)
        assert isinstance(first, Pushed)
        assert await SHOPIFY.push_shipment(rig.http, rig.connection, untracked) == first
        second = replace(untracked, reference="shp_02", others=frozenset(first.external_ids))
        assert isinstance(await SHOPIFY.push_shipment(rig.http, rig.connection, second), Pushed)
        assert len(order.sent) == 2

    async def test_an_order_of_many_lines(self, rig: Rig) -> None:
        order = rig.shop.place_order([(rig.mug, 1)] * 120)
        assert isinstance(await SHOPIFY.push_shipment(rig.http, rig.connection, news(order)), Pushed)
        assert isinstance(await SHOPIFY.push_shipment(rig.http, rig.connection, news(order)), Pushed)
        assert [len(sent.lines) for sent in order.sent] == [120]


class TestMischief:
    async def test_throttled(self, rig: Rig) -> None:
        order = rig.order()
        rig.shop.record.misbehave(Mischief.SLOW_DOWN)
        told = await SHOPIFY.push_shipment(rig.http, rig.connection, news(order))
        assert isinstance(told, Retry)
        assert order.sent == []

    @pytest.mark.parametrize("how", [Mischief.FAIL, Mischief.FAIL_AFTER])
    @pytest.mark.parametrize("tracked", [True, False])
    async def test_in_doubt_then_found_or_done(self, rig: Rig, how: Mischief, tracked: bool) -> None:
        order = rig.order()
        told = news(order) if tracked else news(order, tracking_numbers=(), tracking_urls=())
        rig.shop.record.misbehave(how)
        assert isinstance(await SHOPIFY.push_shipment(rig.http, rig.connection, told), InDoubt)
        outcome = await SHOPIFY.push_shipment(rig.http, rig.connection, told)
        assert outcome == Pushed((order.sent[0].id,))
        assert len(order.sent) == 1

    async def test_the_second_of_two_locations_in_doubt(self, rig: Rig) -> None:
        order = rig.order(locations=(LOCATION, OTHER_LOCATION))
        await SHOPIFY.push_shipment(rig.http, rig.connection, news(order, 2, 0))
        rig.shop.record.misbehave(Mischief.FAIL_AFTER)
        assert isinstance(await SHOPIFY.push_shipment(rig.http, rig.connection, news(order)), InDoubt)
        outcome = await SHOPIFY.push_shipment(rig.http, rig.connection, news(order))
        assert outcome == Pushed(tuple(sent.id for sent in order.sent))
        assert len(order.sent) == 2


class TestStock:
    async def test_many_are_set_in_one_mutation_from_what_was_read(self, rig: Rig) -> None:
        news = [
            StockNews(reference="stk_1", variant_id=rig.mug.id, available=41),
            StockNews(reference="stk_2", variant_id=rig.tee.id, available=100),
        ]
        done = await SHOPIFY.push_stock(rig.http, rig.connection, news)
        assert sorted((each.reference, each.outcome) for each in done.told) == [("stk_1", "set"), ("stk_2", "already")]
        assert rig.mug.available == 41
        again = await SHOPIFY.push_stock(rig.http, rig.connection, news)
        assert {each.outcome for each in again.told} == {StockOutcome.ALREADY}
        assert [write.what for write in rig.shop.record.writes] == ["FulfilHubSetStock"]

    async def test_the_same_change_has_the_same_key_and_another_has_not(self, rig: Rig) -> None:
        for expected, available in ((100, 41), (41, 100), (100, 41)):
            news = [StockNews(reference="s", variant_id=rig.mug.id, available=available, expected=expected)]
            await SHOPIFY.push_stock(rig.http, rig.connection, news)
        keys = [write.body["key"] for write in rig.shop.record.writes]  # type: ignore[index]
        assert keys[0] == keys[2] != keys[1]
        # So a change that comes again must come with a new reference: Shopify remembers this one as done.
        assert rig.mug.available == 100

    async def test_a_sale_in_between_is_not_overwritten(self, rig: Rig) -> None:
        async def sell(request: httpx.Request) -> None:
            if b"FulfilHubSetStock" in request.content:
                rig.mug.available -= 1

        rig.http.event_hooks = {"request": [sell]}
        news = [
            StockNews(reference="stk_1", variant_id=rig.mug.id, available=41),
            StockNews(reference="stk_2", variant_id=rig.tee.id, available=41),
        ]
        done = await SHOPIFY.push_stock(rig.http, rig.connection, news)
        assert [(each.reference, each.outcome) for each in done.told] == [("stk_1", "stale")]
        assert isinstance(done.trouble, Retry)
        assert not done.trouble.resting
        assert (rig.mug.available, rig.tee.available) == (99, 100)

    async def test_what_the_shop_changed_is_left_as_it_is(self, rig: Rig) -> None:
        news = [StockNews(reference="stk_1", variant_id=rig.mug.id, available=41, expected=98)]
        done = await SHOPIFY.push_stock(rig.http, rig.connection, news)
        assert done == Stocked((StockTold("stk_1", StockOutcome.STALE, 100),))
        assert rig.shop.record.writes == []

    async def test_without_a_location_nothing_can_be_set(self, rig: Rig) -> None:
        told = [StockNews(reference="stk_1", variant_id=rig.mug.id, available=41)]
        done = await SHOPIFY.push_stock(rig.http, replace(rig.connection, settings=StoreSettings()), told)
        assert isinstance(done.trouble, Refused)
        assert done.trouble.code == "no_location"

    @pytest.mark.parametrize(
        ("location", "variant", "outcome"),
        [
            (OTHER_LOCATION, None, StockOutcome.UNMANAGED),
            (LOCATION, "gid://shopify/ProductVariant/1", StockOutcome.MISSING),
            (LOCATION, "17", StockOutcome.MISSING),
        ],
    )
    async def test_what_cannot_be(self, rig: Rig, location: str, variant: str | None, outcome: StockOutcome) -> None:
        told = [StockNews(reference="stk_1", variant_id=variant or rig.mug.id, available=41)]
        connection = replace(rig.connection, settings=StoreSettings(stock_location=location))
        done = await SHOPIFY.push_stock(rig.http, connection, told)
        assert (done.told, done.trouble) == ((StockTold("stk_1", outcome),), None)


async def test_done_but_never_answered_is_found_and_not_repeated() -> None:
    """Over real HTTP: the shop makes the fulfilment and keeps silent until our patience ends."""
    port = free_port()
    shop = ShopifyShop("demo.myshopify.com", "shpat_1", "secret")
    order = shop.place_order([(shop.stock("MUG", "Mug", "8.50"), 2)])
    async with serving(shopify_storefront(shop), port) as url, httpx.AsyncClient(timeout=0.5) as http:
        await http.post(f"{url}/_misbehave", json={"how": "silent_after", "times": 1})
        assert isinstance(await SHOPIFY.push_shipment(http, connected(url), news(order)), InDoubt)
        assert len(order.sent) == 1
        shop.record.close()
        async with httpx.AsyncClient(timeout=10) as patient:
            outcome = await SHOPIFY.push_shipment(patient, connected(url), news(order))
            told = (await patient.get(f"{url}/_recorded")).json()
    assert outcome == Pushed((order.sent[0].id,))
    assert [write["what"] for write in told] == ["FulfilHubCreateFulfilment"]
