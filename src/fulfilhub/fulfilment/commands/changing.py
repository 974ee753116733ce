"""A merchant's change of an order: made at once as far as nobody has it in hand, asked for where somebody does."""

from __future__ import annotations

from uuid import UUID

from fulfilhub.fulfilment import queries
from fulfilhub.fulfilment.commands.following import follow
from fulfilhub.fulfilment.commands.freeing import is_free
from fulfilhub.orders.commands import Changes, edit
from fulfilhub.orders.queries import lock_orders
from fulfilhub.orders.rules import AskedBy, ChangeKind
from fulfilhub.platform.work import Work


async def change(work: Work, order_id: UUID, changes: Changes, expected_version: int | None = None) -> bool:
    """Change an order; whether a warehouse is asked now.

    Where every unit still to be sent is in somebody's hands, another address or service is `wanted` and comes when they
    agree; otherwise the order has it at once, and who has a part in hand is asked to follow. Fewer units shrink the
    order as far as they are free, and are asked back for the rest. Raises as `orders.commands.edit`.
    """
    await lock_orders(work, [order_id])
    live = await queries.lock_work_of_orders(work, [order_id])
    bound = bool(live) and not any(is_free(work, row) for row in live)
    bound = bound and not await queries.unrouted_units(work, [order_id])
    await edit(work, order_id, changes, expected_version, at_once=not bound)
    again = {ChangeKind.LINES} if changes.lines else set()
    if changes.ship_to is not None or changes.service is not None:
        again.add(ChangeKind.ADDRESS)
    return await follow(work, [order_id], AskedBy.MERCHANT, again)
