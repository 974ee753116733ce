"""How urgent a piece of work is, as its merchant says."""

from __future__ import annotations

from uuid import UUID

from fulfilhub.fulfilment.commands.telling import News, tell_operators
from fulfilhub.fulfilment.queries.fulfilments import get_fulfilment
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.work import Work

PRIORITISE = """
UPDATE work_orders SET priority = $4, version = version + 1, updated_at = $5
WHERE merchant_id = $1 AND account_id = $2 AND id = $3 AND ended_at IS NULL AND priority <> $4
"""


async def prioritise(work: Work, fulfilment_id: UUID, priority: int) -> None:
    """Set how urgent the work is, from 0 to 9. Repeating is harmless. Raises NotFound, or Conflict (`illegal_action`)
    for work that has ended."""
    row = await get_fulfilment(work, fulfilment_id)
    told = await work.execute_raw(PRIORITISE, work.account_id, row.operator_id, fulfilment_id, priority, work.now)
    if told == "UPDATE 1":
        tell_operators(work, News.CHANGED, [(row.operator_id, fulfilment_id)])
    elif row.ended_at is not None:
        raise Conflict(f"This fulfilment is {row.state}.", code="illegal_action", more={"state": row.state})
