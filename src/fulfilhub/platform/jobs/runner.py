"""Runs handed-over tickets: lease, run the task, and on failure one policy of retries for every kind."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import httpx
import structlog

from fulfilhub.platform import ids, metrics, telemetry
from fulfilhub.platform.jobs.tickets import DEFAULT_QUEUE, REGISTRY, Kind, Retry, Run, Ticket
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import LeaseLost, Works

log = structlog.get_logger("fulfilhub.jobs")
SCOPE = Platform("run jobs")

LEASE = """
UPDATE jobs SET lease_id = $1, lease_until = clock_timestamp() + $2, next_at = clock_timestamp() + $2,
                attempts = attempts + 1
WHERE account_id = $3 AND id = ANY ($4) AND kind = $5 AND state = 'ready' AND due_at <= $6
  AND (lease_until IS NULL OR lease_until <= clock_timestamp())
RETURNING id, args, attempts, last_error
"""
EXTEND = """
UPDATE jobs SET lease_until = clock_timestamp() + $1, next_at = clock_timestamp() + $1
WHERE account_id = $2 AND lease_id = $3
"""
GIVE_BACK = """
UPDATE jobs SET lease_id = NULL, lease_until = NULL, attempts = attempts - 1, next_at = clock_timestamp()
WHERE account_id = $1 AND lease_id = $2
"""
FAIL = """
UPDATE jobs SET lease_id = NULL, lease_until = NULL, last_error = $3, handed = 0,
                state = CASE WHEN $4 THEN 'dead' ELSE 'ready' END, due_at = $5, next_at = $5
WHERE account_id = $1 AND lease_id = $2
"""


def backoff(attempts: int, spread: float) -> float:
    """Seconds until the next try: 2, 4, 8 ... up to an hour, times 0.5 to 1.5 (`spread` from 0 to 1)."""
    return float(min(2 ** min(attempts, 12), 3600) * (0.5 + spread))


AT_ONCE = 2
"""Batches of one kind and account that a process runs at once, when messages are small: while one waits for PostgreSQL,
the other computes. What comes meanwhile goes together in the next."""


@dataclass(slots=True)
class _Lane:
    """Small messages of one kind and account: how many are here, and their tickets that wait."""

    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    waiting: list[UUID] = field(default_factory=list)
    messages: int = 0


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs tickets in one worker process."""

    works: Works
    settings: Settings
    vault: Vault
    http: httpx.AsyncClient
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(8))
    """So many batches run at once; more messages may be here, so that their tickets can go together."""

    outside: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(16))
    """The same for tasks that call other people's servers: they mostly wait, and must not keep our own work waiting."""

    lanes: dict[tuple[str, UUID], _Lane] = field(default_factory=dict)

    async def run(self, kind_name: str, account_id: UUID, ticket_ids: Sequence[UUID]) -> None:
        """Run what can still be leased of these tickets; what others hold or have done is skipped."""
        kind = REGISTRY.get(kind_name)
        if kind is None:
            log.error("job.unknown_kind", kind=kind_name)
            return
        if kind.queue == DEFAULT_QUEUE and len(ticket_ids) < kind.batch:
            await self._run_together(kind, account_id, ticket_ids)
            return
        async with self.slots if kind.queue == DEFAULT_QUEUE else self.outside:
            for start in range(0, len(ticket_ids), kind.batch):
                await self._run_batch(kind, account_id, ticket_ids[start : start + kind.batch])

    async def _run_together(self, kind: Kind, account_id: UUID, ticket_ids: Sequence[UUID]) -> None:
        """Run them with those of other small messages. Turns are taken in the order of arrival and each takes a whole
        batch, so whoever had its turn finds its tickets taken, by itself or by one before."""
        lane = self.lanes.setdefault((kind.name, account_id), _Lane())
        lane.waiting.extend(ticket_ids)
        lane.messages += 1
        try:
            async with lane.turn, self.slots:
                together = lane.waiting[: kind.batch]
                del lane.waiting[: kind.batch]
                if together:
                    await self._run_batch(kind, account_id, together)
        finally:
            lane.messages -= 1
            if not lane.messages:
                del self.lanes[kind.name, account_id]

    async def _run_batch(self, kind: Kind, account_id: UUID, ticket_ids: Sequence[UUID]) -> None:
        tickets = await self._lease(kind, account_id, ticket_ids)
        if not tickets:
            return
        run = Run(account_id, self.works, self.settings, self.vault, self.http)
        structlog.contextvars.bind_contextvars(job_kind=kind.name, job_id=ids.JOB.show(tickets[0].id))
        try:
            with metrics.JOB_SECONDS.labels(kind.name).time(), telemetry.span(kind.name) as note:
                note({"fulfilhub.tickets": len(tickets)})
                async with self._heartbeat(tickets[0]):
                    await kind.task(run, tickets)
            metrics.JOBS_ENDED.labels(kind.name, "done").inc(len(tickets))
            log.info("job.done", tickets=len(tickets), attempts=tickets[0].attempts)
        except LeaseLost:
            log.warning("job.lease_lost", tickets=len(tickets))
        except Exception as error:
            if len(tickets) > 1:
                log.warning("job.batch_failed", tickets=len(tickets), error=_named(error))
                await self._one_by_one(kind, account_id, tickets)
            else:
                await self._fail(kind, tickets[0], error)
        finally:
            structlog.contextvars.unbind_contextvars("job_kind", "job_id")

    async def _one_by_one(self, kind: Kind, account_id: UUID, tickets: Sequence[Ticket]) -> None:
        async with self.works.begin(SCOPE) as work:
            await work.execute_raw(GIVE_BACK, account_id, tickets[0].lease_id)
        for ticket in tickets:
            await self._run_batch(kind, account_id, [ticket.id])

    async def _lease(self, kind: Kind, account_id: UUID, ticket_ids: Sequence[UUID]) -> list[Ticket]:
        lease_id = ids.new()
        lease = timedelta(seconds=self.settings.jobs.lease)
        async with self.works.begin(SCOPE) as work:
            rows = await work.fetch_raw(LEASE, lease_id, lease, account_id, list(ticket_ids), kind.name, work.now)
        found = [
            Ticket(account_id, row["id"], kind.name, row["args"], row["attempts"], lease_id)
            for row in sorted(rows, key=lambda row: row["id"])
        ]
        limit = kind.max_attempts or self.settings.jobs.max_attempts
        worn_out = [ticket for ticket in found if ticket.attempts > limit]
        if not worn_out:
            return found
        # Its worker died each time before it could say why: keep it for a person, run the others singly.
        await self._fail(kind, worn_out[0], RuntimeError("the worker died on every attempt"))
        return []

    @asynccontextmanager
    async def _heartbeat(self, ticket: Ticket) -> AsyncIterator[None]:
        lease = timedelta(seconds=self.settings.jobs.lease)

        async def beat() -> None:
            while True:
                await asyncio.sleep(self.settings.jobs.lease / 3)
                with contextlib.suppress(Exception):  # the next beat tries again; the lease outlives two misses
                    async with self.works.begin(SCOPE) as work:
                        await work.execute_raw(EXTEND, lease, ticket.account_id, ticket.lease_id)

        beating = asyncio.create_task(beat())
        try:
            yield
        finally:
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating

    async def _fail(self, kind: Kind, ticket: Ticket, error: Exception) -> None:
        limit = kind.max_attempts or self.settings.jobs.max_attempts
        dead = ticket.attempts >= limit
        wait = error.seconds if isinstance(error, Retry) else backoff(ticket.attempts, random.random())  # noqa: S311
        async with self.works.begin(SCOPE) as work:
            due = work.now + timedelta(seconds=wait)
            await work.execute_raw(FAIL, ticket.account_id, ticket.lease_id, _named(error), dead, due)
        metrics.JOBS_ENDED.labels(kind.name, "dead" if dead else "failed").inc()
        level = log.error if dead else log.warning
        level("job.dead" if dead else "job.failed", attempts=ticket.attempts, error=_named(error), retry_in=round(wait))


def _named(error: Exception) -> str:
    # Database errors quote the values of the statement, which may be personal: keep their first line only.
    first = str(getattr(error, "orig", None) or error).partition("\n")[0][:300]
    return f"{type(error).__name__}: {first}"
