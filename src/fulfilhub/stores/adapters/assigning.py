"""The second port: storefronts that assign parts of an order to places, ask whether we take them, and may want them
back. Its words are ours; `port` has the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import httpx

from fulfilhub.fulfilment.rules import RejectReason
from fulfilhub.orders.rules import HoldReason
from fulfilhub.stores.adapters.port import Connection, Ended, Missing, Refused, Retry


class Progress(StrEnum):
    """How far the store says a part is. SCHEDULED: its day has not come. DONE: nothing is left to send. INCOMPLETE:
    whoever had it gave the rest up. CANCELLED: it counts no more."""

    OPEN = "open"
    SCHEDULED = "scheduled"
    DONE = "done"
    INCOMPLETE = "incomplete"
    CANCELLED = "cancelled"


class Request(StrEnum):
    """What passed between the store and whoever it asked."""

    NONE = "none"
    ASKED = "asked"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    RECALL_ACCEPTED = "recall_accepted"
    RECALL_REFUSED = "recall_refused"


@dataclass(frozen=True, slots=True)
class AssignedLine:
    """Units of one line of the store's order (`line`) in a part; `id` is the part's own id of it. `remaining`: nobody
    sent them yet."""

    id: str
    line: str
    total: int
    remaining: int


@dataclass(frozen=True, slots=True)
class PlacedHold:
    """A hold on a part, by the store's id."""

    id: str
    reason: HoldReason
    name: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """A part of an order as the store has it now, and the location it is assigned to (empty: it does not say).
    `recalls`: how often it was asked back since it was asked first. `closable`: its rest may be given up now."""

    id: str
    location: str
    progress: Progress
    request: Request
    changed_at: datetime
    lines: tuple[AssignedLine, ...]
    recalls: int = 0
    holds: tuple[PlacedHold, ...] = ()
    closable: bool = False


@dataclass(frozen=True, slots=True)
class AssignedParts:
    """All parts of one order that we may see."""

    parts: tuple[Assigned, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A location of a store. `service_id`: of the fulfilment service it belongs to, if it does; `ours` when that is the
    connection's own."""

    id: str
    name: str
    active: bool
    service_id: str | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """Every location of a store."""

    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Registered:
    """A service of ours is there, now or already, and has this location."""

    service_id: str
    location_id: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The store's ids of orders of which something is asked, or asked back."""

    orders: tuple[str, ...]


class AnswerKind(StrEnum):
    """What we say about a part: take it or not, give it back or not, or that its rest can't be sent."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    ACCEPT_RECALL = "accept_recall"
    REFUSE_RECALL = "refuse_recall"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a store is told about one part (its id). `message` is one sentence for the merchant; `why` and `lines` (what
    is wrong, by the part's line id) belong to a refusal."""

    id: str
    kind: AnswerKind
    message: str
    why: RejectReason | None = None
    lines: Mapping[str, str] = field(default_factory=dict)


class AssignmentAdapter(Protocol):
    """A storefront platform with locations. Stateless, like `StoreAdapter`; nothing here repeats by itself."""

    async def places(self, http: httpx.AsyncClient, connection: Connection) -> Places | Refused | Retry:
        """Every location of the store, closed ones too."""
        ...

    async def register(
        self, http: httpx.AsyncClient, connection: Connection, name: str, callback: str
    ) -> Registered | Ended:
        """Have a service of this name call us at `callback` (an address without a slash at its end). Reads first, so
        it may be repeated after any outcome."""
        ...

    async def unregister(self, http: httpx.AsyncClient, connection: Connection, service_id: str) -> Ended:
        """End a service; one that is gone is ended already."""
        ...

    async def waiting(self, http: httpx.AsyncClient, connection: Connection) -> Waiting | Refused | Retry:
        """The orders of which something is asked of our services, or asked back."""
        ...

    async def orders_of(
        self, http: httpx.AsyncClient, connection: Connection, parts: Collection[str]
    ) -> Waiting | Refused | Retry:
        """The orders that these parts belong to; parts that are gone are passed over."""
        ...

    async def parts(
        self, http: httpx.AsyncClient, connection: Connection, order: str
    ) -> AssignedParts | Missing | Refused | Retry:
        """All parts of an order as they are now."""
        ...

    async def answer(self, http: httpx.AsyncClient, connection: Connection, answers: Sequence[Answer]) -> Ended:
        """Tell the store, one after the other, until one does not end well. What is refused because the part has moved
        on counts as told: whoever asks reads the parts again."""
        ...
