"""Signatures, topics and de-duplication keys of both platforms, on captured, published and made-up deliveries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fulfilhub.demo.storefronts.shopify import ShopifyShop
from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.port import Kind
from tests.stores.adapters.samples import delivery, needs_shopify_samples, webhook_samples

WOO = adapter_for("woocommerce")
SHOPIFY = adapter_for("shopify")


def signed(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@pytest.mark.parametrize(
    ("platform", "name"),
    [("woocommerce", "X-WC-Webhook-Signature"), ("shopify", "X-Shopify-Hmac-Sha256")],
)
class TestSignature:
    def test_any_live_secret_is_accepted(self, platform: str, name: str) -> None:
        body = b'{"id":1}'
        adapter = adapter_for(platform)
        for secret in ("old", "new"):
            assert adapter.verify({name: signed(secret, body)}, body, ("new", "old"))

    def test_header_name_is_case_insensitive(self, platform: str, name: str) -> None:
        assert adapter_for(platform).verify({name.lower(): signed("s", b"x")}, b"x", ("s",))

    def test_ended_secret_is_refused(self, platform: str, name: str) -> None:
        assert not adapter_for(platform).verify({name: signed("ended", b"x")}, b"x", ("live",))

    def test_one_changed_byte_is_refused(self, platform: str, name: str) -> None:
        assert not adapter_for(platform).verify({name: signed("s", b'{"id":1}')}, b'{"id": 1}', ("s",))

    @pytest.mark.parametrize("given", ["", "x", "é", "=" * 44])
    def test_nonsense_is_refused(self, platform: str, name: str, given: str) -> None:
        assert not adapter_for(platform).verify({name: given}, b"x", ("s",))

    def test_missing_header_is_refused(self, platform: str, name: str) -> None:
        assert not adapter_for(platform).verify({}, b"", ("s",))

    def test_an_empty_secret_signs_nothing(self, platform: str, name: str) -> None:
        assert not adapter_for(platform).verify({name: signed("", b"x")}, b"x", ("",))
        assert not adapter_for(platform).verify({name: signed("", b"x")}, b"x", ())


class TestWooCommerceCaptures:
    def test_created(self) -> None:
        headers, body = delivery("webhook-delivery-order.created")
        read = WOO.read_delivery(headers, body)
        assert (read.kind, read.topic, read.external_id) == (Kind.ORDER, "order.created", "17")
        assert read.sender == "http://127.0.0.1:8899/"
        assert read.payload == json.loads(body)

    def test_updated_after_a_refund_must_be_read_again(self) -> None:
        read = WOO.read_delivery(*delivery("webhook-delivery-order.updated"))
        assert (read.kind, read.external_id) == (Kind.CHANGED, "17")
        assert read.payload is not None

    @pytest.mark.parametrize("name", ["webhook-ping-order.created", "webhook-ping-order.updated"])
    def test_ping(self, name: str) -> None:
        headers, body = delivery(name)
        assert WOO.read_delivery(headers, body).kind is Kind.PING
        assert not WOO.verify(headers, body, ("secret",))

    def test_a_ping_with_a_topic_is_no_ping(self) -> None:
        read = WOO.read_delivery({"X-WC-Webhook-Topic": "order.created"}, b"webhook_id=1")
        assert read.kind is Kind.UNREADABLE

    def test_created_and_updated_have_keys_of_their_own(self) -> None:
        names = ("webhook-delivery-order.created", "webhook-delivery-order.updated")
        keys = {WOO.read_delivery(*delivery(name)).dedupe_key for name in names}
        assert len(keys) == 2


class TestWooCommerceTopics:
    shop = WooCommerceShop("https://shop.test", "ck", "cs", "secret", now=lambda: datetime(2026, 11, 24, tzinfo=UTC))

    def test_two_orders_of_one_second_are_two_messages_though_their_delivery_id_is_one(self) -> None:
        mug = self.shop.stock("MUG", "Mug", "8.50")
        first, second = (self.shop.order_created(self.shop.place_order([(mug, n)])) for n in (1, 2))
        name = "X-WC-Webhook-Delivery-ID"
        assert first.headers[name] == second.headers[name]
        read = [WOO.read_delivery(one.headers, one.body) for one in (first, second)]
        assert read[0].dedupe_key != read[1].dedupe_key

    def test_a_repeat_has_the_same_key(self) -> None:
        once = self.shop.delivery("order.created", {"id": 3, "line_items": []})
        keys = {WOO.read_delivery(once.headers, once.body).dedupe_key for _ in range(2)}
        assert len(keys) == 1

    def test_deleted(self) -> None:
        sent = self.shop.delivery("order.deleted", {"id": 3})
        read = WOO.read_delivery(sent.headers, sent.body)
        assert (read.kind, read.external_id, read.payload) == (Kind.DELETED, "3", None)

    @pytest.mark.parametrize(
        ("topic", "body", "kind"),
        [
            ("order.restored", b'{"id": 3, "refunds": []}', Kind.ORDER),
            ("product.updated", b'{"id": 3}', Kind.OTHER),
            ("order.created", b'{"id": "x', Kind.UNREADABLE),
            ("order.created", b"[1]", Kind.UNREADABLE),
            ("order.created", b'{"id": 0}', Kind.UNREADABLE),
            ("order.created", b"\xff", Kind.UNREADABLE),
            ("", b'{"id": 3}', Kind.UNREADABLE),
        ],
    )
    def test_kinds(self, topic: str, body: bytes, kind: Kind) -> None:
        assert WOO.read_delivery({"X-WC-Webhook-Topic": topic}, body).kind is kind


def shopify_headers(topic: str, **more: str) -> dict[str, str]:
    return {"X-Shopify-Topic": topic, "X-Shopify-Shop-Domain": "demo.myshopify.com", **more}


class TestShopify:
    shop = ShopifyShop("demo.myshopify.com", "token", "secret", now=lambda: datetime(2026, 11, 24, 9, tzinfo=UTC))

    def test_order_created(self) -> None:
        order = self.shop.place_order([(self.shop.stock("MUG", "Mug", "8.50"), 1)])
        sent = self.shop.order_created(order)
        read = SHOPIFY.read_delivery(sent.headers, sent.body)
        assert SHOPIFY.verify(sent.headers, sent.body, ("secret",))
        assert (read.kind, read.external_id, read.sender) == (Kind.ORDER, order.id, "demo.myshopify.com")
        assert read.event_at == datetime(2026, 11, 24, 9, tzinfo=UTC)

    def test_an_edit_names_the_order_to_read(self) -> None:
        order = self.shop.place_order([(self.shop.stock("MUG", "Mug", "8.50"), 1)])
        sent = self.shop.order_edited(order)
        read = SHOPIFY.read_delivery(sent.headers, sent.body)
        assert (read.kind, read.external_id, read.payload) == (Kind.CHANGED, order.id, None)

    def test_the_key_is_shop_topic_and_webhook_id(self) -> None:
        ids = {"X-Shopify-Webhook-Id": "w1", "X-Shopify-Event-Id": "e1"}
        created = SHOPIFY.read_delivery(shopify_headers("orders/create", **ids), b"{}")
        paid = SHOPIFY.read_delivery(shopify_headers("orders/paid", **ids), b"{}")
        again = SHOPIFY.read_delivery(shopify_headers("orders/create", **ids), b"{ }")
        other = SHOPIFY.read_delivery(shopify_headers("orders/create", **{**ids, "X-Shopify-Webhook-Id": "w2"}), b"{}")
        assert created.dedupe_key == again.dedupe_key
        assert len({one.dedupe_key for one in (created, paid, other)}) == 3

    @pytest.mark.parametrize(
        ("topic", "body", "kind"),
        [
            ("orders/delete", b'{"id": 5}', Kind.DELETED),
            ("refunds/create", b'{"order_id": 5}', Kind.CHANGED),
            ("app/uninstalled", b'{"id": 1, "myshopify_domain": "demo.myshopify.com"}', Kind.UNINSTALLED),
            ("shop/redact", b'{"shop_domain": "demo.myshopify.com"}', Kind.PRIVACY),
            ("products/update", b'{"id": 5}', Kind.OTHER),
            ("orders/create", b"nothing", Kind.UNREADABLE),
            ("orders/edited", b"{}", Kind.UNREADABLE),
            ("", b'{"id": 5}', Kind.UNREADABLE),
        ],
    )
    def test_kinds(self, topic: str, body: bytes, kind: Kind) -> None:
        assert SHOPIFY.read_delivery(shopify_headers(topic), body).kind is kind

    @pytest.mark.parametrize("topic", ["app/uninstalled", "orders/delete", "customers/redact"])
    def test_an_order_under_another_topic_does_not_pass_for_it(self, topic: str) -> None:
        order = self.shop.place_order([(self.shop.stock("MUG", "Mug", "8.50"), 1)])
        body = self.shop.order_created(order).body
        assert SHOPIFY.read_delivery(shopify_headers(topic), body).kind is Kind.UNREADABLE


EXPECTED = {
    "app/uninstalled": Kind.UNINSTALLED,
    "customers/data_request": Kind.PRIVACY,
    "customers/redact": Kind.PRIVACY,
    "shop/redact": Kind.PRIVACY,
    "orders/edited": Kind.CHANGED,
    "refunds/create": Kind.CHANGED,
    **{
        f"orders/{event}": Kind.ORDER
        for event in ("cancelled", "create", "fulfilled", "paid", "partially_fulfilled", "updated")
    },
}


@needs_shopify_samples
@pytest.mark.parametrize(("topic", "body"), webhook_samples())
def test_published_shopify_samples(topic: str, body: bytes) -> None:
    headers = shopify_headers(topic, **{"X-Shopify-Hmac-Sha256": signed("s", body)})
    assert SHOPIFY.verify(headers, body, ("s",))
    assigning = Kind.ASSIGNED if topic.startswith(("fulfillment_orders/", "fulfillment_holds/")) else Kind.OTHER
    assert SHOPIFY.read_delivery(headers, body).kind is EXPECTED.get(topic, assigning)


@given(
    platform=st.sampled_from(["shopify", "woocommerce"]),
    topic=st.sampled_from([*EXPECTED, "order.created", "order.deleted", "product.updated", ""]),
    body=st.binary(max_size=60) | st.from_regex(rb'\{"id":[^\x00]{0,20}\}'),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_reading_never_raises(platform: str, topic: str, body: bytes) -> None:
    headers = {"X-Shopify-Topic": topic, "X-WC-Webhook-Topic": topic}
    read = adapter_for(platform).read_delivery(headers, body)
    assert read.dedupe_key
