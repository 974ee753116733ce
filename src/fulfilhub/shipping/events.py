"""What shipping tells: parcels leave, travel, and arrive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fulfilhub.platform.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentCreated(Fact):
    """A fulfilment left the building, in parcels with tracking numbers."""

    TYPE: ClassVar[str] = "shipment.created"
    order_id: UUID
    shipment_id: UUID
    fulfilment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelAdvanced(Fact):
    """A parcel's state changed; `state` is a `TrackingState`."""

    TYPE: ClassVar[str] = "parcel.advanced"
    order_id: UUID
    parcel_id: UUID
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDelivered(Fact):
    """Every unit of the order that was to be shipped has been delivered. `on_time` when all of it by the promised
    moment; null without a promise."""

    TYPE: ClassVar[str] = "order.delivered"
    order_id: UUID
    on_time: bool | None
