"""What shipping tells: parcels leave, travel, and arrive, and how the promise turned out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseAtRisk(Fact):
    """A stage of the promise (`ship`, `deliver`) may be missed: it is due soon and not done. Told once per stage."""

    TYPE: ClassVar[str] = "order.promise_at_risk"
    order_id: UUID
    stage: str
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseKept(Fact):
    """A stage of the promise ended well: `outcome` is `kept`, or `excused` when `cause` had stopped the clock."""

    TYPE: ClassVar[str] = "order.promise_kept"
    order_id: UUID
    stage: str
    outcome: str
    cause: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseBroken(Fact):
    """A stage of the promise was missed; `cause` says whose doing it is (`site`, `carrier`, `merchant`, `customer`)."""

    TYPE: ClassVar[str] = "order.promise_broken"
    order_id: UUID
    stage: str
    cause: str
