"""What a shop assigns to our locations: where each part stands, how much of an order is ours because of it, and what
the shop is answered. Pure: the same parts give the same, in whatever order and however often they are read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from fulfilhub.fulfilment.rules import RejectReason
from fulfilhub.orders.incoming import IncomingOrder, StoreState
from fulfilhub.routing.rules.terms import WAITING as OPENS_AGAIN
from fulfilhub.routing.rules.terms import Excluded, FenceCode, OnShortage
from fulfilhub.stores.adapters.assigning import Answer, AnswerKind, Assigned, Progress, Request


class LocationKind(StrEnum):
    """Whose location it is: a fulfilment service of ours, which the shop asks, or the merchant's own."""

    SERVICE = "service"
    MERCHANT = "merchant"


class ServiceState(StrEnum):
    """Where the registration of a service is. `refused`: the shop said no, and why."""

    WANTED = "wanted"
    REGISTERED = "registered"
    REFUSED = "refused"
    UNWANTED = "unwanted"


class AssignmentState(StrEnum):
    """Where a part of an order stands with us.

    `elsewhere`: at no location of ours. `waiting`: at ours, but nobody asked yet. `asked`: we have not answered.
    `ours`: we send it. `recalled`: asked back, not answered. `refused`: we did not take it. `done`: sent. `given_up`:
    we had it and could not send the rest. `gone`: the shop has it no more, or got it back.
    """

    ELSEWHERE = "elsewhere"
    WAITING = "waiting"
    ASKED = "asked"
    OURS = "ours"
    RECALLED = "recalled"
    REFUSED = "refused"
    DONE = "done"
    GIVEN_UP = "given_up"
    GONE = "gone"


OPEN = frozenset({AssignmentState.OURS, AssignmentState.RECALLED})
"""States in which we have it."""

_ENDED = {
    Progress.DONE: AssignmentState.DONE,
    Progress.INCOMPLETE: AssignmentState.GIVEN_UP,
    Progress.CANCELLED: AssignmentState.GONE,
}
_OF_REQUEST = {
    Request.NONE: AssignmentState.WAITING,
    Request.ASKED: AssignmentState.ASKED,
    Request.ACCEPTED: AssignmentState.OURS,
    Request.REFUSED: AssignmentState.REFUSED,
    Request.RECALL_ACCEPTED: AssignmentState.GONE,
    Request.RECALL_REFUSED: AssignmentState.OURS,
}


def state_of(part: Assigned, kind: LocationKind | None, recalls_answered: int) -> AssignmentState:
    """Where a part stands. `kind` of its location, None for one that is not ours. Nobody asks the merchant's own
    locations: what is open there is to be sent. Shopify does not show in the part's state that it is asked back, only
    among its requests; one that was refused counts no more."""
    if kind is None:
        return AssignmentState.ELSEWHERE
    if part.request is Request.RECALL_ACCEPTED:
        return AssignmentState.GONE
    if part.progress in _ENDED:
        return _ENDED[part.progress]
    if kind is LocationKind.MERCHANT:
        return AssignmentState.WAITING if part.progress is Progress.SCHEDULED else AssignmentState.OURS
    found = _OF_REQUEST[part.request]
    refused = recalls_answered if part.request is Request.RECALL_REFUSED else 0
    return AssignmentState.RECALLED if found is AssignmentState.OURS and part.recalls > refused else found


@dataclass(frozen=True, slots=True)
class Stand:
    """A part, where it stands, and the warehouse that is asked. `given_up`: units by the part's line that we gave up
    because our order has them cancelled. `before`: where it stood when it was read last."""

    part: Assigned
    state: AssignmentState
    kind: LocationKind | None = None
    warehouse_id: UUID | None = None
    given_up: Mapping[str, int] = field(default_factory=dict)
    before: AssignmentState | None = None

    @property
    def is_recalled_anew(self) -> bool:
        """Whether the shop asks it back since it was read last."""
        return self.state is AssignmentState.RECALLED and self.before is not AssignmentState.RECALLED


@dataclass(frozen=True, slots=True)
class Units:
    """Units of a line of the shop's order that are ours, `sent` of them by whoever. `recalled` are asked back."""

    ours: int = 0
    sent: int = 0
    recalled: int = 0

    def plus(self, other: Units) -> Units:
        """Both together."""
        return Units(self.ours + other.ours, self.sent + other.sent, self.recalled + other.recalled)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What all parts of an order come to: by line of the shop's order, and by line and warehouse."""

    lines: Mapping[str, Units]
    wishes: Mapping[tuple[str, UUID], Units]

    @property
    def is_ours(self) -> bool:
        """Whether anything was ever ours."""
        return any(each.ours or each.recalled for each in self.lines.values())

    def ours(self, line: str) -> int:
        """Units of a line that are ours."""
        return self.lines.get(line, Units()).ours

    def wished(self, line: str, warehouse_id: UUID) -> int:
        """Units of a line that this warehouse is asked for, or sent."""
        return self.wishes.get((line, warehouse_id), Units()).ours


_NOT_OURS = frozenset(
    {AssignmentState.ELSEWHERE, AssignmentState.WAITING, AssignmentState.ASKED, AssignmentState.REFUSED}
)


def wanted(stands: Iterable[Stand]) -> Wanted:
    """How much of each line is ours. What was sent of a part stays ours whatever becomes of the rest; what we gave up
    is still counted by our order, as cancelled."""
    lines: dict[str, Units] = {}
    wishes: dict[tuple[str, UUID], Units] = {}
    for stand in stands:
        for line in stand.part.lines:
            lines.setdefault(line.line, Units())
            if stand.state in _NOT_OURS:
                continue
            sent = line.total - line.remaining
            open_units = line.remaining if stand.state is AssignmentState.OURS else 0
            given_up = stand.given_up.get(line.id, 0) if stand.state is AssignmentState.GIVEN_UP else 0
            recalled = line.remaining if stand.state is AssignmentState.RECALLED else 0
            lines[line.line] = lines[line.line].plus(Units(sent + open_units + given_up, sent, recalled))
            if stand.warehouse_id is not None and (sent or open_units):
                at = (line.line, stand.warehouse_id)
                wishes[at] = wishes.get(at, Units()).plus(Units(sent + open_units, sent))
    return Wanted(lines, wishes)


def restricted(order: IncomingOrder, want: Wanted, caps: Mapping[str, int], *, asked: bool = False) -> IncomingOrder:
    """The order with only what is ours of it; lines of which nothing is left ask for nothing, so that they can grow
    again. `caps`: at most so many units of a line are wanted, while a warehouse has some in hand which is no longer
    asked for them (the part was moved), until it gives them back. `asked`: the shop itself asked for it, so it is not
    waited for payment."""
    lines = []
    for line in order.lines:
        units = want.lines.get(line.external_id)
        if units is not None:
            ours = max(min(units.ours, caps.get(line.external_id, units.ours)), units.sent)
            lines.append(replace(line, quantity=ours, fulfilled=min(units.sent, ours)))
    lines = lines or [replace(line, quantity=0, fulfilled=0) for line in order.lines]
    mine = {line.external_id for line in lines if line.quantity}
    others = [line.external_id for line in order.lines if line.external_id not in mine]
    # What is wrong with lines that others send is not our business.
    problems = tuple(each for each in order.problems if not any(f" {other} " in each for other in others))
    state = StoreState.OPEN if asked and order.state is StoreState.UNPAID else order.state
    return replace(order, lines=tuple(lines), state=state, problems=problems)


@dataclass(frozen=True, slots=True)
class LineStand:
    """A line of our order: units that are or will be sent (`live`), and of them those sent."""

    live: int
    shipped: int

    @property
    def to_send(self) -> int:
        """Units still to be sent."""
        return self.live - self.shipped


def answer_recalls(
    stands: Sequence[Stand], want: Wanted, lines: Mapping[str, LineStand], asked_of: Collection[str]
) -> list[Answer]:
    """What is said to parts that were asked back, after our order was told that it lacks them. Given back when no
    warehouse has their units; nothing is said while one has not answered (`asked_of`: lines that somebody is asked to
    give up); otherwise they go their way."""
    made = []
    for stand in stands:
        if stand.state is not AssignmentState.RECALLED:
            continue
        mine = {line.line for line in stand.part.lines if line.remaining}
        kept = {line for line in mine if line in lines and lines[line].live > want.ours(line)}
        if not kept:
            message = "FulfilHub took it back from the warehouse."
            made.append(Answer(id=stand.part.id, kind=AnswerKind.ACCEPT_RECALL, message=message))
        elif not kept & set(asked_of):
            message = "The warehouse goes on: it is packed or sent already."
            made.append(Answer(id=stand.part.id, kind=AnswerKind.REFUSE_RECALL, message=message))
    return made


def give_ups(stands: Sequence[Stand], lines: Mapping[str, LineStand], *, untold: bool, why: str) -> list[Answer]:
    """Which parts we close because nothing of their rest will be sent: our order has it cancelled. `untold`: the shop
    has not heard of every shipment yet, so its `remaining` may be too high."""
    if untold:
        return []
    made = []
    for stand in stands:
        if stand.state is not AssignmentState.OURS or stand.kind is not LocationKind.SERVICE or not stand.part.closable:
            continue
        rest = [line for line in stand.part.lines if line.remaining]
        if rest and all(line.line in lines and lines[line.line].to_send == 0 for line in rest):
            made.append(Answer(id=stand.part.id, kind=AnswerKind.GIVE_UP, message=why))
    return made


_WHY = {
    FenceCode.CANNOT_SHIP_THERE: RejectReason.UNDELIVERABLE_DESTINATION,
    FenceCode.TOO_HEAVY: RejectReason.ORDER_TOO_LARGE,
}


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with what a shop asks: the order was cancelled here, it lacks an `address` that can be shipped to,
    or lines (by the part's line id, with a sentence each) name no product of ours."""

    cancelled: bool = False
    address: bool = False
    unknown: Mapping[str, str] = field(default_factory=dict)


def answer_request(part: Assigned, faults: Faults, fences: Sequence[Excluded], on_shortage: OnShortage) -> Answer:
    """Whether we take what a shop asks. `fences`: what keeps the warehouse from sending it now; those that time or
    stock opens are waited for, unless the merchant wants no order to wait for stock."""
    if faults.cancelled:
        return _refuse(part, RejectReason.OTHER, "The order was cancelled in FulfilHub.")
    if faults.unknown:
        message = "FulfilHub has no product of this SKU: add it there, then ask again."
        return _refuse(part, RejectReason.INVALID_SKU, message, faults.unknown)
    if faults.address:
        message = "The shipping address is not complete enough to ship to."
        return _refuse(part, RejectReason.INCORRECT_ADDRESS, message)
    for fence in fences:
        if fence.code not in OPENS_AGAIN:
            return _refuse(part, _WHY.get(fence.code, RejectReason.OTHER), fence.sentence)
        if fence.code is FenceCode.NO_STOCK and on_shortage is OnShortage.HOLD:
            return _refuse(part, RejectReason.OUT_OF_STOCK, fence.sentence)
    return Answer(id=part.id, kind=AnswerKind.ACCEPT, message="FulfilHub sends it.")


def _refuse(part: Assigned, why: RejectReason, message: str, lines: Mapping[str, str] | None = None) -> Answer:
    return Answer(id=part.id, kind=AnswerKind.REFUSE, message=message, why=why, lines=lines or {})
