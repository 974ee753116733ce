"""Every look at accounts, keys and contracts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select

from fulfilhub.accounts.models import Account, ApiKey, Contract
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.events import Event
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


class ContractRow(NamedTuple):
    id: UUID
    merchant_id: UUID
    partner_id: UUID
    warehouse_id: UUID
    state: str
    starts_on: date
    ends_on: date | None
    version: int
    created_at: datetime


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


async def list_contracts(
    work: Work, after: UUID | None, limit: int, only: Sequence[UUID] | None = None
) -> list[ContractRow]:
    """Contracts the scope may see: a merchant's own, or a partner's with its merchants."""
    query = (
        select(
            Contract.id,
            Contract.merchant_id,
            Contract.partner_id,
            Contract.warehouse_id,
            Contract.state,
            Contract.starts_on,
            Contract.ends_on,
            Contract.version,
            Contract.created_at,
        )
        .order_by(Contract.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Contract.id > after)
    if only is not None:
        query = query.where(Contract.id.in_(only))
    return [ContractRow._make(row) for row in await work.db.execute(query)]


async def get_contract(work: Work, contract_id: UUID) -> ContractRow:
    """One contract. Raises NotFound."""
    rows = await list_contracts(work, None, 1, [contract_id])
    if not rows:
        raise NotFound(f"There is no contract {ids.CONTRACT.show(contract_id)!r}.")
    return rows[0]


class EventRow(NamedTuple):
    id: UUID
    seq: int
    type: str
    subject_id: UUID
    data: dict[str, object]
    actor: str
    occurred_at: datetime


async def list_events(work: Work, after: int, limit: int, type_: str | None) -> list[EventRow]:
    """The account's numbered events after number `after`, in order."""
    query = (
        select(Event.id, Event.seq, Event.type, Event.subject_id, Event.data, Event.actor, Event.occurred_at)
        .where(Event.account_id == work.account_id, Event.seq > after)
        .order_by(Event.seq)
        .limit(limit)
    )
    if type_ is not None:
        query = query.where(Event.type == type_)
    return [EventRow._make(row) for row in await work.db.execute(query)]
