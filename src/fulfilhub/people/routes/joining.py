"""The page behind a contract's invitation: an organisation that is not here yet makes itself an account and its
owner."""

from __future__ import annotations

from dataclasses import replace

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from fulfilhub.accounts.commands import make_organisation
from fulfilhub.accounts.commands.invitations import take_up
from fulfilhub.accounts.principal import doing_of
from fulfilhub.accounts.queries.contracts import Welcome, welcome
from fulfilhub.accounts.rules import Role
from fulfilhub.accounts.sessions import CSRF_FIELD, TOKEN, doorkeeper
from fulfilhub.people.adapters.hashing import hasher
from fulfilhub.people.commands.users import add_user
from fulfilhub.people.routes.forms import PAGE, PAGES, PageRequest
from fulfilhub.people.routes.links import GONE
from fulfilhub.people.rules import clean_email, clean_name
from fulfilhub.people.rules.passwords import check_password
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Invalid, NotFound
from fulfilhub.platform.scopes import Nobody, Operator
from fulfilhub.platform.secrets import fingerprint
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.web.pages import form_of


async def _find(works: Works, token: str) -> Welcome | None:
    if not TOKEN.fullmatch(token):
        return None
    async with works.reading(Nobody()) as work:
        return await welcome(work, fingerprint(token))


def _gone() -> Response[str]:
    return PAGES.show("own_message.html", 404, title="This link leads nowhere any more", text=GONE)


def _page(
    request: PageRequest, found: Welcome, problem: str = "", typed: dict[str, str] | None = None, status: int = 200
) -> Response[str]:
    csrf, cookie = doorkeeper(request).new_form(request)
    return PAGES.show(
        "contract_invitation.html",
        status,
        cookies=[cookie],
        csrf=csrf,
        problem=problem,
        typed=typed or {"email": found.email},
        inviter=found.inviter,
        kind=str(found.kind),
    )


@get("/contract-invitations/{token:str}", **PAGE)
async def show_contract_invitation(
    request: PageRequest, works: NamedDependency[Works], token: FromPath[str]
) -> Response[str]:
    """Who invites, and the form to join with."""
    found = await _find(works, token)
    return _gone() if found is None else _page(request, found)


@post("/contract-invitations/{token:str}", status_code=200, **PAGE)
async def join_by_contract_invitation(
    request: PageRequest,
    works: NamedDependency[Works],
    settings: NamedDependency[Settings],
    token: FromPath[str],
) -> Response[str]:
    """Makes the organisation with its test twin and the person who owns it, and takes the invitation up: all or
    nothing. Of two at once, the second finds the link used."""
    form = await form_of(request)
    doorkeeper(request).check_form(request, form.get(CSRF_FIELD))
    found = await _find(works, token)
    if found is None:
        return _gone()
    typed = {name: form.get(name, "")[:254] for name in ("organisation", "name", "email")}
    try:
        organisation = clean_name(typed["organisation"], "/organisation")
        name, email = clean_name(typed["name"], "/name"), clean_email(typed["email"], "/email")
        password = check_password(form.get("password", ""), email, name, "/password")
        hashed = await hasher(settings.people).make(password)
        account_id = ids.new()
        done = replace(doing_of(request), entity=ids.ACCOUNT.show(account_id))
        async with works.begin(Operator(account_id, "nobody", done)) as work:
            await make_organisation(work, found.kind, organisation, account_id)
            await add_user(work, email, name, Role.OWNER, hashed)
            await take_up(work, token)
    except NotFound:
        return _gone()
    except (Invalid, Conflict) as error:
        problem = error.fields[0].detail if error.fields else error.detail
        return _page(request, found, problem, typed, 422)
    return PAGES.show("joined.html", organisation=organisation)


ROUTES = [show_contract_invitation, join_by_contract_invitation]
