"""What the pages' handlers share: who is at the browser, where they come from, and that the form is ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie, State

from fulfilhub.accounts.principal import doing_of, scope_of
from fulfilhub.accounts.sessions import CSRF_FIELD, Session, doorkeeper
from fulfilhub.people.queries import Named
from fulfilhub.people.rules import browser_name
from fulfilhub.people.signing_in import Came
from fulfilhub.platform import ids
from fulfilhub.platform.audit import Doing
from fulfilhub.platform.scopes import Merchant, Operator, Partner
from fulfilhub.platform.settings import Settings
from fulfilhub.web.clients import client_address, neighbourhood
from fulfilhub.web.pages import OwnPages

PAGES = OwnPages("fulfilhub.people")
PAGE = PAGES.options
PageRequest = Request[Any, Any, State]


def came(request: PageRequest, settings: Settings) -> Came:
    """Where a sign-in comes from; each of its steps is called `signIn`."""
    address = client_address(request.scope, trust_forwarded=settings.security.trust_forwarded)
    browser = browser_name(request.headers.get("user-agent", ""))
    return Came(neighbourhood(address), browser, replace(doing_of(request), action="signIn"))


def home(session: Session, done: Doing | None = None) -> Merchant | Partner | Operator:
    """The live account that the person belongs to, whichever twin they work in."""
    return scope_of(session.kind, session.home_id, ids.USER.show(session.user_id), done)


def self_of(session: Session) -> Named:
    """The person of a session."""
    return Named(session.home_id, session.user_id, session.kind)


def check(request: PageRequest, session: Session, form: dict[str, str]) -> None:
    """Raises Forbidden for a form that is not of this session."""
    doorkeeper(request).check_csrf(request, session.id, form.get(CSRF_FIELD))


def session_cookies(request: PageRequest, token: str) -> list[Cookie]:
    """The cookies after signing in: the session's, and what the steps before it needed is gone."""
    guard = doorkeeper(request)
    hours = guard.settings.people.session_max_hours
    return [
        guard.cookie("session", token, request, hours * 3600),
        guard.cookie("half", "", request, 0),
        guard.cookie("form", "", request, 0),
    ]
