"""What returns tell: on the order's timeline, and to whoever takes them in, in their own log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fulfilhub.platform.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRequested(Fact):
    """A customer or the merchant asked to send goods back."""

    TYPE: ClassVar[str] = "return.requested"
    order_id: UUID
    return_id: UUID
    requested_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnApproved(Fact):
    """The goods may come back to this warehouse."""

    TYPE: ClassVar[str] = "return.approved"
    order_id: UUID
    return_id: UUID
    warehouse_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnDeclined(Fact):
    """The request was declined."""

    TYPE: ClassVar[str] = "return.declined"
    order_id: UUID
    return_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnCancelled(Fact):
    """Nothing will be sent back after all."""

    TYPE: ClassVar[str] = "return.cancelled"
    order_id: UUID
    return_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnHandedOver(Fact):
    """The goods are on their way back."""

    TYPE: ClassVar[str] = "return.handed_over"
    order_id: UUID
    return_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnShippingSet(Fact):
    """It is known how the goods come back: a tracking number, or a label."""

    TYPE: ClassVar[str] = "return.shipping_set"
    order_id: UUID
    return_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnReceived(Fact):
    """Units arrived at the warehouse; more may come."""

    TYPE: ClassVar[str] = "return.received"
    order_id: UUID
    return_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnInspected(Fact):
    """Units got their verdict and their place."""

    TYPE: ClassVar[str] = "return.inspected"
    order_id: UUID
    return_id: UUID
    restocked: int
    quarantined: int
    disposed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnCompleted(Fact):
    """Every unit that came back has its place, and nothing more is awaited."""

    TYPE: ClassVar[str] = "return.completed"
    order_id: UUID
    return_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkReturnExpected(Fact):
    """A return was approved and is to come to this warehouse of yours."""

    TYPE: ClassVar[str] = "work.return_expected"
    SUBJECT: ClassVar[str] = "return_id"
    return_id: UUID
    warehouse_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkReturnChanged(Fact):
    """A return that your warehouse expects is on its way, or will not come (any more) after all; `state` is a
    `ReturnState`."""

    TYPE: ClassVar[str] = "work.return_changed"
    SUBJECT: ClassVar[str] = "return_id"
    return_id: UUID
    warehouse_id: UUID
    state: str
