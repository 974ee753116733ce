"""An outsider's way in: HTTP with an API key, patient where the API says so, and failures that say what happened."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import httpx

JsonObject = dict[str, object]
T = TypeVar("T")

PAUSE = 0.15
"""Seconds between two looks at something that is waited for."""


class StepFailed(Exception):
    """A step of the demo did not do what it must; the text is one sentence for the person at the terminal."""


class Refused(StepFailed):
    """The API answered with a problem."""

    def __init__(self, method: str, path: str, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.code, detail = _problem(answer)
        super().__init__(f"{method} {path} answered {self.status}: {detail}")


def _problem(answer: httpx.Response) -> tuple[str, str]:
    try:
        body = answer.json()
        errors = "; ".join(f"{e.get('pointer')}: {e.get('detail')}" for e in body.get("errors", ()))
        return str(body.get("code", "")), f"{body.get('detail', '')} {errors}".strip()
    except (ValueError, AttributeError):
        return "", answer.text[:200]


@dataclass(frozen=True, slots=True)
class Door:
    """The API as one key sees it."""

    http: httpx.AsyncClient
    key: str

    async def get(self, path: str, **query: str | int) -> JsonObject:
        """One entity or page. Raises Refused."""
        return await self._call("GET", path, None, query)

    async def post(self, path: str, body: object = None, *, once: str = "") -> JsonObject:
        """A write, safe to repeat by its Idempotency-Key. Raises Refused."""
        return await self._call("POST", path, body, {}, once or secrets.token_hex(12))

    async def put(self, path: str, body: object) -> JsonObject:
        """A write that replaces. Raises Refused."""
        return await self._call("PUT", path, body, {})

    async def patch(self, path: str, body: object) -> JsonObject:
        """A change. Raises Refused."""
        return await self._call("PATCH", path, body, {})

    async def every(self, path: str, **query: str | int) -> AsyncIterator[JsonObject]:
        """All entities of a list, page by page."""
        cursor: str | None = None
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = await self.get(path, **{"limit": 100, **query, **more})
            for row in rows(page["data"]):
                yield row
            cursor = str(page["next_cursor"]) if page.get("has_more") else None
            if cursor is None:
                return

    async def _call(
        self, method: str, path: str, body: object, query: Mapping[str, str | int], once: str = ""
    ) -> JsonObject:
        headers = {"Authorization": f"Bearer {self.key}"} | ({"Idempotency-Key": once} if once else {})
        for attempt in range(6):
            try:
                answer = await self.http.request(method, path, json=body, params=dict(query), headers=headers)
            except httpx.TransportError:  # nobody there, or cut off: all our calls are safe to repeat
                if attempt == 5:
                    raise
                await asyncio.sleep(1.0)
                continue
            if answer.status_code not in {429, 503} or attempt == 5:
                break
            await asyncio.sleep(min(float(answer.headers.get("Retry-After", "1")), 10.0))
        if answer.is_error:
            raise Refused(method, path, answer)
        made: JsonObject = answer.json() if answer.content else {}
        return made


def rows(value: object) -> list[JsonObject]:
    """A JSON array of objects."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def client(url: str) -> httpx.AsyncClient:
    """The HTTP client of one outsider."""
    return httpx.AsyncClient(base_url=url, timeout=30.0, trust_env=False, limits=httpx.Limits(max_connections=16))


async def until(
    look: Callable[[], Awaitable[T | None]], what: str, seconds: float, say: Callable[[], str] = lambda: ""
) -> T:
    """Look again and again until there is an answer. Raises StepFailed naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = await look()
        if found is not None and found is not False:
            return found
        if time.monotonic() > deadline:
            shown = say()
            raise StepFailed(f"{what} did not happen within {seconds:g} s{f' ({shown})' if shown else ''}.")
        await asyncio.sleep(PAUSE)
