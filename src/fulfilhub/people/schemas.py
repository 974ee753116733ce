"""Wire shapes of people, invitations and the audit log; and what the pages show."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from fulfilhub.people.commands.links import MadeLink
from fulfilhub.people.queries import AuditRow, LinkRow, UserRow
from fulfilhub.platform import ids

RoleName = Literal["owner", "operations", "finance", "read_only"]
Email = Annotated[str, Meta(min_length=3, max_length=254, examples=["ada@example.com"])]
PersonName = Annotated[str, Meta(min_length=1, max_length=120, examples=["Ada Lovelace"])]


class UserPatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out or null stays."""

    name: PersonName | None = None
    role: RoleName | None = None


class UserOut(Struct, kw_only=True):
    """A person. `second_factor`: signing in takes a code from an app as well."""

    id: str
    email: str
    name: str
    role: RoleName
    second_factor: bool
    state: Literal["active", "deactivated"]
    actions: list[str]
    version: int
    created_at: datetime
    deactivated_at: datetime | None


class InvitationIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Whom to invite, and what for."""

    email: Email
    role: RoleName


class InvitationOut(Struct, kw_only=True):
    """An invitation, without its link. `user_id`: who came of it."""

    id: str
    email: str
    role: RoleName
    state: Literal["open", "accepted", "revoked", "expired"]
    user_id: str | None
    invited_by: str
    created_at: datetime
    expires_at: datetime


class InvitationLinkOut(Struct, kw_only=True):
    """An invitation with its link, which works once and is shown this once."""

    invitation: InvitationOut
    link: Annotated[str, Meta(examples=["https://fulfilhub.example.com/invitations/3q2-7wAAAA"])]


class PasswordLinkOut(Struct, kw_only=True):
    """A link by which a person sets a new password. It works once and is shown this once."""

    user_id: str
    link: Annotated[str, Meta(examples=["https://fulfilhub.example.com/passwords/3q2-7wAAAA"])]
    expires_at: datetime


class AuditEntryOut(Struct, kw_only=True):
    """One write, or sign-in, and how it ended. `action`: the operation's id in this reference, or a page's name;
    `entity`: what it was done to or what it made; `address`: the caller's network (/24 or /48)."""

    id: str
    at: datetime
    actor: Annotated[str, Meta(examples=["usr_01h455vb4pex5vsknk084sn02q"])]
    action: Annotated[str, Meta(examples=["createOrder"])]
    entity: str | None
    status: Annotated[int, Meta(examples=[201])]
    request_id: str
    address: Annotated[str | None, Meta(examples=["203.0.113.0/24"])]


def user_out(row: UserRow) -> UserOut:
    gone = row.deactivated_at is not None
    here = ["deactivate", "make_password_link", *(["reset_second_factor"] if row.totp else [])]
    return UserOut(
        id=ids.USER.show(row.id),
        email=row.email,
        name=row.name,
        role=row.role,  # type: ignore[arg-type]  # the CHECK constraint holds it to these values
        second_factor=row.totp,
        state="deactivated" if gone else "active",
        actions=["reactivate"] if gone else here,
        version=row.version,
        created_at=row.created_at,
        deactivated_at=row.deactivated_at,
    )


def invitation_out(row: LinkRow, now: datetime) -> InvitationOut:
    return InvitationOut(
        id=ids.INVITATION.show(row.id),
        email=row.email,
        role=row.role,  # type: ignore[arg-type]
        state=_state(row, now),
        user_id=ids.USER.show(row.user_id) if row.user_id else None,
        invited_by=row.made_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def _state(row: LinkRow, now: datetime) -> Literal["open", "accepted", "revoked", "expired"]:
    if row.used_at is not None:
        return "accepted"
    if row.revoked_at is not None:
        return "revoked"
    return "open" if row.expires_at > now else "expired"


def invitation_link(made: MadeLink, url: str) -> str:
    """The address to send to the invited person; `url` is our public base address."""
    return f"{url}/invitations/{made.token}"


def password_link(made: MadeLink, url: str) -> str:
    """The address to send to whoever forgot their password."""
    return f"{url}/passwords/{made.token}"


def audit_out(row: AuditRow) -> AuditEntryOut:
    return AuditEntryOut(
        id=ids.AUDIT_ENTRY.show(row.id),
        at=row.at,
        actor=row.actor,
        action=row.action,
        entity=row.entity,
        status=row.status,
        request_id=row.request_id,
        address=row.address,
    )
