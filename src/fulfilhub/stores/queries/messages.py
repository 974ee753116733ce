"""Every look at what stores sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text

from fulfilhub.platform.inbox import Message
from fulfilhub.platform.work import Work


class MessageRow(NamedTuple):
    id: UUID
    topic: str
    repeats: int
    received_at: datetime
    expires_at: datetime
    handled_at: datetime | None
    outcome: str | None
    detail: str | None


class RawRow(NamedTuple):
    id: UUID
    source: str
    payload: bytes | None
    received_at: datetime


async def raw_messages(work: Work, message_ids: Sequence[UUID]) -> list[RawRow]:
    """Stored deliveries that nobody read yet, oldest first, locked so that only one reads each."""
    rows = await work.db.execute(
        select(Message.id, Message.source, Message.payload, Message.received_at)
        .where(Message.account_id == work.account_id, Message.id.in_(message_ids), Message.handled_at.is_(None))
        .order_by(Message.id)
        .with_for_update()
    )
    return [RawRow(*row) for row in rows]


async def payload_of(work: Work, message_id: UUID) -> bytes | None:
    """The sealed content of a message; None when it expired or never was."""
    query = select(Message.payload).where(Message.account_id == work.account_id, Message.id == message_id)
    return (await work.db.execute(query)).scalar_one_or_none()


async def list_messages(
    work: Work, store_id: UUID, outcome: str | None, after: UUID | None, limit: int
) -> list[MessageRow]:
    """A store's messages in the order they came; `outcome` narrows (`waiting`: not read yet)."""
    query = (
        select(
            Message.id,
            Message.topic,
            Message.repeats,
            Message.received_at,
            Message.expires_at,
            Message.handled_at,
            Message.outcome,
            Message.detail,
        )
        .where(Message.account_id == work.account_id, Message.source == source_of(store_id), text("source <> 'api'"))
        .order_by(Message.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Message.id > after)
    if outcome == "waiting":
        query = query.where(Message.handled_at.is_(None))
    elif outcome is not None:
        query = query.where(Message.outcome == outcome)
    return [MessageRow(*row) for row in await work.db.execute(query)]


def source_of(store_id: UUID) -> str:
    """How the inbox names a store's door."""
    return f"store:{store_id}"
