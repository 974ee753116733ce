"""Every look at what stores sent."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from fulfilhub.platform import inbox
from fulfilhub.platform.inbox import Message, MessageRow
from fulfilhub.platform.work import Work


async def payload_of(work: Work, message_id: UUID) -> bytes | None:
    """The sealed content of a message; None when it expired or never was."""
    query = select(Message.payload).where(Message.account_id == work.account_id, Message.id == message_id)
    return (await work.db.execute(query)).scalar_one_or_none()


async def list_messages(
    work: Work, store_id: UUID, outcome: str | None, after: UUID | None, limit: int
) -> list[MessageRow]:
    """A store's messages in the order they came; `outcome` narrows (`waiting`: not read yet)."""
    return await inbox.listed(work, source_of(store_id), outcome, after, limit)


def source_of(store_id: UUID) -> str:
    """How the inbox names a store's door."""
    return inbox.store_source(store_id)
