"""Answers: encoded once, kept under the caller's Idempotency-Key when there is one, with an ETag when versioned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar, cast

import msgspec
from litestar import Request, Response
from litestar.enums import MediaType

from fulfilhub.platform.idempotency import Replayed

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder()


class Keeper(Protocol):
    """Who keeps an answer for a repeat: the work, or one request's own key."""

    def remember(self, status: int, headers: Mapping[str, str], body: bytes) -> None: ...


def _reply(keeper: Keeper | None, body: T, status: int, headers: dict[str, str]) -> Response[T]:
    version = getattr(body, "version", None)
    if isinstance(version, int):
        headers["ETag"] = f'"{version}"'
    encoded = _ENCODER.encode(body)
    if keeper is not None:
        keeper.remember(status, headers, encoded)
    # The annotation names what the bytes hold; Litestar sends bytes as they are.
    return Response(cast("T", encoded), status_code=status, headers=headers, media_type=MediaType.JSON)


def created(keeper: Keeper | None, body: T, location: str) -> Response[T]:
    """201 with the new entity and where it lives."""
    return _reply(keeper, body, 201, {"Location": location})


def ok(keeper: Keeper | None, body: T, status: int = 200) -> Response[T]:
    """200 (or another 2xx) with the entity as it is now."""
    return _reply(keeper, body, status, {})


def replay(_: Request[Any, Any, Any], answer: Replayed) -> Response[bytes]:
    """The answer that was given to the first request with this Idempotency-Key."""
    headers = {**answer.headers, "Idempotent-Replayed": "true"}
    return Response(answer.body, status_code=answer.status, headers=headers, media_type=MediaType.JSON)
