"""The table of privacy requests."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import Base, Json, MerchantTable
from fulfilhub.privacy.rules import RequestKind, RequestState

KINDS = f"kind IN ({', '.join(repr(str(kind)) for kind in RequestKind)})"
STATES = f"state IN ({', '.join(repr(str(state)) for state in RequestState)})"


class PrivacyRequest(MerchantTable, Base):
    """One request. `subject` is the customer's e-mail address, sealed, and gone once an erasure is done; `result` is
    an export, sealed, and gone when it expires. `counts`: how many records of each kind were handed out or erased."""

    __tablename__ = "privacy_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    state: Mapped[str]
    subject: Mapped[bytes | None]
    result: Mapped[bytes | None]
    counts: Mapped[Json]
    open_orders: Mapped[int] = mapped_column(server_default="0")
    requested_by: Mapped[str]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")

    __table_args__ = (
        CheckConstraint(KINDS, name="kind"),
        CheckConstraint(STATES, name="state"),
        CheckConstraint("(done_at IS NOT NULL) = (state = 'done')", name="done"),
        Index("ix_privacy_requests_expires", "expires_at"),
    )
