"""Every look at what stores sent."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from fulfilhub.platform import ids, inbox
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.inbox import Message, MessageRow
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.port import PrivacyAsk
from fulfilhub.stores.queries.stores import get_store


async def payload_of(work: Work, message_id: UUID) -> bytes | None:
    """The sealed content of a message; None when it expired or never was."""
    query = select(Message.payload).where(Message.account_id == work.account_id, Message.id == message_id)
    return (await work.db.execute(query)).scalar_one_or_none()


async def get_message(work: Work, store_id: UUID, message_id: UUID) -> tuple[MessageRow, bool]:
    """One message of a store, locked, and whether its content is still kept. Raises NotFound."""
    columns = [getattr(Message, name) for name in MessageRow._fields]
    query = (
        select(*columns, Message.payload.is_not(None))
        .where(Message.account_id == work.account_id, Message.id == message_id, Message.source == source_of(store_id))
        .with_for_update()
    )
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no message {ids.MESSAGE.show(message_id)!r}.")
    return MessageRow(*row[:-1]), bool(row[-1])


async def privacy_ask(work: Work, vault: Vault, store_id: UUID, message_id: UUID) -> PrivacyAsk | None:
    """What a store's message asks about its customers' data; None when its content is gone, or it asks nothing."""
    payload = await payload_of(work, message_id)
    if payload is None:
        return None
    adapter = adapter_for((await get_store(work, store_id)).platform)
    return adapter.read_privacy(adapter.read_delivery(*inbox.open_payload(vault, payload)))


async def list_messages(
    work: Work, store_id: UUID, outcome: str | None, after: UUID | None, limit: int
) -> list[MessageRow]:
    """A store's messages in the order they came; `outcome` narrows (`waiting`: not read yet)."""
    return await inbox.listed(work, source_of(store_id), outcome, after, limit)


def source_of(store_id: UUID) -> str:
    """How the inbox names a store's door."""
    return inbox.store_source(store_id)
