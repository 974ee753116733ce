"""Orders of mapped stores: who is to be read again, one reading at a time, and what becomes of a reading.

Whatever tells us that something changed (a ping, a webhook, a sweep, a partner's answer) only marks the order; what it
comes to is found by reading all of it. So neither the order nor the number of such messages matters.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from fulfilhub.platform import ids
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.port import Connection
from fulfilhub.stores.queries import assigned
from fulfilhub.stores.rules import StoreState

FOLLOW = "stores.follow_order"
FIND = "stores.find_assigned"
ROUNDS = 4
"""Readings of an order in one go: each that ends in answers is followed by another, to see what they came to."""

LOST_AFTER = timedelta(hours=2)
"""A reading that was due this long ago and has not ended was lost; another takes its place."""

MARK = """
INSERT INTO store_assigned_orders AS a (merchant_id, store_id, external_id, run_id, run_due_at, updated_at)
SELECT $1, $2, t.external_id, gen_random_uuid(), $4, $4 FROM unnest($3::text[]) AS t (external_id)
ORDER BY t.external_id
ON CONFLICT (merchant_id, store_id, external_id) DO UPDATE SET
    marks = a.marks + 1, updated_at = excluded.updated_at,
    run_id = CASE WHEN a.run_due_at < $5 THEN excluded.run_id ELSE coalesce(a.run_id, excluded.run_id) END,
    run_due_at = CASE WHEN a.run_due_at < $5 THEN excluded.run_due_at
                 ELSE coalesce(a.run_due_at, excluded.run_due_at) END
RETURNING external_id, new.run_id, old.run_id IS DISTINCT FROM new.run_id
"""
END = text(
    """
    UPDATE store_assigned_orders SET run_id = :next_run, run_due_at = :due, attempts = :attempts, code = :code,
        reason = :reason, updated_at = :now,
        read_at = CASE WHEN :read THEN cast(:now AS timestamptz) ELSE read_at END
    WHERE merchant_id = :account AND store_id = :store AND external_id = :external_id
    """
)


@dataclass(frozen=True, slots=True)
class Leg:
    """One reading of one order: where to read it, and the marks that it settles."""

    store: queries.StoreRow
    connection: Connection
    external_id: str
    run_id: UUID
    marks: int


async def mark(work: Work, store_id: UUID, orders: Collection[str]) -> None:
    """Have these orders of a store (its ids) read again, in one statement; one that is just being read is read once
    more after that."""
    wanted = sorted(set(orders))
    if not wanted:
        return
    lost = work.now - LOST_AFTER
    for external_id, run_id, begun in await work.fetch_raw(MARK, work.account_id, store_id, wanted, work.now, lost):
        if begun:
            work.enqueue(FOLLOW, {"store_id": store_id, "external_id": external_id, "run_id": run_id})


async def mark_parts(work: Work, store_id: UUID, parts: Collection[str]) -> None:
    """Have the orders read again that these parts (fulfilment orders) belong to; the store is asked whose those are
    that we don't know."""
    known = await assigned.orders_of_parts(work, store_id, parts)
    await mark(work, store_id, known.values())
    unknown = sorted(set(parts) - known.keys())
    if unknown:
        work.enqueue(FIND, {"store_id": store_id, "parts": unknown})


async def mark_ours(work: Work, order_ids: Collection[UUID]) -> None:
    """Something happened to these orders of ours: those that a shop assigned are read again, to answer it."""
    by_store: dict[UUID, list[str]] = {}
    for store_id, external_id in await assigned.followed_by_ours(work, order_ids):
        by_store.setdefault(store_id, []).append(external_id)
    for store_id, orders in sorted(by_store.items()):
        await mark(work, store_id, orders)


async def leg(work: Work, vault: Vault, store_id: UUID, external_id: str, run_id: UUID) -> Leg | None:
    """What is to be read now; None when the reading is another's, or the store can't be reached."""
    row = await assigned.lock_followed(work, store_id, external_id)
    if row is None or row.run_id != run_id:
        return None
    sealed = await queries.sealed_store(work, store_id)
    if sealed.store.state != StoreState.CONNECTED:
        await _end(work, store_id, row, code="store_disconnected", reason="The store is disconnected.", read=False)
        return None
    return Leg(sealed.store, queries.connection(vault, sealed, work.now), external_id, run_id, row.marks)


async def conclude(
    work: Work, leg: Leg, *, code: str | None = None, reason: str | None = None, read: bool = True
) -> None:
    """The reading ended; `code` and `reason` say what is wrong with it. An order that was marked meanwhile is read
    again."""
    row = await assigned.lock_followed(work, leg.store.id, leg.external_id)
    if row is None or row.run_id != leg.run_id:
        return
    again = row.marks != leg.marks
    next_run = ids.new() if again else None
    await _end(work, leg.store.id, row, code=code, reason=reason, read=read, next_run=next_run)
    if next_run is not None:
        args = {"store_id": leg.store.id, "external_id": leg.external_id, "run_id": next_run}
        work.enqueue(FOLLOW, args)


async def _end(
    work: Work,
    store_id: UUID,
    row: assigned.FollowedRow,
    *,
    code: str | None,
    reason: str | None,
    read: bool,
    next_run: UUID | None = None,
) -> None:
    await work.db.execute(
        END,
        {
            "account": work.account_id,
            "store": store_id,
            "external_id": row.external_id,
            "next_run": next_run,
            "due": None if next_run is None else work.now,
            "attempts": row.attempts + 1 if code else 0,
            "code": code,
            "reason": reason,
            "read": read,
            "now": work.now,
        },
    )
