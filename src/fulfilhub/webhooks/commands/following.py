"""Following the event log: each endpoint goes by its account's numbers, so that nothing is skipped, and has one row per
event, so that nothing is doubled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from fulfilhub.platform import ids
from fulfilhub.platform.work import Work
from fulfilhub.webhooks.events import WebhookEndpointDisabled
from fulfilhub.webhooks.rules.payloads import BY_TYPE, body_of

ENDPOINTS_AT_ONCE = 200
EVENTS_AT_ONCE = 500
"""Events of one account that are read in one round."""

BEHIND = """
SELECT e.account_id, e.id, e.after_seq, e.event_types, s.last
FROM webhook_endpoints AS e JOIN event_sequences AS s USING (account_id)
WHERE e.enabled AND e.after_seq < s.last
ORDER BY e.account_id, e.id LIMIT $1 FOR UPDATE OF e SKIP LOCKED
"""
EVENTS = """
SELECT e.account_id, e.id, e.seq, e.type, e.data, e.occurred_at
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS w (account_id, after, upto)
JOIN events AS e ON e.account_id = w.account_id AND e.seq > w.after AND e.seq <= w.upto
WHERE e.type = ANY ($4) AND e.occurred_at > $5
ORDER BY e.account_id, e.seq
"""
DELIVER = """
INSERT INTO webhook_deliveries
    (account_id, id, endpoint_id, event_id, event_type, seq, body, due_at, created_at)
SELECT r.account_id, r.id, r.endpoint_id, r.event_id, r.type, r.seq, r.body, $1, $1
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::bigint[], $8::text[])
     AS r (account_id, id, endpoint_id, event_id, type, seq, body)
ON CONFLICT (account_id, endpoint_id, event_id) DO NOTHING
"""
# Whoever holds the lease looks for itself before it lets go.
ADVANCE = """
UPDATE webhook_endpoints AS e SET after_seq = r.after, wake_at = CASE
    WHEN NOT r.told OR e.lease_until > $1 THEN e.wake_at
    ELSE least(e.wake_at, greatest($1, e.paused_until)) END
FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::boolean[]) AS r (account_id, id, after, told)
WHERE e.account_id = r.account_id AND e.id = r.id
"""

Row = tuple[UUID, UUID, UUID, UUID, str, int, str]


async def follow_log(work: Work, retention: timedelta) -> int:
    """Make deliveries of what was numbered since each endpoint last looked, in the platform scope; what happened before
    `retention` is passed over. Returns how many endpoints went on."""
    behind = await work.fetch_raw(BEHIND, ENDPOINTS_AT_ONCE)
    if not behind:
        return 0
    upto = _windows(behind)
    events = await work.fetch_raw(
        EVENTS,
        list(upto),
        [after for after, _ in upto.values()],
        [end for _, end in upto.values()],
        list(BY_TYPE),
        work.now - retention,
    )
    rows = list(_deliveries(behind, _by_account(events)))
    if rows:
        await work.execute_raw(DELIVER, work.now, *(list(column) for column in zip(*rows, strict=True)))
    told = {row[2] for row in rows}
    await work.execute_raw(
        ADVANCE,
        work.now,
        [each["account_id"] for each in behind],
        [each["id"] for each in behind],
        [max(each["after_seq"], upto[each["account_id"]][1]) for each in behind],
        [each["id"] in told for each in behind],
    )
    return len(behind)


def _windows(behind: Sequence[asyncpg.Record]) -> dict[UUID, tuple[int, int]]:
    """Per account the numbers (after, up to) that are read in this round: from where its slowest endpoint stands."""
    made: dict[UUID, tuple[int, int]] = {}
    for each in behind:
        after = min(each["after_seq"], made.get(each["account_id"], (each["after_seq"], 0))[0])
        made[each["account_id"]] = after, min(each["last"], after + EVENTS_AT_ONCE)
    return made


def _by_account(events: Sequence[asyncpg.Record]) -> dict[UUID, list[tuple[asyncpg.Record, str]]]:
    """Events with their payload, which is made once for all endpoints."""
    made: dict[UUID, list[tuple[asyncpg.Record, str]]] = {}
    for event in events:
        body = body_of(event["type"], event["occurred_at"], event["seq"], event["data"])
        made.setdefault(event["account_id"], []).append((event, body))
    return made


def _deliveries(
    behind: Sequence[asyncpg.Record], events: dict[UUID, list[tuple[asyncpg.Record, str]]]
) -> Iterator[Row]:
    for endpoint in behind:
        account_id = endpoint["account_id"]
        for event, body in events.get(account_id, ()):
            if event["seq"] > endpoint["after_seq"] and _wants(endpoint, event):
                yield account_id, ids.new(), endpoint["id"], event["id"], event["type"], event["seq"], body


def _wants(endpoint: asyncpg.Record, event: asyncpg.Record) -> bool:
    if event["type"] == WebhookEndpointDisabled.TYPE and event["data"]["endpoint_id"] == str(endpoint["id"]):
        return False  # it knows, or can't be told
    return endpoint["event_types"] is None or event["type"] in endpoint["event_types"]
