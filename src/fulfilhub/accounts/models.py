"""Tables of accounts, API keys, contracts and invitations to them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.accounts.rules import STORE_PERMISSION
from fulfilhub.platform.database import AccountTable, Base, Json, JsonList, MerchantTable

OF_CONTRACT = (["merchant_id", "contract_id"], ["contracts.merchant_id", "contracts.id"])


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
    """A merchant may send work to this partner, on the terms of its versions. `ends_on` is the last day, by the terms
    in force or by the notice that one side gave."""

    __tablename__ = "contracts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID]
    state: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    notice_by: Mapped[str | None]
    notice_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("state IN ('offered', 'active', 'ended')", name="state"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="dates"),
        Index("ix_contracts_partner", "partner_id", "id"),
    )


class ContractVersion(MerchantTable, Base):
    """Terms that one side proposed and the other answered. The newest accepted one that has begun is in force."""

    __tablename__ = "contract_versions"

    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID]
    state: Mapped[str]
    warehouse_ids: Mapped[list[UUID]]
    services: Mapped[JsonList]
    accept_within_minutes: Mapped[int | None]
    ship_by_cutoff: Mapped[bool]
    notice_days: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]

    __table_args__ = (
        ForeignKeyConstraint(*OF_CONTRACT, name="fk_contract_versions_contract"),
        CheckConstraint("state IN ('proposed', 'accepted', 'declined')", name="state"),
        CheckConstraint("proposed_by IN ('merchant', 'partner')", name="proposed_by"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="dates"),
        CheckConstraint("cardinality(warehouse_ids) > 0", name="warehouses"),
        CheckConstraint(
            "notice_days >= 0 AND (accept_within_minutes IS NULL OR accept_within_minutes > 0)", name="terms"
        ),
        Index(
            "uq_contract_versions_open",
            "merchant_id",
            "contract_id",
            unique=True,
            postgresql_where=text("state = 'proposed'"),
        ),
    )


class ContractWarehouse(MerchantTable, Base):
    """A warehouse that a contract names in any of its versions, so that the merchant may know it; of `live` ones a
    merchant has one contract each."""

    __tablename__ = "contract_warehouses"

    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    warehouse_id: Mapped[UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID]
    live: Mapped[bool]

    __table_args__ = (
        ForeignKeyConstraint(*OF_CONTRACT, name="fk_contract_warehouses_contract"),
        ForeignKeyConstraint(
            ["partner_id", "warehouse_id"],
            ["warehouses.account_id", "warehouses.id"],
            name="fk_contract_warehouses_warehouse",
        ),
        Index(
            "uq_contract_warehouses_live",
            "merchant_id",
            "warehouse_id",
            unique=True,
            postgresql_where=text("live"),
        ),
    )


class ContractInvitation(AccountTable, Base):
    """Somebody asked to come to a contract: an account by its id, or whoever has the link. `kind` is what the invited
    is to be; `terms` are a partner's offer, made once it is taken up, or what a merchant would like to agree on."""

    __tablename__ = "contract_invitations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    to_account_id: Mapped[UUID | None]
    email: Mapped[str]
    fingerprint: Mapped[bytes | None]
    note: Mapped[str]
    terms: Mapped[Json]
    state: Mapped[str]
    contract_id: Mapped[UUID | None]
    made_by: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("kind IN ('merchant', 'partner')", name="kind"),
        CheckConstraint("state IN ('open', 'offered', 'declined', 'revoked')", name="state"),
        CheckConstraint("to_account_id IS NOT NULL OR fingerprint IS NOT NULL", name="invited"),
        Index("ix_contract_invitations_fingerprint", "fingerprint"),
        Index("ix_contract_invitations_invited", "to_account_id", "id"),
    )
