"""Raw first: what arrives from outside is stored as it came, sealed and expiring, before anybody reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Index, UniqueConstraint, func, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform import ids
from fulfilhub.platform.database import AccountTable, Base
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work

UNREAD = "handled_at IS NULL AND source <> 'api'"


class Message(AccountTable, Base):
    """One raw message. `source` is the door it came by (`api`, `store:<uuid>`, `carrier:<uuid>`), `dedupe_key` what
    makes a repeat the same message; `about` the sender's own id of what it is about, where it can be looked for so;
    `payload` is sealed headers and body, emptied when it expires or is erased.
    Whoever read it keeps what became of it: `outcome`, and `detail`, a sentence without personal data."""

    __tablename__ = "inbox"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    topic: Mapped[str]
    dedupe_key: Mapped[str]
    about: Mapped[str | None]
    payload: Mapped[bytes | None]
    repeats: Mapped[int] = mapped_column(server_default="0")
    received_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    detail: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("account_id", "source", "dedupe_key", name="uq_inbox_dedupe"),
        Index("ix_inbox_expires", "expires_at", postgresql_where=text("payload IS NOT NULL")),
        # Orders that came by our own API are found through the order; they need not pay for this index.
        Index("ix_inbox_source", "account_id", "source", "id", postgresql_where=text("source <> 'api'")),
        Index("ix_inbox_about", "account_id", "source", "about", "id", postgresql_where=text("about IS NOT NULL")),
        Index("ix_inbox_unreadable", "account_id", "source", "id", postgresql_where=text("outcome = 'unreadable'")),
        Index("ix_inbox_waiting", "account_id", "source", postgresql_where=text(UNREAD)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A message as it came."""

    source: str
    topic: str
    dedupe_key: str
    headers: Mapping[str, str]
    body: bytes
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one message."""

    message_id: UUID
    outcome: str
    detail: str | None = None


class RawRow(NamedTuple):
    """A message that nobody read yet."""

    id: UUID
    source: str
    payload: bytes | None
    received_at: datetime


class MessageRow(NamedTuple):
    """A message and what became of it, without its content."""

    id: UUID
    topic: str
    repeats: int
    received_at: datetime
    expires_at: datetime
    handled_at: datetime | None
    outcome: str | None
    detail: str | None


class Newest(NamedTuple):
    """What became of the newest message about something."""

    topic: str
    handled_at: datetime | None
    outcome: str | None
    detail: str | None


class Intake(NamedTuple):
    """How a door is used: when the last message came, and how many nobody read yet."""

    last_received_at: datetime | None
    waiting: int


class _Envelope(msgspec.Struct):
    headers: dict[str, str]
    body: bytes


STORE = text(
    """
    INSERT INTO inbox AS i (account_id, id, source, topic, dedupe_key, about, payload, received_at, expires_at)
    SELECT :account, m.id, m.source, m.topic, m.key, m.about, m.payload, :now, :expires
    FROM unnest(cast(:ids AS uuid[]), cast(:sources AS text[]), cast(:topics AS text[]), cast(:keys AS text[]),
                cast(:abouts AS text[]), cast(:payloads AS bytea[])) AS m (id, source, topic, key, about, payload)
    ON CONFLICT (account_id, source, dedupe_key) DO UPDATE SET repeats = i.repeats + 1
    RETURNING i.id, i.dedupe_key, i.repeats
    """
)


HANDLED = text(
    """
    UPDATE inbox AS i SET handled_at = :now, outcome = m.outcome, detail = m.detail
    FROM unnest(cast(:ids AS uuid[]), cast(:outcomes AS text[]), cast(:details AS text[])) AS m (id, outcome, detail)
    WHERE i.account_id = :account AND i.id = m.id
    """
)
LISTED = tuple(getattr(Message, name) for name in MessageRow._fields)
WAITING = "waiting"
"""What a message is that nobody read yet."""


async def store(work: Work, vault: Vault, raws: Sequence[Raw], keep_days: int) -> list[tuple[UUID, bool]]:
    """Keep raw messages; for each (its id, whether it is new). A repeat keeps the first one's payload.

    Keys within one call must differ.
    """
    made = [ids.new() for _ in raws]
    rows = await work.db.execute(
        STORE,
        {
            "account": work.account_id,
            "now": work.now,
            "expires": work.now + timedelta(days=keep_days),
            "ids": made,
            "sources": [raw.source for raw in raws],
            "topics": [raw.topic for raw in raws],
            "keys": [raw.dedupe_key for raw in raws],
            "abouts": [raw.about for raw in raws],
            "payloads": [seal(vault, raw) for raw in raws],
        },
    )
    found = {row.dedupe_key: (row.id, row.repeats == 0) for row in rows}
    return [found[raw.dedupe_key] for raw in raws]


def seal(vault: Vault, raw: Raw) -> bytes:
    """A message's headers and body as the inbox keeps them."""
    return vault.encrypt(msgspec.msgpack.encode(_Envelope(dict(raw.headers), raw.body)))


def open_payload(vault: Vault, payload: bytes) -> tuple[dict[str, str], bytes]:
    """(headers, body) of a stored message. Raises ValueError when the key is gone."""
    envelope = msgspec.msgpack.decode(vault.decrypt(payload), type=_Envelope)
    return envelope.headers, envelope.body


async def unread(work: Work, message_ids: Sequence[UUID]) -> list[RawRow]:
    """Those of these messages that nobody read yet, oldest first, locked so that only one reads each."""
    rows = await work.db.execute(
        select(Message.id, Message.source, Message.payload, Message.received_at)
        .where(Message.account_id == work.account_id, Message.id.in_(message_ids), Message.handled_at.is_(None))
        .order_by(Message.id)
        .with_for_update()
    )
    return [RawRow(*row) for row in rows]


async def settle(work: Work, verdicts: Sequence[Verdict]) -> None:
    """Write down what became of messages."""
    await work.db.execute(
        HANDLED,
        {
            "account": work.account_id,
            "now": work.now,
            "ids": [verdict.message_id for verdict in verdicts],
            "outcomes": [verdict.outcome for verdict in verdicts],
            "details": [verdict.detail for verdict in verdicts],
        },
    )


async def reopen(work: Work, message_id: UUID) -> None:
    """Forget what became of a message, so that it is read again."""
    await work.db.execute(
        update(Message)
        .where(Message.account_id == work.account_id, Message.id == message_id)
        .values(handled_at=None, outcome=None, detail=None)
    )


async def listed(work: Work, source: str, outcome: str | None, after: UUID | None, limit: int) -> list[MessageRow]:
    """The messages of one door in the order they came; `outcome` narrows (`WAITING`: not read yet). Not for `api`,
    which is not indexed so."""
    query = (
        select(*LISTED)
        .where(Message.account_id == work.account_id, Message.source == source, text("source <> 'api'"))
        .order_by(Message.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Message.id > after)
    if outcome == WAITING:
        query = query.where(Message.handled_at.is_(None))
    elif outcome is not None:
        query = query.where(Message.outcome == outcome)
    return [MessageRow(*row) for row in await work.db.execute(query)]


async def last_about(work: Work, source: str, about: str) -> Newest | None:
    """The newest message of one door about this; None when none came."""
    query = (
        select(Message.topic, Message.handled_at, Message.outcome, Message.detail)
        .where(Message.account_id == work.account_id, Message.source == source, Message.about == about)
        .order_by(Message.id.desc())
        .limit(1)
    )
    row = (await work.db.execute(query)).one_or_none()
    return None if row is None else Newest(*row)


async def intake_of(work: Work, source: str) -> Intake:
    """How one door is used. Not for `api`, which is not indexed so."""
    mine = (Message.account_id == work.account_id) & (Message.source == source)
    last = select(Message.received_at).where(mine, text("source <> 'api'")).order_by(Message.id.desc()).limit(1)
    waiting = select(func.count()).where(mine, text(UNREAD))
    row = (await work.db.execute(select(last.scalar_subquery(), waiting.scalar_subquery()))).one()
    return Intake(row[0], row[1])


def store_source(store_id: UUID) -> str:
    """How the door of a store is named."""
    return f"store:{store_id}"
