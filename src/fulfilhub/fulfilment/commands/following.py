"""Keeps queued work true to its order after the order was edited, by the merchant or by the store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from fulfilhub.fulfilment import queries
from fulfilhub.fulfilment.commands.freeing import free, is_free
from fulfilhub.fulfilment.commands.holding import mark_held
from fulfilhub.fulfilment.queries import WorkRow
from fulfilhub.orders.commands import LineChange, count, note_late_parts
from fulfilhub.orders.events import OrderCancelled
from fulfilhub.orders.incoming import StoreState
from fulfilhub.orders.queries import LockedOrder, lock_orders
from fulfilhub.orders.rules import OrderStatus
from fulfilhub.platform.work import Work
from fulfilhub.routing.commands import lift_fences

STOPPED = frozenset({OrderStatus.CANCELLED, OrderStatus.NEEDS_REVIEW, OrderStatus.AWAITING_PAYMENT})
ENDED = frozenset({OrderStatus.CANCELLED, OrderStatus.NOT_REQUIRED})
READDRESS = """
UPDATE work_orders AS w
SET document = jsonb_set(w.document, '{ship_to}', d.ship_to::jsonb), version = w.version + 1, updated_at = $2
FROM unnest($3::uuid[], $4::uuid[], $5::text[]) AS d (account_id, id, ship_to)
WHERE w.merchant_id = $1 AND w.account_id = d.account_id AND w.id = d.id
"""


def ship_to_of(order: LockedOrder) -> dict[str, str]:
    """The address as a work order's document holds it."""
    return {name: str(value) for name, value in (order.ship_to or {}).items()}


async def follow(work: Work, order_ids: Collection[UUID]) -> None:
    """Bring the work that nobody has in hand up to date with these orders; what was claimed stays as it is, and the
    order says which of its parts are late.

    A new address within the same country and postcode is written into the work; another destination or service,
    fewer units, or an order that may not go on takes the work back, to be routed anew if it may.
    """
    orders = {order.id: order for order in await lock_orders(work, order_ids)}
    live = await queries.lock_work_of_orders(work, list(orders))
    rows = [row for row in live if is_free(work, row)]
    stopped = [row for row in rows if orders[row.order_id].status in STOPPED]
    moved = [row for row in rows if row not in stopped and _goes_elsewhere(row, orders[row.order_id])]
    kept = [row for row in rows if row not in stopped and row not in moved]
    await free(work, stopped, "order_stopped", reroute=False)
    await lift_fences(work, {row.order_id for row in moved})
    await free(work, moved, "order_changed", reroute=True)
    await _readdress(work, [row for row in kept if row.document.ship_to != ship_to_of(orders[row.order_id])], orders)
    await _note_late(work, [row for row in live if row not in rows], orders)
    await mark_held(work, list(orders))


async def take_back_cancelled(work: Work, order_ids: Collection[UUID]) -> None:
    """The store cancelled these orders: what nobody has in hand is taken back, and every unit without a warehouse is
    cancelled. What a warehouse works on goes its way, until it ships it or gives it up."""
    locked = await lock_orders(work, order_ids)
    wanted = [order.id for order in locked if order.store_state == StoreState.CANCELLED and order.status not in ENDED]
    if not wanted:
        return
    rows = [row for row in await queries.lock_work_of_orders(work, wanted) if is_free(work, row)]
    await free(work, rows, "order_cancelled", reroute=False)
    changes = [
        LineChange(order_id, line_id, cancelled=units)
        for order_id, line_id, units in await queries.unrouted_units(work, wanted)
    ]
    await count(work, changes)
    work.publish(
        *(
            OrderCancelled(order_id=order.id)
            for order in await lock_orders(work, {change.order_id for change in changes})
            if order.status == OrderStatus.CANCELLED
        )
    )


async def _note_late(work: Work, rows: Sequence[WorkRow], orders: dict[UUID, LockedOrder]) -> None:
    late: dict[UUID, set[str]] = {}
    for row in rows:
        order = orders[row.order_id]
        parts = late.setdefault(order.id, set())
        if row.document.ship_to != ship_to_of(order):
            parts.add("ship_to")
        if row.service != order.service:
            parts.add("service")
        if order.shrinking:
            parts.add("lines")
    await note_late_parts(work, {order_id: parts for order_id, parts in late.items() if parts})


def _goes_elsewhere(row: WorkRow, order: LockedOrder) -> bool:
    old, new = row.document.ship_to, ship_to_of(order)
    if order.shrinking or row.service != order.service:
        return True
    return any(old.get(part) != new.get(part) for part in ("country", "postcode"))


async def _readdress(work: Work, rows: Sequence[WorkRow], orders: dict[UUID, LockedOrder]) -> None:
    if rows:
        await work.execute_raw(
            READDRESS,
            work.account_id,
            work.now,
            [row.account_id for row in rows],
            [row.id for row in rows],
            [msgspec.json.encode(ship_to_of(orders[row.order_id])).decode() for row in rows],
        )
