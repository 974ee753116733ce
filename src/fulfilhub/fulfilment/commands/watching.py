"""Work that is not done in the time its contract asks for: found when that time comes, and told to both sides, once."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from fulfilhub.fulfilment.commands.telling import LATE, TELL, News
from fulfilhub.fulfilment.events import FulfilmentLate
from fulfilhub.platform.work import Work

TELL_LATE = "fulfilment.tell_late"
AT_ONCE = 500

# What was looked at for one thing is looked at again for the next.
TAKE_LATE = """
WITH due AS MATERIALIZED (
    SELECT account_id, id FROM work_orders WHERE look_at <= $1 ORDER BY look_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE work_orders AS w SET look_at = CASE WHEN w.leave_by > w.look_at THEN w.leave_by END
FROM due WHERE w.account_id = due.account_id AND w.id = due.id
RETURNING w.account_id, w.merchant_id, w.order_id, w.id, w.warehouse_id,
          old.look_at = w.accept_by AND w.accepted_at IS NULL AND w.ended_at IS NULL AS to_accept,
          old.look_at = w.leave_by AND w.ended_at IS NULL AS to_ship
"""


async def find_late(work: Work) -> bool:
    """Look at a portion of the work whose time has come, in the platform's scope. True when there may be more."""
    rows = await work.fetch_raw(TAKE_LATE, work.now, AT_ONCE)
    by_operator: defaultdict[tuple[UUID, News], list[UUID]] = defaultdict(list)
    for row in rows:
        for news, what in LATE.items():
            if row[f"to_{what}"]:
                by_operator[row["account_id"], news].append(row["id"])
                fact = FulfilmentLate(
                    order_id=row["order_id"], fulfilment_id=row["id"], warehouse_id=row["warehouse_id"], what=str(what)
                )
                await work.enqueue_for(row["merchant_id"], TELL_LATE, fact.data())
    for (operator_id, news), found in sorted(by_operator.items()):
        await work.enqueue_for(operator_id, TELL, {"news": str(news), "ids": found})
    return len(rows) == AT_ONCE
