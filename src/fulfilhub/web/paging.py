"""Cursor pages: stable under inserts, one look-ahead row instead of a count."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import msgspec
from litestar.params import QueryParameter
from msgspec import Struct

from fulfilhub.platform.errors import FieldError, Invalid
from fulfilhub.web.bodies import bad_text
from fulfilhub.web.jsonschemas import SAFE

T = TypeVar("T")
R = TypeVar("R")

Limit = Annotated[int, QueryParameter(ge=1, le=200, description="How many to return, 1 to 200.")]


def cursor_like(example: str) -> Any:
    """The parameter `cursor` of a list whose cursors look like this."""
    return QueryParameter(
        max_length=500,
        description="Where to go on: `next_cursor` of the page before; empty for the first.",
        schema_extra={"examples": [example]},
    )


Cursor = Annotated[str | None, cursor_like("WyIwMTkzNTcyYi1kOWM3LTdkMmMtYTRmMS0zZjZhNWI4YzlkMGUiXQ")]
"""Of a list sorted by id."""


class Page(Struct, Generic[T]):
    """One page of a list."""

    data: list[T]
    next_cursor: str | None
    has_more: bool


def encode_cursor(*keys: object) -> str:
    """An opaque cursor of the last row's sort keys (ids, times, text, numbers)."""
    return base64.urlsafe_b64encode(msgspec.json.encode(keys)).decode().rstrip("=")


def decode_cursor(text: str, *types: type) -> tuple[object, ...]:
    """The sort keys. Raises Invalid naming `query/cursor` when it is not one of ours."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        keys = tuple(msgspec.json.decode(raw, type=tuple[types]))  # type: ignore[valid-type]
        if all(map(_storable, keys)):
            return keys
    except (ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        pass  # told below, as one thing: how it is broken is of no use to the caller
    detail = "Use the next_cursor of an earlier page of this same list, unchanged."
    raise Invalid(detail, fields=[FieldError("query/cursor", detail)])


def _storable(key: object) -> bool:
    """Whether the database can compare with it: anyone can write a cursor."""
    if isinstance(key, str):
        return bad_text(key) is None
    if isinstance(key, datetime):
        return key.tzinfo is not None and key.astimezone(UTC) is not None
    return not isinstance(key, int) or -SAFE <= key <= SAFE


def id_cursor(cursor: str | None) -> UUID | None:
    """The id in a cursor of a list sorted by id."""
    if not cursor:
        return None
    (value,) = decode_cursor(cursor, UUID)
    assert isinstance(value, UUID)  # noqa: S101 - decoded as such
    return value


def timed_cursor(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The (time, id) in a cursor of a list sorted by both."""
    if not cursor:
        return None
    at, value = decode_cursor(cursor, datetime, UUID)
    assert isinstance(at, datetime) and isinstance(value, UUID)  # noqa: S101, PT018 - decoded as such
    return at, value


def page(rows: Sequence[R], limit: int, keys: Callable[[R], tuple[object, ...]], show: Callable[[R], T]) -> Page[T]:
    """A page of `rows`, of which one more than `limit` was asked for. `keys` are a row's sort keys."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page([show(row) for row in shown], encode_cursor(*keys(shown[-1])) if more else None, more)


async def page_of(
    limit: int,
    cursor: str | None,
    fetch: Callable[[UUID | None, int], Awaitable[Sequence[R]]],
    key: Callable[[R], UUID],
    show: Callable[[R], T],
) -> Page[T]:
    """A page of a list sorted by id: `fetch(after, size)` is asked for one row more than `limit`."""
    rows = await fetch(id_cursor(cursor), limit + 1)
    return page(rows, limit, lambda row: (key(row),), show)
