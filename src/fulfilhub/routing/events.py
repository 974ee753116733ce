"""What routing tells: an order was given to warehouses, or has to wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fulfilhub.platform.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRouted(Fact):
    """At least a part of the order went to warehouses; `complete` is false while a rest waits."""

    TYPE: ClassVar[str] = "order.routed"
    order_id: UUID
    decision_id: UUID
    warehouse_ids: tuple[UUID, ...]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBackordered(Fact):
    """Nothing could be given to a warehouse: the order waits for stock."""

    TYPE: ClassVar[str] = "order.backordered"
    order_id: UUID
    decision_id: UUID
