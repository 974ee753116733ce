"""The table of carrier connections."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import AccountTable, Base, Json


class CarrierConnection(AccountTable, Base):
    """One carrier or aggregator that tells an account of its parcels. `carrier` is whom it tells of where it does not
    say so, empty for many; `secrets` are sealed by the vault; `statuses` are the carrier's own words in ours."""

    __tablename__ = "carrier_connections"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    carrier: Mapped[str]
    secrets: Mapped[bytes]
    statuses: Mapped[Json]
    enabled: Mapped[bool]
    last_seen_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (Index("ix_carrier_connections_id", "id"),)
