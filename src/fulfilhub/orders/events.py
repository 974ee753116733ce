"""What orders tell: taken, changed, in review, cancelled, held. Ids and plain values only, never whose order it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fulfilhub.platform.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReceived(Fact):
    """An order can go on to routing: it is new and complete, or was corrected, paid or re-opened."""

    TYPE: ClassVar[str] = "order.received"
    order_id: UUID
    store_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUpdated(Fact):
    """The store or the merchant changed these parts (`ship_to`, `lines`, `service`, `contact`, `details`, `state`).
    `late` names those that wait for a warehouse which was given the order."""

    TYPE: ClassVar[str] = "order.updated"
    order_id: UUID
    parts: tuple[str, ...]
    late: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReviewNeeded(Fact):
    """The order can't go on until somebody corrects it; `reasons` are the codes of `rules.Review`."""

    TYPE: ClassVar[str] = "order.review_needed"
    order_id: UUID
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelRequested(Fact):
    """The store cancelled an order (`cancelled`) or says it is done with it (`completed`) while units of it are with
    a warehouse: what nobody has in hand is to be taken back."""

    TYPE: ClassVar[str] = "order.cancel_requested"
    order_id: UUID
    store_state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(Fact):
    """Nothing of the order is wanted any more."""

    TYPE: ClassVar[str] = "order.cancelled"
    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHeld(Fact):
    """A hold was placed; `reason` is a `rules.HoldReason`."""

    TYPE: ClassVar[str] = "order.held"
    order_id: UUID
    hold_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHoldReleased(Fact):
    """A hold was released; `still_held` while another one lives."""

    TYPE: ClassVar[str] = "order.hold_released"
    order_id: UUID
    hold_id: UUID
    still_held: bool
