"""WooCommerce's outward verbs against a shop that answers as WooCommerce does, over plain HTTP and over TLS names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from fulfilhub.demo.storefronts.shop import Mischief
from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop, woocommerce_storefront
from fulfilhub.demo.storefronts.woocommerce.orders import Json, Ware
from fulfilhub.demo.storefronts.woocommerce.shop import php_json
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.news import ShipmentNews, ShippedLine, StockNews, StockOutcome, StockTold
from fulfilhub.stores.adapters.port import (
    Changed,
    Connection,
    Found,
    InDoubt,
    Missing,
    Pushed,
    Refused,
    Retry,
    Stocked,
    StoreSettings,
)
from tests.fakes.serving import free_port, in_memory, serving
from tests.stores.adapters.samples import capture, delivery

WOO = adapter_for("woocommerce")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class Rig:
    shop: WooCommerceShop
    http: httpx.AsyncClient
    connection: Connection
    mug: Ware

    def order(self, **members: object) -> Json:
        return self.shop.place_order([(self.mug, 2)], **members)  # type: ignore[arg-type]

    def wrote(self, *whats: str) -> None:
        assert [write.what for write in self.shop.record.writes] == list(whats)


@pytest.fixture(params=["http", "https"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """A shop in memory; plain HTTP is signed with OAuth, TLS carries basic auth."""
    url = f"{request.param}://shop.test/wp"
    shop = WooCommerceShop(url.removesuffix("/wp"), "ck_1", "cs_1", "secret")
    connection = Connection(
        platform="woocommerce",
        base_url=shop.url,
        credentials={"consumer_key": "ck_1", "consumer_secret": "cs_1"},
        secrets=("secret",),
    )
    async with in_memory(woocommerce_storefront(shop)) as http:
        yield Rig(shop, http, connection, shop.stock("MUG", "Mug", "8.50"))


def news(order: Json, **members: object) -> ShipmentNews:
    line = order["line_items"][0]  # type: ignore[index]
    given: dict[str, object] = {
        "reference": "shp_01",
        "order_external_id": str(order["id"]),
        "lines": (ShippedLine(str(line["id"]), 2),),
        "carrier": "Royal Mail",
        "shipped_at": NOON,
        "tracking_numbers": ("AB123456789GB",),
        "tracking_urls": ("https://track.test/AB123456789GB",),
        "completes_order": True,
        **members,
    }
    return ShipmentNews(**given)  # type: ignore[arg-type]


class TestSignedIn:
    async def test_a_wrong_secret_is_refused(self, rig: Rig) -> None:
        wrong = replace(rig.connection, credentials={"consumer_key": "ck_1", "consumer_secret": "no"})
        found = await WOO.fetch_order(rig.http, wrong, str(rig.order()["id"]))
        assert isinstance(found, Refused)
        assert found.code == "unauthorised"

    async def test_the_secret_never_travels_in_the_clear(self, rig: Rig) -> None:
        seen: list[httpx.Request] = []
        rig.http.event_hooks = {"request": [_keep(seen)]}
        assert isinstance(await WOO.fetch_order(rig.http, rig.connection, str(rig.order()["id"])), Found)
        (request,) = seen
        assert ("authorization" in request.headers) == (request.url.scheme == "https")
        assert "cs_1" not in str(request.url)

    def test_nor_is_it_shown(self, rig: Rig) -> None:
        assert "cs_1" not in repr(rig.connection)
        assert "secret" not in repr(rig.connection)


def _keep(seen: list[httpx.Request]):  # type: ignore[no-untyped-def]
    async def hook(request: httpx.Request) -> None:
        seen.append(request)

    return hook


async def rest_of_the_list(rig: Rig, cursor: str | None) -> set[str]:
    """Ids of the changed orders from here to the end, which must come."""
    seen: set[str] = set()
    for _ in range(10):
        page = await WOO.changed_orders(rig.http, rig.connection, NOON - timedelta(minutes=1), cursor)
        assert isinstance(page, Changed)
        seen |= {name for name, _ in page.orders}
        cursor = page.cursor
        if cursor is None:
            return seen
    raise AssertionError("The list does not end.")


class TestReading:
    async def test_an_order(self, rig: Rig) -> None:
        order = rig.order()
        found = await WOO.fetch_order(rig.http, rig.connection, str(order["id"]))
        assert isinstance(found, Found)
        read = WOO.normalise(found.payload, StoreSettings())
        assert [(line.sku, line.quantity) for line in read.lines] == [("MUG", 2)]
        assert read.problems == ()

    async def test_refunded_units_are_read_from_the_refunds(self, rig: Rig) -> None:
        order = rig.order()
        line = order["line_items"][0]["id"]  # type: ignore[index]
        rig.shop.refund(order, {line: 1}, "10.20")
        assert WOO.normalise(order, StoreSettings()).problems != ()
        found = await WOO.fetch_order(rig.http, rig.connection, str(order["id"]))
        assert isinstance(found, Found)
        read = WOO.normalise(found.payload, StoreSettings())
        assert [one.quantity for one in read.lines] == [1]
        assert read.problems == ()

    @pytest.mark.parametrize("external_id", ["999", "17/../../products/1", "gid://shopify/Order/1", ""])
    async def test_no_such_order(self, rig: Rig, external_id: str) -> None:
        assert await WOO.fetch_order(rig.http, rig.connection, external_id) == Missing()

    async def test_a_wrong_address_does_not_make_orders_vanish(self, rig: Rig) -> None:
        elsewhere = replace(rig.connection, base_url=f"{rig.connection.base_url}/blog")
        found = await WOO.fetch_order(rig.http, elsewhere, "17")
        assert isinstance(found, Refused)
        assert found.code == "not_woocommerce"

    @pytest.mark.parametrize(
        "address", ["shop.test", "ftp://shop.test", "http://", "https://shop.test:port", "https://\x00"]
    )
    async def test_an_unusable_address(self, rig: Rig, address: str) -> None:
        async with httpx.AsyncClient() as http:
            found = await WOO.fetch_order(http, replace(rig.connection, base_url=address), "17")
        assert isinstance(found, Refused)
        assert found.code == "bad_address"

    async def test_the_list_tells_the_shops_clock_its_size_and_nothing_of_the_bin(self, rig: Rig) -> None:
        rig.shop.now = lambda: NOON
        rig.order()
        rig.order(status="trash")
        page = await WOO.changed_orders(rig.http, rig.connection, NOON - timedelta(minutes=1), survey=True)
        assert isinstance(page, Changed)
        assert (page.at, page.total, page.reach, len(page.orders)) == (NOON, 1, None, 1)

    @pytest.mark.parametrize("body", [{"message": "Back soon"}, {}, "x"])
    async def test_something_else_is_never_an_empty_list(self, rig: Rig, body: object) -> None:
        answer = httpx.Response(200, json=body)
        async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer)) as http:
            assert isinstance(await WOO.changed_orders(http, rig.connection, NOON), Refused)

    async def test_changed_orders_with_more_in_one_second_than_a_page_holds(self, rig: Rig) -> None:
        rig.shop.now = lambda: NOON
        names = [str(rig.order()["id"]) for _ in range(230)]
        rig.shop.now = lambda: NOON + timedelta(seconds=9)
        names += [str(rig.order()["id"]) for _ in range(3)]
        assert await rest_of_the_list(rig, None) == set(names)

    async def test_an_order_that_changes_while_we_page_pushes_none_out(self, rig: Rig) -> None:
        orders = []
        for n in range(150):
            rig.shop.now = lambda n=n: NOON + timedelta(seconds=n)  # type: ignore[misc]
            orders.append(rig.order())
        page = await WOO.changed_orders(rig.http, rig.connection, NOON - timedelta(minutes=1))
        assert isinstance(page, Changed)
        for order in orders[:60]:
            rig.shop.change(order, status="completed")
        seen = {name for name, _ in page.orders} | await rest_of_the_list(rig, page.cursor)
        assert seen == {str(order["id"]) for order in orders}


class TestTelling:
    async def test_a_shipment(self, rig: Rig) -> None:
        order = rig.order()
        told = await WOO.push_shipment(rig.http, rig.connection, news(order))
        (note,) = rig.shop.notes[int(str(order["id"]))]
        assert told == Pushed((str(note["id"]),))
        assert note["customer_note"] is True
        assert note["note"] == (
            "Your order was sent with Royal Mail, tracking AB123456789GB (https://track.test/AB123456789GB). "
            "Reference shp_01"
        )
        assert order["status"] == "completed"
        fields = {row["key"]: row["value"] for row in order["meta_data"]}  # type: ignore[attr-defined]
        assert fields == {"_fulfilhub_shipment_shp_01": "Royal Mail: AB123456789GB"}

    async def test_telling_it_again_writes_nothing(self, rig: Rig) -> None:
        order = rig.order()
        first = await WOO.push_shipment(rig.http, rig.connection, news(order))
        assert await WOO.push_shipment(rig.http, rig.connection, news(order)) == first
        rig.wrote(f"PUT /orders/{order['id']}", f"POST /orders/{order['id']}/notes")

    async def test_a_part_leaves_the_order_open(self, rig: Rig) -> None:
        order = rig.order()
        await WOO.push_shipment(rig.http, rig.connection, news(order, completes_order=False, tracking_urls=()))
        assert order["status"] == "processing"
        (note,) = rig.shop.notes[int(str(order["id"]))]
        assert str(note["note"]).startswith("Part of your order was sent with Royal Mail, tracking AB123456789GB.")

    async def test_two_shipments_stand_side_by_side(self, rig: Rig) -> None:
        order = rig.order()
        for reference in ("shp_01", "shp_02"):
            await WOO.push_shipment(rig.http, rig.connection, news(order, reference=reference))
        assert len(order["meta_data"]) == 2  # type: ignore[arg-type]
        assert len(rig.shop.notes[int(str(order["id"]))]) == 2

    async def test_a_corrected_number_is_told_once(self, rig: Rig) -> None:
        order = rig.order()
        await WOO.push_shipment(rig.http, rig.connection, news(order))
        corrected = news(order, tracking_numbers=("NEW1",), tracking_urls=())
        for _ in range(2):
            assert isinstance(await WOO.push_shipment(rig.http, rig.connection, corrected), Pushed)
        assert len(rig.shop.notes[int(str(order["id"]))]) == 2
        (field,) = order["meta_data"]  # type: ignore[misc]
        assert field["value"] == "Royal Mail: NEW1"  # type: ignore[has-type]

    @pytest.mark.parametrize("status", ["cancelled", "refunded", "trash"])
    async def test_a_cancelled_order_is_not_completed(self, rig: Rig, status: str) -> None:
        order = rig.order()
        rig.shop.change(order, status=status)
        assert isinstance(await WOO.push_shipment(rig.http, rig.connection, news(order)), Pushed)
        assert order["status"] == status

    async def test_an_order_that_is_gone(self, rig: Rig) -> None:
        told = await WOO.push_shipment(rig.http, rig.connection, news(rig.order(), order_external_id="999"))
        assert isinstance(told, Refused)
        assert told.code == "order_missing"


class TestMischief:
    async def test_asked_to_slow_down(self, rig: Rig) -> None:
        order = rig.order()
        rig.shop.record.misbehave(Mischief.SLOW_DOWN)
        told = await WOO.push_shipment(rig.http, rig.connection, news(order))
        assert told == Retry("The store asks to slow down.", 7.0, resting=True)
        assert order["status"] == "processing"

    @pytest.mark.parametrize("how", [Mischief.FAIL, Mischief.FAIL_AFTER])
    @pytest.mark.parametrize("before", [0, 1])
    async def test_in_doubt_then_found_or_done(self, rig: Rig, how: Mischief, before: int) -> None:
        """Whichever write is broken, before or after its effect: told again, all is there exactly once."""
        order = rig.order()
        record = rig.shop.record
        if before:
            # The first write (the field) goes well; the second (the note) is the broken one.
            first = news(order, reference="shp_00")
            await WOO.push_shipment(rig.http, rig.connection, first)
            rig.shop.notes[int(str(order["id"]))].clear()
            record.writes.clear()
            told = first
        else:
            told = news(order)
        record.misbehave(how)
        assert isinstance(await WOO.push_shipment(rig.http, rig.connection, told), InDoubt)
        assert isinstance(await WOO.push_shipment(rig.http, rig.connection, told), Pushed)
        done = [write.what for write in record.writes if write.done]
        assert len(done) == len(set(done))
        assert len(rig.shop.notes[int(str(order["id"]))]) == 1
        assert len(order["meta_data"]) == 1  # type: ignore[arg-type]
        assert order["status"] == "completed"


class TestStock:
    async def test_it_is_set(self, rig: Rig) -> None:
        told = [StockNews(reference="stk_1", variant_id=str(rig.mug.id), available=41)]
        done = await WOO.push_stock(rig.http, rig.connection, told)
        assert done == Stocked((StockTold("stk_1", StockOutcome.SET, 41),))
        assert rig.shop.products[rig.mug.id]["stock_quantity"] == 41
        done = await WOO.push_stock(rig.http, rig.connection, told)
        assert done == Stocked((StockTold("stk_1", StockOutcome.ALREADY, 41),))
        rig.wrote(f"PUT /products/{rig.mug.id}")

    async def test_many_are_read_at_once(self, rig: Rig) -> None:
        wares = [rig.shop.stock(f"W{n}", "Ware", "1.00", units=n) for n in range(5)]
        asked: list[str] = []

        async def note(request: httpx.Request) -> None:
            asked.append(request.method)

        rig.http.event_hooks = {"request": [note]}
        news = [StockNews(reference=f"s{n}", variant_id=str(ware.id), available=3) for n, ware in enumerate(wares)]
        done = await WOO.push_stock(rig.http, rig.connection, news)
        assert [each.outcome for each in done.told] == ["set", "set", "set", "already", "set"]
        assert asked == ["GET", "PUT", "PUT", "PUT", "PUT"]

    async def test_what_the_shop_changed_is_left_as_it_is(self, rig: Rig) -> None:
        told = [StockNews(reference="stk_1", variant_id=str(rig.mug.id), available=41, expected=99)]
        done = await WOO.push_stock(rig.http, rig.connection, told)
        assert done == Stocked((StockTold("stk_1", StockOutcome.STALE, 100),))
        rig.wrote()

    async def test_a_variation_is_set_below_its_parent(self, rig: Rig) -> None:
        rig.shop.products[rig.mug.id].update(type="variation", parent_id=5)
        told = [StockNews(reference="stk_1", variant_id=str(rig.mug.id), available=3)]
        assert (await WOO.push_stock(rig.http, rig.connection, told)).told[0].outcome is StockOutcome.SET
        rig.wrote(f"PUT /products/5/variations/{rig.mug.id}")

    async def test_what_woocommerce_may_not_manage_or_does_not_have_is_left_alone(self, rig: Rig) -> None:
        rig.shop.products[rig.mug.id]["manage_stock"] = False
        news = [
            StockNews(reference=name, variant_id=variant, available=3)
            for name, variant in (("a", str(rig.mug.id)), ("b", "999"), ("c", "gid://x/1"))
        ]
        done = await WOO.push_stock(rig.http, rig.connection, news)
        assert [each.outcome for each in done.told] == ["unmanaged", "missing", "missing"]
        assert done.trouble is None
        rig.wrote()

    async def test_what_was_done_before_a_trouble_is_known(self, rig: Rig) -> None:
        tea = rig.shop.stock("TEA", "Tea", "3.00")
        rig.shop.record.ahead.extend([None, Mischief.FAIL])  # type: ignore[list-item]
        news = [StockNews(reference=str(w.id), variant_id=str(w.id), available=3) for w in (rig.mug, tea)]
        done = await WOO.push_stock(rig.http, rig.connection, news)
        assert [each.reference for each in done.told] == [str(rig.mug.id)]
        assert isinstance(done.trouble, InDoubt)
        assert done.trouble.resting


async def test_done_but_never_answered_is_found_and_not_repeated() -> None:
    """Over real HTTP: the shop does the write and keeps silent until our patience ends."""
    port = free_port()
    shop = WooCommerceShop(f"http://127.0.0.1:{port}", "ck_1", "cs_1", "secret")
    order = shop.place_order([(shop.stock("MUG", "Mug", "8.50"), 2)])
    connection = Connection(
        platform="woocommerce",
        base_url=shop.url,
        credentials={"consumer_key": "ck_1", "consumer_secret": "cs_1"},
    )
    async with serving(woocommerce_storefront(shop), port), httpx.AsyncClient(timeout=0.5) as http:
        await http.post(f"{shop.url}/_misbehave", json={"how": "silent_after", "times": 1})
        assert isinstance(await WOO.push_shipment(http, connection, news(order)), InDoubt)
        assert order["status"] == "completed"
        shop.record.close()
        async with httpx.AsyncClient(timeout=10) as patient:
            assert isinstance(await WOO.push_shipment(patient, connection, news(order)), Pushed)
            told = (await patient.get(f"{shop.url}/_recorded")).json()
    assert [write["what"] for write in told] == [f"PUT /orders/{order['id']}", f"POST /orders/{order['id']}/notes"]
    assert len(shop.notes[int(str(order["id"]))]) == 1


async def test_nobody_at_home() -> None:
    connection = Connection(
        platform="woocommerce", base_url=f"http://127.0.0.1:{free_port()}", credentials={"consumer_key": "a"}
    )
    async with httpx.AsyncClient() as http:
        assert isinstance(await WOO.fetch_order(http, connection, "17"), Retry)


class TestTheShopItself:
    """The stand-in is like the real thing, as far as our captures show it."""

    def test_its_orders_have_the_members_of_a_captured_one(self) -> None:
        shop = WooCommerceShop("http://127.0.0.1:8899", "ck", "cs", "s")
        made = shop.place_order([(shop.stock("RIG-MUG", "Mug", "7.65"), 2)])
        real = capture("order")
        real["coupon_lines"] = []
        assert _shape(made) == _shape({**real, "line_items": real["line_items"][:1]})  # type: ignore[index]
        assert list(made) == list(real)

    @pytest.mark.parametrize("name", ["webhook-delivery-order.created", "webhook-delivery-order.updated"])
    def test_it_writes_json_as_php_does(self, name: str) -> None:
        _, body = delivery(name)
        assert php_json(capture(name)["body"]) == body

    def test_its_deliveries_have_the_headers_of_a_captured_one(self) -> None:
        shop = WooCommerceShop("http://127.0.0.1:8899", "ck", "cs", "s")
        sent = shop.order_created(shop.place_order([(shop.stock("RIG-MUG", "Mug", "7.65"), 2)]))
        captured, _ = delivery("webhook-delivery-order.created")
        of_the_connection = {"Host", "Accept-Encoding", "Connection", "Content-Length"}
        assert sent.headers.keys() == captured.keys() - of_the_connection
        assert shop.ping("order.created").body == delivery("webhook-ping-order.created")[1]


def _shape(value: object) -> object:
    """Names and types, without values."""
    if isinstance(value, dict):
        return {name: _shape(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_shape(child) for child in value]
    return type(value).__name__
