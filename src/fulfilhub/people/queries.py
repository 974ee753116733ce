"""Every look at people, their sessions and links, and the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, select, tuple_

from fulfilhub.accounts.rules import AccountKind, Role
from fulfilhub.people.models import User, UserLink, UserSecret, UserSession
from fulfilhub.people.rules import LinkKind
from fulfilhub.platform import ids
from fulfilhub.platform.audit import AuditEntry
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.work import Work


class UserRow(NamedTuple):
    id: UUID
    email: str
    name: str
    role: str
    totp: bool
    version: int
    created_at: datetime
    deactivated_at: datetime | None


class SecretRow(NamedTuple):
    password: str
    totp_secret: bytes | None
    totp_pending: bytes | None
    totp_step: int
    changed_at: datetime


class SessionRow(NamedTuple):
    id: UUID
    mode: str
    browser: str
    address: str | None
    created_at: datetime
    last_seen_at: datetime


class LinkRow(NamedTuple):
    id: UUID
    kind: str
    email: str
    role: str
    user_id: UUID | None
    made_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class AuditRow(NamedTuple):
    at: datetime
    id: UUID
    actor: str
    action: str
    entity: str | None
    status: int
    request_id: str
    address: str | None


class Named(NamedTuple):
    """A person known by that address, and the account where."""

    account_id: UUID
    user_id: UUID
    kind: AccountKind


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to look for in the audit log; None is anything. `after` is inclusive, `before` is not."""

    actor: str | None = None
    action: str | None = None
    entity: str | None = None
    after: datetime | None = None
    before: datetime | None = None


USER = tuple(getattr(User, name) for name in UserRow._fields)
SECRET = tuple(getattr(UserSecret, name) for name in SecretRow._fields)
SESSION = tuple(getattr(UserSession, name) for name in SessionRow._fields)
LINK = tuple(getattr(UserLink, name) for name in LinkRow._fields)
ENTRY = tuple(getattr(AuditEntry, name) for name in AuditRow._fields)


async def named(work: Work, key: str) -> list[Named]:
    """Who has this address, in the scope Nobody."""
    rows = await work.fetch_raw("SELECT account_id, user_id, kind FROM users_named($1)", key)
    return [Named(row["account_id"], row["user_id"], AccountKind(row["kind"])) for row in rows]


async def link_door(work: Work, fingerprint: bytes, kind: LinkKind) -> Named | None:
    """Whose link this is, in the scope Nobody; `user_id` is then the link's id."""
    rows = await work.fetch_raw("SELECT account_id, link_id, kind FROM resolve_user_link($1, $2)", fingerprint, kind)
    return Named(rows[0]["account_id"], rows[0]["link_id"], AccountKind(rows[0]["kind"])) if rows else None


def _users(work: Work) -> Select[*tuple[Any, ...]]:
    return select(*USER).where(User.account_id == work.account_id)


async def get_user(work: Work, user_id: UUID, *, lock: bool = False) -> UserRow:
    """One person of the account. Raises NotFound."""
    query = _users(work).where(User.id == user_id)
    row = (await work.db.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no user {ids.USER.show(user_id)!r}.")
    return UserRow._make(row)


async def user_by_email(work: Work, key: str) -> UserRow | None:
    """The account's person with this address."""
    row = (await work.db.execute(_users(work).where(User.email_key == key))).one_or_none()
    return None if row is None else UserRow._make(row)


async def list_users(work: Work, after: UUID | None, limit: int) -> list[UserRow]:
    """The account's people by age, also those who left."""
    query = _users(work).order_by(User.id).limit(limit)
    if after is not None:
        query = query.where(User.id > after)
    return [UserRow._make(row) for row in await work.db.execute(query)]


async def lock_owners(work: Work) -> list[UUID]:
    """The owners who are there, locked, so that two of them can't go at the same time."""
    query = (
        select(User.id)
        .where(User.account_id == work.account_id, User.role == Role.OWNER, User.deactivated_at.is_(None))
        .order_by(User.id)
        .with_for_update()
    )
    return list((await work.db.execute(query)).scalars())


async def get_secrets(work: Work, user_id: UUID, *, lock: bool = False) -> SecretRow:
    """What a person proves themselves with. Raises NotFound."""
    query = select(*SECRET).where(UserSecret.account_id == work.account_id, UserSecret.user_id == user_id)
    row = (await work.db.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no user {ids.USER.show(user_id)!r}.")
    return SecretRow._make(row)


async def list_sessions(work: Work, user_id: UUID, idle_since: datetime) -> list[SessionRow]:
    """A person's live sessions, the latest used first."""
    query = (
        select(*SESSION)
        .where(
            UserSession.account_id == work.account_id,
            UserSession.user_id == user_id,
            UserSession.expires_at > work.now,
            UserSession.last_seen_at > idle_since,
        )
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
        .limit(100)
    )
    return [SessionRow._make(row) for row in await work.db.execute(query)]


def _links(work: Work, kind: LinkKind) -> Select[*tuple[Any, ...]]:
    return select(*LINK).where(UserLink.account_id == work.account_id, UserLink.kind == kind)


async def get_link(work: Work, link_id: UUID, kind: LinkKind, *, lock: bool = False) -> LinkRow:
    """One invitation or reset. Raises NotFound."""
    query = _links(work, kind).where(UserLink.id == link_id)
    row = (await work.db.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no invitation {ids.INVITATION.show(link_id)!r}.")
    return LinkRow._make(row)


async def list_invitations(work: Work, after: UUID | None, limit: int) -> list[LinkRow]:
    """The account's invitations by age."""
    query = _links(work, LinkKind.INVITATION).order_by(UserLink.id).limit(limit)
    if after is not None:
        query = query.where(UserLink.id > after)
    return [LinkRow._make(row) for row in await work.db.execute(query)]


async def list_audit(
    work: Work, wanted: AuditFilter, before: tuple[datetime, UUID] | None, limit: int
) -> Sequence[AuditRow]:
    """The account's audit log, the newest first."""
    query = (
        select(*ENTRY)
        .where(AuditEntry.account_id == work.account_id)
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(limit)
    )
    for column, value in (
        (AuditEntry.actor, wanted.actor),
        (AuditEntry.action, wanted.action),
        (AuditEntry.entity, wanted.entity),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.after is not None:
        query = query.where(AuditEntry.at >= wanted.after)
    if wanted.before is not None:
        query = query.where(AuditEntry.at < wanted.before)
    if before is not None:
        query = query.where(tuple_(AuditEntry.at, AuditEntry.id) < before)
    return [AuditRow._make(row) for row in await work.db.execute(query)]
