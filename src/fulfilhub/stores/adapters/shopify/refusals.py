"""Which tokens shops refused while something was asked of them: noted where the answer is read, and heeded by whoever
began the asking and can have the token renewed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_REFUSED: ContextVar[set[str] | None] = ContextVar("refused_tokens", default=None)


@contextmanager
def watching() -> Iterator[set[str]]:
    """The tokens that are refused within the block, also in tasks that it starts."""
    found: set[str] = set()
    before = _REFUSED.set(found)
    try:
        yield found
    finally:
        _REFUSED.reset(before)


def refused(token: str) -> None:
    """A shop refused this token. Where nobody watches, nothing happens."""
    watched = _REFUSED.get()
    if watched is not None:
        watched.add(token)
