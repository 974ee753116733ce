"""The pure rules of returns: the request's states, custody of each line, and what may come back until when.

The verdict on a returned unit is `inventory.rules.Disposition`, and its ledger rows `disposition_moves`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from fulfilhub.inventory.rules.calendar import end_of_day
from fulfilhub.platform.machines import Machine, Who, to


class ReturnState(StrEnum):
    """A return's states."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    INSPECTED = "inspected"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class ReturnVerb(StrEnum):
    """What can be done with a return. `hand_over`: it is on its way; `complete`: every unit has its verdict
    and its place."""

    APPROVE = "approve"
    DECLINE = "decline"
    HAND_OVER = "hand_over"
    RECEIVE = "receive"
    INSPECT = "inspect"
    COMPLETE = "complete"
    CANCEL = "cancel"
    EXPIRE = "expire"


_S, _V = ReturnState, ReturnVerb
_MERCHANT, _PARTNER, _CUSTOMER, _SYSTEM = Who
_SITE = (_MERCHANT, _PARTNER)

RETURN: Machine[ReturnState, ReturnVerb] = Machine(
    "return",
    {
        (_S.REQUESTED, _V.APPROVE): to(_S.APPROVED, _MERCHANT, _SYSTEM),
        (_S.REQUESTED, _V.DECLINE): to(_S.DECLINED, _MERCHANT, _SYSTEM),
        (_S.REQUESTED, _V.CANCEL): to(_S.CANCELLED, _CUSTOMER, _MERCHANT),
        (_S.APPROVED, _V.HAND_OVER): to(_S.IN_TRANSIT, _CUSTOMER, *_SITE, _SYSTEM),
        (_S.APPROVED, _V.RECEIVE): to(_S.RECEIVED, *_SITE),
        (_S.APPROVED, _V.CANCEL): to(_S.CANCELLED, _CUSTOMER, _MERCHANT),
        (_S.APPROVED, _V.EXPIRE): to(_S.EXPIRED, _SYSTEM),
        (_S.IN_TRANSIT, _V.RECEIVE): to(_S.RECEIVED, *_SITE),
        (_S.IN_TRANSIT, _V.EXPIRE): to(_S.EXPIRED, _SYSTEM),
        # Several parcels, and several looks at what was in them.
        (_S.RECEIVED, _V.RECEIVE): to(_S.RECEIVED, *_SITE),
        (_S.RECEIVED, _V.INSPECT): to(_S.INSPECTED, *_SITE),
        (_S.INSPECTED, _V.RECEIVE): to(_S.RECEIVED, *_SITE),
        (_S.INSPECTED, _V.INSPECT): to(_S.INSPECTED, *_SITE),
        (_S.INSPECTED, _V.COMPLETE): to(_S.COMPLETED, *_SITE, _SYSTEM),
        # What arrives after all must be bookable, or it would lie on the bench for ever.
        (_S.EXPIRED, _V.RECEIVE): to(_S.RECEIVED, *_SITE),
    },
)
"""The one table of a return request. Money is another machine."""


# Custody ---------------------------------------------------------------------------------------------------


class Custody(StrEnum):
    """Who has a line's units. Derived from its counts and the return's state."""

    ADVISED = "advised"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    INSPECTED = "inspected"
    DISPOSED = "disposed"
    NOT_RETURNED = "not_returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnCounts:
    """What has happened to the units of one line of a return; the last three are verdicts."""

    advised: int
    received: int = 0
    restocked: int = 0
    quarantined: int = 0
    disposed: int = 0

    @property
    def decided(self) -> int:
        """Units that were inspected and have their place."""
        return self.restocked + self.quarantined + self.disposed

    @property
    def to_inspect(self) -> int:
        """Units that lie on the bench."""
        return self.received - self.decided


def broken_counts(counts: ReturnCounts) -> list[str]:
    """One sentence for each rule the counts break: advised >= received >= decided >= 0."""
    names = ReturnCounts.__dataclass_fields__
    found = [f"{name} is below zero" for name in names if getattr(counts, name) < 0]
    if counts.received > counts.advised:
        found.append(f"received ({counts.received}) is more than advised ({counts.advised})")
    if counts.decided > counts.received:
        found.append(f"decided ({counts.decided}) is more than received ({counts.received})")
    return found


def custody(counts: ReturnCounts, state: ReturnState) -> Custody:
    """Where a line's units are: `inspected` when all that arrived have a verdict while more may come, and
    `disposed` when every unit has its place or nothing more will come."""
    ended = state in {_S.COMPLETED, _S.EXPIRED, _S.CANCELLED, _S.DECLINED}
    if counts.received == 0:
        if ended:
            return Custody.NOT_RETURNED
        return Custody.IN_TRANSIT if state is _S.IN_TRANSIT else Custody.ADVISED
    if counts.to_inspect > 0:
        return Custody.RECEIVED
    return Custody.DISPOSED if ended or counts.decided == counts.advised else Custody.INSPECTED


def all_decided(lines: Sequence[ReturnCounts]) -> bool:
    """True when every unit announced has arrived and has its place: the return can be completed."""
    return all(line.decided == line.advised for line in lines)


# May it be sent back? --------------------------------------------------------------------------------------

STATUTORY_DAYS = 14
"""Days in which a consumer may cancel, counted after the day the last of the goods arrived. Sources: Consumer
Contracts (Information, Cancellation and Additional Charges) Regulations 2013, reg. 30 (United Kingdom);
Directive 2011/83/EU, art. 9 (European Union)."""
STATUTORY_COUNTRIES = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR",
    "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
LONDON = ZoneInfo("Europe/London")


class ReturnReason(StrEnum):
    """Why the customer sends something back."""

    CHANGED_MIND = "changed_mind"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    COLOUR = "colour"
    STYLE = "style"
    ARRIVED_LATE = "arrived_late"
    DAMAGED = "damaged"
    DEFECTIVE = "defective"
    NOT_AS_DESCRIBED = "not_as_described"
    WRONG_ITEM = "wrong_item"
    OTHER = "other"


OUR_FAULT = frozenset(
    {ReturnReason.DAMAGED, ReturnReason.DEFECTIVE, ReturnReason.NOT_AS_DESCRIBED, ReturnReason.WRONG_ITEM}
)
"""Reasons for which goods may be rejected whatever the returns policy says (Consumer Rights Act 2015, s. 19
to 24): such a line is never refused for its date or kind, but looked at by a person."""


class Refusal(StrEnum):
    """Why a line cannot be sent back. Stable: clients may read them."""

    NOT_DELIVERED = "not_delivered"
    ALREADY_RETURNED = "already_returned"
    TOO_MANY = "too_many"
    WINDOW_OVER = "window_over"
    NOT_RETURNABLE = "not_returnable"


class ReturnOutcome(StrEnum):
    """What becomes of a request: approved at once, shown to a person, or refused since no line is left."""

    APPROVED = "approved"
    REVIEW = "review"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPolicy:
    """A merchant's choices: the window in days after the day of delivery, and whether what is within it is
    approved without a person."""

    window_days: int = 30
    auto_approve: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LineToReturn:
    """What the customer wants to send back of one line, and that line's counters (`orders.rules.LineCounts`).

    `returnable` is false for goods that the merchant takes back only when faulty (sealed, perishable, made to
    measure)."""

    line_id: UUID
    quantity: int
    delivered: int
    return_requested: int
    reason: ReturnReason = ReturnReason.CHANGED_MIND
    returnable: bool = True


@dataclass(frozen=True, slots=True)
class LineVerdict:
    """Whether one line may come back; the sentence says why not."""

    line_id: UUID
    quantity: int
    refusal: Refusal | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class ReturnDecision:
    """The answer to a request. `window_ends` is None while something is still on its way to the customer."""

    outcome: ReturnOutcome
    window_ends: datetime | None
    lines: tuple[LineVerdict, ...]


def window_ends(policy: ReturnPolicy, delivered_at: datetime, country: str = "GB", zone: tzinfo = LONDON) -> datetime:
    """The last second of the return window, in UTC: the policy's days after the day of delivery, at least the
    fourteen that the law gives consumers in the United Kingdom and the European Union."""
    least = STATUTORY_DAYS if country in STATUTORY_COUNTRIES else 0
    days = max(policy.window_days, least)
    return end_of_day(delivered_at.astimezone(zone).date() + timedelta(days=days), zone)


def decide_return(
    policy: ReturnPolicy,
    delivered_at: datetime | None,
    lines: Sequence[LineToReturn],
    now: datetime,
    country: str = "GB",
) -> ReturnDecision:
    """Which lines may come back, and whether a person must look first.

    `delivered_at` is when the last item of the order arrived, None while one is still on its way (the
    window has not begun to run out then). A line that is named twice counts both times. Raises
    ValueError for a quantity below one.
    """
    ends = window_ends(policy, delivered_at, country) if delivered_at is not None else None
    over = ends is not None and now > ends
    asked: dict[UUID, int] = {}
    verdicts: list[LineVerdict] = []
    doubtful = not policy.auto_approve
    for line in lines:
        if line.quantity < 1:
            raise ValueError("a return has at least one unit of each line")
        free = line.delivered - line.return_requested - asked.get(line.line_id, 0)
        verdict = _judge(line, free, over)
        verdicts.append(verdict)
        if verdict.refusal is None:
            asked[line.line_id] = asked.get(line.line_id, 0) + line.quantity
            doubtful = doubtful or over or not line.returnable
    outcome = ReturnOutcome.REVIEW if doubtful else ReturnOutcome.APPROVED
    return ReturnDecision(outcome if asked else ReturnOutcome.REFUSED, ends, tuple(verdicts))


def answer_elsewhere(decision: ReturnDecision) -> ReturnOutcome | None:
    """What becomes of a request that was made in the order's store, whole or not at all, since there it is one thing:
    None when it must wait, because some of it has not arrived by what we know."""
    refusals = [line.refusal for line in decision.lines if line.refusal is not None]
    if Refusal.NOT_DELIVERED in refusals:
        return None
    if len(refusals) == len(decision.lines):
        return ReturnOutcome.REFUSED
    return ReturnOutcome.REVIEW if refusals else decision.outcome


def _judge(line: LineToReturn, free: int, over: bool) -> LineVerdict:
    refusal, sentence = None, ""
    if line.delivered <= 0:
        refusal, sentence = Refusal.NOT_DELIVERED, "This has not been delivered yet."
    elif free <= 0:
        refusal, sentence = Refusal.ALREADY_RETURNED, "A return for all of this was asked for already."
    elif line.quantity > free:
        refusal, sentence = Refusal.TOO_MANY, f"No more than {free} of this can be sent back."
    elif line.reason not in OUR_FAULT and not line.returnable:
        refusal, sentence = (
            Refusal.NOT_RETURNABLE,
            "This can only be sent back when something is wrong with it.",
        )
    elif line.reason not in OUR_FAULT and over:
        refusal, sentence = Refusal.WINDOW_OVER, "The time for sending this back is over."
    return LineVerdict(line.line_id, line.quantity, refusal, sentence)


# Kits ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    """Units of one order line that left together, and what each of them took from stock."""

    units: int
    made_of: Mapping[UUID, int]


def stock_of_returned(sent: Sequence[Sent], before: int, units: int) -> list[tuple[UUID, int]]:
    """The stock that `units` of an order line are which come back after `before` others did, as (product id, units).

    What was sent first counts as coming back first: a kit may have been made of other things each time, and so in all
    no more of a component comes back than was sent. Raises ValueError when nothing was sent.
    """
    if not sent:
        raise ValueError("what was never sent can't come back")
    found: list[tuple[UUID, int]] = []
    skip, left = before, units
    for place, each in enumerate(sent):
        here = left if place == len(sent) - 1 else min(left, max(each.units - skip, 0))
        skip = max(skip - each.units, 0)
        left -= here
        found += [(product_id, each_units * here) for product_id, each_units in each.made_of.items() if here]
    return found
