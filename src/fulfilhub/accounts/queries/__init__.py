"""Every look at accounts, keys and the event log; contracts have a file of their own."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, select

from fulfilhub.accounts.models import Account, ApiKey
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.events import Event, EventSequence
from fulfilhub.platform.work import Work


class AccountRow(NamedTuple):
    account_id: UUID
    kind: str
    mode: str
    name: str
    twin_id: UUID | None
    version: int
    created_at: datetime


class KeyRow(NamedTuple):
    account_id: UUID
    id: UUID
    name: str
    hint: str
    permissions: list[str]
    store_id: UUID | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


def _accounts() -> Select[UUID, str, str, str, UUID | None, int, datetime]:
    return select(
        Account.account_id,
        Account.kind,
        Account.mode,
        Account.name,
        Account.twin_id,
        Account.version,
        Account.created_at,
    )


async def get_account(work: Work, account_id: UUID) -> AccountRow:
    """One account the scope may see. Raises NotFound."""
    row = (await work.db.execute(_accounts().where(Account.account_id == account_id))).one_or_none()
    if row is None:
        raise NotFound(f"There is no account {ids.ACCOUNT.show(account_id)!r}.")
    return AccountRow._make(row)


async def list_accounts(work: Work, after: UUID | None, limit: int) -> list[AccountRow]:
    """Accounts by age (an operator sees all)."""
    query = _accounts().order_by(Account.account_id).limit(limit)
    if after is not None:
        query = query.where(Account.account_id > after)
    return [AccountRow._make(row) for row in await work.db.execute(query)]


def _keys(
    work: Work,
) -> Select[UUID, UUID, str, str, list[str], UUID | None, datetime, datetime | None, datetime | None]:
    return select(
        ApiKey.account_id,
        ApiKey.id,
        ApiKey.name,
        ApiKey.hint,
        ApiKey.permissions,
        ApiKey.store_id,
        ApiKey.created_at,
        ApiKey.expires_at,
        ApiKey.revoked_at,
    ).where(ApiKey.account_id == work.account_id)


async def get_key(work: Work, key_id: UUID) -> KeyRow:
    """One of the caller's own keys. Raises NotFound."""
    row = (await work.db.execute(_keys(work).where(ApiKey.id == key_id))).one_or_none()
    if row is None:
        raise NotFound(f"There is no API key {ids.API_KEY.show(key_id)!r}.")
    return KeyRow._make(row)


async def list_keys(work: Work, after: UUID | None, limit: int) -> list[KeyRow]:
    """The caller's own keys by age."""
    query = _keys(work).order_by(ApiKey.id).limit(limit)
    if after is not None:
        query = query.where(ApiKey.id > after)
    return [KeyRow._make(row) for row in await work.db.execute(query)]


class EventRow(NamedTuple):
    id: UUID
    seq: int
    type: str
    subject_id: UUID
    data: dict[str, object]
    actor: str
    occurred_at: datetime


async def list_events(
    work: Work, after: int, limit: int, type_: str | None = None, *, among: Collection[str] | None = None
) -> list[EventRow]:
    """The account's numbered events after number `after`, in order: of one type, or of types that begin so."""
    query = (
        select(Event.id, Event.seq, Event.type, Event.subject_id, Event.data, Event.actor, Event.occurred_at)
        .where(Event.account_id == work.account_id, Event.seq > after)
        .order_by(Event.seq)
        .limit(limit)
    )
    if type_ is not None:
        query = query.where(Event.type == type_)
    if among is not None:
        query = query.where(func.split_part(Event.type, ".", 1).in_(among))
    return [EventRow._make(row) for row in await work.db.execute(query)]


async def last_number(work: Work) -> int:
    """The number of the account's last numbered event; 0 for none."""
    query = select(EventSequence.last).where(EventSequence.account_id == work.account_id)
    return (await work.db.execute(query)).scalar_one_or_none() or 0
