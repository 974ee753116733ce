"""Who reads what a store tells besides orders: one entry for each topic."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fulfilhub.platform.inbox import Verdict
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.port import Delivery
from fulfilhub.stores.commands import hearing, installing
from fulfilhub.stores.rules import Outcome


@dataclass(frozen=True, slots=True)
class Told:
    """A message of one topic, as it came in, and the store it is from."""

    message_id: UUID
    store: queries.StoreRow
    delivery: Delivery


Reader = Callable[[Work, Vault, Sequence[Told]], Awaitable[list[Verdict]]]
"""Reads messages of one topic, oldest first, in the transaction that settles them, and says what became of each.
Messages come late, twice and in any order; whoever needs the store's own word has it read by a job."""


async def read_scopes(work: Work, _: Vault, told: Sequence[Told]) -> list[Verdict]:
    """What a shop grants our app changed."""
    verdicts = []
    for each in told:
        current = (each.delivery.payload or {}).get("current")
        if isinstance(current, list) and all(isinstance(scope, str) for scope in current):
            await installing.rescoped(work, each.store.id, sorted(set(current)))
            verdicts.append(Verdict(each.message_id, Outcome.TAKEN))
        else:
            verdicts.append(Verdict(each.message_id, Outcome.UNREADABLE, "It does not say what is granted now."))
    return verdicts


async def read_goods(work: Work, _: Vault, told: Sequence[Told]) -> list[Verdict]:
    """Products or stock changed."""
    return await hearing.take_goods(work, [(each.message_id, each.store, each.delivery) for each in told])


async def read_return(work: Work, _: Vault, told: Sequence[Told]) -> list[Verdict]:
    """A return began, or was decided on."""
    return await hearing.hear_returns(work, [(each.message_id, each.store, each.delivery) for each in told])


async def read_listed(work: Work, _: Vault, told: Sequence[Told]) -> list[Verdict]:
    """A list that the store made for us is over."""
    return await hearing.hear_listed(work, [(each.message_id, each.store, each.delivery) for each in told])


READERS: Mapping[str, Reader] = {
    "app/scopes_update": read_scopes,
    "bulk_operations/finish": read_listed,
    "inventory_items/update": read_goods,
    "inventory_levels/connect": read_goods,
    "inventory_levels/update": read_goods,
    "products/create": read_goods,
    "products/delete": read_goods,
    "products/update": read_goods,
    "returns/approve": read_return,
    "returns/cancel": read_return,
    "returns/close": read_return,
    "returns/decline": read_return,
    "returns/process": read_return,
    "returns/reopen": read_return,
    "returns/request": read_return,
    "returns/update": read_return,
}
"""By the storefront's own name of the topic, in small letters."""
