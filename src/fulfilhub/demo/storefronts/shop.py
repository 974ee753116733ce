"""What both shops share: they sign deliveries, remember every write they got, and misbehave when told to."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec
from litestar import Response, Router, get, post
from litestar.params import JSONBody


class Mischief(StrEnum):
    """How an answer to the next write goes wrong.

    SLOW_DOWN and FAIL do nothing; FAIL_AFTER and SILENT_AFTER do the write, and then the first answers 500
    and the second not at all (within a minute).
    """

    SLOW_DOWN = "slow_down"
    FAIL = "fail"
    FAIL_AFTER = "fail_after"
    SILENT_AFTER = "silent_after"


class Write(msgspec.Struct, kw_only=True):
    """One write the shop got. `what` is method and path, or the GraphQL operation; `done` tells if it took
    effect."""

    what: str
    body: object
    done: bool


class Misbehave(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /_misbehave: the next `times` writes go wrong."""

    how: Mischief
    times: int = 1


@dataclass(frozen=True, slots=True)
class SignedDelivery:
    """A webhook delivery as the platform sends it: POST `body` with `headers`."""

    headers: dict[str, str]
    body: bytes


def signature(secret: str, body: bytes) -> str:
    """Both platforms: base64 of HMAC-SHA256 over the raw body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@dataclass(slots=True)
class Record:
    """The writes a shop got, and the mischief ahead of it."""

    writes: list[Write] = field(default_factory=list)
    ahead: list[Mischief] = field(default_factory=list)
    _closing: asyncio.Event = field(default_factory=asyncio.Event)

    def misbehave(self, how: Mischief, times: int = 1) -> None:
        """Let the next `times` writes go wrong."""
        self.ahead.extend([how] * times)

    def close(self) -> None:
        """Let go of those who wait for an answer that will not come."""
        self._closing.set()

    async def perform(
        self,
        what: str,
        body: object,
        act: Callable[[], Response[object]],
        slow_down: Callable[[], Response[object]],
    ) -> Response[object]:
        """Do a write, or what the mischief ahead makes of it. `slow_down` is the platform's own way of saying
        so."""
        how = self.ahead.pop(0) if self.ahead else None
        if how in (Mischief.SLOW_DOWN, Mischief.FAIL):
            self.writes.append(Write(what=what, body=body, done=False))
            return slow_down() if how is Mischief.SLOW_DOWN else broken()
        response = act()
        self.writes.append(Write(what=what, body=body, done=response.status_code in (None, 200, 201, 204)))
        if how is Mischief.SILENT_AFTER:
            try:
                await asyncio.wait_for(self._closing.wait(), 60)
            except TimeoutError:
                return broken()
        return broken() if how is Mischief.FAIL_AFTER else response

    def routes(self) -> Router:
        """GET /_recorded and POST /_misbehave, for a demo or a test in another process."""

        @get("/_recorded", sync_to_thread=False)
        def recorded() -> list[Write]:
            return self.writes

        @post("/_misbehave", status_code=204, sync_to_thread=False)
        def misbehave(data: JSONBody[Misbehave]) -> None:
            self.misbehave(data.how, data.times)

        return Router("/", route_handlers=[recorded, misbehave])


def broken() -> Response[object]:
    """What a failing web server says: a page, not JSON."""
    return Response(content="<h1>Internal Server Error</h1>", status_code=500, media_type="text/html")
