"""What stores' deliveries say of products, stock and returns: sorted as a batch is read, and taken store by store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters import adapter_for
from fulfilhub.stores.adapters.goods import ItemTold, LevelTold, ProductTold
from fulfilhub.stores.adapters.port import Delivery, Kind
from fulfilhub.stores.commands import importing, products, stocking
from fulfilhub.stores.commands.lanes import wake

READ_PRODUCT = "stores.read_product"
READ_RETURNS = "stores.read_returns"


@dataclass(slots=True)
class Heard:
    """What one store said: of its goods, in the order it came; whose returns changed; and which lists are over."""

    goods: list[ProductTold | ItemTold | LevelTold] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    listings: list[str] = field(default_factory=list)

    def note(self, platform: str, delivery: Delivery) -> bool:
        """Keep what a delivery says. False when it says nothing that can be read."""
        if delivery.kind is Kind.GOODS and delivery.payload is not None:
            told = adapter_for(platform).read_goods(delivery.topic, delivery.payload)
            self.goods += [told] if told is not None else []
            return told is not None
        if delivery.external_id is None:
            return False
        (self.orders if delivery.kind is Kind.RETURN else self.listings).append(delivery.external_id)
        return True


async def take(work: Work, store: queries.StoreRow, heard: Heard) -> None:
    """Take what a store said. A product of which it showed a part is read whole by a job, and so are an order's
    returns."""
    levels = [each for each in heard.goods if isinstance(each, LevelTold)]
    for each in heard.goods:
        if isinstance(each, ProductTold):
            await products.take_product(work, store, each)
            if not each.whole:
                work.enqueue(READ_PRODUCT, {"store_id": store.id, "product_id": each.product_id})
        elif isinstance(each, ItemTold):
            await products.take_item(work, store, each)
    if levels:
        await stocking.seen(work, store, levels)
        await wake(work, store.id)
    read_returns(work, store.id, heard.orders)
    for listing_id in dict.fromkeys(heard.listings):
        await importing.hurry(work, store.id, listing_id)


def read_returns(work: Work, store_id: UUID, orders: Sequence[str]) -> None:
    """Have these orders' returns read from their store."""
    for external_id in dict.fromkeys(orders):
        work.enqueue(READ_RETURNS, {"store_id": store_id, "external_id": external_id})
