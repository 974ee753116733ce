"""Requests: changes of what a warehouse has in hand, asked of it and answered by it, by silence or by events.

Shopify keeps the same negotiation beside its fulfilment orders (`CANCELLATION_REQUESTED`, then accepted or rejected);
nobody's work is taken out of their hands without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, field

from fulfilhub.platform.machines import Machine, Who, to


class ChangeKind(StrEnum):
    """What is asked: `cancel` units, ship fewer of `lines` than ordered first, or another `address` or service."""

    CANCEL = "cancel"
    LINES = "lines"
    ADDRESS = "address"


class AskedBy(StrEnum):
    """Whose wish it is: said through the API, or by the store's own change of the order."""

    MERCHANT = "merchant"
    STORE = "store"


class ChangeState(StrEnum):
    """Where a request is; every state but the first is final. `overtaken`: it was shipped before an answer came;
    `superseded`: a newer request of the same kind took its place."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"
    SUPERSEDED = "superseded"


class RequestVerb(StrEnum):
    """What ends a request. `let_go`: the work left its warehouse's hands, so nobody needs to agree any more."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    TIME_OUT = "time_out"
    OVERTAKE = "overtake"
    SUPERSEDE = "supersede"
    LET_GO = "let_go"


_OPEN = ChangeState.REQUESTED

REQUEST: Machine[ChangeState, RequestVerb] = Machine(
    "request",
    {
        (_OPEN, RequestVerb.ACCEPT): to(ChangeState.ACCEPTED, Who.PARTNER),
        (_OPEN, RequestVerb.REFUSE): to(ChangeState.REFUSED, Who.PARTNER),
        (_OPEN, RequestVerb.WITHDRAW): to(ChangeState.WITHDRAWN, Who.MERCHANT, Who.SYSTEM),
        (_OPEN, RequestVerb.TIME_OUT): to(ChangeState.TIMED_OUT, Who.SYSTEM),
        (_OPEN, RequestVerb.OVERTAKE): to(ChangeState.OVERTAKEN, Who.SYSTEM),
        (_OPEN, RequestVerb.SUPERSEDE): to(ChangeState.SUPERSEDED, Who.SYSTEM),
        (_OPEN, RequestVerb.LET_GO): to(ChangeState.ACCEPTED, Who.SYSTEM),
    },
)


class RefusalReason(StrEnum):
    """Why a warehouse does not do what it is asked."""

    ALREADY_PACKED = "already_packed"
    ALREADY_HANDED_OVER = "already_handed_over"
    UNDELIVERABLE_DESTINATION = "undeliverable_destination"
    SERVICE_UNAVAILABLE = "service_unavailable"
    NOT_SUPPORTED = "not_supported"
    OTHER = "other"


LET_GO = "let_go"
"""The `reason` of a request that was carried out because its work left the warehouse's hands."""

NO_LONGER_WANTED = "no_longer_wanted"
"""The `reason` of a request that the store itself took back."""


class AskedLine(Struct, frozen=True, kw_only=True):
    """Units of one line; `done` of them are cancelled already, because they were not found."""

    line_id: UUID
    quantity: Annotated[int, Meta(ge=0)]
    done: int = 0

    @property
    def left(self) -> int:
        """Units still to be given up."""
        return self.quantity - self.done


class Asked(Struct, frozen=True, kw_only=True):
    """What a request asks for: units of lines to give up, or the new address, or the new service."""

    lines: list[AskedLine] = field(default_factory=list)
    ship_to: dict[str, str] | None = None
    service: str | None = None

    @property
    def units(self) -> dict[UUID, int]:
        """Units still to be given up, by line."""
        return {line.line_id: line.left for line in self.lines if line.left}

    def same_as(self, other: Asked) -> bool:
        """Whether nothing else is asked."""
        return (self.units, self.ship_to, self.service) == (other.units, other.ship_to, other.service)

    def with_earlier(self, earlier: Asked) -> Asked:
        """A newer cancel joined with the open one: lines that it does not name stay asked for."""
        named = {line.line_id for line in self.lines}
        return Asked(lines=[*self.lines, *(line for line in earlier.lines if line.line_id not in named)])

    def with_done(self, found_missing: Mapping[UUID, int]) -> Asked:
        """With these units counted as done."""
        return Asked(
            lines=[
                AskedLine(
                    line_id=line.line_id, quantity=line.quantity, done=line.done + found_missing.get(line.line_id, 0)
                )
                for line in self.lines
            ]
        )


class OnSilence(StrEnum):
    """What an unanswered request comes to."""

    ACCEPT = "accept"
    REFUSE = "refuse"


class RequestPolicy(Struct, frozen=True, kw_only=True):
    """How long warehouses have for an answer, and what silence means. By default four hours, and silence refuses:
    what people have in hand is only taken from them where the merchant says so."""

    answer_minutes: int = 240
    on_silence: OnSilence = OnSilence.REFUSE
