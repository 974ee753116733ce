"""A customer at the tracking page: reads it, and fills in the form that asks for a return, as a browser would."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

from fulfilhub.demo.door import StepFailed


class ReturnForm(HTMLParser):
    """The return form of a page: where it goes, and its choices by name with the values each offers."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.choices: dict[str, list[str]] = {}
        self._select = ""
        self._option: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given.get("action") or ""
        elif tag == "select":
            self._select = given.get("name") or ""
            self.choices[self._select] = []
        elif tag == "option":
            self._option = given.get("value")
            if self._option is not None:
                self.choices[self._select].append(self._option)

    def handle_data(self, data: str) -> None:
        if self._select and self._option is None and re.fullmatch(r"\s*\d+\s*", data):
            self.choices[self._select].append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        if tag == "option":
            self._option = None
        elif tag == "select":
            self._select = ""


async def ask_for_return(http: httpx.AsyncClient, page: str) -> None:
    """Ask for one unit of the page's first line. Raises StepFailed when the page does not offer it."""
    opened = await http.get(page)
    form = ReturnForm(opened.text)
    line = next((name for name in form.choices if name.startswith("orl_")), None)
    if opened.status_code != 200 or not form.action or line is None:
        raise StepFailed(f"The tracking page {urlsplit(page).path[:12]}... offers no return ({opened.status_code}).")
    filled = {line: "1", "reason": "changed_mind"}
    answer = await http.post(urljoin(page, form.action), data=filled)
    if answer.status_code != 303:
        raise StepFailed(f"The return form was answered {answer.status_code}, not taken.")
    seen = await http.get(urljoin(page, answer.headers["Location"]))
    if "Your return" not in seen.text:
        raise StepFailed("The tracking page does not show the return that was asked for.")
