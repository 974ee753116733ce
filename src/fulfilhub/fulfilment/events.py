"""What fulfilment tells: to the merchant the life of one fulfilment, on its order's timeline; to whoever works on it,
in their own log, what happens to their work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from fulfilhub.platform.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class OfFulfilment(Fact):
    """What every fact of a fulfilment names."""

    order_id: UUID
    fulfilment_id: UUID
    warehouse_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentQueued(OfFulfilment):
    """It is in a warehouse's queue."""

    TYPE: ClassVar[str] = "fulfilment.queued"


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentAccepted(OfFulfilment):
    """The warehouse took it on."""

    TYPE: ClassVar[str] = "fulfilment.accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentReleased(OfFulfilment):
    """The warehouse put it back into its queue."""

    TYPE: ClassVar[str] = "fulfilment.released"


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentRejected(OfFulfilment):
    """The warehouse refused it; `reason` is a `RejectReason`."""

    TYPE: ClassVar[str] = "fulfilment.rejected"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentShortPicked(OfFulfilment):
    """The warehouse could not find some units of a line; `reason` is a `ShortPickReason`."""

    TYPE: ClassVar[str] = "fulfilment.short_picked"
    line_id: UUID
    quantity: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentPicked(OfFulfilment):
    """Everything there is of it has been picked."""

    TYPE: ClassVar[str] = "fulfilment.picked"


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentPacked(OfFulfilment):
    """It is in parcels."""

    TYPE: ClassVar[str] = "fulfilment.packed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentShipped(OfFulfilment):
    """It left the building."""

    TYPE: ClassVar[str] = "fulfilment.shipped"
    shipment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentCancelled(OfFulfilment):
    """It will not be done; its stock was freed. `reason` says why; `reroute` when its lines go elsewhere."""

    TYPE: ClassVar[str] = "fulfilment.cancelled"
    reason: str
    reroute: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentLinesRejected(OfFulfilment):
    """The warehouse refused some lines; the rest goes on. `reason` is the first line's `RejectReason`."""

    TYPE: ClassVar[str] = "fulfilment.lines_rejected"
    line_ids: tuple[UUID, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentLate(OfFulfilment):
    """The warehouse did not do in time what its contract asks for: `accept` it, or `ship` it."""

    TYPE: ClassVar[str] = "fulfilment.late"
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentChangeRequested(OfFulfilment):
    """The warehouse that has it in hand is asked for a change; `kind` is a `ChangeKind`, `asked_by` an `AskedBy`."""

    TYPE: ClassVar[str] = "fulfilment.change_requested"
    change_id: UUID
    kind: str
    asked_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentChangeAnswered(OfFulfilment):
    """A request has ended: `state` says how (a `ChangeState`), `reason` why, `carried_out` whether the change was
    made. `asked_by` says who waits for the answer."""

    TYPE: ClassVar[str] = "fulfilment.change_answered"
    change_id: UUID
    kind: str
    asked_by: str
    state: str
    reason: str | None
    carried_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfQueue(Fact):
    """What every fact about several pieces of work of one warehouse names, 500 of them at most."""

    SUBJECT: ClassVar[str] = "warehouse_id"
    warehouse_id: UUID
    work_order_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkQueued(OfQueue):
    """Work waits in the warehouse's queue and can be claimed; told together for all that came within five seconds."""

    TYPE: ClassVar[str] = "work.queued"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkHeld(OfQueue):
    """The orders of this work are held: it can't be claimed, and what is in hand must not leave."""

    TYPE: ClassVar[str] = "work.held"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkResumed(OfQueue):
    """The orders of this work are no longer held: it goes on where it stopped."""

    TYPE: ClassVar[str] = "work.resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkWithdrawn(OfQueue):
    """This work was cancelled: nothing of it is to be sent."""

    TYPE: ClassVar[str] = "work.withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkChanged(OfQueue):
    """The address or the priority of this work changed while nobody had it in hand, or its gift message changed: read
    it again."""

    TYPE: ClassVar[str] = "work.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLate(OfQueue):
    """This work was not done in time: to `accept` or to `ship`, as the contract asks for."""

    TYPE: ClassVar[str] = "work.late"
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkClaimExpired(OfQueue):
    """A lease ran out before this work was done, and nobody has claimed it again: it waits in the queue."""

    TYPE: ClassVar[str] = "work.claim_expired"
    lease_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OfRequest(Fact):
    """What every fact about a request to a warehouse names; `kind` is a `ChangeKind`."""

    SUBJECT: ClassVar[str] = "work_order_id"
    warehouse_id: UUID
    work_order_id: UUID
    change_id: UUID
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkChangeRequested(OfRequest):
    """A change is asked of work that you have in hand; silence is an answer too, after `answer_by`."""

    TYPE: ClassVar[str] = "work.change_requested"
    answer_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkChangeClosed(OfRequest):
    """A request has ended: answered, withdrawn, overtaken, or not answered in time. `state` says how (a
    `ChangeState`), `carried_out` whether the change was made."""

    TYPE: ClassVar[str] = "work.change_closed"
    state: str
    carried_out: bool
