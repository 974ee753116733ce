"""Asking mapped stores what they want of us: when they say so themselves, and every few minutes, so that a message lost
on the way loses nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, text, update
from sqlalchemy.dialects.postgresql import insert

from fulfilhub.platform import ids
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.assigning import Waiting
from fulfilhub.stores.adapters.port import Connection, Refused, Retry
from fulfilhub.stores.commands.following import mark
from fulfilhub.stores.models import StorePull
from fulfilhub.stores.queries import assigned
from fulfilhub.stores.rules import StoreState
from fulfilhub.stores.rules.outgoing import pause

PULL = "stores.pull"
EVERY = timedelta(minutes=10)
READ_AGAIN_AFTER = timedelta(minutes=30)
"""An order of which we have something is read again after this long, though nobody said that it changed."""

READ_AGAIN = 100
AT_ONCE = 500
LOST_AFTER = timedelta(minutes=30)

BEGIN_DUE = text(
    """
    UPDATE store_pulls AS p SET run_id = gen_random_uuid(), run_due_at = :now
    FROM (SELECT merchant_id, store_id FROM store_pulls
          WHERE next_at <= :now AND (run_id IS NULL OR run_due_at < :lost)
          ORDER BY next_at LIMIT :at_once FOR UPDATE SKIP LOCKED) AS due
    WHERE p.merchant_id = due.merchant_id AND p.store_id = due.store_id
    RETURNING p.merchant_id, p.store_id, p.run_id
    """
)


async def keep_pulling(work: Work, store_id: UUID, *, mapped: bool) -> None:
    """Ask a store from now on, at once for the first time, or no more."""
    if mapped:
        row = {"merchant_id": work.account_id, "store_id": store_id, "next_at": work.now}
        await work.db.execute(insert(StorePull).values(row).on_conflict_do_nothing())
        await ping(work, store_id)
    else:
        await work.db.execute(
            delete(StorePull).where(StorePull.merchant_id == work.account_id, StorePull.store_id == store_id)
        )


async def ping(work: Work, store_id: UUID) -> None:
    """The store says that there is something: it is asked now, or once more when it is just being asked."""
    row = await assigned.pull_of(work, store_id, lock=True)
    if row is None:
        return
    values: dict[str, object] = {"pinged_at": work.now}
    if row.run_id is None or (row.run_due_at is not None and row.run_due_at < work.now - LOST_AFTER):
        values |= _begin(work, store_id)
    await _set(work, store_id, **values)


def _begin(work: Work, store_id: UUID) -> dict[str, object]:
    run_id = ids.new()
    work.enqueue(PULL, {"store_id": store_id, "run_id": run_id})
    return {"run_id": run_id, "run_due_at": work.now}


async def begin_due(work: Work) -> list[tuple[UUID, UUID, UUID]]:
    """The pulls that are due, as (merchant, store, run), in the platform's scope."""
    given = {"now": work.now, "lost": work.now - LOST_AFTER, "at_once": AT_ONCE}
    return [(row[0], row[1], row[2]) for row in await work.db.execute(BEGIN_DUE, given)]


async def leg(work: Work, vault: Vault, store_id: UUID, run_id: UUID) -> tuple[Connection, datetime] | None:
    """Where to ask, and when that began; None when the run is another's, or the store can't be asked."""
    row = await assigned.pull_of(work, store_id, lock=True)
    if row is None or row.run_id != run_id:
        return None
    sealed = await queries.sealed_store(work, store_id)
    if sealed.store.state != StoreState.CONNECTED:
        await _set(work, store_id, run_id=None, run_due_at=None, next_at=work.now + EVERY)
        return None
    return queries.connection(vault, sealed, work.now), work.now


async def conclude(
    work: Work, store_id: UUID, run_id: UUID, began: datetime, found: Waiting | Refused | Retry, spread: float
) -> None:
    """Have every order read again of which something is asked, and some that were not read for long. A store that does
    not answer is asked again later, longer each time. `spread`: from 0 to 1, by chance."""
    row = await assigned.pull_of(work, store_id, lock=True)
    if row is None or row.run_id != run_id:
        return
    values: dict[str, object] = {"run_id": None, "run_due_at": None}
    if isinstance(found, Waiting):
        old = await assigned.not_read_since(work, store_id, work.now - READ_AGAIN_AFTER, READ_AGAIN)
        await mark(work, store_id, [*found.orders, *old])
        values |= {"next_at": work.now + EVERY * (0.75 + spread / 2), "last_ended_at": work.now}
        values |= {"failures": 0, "code": None, "reason": None}
        if row.pinged_at is not None and row.pinged_at > began:
            values |= _begin(work, store_id)
    else:
        least = found.after if isinstance(found, Retry) else 0.0
        values |= {"failures": row.failures + 1, "next_at": work.now + pause(row.failures + 1, least, spread)}
        values |= {"code": found.code if isinstance(found, Refused) else "unreachable", "reason": found.reason}
    await _set(work, store_id, **values)


async def _set(work: Work, store_id: UUID, **values: object) -> None:
    await work.db.execute(
        update(StorePull).where(StorePull.merchant_id == work.account_id, StorePull.store_id == store_id).values(values)
    )
