"""Links that set a password once: invitations and resets. Only a link's SHA-256 is kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, update

from fulfilhub.accounts.rules import AccountKind, Role
from fulfilhub.people import queries
from fulfilhub.people.commands.sessions import end_all
from fulfilhub.people.commands.users import add_user, set_password, user_exists
from fulfilhub.people.events import UserInvited
from fulfilhub.people.models import UserLink
from fulfilhub.people.rules import RESET_LASTS, LinkKind, check_may_give, clean_email, email_key
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, NotFound
from fulfilhub.platform.secrets import fingerprint, new_token
from fulfilhub.platform.work import Work


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A link's id and its secret part, which is shown this once."""

    id: UUID
    token: str
    expires_at: datetime


async def invite(
    work: Work, email: str, role: Role, kind: AccountKind, own: Collection[str], lasts: timedelta
) -> MadeLink:
    """Invite somebody. `own` are the caller's permissions. An older invitation to the same address ends. Raises
    Invalid, Forbidden (`role_too_powerful`), Conflict (`user_exists`)."""
    address = clean_email(email, "/email")
    check_may_give(role, kind, own)
    if await queries.user_by_email(work, email_key(address)) is not None:
        raise user_exists()
    await _end_open(work, LinkKind.INVITATION, UserLink.email_key == email_key(address))
    made = await _make(work, LinkKind.INVITATION, address, role, None, work.now + lasts)
    work.publish(UserInvited(invitation_id=made.id, role=role, state="invited"))
    return made


async def resend(work: Work, link_id: UUID, kind: AccountKind, own: Collection[str], lasts: timedelta) -> MadeLink:
    """A new link for an invitation; the old one ends with it. Raises NotFound, Forbidden, Conflict when it was
    accepted or revoked."""
    before = await queries.get_link(work, link_id, LinkKind.INVITATION, lock=True)
    check_may_give(Role(before.role), kind, own)
    _check_open(before)
    made = MadeLink(link_id, new_token(), work.now + lasts)
    await work.db.execute(
        update(UserLink)
        .where(UserLink.account_id == work.account_id, UserLink.id == link_id)
        .values(fingerprint=fingerprint(made.token), expires_at=made.expires_at)
    )
    work.publish(UserInvited(invitation_id=link_id, role=before.role, state="invited"))
    return made


async def revoke(work: Work, link_id: UUID) -> None:
    """Take an invitation back. Repeating is harmless. Raises NotFound, Conflict when it was accepted."""
    before = await queries.get_link(work, link_id, LinkKind.INVITATION, lock=True)
    if before.revoked_at is not None:
        return
    _check_open(before)
    await _end_open(work, LinkKind.INVITATION, UserLink.id == link_id)
    work.publish(UserInvited(invitation_id=link_id, role=before.role, state="revoked"))


async def accept(work: Work, link_id: UUID, name: str, hashed: str) -> UUID:
    """The invited person joins; `hashed` is their password's hash. Raises NotFound for an invitation that is no longer
    good, Conflict (`user_exists`)."""
    link = await _open_link(work, link_id, LinkKind.INVITATION)
    user_id = await add_user(work, link.email, name, Role(link.role), hashed)
    await _use(work, link_id, user_id)
    return user_id


async def make_reset(work: Work, user_id: UUID, kind: AccountKind, own: Collection[str]) -> MadeLink:
    """A link by which a person sets a new password. An older one ends. Raises NotFound, Forbidden for somebody who
    may do more than the caller, Conflict for one who left."""
    user = await queries.get_user(work, user_id, lock=True)
    check_may_give(Role(user.role), kind, own)
    if user.deactivated_at is not None:
        raise Conflict("This person was let go; reactivate them first.", code="user_deactivated")
    await _end_open(work, LinkKind.RESET, UserLink.user_id == user_id)
    return await _make(work, LinkKind.RESET, user.email, Role(user.role), user_id, work.now + RESET_LASTS)


async def reset(work: Work, link_id: UUID, hashed: str) -> UUID:
    """Set the password that a reset link was made for, and sign the person out everywhere. Raises NotFound."""
    link = await _open_link(work, link_id, LinkKind.RESET)
    user_id = link.user_id
    if user_id is None or (await queries.get_user(work, user_id)).deactivated_at is not None:
        raise _gone()
    await set_password(work, user_id, hashed)
    await end_all(work, user_id)
    await _use(work, link_id, user_id)
    return user_id


async def _open_link(work: Work, link_id: UUID, kind: LinkKind) -> queries.LinkRow:
    """The locked link, when it may still be used: of two at once, the second finds it used."""
    link = await queries.get_link(work, link_id, kind, lock=True)
    if link.used_at is not None or link.revoked_at is not None or link.expires_at <= work.now:
        raise _gone()
    return link


async def _make(
    work: Work, kind: LinkKind, email: str, role: Role, user_id: UUID | None, expires_at: datetime
) -> MadeLink:
    made = MadeLink(ids.new(), new_token(), expires_at)
    await work.db.execute(
        insert(UserLink).values(
            account_id=work.account_id,
            id=made.id,
            kind=kind,
            email=email,
            email_key=email_key(email),
            role=role,
            user_id=user_id,
            fingerprint=fingerprint(made.token),
            made_by=work.actor,
            created_at=work.now,
            expires_at=expires_at,
        )
    )
    return made


async def _end_open(work: Work, kind: LinkKind, which: object) -> None:
    await work.db.execute(
        update(UserLink)
        .where(
            UserLink.account_id == work.account_id,
            UserLink.kind == kind,
            which,  # type: ignore[arg-type]  # a condition, whose type SQLAlchemy keeps to itself
            UserLink.used_at.is_(None),
            UserLink.revoked_at.is_(None),
        )
        .values(revoked_at=work.now)
    )


async def _use(work: Work, link_id: UUID, user_id: UUID) -> None:
    await work.db.execute(
        update(UserLink)
        .where(UserLink.account_id == work.account_id, UserLink.id == link_id)
        .values(used_at=work.now, user_id=user_id)
    )


def _check_open(link: queries.LinkRow) -> None:
    if link.used_at is not None:
        raise Conflict("This invitation was accepted.", code="invitation_accepted")
    if link.revoked_at is not None:
        raise Conflict("This invitation was taken back; make a new one.", code="invitation_revoked")


def _gone() -> NotFound:
    return NotFound("This link was used, taken back or is too old; ask for a new one.", code="link_gone")
