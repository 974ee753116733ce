"""The audit log: who did what, when and from where. Ids and names of operations only: no bodies, nothing personal.

A scope that carries a `Doing` leaves one row in the transaction of the change itself, so there is no change without
its row and no row without its change; calls that share a transaction leave one each (see `gathering`). Refusals are
written afterwards, by whoever answered (see `web.front`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import AccountTable, Base


@dataclass(slots=True)
class Doing:
    """One write that somebody asked for. `action` is the operation's id (`createOrder`), `entity` the id of what it
    is done to, `status` how it ended (HTTP), `address` the caller's network (/24 or /48). `kept`: it has its row."""

    action: str
    status: int
    entity: str | None
    request_id: str
    address: str | None
    kept: bool = False

    def ended(self, status: int, headers: Mapping[str, str]) -> None:
        """It was answered so; a `Location` names what was made."""
        self.status = status
        self.entity = headers.get("Location", "").rpartition("/")[2] or self.entity


class AuditEntry(AccountTable, Base):
    """One row of the log; nobody may change or delete it."""

    __tablename__ = "audit_log"

    at: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    actor: Mapped[str]
    action: Mapped[str]
    entity: Mapped[str | None]
    status: Mapped[int] = mapped_column(SmallInteger)
    request_id: Mapped[str]
    address: Mapped[str | None]

    __table_args__ = (
        Index("ix_audit_log_actor", "account_id", "actor", "at", "id"),
        Index("ix_audit_log_entity", "account_id", "entity", "at", "id", postgresql_where=text("entity IS NOT NULL")),
    )
