"""Facts: what happened, told from inside (a frozen dataclass) and kept as rows of the event log."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import AccountTable, Base, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Base of every fact. Subclasses set `TYPE` (`order.received`) and `SUBJECT`, the name of the field
    whose entity's timeline it belongs to. Fields are ids and plain values, never personal data."""

    TYPE: ClassVar[str] = ""
    SUBJECT: ClassVar[str] = "order_id"

    @property
    def subject_id(self) -> UUID:
        """Whose timeline this belongs to."""
        value: UUID = getattr(self, self.SUBJECT)
        return value

    def data(self) -> dict[str, object]:
        """The fields, as the log keeps them."""
        return {spec.name: getattr(self, spec.name) for spec in fields(self)}


class Event(AccountTable, Base):
    """One fact in the log. `seq` is given by the sequencer after commit, gapless per account; readers follow it."""

    __tablename__ = "events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int | None] = mapped_column(BigInteger)
    type: Mapped[str]
    subject_id: Mapped[UUID]
    data: Mapped[Json]
    actor: Mapped[str]
    occurred_at: Mapped[datetime]

    __table_args__ = (
        Index("uq_events_seq", "account_id", "seq", unique=True),
        Index("ix_events_subject", "account_id", "subject_id", "id"),
        Index("ix_events_unnumbered", "account_id", "id", postgresql_where=text("seq IS NULL")),
    )


class EventSequence(AccountTable, Base):
    """The last number given to an account's events."""

    __tablename__ = "event_sequences"

    last: Mapped[int] = mapped_column(BigInteger)


NUMBER_COMMITTED = """
WITH fresh AS (
    SELECT account_id, id, row_number() OVER (PARTITION BY account_id ORDER BY id) AS place
    FROM (SELECT account_id, id FROM events WHERE seq IS NULL ORDER BY account_id, id LIMIT $1) AS few
), bumped AS (
    INSERT INTO event_sequences AS s (account_id, last)
    SELECT account_id, count(*) FROM fresh GROUP BY account_id ORDER BY account_id
    ON CONFLICT (account_id) DO UPDATE SET last = s.last + excluded.last
    RETURNING account_id, last
), sizes AS (SELECT account_id, count(*) AS size FROM fresh GROUP BY account_id)
UPDATE events AS e SET seq = b.last - z.size + f.place
FROM fresh AS f JOIN bumped AS b USING (account_id) JOIN sizes AS z USING (account_id)
WHERE e.account_id = f.account_id AND e.id = f.id
"""
