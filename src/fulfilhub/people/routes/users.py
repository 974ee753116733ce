"""An account's people: who they are, what they may do, and letting them go."""

from __future__ import annotations

from litestar import Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from fulfilhub.accounts.principal import AnyCaller, may
from fulfilhub.accounts.rules import Mode, Role
from fulfilhub.people import queries
from fulfilhub.people.commands import links, users
from fulfilhub.people.schemas import PasswordLinkOut, UserOut, UserPatch, password_link, user_out
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Stale, Unauthenticated
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.web.conditional import IfMatch, expected_version
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import created, ok

READ = problems(Unauthenticated, Forbidden, Invalid, NotFound, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Stale, Invalid, RateLimited)


def check_live(anyone: AnyCaller) -> None:
    """People belong to the live account and work in its test twin with the same sign-in. Raises Forbidden."""
    if anyone.caller.mode is not Mode.LIVE:
        raise Forbidden("People belong to the live account: use a live key, or switch to live.", code="live_only")


@get("/v1/users", **may("users:read"), tags=["Users"], summary="List users", responses=READ)
async def list_users(
    works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], limit: Limit = 50, cursor: Cursor = None
) -> Page[UserOut]:
    """The account's people, oldest first, also those who were let go."""
    check_live(anyone)
    async with works.reading(anyone.scope) as work:
        return await page_of(
            limit, cursor, lambda after, size: queries.list_users(work, after, size), lambda r: r.id, user_out
        )


@get("/v1/users/{user_id:str}", **may("users:read"), tags=["Users"], summary="Get a user", responses=READ)
async def get_user(
    works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], user_id: FromPath[str]
) -> Response[UserOut]:
    """One person."""
    check_live(anyone)
    async with works.reading(anyone.scope) as work:
        return ok(work, user_out(await queries.get_user(work, ids.USER.find(user_id))))


@patch("/v1/users/{user_id:str}", **may("users:write"), tags=["Users"], summary="Change a user", responses=WRITE)
async def change_user(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    user_id: FromPath[str],
    data: JSONBody[UserPatch],
    if_match: IfMatch = None,
) -> Response[UserOut]:
    """Changes a person's name or role. A new role holds from the next request on. Nobody can give a role that may do
    more than they may themselves, and an owner must be left."""
    check_live(anyone)
    found = ids.USER.find(user_id)
    caller = anyone.caller
    role = None if data.role is None else Role(data.role)
    async with works.begin(anyone.scope) as work:
        version = expected_version(if_match)
        await users.change_user(work, found, data.name, role, caller.kind, caller.permissions, version)
        return ok(work, user_out(await queries.get_user(work, found)))


@post(
    "/v1/users/{user_id:str}/deactivate",
    **may("users:write"),
    tags=["Users"],
    summary="Deactivate a user",
    status_code=200,
    responses=WRITE,
)
async def deactivate_user(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    user_id: FromPath[str],
) -> Response[UserOut]:
    """Lets a person go: they are signed out everywhere at once. Their name stays with what they did. An owner must be
    left. Repeating is harmless."""
    check_live(anyone)
    found = ids.USER.find(user_id)
    async with works.begin(anyone.scope, once) as work:
        await users.deactivate(work, found, anyone.caller.kind, anyone.caller.permissions)
        return ok(work, user_out(await queries.get_user(work, found)))


@post(
    "/v1/users/{user_id:str}/reactivate",
    **may("users:write"),
    tags=["Users"],
    summary="Reactivate a user",
    status_code=200,
    responses=WRITE,
)
async def reactivate_user(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    user_id: FromPath[str],
) -> Response[UserOut]:
    """Takes a person back, with the role and the password they had. Repeating is harmless."""
    check_live(anyone)
    found = ids.USER.find(user_id)
    async with works.begin(anyone.scope, once) as work:
        await users.reactivate(work, found, anyone.caller.kind, anyone.caller.permissions)
        return ok(work, user_out(await queries.get_user(work, found)))


@post(
    "/v1/users/{user_id:str}/password-link",
    **may("users:write"),
    tags=["Users"],
    summary="Make a password link",
    responses=WRITE,
)
async def create_password_link(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    settings: NamedDependency[Settings],
    user_id: FromPath[str],
) -> Response[PasswordLinkOut]:
    """A link by which a person who forgot it sets a new password, within 24 hours; it ends any older one. A second
    factor stays as it is. The link is shown this once, so an Idempotency-Key is not honoured here."""
    check_live(anyone)
    found = ids.USER.find(user_id)
    async with works.begin(anyone.scope) as work:
        made = await links.make_reset(work, found, anyone.caller.kind, anyone.caller.permissions)
        link = password_link(made, settings.server.url)
        body = PasswordLinkOut(user_id=user_id, link=link, expires_at=made.expires_at)
        return created(work, body, f"/v1/users/{user_id}")


@post(
    "/v1/users/{user_id:str}/reset-second-factor",
    **may("users:write"),
    tags=["Users"],
    summary="Reset a second factor",
    status_code=200,
    responses=WRITE,
)
async def reset_second_factor(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    user_id: FromPath[str],
) -> Response[UserOut]:
    """For a person who lost their phone and their recovery codes: the password alone lets them in, until they set up
    an app again. Make sure that it is they who ask. Repeating is harmless."""
    check_live(anyone)
    found = ids.USER.find(user_id)
    async with works.begin(anyone.scope, once) as work:
        await users.reset_second_factor(work, found, anyone.caller.kind, anyone.caller.permissions)
        return ok(work, user_out(await queries.get_user(work, found)))


ROUTES = [
    list_users,
    get_user,
    change_user,
    deactivate_user,
    reactivate_user,
    create_password_link,
    reset_second_factor,
]
