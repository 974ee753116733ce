"""When a courier looks at an endpoint next. Whoever calls this holds the endpoint's row lock since an earlier
statement, so that nothing becomes due unseen between the look and the write."""

from __future__ import annotations

from uuid import UUID

from fulfilhub.platform.work import Work

# While an endpoint is leased, its courier looks for itself; if that one died, the next comes when the lease ends.
WAKE = """
UPDATE webhook_endpoints AS e SET wake_at = CASE WHEN e.lease_until > $3 THEN e.lease_until ELSE (
    SELECT CASE WHEN min(d.due_at) IS NOT NULL THEN greatest(min(d.due_at), e.paused_until) END
    FROM webhook_deliveries AS d
    WHERE d.account_id = $1 AND d.endpoint_id = $2 AND d.state = 'pending') END
WHERE e.account_id = $1 AND e.id = $2 AND e.enabled
"""


async def wake(work: Work, endpoint_id: UUID) -> None:
    """Set when the locked endpoint is due; a disabled one is never."""
    await work.execute_raw(WAKE, work.account_id, endpoint_id, work.now)
