"""The fake Shopify answers as the real one did: recorded conversations are held again with it, and recorded costs
reckoned again."""

from __future__ import annotations

import pytest
from graphql import parse, validate

from fulfilhub.stores.adapters.shopify import scopes
from tests.fakes.shopify import (
    api,  # noqa: F401 (imported for all that it registers)
    cost,
    orders,
    services,
)
from tests.fakes.shopify.replay import HAVE_RECORDINGS, RECORDINGS, VERSION, Replay, recording, steps
from tests.fakes.shopify.schema import needs_schema, schema_of
from tests.fakes.shopify.shop import Shop
from tests.fakes.shopify.things import FulfillmentOrder

pytestmark = [
    needs_schema,
    pytest.mark.skipif(not HAVE_RECORDINGS, reason="../shared/shopify/recordings is not beside the project"),
]


def a_replay() -> Replay:
    shop = Shop(scopes=(*scopes.REQUIRED, *scopes.OPTIONAL, "write_orders", "write_third_party_fulfillment_orders"))
    shop.bucket.maximum = shop.bucket.available = 1_000_000
    return Replay(shop)


#: Parts of recordings that are a conversation, and those of its steps that are about the whole shop or about verbs that
#: FulfilHub has no use for.
CONVERSATIONS = [
    (
        "fulfillment-order-lifecycle",
        "workflows",
        ("topLevelRead", "/reroute/reroute", "preparedForPickup", "afterCancel"),
    ),
    ("fulfillment-order-split-multi", "captures", ()),
    ("fulfillment-order-hold-multi-line", "", ("preflight", "cleanup", "upstream")),
    ("fulfillment-create-multi-group", "", ("upstream", "cleanup", "locations", "downstreamRead")),
    ("return-reverse-logistics-recorded", "", ("upstream", "cleanup", "locations", "downstreamRead", "unrelated")),
    ("order-return-status-lifecycle", "", ("upstream", "cleanup", "readAfter")),
    ("fulfillment-detail-events-lifecycle", "", ("upstream", "cleanup")),
]


@pytest.mark.parametrize(("name", "part", "without"), CONVERSATIONS, ids=[each[0] for each in CONVERSATIONS])
def test_a_recorded_conversation(name: str, part: str, without: tuple[str, ...]) -> None:
    recorded = recording(name)
    replay = a_replay()
    held = 0
    for path, step in steps(recorded[part] if part else recorded):
        if not any(word in path for word in without):
            replay.hold(path, step)
            held += 1
    assert held


def test_requests_of_a_fulfilment_service_as_recorded() -> None:
    """Three orders at a service: one asked for in part, accepted and cancelled; one rejected; one not cancelled."""
    recorded = recording("fulfillment-order-request-lifecycle")
    replay = a_replay()
    shop = replay.shop
    service = services.register(shop, "Hermes")
    mug = shop.add_product("MUG", "Mug", "8.50")
    for key, units in (("partialSubmit", 2), ("rejectFulfillmentRequest", 1), ("rejectCancellationRequest", 1)):
        order = orders.place(shop, [(mug, units)], at=[service.location], request=False)
        (waiting,) = order.fulfillment_orders
        replay.known[recorded[key]["variables"]["id"]] = waiting.id
        if key == "partialSubmit":
            (line,) = waiting.line_items
            replay.known[recorded[key]["variables"]["fulfillmentOrderLineItems"][0]["id"]] = line.id
    told = []
    for path, step in steps({name: recorded[name] for name in recorded if name != "upstreamCalls"}):
        if path == "/rejectFulfillmentRequest":
            _submit(replay, step, "to be rejected")
        if path == "/rejectCancellationRequest":
            _submit(replay, step, "Hermes submit cancel reject")
            _run(replay, step, "fulfillmentOrderAcceptFulfillmentRequest")
            _run(replay, step, "fulfillmentOrderSubmitCancellationRequest", message="Hermes cancellation to reject")
        replay.hold(path, step)
        told.append(path)
    assert len(told) == 6
    assert {waiting.status for waiting in shop.things.values() if isinstance(waiting, FulfillmentOrder)} == {
        "CLOSED",
        "OPEN",
        "IN_PROGRESS",
    }


def _run(replay: Replay, step: dict[str, object], name: str, **variables: object) -> None:
    """A step of the recording whose own answer was not kept."""
    given = step["variables"]
    assert isinstance(given, dict)
    variables = {"id": given["id"], **variables}
    replay.hold(name, {"variables": variables, "response": {"data": {name: {"userErrors": []}}}})


def _submit(replay: Replay, step: dict[str, object], message: str) -> None:
    _run(replay, step, "fulfillmentOrderSubmitFulfillmentRequest", message=message, notifyCustomer=False)


def test_documents_cost_what_shopify_charged() -> None:
    """Not quite all: a few queries hold fields whose price is a secret of Shopify's."""
    known = schema_of(VERSION)
    right, wrong = 0, []
    for file in sorted(RECORDINGS.glob("*.json")):
        for _, step in steps(recording(file.stem)):
            charged = (step["response"].get("extensions") or {}).get("cost", {}).get("requestedQueryCost")
            if not charged or "query" not in step or validate(known, parse(step["query"])):
                continue
            reckoned = cost.requested(known, parse(step["query"]), step["variables"])
            if reckoned == charged:
                right += 1
            else:
                wrong.append((reckoned, charged, step["query"]))
    assert right > 200
    assert len(wrong) < right / 20, wrong
    assert all(abs(reckoned - charged) <= 0.5 * charged for reckoned, charged, _ in wrong)
