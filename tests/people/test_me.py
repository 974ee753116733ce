"""One's own page: password, sessions, and giving up the second factor."""

from __future__ import annotations

import re

from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Works
from tests.make.world import Client
from tests.people.test_signing_in import ADA, turn_on_codes
from tests.people.world import PASSWORD, Browser, signed_in

NEW = "eleven red tricycles"


async def test_another_password_signs_out_every_other_browser(merchant: Client) -> None:
    here = await signed_in(merchant)
    there = Browser(merchant.http)
    await there.sign_in(ADA)
    await here.open("/me")
    before = here.session
    wrong = await here.submit("/me/password", present="not this one", password=NEW)
    assert (wrong.status_code, "not your present password" in wrong.text) == (422, True)
    weak = await here.submit("/me/password", present=PASSWORD, password="password1234")
    assert weak.status_code == 422
    done = await here.submit("/me/password", present=PASSWORD, password=NEW)
    assert done.headers["Location"] == "/me?done=password"
    assert here.session != before, "a fresh session"
    assert "was changed" in (await here.open("/me?done=password")).text
    assert (await there.open("/me")).status_code == 303
    assert (await there.sign_in(ADA)).status_code == 422
    assert (await there.sign_in(ADA, NEW)).status_code == 303


async def test_sessions_are_listed_and_ended(merchant: Client) -> None:
    here = await signed_in(merchant)
    there = Browser(merchant.http)
    await there.sign_in(ADA)
    page = await here.open("/me")
    (other,) = re.findall(r'action="(/me/sessions/ses_\w+/end)"', page.text)
    assert (await here.submit(other, csrf="x")).status_code == 403
    assert (await there.open("/me")).status_code == 200
    assert (await here.submit(other)).status_code == 303
    assert (await there.open("/me")).status_code == 303
    await there.sign_in(ADA)
    await here.open("/me")
    await here.submit("/me/sessions/end-all")
    for browser in (here, there):
        assert (await browser.open("/me")).status_code == 303


async def test_nobody_ends_another_persons_session(merchant: Client) -> None:
    ada = await signed_in(merchant)
    bob = await signed_in(merchant, "bob@example.com")
    await Browser(merchant.http).sign_in(ADA)
    page = await ada.open("/me")
    (second,) = re.findall(r'action="(/me/sessions/ses_\w+/end)"', page.text)
    await bob.open("/me")
    assert (await bob.submit(second)).status_code == 303
    assert second in (await ada.open("/me")).text


async def test_giving_up_the_second_factor_takes_the_password(
    merchant: Client, worker_works: Works, vault: Vault
) -> None:
    browser = await signed_in(merchant)
    _, codes, _ = await turn_on_codes(browser, worker_works, vault)
    await browser.open("/me")
    assert (await browser.submit("/me/second-factor")).status_code == 409, "one is on already"
    await browser.open("/me")
    fresh = await browser.submit("/me/recovery-codes", present=PASSWORD)
    renewed = re.findall(r'<li class="mono">([^<]+)</li>', fresh.text)
    assert len(renewed) == 10
    assert not set(renewed) & set(codes)
    await browser.open("/me")
    assert (await browser.submit("/me/second-factor/off", present="wrong one here")).status_code == 422
    assert (await browser.submit("/me/second-factor/off", present=PASSWORD)).status_code == 303
    again = Browser(merchant.http)
    assert (await again.sign_in(ADA)).status_code == 303
    (user,) = (await merchant.get("/v1/users")).json()["data"]
    assert user["second_factor"] is False


async def test_without_a_session_nothing_is_done(merchant: Client) -> None:
    browser = await signed_in(merchant)
    await browser.open("/me")
    browser.cookies.clear()
    for path in ("/me/password", "/me/second-factor", "/me/sessions/end-all", "/me/mode", "/me/recovery-codes"):
        assert (await browser.submit(path, present=PASSWORD, password=NEW)).status_code == 401


async def test_who_lost_phone_and_codes_is_let_in_by_an_owner(
    merchant: Client, worker_works: Works, vault: Vault
) -> None:
    browser = await signed_in(merchant)
    await turn_on_codes(browser, worker_works, vault)
    (user,) = (await merchant.get("/v1/users")).json()["data"]
    assert "reset_second_factor" in user["actions"]
    for _ in range(2):
        reset = await merchant.post(f"/v1/users/{user['id']}/reset-second-factor")
        assert (reset.status_code, reset.json()["second_factor"]) == (200, False)
    assert (await Browser(merchant.http).sign_in(ADA)).status_code == 303
