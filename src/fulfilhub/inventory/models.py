"""Tables of warehouses, their boxes, stock levels and the ledger of movements."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.inventory.rules.stock import MovementReason
from fulfilhub.inventory.rules.warehouse import WarehouseState
from fulfilhub.platform.database import AccountTable, Base, Json, JsonList, MerchantTable

ON_HAND = "available + allocated + quarantined + damaged"


def one_of(column: str, values: type[MovementReason] | type[WarehouseState]) -> str:
    """A CHECK that keeps a text column within an enumeration."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class Warehouse(AccountTable, Base):
    """A place with stock; `account_id` is who runs it (a partner, or the merchant itself).

    `cutoffs` is `{"mon": "14:00", ...}`, `calendar` `{"holiday_region", "closed_dates"}`, `services` a list as
    `rules.warehouse.Service`, `weight_tolerance` as `rules.packing.WeightTolerance`; costs in them are minor units
    of `currency`.
    """

    __tablename__ = "warehouses"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    address: Mapped[Json]
    country: Mapped[str]
    postcode: Mapped[str]
    timezone: Mapped[str]
    currency: Mapped[str]
    cutoffs: Mapped[Json]
    calendar: Mapped[Json]
    handling_days: Mapped[int]
    services: Mapped[JsonList]
    daily_capacity: Mapped[int | None]
    weight_tolerance: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    state: Mapped[str] = mapped_column(server_default="open")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("account_id", "code", name="uq_warehouses_code"),
        CheckConstraint(one_of("state", WarehouseState), name="state"),
        CheckConstraint("handling_days >= 0", name="handling_days"),
        CheckConstraint("daily_capacity >= 0", name="daily_capacity"),
    )


class Box(AccountTable, Base):
    """A carton that a warehouse packs with: inner sizes in millimetres, its own weight, and the heaviest it may be with
    its contents. Of those that will do, the lowest `cost_rank` is proposed; only `active` ones are."""

    __tablename__ = "boxes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    warehouse_id: Mapped[UUID]
    name: Mapped[str]
    length_mm: Mapped[int]
    width_mm: Mapped[int]
    height_mm: Mapped[int]
    tare_grams: Mapped[int]
    max_grams: Mapped[int]
    cost_rank: Mapped[int]
    active: Mapped[bool]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("account_id", "warehouse_id", "name", name="uq_boxes_name"),
        ForeignKeyConstraint(
            ["account_id", "warehouse_id"], ["warehouses.account_id", "warehouses.id"], name="fk_boxes_warehouse"
        ),
        CheckConstraint("length_mm > 0 AND width_mm > 0 AND height_mm > 0", name="size"),
        CheckConstraint("tare_grams >= 0 AND max_grams > tare_grams", name="weight"),
        Index("ix_boxes_warehouse", "account_id", "warehouse_id", "id"),
    )


class StockLevel(MerchantTable, Base):
    """How many units of one product each bucket of one warehouse holds. Changed by `commands.move` only.

    `product_kind` is part of the key to the product, so that a kit, which has no stock of its own, can't get any.
    """

    __tablename__ = "stock_levels"

    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    warehouse_id: Mapped[UUID] = mapped_column(primary_key=True)
    product_kind: Mapped[str] = mapped_column(server_default="plain")
    available: Mapped[int] = mapped_column(BigInteger, server_default="0")
    allocated: Mapped[int] = mapped_column(BigInteger, server_default="0")
    quarantined: Mapped[int] = mapped_column(BigInteger, server_default="0")
    damaged: Mapped[int] = mapped_column(BigInteger, server_default="0")
    incoming: Mapped[int] = mapped_column(BigInteger, server_default="0")
    on_hand: Mapped[int] = mapped_column(BigInteger, Computed(ON_HAND, persisted=True))
    version: Mapped[int] = mapped_column(BigInteger, server_default="0")
    updated_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("product_kind = 'plain'", name="product_kind"),
        ForeignKeyConstraint(
            ["merchant_id", "product_id", "product_kind"],
            ["products.merchant_id", "products.id", "products.kind"],
            name="fk_stock_levels_product",
        ),
        CheckConstraint("available >= 0", name="available"),
        CheckConstraint("allocated >= 0", name="allocated"),
        CheckConstraint("quarantined >= 0", name="quarantined"),
        CheckConstraint("damaged >= 0", name="damaged"),
        CheckConstraint("incoming >= 0", name="incoming"),
        Index("ix_stock_levels_warehouse", "merchant_id", "warehouse_id", "product_id"),
    )


class StockMovement(MerchantTable, Base):
    """One row of the ledger, never changed: what each bucket gained or lost, and what it held after.

    It has no foreign key to its level: `commands.move` writes both from one join, levels are never deleted, and
    a key would lock every level row once more.

    `document` names the kind of paper behind it (`receipt`, `order`, `fulfilment`, `return`, `adjustment` ...).
    """

    __tablename__ = "stock_movements"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]
    reason: Mapped[str]
    available: Mapped[int] = mapped_column(BigInteger)
    allocated: Mapped[int] = mapped_column(BigInteger)
    quarantined: Mapped[int] = mapped_column(BigInteger)
    damaged: Mapped[int] = mapped_column(BigInteger)
    incoming: Mapped[int] = mapped_column(BigInteger)
    available_after: Mapped[int] = mapped_column(BigInteger)
    allocated_after: Mapped[int] = mapped_column(BigInteger)
    quarantined_after: Mapped[int] = mapped_column(BigInteger)
    damaged_after: Mapped[int] = mapped_column(BigInteger)
    incoming_after: Mapped[int] = mapped_column(BigInteger)
    document: Mapped[str]
    document_id: Mapped[UUID]
    note: Mapped[str] = mapped_column(server_default="")
    actor: Mapped[str]
    occurred_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(one_of("reason", MovementReason), name="reason"),
        CheckConstraint(
            "least(available_after, allocated_after, quarantined_after, damaged_after, incoming_after) >= 0",
            name="after",
        ),
        Index("ix_stock_movements_product", "merchant_id", "product_id", "id"),
        Index("ix_stock_movements_document", "merchant_id", "document_id", "id"),
    )
