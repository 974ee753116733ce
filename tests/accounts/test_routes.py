"""Accounts, keys and contracts over HTTP."""

from __future__ import annotations

import httpx

from fulfilhub.platform.jobs.relay import Relay
from fulfilhub.platform.work import Works
from tests.make.world import Client, account


async def test_nobody_and_the_wrong_kind_are_refused(http: httpx.AsyncClient, merchant: Client) -> None:
    assert (await http.get("/v1/account")).status_code == 401
    assert (await http.get("/v1/account", headers={"Authorization": "Bearer fh_live_nonsense"})).status_code == 401
    assert (await merchant.get("/v1/accounts")).status_code == 403


async def test_a_platform_key_makes_twins_with_keys(http: httpx.AsyncClient, platform_key: str) -> None:
    live = await account(http, platform_key, "merchant", "Ada's Mugs")
    assert live.key.startswith("fh_live_")
    me = (await live.get("/v1/account")).json()
    assert (me["name"], me["kind"], me["mode"]) == ("Ada's Mugs", "merchant", "live")
    operator = Client(http, platform_key, "")
    listed = (await operator.get("/v1/accounts", limit=2)).json()
    assert listed["has_more"] is True
    rest = (await operator.get("/v1/accounts", limit=2, cursor=listed["next_cursor"])).json()
    assert {a["id"] for a in listed["data"]} & {a["id"] for a in rest["data"]} == set()


async def test_a_key_gives_only_what_it_has_and_can_be_rotated_and_revoked(
    http: httpx.AsyncClient, merchant: Client
) -> None:
    narrow = await merchant.made("/v1/api-keys", {"name": "reader", "permissions": ["orders:read", "keys:write"]})
    reader = Client(http, str(narrow["secret"]), merchant.account_id)
    assert (await reader.get("/v1/api-keys")).status_code == 403
    assert (await reader.post("/v1/api-keys", {"name": "more", "permissions": ["orders:write"]})).status_code == 403
    rotated = await merchant.made(f"/v1/api-keys/{narrow['id']}/rotate", {"overlap_hours": 1})
    assert rotated["secret"] != narrow["secret"]
    answer = await merchant.post(f"/v1/api-keys/{rotated['id']}/revoke")
    assert answer.status_code == 200
    assert answer.json()["revoked_at"]
    fresh = Client(http, str(rotated["secret"]), merchant.account_id)
    assert (await fresh.get("/v1/account")).status_code == 401


async def test_another_accounts_key_is_not_found(merchant: Client, partner: Client) -> None:
    made = await merchant.made("/v1/api-keys", {"name": "mine"})
    assert (await partner.post(f"/v1/api-keys/{made['id']}/revoke")).status_code == 404


async def test_unknown_permissions_are_named(merchant: Client) -> None:
    answer = await merchant.post("/v1/api-keys", {"name": "x", "permissions": ["orders:read", "everything"]})
    assert answer.status_code == 403


async def test_the_event_log_is_read_by_cursor(merchant: Client, worker_works: Works) -> None:
    relay = Relay(worker_works, lambda handed: None, {}, 0.1)
    keys = [await merchant.made("/v1/api-keys", {"name": f"key {n}"}) for n in range(3)]
    for key in keys:
        await merchant.post(f"/v1/api-keys/{key['id']}/revoke")
    assert (await merchant.get("/v1/events")).json()["data"] == [], "not numbered, so not yet readable"
    await relay.number_events()
    first = (await merchant.get("/v1/events", limit=2)).json()
    assert [event["data"]["key_id"] for event in first["data"]] == [key["id"] for key in keys[:2]]
    assert first["has_more"] is True
    rest = (await merchant.get("/v1/events", cursor=first["next_cursor"])).json()
    assert [event["seq"] for event in rest["data"]] == [3]
    nothing = (await merchant.get("/v1/events", cursor=rest["next_cursor"])).json()
    assert (nothing["data"], nothing["next_cursor"]) == ([], rest["next_cursor"])


async def test_a_contract_is_offered_accepted_and_ended(
    http: httpx.AsyncClient, merchant: Client, partner: Client
) -> None:
    offer = {
        "merchant_id": merchant.account_id,
        "warehouse_id": "wh_01h455vb4pex5vsknk084sn02q",
        "starts_on": "2026-01-01",
    }
    refused = await partner.post("/v1/contracts", offer)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/warehouse_id"
