"""Inviting people."""

from __future__ import annotations

from datetime import timedelta

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from fulfilhub.accounts.principal import AnyCaller, may
from fulfilhub.accounts.rules import Role
from fulfilhub.people import queries
from fulfilhub.people.commands import links
from fulfilhub.people.routes.users import READ, WRITE, check_live
from fulfilhub.people.rules import LinkKind
from fulfilhub.people.schemas import (
    InvitationIn,
    InvitationLinkOut,
    InvitationOut,
    invitation_link,
    invitation_out,
)
from fulfilhub.platform import ids
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.replies import created, ok


@post("/v1/users/invitations", **may("users:write"), tags=["Users"], summary="Invite somebody", responses=WRITE)
async def create_invitation(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    settings: NamedDependency[Settings],
    data: JSONBody[InvitationIn],
) -> Response[InvitationLinkOut]:
    """Makes a link that lets somebody join once, within some days; it ends any older one to the same address. Send it
    to them: it is shown this once, so an Idempotency-Key is not honoured here. Nobody can give a role that may do more
    than they may themselves."""
    check_live(anyone)
    caller = anyone.caller
    lasts = timedelta(days=settings.people.invitation_days)
    async with works.begin(anyone.scope) as work:
        made = await links.invite(work, data.email, Role(data.role), caller.kind, caller.permissions, lasts)
        row = await queries.get_link(work, made.id, LinkKind.INVITATION)
        invitation = invitation_out(row, work.now)
        body = InvitationLinkOut(invitation=invitation, link=invitation_link(made, settings.server.url))
        return created(work, body, f"/v1/users/invitations/{invitation.id}")


@get("/v1/users/invitations", **may("users:read"), tags=["Users"], summary="List invitations", responses=READ)
async def list_invitations(
    works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], limit: Limit = 50, cursor: Cursor = None
) -> Page[InvitationOut]:
    """The account's invitations, oldest first, without their links."""
    check_live(anyone)
    async with works.reading(anyone.scope) as work:
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_invitations(work, after, size),
            lambda r: r.id,
            lambda row: invitation_out(row, work.now),
        )


@get(
    "/v1/users/invitations/{invitation_id:str}",
    **may("users:read"),
    tags=["Users"],
    summary="Get an invitation",
    responses=READ,
)
async def get_invitation(
    works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], invitation_id: FromPath[str]
) -> Response[InvitationOut]:
    """One invitation, without its link."""
    check_live(anyone)
    async with works.reading(anyone.scope) as work:
        row = await queries.get_link(work, ids.INVITATION.find(invitation_id), LinkKind.INVITATION)
        return ok(work, invitation_out(row, work.now))


@post(
    "/v1/users/invitations/{invitation_id:str}/resend",
    **may("users:write"),
    tags=["Users"],
    summary="Make an invitation's link again",
    status_code=200,
    responses=WRITE,
)
async def resend_invitation(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    settings: NamedDependency[Settings],
    invitation_id: FromPath[str],
) -> Response[InvitationLinkOut]:
    """A new link that is good for as long again; the old one ends. It is shown this once, so an Idempotency-Key is not
    honoured here."""
    check_live(anyone)
    found = ids.INVITATION.find(invitation_id)
    lasts = timedelta(days=settings.people.invitation_days)
    async with works.begin(anyone.scope) as work:
        made = await links.resend(work, found, anyone.caller.kind, anyone.caller.permissions, lasts)
        row = await queries.get_link(work, found, LinkKind.INVITATION)
        link = invitation_link(made, settings.server.url)
        return ok(work, InvitationLinkOut(invitation=invitation_out(row, work.now), link=link))


@post(
    "/v1/users/invitations/{invitation_id:str}/revoke",
    **may("users:write"),
    tags=["Users"],
    summary="Revoke an invitation",
    status_code=200,
    responses=WRITE,
)
async def revoke_invitation(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    invitation_id: FromPath[str],
) -> Response[InvitationOut]:
    """Takes an invitation back. Repeating is harmless."""
    check_live(anyone)
    found = ids.INVITATION.find(invitation_id)
    async with works.begin(anyone.scope, once) as work:
        await links.revoke(work, found)
        row = await queries.get_link(work, found, LinkKind.INVITATION)
        return ok(work, invitation_out(row, work.now))


ROUTES = [create_invitation, list_invitations, get_invitation, resend_invitation, revoke_invitation]
