"""Inviting somebody to a contract: an account that is here, or whoever gets a link. Only a link's SHA-256 is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, insert, select, update

from fulfilhub.accounts.commands.contracts import offer_contract
from fulfilhub.accounts.events import ContractInvited
from fulfilhub.accounts.models import ContractInvitation
from fulfilhub.accounts.queries.contracts import get_invitation
from fulfilhub.accounts.rules import AccountKind, Terms, check_terms
from fulfilhub.platform import ids
from fulfilhub.platform.database import Json
from fulfilhub.platform.errors import Conflict, FieldError, FulfilHubError, Invalid, NotFound
from fulfilhub.platform.secrets import fingerprint, new_token
from fulfilhub.platform.work import Work

OFFER = "accounts.offer_invited"
TELL_INVITED = "accounts.tell_invited"
LASTS = timedelta(days=14)
KEPT = timedelta(days=90)
MOST_OPEN = 100


@dataclass(frozen=True, slots=True)
class MadeInvitation:
    """An invitation's id, and the secret part of its link, which is shown this once; None for one to an account."""

    id: UUID
    token: str | None


async def invite_partner(work: Work, partner_id: UUID | None, email: str, note: str, wishes: Json) -> MadeInvitation:
    """A merchant invites a partner, by its id or by a link; `wishes` are what it would like to agree on. Raises Invalid
    for an unknown partner, Conflict (`too_many_invitations`)."""
    if partner_id is not None:
        known = await work.db.execute(select(func.may_contract(work.account_id, partner_id)))
        if not known.scalar_one():
            detail = "There is no partner with this id in this mode (live or test)."
            raise Invalid(detail, fields=[FieldError("/account_id", detail)])
    return await _write(work, AccountKind.PARTNER, partner_id, email, note, wishes)


async def invite_merchant(work: Work, email: str, note: str, terms: Terms) -> MadeInvitation:
    """A partner invites a merchant that is not here yet by a link; the contract is offered on these terms as soon as
    it is taken up. Raises Invalid, Conflict (`too_many_invitations`)."""
    check_terms(terms)
    return await _write(work, AccountKind.MERCHANT, None, email, note, msgspec.to_builtins(terms))


async def take_up(work: Work, token: str) -> UUID:
    """Take up the invitation that a link is for, in the scope of the account that was invited; its id. Raises NotFound
    (`link_gone`) for one that is used, too old, or for another kind of account."""
    rows = await work.fetch_raw("SELECT * FROM take_contract_invitation($1, $2)", fingerprint(token), work.now)
    if not rows:
        raise NotFound("This link was used, taken back, is too old, or not for an account as yours.", code="link_gone")
    inviter_id, invitation_id = rows[0]["inviter_id"], rows[0]["invitation_id"]
    work.publish(ContractInvited(contract_invitation_id=invitation_id, state="taken"))
    work.pass_on(inviter_id, OFFER, {"contract_invitation_id": invitation_id})
    return UUID(str(invitation_id))


async def offer_invited(work: Work, invitation_id: UUID) -> None:
    """In the inviter's scope, after its link was taken up: a partner's terms are offered. Terms that can't be offered
    any more end the invitation."""
    row = await get_invitation(work, invitation_id, lock=True)
    if row.state != "open" or row.to_account_id is None or row.kind != AccountKind.MERCHANT:
        return
    await work.execute_raw("SAVEPOINT offering")
    try:
        await offer_contract(work, row.to_account_id, msgspec.convert(row.terms, Terms))
    except FulfilHubError:
        await work.execute_raw("ROLLBACK TO SAVEPOINT offering")
        await _end(work, invitation_id, "revoked")
    await work.execute_raw("RELEASE SAVEPOINT offering")


async def decline_invitation(work: Work, invitation_id: UUID) -> None:
    """The invited account does not want it. Repeating is harmless. Raises NotFound, Conflict when it was answered."""
    row = await get_invitation(work, invitation_id, lock=True)
    if row.to_account_id != work.account_id:
        raise Conflict("It is your own invitation: revoke it.", code="illegal_action")
    await _close(work, invitation_id, row.state, "declined")


async def revoke_invitation(work: Work, invitation_id: UUID) -> None:
    """Take an invitation back. Repeating is harmless. Raises NotFound, Conflict when it was answered."""
    row = await get_invitation(work, invitation_id, lock=True)
    if row.account_id != work.account_id:
        raise Conflict("It is not your invitation: decline it.", code="illegal_action")
    await _close(work, invitation_id, row.state, "revoked")


async def forget_invitations(work: Work) -> None:
    """Delete what came to nothing long ago, in the platform's scope: it names people who never came."""
    await work.db.execute(
        delete(ContractInvitation).where(
            ContractInvitation.state != "offered", ContractInvitation.expires_at < work.now - KEPT
        )
    )


async def _close(work: Work, invitation_id: UUID, present: str, state: str) -> None:
    if present == state:
        return
    if present != "open":
        raise Conflict(f"This invitation was {present}.", code="illegal_action", more={"state": present})
    await _end(work, invitation_id, state)


async def _end(work: Work, invitation_id: UUID, state: str) -> None:
    await work.db.execute(
        update(ContractInvitation).where(ContractInvitation.id == invitation_id).values(state=state, ended_at=work.now)
    )
    work.publish(ContractInvited(contract_invitation_id=invitation_id, state=state))


async def _write(
    work: Work, kind: AccountKind, to_account_id: UUID | None, email: str, note: str, terms: Json
) -> MadeInvitation:
    waiting = select(func.count()).where(
        ContractInvitation.account_id == work.account_id,
        ContractInvitation.state == "open",
        ContractInvitation.expires_at > work.now,
    )
    if (await work.db.execute(waiting)).scalar_one() >= MOST_OPEN:
        raise Conflict(f"{MOST_OPEN} invitations wait for an answer: revoke some first.", code="too_many_invitations")
    made = MadeInvitation(ids.new(), None if to_account_id is not None else new_token())
    await work.db.execute(
        insert(ContractInvitation).values(
            account_id=work.account_id,
            id=made.id,
            kind=kind,
            to_account_id=to_account_id,
            email=email,
            fingerprint=None if made.token is None else fingerprint(made.token),
            note=note,
            terms=terms,
            state="open",
            made_by=work.actor,
            created_at=work.now,
            expires_at=work.now + LASTS,
        )
    )
    fact = ContractInvited(contract_invitation_id=made.id, state="invited")
    work.publish(fact)
    if to_account_id is not None:
        work.pass_on(to_account_id, TELL_INVITED, fact.data())
    return made
