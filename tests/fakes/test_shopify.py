"""The fake Shopify keeps the rules that no recording shows: scopes, keys, the bucket, cursors, tokens, messages,
faults."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from fulfilhub.demo.storefronts.shop import signature
from tests.fakes.serving import in_memory
from tests.fakes.shopify import fulfillments, inventory, moves, oauth, orders, products, requests, services
from tests.fakes.shopify.api import shopify
from tests.fakes.shopify.cost import Bucket
from tests.fakes.shopify.engine import execute
from tests.fakes.shopify.faults import Fault
from tests.fakes.shopify.messages import Subscription
from tests.fakes.shopify.schema import needs_schema
from tests.fakes.shopify.shop import Shop

pytestmark = needs_schema

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SET = """mutation FulfilHubSet($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id changes { name delta } }
    userErrors { code field message }
  }
}"""
CHANGED = "query($after: String) { orders(first: 2, after: $after, sortKey: UPDATED_AT) "
CHANGED += "{ nodes { id } pageInfo { hasNextPage endCursor } } }"


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Rig:
    clock: Clock = field(default_factory=Clock)
    shop: Shop = field(init=False)

    def __post_init__(self) -> None:
        self.shop = Shop(now=self.clock)

    def ask(self, document: str, version: str = "2026-10", **variables: object) -> dict[str, Any]:
        return execute(self.shop, version, document, variables)


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
async def http(rig: Rig) -> AsyncIterator[httpx.AsyncClient]:
    async with in_memory(shopify(rig.shop)) as client:
        yield client


def codes(answer: Mapping[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


def test_a_field_without_its_scope_is_null_beside_an_error(rig: Rig) -> None:
    rig.shop.scopes = ("read_products",)
    rig.shop.add_product("MUG", "Mug", "8.50")
    answer = rig.ask(
        "{ products(first: 1) { nodes { title } } shop { name } assignedFulfillmentOrders(first: 1) { nodes { id } } }"
    )
    assert codes(answer) == ["ACCESS_DENIED"]
    assert answer["data"] is None, "a field that may not be null takes all with it"
    told = rig.ask('{ order(id: "gid://shopify/Order/1") { id } products(first: 1) { nodes { title } } }')
    assert codes(told) == ["ACCESS_DENIED"]
    assert told["data"] == {"order": None, "products": {"nodes": [{"title": "Mug"}]}}


def test_a_made_up_field_is_refused_by_the_schema(rig: Rig) -> None:
    assert "Cannot query field 'colour'" in rig.ask("{ shop { colour } }")["errors"][0]["message"]


def test_a_field_that_the_fake_lacks_is_a_fault_of_the_fake(rig: Rig) -> None:
    with pytest.raises(NotImplementedError, match=r"Shop\.resourceLimits"):
        assert rig.ask("{ shop { resourceLimits { maxProductVariants } } }")["data"]["shop"] == {}


class TestStock:
    def given(self, rig: Rig, **changes: object) -> dict[str, object]:
        mug = rig.shop.variants()[0]
        place = {"inventoryItemId": mug.inventory_item.id, "locationId": rig.shop.primary.id}
        row = {**place, "quantity": 7, "changeFromQuantity": 5, **changes}
        return {"name": "available", "reason": "correction", "quantities": [row]}

    @pytest.fixture(autouse=True)
    def _mug(self, rig: Rig) -> None:
        rig.shop.add_product("MUG", "Mug", "8.50", units=5)

    def test_the_same_key_gives_the_same_answer_and_does_it_once(self, rig: Rig) -> None:
        first = rig.ask(SET, input=self.given(rig), key="k1")["data"]
        inventory.set_available(rig.shop, rig.shop.variants()[0], rig.shop.primary, 3)
        assert rig.ask(SET, input=self.given(rig), key="k1")["data"] == first
        assert rig.shop.variants()[0].inventory_quantity == 3

    @pytest.mark.parametrize(
        ("key", "changes", "code"),
        [
            ("k1", {"quantity": 8}, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"),
            ("k2", {"changeFromQuantity": 4}, "CHANGE_FROM_QUANTITY_STALE"),
            ("k3", {"quantity": -1}, "INVALID_QUANTITY_NEGATIVE"),
            ("k4", {"quantity": 1_000_000_001}, "INVALID_QUANTITY_TOO_HIGH"),
            ("busy", {}, "IDEMPOTENCY_CONCURRENT_REQUEST"),
        ],
    )
    def test_what_is_refused_changes_nothing(self, rig: Rig, key: str, changes: dict[str, object], code: str) -> None:
        rig.shop.keys_under_way.add("busy")
        if key == "k1":
            rig.ask(SET, input=self.given(rig), key="k1")
        before = rig.shop.variants()[0].inventory_quantity
        payload = rig.ask(SET, input=self.given(rig, **changes), key=key)["data"]["inventorySetQuantities"]
        assert [error["code"] for error in payload["userErrors"]] == [code]
        assert rig.shop.variants()[0].inventory_quantity == before

    def test_an_order_takes_stock_and_a_fulfilment_what_was_promised(self, rig: Rig) -> None:
        (mug,) = rig.shop.variants()
        level = mug.inventory_item.levels[rig.shop.primary.id]
        order = orders.place(rig.shop, [(mug, 2)])
        assert (level.quantities["available"], level.quantities["committed"], level.on_hand) == (3, 2, 5)
        (waiting,) = order.fulfillment_orders
        fulfillments.create(rig.shop, [(waiting, [(waiting.line_items[0], 2)])], [])
        assert (level.quantities["available"], level.quantities["committed"], level.on_hand) == (3, 0, 3)
        other = orders.place(rig.shop, [(mug, 1)])
        orders.cancel(rig.shop, other)
        assert (level.quantities["available"], level.on_hand) == (3, 3)


def test_the_bucket_empties_and_fills(rig: Rig) -> None:
    rig.shop.bucket = Bucket(maximum=10.0, rate=2.0, available=10.0)
    query = "query FulfilHubX { orders(first: 20) { nodes { id } } }"  # costs 7, and 1 when there are none
    assert rig.ask(query)["extensions"]["cost"]["requestedQueryCost"] == 7
    rig.shop.bucket.available = 3.0
    throttled = rig.ask(query)
    assert codes(throttled) == ["THROTTLED"]
    assert "data" not in throttled
    rig.clock.pass_by(2.0)
    assert "data" in rig.ask(query)


def test_an_order_that_changes_while_one_pages_comes_again(rig: Rig) -> None:
    mug = rig.shop.add_product("MUG", "Mug", "8.50")
    made = []
    for _ in range(4):
        made.append(orders.place(rig.shop, [(mug, 1)]).id)
        rig.clock.pass_by(10)
    page = rig.ask(CHANGED)["data"]["orders"]
    seen = [row["id"] for row in page["nodes"]]
    orders.change(rig.shop, rig.shop.orders[0], note="changed")
    while page["pageInfo"]["hasNextPage"]:
        page = rig.ask(CHANGED, after=page["pageInfo"]["endCursor"])["data"]["orders"]
        seen += [row["id"] for row in page["nodes"]]
    assert seen == [*made, made[0]]


async def test_messages_are_signed_and_may_get_lost_or_come_twice(rig: Rig) -> None:
    shop, got = rig.shop, list[httpx.Request]()

    def take(request: httpx.Request) -> httpx.Response:
        got.append(request)
        return httpx.Response(500 if len(got) == 1 else 200)

    shop.outbox.subscriptions.append(Subscription("https://fulfilhub.test/in", frozenset({"orders/create"})))
    mug = shop.add_product("MUG", "Mug", "8.50")
    order = orders.place(shop, [(mug, 1)])
    async with httpx.AsyncClient(transport=httpx.MockTransport(take)) as http:
        assert await shop.outbox.carry(http) == 0
        assert await shop.outbox.carry(http) == 1
        shop.outbox.losing = 1.0
        orders.place(shop, [(mug, 1)])
        shop.outbox.losing, shop.outbox.doubling = 0.0, 1.0
        orders.place(shop, [(mug, 1)])
        assert await shop.outbox.carry(http) == 2
    assert len(shop.outbox.lost) == 1
    first, again, *twins = got
    assert first.headers["X-Shopify-Webhook-Id"] == again.headers["X-Shopify-Webhook-Id"]
    assert first.headers["X-Shopify-Hmac-Sha256"] == signature(shop.client_secrets[0], first.content)
    assert json.loads(first.content)["admin_graphql_api_id"] == order.id
    assert len({each.headers["X-Shopify-Webhook-Id"] for each in twins}) == 1


async def test_a_service_is_pinged_and_asked(rig: Rig) -> None:
    shop = rig.shop
    service = services.register(shop, "North", "https://fulfilhub.test/s/1", inventory_management=True)
    mug = shop.add_product("MUG", "Mug", "8.50", at=service.location)
    order = orders.place(shop, [(mug, 2)], at=[service.location])
    (ping,) = shop.outbox.waiting
    assert ping.uri == "https://fulfilhub.test/s/1/fulfillment_order_notification"
    assert ping.payload == {"kind": "FULFILLMENT_REQUEST"}
    (waiting,) = order.fulfillment_orders
    moves.hold(shop, waiting)
    moves.release(shop, waiting)
    assert (waiting.status, waiting.request_status) == ("OPEN", "SUBMITTED")
    requests.ask_to_cancel(shop, waiting)
    assert waiting.request_status == "UNSUBMITTED", "withdrawn before the service accepted"
    fulfillments.create(shop, [(waiting, [(waiting.line_items[0], 2)])], [])

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/fetch_stock.json"):
            return httpx.Response(200, json={"MUG": 40})
        names = request.url.params.get_list("order_names[]")
        return httpx.Response(200, json={"tracking_numbers": dict.fromkeys(names, "T1"), "success": True})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        await services.fetch_stock(http, shop, service)
        await services.fetch_tracking_numbers(http, shop, service)
    assert mug.inventory_item.levels[service.location.id].on_hand == 40
    assert order.fulfillments[0].tracking_info[0]["number"] == "T1"


async def test_a_bulk_operation_gives_a_file_of_rows(rig: Rig, http: httpx.AsyncClient) -> None:
    shop = rig.shop
    mug = shop.add_product("MUG", "Mug", "8.50")
    shop.add_variant(mug.product, "MUG-L", "Large", "9.50")
    query = "{ products { edges { node { id title variants { edges { node { id sku } } } } } } }"
    run = "mutation FulfilHubBulk($query: String!) { bulkOperationRunQuery(query: $query) "
    run += "{ bulkOperation { id status } userErrors { field message } } }"
    made = rig.ask(run, query=query)["data"]["bulkOperationRunQuery"]["bulkOperation"]
    assert made["status"] == "CREATED"
    assert rig.ask(run, query=query)["data"]["bulkOperationRunQuery"]["userErrors"]
    products.finish(shop)
    status = "query($id: ID!) { bulkOperation(id: $id) { status url objectCount } }"
    done = rig.ask(status, id=made["id"])["data"]["bulkOperation"]
    assert (done["status"], done["objectCount"]) == ("COMPLETED", "3")
    lines = (await http.get(f"https://any.test{done['url']}")).text.splitlines()
    product, *variants = map(json.loads, lines)
    assert [row["__parentId"] for row in variants] == [product["id"]] * 2


@pytest.mark.parametrize(
    ("fault", "status", "done"),
    [
        (Fault.THROTTLED, 200, False),
        (Fault.TOO_MANY, 429, False),
        (Fault.FAIL, 500, False),
        (Fault.BAD_GATEWAY, 502, False),
        (Fault.INTERNAL, 200, False),
        (Fault.FAIL_AFTER, 500, True),
    ],
)
async def test_faults(rig: Rig, http: httpx.AsyncClient, fault: Fault, status: int, done: bool) -> None:
    rig.shop.add_product("MUG", "Mug", "8.50", units=5)
    rig.shop.faults.next(fault, operation="FulfilHubSet")
    body = {"query": SET, "variables": {"input": TestStock().given(rig), "key": "k"}}
    url = "https://any.test/admin/api/2026-10/graphql.json"
    answer = await http.post(url, json=body, headers={"X-Shopify-Access-Token": "shpat_1"})
    assert answer.status_code == status
    assert rig.shop.variants()[0].inventory_quantity == (7 if done else 5)
    assert rig.shop.asked[-1]["done"] is done


class TestTokens:
    async def token(self, http: httpx.AsyncClient, shop: Shop, **members: str) -> httpx.Response:
        body = {"client_id": shop.client_id, "client_secret": shop.client_secrets[0], **members}
        return await http.post(f"https://any.test/{shop.domain}/admin/oauth/access_token", json=body)

    async def test_a_session_token_is_exchanged_and_the_pair_rotates(self, rig: Rig, http: httpx.AsyncClient) -> None:
        shop = rig.shop
        exchange = {
            "grant_type": oauth.EXCHANGE,
            "subject_token": oauth.session_token(shop),
            "subject_token_type": oauth.ID_TOKEN,
            "requested_token_type": oauth.OFFLINE,
            "expiring": "1",
        }
        first = (await self.token(http, shop, **exchange)).json()
        assert first["expires_in"] == 3600
        rig.clock.pass_by(3601)
        assert not oauth.opens(shop, first["access_token"])
        refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        second, twin = [(await self.token(http, shop, **refresh)).json() for _ in range(2)]
        assert oauth.opens(shop, second["access_token"])
        assert twin["refresh_token"] != second["refresh_token"], "the old one works until a new one is used"
        await self.token(http, shop, grant_type="refresh_token", refresh_token=second["refresh_token"])
        assert (await self.token(http, shop, **refresh)).status_code == 400
        assert (await self.token(http, shop, **exchange)).status_code == 400, "a session token lives a minute"

    async def test_a_code_is_good_once(self, rig: Rig, http: httpx.AsyncClient) -> None:
        code = oauth.grant_code(rig.shop)
        assert "expires_in" not in (await self.token(http, rig.shop, code=code)).json()
        assert (await self.token(http, rig.shop, code=code)).status_code == 400
        assert (await self.token(http, rig.shop, code=oauth.grant_code(rig.shop), client_secret="x")).status_code == 400
