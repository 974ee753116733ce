"""Signing in, step by step, and out. Every refusal of the first step looks the same."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Response, get, post
from litestar.di import NamedDependency

from fulfilhub.accounts.principal import doing_of
from fulfilhub.accounts.sessions import CSRF_FIELD, doorkeeper
from fulfilhub.people.commands import sessions
from fulfilhub.people.queries import Named
from fulfilhub.people.routes.forms import (
    PAGE,
    PAGES,
    PageRequest,
    came,
    check,
    home,
    session_cookies,
)
from fulfilhub.people.rules import local_path
from fulfilhub.people.signing_in import SignIn
from fulfilhub.platform import ids
from fulfilhub.platform.errors import RateLimited, Unauthenticated
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.web.pages import form_of, go_to

AGAIN = "That took too long. Please sign in again."


def _ask(
    request: PageRequest, onward: str, problem: str = "", email: str = "", status: int = 200, wait: int = 0
) -> Response[str]:
    csrf, cookie = doorkeeper(request).new_form(request)
    return PAGES.show(
        "sign_in.html",
        status,
        cookies=[cookie, doorkeeper(request).cookie("half", "", request, 0)],
        more={"Retry-After": str(wait)} if wait else None,
        csrf=csrf,
        next=onward,
        problem=problem,
        email=email,
    )


@get("/sign-in", **PAGE)
async def sign_in_form(request: PageRequest) -> Response[str]:
    """Asks for name and password; whoever is signed in already goes on."""
    onward = local_path(request.query_params.get("next", ""))
    if await doorkeeper(request).session(request) is not None:
        return go_to(onward)
    return _ask(request, onward)


@post("/sign-in", status_code=200, **PAGE)
async def sign_in(
    request: PageRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
) -> Response[str]:
    """Takes name and password."""
    form = await form_of(request)
    doorkeeper(request).check_form(request, form.get(CSRF_FIELD))
    onward, email = local_path(form.get("next", "")), form.get("email", "")[:254]
    steps = SignIn(works, vault, settings)
    try:
        people = await steps.with_password(email, form.get("password", "")[:1000], came(request, settings))
    except Unauthenticated as error:
        return _ask(request, onward, error.detail, email, 422)
    except RateLimited as error:
        return _ask(request, onward, error.detail, email, 429, error.retry_after)
    return await _onward(request, works, steps, people, onward)


@post("/sign-in/organisation", status_code=200, **PAGE)
async def choose_organisation(
    request: PageRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
) -> Response[str]:
    """Somebody whom several organisations know says which."""
    form = await form_of(request)
    doorkeeper(request).check_form(request, form.get(CSRF_FIELD))
    onward = local_path(form.get("next", ""))
    steps = SignIn(works, vault, settings)
    proven = await _half(request, works, steps)
    chosen = [person for person in proven if ids.ACCOUNT.show(person.account_id) == form.get("account")]
    if len(chosen) != 1:
        return _ask(request, onward, AGAIN, status=422)
    return await _onward(request, works, steps, chosen, onward)


@post("/sign-in/code", status_code=200, **PAGE)
async def give_code(
    request: PageRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
) -> Response[str]:
    """Takes the second factor's code, or a recovery code."""
    form = await form_of(request)
    doorkeeper(request).check_form(request, form.get(CSRF_FIELD))
    onward = local_path(form.get("next", ""))
    steps = SignIn(works, vault, settings)
    proven = await _half(request, works, steps)
    if len(proven) != 1:
        return _ask(request, onward, AGAIN, status=422)
    (person,) = proven
    try:
        right = await steps.with_code(person, form.get("code", "")[:100], came(request, settings))
    except RateLimited as error:
        return _ask_code(request, steps, works, person, onward, error.detail, 429)
    if not right:
        problem = "That is not the present code, or it was used already. Wait for the next one."
        return _ask_code(request, steps, works, person, onward, problem, 422)
    return await _start(request, works, steps, person, onward)


@post("/sign-out", status_code=303, **PAGE)
async def sign_out(request: PageRequest, works: NamedDependency[Works]) -> Response[str]:
    """Ends this browser's session."""
    guard = doorkeeper(request)
    session = await guard.session(request)
    if session is not None:
        check(request, session, await form_of(request))
        async with works.begin(home(session, doing_of(request))) as work:
            await sessions.end(work, session.user_id, session.id)
    return go_to("/sign-in", [guard.cookie("session", "", request, 0)])


async def _half(request: PageRequest, works: Works, steps: SignIn) -> list[Named]:
    sealed = request.cookies.get(doorkeeper(request).cookie_name("half", request), "")
    return await steps.unseal(sealed, works.clock()) if sealed else []


async def _onward(
    request: PageRequest, works: Works, steps: SignIn, people: Sequence[Named], onward: str
) -> Response[str]:
    """The step after a right password: which organisation, the code, or in."""
    if len(people) > 1:
        csrf, cookie = doorkeeper(request).new_form(request)
        half = doorkeeper(request).cookie("half", steps.seal(people, works.clock()), request, 300)
        choices = await steps.choices(people)
        return PAGES.show("organisation.html", cookies=[cookie, half], csrf=csrf, next=onward, choices=choices)
    (person,) = people
    if await steps.asks_for_code(person):
        return _ask_code(request, steps, works, person, onward)
    return await _start(request, works, steps, person, onward)


def _ask_code(
    request: PageRequest,
    steps: SignIn,
    works: Works,
    person: Named,
    onward: str,
    problem: str = "",
    status: int = 200,
) -> Response[str]:
    csrf, cookie = doorkeeper(request).new_form(request)
    cookies = [cookie]
    if not problem:
        cookies.append(doorkeeper(request).cookie("half", steps.seal([person], works.clock()), request, 300))
    return PAGES.show("code.html", status, cookies=cookies, csrf=csrf, next=onward, problem=problem)


async def _start(request: PageRequest, works: Works, steps: SignIn, person: Named, onward: str) -> Response[str]:
    """In, with a fresh session; one that this browser had before ends."""
    guard = doorkeeper(request)
    before = await guard.session(request)
    if before is not None:
        async with works.begin(home(before)) as work:
            await sessions.end(work, before.user_id, before.id)
    token = await steps.start(person, came(request, guard.settings))
    return go_to(onward, session_cookies(request, token))


ROUTES = [sign_in_form, sign_in, choose_organisation, give_code, sign_out]
