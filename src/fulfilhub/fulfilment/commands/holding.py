"""Holds, seen from the queue: in the same transaction as a hold is placed or released, its work orders learn of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from fulfilhub.fulfilment.commands.telling import News, tell_operators
from fulfilhub.orders.commands import place_hold, release_hold
from fulfilhub.orders.queries import holds_of, lock_orders
from fulfilhub.orders.rules import CausedBy, HoldReason, HoldSource
from fulfilhub.platform.work import Work
from fulfilhub.routing.commands import lift_fences

RELEASE = "fulfilment.release_hold"

# What routing found no warehouse for waits for a person; what has one goes on meanwhile.
MARK = """
WITH o AS (
    SELECT o.id, EXISTS (SELECT 1 FROM holds AS h
                         WHERE h.merchant_id = $1 AND h.order_id = o.id AND h.released_at IS NULL
                           AND NOT (h.reason = 'cannot_be_routed' AND h.source = 'platform')) AS held
    FROM unnest($2::uuid[]) AS o (id)
), mine AS MATERIALIZED (
    SELECT w.account_id, w.id, o.held
    FROM o JOIN fulfilments AS f ON f.merchant_id = $1 AND f.order_id = o.id
    JOIN work_orders AS w ON w.account_id = f.operator_id AND w.id = f.id
    WHERE w.ended_at IS NULL AND w.held <> o.held
    ORDER BY w.id FOR NO KEY UPDATE OF w
)
UPDATE work_orders AS w SET held = mine.held, version = w.version + 1, updated_at = $3
FROM mine WHERE w.account_id = mine.account_id AND w.id = mine.id
RETURNING w.account_id, w.id, w.held
"""


async def hold_order(
    work: Work,
    order_id: UUID,
    reason: HoldReason,
    note: str = "",
    *,
    name: str = "",
    until: datetime | None = None,
    source: HoldSource = HoldSource.PLATFORM,
    caused_by: CausedBy | None = None,
) -> UUID:
    """Hold an order: from this moment none of its work can be claimed, and what is claimed stops before the next step
    that is hard to undo (`handling.OnHold`), unless it is routing that has no place for the rest. Gives the hold's id;
    a job releases it when `until` has come.

    Raises NotFound, Invalid for a time that is not ahead, or Conflict (`illegal_action`) for an order that is past
    holding.
    """
    hold_id = await place_hold(work, order_id, reason, note, name=name, until=until, source=source, caused_by=caused_by)
    if until is not None:
        work.enqueue(RELEASE, {"order_id": order_id, "hold_id": hold_id}, until)
    await mark_held(work, [order_id])
    return hold_id


async def release_order(work: Work, order_id: UUID, hold_id: UUID) -> None:
    """Release one hold; with the last one the order's work can be claimed again, and what had no warehouse is
    routed anew, every warehouse being asked again: a person has looked at it. Raises NotFound."""
    await release_hold(work, order_id, hold_id)
    await lift_fences(work, [order_id])
    await mark_held(work, [order_id])


async def release_due(work: Work, order_id: UUID, hold_id: UUID) -> None:
    """Release a dated hold whose time has come; one that was released before stays as it is."""
    await lock_orders(work, [order_id])
    due = [hold for hold in await holds_of(work, order_id) if hold.id == hold_id]
    if any(hold.released_at is None and hold.until is not None and hold.until <= work.now for hold in due):
        await release_order(work, order_id, hold_id)


async def mark_held(work: Work, order_ids: Collection[UUID]) -> None:
    """Make `held` of these orders' live work true to their holds, and let its operators know. The order rows are
    locked already."""
    changed = await work.fetch_raw(MARK, work.account_id, list(order_ids), work.now)
    for news, held in ((News.HELD, True), (News.RESUMED, False)):
        tell_operators(work, news, [(row["account_id"], row["id"]) for row in changed if row["held"] is held])
