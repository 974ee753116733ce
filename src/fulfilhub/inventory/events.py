"""What happened to stock and warehouses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fulfilhub.platform.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class StockReceived(Fact):
    """Units of a product came in and are available: what waits for them may be routed again."""

    TYPE: ClassVar[str] = "stock.received"
    SUBJECT: ClassVar[str] = "product_id"
    product_id: UUID
    warehouse_id: UUID
    quantity: int
    receipt_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class StockAdjusted(Fact):
    """A count was booked; `delta` is the change of what is on hand."""

    TYPE: ClassVar[str] = "stock.adjusted"
    SUBJECT: ClassVar[str] = "product_id"
    product_id: UUID
    warehouse_id: UUID
    delta: int
    adjustment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseChanged(Fact):
    """A warehouse was made or its profile changed; told to the account that runs it."""

    TYPE: ClassVar[str] = "warehouse.changed"
    SUBJECT: ClassVar[str] = "warehouse_id"
    warehouse_id: UUID
    state: str
    version: int
