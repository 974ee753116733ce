"""Our app is in a shop: the shop becomes a store of the merchant that approved it, and of nobody else."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from fulfilhub.platform import ids
from fulfilhub.stores.adapters.shopify import scopes
from fulfilhub.stores.adapters.shopify.tokens import query_signature
from tests.fakes.shopify import oauth
from tests.make.world import account
from tests.people.world import Browser, joined, signed_in
from tests.stores.shopify.conftest import APP_ID, NEW, OLD, Json, Rig

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


async def test_a_page_of_an_unknown_shop_is_led_to_a_merchant(rig: Rig) -> None:
    answer = await rig.page("/shopify/session")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["shop"], told["connected"], told["install"]) == (rig.shop.domain, False, None)
    asked = parse_qs(urlsplit(told["connect_url"]).query)
    assert asked == {
        "platform": ["shopify"],
        "shop_name": ["hearth-and-home"],
        "shop_url": [f"{rig.url}/{rig.shop.domain}"],
    }


async def test_the_merchant_approves_and_the_page_connects_its_shop(rig: Rig) -> None:
    told = (await rig.page("/shopify/session")).json()
    browser = await signed_in(rig.merchant)
    back = f"{rig.url}/{rig.shop.domain}/admin/apps/{APP_ID}"
    address = urlsplit(told["connect_url"])
    more = urlencode({"return_url": back, "state": "s-1", "code_challenge": CHALLENGE})
    page = await browser.open(f"{address.path}?{address.query}&{more}")
    assert page.status_code == 200, page.text
    given = parse_qs(urlsplit((await browser.submit("/connect", answer="approve")).headers["Location"]).query)
    assert given["state"] == ["s-1"]
    code = given["code"][0]
    refused = await rig.page("/shopify/connect", {"code": code})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_code")
    another = await rig.page("/shopify/connect", {"code": code, "code_verifier": VERIFIER}, rig.other)
    assert another.status_code == 422, "the merchant approved another shop"
    made = await rig.page("/shopify/connect", {"code": code, "code_verifier": VERIFIER})
    assert made.status_code == 201, made.text
    install = made.json()
    assert (install["state"], install["missing_scopes"], install["consent_url"]) == ("installed", [], None)
    store = (await rig.merchant.get(f"/v1/stores/{install['store_id']}")).json()
    assert (store["platform"], store["state"], store["name"]) == ("shopify", "connected", "hearth-and-home")
    assert (store["shop_domain"], store["base_url"]) == (rig.shop.domain, f"{rig.url}/{rig.shop.domain}")
    known = (await rig.page("/shopify/session")).json()
    assert (known["connected"], known["install"]["store_id"]) == (True, install["store_id"])
    log = (await rig.merchant.get("/v1/audit-log")).json()["data"]
    row = next(each for each in log if each["action"] == "connectShopify")
    assert row["entity"] == install["store_id"]
    again = await rig.page("/shopify/connect", {"code": code, "code_verifier": VERIFIER})
    assert again.json()["code"] == "bad_code"


async def test_the_pair_is_sealed_and_never_shown(rig: Rig) -> None:
    store_id = await rig.connected()
    (token,) = [each for each in rig.shop.access_tokens if each != "shpat_1"]
    (refresh,) = rig.shop.tokens.refresh
    assert await rig.credentials(store_id) == {"access_token": token}
    from sqlalchemy import text

    from fulfilhub.platform.scopes import Platform

    async with rig.hand.works.begin(Platform("test")) as work:
        rows = await work.db.execute(
            text("SELECT to_jsonb(i)::text, to_jsonb(s)::text FROM shopify_installs i, stores s")
        )
        kept = "".join(part for row in rows for part in row)
    shown = str(await rig.install(store_id)) + (await rig.merchant.get("/v1/stores")).text + kept
    assert token not in shown
    assert refresh not in shown


async def test_a_shop_that_another_has_connected_is_never_taken_over(rig: Rig) -> None:
    store_id = await rig.connected()
    bob = await rig.another()
    before = await rig.credentials(store_id)
    refused = await rig.page("/shopify/connect", {"code": await rig.code(bob)})
    assert (refused.status_code, refused.json()["code"]) == (409, "shop_taken")
    assert "Ada" not in refused.text
    assert await rig.credentials(store_id) == before
    twin = await account(rig.http, rig.platform_key, "merchant", "Ada again", "test")
    assert (await rig.page("/shopify/connect", {"code": await rig.code(twin)})).status_code == 409
    assert (await rig.told("app/uninstalled", {"myshopify_domain": rig.shop.domain})).status_code == 200
    await rig.read()
    taken = await rig.page("/shopify/connect", {"code": await rig.code(bob)})
    assert taken.status_code == 201, "the shop's owner let go of it"


async def test_two_merchants_at_once_do_not_both_get_the_shop(rig: Rig) -> None:
    others = [await rig.another(f"No. {number}") for number in range(3)]
    codes = [await rig.code(each) for each in (rig.merchant, *others)]
    answers = await asyncio.gather(*(rig.page("/shopify/connect", {"code": code}) for code in codes))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_the_same_merchant_connects_it_anew_as_the_same_store(rig: Rig) -> None:
    store_id = await rig.connected()
    first = await rig.credentials(store_id)
    assert await rig.connected() == store_id
    assert await rig.credentials(store_id) != first


async def test_a_store_with_a_token_of_its_own_becomes_the_apps(rig: Rig) -> None:
    own = {
        "platform": "shopify",
        "name": "Mine",
        "base_url": f"{rig.url}/{rig.shop.domain}",
        "shop_domain": rig.shop.domain,
        "credentials": {"access_token": "shpat_1"},
        "webhook_secret": "a-secret-of-its-own",
    }
    made = (await rig.merchant.post("/v1/stores", own)).json()
    store_id = await rig.connected()
    assert ids.STORE.show(store_id) == made["store"]["id"]
    assert (await rig.install(store_id))["state"] == "installed"
    path = f"/v1/stores/{made['store']['id']}"
    moved = await rig.merchant.patch(path, {"base_url": "https://elsewhere.example.com"})
    assert (moved.status_code, moved.json()["code"]) == (409, "installed_shop")
    assert (await rig.merchant.patch(path, {"name": "Ours"})).status_code == 200
    back = await rig.merchant.patch(path, {"credentials": {"access_token": "shpat_1"}})
    assert back.status_code == 200, back.text
    assert (await rig.install(store_id))["state"] == "released"
    assert await rig.credentials(store_id) == {"access_token": "shpat_1"}


@pytest.mark.parametrize(
    "claims", [{"aud": "another"}, {"exp": 1}, {"secret": "x" * 40}, {"iss": "https://evil.example"}]
)
async def test_only_a_page_of_the_shop_is_heard(rig: Rig, claims: Json) -> None:
    for path in ("/shopify/session", "/shopify/connect"):
        answer = await rig.page(path, {"code": await rig.code()} if path.endswith("connect") else None, **claims)
        assert answer.status_code == 401, answer.text
    bare = await rig.http.post("/shopify/session")
    assert (bare.status_code, bare.json()["code"]) == (401, "bad_session_token")


async def test_a_page_signed_with_the_secret_before_is_still_heard(rig: Rig) -> None:
    assert (await rig.page("/shopify/session", secret=OLD)).status_code == 200


async def test_without_an_app_there_is_none(merchant: object, http: object) -> None:
    from tests.make.world import Client

    assert isinstance(merchant, Client)
    answer = await merchant.http.post("/shopify/session", headers={"Authorization": "Bearer a.b.c"})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_shopify_app")


class TestFromOutside:
    """The authorisation-code grant, begun at Shopify or with us."""

    def signed(self, rig: Rig, **more: str) -> str:
        pairs = {"shop": rig.shop.domain, "timestamp": str(int(rig.shop.now().timestamp())), **more}
        return urlencode({**pairs, "hmac": query_signature(list(pairs.items()), NEW)})

    async def begun(self, rig: Rig, browser: Browser) -> Json:
        """What Shopify is asked."""
        page = await browser.open(f"/shopify/install?{urlencode({'shop': rig.shop.domain})}")
        assert page.status_code == 200, page.text
        assert rig.shop.domain in page.text
        assert rig.url in page.headers["Content-Security-Policy"]
        answer = await browser.submit("/shopify/install", answer="approve")
        assert answer.status_code == 303, answer.text
        to = urlsplit(answer.headers["Location"])
        assert to.path == f"/{rig.shop.domain}/admin/oauth/authorize"
        return {name: value for name, (value,) in parse_qs(to.query).items()}

    async def test_the_owner_grants_and_the_shop_is_connected(self, rig: Rig) -> None:
        await joined(rig.merchant, "ada@example.com")
        browser = Browser(rig.http)
        first = await browser.open(f"/shopify/install?{self.signed(rig, host='YWRtaW4')}")
        assert first.status_code == 303
        onward = first.headers["Location"]
        assert onward.startswith("/sign-in?next=%2Fshopify%2Finstall")
        signed_in_now = await browser.sign_in("ada@example.com", onward=onward.removeprefix("/sign-in"))
        assert signed_in_now.headers["Location"] == f"/shopify/install?shop={rig.shop.domain}"
        asked = await self.begun(rig, browser)
        assert (asked["client_id"], asked["scope"]) == (APP_ID, scopes.told(scopes.REQUIRED))
        assert asked["redirect_uri"].endswith("/shopify/callback")
        back = self.signed(rig, code=oauth.grant_code(rig.shop), state=asked["state"])
        page = await browser.open(f"/shopify/callback?{back}")
        assert (page.status_code, "Your shop is connected" in page.text) == (200, True), page.text
        (store,) = (await rig.merchant.get("/v1/stores")).json()["data"]
        install = await rig.install(ids.STORE.find(store["id"]))
        assert (install["state"], bool(install["token_expires_at"])) == ("installed", True)
        again = self.signed(rig, code=oauth.grant_code(rig.shop), state=asked["state"])
        assert (await browser.open(f"/shopify/callback?{again}")).status_code in (401, 422)

    async def test_only_the_browser_that_began_may_end_it(self, rig: Rig) -> None:
        browser = await signed_in(rig.merchant)
        asked = await self.begun(rig, browser)
        victim = Browser(rig.http)
        back = self.signed(rig, code=oauth.grant_code(rig.shop), state=asked["state"])
        refused = await victim.open(f"/shopify/callback?{back}")
        assert refused.status_code == 401
        forged = self.signed(rig, code=oauth.grant_code(rig.shop), state="another")
        assert (await browser.open(f"/shopify/callback?{forged}")).status_code == 401
        assert (await rig.merchant.get("/v1/stores")).json()["data"] == []

    async def test_what_shopify_did_not_sign_is_refused(self, rig: Rig) -> None:
        browser = await signed_in(rig.merchant)
        asked = await self.begun(rig, browser)
        good = self.signed(rig, code=oauth.grant_code(rig.shop), state=asked["state"])
        for bad in (good.replace(rig.shop.domain, rig.other.domain), good[:-2] + "xx"):
            assert (await browser.open(f"/shopify/callback?{bad}")).status_code == 401
        old = {"shop": rig.shop.domain, "timestamp": "1337178173", "state": asked["state"], "code": "x"}
        stale = urlencode({**old, "hmac": query_signature(list(old.items()), NEW)})
        assert (await browser.open(f"/shopify/callback?{stale}")).status_code == 401
        assert (await browser.open(f"/shopify/install?{self.signed(rig)}xx")).status_code == 401

    @pytest.mark.parametrize("shop", ["", "shop.example.com", "evil.example/hearth.myshopify.com", "a.b.myshopify.com"])
    async def test_only_a_shop_of_shopify_is_led_to(self, rig: Rig, shop: str) -> None:
        browser = await signed_in(rig.merchant)
        assert (await browser.open(f"/shopify/install?{urlencode({'shop': shop})}")).status_code == 422

    async def test_a_refusal_connects_nothing(self, rig: Rig) -> None:
        browser = await signed_in(rig.merchant)
        await browser.open(f"/shopify/install?shop={rig.shop.domain}")
        page = await browser.submit("/shopify/install", answer="cancel")
        assert "Nothing was connected" in page.text


async def test_what_is_not_granted_is_shown_until_it_is(rig: Rig) -> None:
    rig.shop.scopes = tuple(each for each in scopes.REQUIRED if each != "write_returns")
    store_id = await rig.connected()
    install = await rig.install(store_id)
    assert install["missing_scopes"] == ["write_returns"]
    assert install["consent_url"].endswith(f"/shopify/install?shop={rig.shop.domain}")
    rig.shop.scopes = scopes.REQUIRED
    page = (await rig.page("/shopify/session")).json()
    assert page["install"]["missing_scopes"] == [], "opening the page asks for a token anew"


async def test_a_change_of_scopes_is_told_by_webhook(rig: Rig) -> None:
    store_id = await rig.connected()
    fewer = [each for each in scopes.REQUIRED if each != "write_returns"]
    told = {"id": 1, "shop_id": "gid://shopify/Shop/1", "previous": list(scopes.REQUIRED), "current": fewer}
    assert (await rig.told("app/scopes_update", told)).status_code == 200
    await rig.read()
    install = await rig.install(store_id)
    assert install["missing_scopes"] == ["write_returns"]
    assert install["token_expires_at"] <= install["renewed_at"] or install["token_expires_at"]
    assert (await rig.told("app/scopes_update", {"current": "all"})).status_code == 200
    await rig.read()
    states = [(each["topic"], each["state"]) for each in await rig.messages(store_id)]
    assert states == [("app/scopes_update", "taken"), ("app/scopes_update", "unreadable")]
