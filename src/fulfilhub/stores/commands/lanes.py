"""Lanes: what a store follows, and whose turn it is. All that a store is told goes by turns, one at a time for each
store, so that a slow or dead one only ever keeps itself waiting."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, text, update

from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.models import StoreLane, StoreNotice, StoreStock
from fulfilhub.stores.rules import PlatformKind, StoreState
from fulfilhub.stores.rules.outgoing import TURN_LOST_AFTER, NoticeKind, NoticeState

TURN = "stores.tell"
LOOK = "stores.look"
LOOKS_AT_ONCE = 500
"""So many stores are given a look in one turn of the clock; more wait for the next."""

LATELY = timedelta(days=30)
"""Orders that changed so lately are shown in a shop that has just got our plugin."""

FOLLOW = text(
    """
    INSERT INTO store_lanes AS l (merchant_id, store_id, after_seq, follows_orders, follows_states, follows_stock,
                                  check_at)
    VALUES (:account, :store, coalesce((SELECT last FROM event_sequences WHERE account_id = :account), 0),
            :orders, :states, :stock, CASE WHEN :stock THEN cast(:now AS timestamptz) END)
    ON CONFLICT (merchant_id, store_id) DO UPDATE SET
        follows_orders = excluded.follows_orders, follows_states = excluded.follows_states,
        follows_stock = excluded.follows_stock, check_at = excluded.check_at,
        checked_at = CASE WHEN l.follows_stock AND NOT :anew THEN l.checked_at END,
        ledger_id = CASE WHEN l.follows_stock AND NOT :anew THEN l.ledger_id END,
        after_seq = CASE WHEN l.follows_orders OR l.follows_stock THEN l.after_seq ELSE excluded.after_seq END,
        paused_until = NULL, failures = 0
    RETURNING coalesce(old.follows_states, false), coalesce(old.follows_stock, false)
    """
)
RECENT = text(
    """
    INSERT INTO store_notices (merchant_id, id, store_id, kind, subject_id, order_id, state, due_at, created_at,
                               updated_at)
    SELECT :account, uuidv7(), :store, 'state', o.id, o.id, 'pending', :now, :now, :now FROM orders AS o
    WHERE o.merchant_id = :account AND o.store_id = :store AND o.updated_at > :since
    ON CONFLICT (merchant_id, store_id, kind, subject_id) DO UPDATE
    SET state = 'pending', marks = store_notices.marks + 1, digest = NULL, attempts = 0, due_at = excluded.due_at
    """
)
# What a store refused as it was connected before may be told now; an order that is gone stays gone.
TRY_AGAIN = text(
    """
    UPDATE store_notices SET state = 'pending', attempts = 0, due_at = :now, updated_at = :now
    WHERE merchant_id = :account AND store_id = :store AND state IN ('refused', 'failed')
      AND code IS DISTINCT FROM 'order_missing' AND (kind <> 'state' OR :states)
    """
)
WAKE = """
UPDATE store_lanes SET turn_id = $3, turn_due_at = greatest($4, paused_until)
WHERE merchant_id = $1 AND store_id = $2 AND (turn_due_at IS NULL OR turn_due_at > greatest($4, paused_until))
RETURNING turn_due_at
"""
# Who has news to hear, whose stock is to be checked, and whose look was lost on the way.
WATCH = text(
    """
    UPDATE store_lanes AS l SET look_id = gen_random_uuid(), look_due_at = :now
    FROM (SELECT w.merchant_id, w.store_id FROM store_lanes AS w
          LEFT JOIN event_sequences AS q ON q.account_id = w.merchant_id
          WHERE (w.follows_orders OR w.follows_stock) AND (w.after_seq < q.last OR w.check_at <= :now)
            AND (w.look_due_at IS NULL OR w.look_due_at < :lost)
          ORDER BY w.merchant_id, w.store_id LIMIT :at_once FOR UPDATE OF w SKIP LOCKED) AS given
    WHERE l.merchant_id = given.merchant_id AND l.store_id = given.store_id
    RETURNING l.merchant_id, l.store_id, l.look_id
    """
)
LOST_TURNS = text(
    """
    UPDATE store_lanes AS l SET turn_id = gen_random_uuid(), turn_due_at = :now
    FROM (SELECT merchant_id, store_id FROM store_lanes WHERE turn_due_at < :lost
          ORDER BY merchant_id, store_id LIMIT :at_once FOR UPDATE SKIP LOCKED) AS given
    WHERE l.merchant_id = given.merchant_id AND l.store_id = given.store_id
    RETURNING l.merchant_id, l.store_id, l.turn_id
    """
)
STATES = text("SELECT paused_until > :now, count(*) FROM store_lanes WHERE turn_due_at IS NOT NULL GROUP BY 1")


async def follow(work: Work, store_id: UUID, *, anew: bool = False) -> None:
    """Follow for a store what its connection, plugin and settings now ask for; to be called whenever these change.
    `anew`: it may be another shop, so nothing that is known of its stock counts any more. Repeating is harmless."""
    store = await queries.get_store(work, store_id)
    if store.platform == PlatformKind.API:
        return
    connected = store.state == StoreState.CONNECTED
    wanted = {
        "orders": connected,
        "states": connected and store.plugin is not None,
        "stock": connected and queries.settings_of(store).stock_sync,
    }
    whose = {"account": work.account_id, "store": store_id, "now": work.now}
    showed, kept = (await work.db.execute(FOLLOW, {**whose, **wanted, "anew": anew})).one()
    if connected:
        await work.db.execute(TRY_AGAIN, {**whose, "states": wanted["states"]})
    if wanted["states"] and (anew or not showed):
        await work.db.execute(RECENT, {**whose, "since": work.now - LATELY})
    if connected and not wanted["states"]:
        await _show_no_states(work, store_id)
    if kept and (anew or not wanted["stock"]):
        await work.db.execute(
            delete(StoreStock).where(StoreStock.merchant_id == work.account_id, StoreStock.store_id == store_id)
        )
    await wake(work, store_id)


async def _show_no_states(work: Work, store_id: UUID) -> None:
    await work.db.execute(
        update(StoreNotice)
        .where(
            StoreNotice.merchant_id == work.account_id,
            StoreNotice.store_id == store_id,
            StoreNotice.kind == NoticeKind.STATE,
            StoreNotice.state == NoticeState.PENDING,
        )
        .values(state=NoticeState.REFUSED, code="no_plugin", reason="The shop has no FulfilHub plugin to show it.")
    )


async def wake(work: Work, store_id: UUID) -> None:
    """See to it that what waits for a store is told when it is due, after any rest that the store wanted: one ticket.
    Whoever changes what waits calls this after it."""
    # A turn that is just ending either sees what we changed, or has ended when we look at its lane.
    await queries.lane(work, store_id, lock=True)
    due = await queries.next_due(work, store_id)
    if due is None:
        return
    turn_id = ids.new()
    rows = await work.fetch_raw(WAKE, work.account_id, store_id, turn_id, max(due, work.now))
    if rows:
        work.enqueue(TURN, {"store_id": store_id, "turn_id": turn_id}, rows[0][0])


async def look_now(work: Work, store_id: UUID) -> None:
    """Compute and tell all of a store's stock at once. Raises NotFound, Conflict where its stock is not kept."""
    store = await queries.get_store(work, store_id)
    if store.platform != PlatformKind.API and store.state != StoreState.CONNECTED:
        raise Conflict("The store is disconnected: give it new credentials first.", code="store_disconnected")
    lane = await queries.lane(work, store_id, lock=True)
    if lane is None or not lane.follows_stock:
        detail = "FulfilHub does not keep this store's stock: set stock_sync in the store's settings first."
        raise Conflict(detail, code="stock_sync_off")
    await look_again(work, store_id, check_at=work.now)


async def look_anew(work: Work, store_id: UUID) -> None:
    """Have all of a store's stock computed anew, where it is kept: what its places stand for has changed."""
    lane = await queries.lane(work, store_id, lock=True)
    if lane is not None and lane.follows_stock:
        await look_again(work, store_id, check_at=work.now)


async def look_again(work: Work, store_id: UUID, **values: object) -> None:
    """Queue a look at what happened, and change the lane by the way."""
    look_id = ids.new()
    work.enqueue(LOOK, {"store_id": store_id, "look_id": look_id})
    await set_lane(work, store_id, look_id=look_id, look_due_at=work.now, **values)


async def set_lane(work: Work, store_id: UUID, **values: object) -> None:
    """Change a lane that the work has locked."""
    await work.db.execute(
        update(StoreLane).where(StoreLane.merchant_id == work.account_id, StoreLane.store_id == store_id).values(values)
    )


async def watch(work: Work) -> tuple[list[tuple[UUID, str, dict[str, object]]], dict[str, int]]:
    """What must be queued for whom (account, kind, arguments), in the platform's scope: a look for each store that has
    news, and what was lost on the way. And how many lanes wait for their turn, or for their store."""
    given = {"now": work.now, "lost": work.now - TURN_LOST_AFTER, "at_once": LOOKS_AT_ONCE}
    looks = await work.db.execute(WATCH, given)
    made = [(row.merchant_id, LOOK, {"store_id": row.store_id, "look_id": row.look_id}) for row in looks]
    lost = await work.db.execute(LOST_TURNS, given)
    made += [(row.merchant_id, TURN, {"store_id": row.store_id, "turn_id": row.turn_id}) for row in lost]
    counts = {bool(paused): size for paused, size in await work.db.execute(STATES, {"now": work.now})}
    return made, {"waiting": counts.get(False, 0), "paused": counts.get(True, 0)}


def due_after(wanted: datetime | None, now: datetime, paused_until: datetime | None) -> datetime | None:
    """When a turn is due whose news is due then; not before the store had its rest."""
    return None if wanted is None else max(wanted, now, paused_until or now)
