"""The ticket table."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import AccountTable, Base, Json


class Job(AccountTable, Base):
    """One ticket. It is deleted when done; `dead` ones wait for a person. `next_at` is when the relay looks
    at it again: after the hand-over's grace, at its due time, or when its lease runs out."""

    __tablename__ = "jobs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    args: Mapped[Json]
    state: Mapped[str] = mapped_column(server_default="ready")
    attempts: Mapped[int] = mapped_column(server_default="0")
    handed: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime]
    next_at: Mapped[datetime]
    lease_id: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("state IN ('ready', 'dead')", name="state"),
        Index("ix_jobs_next", "next_at", postgresql_where=text("state = 'ready'")),
        Index("ix_jobs_dead", "account_id", "id", postgresql_where=text("state = 'dead'")),
    )


class Schedule(Base):
    """A repeating job of the platform: the relay turns it into a ticket at each `next_at`."""

    __tablename__ = "schedules"
    table_class = "platform"

    kind: Mapped[str] = mapped_column(primary_key=True)
    cron: Mapped[str]
    next_at: Mapped[datetime]
