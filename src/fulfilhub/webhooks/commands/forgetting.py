"""Forgetting in time: deliveries go with their attempts, in portions so that no lock is held for long."""

from __future__ import annotations

from datetime import timedelta

from fulfilhub.platform.work import Work

AT_ONCE = 2000

ENDED = """
DELETE FROM webhook_deliveries AS d
USING (SELECT account_id, id FROM webhook_deliveries WHERE ended_at <= $1
       ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS old
WHERE d.account_id = old.account_id AND d.id = old.id
"""
# A disabled endpoint may never be enabled again; what is older than the log's events would not be told either.
WAITING_IN_VAIN = """
DELETE FROM webhook_deliveries AS d
USING (SELECT x.account_id, x.id FROM webhook_endpoints AS e
       JOIN webhook_deliveries AS x ON x.account_id = e.account_id AND x.endpoint_id = e.id AND x.state = 'pending'
       WHERE e.disabled_at <= $1 AND x.created_at <= $1 LIMIT $2 FOR UPDATE OF x SKIP LOCKED) AS old
WHERE d.account_id = old.account_id AND d.id = old.id
"""
OF_DELETED = """
DELETE FROM webhook_deliveries AS d
USING (SELECT x.account_id, x.id FROM webhook_endpoints AS e
       JOIN webhook_deliveries AS x ON x.account_id = e.account_id AND x.endpoint_id = e.id
       WHERE e.deleted_at <= $1 LIMIT $2 FOR UPDATE OF x SKIP LOCKED) AS old
WHERE d.account_id = old.account_id AND d.id = old.id
"""
DELETED = """
DELETE FROM webhook_endpoints AS e
WHERE e.deleted_at <= $1 AND (e.lease_until IS NULL OR e.lease_until <= $1) AND NOT EXISTS (
    SELECT FROM webhook_deliveries AS d WHERE d.account_id = e.account_id AND d.endpoint_id = e.id)
"""


async def forget(work: Work, retention: timedelta) -> bool:
    """Delete one portion, in the platform scope: what ended before `retention`, what waits for endpoints that have been
    disabled for as long, and all of deleted endpoints. True when there may be more."""
    cutoff = work.now - retention
    tags = [
        await work.execute_raw(ENDED, cutoff, AT_ONCE),
        await work.execute_raw(WAITING_IN_VAIN, cutoff, AT_ONCE),
        await work.execute_raw(OF_DELETED, work.now, AT_ONCE),
    ]
    await work.execute_raw(DELETED, work.now)
    return any(tag == f"DELETE {AT_ONCE}" for tag in tags)
