"""Orders' states as their shops see them, by our ids of the orders."""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

import msgspec
from sqlalchemy import select

from fulfilhub.orders.models import Order
from fulfilhub.platform.work import Work
from fulfilhub.storefront.queries import order_states


async def states(
    work: Work, store_id: UUID, order_ids: Collection[UUID], page: Callable[[UUID], str]
) -> dict[UUID, dict[str, object]]:
    """The present states of a store's orders, as their shop gets them (JSON); unknown orders are left out. `page` makes
    a customer's link of an order."""
    rows = await work.db.execute(
        select(Order.external_id, Order.id).where(
            Order.merchant_id == work.account_id, Order.store_id == store_id, Order.id.in_(order_ids)
        )
    )
    known: dict[str, UUID] = {row.external_id: row.id for row in rows}
    found = await order_states(work, store_id, list(known), page)
    return {known[state.external_id]: msgspec.to_builtins(state) for state in found}
