"""The front door: the application with what surrounds every request, also those that no route takes.

A route's middleware would not see a 404 or a 405; here each request gets its id, its headers, its log line and its
place in the metrics.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

import structlog
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.types import ControllerRouterHandler, Message, Receive, Send

from fulfilhub.platform import metrics, telemetry
from fulfilhub.platform.idempotency import Replayed
from fulfilhub.platform.settings import Settings
from fulfilhub.web.checks import ApiRequest, Checks
from fulfilhub.web.docs import docs_routes
from fulfilhub.web.headers import finish
from fulfilhub.web.jsonschemas import Json
from fulfilhub.web.limits import RateLimiter
from fulfilhub.web.openapi import About, Access, document
from fulfilhub.web.problems import handle
from fulfilhub.web.replies import replay
from fulfilhub.web.tracing import AsgiScope, request_id, template

log = structlog.get_logger("fulfilhub.access")

BATCH = 8
"""A batch may be so many times as large as another body."""

TITLE = "FulfilHub API"
VERSION = "1.0"
DESCRIPTION = """\
Orders in, fulfilled by the warehouse that keeps the promise, billed once.

Send your API key as `Authorization: Bearer fh_live_...`; a `fh_test_...` key works on a world of its own. Bodies are
JSON. Ids are opaque and sort by time; money is whole minor units with an ISO 4217 currency; times are RFC 3339 with
their offset.

POSTs take an `Idempotency-Key`, so that repeating after a lost answer does no harm (not where the answer holds a
secret, which is never kept), and lists go on at `next_cursor`. Send the `ETag` you have seen as `If-Match`, and
nobody's change is overwritten unseen."""

QUIET = frozenset(("/health/live", "/health/ready", "/metrics"))
"""Asked every few seconds by machines: counted, not logged."""


class Api(Litestar):
    """Litestar with our front door: checks before each handler, problems instead of exceptions, the reference at
    /docs, and `state.limits` counting calls per key."""

    def __init__(
        self,
        settings: Settings,
        *,
        route_handlers: Sequence[ControllerRouterHandler],
        tags: Mapping[str, str] | None = None,
        access: Callable[[HTTPRouteHandler], Access | None] = lambda _: None,
        refused: Callable[[AsgiScope, int], Awaitable[None]] | None = None,
        **options: Any,
    ) -> None:
        """`tags` and `access` are for the contract (see `About`); `refused` is told of each answer of 400 and above,
        after it was sent; `options` are Litestar's own (guards, dependencies, state, lifespan). Raises
        ImproperlyConfiguredException or TypeError for a handler whose declaration can't be served."""
        checks = Checks()
        limits = RateLimiter(settings.redis.url, settings.redis.namespace, settings.policy.rate_limit)
        super().__init__(
            route_handlers=[*route_handlers, *docs_routes(self.contract)],
            request_class=ApiRequest,
            before_request=cast("Any", checks),
            request_max_body_size=settings.server.body_limit,
            exception_handlers={Replayed: replay, Exception: handle},
            logging_config=None,
            openapi_config=None,
            on_shutdown=[limits.close],
            **options,
        )
        self.state.limits = limits
        self._about = About(TITLE, VERSION, DESCRIPTION, tags or {}, access)
        self._refused = refused
        self._secure = settings.server.url.startswith("https://")
        checks.prepare(self, settings.server.body_limit * BATCH)

    def contract(self) -> Json:
        """The published contract (OpenAPI 3.1). Raises ValueError for two operations, or two classes, of one name."""
        return document(self, self._about)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI entry point."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def _serve(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        trace = request_id(scope)
        secure = self._secure or scope["scheme"] == "https"
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = cast("list[tuple[bytes, bytes]]", message.get("headers", []))
                message["headers"] = finish(scope, headers, trace, secure=secure)
            await send(message)

        structlog.contextvars.bind_contextvars(request_id=trace)
        try:
            with telemetry.span("http.request", scope["headers"]) as note:
                await super().__call__(scope, receive, cast("Any", answer))
                note({"http.route": template(scope.get("path_template")), "http.response.status_code": status})
            if status >= 400 and self._refused is not None:
                await self._refused(scope, status)
        finally:
            _record(scope, status, time.perf_counter() - started)
            structlog.contextvars.unbind_contextvars("request_id", "key_id")


def _record(scope: AsgiScope, status: int, seconds: float) -> None:
    """Nothing personal: the route's template instead of the path, the key's id instead of the key."""
    route, method = template(scope.get("path_template")), _method(scope["method"])
    metrics.HTTP_SECONDS.labels(method, route, str(status)).observe(seconds)
    if route not in QUIET:
        # Status 0: the caller went away before there was an answer.
        log.info("http.request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def _method(sent: str) -> str:
    # A made-up method must not make a new time series.
    return sent if sent in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"} else "OTHER"
