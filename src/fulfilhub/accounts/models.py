"""Tables of accounts, API keys and contracts."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.accounts.rules import STORE_PERMISSION
from fulfilhub.platform.database import AccountTable, Base, MerchantTable


class Account(AccountTable, Base):
    """An organisation in one mode; `twin_id` is the same organisation in the other mode."""

    __tablename__ = "accounts"

    kind: Mapped[str]
    mode: Mapped[str]
    name: Mapped[str]
    twin_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("kind IN ('merchant', 'partner', 'platform')", name="kind"),
        CheckConstraint("mode IN ('live', 'test')", name="mode"),
    )


class ApiKey(AccountTable, Base):
    """A key: only its SHA-256 is kept. `hint` is its last four characters. One with a `store_id` belongs to that store
    alone, and may do what the store's plugin does and nothing else."""

    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    fingerprint: Mapped[bytes]
    hint: Mapped[str]
    permissions: Mapped[list[str]]
    store_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(f"(store_id IS NOT NULL) = (permissions = '{{{STORE_PERMISSION}}}')", name="store"),
        ForeignKeyConstraint(["account_id", "store_id"], ["stores.merchant_id", "stores.id"], name="fk_api_keys_store"),
        Index("ix_api_keys_fingerprint", "fingerprint"),
        Index("ix_api_keys_store", "account_id", "store_id", postgresql_where=text("store_id IS NOT NULL")),
    )


class Contract(MerchantTable, Base):
    """A merchant may send work to this partner's warehouse between these dates."""

    __tablename__ = "contracts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]
    state: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("merchant_id", "warehouse_id", name="uq_contracts_warehouse"),
        CheckConstraint("state IN ('offered', 'active', 'ended')", name="state"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="dates"),
        Index("ix_contracts_partner", "partner_id", "id"),
        ForeignKeyConstraint(
            ["partner_id", "warehouse_id"], ["warehouses.account_id", "warehouses.id"], name="fk_contracts_warehouse"
        ),
    )
