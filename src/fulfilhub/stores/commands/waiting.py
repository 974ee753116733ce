"""What waits to be read of a store: noted once however often it is listed, read by one chain of tickets, and the proof
that follows from it. Every function here runs under the lock of the store's `store_sweeps` row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text, update

from fulfilhub.platform import ids
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.port import NOTHING, Spared
from fulfilhub.stores.models import StoreSweep
from fulfilhub.stores.queries import SweepRow
from fulfilhub.stores.rules.completeness import GIVES_UP_AFTER, SETTLES, FoundBy

READER = "stores.read_orders"

# An order is lacking when we have none, or one older than the store's, unless the store's plugin knows better. Its
# earliest lacking change holds the proof back, so that stays when it is listed again; one that is being tried keeps its
# turn.
NOTE = text(
    """
    WITH told AS (
        SELECT t.external_id, min(t.changed_at) AS changed_at, max(t.changed_at) AS latest_at,
               t.external_id = ANY (cast(:unwanted AS text[])) AS unwanted,
               t.external_id = ANY (cast(:own AS text[])) AS own
        FROM unnest(cast(:external_ids AS text[]), cast(:times AS timestamptz[])) AS t (external_id, changed_at)
        GROUP BY t.external_id
    ), lacking AS (
        SELECT t.*, o.id IS NULL AS unknown
        FROM told AS t LEFT JOIN orders AS o
             ON o.merchant_id = :account AND o.store_id = :store AND o.external_id = t.external_id
        WHERE CASE WHEN o.id IS NULL THEN NOT t.unwanted ELSE o.store_updated_at < t.latest_at AND NOT t.own END
    ), noted AS (
        INSERT INTO store_reads AS r (merchant_id, store_id, external_id, changed_at, latest_at, found_by, found_at,
                                      backfill_id, due_at)
        SELECT :account, :store, external_id, changed_at, latest_at, :found_by, :now, :backfill,
               greatest(:now, least(latest_at, :now) + make_interval(secs => :grace))
        FROM lacking ORDER BY external_id
        ON CONFLICT (merchant_id, store_id, external_id) DO UPDATE
        SET latest_at = greatest(r.latest_at, excluded.latest_at),
            changed_at = least(r.changed_at, excluded.changed_at),
            found_by = CASE WHEN r.found_by = 'backfill' THEN excluded.found_by ELSE r.found_by END,
            due_at = CASE WHEN r.attempts = 0 THEN least(r.due_at, excluded.due_at) ELSE r.due_at END
        RETURNING r.external_id, xmax = 0 AS fresh
    )
    SELECT l.external_id, l.changed_at, l.unknown, n.fresh FROM noted AS n JOIN lacking AS l USING (external_id)
    """
)
# What a webhook brought meanwhile.
DROP_HAD = text(
    """
    DELETE FROM store_reads AS r USING orders AS o
    WHERE r.merchant_id = :account AND r.store_id = :store AND o.merchant_id = r.merchant_id
      AND o.store_id = r.store_id AND o.external_id = r.external_id AND o.store_updated_at >= r.latest_at
    RETURNING r.backfill_id
    """
)
# When an order changed that was found by its number is not known before it is read: nothing is claimed until then.
PROVE = text(
    """
    UPDATE store_sweeps AS s SET complete_to = CASE WHEN s.listed_to IS NOT NULL THEN least(
        s.listed_to - make_interval(secs => :settles + s.lag_seconds),
        (SELECT min(r.changed_at) FROM store_reads AS r
         WHERE r.merchant_id = s.merchant_id AND r.store_id = s.store_id
           AND (r.changed_at >= s.complete_from OR r.found_by = 'gap'))) END
    WHERE s.merchant_id = :account AND s.store_id = :store
    """
)


class Lacking(NamedTuple):
    """An order that we lack as the store has it. `fresh`: it did not wait to be read before."""

    external_id: str
    changed_at: datetime
    unknown: bool
    fresh: bool


async def note(
    work: Work,
    store_id: UUID,
    listed: Sequence[tuple[str, datetime]],
    found_by: FoundBy,
    *,
    grace: int = 0,
    backfill_id: UUID | None = None,
    spared: Spared = NOTHING,
) -> list[Lacking]:
    """Note which of the listed orders (external id, store's time of change) must be read, in one statement. `grace`:
    seconds after the change in which its webhook may still come. `spared`: those of them that the plugin knows better.
    Gives those that wait now."""
    rows = await work.db.execute(
        NOTE,
        {
            "account": work.account_id,
            "store": store_id,
            "now": work.now,
            "external_ids": [external_id for external_id, _ in listed],
            "times": [at for _, at in listed],
            "found_by": str(found_by),
            "grace": grace,
            "unwanted": sorted(spared.unwanted),
            "own": sorted(spared.own),
            "backfill": backfill_id,
        },
    )
    return [Lacking._make(row) for row in rows]


async def drop_had(work: Work, store_id: UUID) -> list[UUID | None]:
    """Forget what came by itself meanwhile; gives the backfill of each (None: of none)."""
    rows = await work.db.execute(DROP_HAD, {"account": work.account_id, "store": store_id})
    return list(rows.scalars())


async def prove(work: Work, store_id: UUID) -> None:
    """Say anew up to when everything is here: as far as the list was read, and no further than what still waits."""
    given = {"account": work.account_id, "store": store_id, "settles": SETTLES.total_seconds()}
    await work.db.execute(PROVE, given)


async def wake_reader(work: Work, sweep: SweepRow, *, own: bool = False, rests: bool = False) -> None:
    """See to it that what waits is read when it is due: one ticket, and none that counts beside it. `own`: the ticket
    that the row names is being finished by the caller. `rests`: nothing can be read now."""
    due = None if rests else await queries.next_read_due(work, sweep.store_id)
    there = None if own or sweep.reader_id is None else sweep.reader_due_at
    if sweep.reader_id is not None and there is not None and there < work.now - GIVES_UP_AFTER:
        there = there if await queries.has_ticket(work, READER, "reader_id", sweep.reader_id) else None
    if there is not None and (due is None or there <= max(due, work.now)):
        return
    reader_id = None
    if due is not None:
        reader_id, due = ids.new(), max(due, work.now)
        work.enqueue(READER, {"store_id": sweep.store_id, "reader_id": reader_id}, due)
    await work.db.execute(
        update(StoreSweep)
        .where(StoreSweep.merchant_id == work.account_id, StoreSweep.store_id == sweep.store_id)
        .values(reader_id=reader_id, reader_due_at=due)
    )
