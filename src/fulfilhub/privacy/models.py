"""The table of privacy requests."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import Base, Json, MerchantTable
from fulfilhub.privacy.rules import RequestKind, RequestState

KINDS = f"kind IN ({', '.join(repr(str(kind)) for kind in RequestKind)})"
STATES = f"state IN ({', '.join(repr(str(state)) for state in RequestState)})"


class PrivacyRequest(MerchantTable, Base):
    """One request. `subject` is the customer's e-mail address, sealed, and gone once an erasure is done; `result` is
    an export, sealed, and gone when it expires. `counts`: how many records of each kind were handed out or erased.
    A store's platform may ask (`origin`) about its customers: then it is about that store's orders alone, `subject`
    names some, and `reference` is its own name of the request. The row stays as the evidence."""

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
    origin: Mapped[str] = mapped_column(server_default="merchant")
    store_id: Mapped[UUID | None]
    reference: Mapped[str | None]

    __table_args__ = (
        CheckConstraint(KINDS, name="kind"),
        CheckConstraint(STATES, name="state"),
        CheckConstraint("(done_at IS NOT NULL) = (state = 'done')", name="done"),
        CheckConstraint("(store_id IS NOT NULL) = (origin = 'store')", name="store"),
        ForeignKeyConstraint(
            ["merchant_id", "store_id"], ["stores.merchant_id", "stores.id"], name="fk_privacy_requests_store"
        ),
        Index("ix_privacy_requests_expires", "expires_at"),
    )
