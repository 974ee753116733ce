"""Contracts over HTTP: agreed, changed and ended by both sides, and what routing makes of their terms and dates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from fulfilhub.accounts.commands import end_past_contracts
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.make.scene import HALL, Hand, Json, Scene, a_hand, make_scene
from tests.make.world import Client, account
from tests.people.world import PASSWORD, Browser


@pytest.fixture
async def hand(worker_works: Works, settings: Settings, vault: Vault) -> AsyncIterator[Hand]:
    async with a_hand(worker_works, settings, vault) as made:
        yield made


@pytest.fixture
async def scene(hand: Hand, merchant: Client, partner: Client) -> Scene:
    return await make_scene(hand, merchant, partner)


def today() -> date:
    return utc_now().date()


async def contract_of(client: Client) -> Json:
    (only,) = (await client.get("/v1/contracts")).json()["data"]
    return dict(only)


async def agree(scene: Scene, **terms: object) -> Json:
    """New terms for the scene's contract, proposed by the merchant and accepted by the partner."""
    contract = await contract_of(scene.merchant)
    body = {"warehouse_ids": [scene.warehouse], "starts_on": "2026-01-01", **terms}
    await scene.merchant.made(f"/v1/contracts/{contract['id']}/versions", body)
    return dict(await scene.partner.made(f"/v1/contracts/{contract['id']}/accept", {}))


async def told(client: Client, hand: Hand) -> list[str]:
    """What changed of contracts, by the account's own log."""
    await hand.work_off()
    async with hand.works.begin(Platform("test")) as work:
        rows = await work.fetch_raw(
            "SELECT e.data ->> 'change' AS change FROM events AS e JOIN api_keys AS k USING (account_id) "
            "WHERE e.type = 'contract.changed' AND k.hint = $1 ORDER BY e.id",
            client.key[-4:],
        )
    return [row["change"] for row in rows]


async def test_a_change_counts_once_both_sides_accepted_it(scene: Scene) -> None:
    contract = await contract_of(scene.partner)
    at = f"/v1/contracts/{contract['id']}"
    terms = {"warehouse_ids": [scene.warehouse], "starts_on": "2026-01-01", "accept_within_minutes": 30}
    proposed: Any = await scene.merchant.made(f"{at}/versions", terms)
    assert (proposed["terms"]["accept_within_minutes"], proposed["proposed"]["accept_within_minutes"]) == (None, 30)
    assert "accept" not in proposed["actions"]
    refused = await scene.merchant.post(f"{at}/accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_action")
    counter: Any = await scene.partner.made(f"{at}/versions", terms | {"accept_within_minutes": 60})
    stale = await scene.merchant.post(f"{at}/accept", **{"If-Match": f'"{proposed["version"]}"'})
    assert stale.status_code == 412
    agreed: Any = (await scene.merchant.post(f"{at}/accept", **{"If-Match": f'"{counter["version"]}"'})).json()
    assert (agreed["state"], agreed["terms"]["number"], agreed["terms"]["accept_within_minutes"]) == ("active", 3, 60)
    versions = (await scene.partner.get(f"{at}/versions")).json()["data"]
    assert [each["state"] for each in versions] == ["accepted", "declined", "accepted"]
    # What the other side did is told a moment later than what one did oneself.
    for side in (scene.merchant, scene.partner):
        assert sorted(await told(side, scene.hand)) == ["accepted", "accepted", "offered", "proposed", "proposed"]


async def test_a_declined_change_leaves_what_was_agreed(scene: Scene) -> None:
    contract = await contract_of(scene.merchant)
    terms = {"warehouse_ids": [scene.warehouse], "starts_on": "2026-01-01", "services": [{"code": "standard"}]}
    await scene.partner.made(f"/v1/contracts/{contract['id']}/versions", terms)
    for _ in range(2):
        after: Any = await scene.merchant.made(f"/v1/contracts/{contract['id']}/decline", {})
        assert (after["state"], after["proposed"], after["terms"]["number"]) == ("active", None, 1)


async def test_a_merchant_names_only_warehouses_that_its_partner_named(scene: Scene) -> None:
    second = (await scene.partner.made("/v1/warehouses", {**HALL, "code": "SECOND"}))["id"]
    contract = await contract_of(scene.merchant)
    both = {"warehouse_ids": [scene.warehouse, second], "starts_on": "2026-01-01"}
    refused = await scene.merchant.post(f"/v1/contracts/{contract['id']}/versions", both)
    assert refused.json()["errors"][0]["pointer"] == "/warehouse_ids"
    await scene.partner.made(f"/v1/contracts/{contract['id']}/versions", both)
    agreed: Any = await scene.merchant.made(f"/v1/contracts/{contract['id']}/accept", {})
    assert agreed["warehouse_ids"] == [scene.warehouse, second]
    again = {"merchant_id": scene.merchant.account_id, "warehouse_id": second, "starts_on": "2026-01-01"}
    assert (await scene.partner.post("/v1/contracts", again)).json()["code"] == "contract_exists"


async def test_work_is_sent_only_for_services_that_the_contract_covers(scene: Scene) -> None:
    await agree(scene, services=[{"code": "next_day"}])
    await scene.order("o-1")
    assert (await scene.claim())[1] == []
    await agree(scene, services=[{"code": "standard"}])
    await scene.order("o-2")
    (work,) = (await scene.claim())[1]
    assert work["order_number"] == "o-2"


async def test_terms_that_begin_later_do_not_count_before(scene: Scene) -> None:
    await agree(scene, services=[{"code": "next_day"}], starts_on=str(today() + timedelta(days=2)))
    assert (await contract_of(scene.merchant))["terms"]["number"] == 1
    await scene.order("o-1")
    assert len((await scene.claim())[1]) == 1


async def test_a_contract_ends_with_notice_and_work_in_hand_is_finished(scene: Scene, worker_works: Works) -> None:
    agreed = await agree(scene, notice_days=10)
    await scene.order("o-1")
    for _ in range(2):
        ending: Any = await scene.partner.made(f"/v1/contracts/{agreed['id']}/end", {})
        assert (ending["state"], ending["ends_on"]) == ("active", str(today() + timedelta(days=10)))
    assert ending["actions"] == []
    await scene.order("o-2")
    async with worker_works.begin(Platform("test")) as work:
        await work.execute_raw("UPDATE contracts SET ends_on = starts_on")
    assert (await contract_of(scene.merchant))["state"] == "ended"
    await scene.order("o-3")
    lease, works = await scene.claim(limit=10)
    assert [each["order_number"] for each in works] == ["o-1", "o-2"]
    parcel = {"carrier": "royal_mail", "tracking_number": "RM1"}
    for place, each in enumerate(works):
        sent = {"lease_id": lease, "parcels": [{**parcel, "tracking_number": f"RM{place}"}]}
        await scene.partner.made(f"/v1/work/orders/{each['id']}/ship", sent)
    async with worker_works.begin(Platform("test")) as work:
        await end_past_contracts(work)
    assert (await told(scene.merchant, scene.hand))[-2:] == ["notice_given", "ended"]
    offer = {"merchant_id": scene.merchant.account_id, "warehouse_id": scene.warehouse, "starts_on": str(today())}
    await scene.partner.made("/v1/contracts", offer)


async def test_an_invited_partner_answers_with_an_offer(scene: Scene, platform_key: str) -> None:
    other = await account(scene.merchant.http, platform_key, "partner", "Slow 3PL")
    made: Any = await scene.merchant.made("/v1/contract-invitations", {"account_id": other.account_id})
    assert made["link"] is None
    assert "contract_invitation_id" in str(await _told_of_invitation(other, scene.hand))
    (seen,) = (await other.get("/v1/contract-invitations")).json()["data"]
    assert (seen["from_account_id"], seen["state"]) == (scene.merchant.account_id, "open")
    place = (await other.made("/v1/warehouses", {**HALL, "code": "OTHER"}))["id"]
    offer = {"merchant_id": scene.merchant.account_id, "warehouse_ids": [place], "starts_on": "2026-01-01"}
    contract = await other.made("/v1/contracts", offer)
    after = (await scene.merchant.get(f"/v1/contract-invitations/{seen['id']}")).json()
    assert (after["state"], after["contract_id"]) == ("offered", contract["id"])
    assert (await scene.partner.get(f"/v1/contract-invitations/{seen['id']}")).status_code == 404


async def _told_of_invitation(client: Client, hand: Hand) -> list[Json]:
    await hand.work_off()
    async with hand.works.begin(Platform("test")) as work:
        rows = await work.fetch_raw(
            "SELECT e.data::text FROM events AS e JOIN api_keys AS k USING (account_id) "
            "WHERE e.type = 'contract.invitation' AND k.hint = $1",
            client.key[-4:],
        )
    return [row[0] for row in rows]


async def test_somebody_who_is_not_here_yet_joins_by_a_link_and_finds_the_offer(
    http: httpx.AsyncClient, scene: Scene
) -> None:
    second = (await scene.partner.made("/v1/warehouses", {**HALL, "code": "SECOND"}))["id"]
    body = {"email": "hal@example.test", "warehouse_ids": [second], "starts_on": "2026-01-01"}
    made: Any = await scene.partner.made("/v1/contract-invitations", body)
    path = made["link"].removeprefix("http://localhost:8000").partition("/contract-invitations/")[2]
    browser = Browser(http)
    page = await browser.open(f"/contract-invitations/{path}")
    assert page.status_code == 200
    assert "Quick 3PL" in page.text
    fields = {"organisation": "Hal's Hats", "name": "Hal", "email": "hal@example.test"}
    weak = await browser.submit(f"/contract-invitations/{path}", **fields, password="short")
    assert weak.status_code == 422
    joined = await browser.submit(f"/contract-invitations/{path}", **fields, password=PASSWORD)
    assert joined.status_code == 200, joined.text
    assert (await browser.open(f"/contract-invitations/{path}")).status_code == 404
    await scene.hand.work_off()
    signed_in = await browser.sign_in("hal@example.test")
    assert signed_in.status_code == 303, signed_in.text
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    (offer,) = (await http.get("/v1/contracts", headers={"Cookie": cookies})).json()["data"]
    assert (offer["state"], offer["warehouse_ids"], offer["actions"][0]) == ("offered", [second], "accept")


async def test_a_link_is_for_one_account_of_its_kind(scene: Scene, platform_key: str) -> None:
    made: Any = await scene.merchant.made("/v1/contract-invitations", {"email": "somebody@example.test"})
    token = made["link"].rpartition("/")[2]
    wrong = await scene.merchant.post("/v1/contract-invitations/take-up", {"token": token})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "link_gone")
    taken: Any = await scene.partner.made("/v1/contract-invitations/take-up", {"token": token})
    assert (taken["state"], taken["to_account_id"]) == ("open", scene.partner.account_id)
    other = await account(scene.merchant.http, platform_key, "partner", "Slow 3PL")
    assert (await other.post("/v1/contract-invitations/take-up", {"token": token})).status_code == 404
    declined: Any = await scene.partner.made(f"/v1/contract-invitations/{taken['id']}/decline", {})
    assert declined["state"] == "declined"
    revoked = await scene.merchant.post(f"/v1/contract-invitations/{taken['id']}/revoke")
    assert revoked.json()["code"] == "illegal_action"


async def test_what_of_the_customer_a_partner_sees_is_what_the_contract_says(scene: Scene) -> None:
    await agree(scene, services=[{"code": "standard", "contact": ["email"]}])
    await scene.order("o-1")
    await agree(scene, services=[{"code": "*"}])
    await scene.order("o-2")
    first, second = (await scene.claim(limit=2))[1]
    assert first["ship_to"]["email"] == "ada@example.test"
    assert not {"email", "phone"} & second["ship_to"].keys()
