"""What a shop's plugin sees of its orders and may ask, with the shop's own key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec

from fulfilhub.app import contract
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Platform
from tests.make.plugin import plugin_shop
from tests.storefront.conftest import Trade

STATE = {
    "external_id",
    "order_id",
    "revision",
    "status",
    "status_text",
    "review",
    "holds",
    "promise",
    "shipments",
    "pending_requests",
    "tracking_url",
    "return_url",
    "actions",
    "updated_at",
}
NEW_HOME = {"name": "Ada Test", "line1": "2 Mill Lane", "city": "York", "postcode": "YO1 7HH", "country": "GB"}


async def test_an_order_from_the_door_to_the_doorstep(trade: Trade) -> None:
    number = await trade.order()
    panel = await trade.panel(number)
    assert panel.keys() == STATE | {"timeline", "routing", "returns"}
    assert (panel["external_id"], panel["status"], panel["status_text"]) == (number, "routed", "With the warehouse")
    assert panel["promise"]["state"] == "on_time"
    assert panel["promise"]["text"].startswith("Arrives by ")
    assert panel["actions"] == {"hold": True, "release": False, "cancel": "now", "change_address": "now"}
    assert panel["routing"]["warehouse"] == "Hall"
    assert sorted(each["reason"] for each in panel["routing"]["excluded"]) == [
        "Hall has none of these items available.",
        "No live contract covers Hall. Hall has none of these items available.",
    ], "the merchant's own, and another of its partner's"
    assert [each["kind"] for each in panel["timeline"]] == ["fulfilment", "order", "order"]
    assert panel["return_url"] is None
    assert panel["tracking_url"].startswith("http")

    await trade.world.ship(panel["order_id"], "RM000000009GB")
    sent = await trade.panel(number)
    assert sent["revision"] > panel["revision"]
    (shipment,) = sent["shipments"]
    assert (shipment["carrier"], shipment["carrier_name"]) == ("royal_mail", "Royal Mail")
    assert shipment["reference"].startswith("shp_")
    (parcel,) = shipment["parcels"]
    line = trade.mugs.shop.orders[int(number)]["line_items"][0]["id"]  # type: ignore[index]
    assert parcel["lines"] == [{"line_id": str(line), "quantity": 2}]
    assert (parcel["state_text"], parcel["delivered_at"]) == ("Ready for the carrier", None)
    assert sent["actions"] == {"hold": False, "release": False, "cancel": "no", "change_address": "no"}

    scan = {"tracking_number": "RM000000009GB", "carrier": "royal_mail", "state": "delivered"}
    told = {"events": [{**scan, "occurred_at": datetime.now(UTC).isoformat()}]}
    assert (await trade.world.partner.post("/v1/tracking-events", told)).is_success
    await trade.world.work_off()
    home = await trade.panel(number)
    assert home["revision"] > sent["revision"]
    assert (home["status"], home["return_url"]) == ("delivered", f"{home['tracking_url']}#return")
    assert home["shipments"][0]["parcels"][0]["delivered_at"] is not None
    order = (await trade.world.merchant.get(f"/v1/orders/{home['order_id']}")).json()
    one = [{"line_id": order["lines"][0]["id"], "quantity": 1, "reason": "changed_mind"}]
    back = await trade.world.merchant.made("/v1/returns", {"order_id": order["id"], "lines": one})
    (shown,) = (await trade.panel(number))["returns"]
    assert shown == {
        "id": back["id"],
        "number": back["id"],
        "status": "approved",
        "status_text": "Approved, waiting for the items",
        "lines": [{"line_id": str(line), "quantity": 1}],
    }


async def test_many_orders_in_one_look(trade: Trade) -> None:
    numbers = [await trade.order(1) for _ in range(3)]
    answer = await trade.mugs.key.get("/v1/storefront/orders", external_ids=",".join([*numbers, "404", numbers[0]]))
    assert answer.status_code == 200, answer.text
    states = answer.json()["data"]
    assert [each["external_id"] for each in states] == numbers
    assert all(each.keys() == STATE for each in states)
    panel = await trade.panel(numbers[0])
    assert {name: panel[name] for name in STATE} == states[0]
    refused = await trade.mugs.key.get("/v1/storefront/orders", external_ids=",".join(map(str, range(101))))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "query/external_ids")


async def test_holds_are_placed_and_released(trade: Trade) -> None:
    number = await trade.order()
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    held = await trade.asked(number, "hold", {"reason": "customer_request", "note": "On holiday", "until": until})
    (hold,) = held["holds"]
    assert (hold["text"], hold["note"], hold["releasable"]) == ("The customer asked to wait", "On holiday", True)
    assert (held["status"], held["actions"]["release"]) == ("on_hold", True)
    after = await trade.asked(number, "release", {"hold_id": hold["id"]})
    assert (after["holds"], after["status"], after["revision"] > held["revision"]) == ([], "routed", True)
    stranger = await trade.mugs.key.post(
        f"/v1/storefront/orders/{number}/release", {"hold_id": "hld_01h455vb4pex5vsknk084sn02q"}
    )
    assert stranger.status_code == 404


async def test_before_a_claim_at_once_and_after_it_by_request(trade: Trade) -> None:
    number = await trade.order()
    moved = await trade.asked(number, "address", {"ship_to": {**NEW_HOME, "email": "new@example.test"}})
    assert moved["pending_requests"] == []
    order = (await trade.world.merchant.get(f"/v1/orders/{moved['order_id']}")).json()
    assert (order["ship_to"]["city"], order["email"]) == ("York", "new@example.test")
    await trade.asked(number, "cancel", {})
    number = await trade.order()
    at, lease = await trade.world.claim((await trade.panel(number))["order_id"])
    await trade.world.partner.made(f"{at}/accept", lease)
    claimed = await trade.panel(number)
    assert (claimed["actions"]["cancel"], claimed["actions"]["change_address"]) == ("request", "request")
    asked = await trade.asked(number, "address", {"ship_to": {**NEW_HOME, "line1": "3 Mill Lane"}})
    asked = await trade.asked(number, "cancel", {"note": "She changed her mind"})
    assert [each["kind"] for each in asked["pending_requests"]] == ["edit", "cancel"]
    assert all(each["text"].startswith("The warehouse was asked") for each in asked["pending_requests"])
    assert asked["status"] == "routed"
    other = await trade.order()
    gone = await trade.asked(other, "cancel", {})
    assert (gone["status"], gone["actions"]["cancel"]) == ("cancelled", "no")
    late = await trade.mugs.key.post(f"/v1/storefront/orders/{other}/hold", {"reason": "other"})
    assert (late.status_code, late.json()["code"]) == (409, "illegal_action")


async def test_a_repeated_request_is_done_once(trade: Trade) -> None:
    number = await trade.order()
    path, body = f"/v1/storefront/orders/{number}/hold", {"reason": "fraud_risk"}
    first = await trade.mugs.key.post(path, body, once="hold-1")
    again = await trade.mugs.key.post(path, body, once="hold-1")
    assert (first.status_code, again.json()) == (200, first.json())
    assert len((await trade.panel(number))["holds"]) == 1


async def test_two_shops_that_choose_one_idempotency_key_do_not_meet(trade: Trade) -> None:
    number = await trade.order()
    await trade.jugs.hand_over({**trade.mugs.shop.orders[int(number)]})
    await trade.world.work_off()
    path, body = f"/v1/storefront/orders/{number}/cancel", {"note": ""}
    told = [await shop.key.post(path, body, once="cancel-1") for shop in (trade.mugs, trade.jugs)]
    assert [each.json()["status"] for each in told] == ["cancelled", "cancelled"]
    assert told[0].json()["order_id"] != told[1].json()["order_id"]


async def test_what_is_not_here_says_why(trade: Trade) -> None:
    at = "/v1/storefront/orders"
    nowhere = await trade.mugs.key.get(f"{at}/12345")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "order_not_here")
    placed = trade.mugs.shop.place_order([(trade.ware, 1)])
    await trade.mugs.hand_over(placed)
    waiting = await trade.mugs.key.get(f"{at}/{placed['id']}")
    assert (waiting.status_code, waiting.json()["code"]) == (409, "order_waiting")
    connection = (await trade.mugs.key.get("/v1/storefront")).json()
    assert connection["intake"]["waiting"] == 1
    await trade.world.work_off()
    assert (await trade.panel(str(placed["id"])))["status"] == "routed"
    refunded = trade.mugs.shop.place_order([(trade.ware, 1)])
    refunded = trade.mugs.shop.change(refunded, refunds=[{"id": 1, "reason": "", "total": "-1.00"}])
    await trade.mugs.hand_over(refunded)
    await trade.world.run("stores.read_delivery")
    rereading = await trade.mugs.key.get(f"{at}/{refunded['id']}")
    assert (rereading.status_code, rereading.json()["code"]) == (409, "order_waiting")
    await trade.mugs.hand_over({"id": 77}, topic="order.deleted")
    await trade.world.work_off()
    assert (await trade.mugs.key.get(f"{at}/77")).json()["code"] == "order_not_here"
    unknown = trade.mugs.shop.place_order([(trade.mugs.shop.stock("NEW", "New", "1.00"), 1)])
    await trade.mugs.hand_over(unknown)
    await trade.world.work_off()
    panel = await trade.panel(str(unknown["id"]))
    assert (panel["status"], panel["status_text"]) == ("needs_review", "Needs your attention")
    (reason,) = panel["review"]
    assert reason["code"] == "unknown_sku"
    assert "NEW" in reason["detail"]
    assert reason["fix"]
    connection = (await trade.mugs.key.get("/v1/storefront")).json()
    assert (connection["intake"]["waiting"], connection["intake"]["needs_review"]) == (0, 1)


async def test_a_delivery_that_expired_before_it_was_read(trade: Trade) -> None:
    placed = trade.mugs.shop.place_order([(trade.ware, 1)])
    await trade.mugs.hand_over(placed)
    async with trade.world.works.begin(Platform("test")) as work:
        await work.execute_raw("UPDATE inbox SET payload = NULL")
    await trade.world.work_off()
    lost = await trade.mugs.key.get(f"/v1/storefront/orders/{placed['id']}")
    assert (lost.status_code, lost.json()["code"]) == (409, "order_unreadable")
    assert "expired" in lost.json()["detail"]


async def test_dates_for_a_cart(trade: Trade) -> None:
    def cart(*lines: dict[str, object], **to: str) -> dict[str, Any]:
        return {"lines": list(lines), "ship_to": {"country": "GB", "postcode": "M1 1AA", **to}}

    mug = {"sku": "MUG", "quantity": 2}
    answer = await trade.mugs.key.post("/v1/storefront/promises", cart(mug))
    assert answer.status_code == 200, answer.text
    (option,) = answer.json()["options"]
    assert answer.json()["complete"] is True
    assert (option["service"], option["name"]) == ("standard", "Standard")
    assert option["deliver_by_text"].split()[0].endswith("day")
    for what in (
        cart({"sku": "NOBODY-KNOWS", "quantity": 1}),
        cart({"sku": "RARE", "quantity": 1}),
        cart({"quantity": 1}),
        cart({"variant_id": "4711", "quantity": 1}),
    ):
        assert (await trade.mugs.key.post("/v1/storefront/promises", what)).json() == {"options": [], "complete": False}
    incomplete = await trade.mugs.key.post("/v1/storefront/promises", cart(mug, postcode=""))
    assert (incomplete.status_code, incomplete.json()["options"]) == (200, [])
    much = await trade.mugs.key.post("/v1/storefront/promises", cart(*[mug] * 51))
    assert much.status_code == 422


async def test_a_shop_sees_nothing_of_another_shop(trade: Trade, http: httpx.AsyncClient) -> None:
    number = await trade.order()
    stranger = await plugin_shop(trade.world.other_merchant, trade.jugs.shop)
    for key in (trade.jugs.key, stranger.key):
        assert (await key.get("/v1/storefront/orders", external_ids=number)).json() == {"data": []}
        assert (await key.get(f"/v1/storefront/orders/{number}")).json()["code"] == "order_not_here"
        for verb, body in (
            ("hold", {"reason": "other"}),
            ("release", {"hold_id": "hld_01h455vb4pex5vsknk084sn02q"}),
            ("cancel", {}),
            ("address", {"ship_to": NEW_HOME}),
        ):
            refused = await key.post(f"/v1/storefront/orders/{number}/{verb}", body)
            assert (refused.status_code, refused.json()["code"]) == (404, "order_not_here"), verb
        shown = (await key.get("/v1/storefront")).json()
        assert shown["store"]["id"] != trade.mugs.store_id
        assert shown["intake"]["last_received_at"] is None
    assert (await trade.panel(number))["status"] == "routed"


async def test_the_same_number_in_two_shops_is_two_orders(trade: Trade) -> None:
    number = await trade.order()
    twin = {**trade.mugs.shop.orders[int(number)]}
    await trade.jugs.hand_over(twin)
    await trade.world.work_off()
    theirs = (await trade.jugs.key.get(f"/v1/storefront/orders/{number}")).json()
    assert theirs["order_id"] != (await trade.panel(number))["order_id"]
    await trade.asked(number, "cancel", {})
    assert (await trade.jugs.key.get(f"/v1/storefront/orders/{number}")).json()["status"] == "routed"


async def test_a_key_of_a_store_opens_nothing_else(trade: Trade) -> None:
    """Every operation of the contract, with the key of a store; and the storefront's with any other key."""
    for path, methods in msgspec.json.decode(contract())["paths"].items():
        for method, told in methods.items():
            if not told.get("security"):
                continue
            where = path.replace("{external_id}", "1")
            for name, kind in (("store_id", ids.STORE), ("order_id", ids.ORDER), ("key_id", ids.API_KEY)):
                where = where.replace("{" + name + "}", kind.show(ids.new()))
            mine = told["x-callers"] == ["store"]
            callers = (
                [trade.mugs.key] if not mine else [trade.world.merchant, trade.world.partner, trade.world.operator]
            )
            for caller in callers:
                answer = await caller.http.request(method.upper(), where, headers=caller.headers(), json={})
                assert answer.status_code == 403, (method, path, answer.status_code, answer.text)


async def test_the_audit_log_names_the_key_and_the_order(trade: Trade) -> None:
    number = await trade.order()
    await trade.asked(number, "hold", {"reason": "other"})
    refused = await trade.mugs.key.post("/v1/storefront/orders/404/cancel", {})
    assert refused.status_code == 404
    log = (await trade.world.merchant.get("/v1/audit-log")).json()["data"]
    keys = {each["store_id"]: each["id"] for each in (await trade.world.merchant.get("/v1/api-keys")).json()["data"]}
    held, cancelled = (
        next(each for each in log if each["action"] == action) for action in ("holdShopOrder", "cancelShopOrder")
    )
    assert (held["actor"], held["status"]) == (keys[trade.mugs.store_id], 200)
    assert held["entity"] == (await trade.panel(number))["order_id"]
    assert (cancelled["actor"], cancelled["status"]) == (keys[trade.mugs.store_id], 404)
