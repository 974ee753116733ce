"""The blocks and the extension in a real browser: in a shop's theme and in a customer's account, against the real
doors."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest

from fulfilhub.platform import ids
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.fakes.serving import free_port, serving
from tests.make.world import Client
from tests.plugins.shopify.node import bundles, needs_node
from tests.plugins.shopify.shop import account_page, shop_app, theme_page
from tests.stores.fronts import APP, CONFIRMATION, EMAIL, NUMBER, ORDER, Front, front_of, session_token

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

CHROMIUM = shutil.which("chromium")
WIDTHS = {"desktop": 1100, "phone": 390}

pytestmark = [
    pytest.mark.browser,
    needs_node,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]

PRODUCT = {
    "selected_or_first_available_variant": {"id": 7001, "requires_shipping": True},
    "variants": [{"id": 7001}, {"id": 7002}],
}
CART = """<form action="/cart/add"><select name="id"><option value="7001">Blue</option>
<option value="7002">Red</option></select></form>"""


@dataclass(frozen=True)
class Place:
    """Where the shop is, what its pages are, and where pictures go."""

    url: str
    pages: dict[str, str]
    pictures: Path
    front: Front

    def account(self, bundle: str, language: str = "en", **told: object) -> str:
        """The address of a customer's page with the extension in it."""
        known: dict[str, object] = {
            "token": session_token(),
            "signedIn": True,
            "orderId": f"gid://shopify/Order/{ORDER}",
            "order": {"id": f"gid://shopify/Order/{ORDER}", "name": NUMBER, "confirmationNumber": CONFIRMATION},
        }
        name = f"account-{len(self.pages)}"
        self.pages[name] = account_page(bundle, known | told, language)
        return f"{self.url}/pages/{name}"

    def theme(self, block: str, language: str = "en", more: str = "", **settings: object) -> str:
        """The address of a page of the theme with a block in it."""
        context: dict[str, object] = {
            "block": {"id": "one", "settings": {"product": PRODUCT, **settings}},
            "localization": {"country": {"iso_code": "GB"}},
            "request": {"locale": {"iso_code": language}},
        }
        name = f"theme-{len(self.pages)}"
        self.pages[name] = theme_page(block, f"{block}.js", context, language, more)
        return f"{self.url}/pages/{name}"


@pytest.fixture
async def settings(settings: Settings) -> Settings:
    return replace(settings, shopify=APP)


@pytest.fixture
async def place(
    settings: Settings,
    http: httpx.AsyncClient,
    merchant: Client,
    worker_works: Works,
    vault: Vault,
    tmp_path: Path,
) -> AsyncIterator[Place]:
    from fulfilhub.app import make_app

    front = await front_of(http, merchant, worker_works, vault)
    pages: dict[str, str] = {}
    async with serving(cast("Any", make_app(settings)), free_port()) as fulfilhub:
        scripts = await asyncio.to_thread(bundles, tmp_path / "bundles", f"{fulfilhub}/shopify")
        async with serving(shop_app(pages, scripts, fulfilhub), free_port()) as url:
            yield Place(url, pages, tmp_path, front)


@contextmanager
def browsing(width: int = 1100, *, scripts: bool = True) -> Iterator[Page]:
    """A page in Chromium; whatever it complains about fails the test, but for what a page is told on purpose."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 800}, java_script_enabled=scripts, locale="en-GB")
        page.set_default_timeout(20_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Security" in said.text else None)
        yield page
        browser.close()
    assert errors == []


async def in_chromium(look: Callable[[], None]) -> None:
    """Playwright's own way of waiting, beside the servers' loop."""
    await asyncio.to_thread(look)


def fits(page: Page, picture: Path) -> None:
    """Nothing sticks out at the side; and a picture to look at."""
    page.screenshot(path=picture, full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert picture.stat().st_size > 3_000


async def test_an_order_is_found_without_leaving_the_page(place: Place) -> None:
    address = place.theme("tracking", heading="Where is my order?")

    def look() -> None:
        for name, width in WIDTHS.items():
            with browsing(width) as page:
                page.goto(address)
                page.get_by_label("Order number").fill(NUMBER)
                page.get_by_label("E-mail address or postcode").fill("eve@example.test")
                page.get_by_role("button", name="Find my order").click()
                page.get_by_text("We found no order").wait_for()
                page.get_by_label("E-mail address or postcode").fill(EMAIL)
                page.get_by_role("button", name="Find my order").click()
                result = page.get_by_role("status")
                result.get_by_text("Delivered").first.wait_for()
                assert page.url == address
                fits(page, place.pictures / f"tracking-{name}.png")
                result.get_by_role("link", name="Everything about this order").click()
                page.get_by_role("heading", name="Delivered").wait_for()
                page.wait_for_load_state()  # with its style
                assert page.url.startswith(f"{place.url}/apps/track/t/ord_")
                assert page.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius") == "14px"
                fits(page, place.pictures / f"tracking-page-{name}.png")

    await in_chromium(look)


async def test_in_another_language_and_without_a_script(place: Place) -> None:
    address = place.theme("tracking", "de", heading="Wo ist meine Bestellung?")

    def look() -> None:
        with browsing(390) as page:
            page.goto(address)
            page.get_by_label("Bestellnummer").fill("1001")
            page.get_by_label("E-Mail-Adresse oder Postleitzahl").fill("m11aa")
            page.get_by_role("button", name="Bestellung finden").click()
            page.get_by_role("status").get_by_text("Zugestellt").first.wait_for()
        with browsing(scripts=False) as page:
            page.goto(address)
            page.get_by_label("Bestellnummer").fill("1001")
            page.get_by_label("E-Mail-Adresse oder Postleitzahl").fill("m11aa")
            page.get_by_role("button", name="Bestellung finden").click()
            page.get_by_role("heading", name="Delivered").wait_for()
            assert "/apps/track/t/ord_" in page.url
            page.locator("form select").first.select_option("1")
            page.get_by_role("button", name="Ask for a return").click()
            page.get_by_role("heading", name="Your return").wait_for()
            assert "/apps/track/t/ord_" in page.url

    await in_chromium(look)


async def test_a_date_on_a_products_page(place: Place) -> None:
    address = place.theme("promise", more=CART, ask=True)

    def look() -> None:
        asked: list[str] = []

        def answer(route: Route) -> None:
            asked.append(route.request.url.partition("?")[2])
            if "postcode=M1" not in asked[-1]:
                route.fulfill(json={"deliver_on": None, "needs_postcode": True})
            elif "variant=7002" in asked[-1]:
                route.fulfill(status=500)
            else:
                route.fulfill(json={"deliver_on": "2026-11-27", "needs_postcode": False})

        with browsing(390) as page:
            page.route("**/apps/track/promise?*", answer)
            page.goto(address)
            page.get_by_text("Delivery date for your postcode").click()
            assert page.locator("[data-fulfilhub-date]").is_hidden()
            page.get_by_label("Postcode").fill("M1 1AA")
            page.get_by_role("button", name="Show the date").click()
            page.get_by_text("Delivered by Friday 27 November").wait_for()
            fits(page, place.pictures / "promise-phone.png")
            page.reload()
            page.get_by_text("Delivered by Friday 27 November").wait_for()
            assert len(asked) == 2, "what was just asked is remembered"
            page.locator("select[name=id]").select_option("7002")
            page.get_by_text("Delivered by").wait_for(state="hidden")
            assert [question.partition("&")[0] for question in asked] == [
                "variant=7001",
                "variant=7001",
                "variant=7002",
            ]

    await in_chromium(look)


async def test_the_order_status_page_shows_parcels_and_takes_a_return(place: Place) -> None:
    address = place.account("status")

    def look() -> None:
        for name, width in WIDTHS.items():
            with browsing(width) as page:
                page.goto(address)
                page.get_by_text("Delivered").first.wait_for()
                page.get_by_text("In this parcel").wait_for()
                assert page.locator("s-section").evaluate("each => each.heading") == "Your delivery"
                fits(page, place.pictures / f"status-{name}.png")
        with browsing(390) as page:
            page.goto(address)
            page.get_by_text("Start a return").click()
            page.get_by_text("Ask for the return").click()
            page.get_by_text("Please say how many").wait_for()
            fits(page, place.pictures / "return-phone.png")
            page.locator("s-select select").first.select_option("1")
            page.locator("s-select select").last.select_option("damaged")
            page.get_by_text("Ask for the return").click()
            page.get_by_text("Your return was asked for.").wait_for()
            page.get_by_text("Return number ret_").wait_for()

    await in_chromium(look)
    listed = (await place.front.merchant.get("/v1/returns")).json()["data"]
    assert [(each["lines"][0]["advised"], each["lines"][0]["reason"]) for each in listed] == [(1, "damaged")]
    assert listed[0]["order_id"] == ids.ORDER.show(place.front.order.order_id)


async def test_while_it_loads_when_it_fails_and_when_there_is_nothing(place: Place) -> None:
    address, stranger = place.account("status"), session_token("gid://shopify/Customer/78")

    def look() -> None:
        with browsing() as page:
            held: list[Route] = []
            page.route("**/shopify/customers/orders/*", lambda route: held.append(route))
            page.goto(address)
            page.locator("s-skeleton-paragraph").first.wait_for()
            assert page.locator("s-stack").first.evaluate("each => each.getAttribute('accessibilitylabel')") is not None
            held[0].abort()
            page.get_by_text("can't be shown just now").wait_for()
            page.unroute_all()
            page.get_by_text("Try again").click()
            page.get_by_text("Delivered").first.wait_for()
        with browsing(390) as page:
            page.goto(place.account("status", token=stranger))
            page.get_by_text("There is nothing to show for this order yet.").wait_for()
            page.goto(place.account("status", token=session_token("", secret="x" * 32)))
            page.get_by_text("can't be shown just now").wait_for()
            page.goto(place.account("status", "fr", order=None))
            assert page.locator("s-section").count() == 0

    await in_chromium(look)


async def test_who_is_not_signed_in_sees_parcels_by_the_confirmation_and_may_sign_in(place: Place) -> None:
    unknown = {"id": f"gid://shopify/Order/{ORDER}", "name": NUMBER, "confirmationNumber": "WRONG0000"}

    def look() -> None:
        with browsing() as page:
            page.goto(place.account("status", token=session_token(""), signedIn=False))
            page.get_by_text("In this parcel").wait_for()
            assert page.get_by_text("Start a return").count() == 0
            page.goto(place.account("status", token=session_token(""), signedIn=False, order=unknown))
            page.get_by_text("Sign in", exact=True).click()
            page.locator("body[data-signing-in]").wait_for()

    await in_chromium(look)


async def test_the_menu_and_what_it_opens_in_the_customers_language(place: Place) -> None:
    def look() -> None:
        with browsing(390) as page:
            page.goto(place.account("menu", "nl"))
            page.get_by_text("Volgen of retourneren").wait_for()
            page.goto(place.account("action", "es", settings={"hide_returns": True}))
            page.get_by_text("Entregado").first.wait_for()
            assert page.get_by_text("Iniciar una devolución").count() == 0
            fits(page, place.pictures / "action-phone.png")
            page.get_by_text("Cerrar").click()
            page.locator("body[data-closed]").wait_for()

    await in_chromium(look)
