"""Sending again, and sending a test: what a person asks for is tried at once, also while the endpoint is paused."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, update

from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.work import Work
from fulfilhub.webhooks import queries
from fulfilhub.webhooks.commands.waking import wake
from fulfilhub.webhooks.models import WebhookDelivery, WebhookEndpoint
from fulfilhub.webhooks.rules.payloads import PING, body_of
from fulfilhub.webhooks.rules.retries import State

AHEAD = timedelta(days=365)
"""A test goes before whatever waits already: the due time is the place in the queue."""

RECOVERED_AT_ONCE = 10_000

RECOVER = """
UPDATE webhook_deliveries AS d SET state = 'pending', tries = 0, due_at = $4, ended_at = NULL
FROM (SELECT id FROM webhook_deliveries
      WHERE account_id = $1 AND endpoint_id = $2 AND state = 'failed' AND created_at >= $3
      ORDER BY id LIMIT $5 FOR UPDATE) AS lost
WHERE d.account_id = $1 AND d.id = lost.id
"""


async def replay(work: Work, delivery_id: UUID) -> None:
    """Send a delivery again, with its old `webhook-id` and a fresh set of tries. Raises NotFound, Conflict
    (`endpoint_disabled`)."""
    row, _ = await queries.get_delivery(work, delivery_id)
    await _enabled(work, row.endpoint_id)
    await work.db.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.account_id == work.account_id, WebhookDelivery.id == delivery_id)
        .values(state=State.PENDING, tries=0, due_at=work.now, ended_at=None)
    )
    await _at_once(work, row.endpoint_id)


async def recover(work: Work, endpoint_id: UUID, since: datetime) -> tuple[int, bool]:
    """Send again what failed of the events since then, oldest first; gives how many, and whether there are more.
    Raises NotFound, Conflict (`endpoint_disabled`)."""
    await _enabled(work, endpoint_id)
    tag = await work.execute_raw(RECOVER, work.account_id, endpoint_id, since, work.now, RECOVERED_AT_ONCE)
    count = int(tag.rpartition(" ")[2])
    await _at_once(work, endpoint_id)
    return count, count == RECOVERED_AT_ONCE


async def ping(work: Work, endpoint_id: UUID) -> UUID:
    """Send a test event, whatever types the endpoint wants; gives its delivery's id. Raises NotFound, Conflict
    (`endpoint_disabled`)."""
    await _enabled(work, endpoint_id)
    delivery_id, event_id = ids.new(), ids.new()
    await work.db.execute(
        insert(WebhookDelivery).values(
            account_id=work.account_id,
            id=delivery_id,
            endpoint_id=endpoint_id,
            event_id=event_id,
            event_type=PING,
            body=body_of(PING, work.now, None, {"endpoint_id": endpoint_id}),
            due_at=work.now - AHEAD,
            created_at=work.now,
        )
    )
    await _at_once(work, endpoint_id)
    return delivery_id


async def _enabled(work: Work, endpoint_id: UUID) -> None:
    """Lock the endpoint. Raises NotFound, Conflict."""
    endpoint = await queries.get_endpoint(work, endpoint_id, lock=True)
    if not endpoint.enabled:
        raise Conflict(
            "The endpoint is disabled; enable it first, then what is pending goes on.", code="endpoint_disabled"
        )


async def _at_once(work: Work, endpoint_id: UUID) -> None:
    await work.db.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.account_id == work.account_id, WebhookEndpoint.id == endpoint_id)
        .values(paused_until=None)
    )
    await wake(work, endpoint_id)
