"""How a return reads in its store: where it is, what came back, and what of it can be sold again."""

from __future__ import annotations

from dataclasses import dataclass

from fulfilhub.returns.rules import ReturnState
from fulfilhub.stores.adapters.port import ReturnedLine, ReturnNews


@dataclass(frozen=True, slots=True)
class ReturnParts:
    """Units of one line of the store's order: advised, arrived, and by verdict."""

    external_id: str
    advised: int
    received: int
    restocked: int
    quarantined: int
    disposed: int


@dataclass(frozen=True, slots=True)
class ReturnTold:
    """A return as it stands. `reference` is our id of it as stores see it."""

    reference: str
    order_external_id: str
    state: str
    lines: tuple[ReturnParts, ...]


JUDGED = (ReturnState.INSPECTED, ReturnState.COMPLETED)
NOTES: dict[str, str] = {
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
    )


def _units(count: int) -> str:
    return "1 unit" if count == 1 else f"{count} units"
