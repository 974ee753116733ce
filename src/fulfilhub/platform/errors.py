"""The six kinds of failure a caller can be told about.

Domains raise these (or a subclass in their `rules`) with a stable `code`; `web.problems` alone
knows which HTTP status each becomes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One bad field: `pointer` is a JSON pointer into the request body (`/lines/0/sku`) or, for
    parameters, `query/limit`, `path/order_id`, `header/If-Match`; `detail` says how to mend it."""

    pointer: str
    detail: str
    code: str = "invalid"


class FulfilHubError(Exception):
    """Base of every failure that may be shown to a caller.

    `code` is stable and documented; `detail` is one sentence that says what to do; `more` holds
    extra members of the problem document (for example the legal actions).
    """

    code = "error"
    title = "Something went wrong"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        fields: Sequence[FieldError] = (),
        more: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.fields = tuple(fields)
        self.more = dict(more or {})


class NotFound(FulfilHubError):
    """Unknown, or not the caller's: the two are never told apart."""

    code = "not_found"
    title = "Not found"


class Conflict(FulfilHubError):
    """Legal in itself, but not in the present state."""

    code = "conflict"
    title = "Not possible in the present state"


class Stale(Conflict):
    """The caller's `If-Match` version is no longer the present one."""

    code = "stale_version"
    title = "Changed since you read it"


class Invalid(FulfilHubError):
    """The input is wrong in a way the caller can mend."""

    code = "invalid"
    title = "The request has errors"


class Forbidden(FulfilHubError):
    """Known caller, missing permission."""

    code = "forbidden"
    title = "Not allowed"


class Unauthenticated(FulfilHubError):
    """No caller: the key is missing, unknown, expired or revoked."""

    code = "unauthenticated"
    title = "Who are you?"


class RateLimited(FulfilHubError):
    """Too many calls; `retry_after` is in seconds."""

    code = "rate_limited"
    title = "Too many requests"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail, more={"retry_after": retry_after})
        self.retry_after = retry_after


class Unavailable(FulfilHubError):
    """Something we depend on is away; the same call may be repeated later."""

    code = "unavailable"
    title = "Not available at the moment"
