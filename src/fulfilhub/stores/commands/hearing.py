"""What stores' deliveries say of products, stock and returns: read topic by topic, and taken store by store."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fulfilhub.platform.inbox import Verdict
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.goods import ItemTold, LevelTold, ProductTold
from fulfilhub.stores.adapters.port import Delivery
from fulfilhub.stores.commands import importing, products, stocking
from fulfilhub.stores.commands.lanes import wake
from fulfilhub.stores.rules import Outcome

READ_PRODUCT = "stores.read_product"
READ_RETURNS = "stores.read_returns"

Message = tuple[UUID, queries.StoreRow, Delivery]
Goods = ProductTold | ItemTold | LevelTold


async def take_goods(work: Work, messages: Sequence[Message]) -> list[Verdict]:
    """Take what messages (id, store, delivery) say of products and stock, in the order they came."""
    heard: dict[UUID, tuple[queries.StoreRow, list[Goods]]] = {}
    verdicts: list[Verdict] = []
    for message_id, store, delivery in messages:
        told = adapter_for(store.platform).read_goods(delivery.topic, delivery.payload or {})
        if told is None:
            verdicts.append(_unreadable(message_id))
            continue
        heard.setdefault(store.id, (store, []))[1].append(told)
        verdicts.append(Verdict(message_id, Outcome.TAKEN))
    for _, (store, goods) in sorted(heard.items()):
        await _take(work, store, goods)
    return verdicts


async def hear_returns(work: Work, messages: Sequence[Message]) -> list[Verdict]:
    """Have the returns read of the orders that messages are about: what these show of a return is little, and late."""
    orders: dict[UUID, list[str]] = {}
    verdicts: list[Verdict] = []
    for message_id, store, delivery in messages:
        order = adapter_for(store.platform).read_return(delivery.payload or {})
        if order:
            orders.setdefault(store.id, []).append(order)
        verdicts.append(Verdict(message_id, Outcome.REREAD) if order else _unreadable(message_id))
    for store_id, names in sorted(orders.items()):
        read_returns(work, store_id, names)
    return verdicts


async def hear_listed(work: Work, messages: Sequence[Message]) -> list[Verdict]:
    """Look at once at lists of which stores say that they are over."""
    verdicts: list[Verdict] = []
    for message_id, store, delivery in messages:
        listing_id = adapter_for(store.platform).read_listed(delivery.payload or {})
        if listing_id:
            await importing.hurry(work, store.id, listing_id)
        verdicts.append(Verdict(message_id, Outcome.TAKEN) if listing_id else _unreadable(message_id))
    return verdicts


def read_returns(work: Work, store_id: UUID, orders: Sequence[str]) -> None:
    """Have these orders' returns read from their store."""
    for external_id in dict.fromkeys(orders):
        work.enqueue(READ_RETURNS, {"store_id": store_id, "external_id": external_id})


async def _take(work: Work, store: queries.StoreRow, goods: Sequence[Goods]) -> None:
    """A product of which the store showed a part is read whole by a job."""
    for each in goods:
        if isinstance(each, ProductTold):
            await products.take_product(work, store, each)
            if not each.whole:
                work.enqueue(READ_PRODUCT, {"store_id": store.id, "product_id": each.product_id})
        elif isinstance(each, ItemTold):
            await products.take_item(work, store, each)
    levels = [each for each in goods if isinstance(each, LevelTold)]
    if levels:
        await stocking.seen(work, store, levels)
        await wake(work, store.id)


def _unreadable(message_id: UUID) -> Verdict:
    return Verdict(message_id, Outcome.UNREADABLE, "It is not in the store's format.")
