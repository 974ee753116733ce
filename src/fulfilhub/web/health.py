"""Liveness, readiness and metrics: for load balancers and Prometheus, without a key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Literal

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from msgspec import Meta, Struct
from prometheus_client import CONTENT_TYPE_LATEST

from fulfilhub.platform import metrics

Check = Callable[[], Awaitable[None]]
CHECK_SECONDS = 2.0


class Live(Struct):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Ready(Struct):
    """What this process needs, and whether it is there. Redis may be away: limits then stay open and the relay
    hands jobs over later, so only the database decides."""

    status: Annotated[Literal["ok", "degraded", "down"], Meta(examples=["ok"])]
    checks: Annotated[dict[str, Literal["ok", "down"]], Meta(examples=[{"database": "ok", "redis": "ok"}])]


async def _ask(check: Check) -> Literal["ok", "down"]:
    try:
        await asyncio.wait_for(check(), CHECK_SECONDS)
    except Exception:
        return "down"
    return "ok"


def health_routes(needed: Mapping[str, Check], wanted: Mapping[str, Check]) -> list[HTTPRouteHandler]:
    """Routes for `/health/live`, `/health/ready` and `/metrics`. `needed` must answer for us to be ready;
    without a `wanted` one we are degraded."""

    @get("/health/live", tags=["Health"], summary="Is the process alive?", operation_id="getLiveness")
    async def live() -> Live:
        """Asks nothing of anybody else: an answer means that the process is there."""
        return Live()

    @get(
        "/health/ready",
        tags=["Health"],
        summary="Can it serve?",
        operation_id="getReadiness",
        responses={503: ResponseSpec(Ready, description="It can't: `checks` says what is away.")},
    )
    async def ready() -> Response[Ready]:
        """Asks the database and Redis. `degraded` still serves; load balancers need the status code only."""
        names = [*needed, *wanted]
        answers = await asyncio.gather(*(_ask(check) for check in [*needed.values(), *wanted.values()]))
        checks = dict(zip(names, answers, strict=True))
        if any(checks[name] == "down" for name in needed):
            return Response(Ready(status="down", checks=checks), status_code=503)
        down = any(answer == "down" for answer in answers)
        return Response(Ready(status="degraded" if down else "ok", checks=checks))

    @get("/metrics", include_in_schema=False, sync_to_thread=True)
    def prometheus() -> Response[bytes]:
        return Response(metrics.render(), media_type=CONTENT_TYPE_LATEST)

    return [live, ready, prometheus]
