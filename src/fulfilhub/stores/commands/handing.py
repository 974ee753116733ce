"""Orders that our plugin hands over: checked letter by letter, kept item by item, read by the same job as webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from fulfilhub.platform import inbox
from fulfilhub.platform.inbox import Raw
from fulfilhub.platform.secrets import Vault, live_secrets
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import letter
from fulfilhub.stores.adapters.woocommerce.handed import Item, NotAnItem


class HandedOutcome(StrEnum):
    """What became of one item: kept to be read, kept before, or nothing that can be kept."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Handed:
    """The verdict on one item; `code` and `detail` say why it was refused."""

    id: str
    outcome: HandedOutcome
    code: str | None = None
    detail: str | None = None


async def open_letter(
    work: Work, vault: Vault, store_id: UUID, headers: Mapping[str, str], body: bytes
) -> queries.StoreRow:
    """The store that a letter is from. Raises NotFound, Unauthenticated (`bad_signature`, `stale_timestamp`)."""
    row = await queries.sealed_store(work, store_id)
    letter.check(headers, body, live_secrets(queries.open_secrets(vault, row), work.now), work.now)
    return row.store


async def keep(
    work: Work, vault: Vault, store_id: UUID, items: Sequence[Item | NotAnItem], keep_days: int
) -> list[Handed]:
    """Keep a letter's items as they came, and queue those that are new to be read: as many statements for fifty as for
    one. Gives a verdict for each, in their order."""
    first: dict[str, Item] = {}
    for each in items:
        if isinstance(each, Item):
            first.setdefault(each.id, each)
    raws = [_raw(store_id, each) for _, each in sorted(first.items())]
    kept = await inbox.store(work, vault, raws, keep_days) if raws else []
    fresh = set()
    for name, (message_id, new) in zip(sorted(first), kept, strict=True):
        if new:
            fresh.add(name)
            work.enqueue("stores.read_delivery", {"store_id": store_id, "message_id": message_id})
    return [_verdict(each, first, fresh) for each in items]


def _raw(store_id: UUID, item: Item) -> Raw:
    return Raw(
        source=queries.source_of(store_id),
        topic=item.topic,
        dedupe_key=f"plugin|{item.id}",
        headers=item.headers,
        body=item.body,
        about=item.external_id,
    )


def _verdict(item: Item | NotAnItem, first: Mapping[str, Item], fresh: set[str]) -> Handed:
    if isinstance(item, NotAnItem):
        return Handed(item.id, HandedOutcome.REFUSED, item.code, item.detail)
    new = item.id in fresh and first[item.id] is item
    return Handed(item.id, HandedOutcome.ACCEPTED if new else HandedOutcome.DUPLICATE)
