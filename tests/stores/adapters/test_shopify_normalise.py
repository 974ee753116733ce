"""Shopify orders in our words: quantities, states, money and addresses as Shopify means them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar

import pytest

from fulfilhub.demo.storefronts.shopify import ShopifyShop
from fulfilhub.demo.storefronts.shopify.orders import webhook_payload
from fulfilhub.orders.incoming import Address, IncomingLine, IncomingOrder, StoreState
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.port import StoreSettings, Unreadable
from tests.stores.adapters.samples import SHOPIFY as SAMPLES
from tests.stores.adapters.samples import needs_shopify_samples, webhook_samples

SHOPIFY = adapter_for("shopify")
DEFAULT = StoreSettings()
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
Payload = dict[str, object]


def shop() -> ShopifyShop:
    return ShopifyShop("demo.myshopify.com", "token", "secret", now=lambda: NOON)


def payload(**members: object) -> Payload:
    here = shop()
    order = here.place_order([(here.stock("MUG", "Mug", "8.50"), 2), (here.stock("TEE", "T-shirt", "15.00"), 1)])
    return {**webhook_payload(order), **members}


def with_line(**members: object) -> Payload:
    made = payload()
    lines = made["line_items"]
    assert isinstance(lines, list)
    lines[0].update(members)
    return made


def normalised(order: Payload, settings: StoreSettings = DEFAULT) -> IncomingOrder:
    return SHOPIFY.normalise(json.loads(json.dumps(order)), settings)


def codes(order: Payload, settings: StoreSettings = DEFAULT) -> list[str]:
    return [problem.partition(":")[0] for problem in normalised(order, settings).problems]


def money(amount: str, presented: str = "0.00") -> Payload:
    return {
        "shop_money": {"amount": amount, "currency_code": "GBP"},
        "presentment_money": {"amount": presented, "currency_code": "EUR"},
    }


def test_a_whole_order() -> None:
    here = shop()
    mug = here.stock("MUG", "Mug", "8.50")
    order = here.place_order([(mug, 2)], method="Express delivery")
    found = normalised(webhook_payload(order))
    assert found == IncomingOrder(
        external_id=order.id,
        number="#1001",
        currency="GBP",
        placed_at=NOON,
        updated_at=NOON,
        state=StoreState.OPEN,
        lines=(
            IncomingLine(
                external_id=order.lines[0].id,
                sku="MUG",
                title="Mug",
                quantity=2,
                variant_id=mug.id,
                unit_price_minor=850,
            ),
        ),
        ship_to=Address(
            name="Grace Sample",
            line1="4 Example Lane",
            city="Bristol",
            region="ENG",
            postcode="BS1 4DJ",
            country="GB",
            phone="07700900456",
        ),
        email="grace@example.test",
        locale="en",
        total_minor=2195,
        service="express",
        shipping_method="Express delivery",
        metadata={"store_status": "paid", "source": "web", "confirmation_number": "1B8806D0A"},
    )


class TestWhoseItIs:
    CUSTOMER: ClassVar[Payload] = {
        "id": 7,
        "admin_graphql_api_id": "gid://shopify/Customer/7",
        "email": "g@example.test",
    }

    @pytest.mark.parametrize("told", [CUSTOMER, {"id": 7}, {"admin_graphql_api_id": "gid://shopify/Customer/7"}])
    def test_the_customer_is_kept_by_id(self, told: Payload) -> None:
        metadata = normalised(payload(customer=told), StoreSettings(customers=True)).metadata
        assert metadata["customer_id"] == "gid://shopify/Customer/7"
        assert "g@example.test" not in str(metadata)

    def test_but_only_where_every_way_of_reading_tells_it(self) -> None:
        """Otherwise the order would change back and forth between a webhook and a sweep."""
        assert "customer_id" not in normalised(payload(customer=self.CUSTOMER)).metadata

    @pytest.mark.parametrize("told", [None, {}, {"id": None}, {"id": "x"}, []])
    def test_no_customer_no_matter(self, told: object) -> None:
        assert "customer_id" not in normalised(payload(customer=told), StoreSettings(customers=True)).metadata


class TestQuantities:
    def test_a_removed_line_falls_to_nothing(self) -> None:
        order = normalised(with_line(quantity=2, current_quantity=0, fulfillable_quantity=0))
        assert [line.quantity for line in order.lines] == [0, 1]
        assert order.problems == ()

    def test_what_was_sent_stays_wanted(self) -> None:
        made = with_line(current_quantity=2, fulfillable_quantity=1)
        line = made["line_items"][0]["id"]  # type: ignore[index]
        made["fulfillments"] = [{"id": 1, "status": "success", "line_items": [{"id": line, "quantity": 1}]}]
        assert normalised(made).lines[0].quantity == 2
        assert normalised(made).lines[0].fulfilled == 1

    def test_a_refund_of_a_sent_unit_changes_nothing(self) -> None:
        made = with_line(current_quantity=1, fulfillable_quantity=0)
        line = made["line_items"][0]["id"]  # type: ignore[index]
        made["fulfillments"] = [{"id": 1, "status": "success", "line_items": [{"id": line, "quantity": 2}]}]
        assert normalised(made).lines[0].quantity == 2

    def test_units_on_hold_stay_wanted(self) -> None:
        """Shopify does not count them as fulfillable (recorded)."""
        assert normalised(with_line(current_quantity=2, fulfillable_quantity=0)).lines[0].quantity == 2

    def test_a_cancelled_fulfilment_sent_nothing(self) -> None:
        made = with_line(current_quantity=2, fulfillable_quantity=2)
        line = made["line_items"][0]["id"]  # type: ignore[index]
        made["fulfillments"] = [{"id": 1, "status": "cancelled", "line_items": [{"id": line, "quantity": 2}]}]
        assert normalised(made).lines[0].fulfilled == 0

    @pytest.mark.parametrize(
        "extra",
        [
            {"title": "Tip", "sku": None, "product_exists": False, "requires_shipping": False},
            {"title": "Gift card", "sku": None, "gift_card": True, "requires_shipping": True},
        ],
    )
    def test_what_is_not_shipped_needs_no_sku(self, extra: Payload) -> None:
        order = normalised(with_line(**extra))
        assert not order.lines[0].requires_shipping
        assert order.problems == ()


class TestStates:
    @pytest.mark.parametrize(
        ("members", "state"),
        [
            ({"financial_status": "paid"}, StoreState.OPEN),
            ({"financial_status": "partially_refunded"}, StoreState.OPEN),
            ({"financial_status": "pending"}, StoreState.UNPAID),
            ({"financial_status": "authorized"}, StoreState.UNPAID),
            ({"financial_status": "partially_paid"}, StoreState.UNPAID),
            ({"financial_status": "voided"}, StoreState.UNPAID),
            ({"financial_status": "EXPIRED"}, StoreState.UNPAID),
            ({"financial_status": "refunded"}, StoreState.CANCELLED),
            ({"cancelled_at": "2026-11-24T12:00:00Z"}, StoreState.CANCELLED),
            ({"fulfillment_status": "fulfilled"}, StoreState.COMPLETED),
            ({"fulfillment_status": "partial"}, StoreState.OPEN),
        ],
    )
    def test_mapping(self, members: Payload, state: StoreState) -> None:
        order = normalised(payload(**members))
        assert (order.state, order.problems) == (state, ())

    def test_a_merchant_who_captures_on_dispatch_maps_authorised_to_open(self) -> None:
        settings = StoreSettings(states={"authorized": "open"})
        assert normalised(payload(financial_status="authorized"), settings).state is StoreState.OPEN

    def test_an_unknown_payment_status_waits(self) -> None:
        assert codes(payload(financial_status=None)) == ["status_unknown"]

    def test_nothing_is_sent_for_a_test_order(self) -> None:
        assert codes(payload(test=True)) == ["test_order"]
        assert codes(payload(test=True), StoreSettings(accept_test_orders=True)) == []


class TestMoney:
    def test_shop_money_counts_and_the_other_currency_is_kept_beside_it(self) -> None:
        made = payload(presentment_currency="EUR", current_total_price_set=money("21.95", "25.90"))
        order = normalised(made)
        assert (order.currency, order.total_minor) == ("GBP", 2195)
        assert order.metadata["presentment_currency"] == "EUR"

    def test_unit_price_after_discounts(self) -> None:
        made = with_line(discount_allocations=[{"amount_set": money("1.00")}, {"amount_set": money("0.50")}])
        assert normalised(made).lines[0].unit_price_minor == 775

    def test_unit_price_before_tax_when_prices_include_it(self) -> None:
        made = with_line(tax_lines=[{"price_set": money("2.84")}])
        assert normalised(made).lines[0].unit_price_minor == 850
        assert normalised({**made, "taxes_included": True}).lines[0].unit_price_minor == 708

    def test_total_after_an_edit(self) -> None:
        here = shop()
        order = here.place_order([(here.stock("MUG", "Mug", "8.50"), 2)])
        here.remove(order, order.lines[0], 1)
        assert normalised(webhook_payload(order)).total_minor == int((Decimal("8.50") + Decimal("4.95")) * 100)


class TestPeople:
    def test_no_access_to_customer_data_is_told_as_such(self) -> None:
        hidden = {"shipping_address": None, "billing_address": None, "customer": None}
        made = payload(**hidden, email=None, contact_email=None, phone=None)
        order = normalised(made)
        assert (order.ship_to, order.email) == (None, "")
        assert codes(made) == ["customer_data_withheld", "no_address"]

    def test_an_address_of_which_only_the_country_is_shown_is_withheld(self) -> None:
        shown = {"country_code": "GB", "province_code": "ENG", "name": None, "address1": None, "zip": None}
        assert codes(payload(shipping_address=shown)) == ["customer_data_withheld", "address_incomplete"]

    def test_what_shopify_says_it_withholds_is_believed(self) -> None:
        told = payload(shipping_address=None, withheld=["order.shipping_address", "order.email"])
        assert codes(told) == ["customer_data_withheld", "no_address"]

    def test_a_customer_we_know_of_has_given_no_address(self) -> None:
        assert codes(payload(shipping_address=None)) == ["no_address"]

    def test_an_order_that_is_over_withholds_nothing(self) -> None:
        over = payload(shipping_address=None, email=None, contact_email=None, cancelled_at="2026-11-24T12:00:00Z")
        assert codes(over) == []

    def test_an_address_of_nulls_is_none(self) -> None:
        assert codes(payload(shipping_address={"name": "x", "address1": None, "country_code": None})) == ["no_address"]

    def test_an_order_with_nothing_to_ship_needs_none(self) -> None:
        made = payload(shipping_address=None)
        for line in made["line_items"]:  # type: ignore[attr-defined]
            line["requires_shipping"] = False
        assert codes(made) == []


def test_ids_are_gids_even_where_the_number_was_rounded() -> None:
    order = normalised(payload(id=820982911946154500, admin_graphql_api_id="gid://shopify/Order/820982911946154508"))
    assert order.external_id == "gid://shopify/Order/820982911946154508"
    made = payload(id=42)
    del made["admin_graphql_api_id"]
    assert normalised(made).external_id == "gid://shopify/Order/42"


def test_tags_from_either_shape() -> None:
    assert normalised(payload(tags="vip, b2b ,")).tags == ("vip", "b2b")
    assert normalised(payload(tags=["vip", "b2b"])).tags == ("vip", "b2b")


@needs_shopify_samples
@pytest.mark.parametrize(("topic", "body"), webhook_samples())
def test_published_samples_pass(topic: str, body: bytes) -> None:
    read = json.loads(body)
    whole = topic.startswith("orders/") and topic != "orders/edited"
    if not whole:
        with pytest.raises(Unreadable):
            SHOPIFY.normalise(read if isinstance(read, dict) else {}, DEFAULT)
        return
    order = SHOPIFY.normalise(read, DEFAULT)
    assert order.external_id == "gid://shopify/Order/820982911946154508"
    assert (order.state, order.currency, order.total_minor) == (StoreState.CANCELLED, "USD", 41495)
    assert order.lines[0].sku == "SKU2006-001"
    assert order.lines[0].unit_price_minor == 8999
    assert order.placed_at == datetime(2022, 1, 1, tzinfo=UTC)
    assert order.problems == ()


@needs_shopify_samples
def test_our_demo_payload_has_no_member_that_shopify_has_not() -> None:
    published = json.loads((SAMPLES / "webhooks" / "orders__create.json").read_text())
    made = payload()
    assert made.keys() <= published.keys()
    for name in ("line_items", "shipping_lines"):
        assert made[name][0].keys() <= published[name][0].keys()  # type: ignore[index]
    assert made["shipping_address"].keys() == published["shipping_address"].keys()  # type: ignore[attr-defined]
