"""How a return reads in its store: where it is, what came back, and what of it can be sold again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fulfilhub.returns.rules import ReturnState
from fulfilhub.stores.adapters.goods import SeenStatus
from fulfilhub.stores.adapters.news import ReturnedLine, ReturnedUnits, ReturnNews


@dataclass(frozen=True, slots=True)
class ReturnParts:
    """Units of one line of the store's order: advised, arrived, and by verdict."""

    external_id: str
    advised: int
    received: int
    restocked: int
    quarantined: int
    disposed: int
    reason: str = "other"


@dataclass(frozen=True, slots=True)
class ReturnTold:
    """A return as it stands. `reference` is our id of it as stores see it, `told_as` the store's own; `location` the
    store's for the warehouse it comes to."""

    reference: str
    order_external_id: str
    state: str
    lines: tuple[ReturnParts, ...]
    declined: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    label_url: str = ""
    location: str = ""
    refund: bool = False
    told_as: str = ""


class Follow(StrEnum):
    """What our return does after the store's. TOO_LATE: nothing, since its goods are under way."""

    APPROVE = "approve"
    DECLINE = "decline"
    CANCEL = "cancel"
    TOO_LATE = "too_late"


def follow(ours: ReturnState, theirs: SeenStatus) -> Follow | None:
    """What our return must do so that both say the same; None: nothing, they do, or it is the store that follows."""
    match theirs:
        case SeenStatus.REQUESTED:
            return None
        case SeenStatus.OPEN:
            return Follow.APPROVE if ours is ReturnState.REQUESTED else None
        case SeenStatus.DECLINED if ours is ReturnState.REQUESTED:
            return Follow.DECLINE
    if ours in (ReturnState.REQUESTED, ReturnState.APPROVED):
        return Follow.CANCEL
    return Follow.TOO_LATE if ours in (ReturnState.IN_TRANSIT, ReturnState.RECEIVED) else None


def shown_as(state: str) -> SeenStatus:
    """Where a store has a return of ours that it was told of."""
    return SHOWN.get(state, SeenStatus.OPEN)


SHOWN: dict[str, SeenStatus] = {
    ReturnState.REQUESTED: SeenStatus.REQUESTED,
    ReturnState.DECLINED: SeenStatus.DECLINED,
    ReturnState.CANCELLED: SeenStatus.CANCELLED,
    ReturnState.EXPIRED: SeenStatus.CANCELLED,
    ReturnState.COMPLETED: SeenStatus.CLOSED,
}


JUDGED = (ReturnState.INSPECTED, ReturnState.COMPLETED)
NOTES: dict[str, str] = {
    ReturnState.REQUESTED: "A return of {advised} was asked for.",
    ReturnState.IN_TRANSIT: "A return of {advised} is on its way.",
    ReturnState.APPROVED: "FulfilHub awaits a return of {advised}.",
    ReturnState.DECLINED: "A return of {advised} was declined.",
    ReturnState.CANCELLED: "A return of {advised} was cancelled.",
    ReturnState.RECEIVED: "FulfilHub received {received} of {advised} sent back.",
    ReturnState.INSPECTED: "FulfilHub inspected {judged} sent back: {restocked} can be sold again.",
    ReturnState.COMPLETED: "A return is complete: of {judged} sent back, {restocked} can be sold again.",
}


def return_news(told: ReturnTold) -> ReturnNews:
    """The return in the adapters' words. Before anything was inspected, lines are what is to come; after, what came and
    whether it can be sold again, so that the lines of a completed return are all that came."""
    lines: list[ReturnedLine] = []
    for each in told.lines:
        parts = [(each.restocked, True), (each.quarantined + each.disposed, False)]
        if told.state not in JUDGED:
            parts = [(each.advised, False)]
        lines += [ReturnedLine(each.external_id, units, restock) for units, restock in parts if units]
    restocked = sum(each.restocked for each in told.lines)
    counts = {
        "advised": _units(sum(each.advised for each in told.lines)),
        "received": _units(sum(each.received for each in told.lines)),
        "judged": _units(sum(each.restocked + each.quarantined + each.disposed for each in told.lines)),
        "restocked": str(restocked),
    }
    note = NOTES.get(told.state, "A return changed.").format(**counts)
    return ReturnNews(
        reference=told.reference,
        order_external_id=told.order_external_id,
        status=told.state,
        lines=tuple(lines),
        note=note,
        units=tuple(
            ReturnedUnits(
                each.external_id,
                each.advised,
                each.received,
                each.restocked,
                each.quarantined,
                each.disposed,
                each.reason,
            )
            for each in told.lines
        ),
        declined=told.declined,
        tracking_number=told.tracking_number,
        tracking_url=told.tracking_url,
        label_url=told.label_url,
        location=told.location,
        refund=told.refund,
        told_as=told.told_as,
    )


def _units(count: int) -> str:
    return "1 unit" if count == 1 else f"{count} units"
