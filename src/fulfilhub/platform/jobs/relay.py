"""The relay: numbers committed events, hands over what is due and not leased, and turns schedules into tickets.

Several relays may run; each step takes an advisory lock or skips locked rows, so they share the work.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

import structlog
from cronsim import CronSim

from fulfilhub.platform import metrics
from fulfilhub.platform.events import NUMBER_COMMITTED
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.work import Handed, Works

log = structlog.get_logger("fulfilhub.relay")
SCOPE = Platform("relay")
PLATFORM_ACCOUNT = UUID(int=0)
"""Tickets of the platform itself (sweeps) carry the nil account."""

SEQUENCER_LOCK = 4_702_111_234_569
SCHEDULE_LOCK = 4_702_111_234_570
EVENTS_AT_ONCE = 2000
TICKETS_AT_ONCE = 1000

# Each further hand-over waits twice as long, so a long queue is not flooded with copies of itself.
DUE = """
UPDATE jobs AS j SET handed = j.handed + 1,
    next_at = clock_timestamp() + interval '15 seconds' * least(power(2, j.handed), 20)
FROM (SELECT account_id, id FROM jobs
      WHERE state = 'ready' AND next_at <= clock_timestamp() AND due_at <= $2
      ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED) AS due
WHERE j.account_id = due.account_id AND j.id = due.id
  AND (j.lease_until IS NULL OR j.lease_until <= clock_timestamp())
RETURNING j.account_id, j.id, j.kind
"""
COUNT = """
SELECT state, count(*) AS size,
       coalesce(extract(epoch FROM clock_timestamp() - min(due_at)), 0)::float AS oldest
FROM jobs WHERE due_at <= clock_timestamp() GROUP BY state
"""
COUNT_EVERY_SECONDS = 5.0
REGISTER = """
INSERT INTO schedules (kind, cron, next_at) VALUES ($1, $2, $3)
ON CONFLICT (kind) DO UPDATE SET cron = excluded.cron, next_at = least(schedules.next_at, excluded.next_at)
"""


class Relay:
    """One relay process. `send` hands tickets to the broker."""

    def __init__(
        self, works: Works, send: Callable[[Handed], object], schedules: Mapping[str, str], poll: float
    ) -> None:
        self._works = works
        self._send = send
        self._schedules = schedules
        self._poll = poll
        self._counted = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Loop until `stop`. Database or Redis away: say so once, keep trying."""
        failing = False
        while not stop.is_set():
            busy = False
            try:
                await self._keep_schedules()
                busy = await self.step()
                await self._count()
                if failing:
                    log.info("relay.recovered")
                failing = False
            except Exception as error:
                if not failing:
                    log.warning("relay.failing", error=f"{type(error).__name__}: {error}"[:300])
                failing = True
            if not busy:
                try:
                    await asyncio.wait_for(stop.wait(), 1.0 if failing else self._poll)
                except TimeoutError:
                    continue

    async def step(self) -> bool:
        """One round: number events, hand over due tickets. True when there may be more at once."""
        numbered = await self.number_events()
        handed = await self.hand_over()
        return numbered >= EVENTS_AT_ONCE or handed >= TICKETS_AT_ONCE

    async def number_events(self) -> int:
        """Give committed events their number in their account's log. Returns how many."""
        async with self._works.begin(SCOPE) as work:
            if not (await work.fetch_raw("SELECT pg_try_advisory_xact_lock($1) AS mine", SEQUENCER_LOCK))[0]["mine"]:
                return 0
            status = await work.execute_raw(NUMBER_COMMITTED, EVENTS_AT_ONCE)
        return int(status.rpartition(" ")[2])

    async def hand_over(self) -> int:
        """Send due tickets to the broker. Returns how many."""
        async with self._works.begin(SCOPE) as work:
            rows = await work.fetch_raw(DUE, TICKETS_AT_ONCE, work.now)
        handed: dict[tuple[str, UUID], list[UUID]] = {}
        for row in rows:
            handed.setdefault((row["kind"], row["account_id"]), []).append(row["id"])
        if handed:
            self._send(handed)
        return len(rows)

    async def _count(self) -> None:
        if time.monotonic() - self._counted < COUNT_EVERY_SECONDS:
            return
        self._counted = time.monotonic()
        async with self._works.begin(SCOPE) as work:
            found = {row["state"]: row for row in await work.fetch_raw(COUNT)}
        for state in ("ready", "dead"):
            metrics.JOBS_WAITING.labels(state).set(found[state]["size"] if state in found else 0)
        metrics.OLDEST_JOB_SECONDS.set(max(found["ready"]["oldest"], 0) if "ready" in found else 0)

    async def _keep_schedules(self) -> None:
        async with self._works.begin(SCOPE) as work:
            if not (await work.fetch_raw("SELECT pg_try_advisory_xact_lock($1) AS mine", SCHEDULE_LOCK))[0]["mine"]:
                return
            known = {r["kind"]: r for r in await work.fetch_raw("SELECT kind, cron, next_at FROM schedules")}
            for kind, cron in self._schedules.items():
                row = known.get(kind)
                if row is None or row["cron"] != cron:
                    await work.execute_raw(REGISTER, kind, cron, next_time(cron, work.now))
                elif row["next_at"] <= work.now:
                    await work.enqueue_for(PLATFORM_ACCOUNT, kind, {})
                    await work.execute_raw(
                        "UPDATE schedules SET next_at = $2 WHERE kind = $1", kind, next_time(cron, work.now)
                    )


def next_time(cron: str, after: datetime) -> datetime:
    """The first moment after `after` that the cron expression names (UTC)."""
    return next(CronSim(cron, after.astimezone(UTC)))
