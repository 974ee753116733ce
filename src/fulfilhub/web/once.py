"""The Idempotency-Key header as a dependency: `once: NamedDependency[Once]`, given to `works.begin(scope, once)`."""

from __future__ import annotations

from typing import Annotated

from litestar.di import Provide
from litestar.params import HeaderParameter

from fulfilhub.platform.idempotency import IdempotentOnce
from fulfilhub.platform.settings import Settings
from fulfilhub.web.checks import ApiRequest

Once = IdempotentOnce | None

WITHIN = "within"
"""What of an account a caller is confined to, in the request's state: two such callers may choose one key, and neither
is given the other's answer."""

Key = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Any visible ASCII, such as a UUID. The same key with the same request gets the same answer again, "
        "for at least 24 hours; with another request, 422.",
        schema_extra={"examples": ["5f0c8a52-6d1e-4f0e-9a53-0f6f7d1c2b3a"]},
    ),
]


async def provide_once(request: ApiRequest, idempotency_key: Key = None) -> Once:
    """The request's key, or None when it has none."""
    if idempotency_key is None:
        return None
    settings: Settings = request.app.state.settings
    within = request.scope["state"].get(WITHIN)
    kept_as = f"{within}|{idempotency_key}" if within else idempotency_key
    whole = b"\n".join((request.method.encode(), request.scope["raw_path"], request.scope["query_string"]))
    return IdempotentOnce(kept_as, whole + b"\n" + await request.body(), settings.policy.idempotency_hours)


def once() -> dict[str, Provide]:
    """The dependency named `once`."""
    return {"once": Provide(provide_once)}
