"""Headers of every answer: the request id, what browsers must not do with it, how long it may be kept."""

from __future__ import annotations

import structlog

from fulfilhub.web.tracing import AsgiScope

Header = tuple[bytes, bytes]

# Pages bring their styles and scripts as files of our own; nothing inline, nothing from elsewhere, no frames.
PAGE_POLICY: Header = (
    b"content-security-policy",
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
)
DATA_POLICY: Header = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")

ALWAYS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
SECURE: Header = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
EXTRA = "fulfilhub_headers"


def answer_later(scope: AsgiScope, *headers: Header) -> None:
    """Add headers to whatever this request will be answered with, also a problem."""
    scope.setdefault(EXTRA, []).extend(headers)


def note_caller(key_id: str) -> None:
    """Name the caller (`key_...` or `usr_...`) in the log lines of this request."""
    structlog.contextvars.bind_contextvars(key_id=key_id)


def finish(scope: AsgiScope, headers: list[Header], request_id: str, *, secure: bool) -> list[Header]:
    """The headers of an answer, completed; what a handler set itself stays as it is."""
    own = {name.lower(): value for name, value in headers}
    page = own.get(b"content-type", b"").startswith(b"text/html")
    usual = (*ALWAYS, PAGE_POLICY) if page else (*ALWAYS, DATA_POLICY)
    made = [*headers, (b"x-request-id", request_id.encode()), *scope.get(EXTRA, ())]
    made += [header for header in usual if header[0] not in own]
    if secure:
        made.append(SECURE)
    return made
