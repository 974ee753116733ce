"""The page in the shop's admin: only who has the shop's own token sees or does anything."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from fulfilhub.demo.warehouses import WAREHOUSES
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores.adapters.shopify import scopes
from tests.fakes.serving import free_port, serving
from tests.fakes.shopify import shop as fake
from tests.fakes.shopify.api import shopify
from tests.fakes.shopify.schema import needs_schema
from tests.make.world import Client
from tests.stores.shopify.desk import CLIENT_ID, OLD_SECRET, SHOP, Shop, installed, page_of, token

CHROMIUM = shutil.which("chromium")


@pytest.fixture
async def shop(works: Works, vault: Vault, merchant: Client) -> Shop:
    return await installed(works, vault, merchant)


def bearing(given: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {given}"}


async def test_the_page_holds_nothing_and_only_this_shops_admin_may_frame_it(settings: Settings) -> None:
    async with page_of(settings) as http:
        answer = await http.get("/shopify", params={"shop": SHOP, "embedded": "1", "host": "aG9zdA"})
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert policy["frame-ancestors"] == f"https://{SHOP} https://admin.shopify.com"
        assert policy["default-src"] == "'none'"
        assert "unsafe" not in policy["script-src"]
        assert "x-frame-options" not in answer.headers
        assert CLIENT_ID in answer.text
        for asset in ("page.css", "page.js"):
            assert f"/shopify/{asset}?v=" in answer.text
            assert (await http.get(f"/shopify/{asset}")).status_code == 200


@pytest.mark.parametrize("shop", ["", "evil.example", "x.myshopify.com.evil.example", "a b.myshopify.com", "'*"])
async def test_no_page_for_what_is_no_shop(settings: Settings, shop: str) -> None:
    async with page_of(settings) as http:
        answer = await http.get("/shopify", params={"shop": shop, "embedded": "1"})
        assert answer.status_code == 404
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_opened_by_itself_it_leads_into_the_admin(settings: Settings) -> None:
    async with page_of(settings) as http:
        answer = await http.get("/shopify", params={"shop": SHOP})
        assert (answer.status_code, answer.headers["location"]) == (303, f"https://{SHOP}/admin/apps/{CLIENT_ID}")


async def test_without_the_shops_token_nothing_is_shown_or_done(settings: Settings, shop: Shop) -> None:
    bad = [
        "nonsense",
        token(secret="another-secret-that-is-long-enough"),
        token(ends_in=-60),
        token(audience="another-app"),
    ]
    async with page_of(settings) as http:
        for given in bad:
            assert (await http.get("/shopify/view", headers=bearing(given))).status_code == 401
            for act in ("sweep", "stock-sync", "retry"):
                assert (await http.post(f"/shopify/{act}", headers=bearing(given))).status_code == 401
        stranger = bearing(token("another.myshopify.com"))
        seen = await http.get("/shopify/view", headers=stranger)
        assert "Ada" not in seen.text
        assert "Connect this shop" in seen.text
        assert (await http.post("/shopify/sweep", headers=stranger)).json()["code"] == "not_connected"
        key = await http.get("/shopify/view", headers=bearing(shop.merchant.key))
        assert key.status_code == 401, "a key is no token of the shop"


async def test_it_shows_how_the_shop_stands_also_with_the_former_secret(settings: Settings, shop: Shop) -> None:
    async with page_of(settings) as http:
        for given in (token(), token(secret=OLD_SECRET)):
            answer = await http.get("/shopify/view", headers=bearing(given))
            assert answer.status_code == 200
            assert "Ada&#39;s Mugs" in answer.text
            assert "Nothing fails" in answer.text
            assert answer.headers["cache-control"] == "no-store"


async def test_it_names_the_rights_that_are_missing(
    settings: Settings, works: Works, vault: Vault, merchant: Client
) -> None:
    await installed(works, vault, merchant, granted=scopes.REQUIRED[1:])
    async with page_of(settings) as http:
        text = (await http.get("/shopify/view", headers=bearing(token()))).text
    assert scopes.REQUIRED[0] in text
    assert f"/shopify/install?shop={SHOP}" in text


async def test_a_sweep_asked_for_there_is_the_one_of_the_api_and_is_accounted_for(
    settings: Settings, shop: Shop
) -> None:
    async with page_of(settings) as http:
        answer = await http.post("/shopify/sweep", headers=bearing(token()))
        assert answer.status_code == 200
        assert "data-busy" in answer.text
    told = (await shop.merchant.get(f"{shop.path}/completeness")).json()
    assert told["sweeping"] is True
    entries = (await shop.merchant.get("/v1/audit-log")).json()["data"]
    assert [entry["actor"] for entry in entries if entry["action"] == "sweep"] == [shop.store_id]


async def test_what_cannot_be_done_is_said(settings: Settings, shop: Shop) -> None:
    async with page_of(settings) as http:
        off = await http.post("/shopify/stock-sync", headers=bearing(token()))
        assert (off.status_code, off.json()["code"]) == (409, "stock_sync_off")
        nothing = await http.post("/shopify/retry", headers=bearing(token()), data={})
        assert (nothing.status_code, nothing.json()["errors"][0]["pointer"]) == (422, "/item")


@needs_schema
async def test_locations_are_mapped_as_by_the_api(
    settings: Settings, works: Works, vault: Vault, merchant: Client
) -> None:
    twin = fake.Shop(domain=SHOP)
    twin.add_location("The back room")
    leeds = str((await merchant.made("/v1/warehouses", WAREHOUSES[0]))["id"])
    port = free_port()
    async with serving(cast("Any", shopify(twin)), port) as url:
        shop = await installed(works, vault, merchant, url=url)
        async with page_of(settings) as http:
            chosen = await http.post("/shopify/locations", headers=bearing(token()))
            assert chosen.status_code == 200, chosen.text
            assert "The back room" in chosen.text
            assert leeds in chosen.text
            place = next(each.id for each in twin.locations if each.name == "The back room")
            both = {f"place:{place}": leeds, f"warehouse:{leeds}": "service"}
            refused = await http.post("/shopify/map", headers=bearing(token()), data=both)
            assert (refused.status_code, refused.json()["errors"][0]["detail"]) == (
                422,
                "A warehouse stands for one location only.",
            )
            saved = await http.post("/shopify/map", headers=bearing(token()), data={f"place:{place}": leeds})
            assert saved.status_code == 200
            assert "The back room" in saved.text
        told = (await shop.merchant.get(f"{shop.path}/locations")).json()
    assert [(each["location_id"], each["warehouse_id"]) for each in told["locations"] if each["warehouse_id"]] == [
        (place, leeds)
    ]


# What the two scripts of Shopify's do, as far as the page needs it. Its components stay unknown elements.
STUB = """
window.told = [];
window.shopify = {
  idToken: async () => window.name,
  toast: {show: (text, options) => window.told.push([text, Boolean(options?.isError)])},
};
"""


def _look(url: str, given: str, folder: Path) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    seen: dict[str, Any] = {}
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        errors: list[str] = []
        for name, width in (("desktop", 1000), ("phone", 390)):
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda said: errors.append(str(said)))
            page.route(
                "https://cdn.shopify.com/**", lambda route: route.fulfill(body=STUB, content_type="text/javascript")
            )
            page.add_init_script(f"window.name = {given!r}")
            page.goto(f"{url}/shopify?shop={SHOP}&embedded=1")
            page.get_by_text("Nothing fails").wait_for()
            page.screenshot(path=folder / f"{name}.png", full_page=True)
            seen[name] = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        page.locator("[data-do=sweep]").click()
        page.locator("#view[aria-busy]").wait_for(state="detached")
        seen["told"] = page.evaluate("window.told")
        page.evaluate("window.name = 'ended'")
        page.evaluate("show()")
        page.locator(".why").wait_for()
        seen["trouble"] = page.locator(".why").inner_text()
        seen["errors"] = [each for each in errors if "401" not in each]
        browser.close()
    return seen


def _connect(url: str, given: str, code: str, folder: Path) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    seen: dict[str, Any] = {}
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 900, "height": 700})
        page.route("https://cdn.shopify.com/**", lambda route: route.fulfill(body=STUB, content_type="text/javascript"))
        page.route(f"https://{SHOP}/**", lambda route: route.fulfill(body="<p>The admin</p>", content_type="text/html"))
        page.add_init_script(f"window.name = {given!r}")
        page.goto(f"{url}/shopify?shop={SHOP}&embedded=1&code={code}&state=somebody-elses")
        page.get_by_text("Sign in and approve").first.wait_for()
        page.screenshot(path=folder / "connect.png", full_page=True)
        seen["told"] = page.evaluate("window.told")
        page.locator("[data-do=approve]").click()
        page.wait_for_url("**/sign-in**")
        seen["asked"] = page.url
        browser.close()
    return seen


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
async def test_connecting_in_chromium_uses_no_code_that_it_did_not_ask_for(
    settings: Settings, merchant: Client, tmp_path: Path
) -> None:
    code = (await merchant.made("/v1/store-codes", {"platform": "shopify"}))["code"]
    async with page_of(settings) as http:
        url = str(http.base_url).rstrip("/")
        seen = await asyncio.to_thread(_connect, url, token(), str(code), tmp_path)
    assert seen["told"] == []
    asked = parse_qs(parse_qs(urlsplit(seen["asked"]).query)["next"][0].partition("?")[2])
    assert asked["return_url"] == [f"https://{SHOP}/admin/apps/{CLIENT_ID}"]
    assert len(asked["code_challenge"][0]) == len(asked["state"][0]) == 43
    assert (await merchant.get("/v1/stores")).json()["data"] == [], "the code in the address was not used"


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
async def test_the_page_in_chromium(settings: Settings, shop: Shop, tmp_path: Path) -> None:
    async with page_of(settings) as http:
        seen = await asyncio.to_thread(_look, str(http.base_url).rstrip("/"), token(), tmp_path)
    assert (seen["desktop"], seen["phone"], seen["errors"]) == (0, 0, [])
    assert seen["told"] == [["FulfilHub looks through the shop's orders.", False]]
    assert seen["trouble"]
