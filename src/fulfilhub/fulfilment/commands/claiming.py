"""Leases: claiming work in batches, keeping a claim alive, and giving it back.

A claim changes nothing but the lease, so an expired one needs no clean-up: whoever claims next takes it over
with the progress made, and the old lease opens nothing any more.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fulfilhub.fulfilment.commands.telling import watch_lease
from fulfilhub.fulfilment.queries import WorkRow, work_row
from fulfilhub.fulfilment.queries.claims import Wanted, claim_statement
from fulfilhub.fulfilment.rules import LEASE_SECONDS, LeaseLost, lease_until
from fulfilhub.platform import ids
from fulfilhub.platform.work import Work

ANYTHING = Wanted()

EXTEND = """
WITH mine AS MATERIALIZED (
    SELECT id FROM work_orders
    WHERE account_id = $1 AND lease_id = $2 AND ended_at IS NULL AND lease_until > $4
    ORDER BY id FOR NO KEY UPDATE
)
UPDATE work_orders AS w SET lease_until = $3 FROM mine WHERE w.account_id = $1 AND w.id = mine.id RETURNING w.id
"""
LEASED = """
SELECT id FROM work_orders WHERE account_id = $1 AND lease_id = $2 AND ended_at IS NULL AND lease_until > $3
"""


async def claim(
    work: Work, warehouse_id: UUID, limit: int, wanted: Wanted = ANYTHING, *, seconds: int = LEASE_SECONDS
) -> tuple[UUID, datetime, list[WorkRow]]:
    """Lease up to `limit` work orders that nobody has, those to be shipped first before others.

    Gives the lease's id, when it ends, and the work; the work of held orders is never among it. Two claims at
    once never get the same work: each skips what the other is taking. One statement.
    """
    lease_id, until = ids.new(), lease_until(work.now, seconds)
    statement, values = claim_statement(wanted)
    rows = await work.fetch_raw(
        statement, work.account_id, warehouse_id, work.now, limit, lease_id, until, work.actor, *values
    )
    if rows:
        watch_lease(work, lease_id, until)
    return lease_id, until, [work_row(row) for row in rows]


async def extend(work: Work, lease_id: UUID, seconds: int = LEASE_SECONDS) -> tuple[datetime, list[UUID]]:
    """Keep a lease alive: its new end, and the work orders still under it. Raises LeaseLost when it has run out
    or nothing is left of it."""
    until = lease_until(work.now, seconds)
    rows = await work.fetch_raw(EXTEND, work.account_id, lease_id, until, work.now)
    if not rows:
        raise LeaseLost("Nothing is leased to you under this lease any more: claim again.")
    return until, sorted(row[0] for row in rows)


async def leased(work: Work, lease_id: UUID) -> list[UUID]:
    """The work orders that a live lease covers; none when it ran out."""
    return [row[0] for row in await work.fetch_raw(LEASED, work.account_id, lease_id, work.now)]
