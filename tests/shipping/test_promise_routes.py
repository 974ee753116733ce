"""An order's promise over HTTP: on the order, by itself, as a filter, and summed up."""

from __future__ import annotations

from fulfilhub.fulfilment.commands.queueing import route
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.work import Works
from tests.make.world import Client, JsonObject
from tests.routing.test_promises import CART, stocked

ORDER: JsonObject = {
    "external_id": "1",
    "number": "1",
    "currency": "GBP",
    "placed_at": "2026-11-24T09:00:00Z",
    "lines": [{"external_id": "a", "sku": "MUG", "quantity": 2}],
    "ship_to": {"name": "Ada", "line1": "1 High St", "city": "Manchester", "postcode": "M1 1AA", "country": "GB"},
}


async def test_the_order_gets_the_promise_that_was_shown_and_it_is_found_by_how_it_stands(
    merchant: Client, partner: Client, works: Works
) -> None:
    await stocked(merchant, partner)
    shown = (await merchant.post("/v1/promises", CART | {"service": "standard"})).json()["options"][0]
    made = await merchant.made("/v1/orders", ORDER)
    path = f"/v1/orders/{made['id']}"
    assert made["promise"] is None
    assert (await merchant.get(f"{path}/promise")).status_code == 404
    async with works.begin(Merchant(ids.ACCOUNT.find(merchant.account_id))) as work:
        await route(work, [ids.ORDER.find(str(made["id"]))], "test")
    order = (await merchant.get(path)).json()
    dates = {name: shown[name] for name in ("ship_by", "deliver_by")}
    assert order["promise"] == {**dates, "state": "on_track", "cause": None}
    found = (await merchant.get("/v1/orders", promise="on_track")).json()["data"]
    assert [each["promise"] for each in found] == [order["promise"]]
    assert (await merchant.get("/v1/orders", promise="at_risk")).json()["data"] == []
    assert (await merchant.get("/v1/orders", promise="lost")).status_code == 422
    account = (await merchant.get(f"{path}/promise")).json()
    assert (account["state"], [each["stage"] for each in account["stages"]]) == ("on_track", ["ship", "deliver"])
    assert [each["promised"] for each in account["stages"]] == list(dates.values())
    assert {each["outcome"] for each in account["stages"]} == {None}


async def test_the_summary_says_what_its_days_must_be(merchant: Client, partner: Client) -> None:
    empty = await merchant.get("/v1/promises/summary", **{"from": "2026-11-01", "to": "2026-12-01"})
    assert (empty.status_code, empty.json()) == (200, {"sums": []})
    turned = await merchant.get("/v1/promises/summary", **{"from": "2026-12-01", "to": "2026-11-01"})
    assert turned.status_code == 422
    assert [fault["pointer"] for fault in turned.json()["errors"]] == ["query/to"]
    assert (await partner.get("/v1/promises/summary", **{"from": "2026-11-01", "to": "2026-12-01"})).status_code == 403
