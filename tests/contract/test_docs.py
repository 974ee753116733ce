"""The reference in a real browser: whole under its strict policy, on a desk and on a phone, and its search finds."""

from __future__ import annotations

import shutil

import pytest

from tests.contract.conftest import Served
from tests.contract.operations import operations

CHROMIUM = shutil.which("chromium")

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")]


def _look(url: str) -> dict[str, object]:
    from playwright.sync_api import sync_playwright

    seen: dict[str, object] = {}
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        said: list[str] = []
        asked: set[str] = set()
        for name, width in (("desk", 1280), ("phone", 390)):
            page = browser.new_page(viewport={"width": width, "height": 800})
            page.on("console", lambda message: said.append(message.text))
            page.on("request", lambda request: asked.add(request.url))
            page.goto(url)
            seen[f"{name} overflow"] = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            seen[f"{name} shown"] = page.locator(".operation:visible").count()
        page.get_by_role("searchbox").fill("/v1/returns-policy")
        seen["found"] = page.locator(".operation:visible h3").all_inner_texts()
        page.get_by_role("searchbox").fill("no such thing anywhere")
        seen["nothing"] = page.locator("#nothing").is_visible()
        plain = browser.new_page(java_script_enabled=False)
        plain.goto(f"{url}#createOrder")
        seen["plain"] = plain.locator(".operation:visible").count()
        browser.close()
    seen["said"], seen["elsewhere"] = (
        said,
        [address for address in asked if not address.startswith(url.removesuffix("/docs"))],
    )
    return seen


def test_the_reference_in_chromium(served: Served) -> None:
    seen = _look(f"{served.url}/docs")
    assert seen["said"] == seen["elsewhere"] == []
    assert seen["desk overflow"] == seen["phone overflow"] == 0
    assert seen["desk shown"] == seen["phone shown"] == seen["plain"] == len(operations())
    assert seen["found"] == ["Get the returns policy", "Set the returns policy"]
    assert seen["nothing"] is True
