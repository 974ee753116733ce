"""What store connections tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fulfilhub.platform.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConnected(Fact):
    """A store was connected, or connected again."""

    TYPE: ClassVar[str] = "store.connected"
    SUBJECT: ClassVar[str] = "store_id"
    store_id: UUID
    platform: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreDisconnected(Fact):
    """The storefront says that our access was taken away."""

    TYPE: ClassVar[str] = "store.disconnected"
    SUBJECT: ClassVar[str] = "store_id"
    store_id: UUID
    platform: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePrivacyAsked(Fact):
    """The storefront asks that a customer's data be handed out (`export`) or erased (`erasure`), or those of all its
    customers (`store_erasure`); the message says about whom."""

    TYPE: ClassVar[str] = "store.privacy_asked"
    SUBJECT: ClassVar[str] = "store_id"
    store_id: UUID
    message_id: UUID
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFoundLate(Fact):
    """No webhook brought this order, or this change of it (`what`), in time; a look at the store itself did (`how`:
    `sweep`, or `gap` after its number was missing). It is in FulfilHub now."""

    TYPE: ClassVar[str] = "store.order_found_late"
    order_id: UUID
    store_id: UUID
    what: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillEnded(Fact):
    """A store's history was brought in whole (`completed`), or as far as it came (`failed`, `cancelled`)."""

    TYPE: ClassVar[str] = "store.backfill_ended"
    SUBJECT: ClassVar[str] = "store_id"
    store_id: UUID
    backfill_id: UUID
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreTold(Fact):
    """The store of an order shows a shipment now (`sent`), or never will as it is (`refused`)."""

    TYPE: ClassVar[str] = "store.told"
    order_id: UUID
    store_id: UUID
    shipment_id: UUID
    state: str
