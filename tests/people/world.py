"""People for tests: somebody who was invited and joined, and a browser that fills in our forms."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.make.world import Client

PASSWORD = "seven green bicycles"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@dataclass
class Browser:
    """Keeps cookies, and sends a form's hidden fields and the page's origin with it, as browsers do."""

    http: httpx.AsyncClient
    origin: str = "http://api.test"
    cookies: dict[str, str] = field(default_factory=dict)
    page: httpx.Response | None = None

    async def open(self, path: str) -> httpx.Response:
        self.page = await self._send("GET", path)
        return self.page

    async def submit(self, path: str, _origin: str | None = "", **fields: str) -> httpx.Response:
        """Fill in the form of the page that is open, and send it to `path`."""
        assert self.page is not None
        hidden = {name: html.unescape(value) for name, value in HIDDEN.findall(self.page.text)}
        origin = self.origin if _origin == "" else _origin
        headers = {} if origin is None else {"Origin": origin}
        answer = await self._send("POST", path, data=hidden | fields, headers=headers)
        if answer.status_code == 200 or "</form>" in answer.text:
            self.page = answer
        return answer

    async def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **more.pop("headers", {})}
        headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
        if not self.cookies:
            headers.pop("Cookie")
        answer = await self.http.request(method, path, headers=headers, **more)
        self.http.cookies.clear()
        for name, value in answer.cookies.items():
            self.cookies[name] = value
        for line in answer.headers.get_list("set-cookie"):
            if "max-age=0" in line.lower():
                self.cookies.pop(line.partition("=")[0], None)
        return answer

    async def sign_in(self, email: str, password: str = PASSWORD, onward: str = "") -> httpx.Response:
        await self.open(f"/sign-in{onward}")
        return await self.submit("/sign-in", email=email, password=password)

    @property
    def session(self) -> str | None:
        return self.cookies.get("fulfilhub-session")


async def invited(client: Client, email: str, role: str = "owner") -> str:
    """The path of a fresh invitation."""
    answer = await client.post("/v1/users/invitations", {"email": email, "role": role})
    assert answer.status_code == 201, answer.text
    return str(urlsplit(answer.json()["link"]).path)


async def joined(client: Client, email: str, role: str = "owner", password: str = PASSWORD) -> str:
    """Invite somebody, accept for them; their user id."""
    path = await invited(client, email, role)
    browser = Browser(client.http)
    await browser.open(path)
    answer = await browser.submit(path, name="Ada Lovelace", password=password)
    assert answer.status_code == 200, answer.text
    assert "Welcome" in answer.text, answer.text
    users = (await client.get("/v1/users")).json()["data"]
    return next(str(user["id"]) for user in users if user["email"] == email)


async def signed_in(client: Client, email: str = "ada@example.com", role: str = "owner") -> Browser:
    """A browser in which a new person of the account has signed in."""
    await joined(client, email, role)
    browser = Browser(client.http)
    answer = await browser.sign_in(email)
    assert answer.status_code == 303, answer.text
    assert browser.session
    return browser
