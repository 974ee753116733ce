"""The links of the contract are walked, from taking an order to asking for its return, and each leads somewhere."""

from __future__ import annotations

import asyncio
import re
from typing import Any, cast

import httpx
import pytest
from jsonschema import ValidationError

from fulfilhub.platform.clock import utc_now
from tests.contract.conftest import Served
from tests.contract.operations import BY_ID, CONTRACT, Json, Operation, call, checker, operations
from tests.contract.world import order_of, run_waiting

EXPRESSION = re.compile(r"\$response\.body#(/.*)")


class Missing(Exception):
    """The answer does not hold what the link wants."""


def evaluated(told: Any, answer: Any) -> Any:
    """A link's parameters or body, with what its runtime expressions find in the answer."""
    if isinstance(told, dict):
        return {name: evaluated(inner, answer) for name, inner in told.items()}
    if isinstance(told, list):
        return [evaluated(inner, answer) for inner in told]
    found = EXPRESSION.fullmatch(told) if isinstance(told, str) else None
    if found is None:
        return told
    for step in found[1].split("/")[1:]:
        try:
            answer = answer[int(step)] if isinstance(answer, list) else answer[step]
        except (IndexError, KeyError, TypeError):
            raise Missing(told) from None
    if answer is None:
        raise Missing(told)
    return answer


def links_of(operation: Operation, status: int) -> dict[str, Json]:
    return cast("dict[str, Json]", operation.told["responses"][str(status)].get("links", {}))


def follow(api: httpx.Client, key: str, source: str, answer: httpx.Response, target: str) -> httpx.Response:
    """Follow the link from this answer of `source` to `target`. Raises Missing."""
    link = links_of(BY_ID[source], answer.status_code)[target]
    told = evaluated(link, answer.json())
    operation = BY_ID[told["operationId"]]
    places = operation.parameters_in("path").keys()
    given = told.get("parameters", {})
    return call(
        api,
        operation,
        key,
        path={name: value for name, value in given.items() if name in places},
        query={name: value for name, value in given.items() if name not in places},
        body=told.get("requestBody"),
    )


NOT_ALWAYS = {"getPrivacyExport": 409, "getShopifyInstall": 404, "listBoxes": 404, "listStoreLocations": 409}
"""What is there only once a job has made it (other tests of this world may just have asked for one), only for stores of
Shopify, or only for whoever runs the warehouse: how the others answer."""


def test_every_link_is_sound() -> None:
    """It names an operation, parameters that are that operation's, and leaves out none that it needs."""
    for operation in operations():
        for status, answer in operation.answers.items():
            for name, link in answer.get("links", {}).items():
                target = BY_ID[link["operationId"]]
                known = {p["name"] for p in target.parameters}
                needed = {p["name"] for p in target.parameters if p["in"] == "path"}
                assert needed <= set(link["parameters"] if needed else ()) <= known, (operation.id, status, name)


def test_reading_operations_lead_on(served: Served) -> None:
    """From what a populated world answers, every link to something that is read leads there."""
    world, led = served.world, set()
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as api:
        for operation in operations():
            for kind in operation.callers:
                if operation.method != "GET" or "{" in operation.path:
                    continue
                answer = call(
                    api, operation, world.key(kind), query={"month": "2026-11"} if "summary" in operation.path else None
                )
                for name, link in links_of(operation, answer.status_code).items():
                    target = BY_ID[link["operationId"]]
                    if target.method != "GET" or kind not in target.callers:
                        continue
                    try:
                        reached = follow(api, world.key(kind), operation.id, answer, name)
                    except Missing:
                        continue
                    if reached.status_code == NOT_ALWAYS.get(target.id):
                        continue
                    assert reached.status_code == 200, (operation.id, name, reached.text)
                    content = target.answers["200"]["content"]
                    if "application/json" in content:
                        checker(content["application/json"]["schema"]).validate(reached.json())
                    else:
                        assert reached.headers["content-type"] in content
                    led.add((operation.id, name))
    assert {
        ("listOrders", "getOrder"),
        ("listOrders", "listFulfilments"),
        ("listOrders", "listOrderShipments"),
        ("listFulfilments", "getOrder"),
        ("listShipments", "getShipment"),
        ("listShipments", "getFulfilment"),
        ("listReturns", "getReturn"),
        ("listWarehouses", "getWarehouse"),
        ("listWork", "getWork"),
        ("listWorkReturns", "getWorkReturn"),
        ("listKeys", "getKey"),
        ("listContracts", "getContract"),
        ("listCharges", "getOrder"),
        ("getOwnAccount", "getAccount"),
    } <= led


def test_from_an_order_to_its_return(served: Served) -> None:
    """One order's way through both halves, going only where links lead."""
    world, merchant, partner = served.world, served.world.merchant_key, served.world.partner_key
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as api:
        (product,) = api.get(
            "/v1/products", params={"limit": 1}, headers={"Authorization": f"Bearer {merchant}"}
        ).json()["data"]
        taken = call(api, BY_ID["createOrder"], merchant, body=order_of(4711, [product]))
        assert taken.status_code == 201
        asyncio.run(run_waiting(served.settings, ("fulfilment.",)))
        fulfilments = follow(api, merchant, "createOrder", taken, "listFulfilments").json()["data"]
        (warehouse_id,) = {each["warehouse_id"] for each in fulfilments}
        owner = partner if warehouse_id in world.warehouse_ids[:2] else merchant
        # What waits there is worked off, oldest promise first, until the new order's turn has come.
        while True:
            claimed = call(api, BY_ID["claimWork"], owner, body={"warehouse_id": warehouse_id, "limit": 1})
            number = claimed.json()["data"][0]["order_number"]
            accepted = follow(api, owner, "claimWork", claimed, "acceptWork")
            picked = follow(api, owner, "acceptWork", accepted, "pickWork")
            shipped = follow(api, owner, "pickWork", picked, "shipWork")
            assert [each.status_code for each in (accepted, picked, shipped)] == [200, 200, 200], shipped.text
            if number == taken.json()["number"]:
                break
        shipment = follow(api, merchant, "shipWork", shipped, "getShipment")
        (parcel,) = shipment.json()["parcels"]
        event = {
            "tracking_number": parcel["tracking_number"],
            "state": "delivered",
            "occurred_at": utc_now().isoformat(),
        }
        assert call(api, BY_ID["reportTracking"], owner, body={"events": [event]}).status_code == 200
        shipments = follow(api, merchant, "createOrder", taken, "listOrderShipments")
        assert shipments.json()["data"][0]["id"] == shipment.json()["id"]
        asked = follow(api, merchant, "getShipment", shipment, "requestReturn")
        assert asked.status_code == 201, asked.text
        returned = follow(api, merchant, "requestReturn", asked, "getReturn").json()
        assert returned["order_id"] == taken.json()["id"]
        order = follow(api, merchant, "requestReturn", asked, "getOrder").json()
        assert order["lines"][0]["return_requested"] == 1


def test_what_is_made_lives_where_its_location_says(served: Served) -> None:
    world = served.world
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as api:
        order = call(
            api, BY_ID["createOrder"], world.merchant_key, body=order_of(4712, [{"sku": "RIG-MUG", "name": ""}])
        )
        made = [
            order,
            call(api, BY_ID["createKey"], world.merchant_key, body={"name": "Another"}),
            call(api, BY_ID["connectStore"], world.merchant_key, body={"platform": "api", "name": "Another"}),
            call(api, BY_ID["createProduct"], world.merchant_key, body={"sku": "LOCATED", "name": "Another"}),
            call(
                api,
                BY_ID["holdOrder"],
                world.merchant_key,
                path={"order_id": order.json()["id"]},
                body={"reason": "other"},
            ),
        ]
        for answer in made:
            assert answer.status_code == 201, answer.text
            headers = {"Authorization": f"Bearer {world.merchant_key}"}
            assert api.get(answer.headers["Location"], headers=headers).status_code == 200, answer.headers["Location"]


def test_schemas_refuse_what_is_not_theirs() -> None:
    """A body's unknown fields are refused everywhere: a mistyped name is never silently dropped."""
    for operation in operations():
        if operation.body is None or "$ref" not in operation.body["schema"]:
            continue
        name = operation.body["schema"]["$ref"].rpartition("/")[2]
        assert CONTRACT["components"]["schemas"][name]["additionalProperties"] is False, operation.id
        with pytest.raises(ValidationError, match="no_such_field"):
            checker(operation.body["schema"]).validate({**operation.body["example"], "no_such_field": 1})
