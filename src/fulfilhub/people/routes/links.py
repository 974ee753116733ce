"""The pages behind one-time links: joining by an invitation, and setting a new password."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from fulfilhub.accounts.principal import doing_of, scope_of
from fulfilhub.accounts.queries import get_account
from fulfilhub.accounts.sessions import CSRF_FIELD, TOKEN, doorkeeper
from fulfilhub.people import queries
from fulfilhub.people.adapters.hashing import hasher
from fulfilhub.people.commands import links
from fulfilhub.people.queries import LinkRow, Named
from fulfilhub.people.routes.forms import PAGE, PAGES, PageRequest
from fulfilhub.people.rules import LinkKind, clean_name
from fulfilhub.people.rules.passwords import check_password
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FulfilHubError, Invalid, NotFound
from fulfilhub.platform.scopes import Nobody
from fulfilhub.platform.secrets import fingerprint
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.web.pages import form_of, go_to

GONE = "This link was used, taken back or is too old. Ask whoever sent it for a new one."


class Found(NamedTuple):
    """A link that may still be used, whose it is, and the organisation's name."""

    place: Named
    row: LinkRow
    organisation: str


async def _find(works: Works, token: str, kind: LinkKind) -> Found | None:
    if not TOKEN.fullmatch(token):
        return None
    async with works.reading(Nobody()) as work:
        place = await queries.link_door(work, fingerprint(token), kind)
    if place is None:
        return None
    async with works.reading(scope_of(place.kind, place.account_id, "nobody")) as work:
        row = await queries.get_link(work, place.user_id, kind)
        organisation = (await get_account(work, place.account_id)).name
        good = row.used_at is None and row.revoked_at is None and row.expires_at > work.now
    return Found(place, row, organisation) if good else None


def _gone() -> Response[str]:
    return PAGES.show("own_message.html", 404, title="This link leads nowhere any more", text=GONE)


def _page(
    request: PageRequest, name: str, found: Found, problem: str = "", typed: str = "", status: int = 200
) -> Response[str]:
    csrf, cookie = doorkeeper(request).new_form(request)
    return PAGES.show(
        name,
        status,
        cookies=[cookie],
        csrf=csrf,
        problem=problem,
        typed=typed,
        email=found.row.email,
        role=found.row.role.replace("_", " "),
        organisation=found.organisation,
    )


@get("/invitations/{token:str}", **PAGE)
async def show_invitation(request: PageRequest, works: NamedDependency[Works], token: FromPath[str]) -> Response[str]:
    """Who invites, and the form to join with."""
    found = await _find(works, token, LinkKind.INVITATION)
    return _gone() if found is None else _page(request, "invitation.html", found)


@post("/invitations/{token:str}", status_code=200, **PAGE)
async def accept_invitation(
    request: PageRequest,
    works: NamedDependency[Works],
    settings: NamedDependency[Settings],
    token: FromPath[str],
) -> Response[str]:
    """Takes name and password, and leads to the sign-in page."""
    form = await form_of(request)
    doorkeeper(request).check_form(request, form.get(CSRF_FIELD))
    found = await _find(works, token, LinkKind.INVITATION)
    if found is None:
        return _gone()
    typed = form.get("name", "")[:200]
    try:
        name = clean_name(typed, "/name")
        password = _chosen(form, found.row.email, name)
        hashed = await hasher(settings.people).make(password)
        done = replace(doing_of(request), entity=ids.INVITATION.show(found.row.id))
        async with works.begin(scope_of(found.place.kind, found.place.account_id, "nobody", done)) as work:
            user_id = await links.accept(work, found.row.id, name, hashed)
            done.entity = ids.USER.show(user_id)
    except NotFound:
        return _gone()
    except (Invalid, Conflict) as error:
        return _page(request, "invitation.html", found, _sentence(error), typed, 422)
    return PAGES.show("joined.html", organisation=found.organisation)


@get("/passwords/{token:str}", **PAGE)
async def show_reset(request: PageRequest, works: NamedDependency[Works], token: FromPath[str]) -> Response[str]:
    """The form to set a new password with."""
    found = await _find(works, token, LinkKind.RESET)
    return _gone() if found is None else _page(request, "reset.html", found)


@post("/passwords/{token:str}", status_code=303, **PAGE)
async def reset_password(
    request: PageRequest,
    works: NamedDependency[Works],
    settings: NamedDependency[Settings],
    token: FromPath[str],
) -> Response[str]:
    """Takes the new password, signs the person out everywhere, and leads to the sign-in page."""
    form = await form_of(request)
    doorkeeper(request).check_form(request, form.get(CSRF_FIELD))
    found = await _find(works, token, LinkKind.RESET)
    if found is None:
        return _gone()
    try:
        hashed = await hasher(settings.people).make(_chosen(form, found.row.email, ""))
        user = ids.USER.show(found.row.user_id) if found.row.user_id else None
        done = replace(doing_of(request), entity=user)
        async with works.begin(scope_of(found.place.kind, found.place.account_id, "nobody", done)) as work:
            await links.reset(work, found.row.id, hashed)
    except NotFound:
        return _gone()
    except Invalid as error:
        return _page(request, "reset.html", found, _sentence(error), status=422)
    return go_to("/sign-in")


def _chosen(form: dict[str, str], email: str, name: str) -> str:
    return check_password(form.get("password", ""), email, name, "/password")


def _sentence(error: FulfilHubError) -> str:
    return error.fields[0].detail if error.fields else error.detail


ROUTES = [show_invitation, accept_invitation, show_reset, reset_password]
