"""The first owner, and whoever lost every other way in: links made at the command line, with the database's owner."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

from fulfilhub.accounts.principal import scope_of
from fulfilhub.accounts.queries import get_account
from fulfilhub.accounts.rules import AccountKind, Mode, Role, permissions_of
from fulfilhub.people import queries
from fulfilhub.people.commands import links
from fulfilhub.people.rules import email_key
from fulfilhub.people.schemas import invitation_link, password_link
from fulfilhub.platform.audit import Doing
from fulfilhub.platform.database import engine
from fulfilhub.platform.errors import Conflict, NotFound
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Work, Works


@asynccontextmanager
async def account_work(settings: Settings, account_id: UUID, doing: Doing) -> AsyncIterator[tuple[Work, AccountKind]]:
    """A unit of work for a live account, by whoever runs the system. Raises NotFound, Conflict for a test account."""
    pool = engine(settings.database_url("worker"), settings.database, "people")
    works = Works(pool, {})
    try:
        async with works.begin(Platform("people at the command line")) as work:
            account = await get_account(work, account_id)
        kind = AccountKind(account.kind)
        if account.mode != Mode.LIVE:
            raise Conflict("People belong to the live account; name that one.", code="live_only")
        async with works.begin(scope_of(kind, account_id, "system", doing)) as work:
            yield work, kind
    finally:
        await pool.dispose()


async def invite(settings: Settings, account_id: UUID, email: str, role: str) -> str:
    """Invite somebody with any role; the link. Raises what `commands.links.invite` raises."""
    doing = Doing("createInvitation", 201, None, "command", None)
    lasts = timedelta(days=settings.people.invitation_days)
    async with account_work(settings, account_id, doing) as (work, kind):
        everything = permissions_of(Role.OWNER, kind)
        made = await links.invite(work, email, Role(role), kind, everything, lasts)
    return invitation_link(made, settings.server.url)


async def reset(settings: Settings, account_id: UUID, email: str) -> str:
    """A link by which the person with this address sets a new password. Raises NotFound."""
    doing = Doing("createPasswordLink", 201, None, "command", None)
    async with account_work(settings, account_id, doing) as (work, kind):
        user = await queries.user_by_email(work, email_key(email))
        if user is None:
            raise NotFound("Nobody in this account has that address.")
        made = await links.make_reset(work, user.id, kind, permissions_of(Role.OWNER, kind))
    return password_link(made, settings.server.url)
