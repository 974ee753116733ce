"""Warehouses, receipts, levels and the ledger over HTTP."""

from __future__ import annotations

from datetime import date

import httpx

from fulfilhub.platform import ids
from tests.make.world import Client, JsonObject, account

DAYS = ("mon", "tue", "wed", "thu", "fri")
WAREHOUSE: JsonObject = {
    "code": "LEEDS",
    "name": "Leeds North",
    "address": {"line1": "1 Mill Lane", "city": "Leeds"},
    "country": "GB",
    "postcode": "LS1 1AA",
    "timezone": "Europe/London",
    "currency": "GBP",
    "cutoffs": dict.fromkeys(DAYS, "14:00"),
    "calendar": {"holiday_region": "GB-ENG", "closed_dates": ["2026-12-24"]},
    "handling_days": 1,
    "services": [
        {"code": "standard", "carrier": "royal_mail", "zones": [{"countries": ["GB"], "transit_days": 2}]},
    ],
}


async def contracted(merchant: Client, partner: Client) -> str:
    """The id of a new warehouse of the partner, under contract with the merchant."""
    warehouse = await partner.made("/v1/warehouses", WAREHOUSE)
    offer = await partner.made(
        "/v1/contracts",
        {"merchant_id": merchant.account_id, "warehouse_id": warehouse["id"], "starts_on": str(date(2026, 1, 1))},
    )
    await merchant.made(f"/v1/contracts/{offer['id']}/accept")
    return str(warehouse["id"])


async def test_a_warehouse_is_made_read_and_changed(partner: Client) -> None:
    made = await partner.made("/v1/warehouses", WAREHOUSE)
    assert (made["operator_id"], made["state"], made["daily_capacity"]) == (partner.account_id, "open", None)
    path = f"/v1/warehouses/{made['id']}"
    assert (await partner.get(path)).json() == made
    changed = await partner.patch(path, {"state": "suspended", "daily_capacity": 50}, **{"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["state"], changed.json()["daily_capacity"], changed.json()["version"]) == (
        "suspended",
        50,
        2,
    )
    assert (await partner.patch(path, {"name": "X"}, **{"If-Match": '"1"'})).status_code == 412
    assert (await partner.patch(path, {"state": "suspended"})).json()["version"] == 2
    assert (await partner.post("/v1/warehouses", WAREHOUSE)).json()["code"] == "code_taken"
    assert (await partner.patch(path, {"state": "closed"})).status_code == 200
    assert (await partner.patch(path, {"state": "open"})).status_code == 409


async def test_a_profile_that_routing_could_not_use_is_refused_by_name(partner: Client) -> None:
    zones = [{"countries": ["uk", "*"], "transit_days": 1}]
    bad = WAREHOUSE | {
        "timezone": "Europe/Leeds",
        "cutoffs": {},
        "calendar": {"holiday_region": "GB-XXX"},
        "services": [{"code": "s", "carrier": "c", "zones": zones}],
    }
    answer = await partner.post("/v1/warehouses", bad)
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.json()["errors"]} >= {
        "/timezone",
        "/calendar/holiday_region",
        "/services/0/zones/0/countries/0",
    }
    made = await partner.made("/v1/warehouses", WAREHOUSE)
    closed = await partner.patch(f"/v1/warehouses/{made['id']}", {"cutoffs": {"mon": None}})
    assert [fault["pointer"] for fault in closed.json()["errors"]] == ["/cutoffs"]


async def test_who_sees_a_warehouse(
    http: httpx.AsyncClient, platform_key: str, merchant: Client, partner: Client
) -> None:
    own = await merchant.made("/v1/warehouses", WAREHOUSE)
    theirs = await contracted(merchant, partner)
    stranger = await account(http, platform_key, "merchant", "Other")
    rival = await account(http, platform_key, "partner", "Rival")
    seen = {row["id"] for row in (await merchant.get("/v1/warehouses")).json()["data"]}
    assert seen == {own["id"], theirs}
    assert {row["id"] for row in (await partner.get("/v1/warehouses")).json()["data"]} == {theirs}
    for other in (stranger, rival):
        assert (await other.get("/v1/warehouses")).json()["data"] == []
        assert (await other.get(f"/v1/warehouses/{theirs}")).status_code == 404
        assert (await other.patch(f"/v1/warehouses/{theirs}", {"name": "mine"})).status_code == 404
    assert (await merchant.patch(f"/v1/warehouses/{theirs}", {"name": "mine"})).status_code == 404


async def test_goods_come_in_and_the_ledger_shows_it(merchant: Client, partner: Client) -> None:
    warehouse = await contracted(merchant, partner)
    await merchant.made("/v1/products", {"sku": "MUG", "name": "Mug"})
    await merchant.made("/v1/products", {"sku": "CUP", "name": "Cup"})
    body: JsonObject = {
        "warehouse_id": warehouse,
        "reference": "PO 7",
        "lines": [{"sku": "MUG", "quantity": 10}, {"sku": "CUP", "quantity": 4}],
    }
    receipt = await merchant.made("/v1/stock/receipts", body)
    by_partner = await partner.made("/v1/stock/receipts", body | {"merchant_id": merchant.account_id})
    first = (await merchant.get("/v1/stock", limit=1)).json()
    second = (await merchant.get("/v1/stock", limit=1, cursor=first["next_cursor"])).json()
    assert not second["has_more"]
    assert {row["sku"]: (row["available"], row["on_hand"]) for row in first["data"] + second["data"]} == {
        "MUG": (20, 20),
        "CUP": (8, 8),
    }
    assert [row["sku"] for row in (await merchant.get("/v1/stock", sku="CUP", warehouse_id=warehouse)).json()["data"]]
    assert (await merchant.get("/v1/stock", sku="NONE")).json()["data"] == []
    ledger = (await merchant.get("/v1/stock/movements", document_id=str(by_partner["id"]))).json()["data"]
    assert [(row["sku"], row["before"]["available"], row["after"]["available"]) for row in ledger] == [
        ("MUG", 10, 20),
        ("CUP", 4, 8),
    ]
    assert ledger[0]["document_id"] == by_partner["id"] != receipt["id"]
    mug = ledger[0]["product_id"]
    assert len((await merchant.get("/v1/stock/movements", product_id=mug, warehouse_id=warehouse)).json()["data"]) == 2
    assert (await merchant.get("/v1/stock/movements", document_id="x")).status_code == 422
    assert (await partner.get("/v1/stock")).status_code == 403


async def test_goods_come_in_only_where_a_contract_lets_them(
    http: httpx.AsyncClient, platform_key: str, merchant: Client, partner: Client
) -> None:
    warehouse = await contracted(merchant, partner)
    stranger = await account(http, platform_key, "merchant", "Other")
    rival = await account(http, platform_key, "partner", "Rival")
    for client in (merchant, stranger):
        await client.made("/v1/products", {"sku": "MUG", "name": "Mug"})
    body: JsonObject = {"warehouse_id": warehouse, "lines": [{"sku": "MUG", "quantity": 1}]}
    named = body | {"merchant_id": merchant.account_id}
    refused = [
        await stranger.post("/v1/stock/receipts", body),
        await stranger.post("/v1/stock/receipts", named),
        await rival.post("/v1/stock/receipts", named),
        await partner.post("/v1/stock/receipts", body),
        await partner.post("/v1/stock/receipts", body | {"merchant_id": stranger.account_id}),
        await merchant.post("/v1/stock/receipts", body | {"warehouse_id": ids.WAREHOUSE.show(ids.new())}),
    ]
    assert [answer.status_code for answer in refused] == [422] * len(refused)
    offer = (await merchant.get("/v1/contracts")).json()["data"][0]
    await merchant.made(f"/v1/contracts/{offer['id']}/end")
    assert (await merchant.post("/v1/stock/receipts", body)).status_code == 422
    assert (await partner.post("/v1/stock/receipts", named)).status_code == 422
    assert (await merchant.get("/v1/stock")).json()["data"] == []


async def test_a_receipt_is_booked_once_for_one_key(merchant: Client) -> None:
    warehouse = await merchant.made("/v1/warehouses", WAREHOUSE)
    await merchant.made("/v1/products", {"sku": "MUG", "name": "Mug"})
    body = {"warehouse_id": warehouse["id"], "lines": [{"sku": "MUG", "quantity": 5}]}
    for _ in range(2):
        assert (await merchant.post("/v1/stock/receipts", body, once="delivery-1")).status_code == 201
    assert (await merchant.get("/v1/stock")).json()["data"][0]["available"] == 5
