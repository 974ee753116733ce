"""Wire shapes of accounts, keys and the event log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from fulfilhub.accounts.commands import MadeKey
from fulfilhub.accounts.queries import AccountRow, EventRow, KeyRow
from fulfilhub.platform import ids
from fulfilhub.platform.jobs.deadletters import DeadJob

Name = Annotated[str, Meta(min_length=1, max_length=200, examples=["Ada's Mugs"])]
Permission = Annotated[str, Meta(min_length=1, max_length=60, examples=["keys:read"])]


class AccountIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A new organisation."""

    kind: Literal["merchant", "partner"]
    name: Name


class NewKeyOut(Struct, kw_only=True):
    """A key with its secret, which is shown this once."""

    id: str
    account_id: str
    secret: str


class NewAccountOut(Struct, kw_only=True):
    """A new organisation: its live account, its test twin, and a first key for each."""

    live: NewKeyOut
    test: NewKeyOut


class AccountOut(Struct, kw_only=True):
    """An organisation in one mode."""

    id: str
    kind: Literal["merchant", "partner", "platform"]
    mode: Literal["live", "test"]
    name: str
    twin_id: str | None
    version: int
    created_at: datetime


class KeyIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A new key. Without `permissions` it may do all that this kind of account can."""

    name: Name
    permissions: Annotated[list[Permission], Meta(min_length=1, max_length=50)] | None = None
    expires_at: Annotated[datetime | None, Meta(examples=["2036-01-01T00:00:00Z"])] = None


class KeyRotateIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """How long the old key goes on working beside the new one."""

    overlap_hours: Annotated[int, Meta(ge=0, le=720)] = 24


class KeyOut(Struct, kw_only=True):
    """A key without its secret; `hint` is the secret's last four characters. One with a `store_id` was given to that
    store's plugin when it connected, works for this store alone, and ends with the connection."""

    id: str
    name: str
    hint: str
    permissions: list[str]
    store_id: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class EventOut(Struct, kw_only=True):
    """One thing that happened. `data` holds ids and plain values; what it names is read at its own address."""

    id: str
    seq: int
    type: Annotated[str, Meta(examples=["order.received"])]
    data: dict[str, object]
    actor: str
    occurred_at: datetime


class EventPage(Struct, kw_only=True):
    """A stretch of the log. `next_cursor` is always there, so that you can ask for what comes after."""

    data: list[EventOut]
    next_cursor: str
    has_more: bool


class JobOut(Struct, kw_only=True):
    """Background work that failed too often."""

    id: str
    account_id: str
    kind: str
    attempts: int
    last_error: str | None
    created_at: datetime


class RerunOut(Struct, kw_only=True):
    """A job that was given a fresh start."""

    id: str
    state: Literal["ready"]


def event_out(row: EventRow) -> EventOut:
    return EventOut(
        id=ids.EVENT.show(row.id),
        seq=row.seq,
        type=row.type,
        data=ids.show_fact(row.data),
        actor=row.actor,
        occurred_at=row.occurred_at,
    )


def job_out(row: DeadJob) -> JobOut:
    return JobOut(
        id=ids.JOB.show(row.id),
        account_id=ids.ACCOUNT.show(row.account_id),
        kind=row.kind,
        attempts=row.attempts,
        last_error=row.last_error,
        created_at=row.created_at,
    )


def new_key_out(made: MadeKey) -> NewKeyOut:
    return NewKeyOut(id=ids.API_KEY.show(made.id), account_id=ids.ACCOUNT.show(made.account_id), secret=made.secret)


def account_out(row: AccountRow) -> AccountOut:
    return AccountOut(
        id=ids.ACCOUNT.show(row.account_id),
        kind=row.kind,  # type: ignore[arg-type]  # the CHECK constraint holds it to these values
        mode=row.mode,  # type: ignore[arg-type]
        name=row.name,
        twin_id=ids.ACCOUNT.show(row.twin_id) if row.twin_id else None,
        version=row.version,
        created_at=row.created_at,
    )


def key_out(row: KeyRow) -> KeyOut:
    return KeyOut(
        id=ids.API_KEY.show(row.id),
        name=row.name,
        hint=row.hint,
        permissions=row.permissions,
        store_id=None if row.store_id is None else ids.STORE.show(row.store_id),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
