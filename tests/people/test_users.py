"""People by API: invitations, roles, leaving; what an invitation's page does; and the wall between organisations."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import text

from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.make.world import Client, account
from tests.people.world import PASSWORD, Browser, invited, joined, signed_in

ADA, BOB = "ada@example.com", "bob@example.com"


async def change(works: Works, statement: str) -> None:
    async with works.begin(Platform("test")) as work:
        await work.db.execute(text(statement))


async def test_an_invitation_is_made_sent_again_taken_back_and_accepted_once(merchant: Client) -> None:
    made = (await merchant.post("/v1/users/invitations", {"email": ADA, "role": "finance"})).json()
    invitation = made["invitation"]
    assert (invitation["state"], invitation["role"]) == ("open", "finance")
    first = urlsplit(made["link"]).path
    again = (await merchant.post(f"/v1/users/invitations/{invitation['id']}/resend")).json()
    second = urlsplit(again["link"]).path
    assert (await merchant.http.get(first)).status_code == 404, "the older link ended"
    page = await merchant.http.get(second)
    assert "Join Ada&#39;s Mugs" in page.text
    assert ADA in page.text
    token = second.rpartition("/")[2]
    assert token not in (await merchant.get(f"/v1/users/invitations/{invitation['id']}")).text
    browser = Browser(merchant.http)
    await browser.open(second)
    assert "Welcome" in (await browser.submit(second, name="Ada", password=PASSWORD)).text
    assert (await browser.open(second)).status_code == 404
    shown = (await merchant.get(f"/v1/users/invitations/{invitation['id']}")).json()
    user = (await merchant.get(f"/v1/users/{shown['user_id']}")).json()
    assert (shown["state"], user["name"], user["role"]) == ("accepted", "Ada", "finance")
    for verb in ("resend", "revoke"):
        late = await merchant.post(f"/v1/users/invitations/{invitation['id']}/{verb}")
        assert (late.status_code, late.json()["code"]) == (409, "invitation_accepted")
    twice = await merchant.post("/v1/users/invitations", {"email": ADA.upper(), "role": "owner"})
    assert (twice.status_code, twice.json()["code"]) == (409, "user_exists")


async def test_an_invitation_accepted_twice_at_once_makes_one_person(merchant: Client) -> None:
    path = await invited(merchant, ADA)
    browsers = [Browser(merchant.http) for _ in range(4)]
    for browser in browsers:
        await browser.open(path)
    answers = await asyncio.gather(*(b.submit(path, name="Ada", password=PASSWORD) for b in browsers))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]
    assert len((await merchant.get("/v1/users")).json()["data"]) == 1


async def test_old_and_revoked_invitations_lead_nowhere(merchant: Client, worker_works: Works) -> None:
    revoked = await merchant.made("/v1/users/invitations", {"email": ADA, "role": "owner"})
    path = urlsplit(str(revoked["link"])).path
    invitation = revoked["invitation"]
    assert isinstance(invitation, dict)
    for _ in range(2):
        answer = await merchant.post(f"/v1/users/invitations/{invitation['id']}/revoke")
        assert answer.json()["state"] == "revoked"
    old = await invited(merchant, BOB)
    await change(worker_works, "UPDATE user_links SET expires_at = created_at")
    states = {row["state"] for row in (await merchant.get("/v1/users/invitations")).json()["data"]}
    assert states == {"revoked", "expired"}
    for dead in (path, old, "/invitations/" + "A" * 43, "/invitations/x", "/passwords/" + old.rpartition("/")[2]):
        page = await merchant.http.get(dead)
        assert page.status_code == 404, dead
        assert "leads nowhere" in page.text


async def test_a_weak_password_is_explained_and_the_invitation_stays_good(merchant: Client) -> None:
    path = await invited(merchant, ADA)
    browser = Browser(merchant.http)
    await browser.open(path)
    for weak in ("short", "password1234", "ada@example.com"):
        refused = await browser.submit(path, name="Ada", password=weak)
        assert (refused.status_code, 'role="alert"' in refused.text) == (422, True)
        assert weak not in refused.text.replace(ADA, "") or weak == ADA
    assert (await browser.submit(path, _origin="https://evil.test", name="A", password=PASSWORD)).status_code == 403
    assert (await browser.submit(path, name="Ada", password=PASSWORD)).status_code == 200


async def test_roles_hold_at_once_and_an_owner_is_left(merchant: Client) -> None:
    ada = await joined(merchant, ADA)
    refused = await merchant.patch(f"/v1/users/{ada}", {"role": "finance"})
    assert (refused.status_code, refused.json()["code"]) == (409, "last_owner")
    assert (await merchant.post(f"/v1/users/{ada}/deactivate")).json()["code"] == "last_owner"
    bob = await joined(merchant, BOB)
    browser = Browser(merchant.http)
    await browser.sign_in(BOB)
    cookie = {"Cookie": f"fulfilhub-session={browser.session}"}
    assert (await merchant.http.get("/v1/users", headers=cookie)).status_code == 200
    changed = await merchant.patch(f"/v1/users/{bob}", {"role": "read_only"}, **{"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["role"]) == (200, "read_only")
    assert (await merchant.http.get("/v1/users", headers=cookie)).status_code == 403
    assert (await merchant.http.get("/v1/orders", headers=cookie)).status_code == 200
    stale = await merchant.patch(f"/v1/users/{bob}", {"name": "Robert"}, **{"If-Match": '"1"'})
    assert stale.status_code == 412


async def test_two_owners_who_leave_at_once_leave_one(merchant: Client) -> None:
    owners = [await joined(merchant, ADA), await joined(merchant, BOB)]
    answers = await asyncio.gather(*(merchant.post(f"/v1/users/{owner}/deactivate") for owner in owners))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_who_leaves_is_signed_out_and_may_come_back(merchant: Client) -> None:
    await joined(merchant, ADA)
    browser = await signed_in(merchant, BOB, "operations")
    bob = next(u["id"] for u in (await merchant.get("/v1/users")).json()["data"] if u["email"] == BOB)
    gone = (await merchant.post(f"/v1/users/{bob}/deactivate")).json()
    assert (gone["state"], gone["actions"]) == ("deactivated", ["reactivate"])
    assert (await browser.open("/me")).status_code == 303
    assert (await browser.sign_in(BOB)).status_code == 422
    assert (await merchant.post(f"/v1/users/{bob}/password-link")).status_code == 409
    assert (await merchant.post(f"/v1/users/{bob}/reactivate")).json()["state"] == "active"
    assert (await browser.sign_in(BOB)).status_code == 303


async def test_nobody_gives_what_they_do_not_have(http: httpx.AsyncClient, merchant: Client) -> None:
    ada = await joined(merchant, ADA)
    narrow = await merchant.made("/v1/api-keys", {"name": "hr", "permissions": ["users:read", "users:write"]})
    clerk = Client(http, str(narrow["secret"]), merchant.account_id)
    for answer in (
        await clerk.post("/v1/users/invitations", {"email": BOB, "role": "owner"}),
        await clerk.post(f"/v1/users/{ada}/password-link"),
        await clerk.post(f"/v1/users/{ada}/deactivate"),
        await clerk.patch(f"/v1/users/{ada}", {"role": "read_only"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "role_too_powerful")


async def test_a_forgotten_password_is_set_anew_by_a_link_once(merchant: Client) -> None:
    browser = await signed_in(merchant)
    (user,) = (await merchant.get("/v1/users")).json()["data"]
    made = (await merchant.post(f"/v1/users/{user['id']}/password-link")).json()
    path = urlsplit(made["link"]).path
    fresh = Browser(merchant.http)
    await fresh.open(path)
    assert (await fresh.submit(path, password="eleven red tricycles")).headers["Location"] == "/sign-in"
    assert (await browser.open("/me")).status_code == 303, "signed out everywhere"
    assert (await fresh.open(path)).status_code == 404
    assert (await fresh.sign_in(ADA)).status_code == 422
    assert (await fresh.sign_in(ADA, "eleven red tricycles")).status_code == 303


async def test_people_belong_to_the_live_account_and_work_in_its_twin(
    http: httpx.AsyncClient, merchant: Client
) -> None:
    browser = await signed_in(merchant)
    cookie = {"Cookie": f"fulfilhub-session={browser.session}"}
    await browser.open("/me")
    assert (await http.get("/v1/account", headers=cookie)).json()["mode"] == "live"
    assert (await browser.submit("/me/mode", mode="test")).status_code == 303
    me = (await http.get("/v1/account", headers=cookie)).json()
    assert (me["mode"], me["twin_id"]) == ("test", merchant.account_id)
    refused = await http.get("/v1/users", headers=cookie)
    assert (refused.status_code, refused.json()["code"]) == (403, "live_only")
    assert "test mode" in (await browser.open("/me")).text


async def test_other_organisations_people_are_not_there(
    http: httpx.AsyncClient, platform_key: str, merchant: Client, partner: Client, works: Works
) -> None:
    ada = await joined(merchant, ADA)
    made = await merchant.made("/v1/users/invitations", {"email": BOB, "role": "owner"})
    invitation = made["invitation"]
    assert isinstance(invitation, dict)
    other = await account(http, platform_key, "merchant", "Other")
    for stranger in (other, partner):
        assert (await stranger.get(f"/v1/users/{ada}")).status_code == 404
        assert (await stranger.patch(f"/v1/users/{ada}", {"role": "owner"})).status_code == 404
        assert (await stranger.post(f"/v1/users/{ada}/password-link")).status_code == 404
        assert (await stranger.post(f"/v1/users/invitations/{invitation['id']}/resend")).status_code == 404
        assert (await stranger.get("/v1/users")).json()["data"] == []
    tables = ("users", "user_secrets", "user_sessions", "user_links", "recovery_codes", "audit_log", "store_codes")
    await signed_in(other, "eve@example.com")
    for table in tables:
        async with works.begin(Merchant(ids.ACCOUNT.find(other.account_id))) as work:
            lead = "merchant_id" if table == "store_codes" else "account_id"
            rows = await work.db.execute(text(f"SELECT DISTINCT {lead} FROM {table}"))  # noqa: S608
            assert set(rows.scalars()) <= {ids.ACCOUNT.find(other.account_id)}, table


async def test_a_session_calls_the_api_and_must_prove_to_be_a_page_to_write(
    http: httpx.AsyncClient, merchant: Client
) -> None:
    browser = await signed_in(merchant)
    page = await browser.open("/me")
    csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    cookie = {"Cookie": f"fulfilhub-session={browser.session}"}
    assert (await http.get("/v1/products", headers=cookie)).status_code == 200
    product = {"sku": "MUG", "name": "Mug"}
    for bad in ({}, {"X-CSRF-Token": "x" * 32}, {"X-CSRF-Token": csrf, "Origin": "https://evil.test"}):
        refused = await http.post("/v1/products", json=product, headers=cookie | bad)
        assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    made = await http.post("/v1/products", json=product, headers={**cookie, "X-CSRF-Token": csrf})
    assert made.status_code == 201
    (user,) = (await merchant.get("/v1/users")).json()["data"]
    (entry,) = (await merchant.get("/v1/audit-log", action="createProduct")).json()["data"]
    assert (entry["actor"], entry["entity"], entry["status"]) == (user["id"], made.json()["id"], 201)
    forged = {"Cookie": "fulfilhub-session=" + "A" * 43}
    assert (await http.get("/v1/products", headers=forged)).status_code == 401


async def test_the_first_owner_is_invited_at_the_command_line(settings: Settings, merchant: Client) -> None:
    from fulfilhub.people import bootstrap
    from fulfilhub.platform.errors import Conflict, NotFound

    account_id = ids.ACCOUNT.find(merchant.account_id)
    path = urlsplit(await bootstrap.invite(settings, account_id, ADA, "owner")).path
    browser = Browser(merchant.http)
    await browser.open(path)
    assert "Welcome" in (await browser.submit(path, name="Ada", password=PASSWORD)).text
    assert urlsplit(await bootstrap.reset(settings, account_id, ADA)).path.startswith("/passwords/")
    with pytest.raises(NotFound):
        await bootstrap.reset(settings, account_id, BOB)
    twin = (await merchant.get("/v1/account")).json()["twin_id"]
    with pytest.raises(Conflict):
        await bootstrap.invite(settings, ids.ACCOUNT.find(twin), BOB, "owner")
    entries = (await merchant.get("/v1/audit-log", actor="system")).json()["data"]
    assert [entry["action"] for entry in entries] == ["createPasswordLink", "createInvitation"]
