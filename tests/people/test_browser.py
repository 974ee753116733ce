"""The pages for people in a real browser, at desktop and phone width: joining, signing in, the second factor, one's own
page, and approving a store. Styled under their strict policy, nothing too wide, every field labelled."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from pathlib import Path
from typing import Any, cast

import pytest
from litestar import Litestar, get

from fulfilhub.people.adapters.authenticator import code_at
from fulfilhub.people.rules.second_factor import step_at
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.settings import Settings
from tests.fakes.serving import free_port, serving
from tests.make.world import Client
from tests.people.world import PASSWORD, invited

CHROMIUM = shutil.which("chromium")

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")]

UNLABELLED = """() => [...document.querySelectorAll('input:not([type=hidden]), select')]
    .filter(field => !field.labels.length).map(field => field.name)"""


class Looker:
    """Opens pages, takes a picture of each at both widths, and collects what is amiss."""

    def __init__(self, browser: Any, folder: Path) -> None:
        self.page = browser.new_page(viewport={"width": 1100, "height": 800})
        self.folder = folder
        self.amiss: list[str] = []
        self.page.on("console", lambda said: self.amiss.append(said.text) if "Content Security" in said.text else None)

    def look(self, name: str) -> None:
        for width in (1100, 390):
            self.page.set_viewport_size({"width": width, "height": 800})
            self.page.screenshot(path=self.folder / f"{name}-{width}.png", full_page=True)
            if self.page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
                self.amiss.append(f"{name} is too wide at {width}")
        if self.page.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius") != "14px":
            self.amiss.append(f"{name} is not styled")
        self.amiss += [f"{name}: {field} has no label" for field in self.page.evaluate(UNLABELLED)]

    def fill(self, label: str, value: str) -> None:
        self.page.get_by_label(label, exact=True).fill(value)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()
        self.page.wait_for_load_state()


def _walk(url: str, shop: str, invitation: str, folder: Path) -> dict[str, object]:
    from playwright.sync_api import sync_playwright

    seen: dict[str, object] = {}
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        looker = Looker(browser, folder)
        page = looker.page
        _join(looker, url + invitation)
        page.goto(f"{url}/sign-in")
        looker.look("sign-in")
        looker.fill("E-mail address", "ada@example.com")
        looker.fill("Password", "this is not it")
        looker.press("Sign in")
        looker.look("sign-in-refused")
        looker.fill("Password", PASSWORD)
        looker.press("Sign in")
        seen["me"] = page.url
        looker.look("me")
        secret = _set_up_codes(looker)
        looker.press("Sign out")
        seen["out"] = page.url
        _connect(looker, url, shop, secret, seen)
        page.goto(f"{url}/me")
        looker.look("me-with-codes")
        seen["amiss"] = looker.amiss
        browser.close()
    return seen


def _join(looker: Looker, address: str) -> None:
    looker.page.goto(address)
    looker.look("invitation")
    looker.fill("Your name", "Ada Lovelace")
    looker.fill("Password", "password1234")
    looker.press("Join")
    looker.look("invitation-refused")
    looker.fill("Password", PASSWORD)
    looker.press("Join")
    looker.look("joined")


def _set_up_codes(looker: Looker) -> str:
    looker.press("Set it up")
    looker.look("second-factor")
    looker.page.get_by_text("Can't scan it?").click()
    secret = re.sub(r"\s", "", looker.page.locator(".secret").inner_text())
    looker.fill("Code", code_at(secret, step_at(utc_now())))
    looker.press("Turn it on")
    looker.look("recovery-codes")
    looker.page.get_by_role("link", name="I have kept them").click()
    return secret


def _connect(looker: Looker, url: str, shop: str, secret: str, seen: dict[str, object]) -> None:
    asked = f"platform=woocommerce&shop_name=Ada%27s+Mugs&shop_url={shop}&return_url={shop}/back&state=s"
    looker.page.goto(f"{url}/connect?{asked}")
    looker.fill("E-mail address", "ada@example.com")
    looker.fill("Password", PASSWORD)
    looker.press("Sign in")
    looker.look("code")
    looker.fill("Code", code_at(secret, step_at(utc_now()) + 1))
    looker.press("Go on")
    looker.look("connect")
    looker.press("Approve")
    seen["back"] = looker.page.url


@get("/back")
async def back_in_the_shop() -> str:
    """Where the plugin waits."""
    return "Connected."


async def test_the_pages_in_chromium(settings: Settings, merchant: Client, tmp_path: Path) -> None:
    from fulfilhub.app import make_app

    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    invitation = await invited(merchant, "ada@example.com")
    app = cast("Any", make_app(settings))
    async with serving(app, free_port()) as url, serving(Litestar([back_in_the_shop]), free_port()) as shop:
        seen = await asyncio.to_thread(_walk, url, shop, invitation, folder)
    assert seen["amiss"] == []
    assert seen["me"] == f"{url}/me"
    assert seen["out"] == f"{url}/sign-in"
    assert str(seen["back"]).startswith(f"{shop}/back?code=")
    assert (folder / "me-390.png").stat().st_size > 10_000
