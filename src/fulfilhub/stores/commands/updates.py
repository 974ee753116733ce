"""Telling stores of shipments: the intent is written before the call, the outcome after it, and what is in doubt is
read back before it is repeated."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text, update

from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.errands import Outcome, trouble_of, wants_rest
from fulfilhub.stores.adapters.news import ShipmentNews
from fulfilhub.stores.adapters.port import InDoubt, Pushed, Refused
from fulfilhub.stores.commands.lanes import wake
from fulfilhub.stores.commands.noticing import mark
from fulfilhub.stores.events import StoreTold
from fulfilhub.stores.models import StoreUpdate
from fulfilhub.stores.queries.assigned import are_followed
from fulfilhub.stores.queries.milestones import shipments_shown
from fulfilhub.stores.rules import UpdateState
from fulfilhub.stores.rules.outgoing import NoticeKind, again_after

GIVES_UP_AFTER = timedelta(days=7)
"""For so long a shipment is kept for a store that does not answer."""

# Orders that came by the API have nobody to be told; what was noted before stays as it is.
NOTE = """
INSERT INTO store_updates (merchant_id, id, store_id, shipment_id, order_id, state, told_as, left_out, due_at,
                           created_at, updated_at)
SELECT $1, uuidv7(), t.id, s.id, s.order_id, 'pending', '{}', '[]', $3, $3, $3
FROM shipments AS s JOIN orders AS o ON o.merchant_id = s.merchant_id AND o.id = s.order_id
JOIN stores AS t ON t.merchant_id = o.merchant_id AND t.id = o.store_id AND t.platform <> 'api'
WHERE s.merchant_id = $1 AND s.id = ANY ($2::uuid[])
ORDER BY s.id
ON CONFLICT (merchant_id, store_id, shipment_id) DO NOTHING
RETURNING store_id
"""
TAKE = """
UPDATE store_updates AS u SET attempts = u.attempts + 1, updated_at = $3
FROM (SELECT id FROM store_updates
      WHERE merchant_id = $1 AND store_id = $2 AND state IN ('pending', 'in_doubt') AND due_at <= $3
      ORDER BY due_at, id LIMIT $4) AS due
WHERE u.merchant_id = $1 AND u.id = due.id
RETURNING u.id, u.shipment_id, u.order_id, u.state, u.attempts, u.created_at
"""
# A late outcome never takes back that the store was told.
CONCLUDE = text(
    """
    UPDATE store_updates AS u SET state = r.state, attempts = r.attempts, due_at = r.due_at, code = r.code,
        reason = r.reason, updated_at = :now,
        told_as = CASE WHEN r.state = 'sent' THEN r.told_as ELSE u.told_as END,
        left_out = CASE WHEN r.state = 'sent' THEN r.left_out ELSE u.left_out END
    FROM jsonb_to_recordset(cast(:rows AS jsonb))
         AS r (id uuid, state text, attempts int, due_at timestamptz, code text, reason text, told_as text[],
               left_out jsonb)
    WHERE u.merchant_id = :account AND u.id = r.id AND u.state <> 'sent'
    RETURNING u.order_id, u.store_id, u.shipment_id, u.state
    """
)


class Due(NamedTuple):
    """A shipment that is to be told, written down before the call."""

    id: UUID
    shipment_id: UUID
    order_id: UUID
    state: str
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Intent:
    """What is to be told of it."""

    due: Due
    news: ShipmentNews


async def note(work: Work, shipment_ids: Sequence[UUID]) -> None:
    """Write down that the stores of these shipments are to be told, in one statement, and see to their turns."""
    rows = await work.fetch_raw(NOTE, work.account_id, list(shipment_ids), work.now)
    for store_id in sorted({row[0] for row in rows}):
        await wake(work, store_id)


async def note_milestones(work: Work, parcel_ids: Collection[UUID], shipment_ids: Collection[UUID]) -> None:
    """Write down that stores are to be told where these parcels and shipments are, and see to their turns."""
    by_store: dict[UUID, list[tuple[UUID, UUID]]] = {}
    for store_id, shipment_id, order_id in await shipments_shown(work, parcel_ids, shipment_ids):
        by_store.setdefault(store_id, []).append((shipment_id, order_id))
    for store_id, changed in sorted(by_store.items()):
        await mark(work, store_id, NoticeKind.MILESTONE, changed, work.now)
        await wake(work, store_id)


async def take_due(work: Work, store_id: UUID, limit: int) -> list[Intent]:
    """The shipments that are due, oldest first, with what the store is to be told of each."""
    due = [Due._make(row) for row in await work.fetch_raw(TAKE, work.account_id, store_id, work.now, limit)]
    if not due:
        return []
    shipped = await queries.shipments(work, [each.shipment_id for each in due])
    told = await queries.told_of_others(work, store_id, {each.order_id for each in due})
    places = await queries.warehouses_at(work, store_id)
    followed = await are_followed(work, {each.order_id for each in due}) if places else set()
    made: list[Intent] = []
    for each in due:
        names = told.get(each.order_id, {})
        at = places if each.order_id in followed else {}
        others = frozenset(name for other, has in names.items() if other != each.shipment_id for name in has)
        news = queries.news(shipped[each.shipment_id], tuple(names.get(each.shipment_id, ())), others, at)
        made.append(Intent(each, news))
    return made


async def conclude(
    work: Work,
    store_id: UUID,
    told: Sequence[tuple[Intent, Outcome | None]],
    *,
    tries: int,
    rest: datetime | None,
    spread: float,
) -> None:
    """Write down how telling these ended. `rest`: until when the store is left alone. A store that does not answer is
    told for GIVES_UP_AFTER; what else goes wrong is tried so many times."""
    if not told:
        return
    rows = [_judged(work, intent.due, outcome, tries, rest, spread) for intent, outcome in told]
    given = {"account": work.account_id, "now": work.now, "rows": msgspec.json.encode(rows).decode()}
    for row in await work.db.execute(CONCLUDE, given):
        if row.state in (UpdateState.SENT, UpdateState.REFUSED, UpdateState.FAILED):
            work.publish(
                StoreTold(order_id=row.order_id, store_id=store_id, shipment_id=row.shipment_id, state=row.state)
            )


def _judged(
    work: Work, due: Due, outcome: Outcome | None, tries: int, rest: datetime | None, spread: float
) -> dict[str, object]:
    row: dict[str, object] = {
        "id": due.id,
        "state": due.state,
        "attempts": due.attempts,
        "due_at": work.now,
        "code": None,
        "reason": None,
        "told_as": [],
        "left_out": [],
    }
    if outcome is None:
        return row | {"attempts": due.attempts - 1}
    if isinstance(outcome, Pushed):
        told = {"told_as": list(outcome.external_ids), "left_out": [asdict(line) for line in outcome.left_out]}
        return row | told | {"state": UpdateState.SENT, "reason": outcome.remark or None}
    trouble = trouble_of(outcome)
    if trouble is None:
        raise TypeError("A shipment was told as stock.")
    if isinstance(trouble, Refused):
        return row | {"state": UpdateState.REFUSED, "code": trouble.code, "reason": trouble.reason}
    state = UpdateState.IN_DOUBT if isinstance(trouble, InDoubt) else UpdateState.PENDING
    if wants_rest(outcome):
        gives_up = due.created_at < work.now - GIVES_UP_AFTER
        row |= {"attempts": due.attempts - 1, "due_at": rest or work.now}
    else:
        gives_up = due.attempts >= tries
        row |= {"due_at": work.now + again_after(due.attempts, trouble.after, spread)}
    return row | {"state": UpdateState.FAILED if gives_up else state, "reason": trouble.reason}


async def retry(work: Work, store_id: UUID, update_id: UUID) -> None:
    """Try an update again that was refused, failed or is in doubt. Raises NotFound, Conflict when it was sent."""
    await queries.lane(work, store_id, lock=True)
    row = await queries.get_update(work, store_id, update_id)
    if row.state == UpdateState.SENT:
        raise Conflict("The store knows of this shipment already.", code="already_sent", more={"state": row.state})
    state = UpdateState.IN_DOUBT if row.state == UpdateState.IN_DOUBT else UpdateState.PENDING
    await work.db.execute(
        update(StoreUpdate)
        .where(StoreUpdate.merchant_id == work.account_id, StoreUpdate.id == update_id, StoreUpdate.state == row.state)
        .values(state=state, attempts=0, due_at=work.now)
    )
    await wake(work, store_id)
