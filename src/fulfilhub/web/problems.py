"""The only map from a kind of failure to an HTTP answer: problem documents of RFC 9457.

`type` names the kind (it links to the reference at /docs), `code` the exact case; both are stable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, cast
from urllib.parse import quote

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from msgspec import Meta, Struct

from fulfilhub.platform import errors
from fulfilhub.platform.errors import FieldError, FulfilHubError
from fulfilhub.web.tracing import AsgiScope, request_id

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger("fulfilhub.web")


class Malformed(FulfilHubError):
    """Not even readable: broken JSON, a header sent twice, a body that ends too early."""

    code = "malformed"
    title = "The request can't be read"


class MethodNotAllowed(FulfilHubError):
    """The path exists, the method does not."""

    code = "method_not_allowed"
    title = "Wrong method"


class TooLarge(FulfilHubError):
    """The body is over the limit."""

    code = "body_too_large"
    title = "The body is too large"


class WrongMediaType(FulfilHubError):
    """The body is not what the operation reads."""

    code = "unsupported_media_type"
    title = "Wrong content type"


class Internal(FulfilHubError):
    """Our fault; what happened is in our log under the request id."""

    code = "internal"
    title = "Something went wrong on our side"


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of failure is answered and documented."""

    status: int
    name: str
    meaning: str


KINDS: dict[type[FulfilHubError], Kind] = {
    Malformed: Kind(400, "malformed", "The request can't be read, for example because its JSON is broken."),
    errors.Unauthenticated: Kind(401, "unauthenticated", "The API key is missing, unknown, expired or revoked."),
    errors.Forbidden: Kind(403, "forbidden", "The API key lacks the permission."),
    errors.NotFound: Kind(404, "not-found", "It does not exist, or is not yours."),
    MethodNotAllowed: Kind(405, "method-not-allowed", "The path has no such method; `Allow` names those it has."),
    errors.Conflict: Kind(409, "conflict", "Not possible in the present state; `code` and `detail` say why."),
    errors.Stale: Kind(412, "stale", "`If-Match` names another version than the present one."),
    TooLarge: Kind(413, "too-large", "The body is larger than this operation accepts."),
    WrongMediaType: Kind(415, "wrong-media-type", "The body's `Content-Type` is not one this operation reads."),
    errors.Invalid: Kind(422, "invalid", "Fields or parameters are wrong; `errors` names each of them."),
    errors.RateLimited: Kind(429, "rate-limited", "Too many calls; `Retry-After` says when to go on."),
    Internal: Kind(500, "internal", "Our fault. Quote `request_id` when you tell us."),
    errors.Unavailable: Kind(503, "unavailable", "Something we need is away; repeat the same call in a moment."),
}


class FieldProblem(Struct, kw_only=True):
    """One thing that is wrong with the request, and how to mend it."""

    pointer: Annotated[
        str,
        Meta(
            description="JSON pointer into the body, or `query/…`, `path/…`, `header/…`; empty for the whole body.",
            examples=["/lines/0/quantity"],
        ),
    ]
    detail: Annotated[str, Meta(description="What to do.", examples=["Must be 1 or more."])]
    code: Annotated[str, Meta(description="Stable name of the rule.", examples=["minimum"])]


class Problem(Struct, kw_only=True):
    """What went wrong and what to do (RFC 9457). Some kinds carry further members, such as the legal `actions`."""

    type: Annotated[str, Meta(description="The kind of problem.", examples=["/docs#problem-invalid"])]
    title: Annotated[str, Meta(description="The kind in words.", examples=["The request has errors"])]
    status: Annotated[int, Meta(ge=400, le=599, examples=[422])]
    detail: Annotated[str, Meta(description="This case in one sentence.", examples=["One field is wrong."])]
    instance: Annotated[str, Meta(description="The path that was called.", examples=["/v1/orders"])]
    code: Annotated[str, Meta(description="Stable name of this case.", examples=["invalid"])]
    errors: Annotated[list[FieldProblem], Meta(description="Every bad field; empty for other problems.")]
    request_id: Annotated[str, Meta(description="Quote it when you ask us.", examples=["req_0193572bd9c77d2c"])]


def problems(*kinds: type[FulfilHubError]) -> dict[int, ResponseSpec]:
    """The problems a route may answer with, for its contract: `@get(..., responses=problems(NotFound))`."""
    return {
        KINDS[kind].status: ResponseSpec(
            cast("Any", Problem), media_type=MEDIA_TYPE, description=KINDS[kind].meaning, generate_examples=False
        )
        for kind in kinds
    }


def kind_of(error: FulfilHubError) -> Kind:
    """How this error is answered; a domain's own error counts as its nearest known kind."""
    return next(KINDS[cls] for cls in type(error).__mro__ if cls in KINDS)


def describe(scope: AsgiScope, error: FulfilHubError) -> dict[str, object]:
    """The problem document, also for an item of a batch."""
    kind = kind_of(error)
    return {
        "type": f"/docs#problem-{kind.name}",
        "title": error.title,
        "status": kind.status,
        "detail": error.detail,
        "instance": quote(scope["path"], errors="replace"),
        "code": error.code,
        "errors": [{"pointer": f.pointer, "detail": f.detail, "code": f.code} for f in error.fields],
        "request_id": request_id(scope),
        **error.more,
    }


def handle(request: Request[Any, Any, Any], failure: Exception) -> Response[bytes]:
    """The exception handler of the whole application."""
    error = _understood(request, failure)
    headers = {}
    if isinstance(error, errors.Unauthenticated):
        given = "authorization" in request.headers
        headers["WWW-Authenticate"] = 'Bearer realm="fulfilhub"' + (', error="invalid_token"' if given else "")
    elif isinstance(error, errors.RateLimited):
        headers["Retry-After"] = str(error.retry_after)
    elif isinstance(error, errors.Unavailable):
        headers["Retry-After"] = "5"
    elif isinstance(error, MethodNotAllowed) and isinstance(failure, HTTPException):
        headers["Allow"] = (failure.headers or {}).get("allow", "")
    elif isinstance(error, TooLarge):
        headers["Connection"] = "close"  # the rest of the body is not worth reading
    return Response(
        msgspec.json.encode(describe(request.scope, error), enc_hook=str),
        status_code=kind_of(error).status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


def _understood(request: Request[Any, Any, Any], failure: Exception) -> FulfilHubError:
    if isinstance(failure, FulfilHubError):
        return failure
    if isinstance(failure, RecursionError):
        # Only nesting in the input goes that deep; should it ever be ours, the traceback is in the log.
        log.warning("request.too_deep", exc_info=failure)
        return errors.Invalid("The request is nested too deeply.", code="too_deep")
    if isinstance(failure, HTTPException):
        return _from_framework(failure)
    log.error("request.failed", exc_info=failure, method=request.method, route=request.scope.get("path_template"))
    return _internal()


def _internal() -> FulfilHubError:
    return Internal("Something went wrong on our side; we have been told. Repeating the call may help.")


def _from_framework(failure: HTTPException) -> FulfilHubError:
    status = failure.status_code
    if status == 404:
        return errors.NotFound("There is nothing at this address; /docs lists what there is.")
    if status == 405:
        return MethodNotAllowed("This address does not take that method; see the Allow header.")
    if status == 413:
        return TooLarge("The body is too large; send less at once.")
    if isinstance(failure, ValidationException):
        # Parameters and bodies were checked before (see `web.checks`): what is left is a dependency's own.
        return errors.Invalid("The request has errors.", fields=[FieldError("", "Check the request against /docs.")])
    if failure.detail == "client disconnected prematurely":
        return Malformed("The connection ended before the body did.", code="incomplete_body")
    if 400 <= status < 500:
        return Malformed("The request can't be read; check its headers and its body.")
    log.error("request.failed", exc_info=failure)
    return _internal()
