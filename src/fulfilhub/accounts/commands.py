"""Making accounts and keys, and agreeing contracts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from fulfilhub.accounts import queries
from fulfilhub.accounts.events import ContractChanged, KeyChanged
from fulfilhub.accounts.models import Account, ApiKey, Contract
from fulfilhub.accounts.rules import PERMISSIONS, STORE_PERMISSION, AccountKind, ContractState, Mode, new_key
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FieldError, Invalid, NotFound
from fulfilhub.platform.secrets import fingerprint
from fulfilhub.platform.work import Work


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key; `secret` is shown once and never again."""

    id: UUID
    account_id: UUID
    secret: str


@dataclass(frozen=True, slots=True)
class MadeAccount:
    """A new organisation: its live account, its test twin, and a first key for each."""

    live: MadeKey
    test: MadeKey


async def make_account(work: Work, kind: AccountKind, name: str) -> MadeAccount:
    """Make an organisation with its test twin and a full key for each."""
    live, test = ids.new(), ids.new()
    rows = [(live, Mode.LIVE, test), (test, Mode.TEST, live)]
    await work.db.execute(
        insert(Account),
        [
            {"account_id": account, "kind": kind, "mode": mode, "name": name, "twin_id": twin, "created_at": work.now}
            for account, mode, twin in rows
        ],
    )
    made = [await make_key(work, account, kind, mode, "first key", None, None) for account, mode, _ in rows]
    return MadeAccount(made[0], made[1])


async def make_key(
    work: Work,
    account_id: UUID,
    kind: AccountKind,
    mode: Mode,
    name: str,
    permissions: Sequence[str] | None,
    expires_at: datetime | None,
) -> MadeKey:
    """Make a key for an account; without `permissions` it gets all that its kind of account can have.

    Raises Invalid for a permission this kind of account does not know, or an expiry in the past.
    """
    known = PERMISSIONS[kind]
    wanted = list(known if permissions is None else dict.fromkeys(permissions))
    unknown = [
        FieldError(f"/permissions/{place}", f"Choose from: {', '.join(known)}.")
        for place, permission in enumerate(wanted)
        if permission not in known
    ]
    if unknown:
        raise Invalid("Some permissions are not for this kind of account.", fields=unknown)
    if expires_at is not None and expires_at <= work.now:
        detail = "Must be in the future."
        raise Invalid(detail, fields=[FieldError("/expires_at", detail)])
    return await _write_key(work, account_id, mode, name, wanted, expires_at)


async def make_store_key(work: Work, store_id: UUID, mode: Mode, name: str) -> MadeKey:
    """A key for the plugin of one of the merchant's stores: for that store, and for nothing but what plugins do."""
    made = await _write_key(work, work.account_id, mode, name, [STORE_PERMISSION], None, store_id)
    work.publish(KeyChanged(key_id=made.id, state="made"))
    return made


async def _write_key(
    work: Work,
    account_id: UUID,
    mode: Mode,
    name: str,
    permissions: Sequence[str],
    expires_at: datetime | None,
    store_id: UUID | None = None,
) -> MadeKey:
    key_id, secret = ids.new(), new_key(mode)
    await work.db.execute(
        insert(ApiKey).values(
            account_id=account_id,
            id=key_id,
            name=name,
            fingerprint=fingerprint(secret),
            hint=secret[-4:],
            permissions=list(permissions),
            store_id=store_id,
            created_at=work.now,
            expires_at=expires_at,
        )
    )
    return MadeKey(key_id, account_id, secret)


async def rotate_key(work: Work, key_id: UUID, mode: Mode, kind: AccountKind, old_until: datetime) -> MadeKey:
    """A new key with the old one's name and permissions; the old one works until `old_until`. Raises NotFound,
    Conflict."""
    old = await queries.get_key(work, key_id)
    if old.revoked_at is not None:
        raise Conflict("This key was revoked; make a new one instead.", code="key_revoked")
    if old.store_id is not None:
        detail = "Nobody could give a store's plugin another key; rotate the store's secret: it changes both itself."
        raise Conflict(detail, code="plugin_rotates")
    made = await make_key(work, work.account_id, kind, mode, old.name, old.permissions, None)
    until = old_until if old.expires_at is None else min(old.expires_at, old_until)
    await work.db.execute(
        update(ApiKey).where(ApiKey.account_id == work.account_id, ApiKey.id == key_id).values(expires_at=until)
    )
    work.publish(KeyChanged(key_id=made.id, state="rotated"))
    return made


async def revoke_key(work: Work, key_id: UUID) -> None:
    """End a key at once (other processes may honour it for five seconds more). Repeating is harmless."""
    await queries.get_key(work, key_id)
    await work.db.execute(
        update(ApiKey)
        .where(ApiKey.account_id == work.account_id, ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=work.now)
    )
    work.publish(KeyChanged(key_id=key_id, state="revoked"))


async def end_store_keys(work: Work, store_id: UUID, until: datetime | None = None) -> None:
    """End every key of a store at once, or let them end at `until`. Repeating is harmless."""
    mine = (ApiKey.account_id == work.account_id, ApiKey.store_id == store_id, ApiKey.revoked_at.is_(None))
    if until is None:
        ending = update(ApiKey).where(*mine).values(revoked_at=work.now)
    else:
        ending = (
            update(ApiKey)
            .where(*mine, or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > until))
            .values(expires_at=until)
        )
    ended = (await work.db.execute(ending.returning(ApiKey.id))).scalars().all()
    state = "revoked" if until is None else "rotated"
    work.publish(*(KeyChanged(key_id=key_id, state=state) for key_id in sorted(ended)))


async def offer_contract(
    work: Work, merchant_id: UUID, warehouse_id: UUID, starts_on: date, ends_on: date | None
) -> UUID:
    """A partner offers a merchant one of its warehouses. Raises Invalid for an unknown merchant or warehouse,
    Conflict when the two already have a contract for it."""
    if ends_on is not None and ends_on < starts_on:
        detail = "Must not be before starts_on."
        raise Invalid(detail, fields=[FieldError("/ends_on", detail)])
    if not (await work.db.execute(select(func.may_contract(merchant_id, work.account_id)))).scalar_one():
        detail = "There is no merchant with this id in this mode (live or test)."
        raise Invalid(detail, fields=[FieldError("/merchant_id", detail)])
    contract_id = ids.new()
    try:
        await work.db.execute(
            insert(Contract).values(
                merchant_id=merchant_id,
                id=contract_id,
                partner_id=work.account_id,
                warehouse_id=warehouse_id,
                state=ContractState.OFFERED,
                starts_on=starts_on,
                ends_on=ends_on,
                created_at=work.now,
            )
        )
    except IntegrityError as error:
        if "fk_contracts" in str(error.orig):
            detail = "There is no such warehouse of yours."
            raise Invalid(detail, fields=[FieldError("/warehouse_id", detail)]) from None
        raise Conflict("There is a contract for this warehouse already.", code="contract_exists") from None
    _tell(work, contract_id, merchant_id, warehouse_id, ContractState.OFFERED)
    return contract_id


async def accept_contract(work: Work, contract_id: UUID) -> None:
    """The merchant accepts an offer. Repeating is harmless; an ended contract can't be accepted."""
    await _move_contract(work, contract_id, ContractState.ACTIVE, (ContractState.OFFERED,))


async def end_contract(work: Work, contract_id: UUID) -> None:
    """Either side ends it: no new work is sent; what was sent is finished."""
    await _move_contract(work, contract_id, ContractState.ENDED, (ContractState.OFFERED, ContractState.ACTIVE))


async def _move_contract(
    work: Work, contract_id: UUID, state: ContractState, allowed: tuple[ContractState, ...]
) -> None:
    row = (
        await work.db.execute(
            select(Contract.merchant_id, Contract.warehouse_id, Contract.state)
            .where(Contract.id == contract_id)
            .with_for_update()
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no contract {ids.CONTRACT.show(contract_id)!r}.")
    if row.state == state:
        return
    if row.state not in allowed:
        raise Conflict(f"This contract is {row.state}.", code="illegal_action", more={"state": row.state})
    await work.db.execute(
        update(Contract)
        .where(Contract.merchant_id == row.merchant_id, Contract.id == contract_id)
        .values(state=state, version=Contract.version + 1)
    )
    _tell(work, contract_id, row.merchant_id, row.warehouse_id, state)


def _tell(work: Work, contract_id: UUID, merchant_id: UUID, warehouse_id: UUID, state: ContractState) -> None:
    work.publish(
        ContractChanged(contract_id=contract_id, merchant_id=merchant_id, warehouse_id=warehouse_id, state=str(state))
    )
