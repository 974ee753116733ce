"""The merchant's own program that hears what happens: it checks each signature and remembers each event once."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.params import JSONBody
from standardwebhooks import Webhook, WebhookVerificationError


class Secret(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The signing secret that FulfilHub showed once."""

    secret: str


class Heard(msgspec.Struct, kw_only=True):
    """What came: event id -> type; `repeats` came again, `refused` were not signed with our secret."""

    events: dict[str, str]
    repeats: int = 0
    refused: int = 0


class Receiver:
    """One receiver."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self.heard = Heard(events={})

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """The status to answer with: what is genuine is taken, and taken once."""
        try:
            payload = Webhook(self._secret).verify(body, headers)
        except (WebhookVerificationError, ValueError):
            self.heard.refused += 1
            return 401
        self.heard.repeats += headers["webhook-id"] in self.heard.events
        self.heard.events[headers["webhook-id"]] = payload["type"]
        return 204

    def routes(self) -> Router:
        """POST /_events for FulfilHub; POST /_events/secret and GET /_events for the merchant."""

        @post("/_events")
        async def take(request: Request[Any, Any, State]) -> Response[None]:
            return Response(None, status_code=self.take(dict(request.headers), await request.body()))

        @post("/_events/secret", status_code=204, sync_to_thread=False)
        def learn(data: JSONBody[Secret]) -> None:
            self._secret = data.secret

        @get("/_events", sync_to_thread=False)
        def heard() -> Heard:
            return self.heard

        return Router("/", route_handlers=[take, learn, heard])
