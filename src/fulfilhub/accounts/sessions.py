"""From a browser to a caller: the session's cookie, the token that each of its forms carries, and where a form that
changes something may come from.

The cookie holds 256 random bits, of which only the SHA-256 is kept. It is HttpOnly and SameSite=Lax, and has the
`__Host-` prefix wherever we are reached by https. A form (or a script's `X-CSRF-Token`) carries a MAC over the
session's id, so nothing is kept for it and it ends with its session.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID, uuid4

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from fulfilhub.accounts.rules import AccountKind, Mode, Role
from fulfilhub.platform.errors import Forbidden
from fulfilhub.platform.scopes import Nobody
from fulfilhub.platform.secrets import Vault, fingerprint
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works

CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
FORM_ID = re.compile(r"[0-9a-f]{32}")

RESOLVE = (
    "SELECT session_id, user_id, home_id, account_id, kind, mode, role, expires_at "
    "FROM resolve_session($1, $2, $3::interval)"
)


@dataclass(frozen=True, slots=True)
class Session:
    """A live session. `home_id` is the live account that the person belongs to; `account_id` the one that is worked
    in: it, or its test twin."""

    id: UUID
    user_id: UUID
    home_id: UUID
    account_id: UUID
    kind: AccountKind
    mode: Mode
    role: Role
    expires_at: datetime


class Doorkeeper:
    """Knows sessions by their cookie. It asks each time, so a session that was ended ends at once."""

    def __init__(self, works: Works, vault: Vault, settings: Settings) -> None:
        self._works = works
        self._vault = vault
        self._idle = timedelta(minutes=settings.people.session_idle_minutes)
        self._url = settings.server.url
        self.settings = settings

    async def session(self, connection: ASGIConnection[Any, Any, Any, Any]) -> Session | None:
        """The session of the request's cookie, or None when it has none that lives. Counts as use of it."""
        token = connection.cookies.get(self.cookie_name("session", connection), "")
        if not TOKEN.fullmatch(token):
            return None
        async with self._works.begin(Nobody()) as work:
            rows = await work.fetch_raw(RESOLVE, fingerprint(token), work.now, self._idle)
        if not rows:
            return None
        row = rows[0]
        return Session(
            row["session_id"],
            row["user_id"],
            row["home_id"],
            row["account_id"],
            AccountKind(row["kind"]),
            Mode(row["mode"]),
            Role(row["role"]),
            row["expires_at"],
        )

    def csrf(self, session_id: UUID) -> str:
        """What each form of this session carries."""
        return self._vault.link_mac("csrf", session_id)

    def check_csrf(self, connection: ASGIConnection[Any, Any, Any, Any], session_id: UUID, given: str | None) -> None:
        """Raises Forbidden (`csrf`) when a request that changes something did not come from a page of ours."""
        if not (self._from_here(connection) and self._vault.link_is_genuine("csrf", session_id, given or "")):
            raise _strange()

    def form_id(self, connection: ASGIConnection[Any, Any, Any, Any]) -> UUID | None:
        """What names this browser before anybody has signed in with it: the seed of the sign-in form's token."""
        given = connection.cookies.get(self.cookie_name("form", connection), "")
        return UUID(given) if FORM_ID.fullmatch(given) else None

    def new_form(self, connection: ASGIConnection[Any, Any, Any, Any]) -> tuple[str, Cookie]:
        """(the token for a form that nobody has signed in for, the cookie it goes with)."""
        form_id = self.form_id(connection) or uuid4()
        return self.csrf(form_id), self.cookie("form", form_id.hex, connection)

    def check_form(self, connection: ASGIConnection[Any, Any, Any, Any], given: str | None) -> None:
        """The same as `check_csrf`, for forms that nobody has signed in for."""
        form_id = self.form_id(connection)
        if form_id is None:
            raise _strange()
        self.check_csrf(connection, form_id, given)

    def cookie_name(self, what: str, connection: ASGIConnection[Any, Any, Any, Any]) -> str:
        """`__Host-` makes browsers refuse the cookie from anywhere but this very host, over https."""
        return f"__Host-fulfilhub-{what}" if self._secure(connection) else f"fulfilhub-{what}"

    def cookie(
        self, what: str, value: str, connection: ASGIConnection[Any, Any, Any, Any], seconds: int | None = None
    ) -> Cookie:
        """A cookie of ours; `seconds` 0 takes it away, None keeps it until the browser closes."""
        return Cookie(
            self.cookie_name(what, connection),
            path="/",
            value=value,
            max_age=seconds,
            secure=self._secure(connection),
            httponly=True,
            samesite="lax",
        )

    def _secure(self, connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
        return self._url.startswith("https://") or connection.scope["scheme"] == "https"

    def _from_here(self, connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
        """Browsers name the page's origin on everything that changes something; what is no browser names none, and
        is held by the token alone."""
        origin = connection.headers.get("origin")
        if origin is None:
            return connection.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
        scheme = "https" if self._secure(connection) else connection.scope["scheme"]
        ours = urlsplit(self._url)
        return origin in (f"{scheme}://{connection.headers.get('host', '')}", f"{ours.scheme}://{ours.netloc}")


def doorkeeper(connection: ASGIConnection[Any, Any, Any, Any]) -> Doorkeeper:
    """The application's own."""
    found: Doorkeeper = connection.app.state.doorkeeper
    return found


def sign_in_path(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Where to sign in first, to come back to this very address afterwards."""
    query = connection.scope["query_string"].decode("latin-1")
    wanted = connection.scope["path"] + (f"?{query}" if query else "")
    return f"/sign-in?{urlencode({'next': wanted})}"


def _strange() -> Forbidden:
    return Forbidden(
        "This did not come from a page of ours, or the page is too old: open it again and repeat.", code="csrf"
    )
