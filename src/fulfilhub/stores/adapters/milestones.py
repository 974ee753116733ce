"""The port's words for where a shipment is, and the verbs that tell it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import httpx

from fulfilhub.stores.adapters.port import Connection, Ended


class Milestone(StrEnum):
    """Where a shipment is, as far as a store shows it."""

    CONFIRMED = "confirmed"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    DELAYED = "delayed"
    OUT_FOR_DELIVERY = "out_for_delivery"
    ATTEMPTED = "attempted"
    READY_FOR_PICKUP = "ready_for_pickup"
    FAILED = "failed"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneNews:
    """Where a shipment is now, since `at`. `told_as`: what the store calls the shipment."""

    reference: str
    told_as: tuple[str, ...]
    milestone: Milestone
    at: datetime


class MilestoneAdapter(Protocol):
    """What a storefront platform can show of a shipment's journey. Stateless, like `StoreAdapter`."""

    def shows_milestones(self, connection: Connection) -> bool:
        """Can this store show where a shipment is (`push_milestone`)?"""
        ...

    async def push_milestone(self, http: httpx.AsyncClient, connection: Connection, news: MilestoneNews) -> Ended:
        """Make the store show where a shipment is, unless it shows that, or something later, already. May be repeated
        after any outcome."""
        ...
