"""Making accounts and keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, or_, update

from fulfilhub.accounts import queries
from fulfilhub.accounts.events import KeyChanged
from fulfilhub.accounts.models import Account, ApiKey
from fulfilhub.accounts.rules import PERMISSIONS, STORE_PERMISSION, AccountKind, Mode, new_key
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FieldError, Invalid
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


async def make_organisation(work: Work, kind: AccountKind, name: str, live: UUID | None = None) -> tuple[UUID, UUID]:
    """Make an organisation and its test twin, without keys; (live, test) ids. `live` may be given already."""
    live, test = live or ids.new(), ids.new()
    await work.db.execute(
        insert(Account),
        [
            {"account_id": account, "kind": kind, "mode": mode, "name": name, "twin_id": twin, "created_at": work.now}
            for account, mode, twin in ((live, Mode.LIVE, test), (test, Mode.TEST, live))
        ],
    )
    return live, test


async def make_account(work: Work, kind: AccountKind, name: str) -> MadeAccount:
    """Make an organisation with its test twin and a full key for each."""
    live, test = await make_organisation(work, kind, name)
    return MadeAccount(
        await make_key(work, live, kind, Mode.LIVE, "first key", None, None),
        await make_key(work, test, kind, Mode.TEST, "first key", None, None),
    )


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
