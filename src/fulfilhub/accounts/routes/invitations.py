"""Invitations to contracts over HTTP. Who has no account yet takes one up on a page of `people`."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from fulfilhub.accounts.commands import invitations as commands
from fulfilhub.accounts.principal import AnyCaller, may
from fulfilhub.accounts.queries import contracts as queries
from fulfilhub.accounts.routes.contracts import READ, WRITE
from fulfilhub.accounts.rules import AccountKind
from fulfilhub.accounts.schemas.contracts import (
    ContractInvitationIn,
    ContractInvitationLinkOut,
    ContractInvitationOut,
    TakeUpIn,
    invitation_out,
    terms_of,
    wishes_of,
)
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, Invalid
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Work, Works
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.replies import created, ok


@post(
    "/v1/contract-invitations",
    **may("contracts:write"),
    tags=["Contracts"],
    summary="Invite to a contract",
    responses=WRITE,
)
async def create_contract_invitation(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    settings: NamedDependency[Settings],
    data: JSONBody[ContractInvitationIn],
) -> Response[ContractInvitationLinkOut]:
    """A merchant invites a partner, which answers by offering a contract; a partner invites a merchant, to whom its
    terms are offered once the link is taken up. The link is shown this once, so an Idempotency-Key is not honoured
    here."""
    async with works.begin(anyone.scope) as work:
        made = await _invite(work, anyone.caller.kind, data)
        row = invitation_out(await queries.get_invitation(work, made.id), work.now)
        link = None if made.token is None else f"{settings.server.url}/contract-invitations/{made.token}"
        body = ContractInvitationLinkOut(invitation=row, link=link)
        return created(work, body, f"/v1/contract-invitations/{row.id}")


async def _invite(work: Work, kind: AccountKind, data: ContractInvitationIn) -> commands.MadeInvitation:
    if (data.account_id is None) == (data.email is None):
        detail = "Name an account, or an e-mail address, not both."
        raise Invalid(detail, fields=[FieldError("/email", detail)])
    email = (data.email or "").strip()
    if data.email is not None and "@" not in email:
        detail = "Must be an e-mail address, such as ada@example.com."
        raise Invalid(detail, fields=[FieldError("/email", detail)])
    if kind is AccountKind.MERCHANT:
        account_id = None if data.account_id is None else ids.ACCOUNT.read(data.account_id, "/account_id")
        return await commands.invite_partner(work, account_id, email, data.note, wishes_of(data))
    if data.account_id is not None:
        detail = "Offer a merchant that is here a contract: POST /v1/contracts."
        raise Invalid(detail, fields=[FieldError("/account_id", detail)])
    return await commands.invite_merchant(work, email, data.note, terms_of(data))


@get(
    "/v1/contract-invitations",
    **may("contracts:read"),
    tags=["Contracts"],
    summary="List invitations to contracts",
    responses=READ,
)
async def list_contract_invitations(
    works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], limit: Limit = 50, cursor: Cursor = None
) -> Page[ContractInvitationOut]:
    """Those you made and those made to you, oldest first, without their links."""
    async with works.reading(anyone.scope) as work:
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_invitations(work, after, size),
            lambda r: r.id,
            lambda row: invitation_out(row, work.now),
        )


@get(
    "/v1/contract-invitations/{contract_invitation_id:str}",
    **may("contracts:read"),
    tags=["Contracts"],
    summary="Get an invitation to a contract",
    responses=READ,
)
async def get_contract_invitation(
    works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], contract_invitation_id: FromPath[str]
) -> ContractInvitationOut:
    """One invitation, without its link."""
    async with works.reading(anyone.scope) as work:
        found = ids.CONTRACT_INVITATION.find(contract_invitation_id)
        return invitation_out(await queries.get_invitation(work, found), work.now)


@post(
    "/v1/contract-invitations/take-up",
    **may("contracts:write"),
    tags=["Contracts"],
    summary="Take up an invitation to a contract",
    status_code=200,
    responses=WRITE,
)
async def take_up_contract_invitation(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    data: JSONBody[TakeUpIn],
) -> Response[ContractInvitationOut]:
    """For an account that is here already and was sent a link: from now on the invitation is among its own."""
    async with works.begin(anyone.scope, once) as work:
        found = await commands.take_up(work, data.token)
        return ok(work, invitation_out(await queries.get_invitation(work, found), work.now))


@post(
    "/v1/contract-invitations/{contract_invitation_id:str}/decline",
    **may("contracts:write"),
    tags=["Contracts"],
    summary="Decline an invitation to a contract",
    status_code=200,
    responses=WRITE,
)
async def decline_contract_invitation(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    contract_invitation_id: FromPath[str],
) -> Response[ContractInvitationOut]:
    """The invited account does not want it. Repeating is harmless."""
    found = ids.CONTRACT_INVITATION.find(contract_invitation_id)
    async with works.begin(anyone.scope, once) as work:
        await commands.decline_invitation(work, found)
        return ok(work, invitation_out(await queries.get_invitation(work, found), work.now))


@post(
    "/v1/contract-invitations/{contract_invitation_id:str}/revoke",
    **may("contracts:write"),
    tags=["Contracts"],
    summary="Revoke an invitation to a contract",
    status_code=200,
    responses=WRITE,
)
async def revoke_contract_invitation(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    contract_invitation_id: FromPath[str],
) -> Response[ContractInvitationOut]:
    """Takes an invitation of yours back. Repeating is harmless."""
    found = ids.CONTRACT_INVITATION.find(contract_invitation_id)
    async with works.begin(anyone.scope, once) as work:
        await commands.revoke_invitation(work, found)
        return ok(work, invitation_out(await queries.get_invitation(work, found), work.now))


ROUTES = [
    create_contract_invitation,
    list_contract_invitations,
    get_contract_invitation,
    take_up_contract_invitation,
    decline_contract_invitation,
    revoke_contract_invitation,
]
