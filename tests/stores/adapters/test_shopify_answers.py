"""What each kind of answer of Shopify means: recorded ones of the real API, and those it documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.news import ShipmentNews, ShippedLine
from fulfilhub.stores.adapters.port import Connection, Found, InDoubt, Pushed, Refused, Retry
from tests.stores.adapters.samples import SHOPIFY as SAMPLES
from tests.stores.adapters.samples import needs_shopify_samples

SHOPIFY = adapter_for("shopify")
CONNECTION = Connection(
    platform="shopify", base_url="https://demo.myshopify.com", credentials={"access_token": "shpat_1"}
)
LOCATION = "gid://shopify/Location/70000000001"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LINE, OWN, WAITING = (
    "gid://shopify/LineItem/1",
    "gid://shopify/FulfillmentOrderLineItem/1",
    "gid://shopify/FulfillmentOrder/1",
)


def answering(reply: Callable[[str], httpx.Response]) -> httpx.AsyncClient:
    """A client whose every mutation is answered by `reply`, on an order with one open line."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)["query"]
        if "mutation" in asked:
            return reply(asked)
        line = {"id": OWN, "remainingQuantity": 2, "lineItem": {"id": LINE}}
        waiting = {
            "id": WAITING,
            "supportedActions": [{"action": "CREATE_FULFILLMENT"}],
            "assignedLocation": {"location": {"id": LOCATION}},
            "lineItems": {"nodes": [line], "pageInfo": {"hasNextPage": False}},
        }
        page = {"nodes": [waiting], "pageInfo": {"hasNextPage": False}}
        return httpx.Response(200, json={"data": {"order": {"fulfillments": [], "fulfillmentOrders": page}}})

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


async def pushed(reply: Callable[[str], httpx.Response]) -> object:
    told = ShipmentNews(
        reference="shp_01",
        order_external_id="gid://shopify/Order/1",
        lines=(ShippedLine(LINE, 1),),
        carrier="Royal Mail",
        shipped_at=NOON,
        tracking_numbers=("AB1",),
    )
    async with answering(reply) as http:
        return await SHOPIFY.push_shipment(http, CONNECTION, told)


def recording(name: str) -> dict[str, dict[str, object]]:
    found = json.loads((SAMPLES / "recordings" / f"{name}.json").read_text())
    assert isinstance(found, dict)
    return found


@needs_shopify_samples
async def test_recorded_answers_to_fulfillment_create() -> None:
    cases = recording("fulfillment-create-multi-group")["cases"]
    kinds = {}
    for name, case in cases.items():
        outcome = await pushed(lambda _, case=case: httpx.Response(200, json=case["response"]))  # type: ignore[misc]
        kinds[name] = type(outcome)
    assert kinds.pop("validMultiGroup") is Pushed
    assert kinds
    assert set(kinds.values()) <= {Refused, Retry}
    assert kinds["laterOverQuantity"] is Retry
    assert kinds["differentLocationLater"] is Refused


@needs_shopify_samples
async def test_every_observed_user_error_is_an_answer() -> None:
    errors = recording("observed_user_errors")["fulfillmentCreate"]
    assert errors
    for error in errors:
        payload = {"fulfillment": None, "userErrors": [error]}
        outcome = await pushed(lambda _, p=payload: httpx.Response(200, json={"data": {"fulfillmentCreate": p}}))  # type: ignore[misc]
        assert isinstance(outcome, Refused | Retry)


@needs_shopify_samples
async def test_the_throttled_sample_tells_how_long_to_wait() -> None:
    body = (SAMPLES / "throttled_response_sample.json").read_text()
    outcome = await pushed(lambda _: httpx.Response(200, text=body))
    assert isinstance(outcome, Retry)
    assert outcome.after == pytest.approx((752 - 666) / 50)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"errors": [{"message": "x", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}, InDoubt),
        ({"errors": [{"message": "x", "extensions": {"code": "TIMEOUT"}}]}, InDoubt),
        ({"errors": [{"message": "x", "extensions": {"code": "ACCESS_DENIED"}}]}, Refused),
        ({"errors": [{"message": "x", "extensions": {"code": "RESOURCE_NOT_FOUND"}}]}, Retry),
        ({"errors": [{"message": "x", "extensions": {"code": "MAX_COST_EXCEEDED"}}]}, Refused),
        ({"errors": [{"message": "Parse error"}]}, Refused),
        ({"errors": "Unavailable Shop"}, Refused),
        ({"data": None}, InDoubt),
        ({"data": {"fulfillmentCreate": None}}, InDoubt),
        ({"data": {"fulfillmentCreate": {"fulfillment": None, "userErrors": []}}}, InDoubt),
        ([], InDoubt),
    ],
)
async def test_top_level_answers(body: object, kind: type) -> None:
    assert isinstance(await pushed(lambda _: httpx.Response(200, json=body)), kind)


async def test_an_order_without_the_customers_data_is_still_read() -> None:
    """Without access to protected data Shopify answers with an error beside what may be seen."""
    order: dict[str, object] = {"admin_graphql_api_id": "gid://shopify/Order/1", "email": None, "line_items": {}}
    denied = {"message": "Access denied", "extensions": {"code": "ACCESS_DENIED"}, "path": ["order", "email"]}
    reply = httpx.MockTransport(lambda _: httpx.Response(200, json={"data": {"order": order}, "errors": [denied]}))
    async with httpx.AsyncClient(transport=reply) as http:
        found = await SHOPIFY.fetch_order(http, CONNECTION, "gid://shopify/Order/1")
    assert isinstance(found, Found)
