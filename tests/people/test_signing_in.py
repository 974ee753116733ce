"""Signing in: who gets in, who doesn't and what they learn, and what the cookie and the logs hold."""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import text

from fulfilhub.people.adapters.authenticator import code_at
from fulfilhub.people.rules.second_factor import step_at
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.jobs.relay import PLATFORM_ACCOUNT
from fulfilhub.platform.jobs.runner import Runner
from fulfilhub.platform.scopes import Nobody, Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.make.world import Client, account
from tests.people.world import PASSWORD, Browser, joined, signed_in

ADA = "ada@example.com"


async def scalar(works: Works, query: str) -> object:
    async with works.begin(Platform("test")) as work:
        return (await work.db.execute(text(query))).scalar_one()


async def change(works: Works, statement: str) -> None:
    async with works.begin(Platform("test")) as work:
        await work.db.execute(text(statement))


async def test_in_and_out(merchant: Client, worker_works: Works) -> None:
    user_id = await joined(merchant, ADA)
    browser = Browser(merchant.http)
    answer = await browser.sign_in("Ada@EXAMPLE.com ")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me")
    assert await scalar(worker_works, "SELECT browser FROM user_sessions") == "Firefox on Linux"
    page = await browser.open("/me")
    assert "Ada Lovelace" in page.text
    assert "Ada&#39;s Mugs" in page.text
    assert browser.session
    token = browser.session
    out = await browser.submit("/sign-out")
    assert out.status_code == 303
    assert "fulfilhub-session" not in browser.cookies
    browser.cookies["fulfilhub-session"] = token
    assert (await browser.open("/me")).headers["Location"] == "/sign-in?next=%2Fme"
    log = (await merchant.get("/v1/audit-log", actor=user_id)).json()["data"]
    assert [entry["action"] for entry in log] == ["signOut", "signIn"]


async def test_the_cookie_is_out_of_reach_and_only_its_hash_is_kept(
    merchant: Client, worker_works: Works, settings: Settings
) -> None:
    await joined(merchant, ADA)
    browser = Browser(merchant.http)
    answer = await browser.sign_in(ADA)
    (cookie,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("fulfilhub-session=")]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert browser.session
    assert await scalar(worker_works, "SELECT count(*) FROM user_sessions WHERE fingerprint = sha256('x')") == 0
    kept = await scalar(worker_works, "SELECT to_jsonb(s)::text FROM user_sessions AS s")
    assert browser.session not in str(kept)
    hashed = await scalar(worker_works, "SELECT password FROM user_secrets")
    assert str(hashed).startswith("$argon2id$")


async def test_over_https_the_cookie_belongs_to_this_host_alone(merchant: Client) -> None:
    await joined(merchant, ADA)
    page = await merchant.http.get("https://api.test/sign-in")
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert csrf is not None
    (cookie,) = [line for line in page.headers.get_list("set-cookie") if "form=" in line]
    assert cookie.startswith("__Host-fulfilhub-form=")
    assert "Secure" in cookie
    form = {"csrf": csrf[1], "email": ADA, "password": PASSWORD}
    headers = {"Origin": "https://api.test", "Cookie": cookie.partition(";")[0]}
    answer = await merchant.http.post("https://api.test/sign-in", data=form, headers=headers)
    assert answer.status_code == 303, answer.text
    assert any(
        line.startswith("__Host-fulfilhub-session=") and "Secure" in line
        for line in answer.headers.get_list("set-cookie")
    )


async def test_a_session_that_was_planted_is_not_taken_up(merchant: Client, worker_works: Works) -> None:
    await joined(merchant, ADA)
    browser = Browser(merchant.http)
    planted = "A" * 43
    browser.cookies["fulfilhub-session"] = planted
    await browser.sign_in(ADA)
    assert browser.session not in (None, planted)
    before = browser.session
    await browser.open("/sign-in")
    stranger = Browser(merchant.http, cookies=dict(browser.cookies))
    page = await Browser(merchant.http).open("/sign-in")
    stranger.cookies |= dict(page.cookies)
    stranger.page = page
    await stranger.submit("/sign-in", email=ADA, password=PASSWORD)
    assert stranger.session != before
    assert await scalar(worker_works, "SELECT count(*) FROM user_sessions") == 1, "the one before has ended"


async def test_unknown_wrong_and_gone_look_the_same(
    http: httpx.AsyncClient, merchant: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fulfilhub.people.adapters.hashing import Hasher

    hashed: list[str | None] = []
    really = Hasher.fits

    async def counted(self: Hasher, kept: str | None, password: str) -> bool:
        hashed.append(kept)
        return await really(self, kept, password)

    await joined(merchant, ADA)
    gone = await joined(merchant, "bob@example.com")
    await merchant.made(f"/v1/users/{gone}/deactivate")
    monkeypatch.setattr(Hasher, "fits", counted)
    told = []
    for email, password in (
        (ADA, "wrong " + PASSWORD),
        ("nobody@example.com", PASSWORD),
        ("bob@example.com", PASSWORD),
    ):
        answer = await Browser(http).sign_in(email, password)
        page = re.sub(r'value="[^"]*"', "", answer.text)
        told.append((answer.status_code, page, sorted(answer.headers)))
    assert told[0] == told[1] == told[2]
    assert told[0][0] == 422
    assert len(hashed) == 3, "each cost one hash, also where there was none to compare with"


async def test_a_form_from_elsewhere_is_refused(merchant: Client) -> None:
    await joined(merchant, ADA)
    for origin in ("https://evil.test", "null", "http://api.test.evil.test"):
        browser = Browser(merchant.http)
        await browser.open("/sign-in")
        answer = await browser.submit("/sign-in", _origin=origin, email=ADA, password=PASSWORD)
        assert answer.status_code == 403, origin
    browser = Browser(merchant.http)
    await browser.open("/sign-in")
    assert (await browser.submit("/sign-in", email=ADA, password=PASSWORD, csrf="x" * 32)).status_code == 403
    browser.cookies.clear()
    assert (await browser.submit("/sign-in", email=ADA, password=PASSWORD)).status_code == 403
    other = await Browser(merchant.http).open("/sign-in")
    browser = Browser(merchant.http)
    await browser.open("/sign-in")
    browser.page = other
    assert (await browser.submit("/sign-in", email=ADA, password=PASSWORD)).status_code == 403, "another's token"


@pytest.mark.parametrize("wanted", ["https://evil.test", "//evil.test", "/%5Cevil.test"])
async def test_signing_in_leads_nowhere_else(merchant: Client, wanted: str) -> None:
    await joined(merchant, ADA)
    answer = await Browser(merchant.http).sign_in(ADA, onward=f"?next={wanted}")
    assert answer.headers["Location"] == "/me"


async def test_guessing_becomes_slow_but_the_owner_gets_in_from_elsewhere(
    merchant: Client, worker_works: Works
) -> None:
    await joined(merchant, ADA)
    browser = Browser(merchant.http)
    for _ in range(5):
        assert (await browser.sign_in(ADA, "wrong password!")).status_code == 422
    await browser.sign_in(ADA, "wrong password!")
    # Whoever made all those guesses waits: the pair of the two, and nobody else.
    waits = "SELECT array_agg(next_at - touched_at) FROM brakes WHERE next_at > touched_at"
    assert await scalar(worker_works, waits) == [timedelta(seconds=1)]
    await change(worker_works, "UPDATE brakes SET next_at = next_at + interval '1 hour' WHERE next_at > touched_at")
    slowed = await browser.sign_in(ADA)
    assert slowed.status_code == 429, "the right password too, or it would be told apart"
    assert 3500 < int(slowed.headers["Retry-After"]) <= 3602
    assert browser.session is None
    await change(worker_works, "UPDATE brakes SET next_at = next_at - interval '2 hours'")
    assert (await browser.sign_in(ADA)).status_code == 303
    assert await scalar(worker_works, "SELECT count(*) FROM brakes WHERE failures > 5") == 1, "only the address's"


async def test_many_guesses_at_once_do_not_slip_through(works: Works, vault: Vault) -> None:
    from fulfilhub.people.commands import brakes
    from fulfilhub.people.rules.brakes import sign_in_brakes
    from fulfilhub.platform.errors import RateLimited

    standing = Works(works.engine, {}, clock=lambda: datetime(2026, 11, 25, tzinfo=UTC))

    async def guess() -> bool:
        try:
            async with standing.begin(Nobody()) as work:
                await brakes.brake(work, vault, sign_in_brakes(ADA, "203.0.113.9"))
        except RateLimited:
            return False
        return True

    let_through = await asyncio.gather(*(guess() for _ in range(20)))
    assert sum(let_through) == 6, "five for free, one that starts the wait"


async def test_the_wait_for_a_name_never_grows_long(works: Works, worker_works: Works, vault: Vault) -> None:
    from fulfilhub.people.commands import brakes
    from fulfilhub.people.rules.brakes import sign_in_brakes

    for place in range(40):  # a crowd: each from another address
        async with works.begin(Nobody()) as work:
            await brakes.brake(work, vault, sign_in_brakes(ADA, f"203.0.113.{place}"))
        await change(worker_works, "UPDATE brakes SET next_at = next_at - interval '1 hour' WHERE next_at > touched_at")
    async with works.begin(Nobody()) as work:
        await brakes.brake(work, vault, sign_in_brakes(ADA, "198.51.100.1"))
    assert await scalar(worker_works, "SELECT max(next_at - touched_at) FROM brakes") == timedelta(seconds=30)


async def test_nothing_personal_is_logged(
    merchant: Client, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    await joined(merchant, ADA)
    browser = Browser(merchant.http)
    await browser.sign_in(ADA, "wrong password!")
    await browser.sign_in(ADA)
    await browser.open("/me")
    written = capsys.readouterr()
    said = (caplog.text + written.out + written.err).lower()
    assert "http.request" in said
    for secret in (ADA, "ada%40", "lovelace", PASSWORD, "wrong password", str(browser.session).lower()):
        assert secret not in said, secret
    log = (await merchant.get("/v1/audit-log")).text.lower()
    for secret in (ADA, "lovelace", PASSWORD):
        assert secret not in log


async def test_sessions_end_by_idleness_and_by_age(merchant: Client, worker_works: Works) -> None:
    browser = await signed_in(merchant)
    assert (await browser.open("/me")).status_code == 200
    await change(worker_works, "UPDATE user_sessions SET last_seen_at = last_seen_at - interval '11 hours'")
    assert (await browser.open("/me")).status_code == 200, "eleven hours of silence are borne, and then forgotten"
    await change(worker_works, "UPDATE user_sessions SET last_seen_at = last_seen_at - interval '13 hours'")
    assert (await browser.open("/me")).status_code == 303
    await browser.sign_in(ADA)
    await change(worker_works, "UPDATE user_sessions SET expires_at = last_seen_at - interval '1 second'")
    assert (await browser.open("/me")).status_code == 303


async def test_in_several_organisations_one_is_asked_which_once_the_password_was_right(
    http: httpx.AsyncClient, platform_key: str, merchant: Client
) -> None:
    other = await account(http, platform_key, "partner", "Quick 3PL")
    third = await account(http, platform_key, "merchant", "Third Party Ltd")
    await joined(merchant, ADA)
    await joined(other, ADA)
    await joined(third, ADA, password="another one for this place")
    browser = Browser(http)
    refused = await browser.sign_in(ADA, "not the right one")
    assert "Quick 3PL" not in refused.text
    page = await browser.sign_in(ADA)
    assert page.status_code == 200
    assert "Quick 3PL" in page.text
    assert "Third Party" not in page.text, "its password was not given"
    assert browser.session is None
    assert (await browser.submit("/sign-in/organisation", account=third.account_id)).status_code == 422
    await browser.sign_in(ADA)
    answer = await browser.submit("/sign-in/organisation", account=other.account_id)
    assert answer.status_code == 303
    assert "Quick 3PL" in (await browser.open("/me")).text
    alone = Browser(http)
    assert (await alone.sign_in(ADA, "another one for this place")).status_code == 303


async def test_a_stronger_hash_replaces_a_weaker_one(
    merchant: Client, worker_works: Works, settings: Settings, vault: Vault, works: Works
) -> None:
    from dataclasses import replace

    from fulfilhub.people.signing_in import Came, SignIn
    from fulfilhub.platform.audit import Doing

    await joined(merchant, ADA)
    weak = str(await scalar(worker_works, "SELECT password FROM user_secrets"))
    stronger = replace(settings, people=replace(settings.people, password_passes=2))
    came = Came("203.0.113.9", "Firefox", Doing("signIn", 200, None, "req_1", None))
    assert await SignIn(works, vault, stronger).with_password(ADA, PASSWORD, came)
    strong = str(await scalar(worker_works, "SELECT password FROM user_secrets"))
    assert ",t=1," in weak
    assert ",t=2," in strong
    assert (await Browser(merchant.http).sign_in(ADA)).status_code == 303


async def turn_on_codes(browser: Browser, worker_works: Works, vault: Vault) -> tuple[str, list[str], int]:
    """(secret, recovery codes, the step that was used) of a second factor that was just set up."""
    await browser.open("/me")
    page = await browser.submit("/me/second-factor")
    assert "<svg" in page.text
    secret = vault.decrypt(bytes(await scalar(worker_works, "SELECT totp_pending FROM user_secrets"))).decode()  # type: ignore[call-overload]
    wrong = await browser.submit("/me/second-factor/confirm", code="000000")
    assert wrong.status_code == 422
    step = step_at(utc_now())
    shown = await browser.submit("/me/second-factor/confirm", code=code_at(secret, step))
    assert shown.status_code == 200, shown.text
    return secret, re.findall(r'<li class="mono">([^<]+)</li>', shown.text), step


async def test_the_second_factor_asks_and_no_code_counts_twice(
    merchant: Client, worker_works: Works, vault: Vault
) -> None:
    browser = await signed_in(merchant)
    secret, codes, used = await turn_on_codes(browser, worker_works, vault)
    assert len(codes) == 10
    fresh = Browser(merchant.http)
    page = await fresh.sign_in(ADA)
    assert "Enter your code" in page.text
    assert fresh.session is None
    assert (await fresh.open("/me")).status_code == 303
    await fresh.sign_in(ADA)
    replayed = await fresh.submit("/sign-in/code", code=code_at(secret, used))
    assert (replayed.status_code, fresh.session) == (422, None)
    # Two browsers send the next code at the same time: exactly one gets in.
    other = Browser(merchant.http)
    await other.sign_in(ADA)
    code = code_at(secret, used + 1)
    answers = await asyncio.gather(*(b.submit("/sign-in/code", code=code) for b in (fresh, other)))
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    third = Browser(merchant.http)
    await third.sign_in(ADA)
    assert (await third.submit("/sign-in/code", code=codes[0].lower().replace("-", " "))).status_code == 303
    fourth = Browser(merchant.http)
    await fourth.sign_in(ADA)
    assert (await fourth.submit("/sign-in/code", code=codes[0])).status_code == 422, "a recovery code works once"


async def test_codes_are_guessed_slowly(merchant: Client, worker_works: Works, vault: Vault) -> None:
    browser = await signed_in(merchant)
    await turn_on_codes(browser, worker_works, vault)
    guesser = Browser(merchant.http)
    await guesser.sign_in(ADA)
    statuses = [(await guesser.submit("/sign-in/code", code=f"{n:06}")).status_code for n in range(6)]
    assert statuses == [422] * 6
    await change(worker_works, "UPDATE brakes SET next_at = next_at + interval '1 hour' WHERE next_at > touched_at")
    assert (await guesser.submit("/sign-in/code", code="000000")).status_code == 429


async def test_the_step_between_is_worth_nothing_alone(merchant: Client, worker_works: Works, vault: Vault) -> None:
    browser = await signed_in(merchant)
    secret, _, used = await turn_on_codes(browser, worker_works, vault)
    bare = Browser(merchant.http)
    await bare.open("/sign-in")
    bare.cookies["fulfilhub-half"] = "forged"
    assert (await bare.submit("/sign-in/code", code=code_at(secret, used + 1))).status_code == 422
    half = Browser(merchant.http)
    await half.sign_in(ADA)
    await change(worker_works, "UPDATE user_secrets SET changed_at = changed_at + interval '1 minute'")
    late = await half.submit("/sign-in/code", code=code_at(secret, used + 1))
    assert (late.status_code, half.session) == (422, None), "the password was changed in between"


async def test_what_is_over_is_forgotten(
    merchant: Client, worker_works: Works, settings: Settings, vault: Vault
) -> None:
    await signed_in(merchant)

    async def left(later: timedelta) -> list[object]:
        """What is there after the hourly job has run so much later."""
        works = Works(worker_works.engine, {}, clock=lambda: utc_now() + later)
        async with worker_works.begin(Platform("test")) as work:
            await work.enqueue_for(PLATFORM_ACCOUNT, "people.forget", {})
        ((kind, account_id), tickets) = next(iter(work.handed.items()))
        async with httpx.AsyncClient() as client:
            await Runner(works, settings, vault, client).run(kind, account_id, tickets)
        tables = ("jobs WHERE kind = 'people.forget'", "user_sessions", "user_links", "brakes")
        return [await scalar(worker_works, f"SELECT count(*) FROM {table}") for table in tables]  # noqa: S608

    assert await left(timedelta(0)) == [0, 1, 1, 3]
    assert await left(timedelta(days=8)) == [0, 0, 1, 0]
    assert await left(timedelta(days=98)) == [0, 0, 0, 0]
