"""Requests and dated holds over HTTP: asked by the merchant, answered by the partner."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from fulfilhub.fulfilment.commands.queueing import route
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.work import Works
from tests.fulfilment.world import SERVICES
from tests.inventory.test_routes import WAREHOUSE
from tests.make.world import Client, JsonObject

ADDRESS = {"name": "Ada L", "line1": "12 Mill Lane", "city": "York", "postcode": "YO1 7HH", "country": "GB"}


@pytest.fixture
async def claimed(works: Works, merchant: Client, partner: Client) -> JsonObject:
    """An order of three mugs that the partner has claimed: order, work order and lease."""
    warehouse = await partner.made("/v1/warehouses", WAREHOUSE | {"services": SERVICES})
    offer: JsonObject = {"merchant_id": merchant.account_id, "warehouse_id": warehouse["id"]}
    contract = await partner.made("/v1/contracts", offer | {"starts_on": str(date(2026, 1, 1))})
    await merchant.made(f"/v1/contracts/{contract['id']}/accept")
    await merchant.made("/v1/products", {"sku": "MUG", "name": "Mug"})
    receipt = {"warehouse_id": warehouse["id"], "lines": [{"sku": "MUG", "quantity": 3}]}
    await merchant.made("/v1/stock/receipts", receipt)
    order = await merchant.made(
        "/v1/orders",
        {
            **{"external_id": "A1", "number": "A1", "currency": "GBP", "placed_at": "2026-11-24T09:30:00Z"},
            "lines": [{"external_id": "1", "sku": "MUG", "quantity": 3}],
            "ship_to": ADDRESS,
        },
    )
    async with works.begin(Merchant(ids.ACCOUNT.find(merchant.account_id))) as work:
        await route(work, [ids.ORDER.find(str(order["id"]))], "test")
    claim: Any = (await partner.post("/v1/work/claims", {"warehouse_id": warehouse["id"]})).json()
    (row,) = claim["data"]
    return {"order": order["id"], "work": row["id"], "lease": claim["lease_id"], "warehouse": warehouse["id"]}


async def test_a_cancel_after_the_claim_is_asked_shown_and_answered(
    claimed: JsonObject, merchant: Client, partner: Client
) -> None:
    path = f"/v1/orders/{claimed['order']}"
    asked = await merchant.post(f"{path}/cancel", {"note": "ordered twice"})
    assert asked.status_code == 202, asked.text
    (request,) = asked.json()["requests"]
    assert (request["kind"], request["state"], request["actions"]) == ("cancel", "requested", ["withdraw"])
    assert request["fulfilment_id"] == str(claimed["work"]).replace("wko_", "ful_")
    listed = (await partner.get("/v1/work/requests", state="requested", warehouse_id=str(claimed["warehouse"]))).json()
    (seen,) = listed["data"]
    assert (seen["id"], seen["note"], seen["actions"]) == (request["id"], "ordered twice", ["accept", "refuse"])
    shown = (await partner.get(f"/v1/work/orders/{claimed['work']}")).json()
    assert shown["requests"] == [seen]
    assert (await merchant.get("/v1/work/requests")).json()["data"] == []
    answer = f"/v1/work/requests/{request['id']}"
    assert (await partner.post(f"{answer}/refuse", {"reason": "tired"})).status_code == 422
    accepted = (await partner.post(f"{answer}/accept", {})).json()
    late = (await partner.post(f"{answer}/refuse", {"reason": "already_packed"})).json()
    assert (accepted["state"], late["state"], late["actions"]) == ("accepted", "accepted", [])
    assert (await partner.get(answer)).json() == late
    order = (await merchant.get(path)).json()
    assert (order["status"], order["requests"][0]["carried_out"]) == ("cancelled", True)
    assert (await merchant.get("/v1/orders")).json()["data"] == [order]
    assert (await merchant.post(f"{path}/cancel", {})).status_code == 200
    assert (await partner.get("/v1/work/requests", state="requested")).json()["data"] == []


async def test_a_change_after_the_claim_is_asked_and_can_be_withdrawn(
    claimed: JsonObject, merchant: Client, partner: Client
) -> None:
    path = f"/v1/orders/{claimed['order']}"
    line = (await merchant.get(path)).json()["lines"][0]["id"]
    new = ADDRESS | {"line1": "1 New Street"}
    body: JsonObject = {"ship_to": new, "note": "at once", "lines": [{"line_id": line, "quantity": 2}]}
    asked = await merchant.patch(path, body)
    assert asked.status_code == 202, asked.text
    assert (asked.json()["note"], asked.json()["ship_to"]["line1"]) == ("at once", ADDRESS["line1"])
    by_kind = {request["kind"]: request for request in asked.json()["requests"]}
    assert by_kind["address"]["ship_to"]["line1"] == "1 New Street"
    assert by_kind["lines"]["lines"] == [{"line_id": line, "quantity": 1}]
    withdrawn = await merchant.post(f"{path}/requests/{by_kind['lines']['id']}/withdraw")
    states = {each["kind"]: each["state"] for each in withdrawn.json()["requests"]}
    assert states == {"lines": "withdrawn", "address": "requested"}
    await partner.post(f"/v1/work/requests/{by_kind['address']['id']}/accept", {})
    assert (await merchant.get(path)).json()["ship_to"]["line1"] == "1 New Street"
    assert (await partner.get(f"/v1/work/orders/{claimed['work']}")).json()["ship_to"]["line1"] == "1 New Street"
    assert (await merchant.patch(path, {"note": "no question"})).status_code == 200
    types = [each["type"] for each in (await merchant.get(f"{path}/timeline")).json()["data"]]
    assert types.count("fulfilment.change_requested") == types.count("fulfilment.change_answered") == 2


async def test_the_policy_on_silence_is_set_and_versioned(merchant: Client) -> None:
    before = (await merchant.get("/v1/request-policy")).json()
    assert before == {"answer_minutes": 240, "on_silence": "refuse", "version": 0}
    body = {"answer_minutes": 30, "on_silence": "accept"}
    assert (await merchant.put("/v1/request-policy", body)).json() == {**body, "version": 1}
    assert (await merchant.put("/v1/request-policy", body, **{"If-Match": '"0"'})).status_code == 412
    assert (await merchant.put("/v1/request-policy", body | {"answer_minutes": 0})).status_code == 422


async def test_a_hold_is_named_dated_and_stops_claimed_work(
    claimed: JsonObject, merchant: Client, partner: Client
) -> None:
    path = f"/v1/orders/{claimed['order']}"
    hold = {"reason": "customer_request", "name": "moving house", "until": "2099-01-01T00:00:00Z"}
    (made,) = (await merchant.post(f"{path}/holds", hold)).json()["holds"]
    assert {name: made[name] for name in hold} == hold
    assert (made["source"], made["caused_by"]) == ("merchant", "customer")
    past = await merchant.post(f"{path}/holds", hold | {"until": "2020-01-01T00:00:00Z"})
    assert (past.status_code, past.json()["errors"][0]["pointer"]) == (422, "/until")
    assert (await partner.get(f"/v1/work/orders/{claimed['work']}")).json()["held"]
    refused = await partner.post(f"/v1/work/orders/{claimed['work']}/accept", {"lease_id": claimed["lease"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "on_hold")
