"""Dead tickets: listed and given a fresh start, by command and by API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, update

from fulfilhub.platform.database import engine
from fulfilhub.platform.jobs.models import Job
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Work, Works


class DeadJob(NamedTuple):
    """One dead ticket."""

    account_id: UUID
    id: UUID
    kind: str
    attempts: int
    last_error: str | None
    created_at: datetime


async def list_dead(work: Work, before: UUID | None, limit: int) -> list[DeadJob]:
    """Dead tickets the scope may see, newest first."""
    query = (
        select(Job.account_id, Job.id, Job.kind, Job.attempts, Job.last_error, Job.created_at)
        .where(Job.state == "dead")
        .order_by(Job.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Job.id < before)
    return [DeadJob._make(row) for row in await work.db.execute(query)]


async def rerun(work: Work, job_ids: Sequence[UUID]) -> int:
    """Make dead tickets ready again with no attempts counted; the relay hands them over. Returns how many.

    They keep their last error, by which the platform's staff may still see them.
    """
    done = await work.db.execute(
        update(Job)
        .where(Job.id.in_(job_ids), Job.state == "dead")
        .values(
            state="ready",
            attempts=0,
            handed=0,
            due_at=work.now,
            next_at=work.now,
            last_error=func.coalesce(Job.last_error, ""),
        )
        .returning(Job.id)
    )
    return len(done.all())


async def list_as_platform(settings: Settings, limit: int) -> list[DeadJob]:
    """`list_dead` for the command line, across all accounts."""
    pool = engine(settings.database_url("worker"), settings.database, "jobs")
    try:
        async with Works(pool, {}).begin(Platform("list dead jobs")) as work:
            return await list_dead(work, None, limit)
    finally:
        await pool.dispose()


async def rerun_as_platform(settings: Settings, job_ids: Sequence[UUID]) -> int:
    """`rerun` for the command line, across all accounts."""
    pool = engine(settings.database_url("worker"), settings.database, "jobs")
    try:
        async with Works(pool, {}).begin(Platform("re-run dead jobs")) as work:
            return await rerun(work, job_ids)
    finally:
        await pool.dispose()
