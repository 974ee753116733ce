"""Whatever a store sends, a normaliser gives an order that the rest of the system can take, or says Unreadable."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fulfilhub.demo.storefronts.shopify import ShopifyShop
from fulfilhub.demo.storefronts.shopify.orders import webhook_payload
from fulfilhub.orders.incoming import IncomingOrder
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.port import StoreSettings, Unreadable
from tests.stores.adapters.samples import capture

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["", "0", "-1", "1e9", "1.005", "GBP", "paid", "open", "2026-11-23T21:13:00", "\x00", "\ud800"])
    | st.sampled_from([10**25, -(10**25), 2**63, 0, -1]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
Place = tuple[str | int, ...]

# The first draw of text builds tables of characters, which takes seconds on a busy machine and says nothing of ours.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def places(value: object, here: Place = ()) -> Iterator[Place]:
    """Every place in a JSON value that can be changed."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*here, key)
        yield from places(child, (*here, key))


def demo_payload() -> dict[str, object]:
    shop = ShopifyShop("demo.myshopify.com", "token", "secret")
    order = shop.place_order([(shop.stock("MUG", "Mug", "8.50"), 2), (shop.stock("TEE", "T-shirt", "15"), 1)])
    return {**webhook_payload(order), "fulfillments": [{"status": "success", "line_items": [{"id": 1, "quantity": 1}]}]}


REFUNDED = {
    **capture("order"),
    "refunds": [{"id": 1, "line_items": [{"quantity": -1, "meta_data": [{"key": "_refunded_item_id", "value": "1"}]}]}],
}
ORDERS: dict[str, dict[str, object]] = {"woocommerce": REFUNDED, "shopify": demo_payload()}


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, dict[str, object]]:
    """A real order with up to three of its parts replaced or gone."""
    platform = draw(st.sampled_from(sorted(ORDERS)))
    order = copy.deepcopy(ORDERS[platform])
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(sorted(places(order), key=repr)))
        parent: object = order
        for key in path:
            parent = parent[key]  # type: ignore[index]
        if draw(st.booleans()):
            parent[last] = draw(JSON)  # type: ignore[index]
        else:
            del parent[last]  # type: ignore[attr-defined]
    return platform, order


def check(order: IncomingOrder) -> None:
    """What everybody behind the adapters relies on."""
    assert order.external_id
    assert order.number
    assert order.placed_at.tzinfo is not None
    assert order.updated_at.tzinfo is not None
    assert 0 <= order.total_minor < 2**63
    assert all(0 <= line.fulfilled <= line.quantity <= 1_000_000 for line in order.lines)
    assert all(line.external_id for line in order.lines)
    prices = [line.unit_price_minor for line in order.lines if line.unit_price_minor is not None]
    assert all(0 <= price < 2**63 for price in prices)
    assert all(problem.partition(": ")[2].endswith(".") for problem in order.problems)
    shown = repr(order)
    assert "\\x00" not in shown
    assert "\\ud8" not in shown


@given(mutated())
@settings(patient, max_examples=400)
def test_a_changed_order_is_read_or_is_unreadable(case: tuple[str, dict[str, object]]) -> None:
    platform, order = case
    try:
        found = adapter_for(platform).normalise(order, StoreSettings())
    except Unreadable:
        return
    check(found)


@given(
    platform=st.sampled_from(["woocommerce", "shopify"]),
    value=st.dictionaries(st.text(max_size=10), JSON, max_size=5),
)
@patient
def test_any_object_is_read_or_is_unreadable(platform: str, value: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        adapter_for(platform).normalise(value, StoreSettings())
    try:
        found = adapter_for(platform).normalise({**value, "id": 1, "line_items": value.get("a")}, StoreSettings())
    except Unreadable:
        return
    check(found)


@given(mutated())
@patient
def test_reading_is_pure(case: tuple[str, dict[str, object]]) -> None:
    platform, order = case
    before = json.dumps(order, default=str)
    outcomes = []
    for _ in range(2):
        try:
            outcomes.append(repr(adapter_for(platform).normalise(order, StoreSettings())))
        except Unreadable as unreadable:
            outcomes.append(repr(unreadable))
    assert outcomes[0] == outcomes[1]
    assert json.dumps(order, default=str) == before
