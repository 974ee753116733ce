"""A plugin connects its store: what the merchant is shown, where the code goes, and that it is good once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import cast
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from fulfilhub.platform import ids
from fulfilhub.platform.errors import Invalid
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores.rules import proves, read_connect_request
from tests.make.world import Client, JsonObject
from tests.people.world import Browser, joined, signed_in

SHOP = "https://shop.test"
ASKED = {
    "platform": "woocommerce",
    "shop_name": "Ada's Mugs & Jugs",
    "shop_url": SHOP,
    "return_url": f"{SHOP}/wp-admin/admin.php?page=fulfilhub",
    "state": "s-1",
}
KEYS = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


def ask(**changed: str) -> str:
    return f"/connect?{urlencode(ASKED | changed)}"


def exchange(code: str, **more: object) -> JsonObject:
    return {"code": code, "platform": "woocommerce", "base_url": SHOP, "credentials": KEYS, **more}


async def approved(browser: Browser, **changed: str) -> str:
    """The code that the shop gets."""
    page = await browser.open(ask(**changed))
    assert page.status_code == 200, page.text
    answer = await browser.submit("/connect", answer="approve")
    assert answer.status_code == 303, answer.text
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (query["page"], query["state"]) == (["fulfilhub"], ["s-1"])
    return query["code"][0]


async def test_from_the_shop_by_the_merchant_and_back(merchant: Client) -> None:
    await joined(merchant, "ada@example.com")
    browser = Browser(merchant.http)
    first = await browser.open(ask())
    assert first.status_code == 303
    onward = first.headers["Location"]
    assert onward.startswith("/sign-in?next=%2Fconnect%3F")
    answer = await browser.sign_in("ada@example.com", onward=onward.removeprefix("/sign-in"))
    assert answer.headers["Location"] == ask()
    page = await browser.open(answer.headers["Location"])
    assert "Ada&#39;s Mugs &amp; Jugs" in page.text
    assert SHOP in page.text
    assert f"form-action 'self' {SHOP};" in page.headers["Content-Security-Policy"]
    code = await approved(browser, code_challenge=CHALLENGE, code_challenge_method="S256")
    made = await merchant.http.post("/v1/stores/connect", json=exchange(code, code_verifier=VERIFIER))
    assert made.status_code == 201, made.text
    store = made.json()["store"]
    assert (store["base_url"], store["name"], store["state"]) == (SHOP, ASKED["shop_name"], "connected")
    assert made.json()["webhook_secret"]
    assert (await merchant.get(f"/v1/stores/{store['id']}")).status_code == 200
    log = (await merchant.get("/v1/audit-log")).json()["data"]
    code_made, connected = (next(e for e in log if e["action"] == a) for a in ("answerToConnect", "connectWithCode"))
    assert code_made["actor"].startswith("usr_")
    assert (connected["actor"], connected["entity"]) == (code_made["entity"], store["id"])


async def test_a_refusal_goes_back_without_a_code(merchant: Client) -> None:
    browser = await signed_in(merchant)
    await browser.open(ask())
    answer = await browser.submit("/connect", answer="cancel")
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (query["error"], query["state"], "code" in query) == (["access_denied"], ["s-1"], False)


async def test_a_code_works_once_also_for_two_at_once(merchant: Client, worker_works: Works) -> None:
    made = await merchant.made("/v1/store-codes", {})
    code = str(made["code"])
    assert len(code.split("-")) == 8
    body = exchange(code.lower().replace("-", " "))
    answers = await asyncio.gather(*(merchant.http.post("/v1/stores/connect", json=body) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 5
    assert {answer.json()["code"] for answer in answers if answer.status_code == 422} == {"bad_code"}
    assert len((await merchant.get("/v1/stores")).json()["data"]) == 1
    async with worker_works.begin(Platform("test")) as work:
        kept = (await work.db.execute(text("SELECT to_jsonb(c)::text FROM store_codes AS c"))).scalar_one()
    assert code.replace("-", "") not in kept.upper()


async def test_a_code_is_for_what_was_approved(merchant: Client, worker_works: Works) -> None:
    browser = await signed_in(merchant)
    code = await approved(browser, code_challenge=CHALLENGE)
    wrong: list[tuple[JsonObject, str]] = [
        (exchange(code), "bad_code"),
        (exchange(code, code_verifier="w" * 43), "bad_code"),
        (exchange(code, code_verifier=VERIFIER, base_url="https://evil.test"), "invalid"),
        (
            exchange(code, code_verifier=VERIFIER, platform="shopify", credentials={"access_token": "x"}),
            "invalid",
        ),
        (exchange(code, code_verifier=VERIFIER, credentials={}), "invalid"),
        (exchange("0" * 32, code_verifier=VERIFIER), "bad_code"),
    ]
    for body, told in wrong:
        answer = await merchant.http.post("/v1/stores/connect", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, told), body
    good = exchange(code, code_verifier=VERIFIER)
    async with worker_works.begin(Platform("test")) as work:
        await work.db.execute(text("UPDATE store_codes SET expires_at = created_at"))
    assert (await merchant.http.post("/v1/stores/connect", json=good)).json()["code"] == "bad_code"
    async with worker_works.begin(Platform("test")) as work:
        await work.db.execute(text("UPDATE store_codes SET expires_at = created_at + interval '15 minutes'"))
    assert (await merchant.http.post("/v1/stores/connect", json=good)).status_code == 201, "what failed cost nothing"


async def test_connecting_again_keeps_the_store_and_changes_its_secrets(merchant: Client) -> None:
    browser = await signed_in(merchant)
    first = (await merchant.http.post("/v1/stores/connect", json=exchange(await approved(browser)))).json()
    assert "connected already" in (await browser.open(ask())).text
    again = await merchant.http.post("/v1/stores/connect", json=exchange(await approved(browser)))
    assert again.status_code == 201, again.text
    assert again.json()["store"]["id"] == first["store"]["id"]
    assert again.json()["webhook_secret"] not in (None, first["webhook_secret"])


async def test_only_who_may_connects(http: httpx.AsyncClient, merchant: Client, partner: Client) -> None:
    for client, role in ((merchant, "operations"), (partner, "owner")):
        browser = await signed_in(client, f"{role}@example.com", role)
        assert (await browser.open(ask())).status_code == 403
        await browser.open("/me")
        refused = await browser.submit("/connect", answer="approve", **ASKED)
        assert refused.status_code == 403
    forged = await signed_in(merchant, "eve@example.com")
    await forged.open(ask())
    assert (await forged.submit("/connect", answer="approve", csrf="x")).status_code == 403
    assert (await forged.submit("/connect", _origin="https://shop.test", answer="approve")).status_code == 403


@pytest.mark.parametrize(
    "return_url",
    [
        "https://evil.test/",
        "https://shop.test.evil.test/",
        "https://shop.test@evil.test/",
        "https://evil.test\\@shop.test/",
        "//shop.test/",
        "/wp-admin",
        "http://shop.test/",
        "https://shop.test:8443/",
        "https://shop.test/#code",
        "javascript:alert(1)",
        "https://shop.test/\r\nSet-Cookie: x=y",
        "https://shop.test /",
        "",
    ],
)
async def test_the_code_goes_to_the_shop_only(merchant: Client, return_url: str) -> None:
    with pytest.raises(Invalid):
        read_connect_request(ASKED | {"return_url": return_url}, allow_http=True)


async def test_an_altered_form_goes_nowhere_else(merchant: Client) -> None:
    browser = await signed_in(merchant)
    await browser.open(ask())
    answer = await browser.submit("/connect", answer="approve", return_url="https://evil.test/")
    assert answer.status_code == 422
    assert "Location" not in answer.headers


def test_what_is_asked_is_read_strictly() -> None:
    good = read_connect_request(ASKED, allow_http=False)
    assert good.origin == SHOP
    for bad in (
        {"platform": "api"},
        {"shop_name": ""},
        {"shop_url": "ftp://shop.test"},
        {"state": "x" * 501},
        {"code_challenge": "short"},
        {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
        {"shop_url": "http://shop.test", "return_url": "http://shop.test/"},
    ):
        with pytest.raises(Invalid):
            read_connect_request(ASKED | bad, allow_http=False)


def test_the_verifier_proves_the_challenge() -> None:
    # The example of RFC 7636, appendix B.
    assert proves("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    assert not proves("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXx", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    assert not proves(None, CHALLENGE)
    assert proves(None, "")


async def test_a_code_by_command(settings: Settings, merchant: Client) -> None:
    from fulfilhub.cli import main

    env = {
        "DATABASE_URL": settings.database.url,
        "REDIS_URL": settings.redis.url,
        "FULFILHUB_SECRET_KEYS": ",".join(settings.security.secret_keys),
    }

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, list(words), env=env)
        return result.exit_code, result.output.strip()

    status, code = await asyncio.to_thread(run, "store-code", "--account", merchant.account_id)
    assert status == 0, code
    made = await merchant.http.post("/v1/stores/connect", json=exchange(code))
    assert made.status_code == 201, made.text
    assert cast("JsonObject", made.json()["store"])["name"] == "Store"
    status, said = await asyncio.to_thread(run, "store-code", "--account", ids.ACCOUNT.show(ids.new()))
    assert (status, "There is no account" in said) == (1, True)
    words = ("users", "invite", "--account", merchant.account_id, "--email", "ada@example.com")
    status, link = await asyncio.to_thread(run, *words)
    assert status == 0, link
    assert (await merchant.http.get(urlsplit(link).path)).status_code == 200
    status, said = await asyncio.to_thread(run, "users", "invite", "--account", "nonsense", "--email", "x")
    assert status == 1
