"""The customer's page in a real browser: it is styled under its own strict policy, fits a phone, and its form works."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any, cast

import pytest

from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.fakes.serving import free_port, serving
from tests.make.world import Client
from tests.pages.world import delivered_order, link

CHROMIUM = shutil.which("chromium")

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")]


def _look(url: str, folder: Path) -> dict[str, object]:
    from playwright.sync_api import sync_playwright

    seen: dict[str, object] = {}
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        errors: list[str] = []
        for name, width in (("desktop", 1100), ("phone", 390)):
            page = browser.new_page(viewport={"width": width, "height": 800})
            page.on("console", lambda said: errors.append(said.text) if "Content Security" in said.text else None)
            page.goto(url)
            page.screenshot(path=folder / f"{name}.png", full_page=True)
            seen[f"{name} overflow"] = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            seen[f"{name} card"] = page.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius")
        page.locator("form select").first.select_option("1")
        page.get_by_role("button").click()
        seen["after"] = page.locator("h2", has_text="Your return").count()
        seen["errors"] = errors
        browser.close()
    return seen


async def test_the_page_in_chromium(
    settings: Settings, merchant: Client, worker_works: Works, vault: Vault, tmp_path: Path
) -> None:
    from fulfilhub.app import make_app

    made = await delivered_order(worker_works, merchant)
    async with serving(cast("Any", make_app(settings)), free_port()) as url:
        seen = await asyncio.to_thread(_look, f"{url}{link(vault, made)}", tmp_path)
    assert seen["errors"] == []
    assert seen["desktop card"] == seen["phone card"] == "14px"
    assert seen["phone overflow"] == seen["desktop overflow"] == 0
    assert seen["after"] == 1
    for name in ("desktop", "phone"):
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000
