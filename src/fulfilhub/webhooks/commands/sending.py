"""The turn of a courier at one endpoint: what was sent is written down as it ended, and what is sent next before it is.

An endpoint is a queue with a lease. Whoever holds it sends its deliveries in waves; between two waves stands one
transaction, `turn`. A courier that dies leaves attempts without an end and deliveries that are still due: after the
lease they are sent again, with the same `webhook-id`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import select, update

from fulfilhub.accounts.rules import AccountKind
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Merchant, Partner
from fulfilhub.platform.secrets import Vault, live_secrets, open_secrets
from fulfilhub.platform.work import Work
from fulfilhub.webhooks.adapters.receiver import Heard, Letter, letter, redacted
from fulfilhub.webhooks.commands.endpoints import disabled
from fulfilhub.webhooks.commands.waking import wake
from fulfilhub.webhooks.events import WebhookEndpointDisabled
from fulfilhub.webhooks.models import WebhookEndpoint
from fulfilhub.webhooks.queries import ENDPOINT, EndpointRow
from fulfilhub.webhooks.rules.health import noted, reason_to_disable
from fulfilhub.webhooks.rules.retries import PAUSE_AFTER, judge, pause

LEASE_BEYOND = 15.0
"""Seconds that a lease outlives the longest wave."""

# Those that fail are claimed apart, so that however many they are, they never take the places of the others.
CLAIM = """
UPDATE webhook_endpoints AS e SET lease_id = $1, lease_until = $2::timestamptz + $3, wake_at = $2::timestamptz + $3
FROM (SELECT account_id, id FROM webhook_endpoints
      WHERE wake_at <= $2 AND (failing_since IS NOT NULL) = $4
      ORDER BY wake_at LIMIT $5 FOR UPDATE SKIP LOCKED) AS due, accounts AS a
WHERE e.account_id = due.account_id AND e.id = due.id AND a.account_id = e.account_id
RETURNING e.account_id, e.id, a.kind
"""
DUE = """
SELECT id, event_id, body, attempts, tries FROM webhook_deliveries
WHERE account_id = $1 AND endpoint_id = $2 AND state = 'pending' AND due_at <= $3
ORDER BY due_at LIMIT $4
"""
INTEND = """
WITH begun AS (
    INSERT INTO webhook_attempts (account_id, id, delivery_id, number, url, request_headers, started_at)
    SELECT $1, r.id, r.delivery_id, r.number, $2, r.headers::jsonb, $3
    FROM unnest($4::uuid[], $5::uuid[], $6::int[], $7::text[]) AS r (id, delivery_id, number, headers)
)
UPDATE webhook_deliveries SET attempts = attempts + 1, tries = tries + 1 WHERE account_id = $1 AND id = ANY ($5)
"""
# What was delivered stays so, whatever a late courier says.
CONCLUDE = """
WITH ended AS (
    SELECT * FROM unnest($3::uuid[], $4::uuid[], $5::int[], $6::int[], $7::text[], $8::bytea[], $9::text[],
                         $10::text[], $11::timestamptz[])
           AS r (attempt_id, delivery_id, duration_ms, status, headers, answer, error, state, due_at)
), told AS (
    UPDATE webhook_attempts AS a SET ended_at = $2, duration_ms = r.duration_ms, status = r.status,
        response_headers = r.headers::jsonb, answer = r.answer, error = r.error
    FROM ended AS r WHERE a.account_id = $1 AND a.id = r.attempt_id
)
UPDATE webhook_deliveries AS d SET state = r.state, due_at = r.due_at,
    ended_at = CASE WHEN r.state = 'pending' THEN NULL ELSE $2::timestamptz END
FROM ended AS r
WHERE d.account_id = $1 AND d.id = r.delivery_id AND (d.state = 'pending' OR r.state = 'delivered')
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one turn may do: requests at once, seconds for each, and how long an endpoint may only fail."""

    wave: int
    timeout: float
    disable_after: timedelta

    @property
    def lease(self) -> timedelta:
        """How long an endpoint is held without a sign of life."""
        return timedelta(seconds=self.timeout + LEASE_BEYOND)


@dataclass(frozen=True, slots=True)
class Held:
    """An endpoint that is ours to send to while the lease lives."""

    scope: Merchant | Partner
    endpoint_id: UUID
    lease_id: UUID


@dataclass(frozen=True, slots=True)
class Sent:
    """One request of a wave: `tries` counts it, from 1."""

    attempt_id: UUID
    delivery_id: UUID
    tries: int
    letter: Letter


@dataclass(frozen=True, slots=True)
class Wave:
    """Requests that are sent at once, written down already."""

    sent: tuple[Sent, ...]
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """A wave, how each request ended in its order, and a random number from 0 to 1 for each."""

    wave: Wave
    heard: Sequence[Heard]
    spreads: Sequence[float]


async def claim(work: Work, limits: Limits, count: int, *, failing: bool) -> list[Held]:
    """Take the lease of at most `count` endpoints that are due, in the platform scope."""
    lease_id = ids.new()
    rows = await work.fetch_raw(CLAIM, lease_id, work.now, limits.lease, failing, count)
    return [Held(_scope(row["kind"], row["account_id"]), row["id"], lease_id) for row in rows]


def _scope(kind: str, account_id: UUID) -> Merchant | Partner:
    return Partner(account_id) if kind == AccountKind.PARTNER else Merchant(account_id)


async def turn(work: Work, vault: Vault, held: Held, limits: Limits, ended: Ended | None, *, more: bool) -> Wave | None:
    """Write down how a wave ended, if there was one, then the next, which may be sent after the commit. None when
    nothing is due, it must wait, it is no longer ours, or `more` is false: then the lease is given back."""
    found = await _lock(work, held)
    if ended is not None:
        await _write_ends(work, ended)
    if found is None:
        return None
    endpoint, sealed, ours = found
    values: dict[str, object] = {}
    if ended is not None:
        values, endpoint = _concluded(work, endpoint, ended, limits)
    waits = endpoint.paused_until is not None and endpoint.paused_until > work.now
    wave = None
    if ours and more and endpoint.enabled and not waits:
        secrets = live_secrets(open_secrets(vault, sealed), work.now)
        wave = await _intend(work, endpoint, secrets, limits)
    if wave is not None:
        end = work.now + limits.lease
        values |= {"lease_until": end, "wake_at": end}
    elif ours:
        values |= {"lease_id": None, "lease_until": None}
    if values:
        await work.db.execute(
            update(WebhookEndpoint)
            .where(WebhookEndpoint.account_id == work.account_id, WebhookEndpoint.id == held.endpoint_id)
            .values(values)
        )
    if wave is None and ours:
        await wake(work, held.endpoint_id)
    return wave


async def _lock(work: Work, held: Held) -> tuple[EndpointRow, bytes, bool] | None:
    """The endpoint, its sealed secrets, and whether its lease is still ours."""
    rows = await work.db.execute(
        select(*ENDPOINT, WebhookEndpoint.secrets, WebhookEndpoint.lease_id)
        .where(WebhookEndpoint.account_id == work.account_id, WebhookEndpoint.id == held.endpoint_id)
        .with_for_update()
    )
    row = rows.one_or_none()
    return None if row is None else (EndpointRow(*row[:-2]), row.secrets, row.lease_id == held.lease_id)


async def _write_ends(work: Work, ended: Ended) -> None:
    rows = []
    for sent, heard, spread in zip(ended.wave.sent, ended.heard, ended.spreads, strict=True):
        verdict = judge(heard.answer, sent.tries, work.now, spread)
        headers = msgspec.json.encode(heard.headers).decode()
        answer = heard.answer
        kept = (heard.duration_ms, answer.status, headers, heard.body, answer.error)
        rows.append((sent.attempt_id, sent.delivery_id, *kept, str(verdict.state), verdict.due_at))
    columns = (list(column) for column in zip(*rows, strict=True))
    await work.execute_raw(CONCLUDE, work.account_id, work.now, *columns)


def _concluded(
    work: Work, endpoint: EndpointRow, ended: Ended, limits: Limits
) -> tuple[dict[str, object], EndpointRow]:
    """What a wave changes of its endpoint; and the endpoint as it is then."""
    answers = [heard.answer for heard in ended.heard]
    record = noted(endpoint.record, answers, work.now)
    until = [pause(answers, record.streak, work.now, ended.spreads[0])]
    if endpoint.rate_per_second is not None:
        until.append(ended.wave.started_at + timedelta(seconds=len(answers) / endpoint.rate_per_second))
    values: dict[str, object] = {
        "failure_streak": record.streak,
        "failing_since": record.failing_since,
        "last_success_at": record.last_success_at or endpoint.last_success_at,
        "recent": [list(hour) for hour in record.recent],
        "paused_until": max((each for each in until if each is not None), default=None),
    }
    reason = reason_to_disable(record, answers, work.now, limits.disable_after) if endpoint.enabled else None
    if reason is not None:
        values |= disabled(work, reason)
        work.publish(WebhookEndpointDisabled(endpoint_id=endpoint.id, reason=str(reason)))
    seen = {name: value for name, value in values.items() if name in EndpointRow._fields}
    return values, endpoint._replace(**seen)  # type: ignore[arg-type]  # names and types are the table's


async def _intend(work: Work, endpoint: EndpointRow, secrets: Sequence[str], limits: Limits) -> Wave | None:
    size = min(limits.wave, endpoint.rate_per_second or limits.wave)
    if endpoint.failure_streak >= PAUSE_AFTER:
        size = 1  # one tries for all
    due = await work.fetch_raw(DUE, work.account_id, endpoint.id, work.now, size)
    if not due:
        return None
    sent = tuple(
        Sent(
            ids.new(),
            row["id"],
            row["tries"] + 1,
            letter(endpoint.url, row["event_id"], row["body"], secrets, work.now),
        )
        for row in due
    )
    await work.execute_raw(
        INTEND,
        work.account_id,
        endpoint.url,
        work.now,
        [each.attempt_id for each in sent],
        [each.delivery_id for each in sent],
        [row["attempts"] + 1 for row in due],
        [msgspec.json.encode(redacted(each.letter.headers)).decode() for each in sent],
    )
    return Wave(sent, work.now)
