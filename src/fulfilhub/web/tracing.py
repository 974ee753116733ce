"""What names a request in answers, logs and metrics: its id, and the template of its route."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, TypeAlias

import uuid_utils

HEADER = b"x-request-id"
WELL_FORMED = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
KEPT = "fulfilhub_request_id"

AsgiScope: TypeAlias = Any
"""A request's scope as the server made it: a plain dict, in which we keep a few keys of our own."""


def request_id(scope: AsgiScope) -> str:
    """The id of the request with this ASGI scope; made on first use and kept in the scope."""
    kept = scope.get(KEPT)
    if kept is None:
        kept = scope[KEPT] = _given(scope["headers"]) or f"req_{uuid_utils.uuid7().hex}"
    return str(kept)


def _given(headers: list[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        if name == HEADER:
            return value.decode("ascii") if WELL_FORMED.fullmatch(value) else None
    return None


@lru_cache(1024)
def template(path: str | None) -> str:
    """`/v1/orders/{order_id}` of Litestar's `/v1/orders/{order_id:str}`; `unknown` where no route took the request."""
    return "unknown" if path is None else re.sub(r":\w+}", "}", path)
