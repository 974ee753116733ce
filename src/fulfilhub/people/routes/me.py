"""One's own page: password, second factor, sessions, and which twin one works in."""

from __future__ import annotations

from datetime import timedelta

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from fulfilhub.accounts.principal import doing_of
from fulfilhub.accounts.queries import get_account
from fulfilhub.accounts.rules import Mode
from fulfilhub.accounts.sessions import Session, doorkeeper, sign_in_path
from fulfilhub.people import queries
from fulfilhub.people.adapters.authenticator import picture
from fulfilhub.people.adapters.hashing import hasher
from fulfilhub.people.commands import second_factor, sessions
from fulfilhub.people.commands.users import set_password
from fulfilhub.people.routes.forms import (
    PAGE,
    PAGES,
    PageRequest,
    came,
    check,
    home,
    self_of,
    session_cookies,
)
from fulfilhub.people.rules.passwords import check_password
from fulfilhub.people.signing_in import SignIn
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Forbidden, FulfilHubError, Invalid, RateLimited, Unauthenticated
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.web.pages import form_of, go_to

WRONG = "That is not your present password."


class OwnPage:
    """A form on one's own page: who sent it, and what it says. Made by `_own`, which checks that it is theirs."""

    def __init__(self, request: PageRequest, works: Works, session: Session, form: dict[str, str]) -> None:
        self.request, self.works, self.session, self.form = request, works, session, form

    async def prove(self, vault: Vault, settings: Settings) -> None:
        """Raises Forbidden unless the form holds the present password, RateLimited after too many wrong ones."""
        steps = SignIn(self.works, vault, settings)
        if not await steps.check_own_password(self_of(self.session), self.form.get("present", "")[:1000]):
            raise Forbidden(WRONG, code="wrong_password")

    async def again(self, problem: FulfilHubError, part: str, status: int = 422) -> Response[str]:
        """The page, saying in one of its parts what went wrong."""
        text = problem.fields[0].detail if problem.fields else problem.detail
        return await _show(self.request, self.works, self.session, {part: text}, status)


async def _own(request: PageRequest, works: Works) -> OwnPage:
    session = await doorkeeper(request).session(request)
    if session is None:
        raise Unauthenticated("You were signed out. Sign in, then do it again.")
    form = await form_of(request)
    check(request, session, form)
    return OwnPage(request, works, session, form)


async def _show(
    request: PageRequest, works: Works, session: Session, problems: dict[str, str], status: int = 200
) -> Response[str]:
    guard = doorkeeper(request)
    idle = timedelta(minutes=guard.settings.people.session_idle_minutes)
    async with works.reading(home(session)) as work:
        user = await queries.get_user(work, session.user_id)
        organisation = await get_account(work, session.home_id)
        rows = await queries.list_sessions(work, session.user_id, work.now - idle)
    browsers = [
        {
            "id": ids.SESSION.show(row.id),
            "here": row.id == session.id,
            "browser": row.browser,
            "address": row.address,
            "since": row.created_at,
            "seen": row.last_seen_at,
        }
        for row in rows
    ]
    return PAGES.show(
        "me.html",
        status,
        csrf=guard.csrf(session.id),
        user=user,
        role=user.role.replace("_", " "),
        organisation=organisation.name,
        mode=session.mode,
        has_twin=organisation.twin_id is not None,
        browsers=browsers,
        problems=problems,
        done=request.query_params.get("done", ""),
    )


@get("/me", **PAGE)
async def own_page(request: PageRequest, works: NamedDependency[Works]) -> Response[str]:
    """Who one is here."""
    session = await doorkeeper(request).session(request)
    if session is None:
        return go_to(sign_in_path(request))
    return await _show(request, works, session, {})


@post("/me/password", status_code=303, **PAGE)
async def change_password(
    request: PageRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
) -> Response[str]:
    """Another password: every other browser is signed out, and this one gets a fresh session."""
    own = await _own(request, works)
    session = own.session
    try:
        await own.prove(vault, settings)
        async with works.begin(home(session)) as work:
            user = await queries.get_user(work, session.user_id)
        text = check_password(own.form.get("password", ""), user.email, user.name, "/password")
    except (Forbidden, Invalid) as error:
        return await own.again(error, "password")
    except RateLimited as error:
        return await own.again(error, "password", 429)
    hashed = await hasher(settings.people).make(text)
    here = came(request, settings)
    lasts = timedelta(hours=settings.people.session_max_hours)
    async with works.begin(home(session, doing_of(request))) as work:
        await set_password(work, session.user_id, hashed)
        await sessions.end_all(work, session.user_id)
        token = await sessions.start(work, session.user_id, session.mode, here.browser, here.doing.address, lasts)
    return go_to("/me?done=password", session_cookies(request, token))


@post("/me/second-factor", status_code=200, **PAGE)
async def propose_second_factor(
    request: PageRequest, works: NamedDependency[Works], vault: NamedDependency[Vault]
) -> Response[str]:
    """Shows the picture that an authenticator app scans."""
    own = await _own(request, works)
    return await _show_proposal(own, vault)


async def _show_proposal(own: OwnPage, vault: Vault, problem: str = "", status: int = 200) -> Response[str]:
    session = own.session
    async with own.works.begin(home(session)) as work:
        secret = await second_factor.propose(work, vault, session.user_id)
        email = (await queries.get_user(work, session.user_id)).email
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    csrf = doorkeeper(own.request).csrf(session.id)
    return PAGES.show(
        "second_factor.html", status, csrf=csrf, qr=picture(secret, email), secret=grouped, problem=problem
    )


@post("/me/second-factor/confirm", status_code=200, **PAGE)
async def confirm_second_factor(
    request: PageRequest, works: NamedDependency[Works], vault: NamedDependency[Vault]
) -> Response[str]:
    """The first code proves that the app has the secret; the recovery codes are shown this once."""
    own = await _own(request, works)
    session = own.session
    async with works.begin(home(session, doing_of(request))) as work:
        codes = await second_factor.confirm(work, vault, session.user_id, own.form.get("code", "")[:100])
        if codes is None:
            work.remember(422, {}, b"")
    if codes is None:
        problem = "That is not the code that the app shows now. Check that your phone's clock is right."
        return await _show_proposal(own, vault, problem, 422)
    return PAGES.show("recovery_codes.html", codes=codes)


@post("/me/second-factor/off", status_code=303, **PAGE)
async def give_up_second_factor(
    request: PageRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
) -> Response[str]:
    """Back to the password alone; asks for it."""
    own = await _own(request, works)
    try:
        await own.prove(vault, settings)
    except (Forbidden, RateLimited) as error:
        return await own.again(error, "second_factor")
    async with works.begin(home(own.session, doing_of(request))) as work:
        await second_factor.give_up(work, own.session.user_id)
    return go_to("/me?done=second_factor_off")


@post("/me/recovery-codes", status_code=200, **PAGE)
async def renew_recovery_codes(
    request: PageRequest,
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
) -> Response[str]:
    """Ten new codes in the place of what was left; asks for the password."""
    own = await _own(request, works)
    try:
        await own.prove(vault, settings)
    except (Forbidden, RateLimited) as error:
        return await own.again(error, "second_factor")
    async with works.begin(home(own.session, doing_of(request))) as work:
        codes = await second_factor.fresh_recovery_codes(work, own.session.user_id)
    return PAGES.show("recovery_codes.html", codes=codes)


@post("/me/sessions/{session_id:str}/end", status_code=303, **PAGE)
async def end_session(request: PageRequest, works: NamedDependency[Works], session_id: FromPath[str]) -> Response[str]:
    """Signs one browser out."""
    own = await _own(request, works)
    found = ids.SESSION.find(session_id)
    async with works.begin(home(own.session, doing_of(request))) as work:
        await sessions.end(work, own.session.user_id, found)
    return go_to("/me?done=session")


@post("/me/sessions/end-all", status_code=303, **PAGE)
async def end_all_sessions(request: PageRequest, works: NamedDependency[Works]) -> Response[str]:
    """Signs out everywhere, here too."""
    own = await _own(request, works)
    async with works.begin(home(own.session, doing_of(request))) as work:
        await sessions.end_all(work, own.session.user_id)
    return go_to("/sign-in", [doorkeeper(request).cookie("session", "", request, 0)])


@post("/me/mode", status_code=303, **PAGE)
async def switch_mode(request: PageRequest, works: NamedDependency[Works]) -> Response[str]:
    """Live or test: what is worked in from now on, in this browser."""
    own = await _own(request, works)
    mode = Mode.TEST if own.form.get("mode") == Mode.TEST else Mode.LIVE
    async with works.begin(home(own.session, doing_of(request))) as work:
        if mode is Mode.LIVE or (await get_account(work, own.session.home_id)).twin_id is not None:
            await sessions.switch(work, own.session.id, mode)
    return go_to("/me?done=mode")


ROUTES = [
    own_page,
    change_password,
    propose_second_factor,
    confirm_second_factor,
    give_up_second_factor,
    renew_recovery_codes,
    end_session,
    end_all_sessions,
    switch_mode,
]
