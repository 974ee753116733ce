"""WooCommerce orders in our words: the captures to exact values, and what is wrong with an order told as reasons."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from fulfilhub.orders.incoming import Address, IncomingLine, IncomingOrder, StoreState
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.port import StoreSettings, Unreadable
from fulfilhub.stores.adapters.reading import UNKNOWN_TIME
from tests.stores.adapters.samples import capture, delivery

WOO = adapter_for("woocommerce")
DEFAULT = StoreSettings()
Order = dict[str, object]

ADA = Address(
    name="Ada Test",
    line1="10 Sample Road",
    line2="Flat 2",
    city="Manchester",
    postcode="M1 1AA",
    country="GB",
    phone="07700900123",
)
CREATED = IncomingOrder(
    external_id="17",
    number="17",
    currency="GBP",
    placed_at=datetime(2026, 11, 23, 21, 13, tzinfo=UTC),
    updated_at=datetime(2026, 11, 23, 21, 13, tzinfo=UTC),
    state=StoreState.OPEN,
    lines=(
        # 15.30 for two after ten per cent off, before VAT
        IncomingLine(external_id="1", sku="RIG-MUG", title="Mug", quantity=2, variant_id="11", unit_price_minor=765),
        IncomingLine(
            external_id="2", sku="RIG-TEE", title="T-shirt", quantity=1, variant_id="12", unit_price_minor=1350
        ),
    ),
    ship_to=ADA,
    email="ada@example.test",
    total_minor=4050,
    service="standard",
    shipping_method="Flat rate",
    note="Leave with neighbour",
    metadata={"store_status": "processing", "payment_method": "bacs", "created_via": "rest-api"},
)


def changed(**members: object) -> Order:
    return {**copy.deepcopy(capture("order")), **members}


def with_line(**members: object) -> Order:
    order = changed()
    lines = order["line_items"]
    assert isinstance(lines, list)
    lines[0].update(members)
    return order


def codes(order: Order, settings: StoreSettings = DEFAULT) -> list[str]:
    return [problem.partition(":")[0] for problem in WOO.normalise(order, settings).problems]


class TestCaptures:
    def test_created_delivery(self) -> None:
        _, body = delivery("webhook-delivery-order.created")
        assert WOO.normalise(json.loads(body), DEFAULT) == CREATED

    def test_rest_and_webhook_read_alike(self) -> None:
        assert WOO.normalise(capture("order"), DEFAULT) == CREATED

    def test_updated_delivery_with_a_refund_of_money(self) -> None:
        _, body = delivery("webhook-delivery-order.updated")
        order = WOO.normalise(json.loads(body), DEFAULT)
        assert order.state is StoreState.COMPLETED
        assert order.updated_at == datetime(2026, 11, 23, 21, 13, 2, tzinfo=UTC)
        assert [line.quantity for line in order.lines] == [2, 1]
        assert order.problems == ()

    def test_a_refund_of_money_lowers_nothing(self) -> None:
        order = WOO.normalise(changed(refunds=[capture("order-refund")]), DEFAULT)
        assert [line.quantity for line in order.lines] == [2, 1]
        assert order.problems == ()

    @pytest.mark.parametrize("name", ["product", "order-note", "webhook-rest-order.created", "order-refund"])
    def test_what_is_no_order_is_unreadable(self, name: str) -> None:
        found = capture(name)
        found.pop("status", None)
        found.pop("line_items", None)
        with pytest.raises(Unreadable):
            WOO.normalise(found, DEFAULT)


class TestRefunds:
    def test_units_of_a_refund_are_wanted_no_more(self) -> None:
        line = {"id": 40, "quantity": -1, "meta_data": [{"id": 9, "key": "_refunded_item_id", "value": "1"}]}
        order = WOO.normalise(changed(refunds=[{"id": 18, "line_items": [line]}]), DEFAULT)
        assert [one.quantity for one in order.lines] == [1, 1]
        assert order.lines[0].unit_price_minor == 765

    def test_totals_alone_leave_an_open_order_unread(self) -> None:
        assert codes(changed(refunds=[{"id": 18, "total": "-5.00"}])) == ["refunds_unread"]


class TestStates:
    @pytest.mark.parametrize(
        ("status", "state"),
        [
            ("pending", StoreState.UNPAID),
            ("failed", StoreState.UNPAID),
            ("checkout-draft", StoreState.UNPAID),
            ("on-hold", StoreState.UNPAID),
            ("processing", StoreState.OPEN),
            ("fh-partial", StoreState.OPEN),
            ("completed", StoreState.COMPLETED),
            ("cancelled", StoreState.CANCELLED),
            ("refunded", StoreState.CANCELLED),
            ("trash", StoreState.CANCELLED),
        ],
    )
    def test_woocommerce_own(self, status: str, state: StoreState) -> None:
        order = WOO.normalise(changed(status=status), DEFAULT)
        assert (order.state, order.problems) == (state, ())

    def test_a_status_of_a_plugin_waits_for_the_merchant(self) -> None:
        order = WOO.normalise(changed(status="awaiting-engraving"), DEFAULT)
        assert order.state is StoreState.UNPAID
        assert codes(changed(status="awaiting-engraving")) == ["status_unknown"]

    def test_the_merchant_may_map_any(self) -> None:
        settings = StoreSettings(states={"awaiting-engraving": "open", "on-hold": "open"})
        for status in settings.states:
            order = WOO.normalise(changed(status=status), settings)
            assert (order.state, order.problems) == (StoreState.OPEN, ())

    def test_a_mapping_to_nonsense_is_no_mapping(self) -> None:
        settings = StoreSettings(states={"processing": "sideways"})
        assert WOO.normalise(changed(), settings).state is StoreState.OPEN


class TestAddress:
    def test_billing_stands_in_for_an_empty_one(self) -> None:
        empty = {"first_name": "", "address_1": "", "city": "", "postcode": "", "country": "", "phone": ""}
        assert WOO.normalise(changed(shipping=empty), DEFAULT).ship_to == ADA

    def test_the_phone_of_the_billing_address_is_better_than_none(self) -> None:
        order = changed()
        shipping = order["shipping"]
        assert isinstance(shipping, dict)
        shipping["phone"] = ""
        assert WOO.normalise(order, DEFAULT).ship_to == ADA

    @pytest.mark.parametrize("shipping", [None, {}, [], {"address_1": "   "}])
    def test_no_address_at_all(self, shipping: object) -> None:
        order = changed(shipping=shipping, billing={"email": "a@example.test"})
        assert WOO.normalise(order, DEFAULT).ship_to is None
        assert codes(order) == ["no_address"]

    def test_the_missing_parts_are_named(self) -> None:
        order = WOO.normalise(changed(shipping={"address_2": "Flat 2", "country": "Britain"}), DEFAULT)
        assert order.problems == (
            "address_incomplete: The shipping address has no street and no town or postcode and no country.",
        )

    def test_an_order_that_is_done_with_needs_none(self) -> None:
        assert codes(changed(shipping={}, billing={}, status="cancelled")) == []


class TestProblems:
    @pytest.mark.parametrize(
        ("make", "code"),
        [
            (lambda: with_line(sku=""), "no_sku"),
            (lambda: with_line(sku=None), "no_sku"),
            (lambda: with_line(quantity=0), "zero_quantity"),
            (lambda: with_line(quantity=1.5), "bad_quantity"),
            (lambda: with_line(quantity=-1), "bad_quantity"),
            (lambda: with_line(quantity="many"), "bad_quantity"),
            (lambda: with_line(total="free"), "bad_money"),
            (lambda: with_line(total="1e400"), "bad_money"),
            (lambda: with_line(id=None), "bad_line"),
            (lambda: changed(line_items=[]), "no_lines"),
            (lambda: changed(line_items="none"), "no_lines"),
            (lambda: changed(currency="XYZ"), "unknown_currency"),
            (lambda: changed(currency=None), "unknown_currency"),
            (lambda: changed(total=None), "bad_money"),
            (lambda: changed(date_created_gmt="yesterday"), "bad_date"),
            (lambda: changed(date_modified_gmt="9999-12-31T23:59:59-23:59"), "bad_date"),
            (lambda: changed(status=None), "status_unknown"),
        ],
    )
    def test_each_has_its_code(self, make: Callable[[], Order], code: str) -> None:
        assert codes(make()) == [code]

    def test_all_are_told_at_once(self) -> None:
        order = with_line(sku="", quantity=2.5)
        order.update(currency="??", shipping={}, billing={}, total="x")
        assert codes(order) == ["unknown_currency", "bad_quantity", "no_address", "bad_money"]

    def test_an_unreadable_time_never_looks_new(self) -> None:
        order = WOO.normalise(changed(date_created_gmt=None, date_modified_gmt=None), DEFAULT)
        assert order.updated_at == UNKNOWN_TIME

    def test_what_the_database_cannot_keep_is_left_out(self) -> None:
        order = WOO.normalise(changed(customer_note="a\x00b \ud800"), DEFAULT)
        assert order.note == "ab ?"


class TestMoneyAndServices:
    @pytest.mark.parametrize(("currency", "total"), [("GBP", 4050), ("JPY", 41), ("KWD", 40500)])
    def test_minor_units_follow_the_currency(self, currency: str, total: int) -> None:
        assert WOO.normalise(changed(currency=currency), DEFAULT).total_minor == total

    def test_a_variation_is_what_is_sold(self) -> None:
        assert WOO.normalise(with_line(variation_id=57), DEFAULT).lines[0].variant_id == "57"

    @pytest.mark.parametrize(
        ("method", "settings", "service"),
        [
            (("flat_rate", "Flat rate"), DEFAULT, "standard"),
            (("flat_rate", "Express (next day)"), DEFAULT, "express"),
            (("local_pickup", "Come and get it"), DEFAULT, "pickup"),
            (("flat_rate", "Hand van"), StoreSettings(services={"hand VAN": "van"}), "van"),
            (("flat_rate", "Express"), StoreSettings(services={"flat_rate": "economy"}), "economy"),
        ],
    )
    def test_the_shipping_method_chooses_the_service(
        self, method: tuple[str, str], settings: StoreSettings, service: str
    ) -> None:
        line = {"id": 3, "method_id": method[0], "method_title": method[1]}
        order = WOO.normalise(changed(shipping_lines=[line]), settings)
        assert (order.service, order.shipping_method) == (service, method[1])
