"""Tables of prices and charges."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import Base, MerchantTable, PlatformTable


class PriceVersion(PlatformTable, Base):
    """One version of a price. Versions are added, never changed, so that each charge can be asked why."""

    __tablename__ = "prices"

    code: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    tax_class: Mapped[str]
    valid_from: Mapped[datetime]

    __table_args__ = (CheckConstraint("amount_minor >= 0", name="amount"),)


class Charge(MerchantTable, Base):
    """One row of the ledger. Nobody may change or delete it; a correction is another row."""

    __tablename__ = "charges"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    cause: Mapped[UUID]
    document: Mapped[UUID]
    quantity: Mapped[int]
    unit: Mapped[str]
    formula: Mapped[str]
    price_version: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    tax_class: Mapped[str]
    occurred_at: Mapped[datetime]
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("merchant_id", "kind", "cause", name="uq_charges_cause"),
        Index("ix_charges_occurred", "merchant_id", "occurred_at"),
        CheckConstraint("kind IN ('order_fulfilled')", name="kind"),
    )
