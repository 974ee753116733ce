"""What the shop's page of one order shows beside its state: what happened, why it went where, what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from fulfilhub.orders.rules import HoldReason, PromiseStage, RefusalReason
from fulfilhub.platform import ids
from fulfilhub.returns.rules import ReturnState
from fulfilhub.shipping.rules import TrackingState
from fulfilhub.storefront.rules import words
from fulfilhub.storefront.rules.state import OrderState, StateLine

Data = Mapping[str, object]

MOST_ENTRIES = 50
"""Entries of a timeline that are shown: the newest."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of the order's timeline, as the log keeps it."""

    type: str
    data: Data
    at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """The last routing decision, in names of warehouses; `excluded` has with each why it was out of the question, in
    sentences."""

    at: datetime
    reason: str
    chosen: Sequence[str]
    excluded: Sequence[tuple[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Returning:
    """A return; `lines` by the shop's own ids of them."""

    id: UUID
    state: ReturnState
    lines: Sequence[tuple[str, int]]


class PanelEntry(Struct, kw_only=True, frozen=True):
    """One thing that happened. `kind` is what it happened to: `order`, `hold`, `promise`, `fulfilment`, `request`,
    `shipment`, `parcel`, `return`, `store` or `charge`."""

    at: datetime
    text: str
    kind: str


class PanelExcluded(Struct, kw_only=True, frozen=True):
    """A warehouse that could not be chosen, and why."""

    warehouse: str
    reason: str


class PanelRouting(Struct, kw_only=True, frozen=True):
    """Where the order went and why, as last decided."""

    warehouse: str
    decided_at: datetime
    text: str
    excluded: list[PanelExcluded]


class PanelReturn(Struct, kw_only=True, frozen=True):
    """One return. `number` is what the customer writes on the parcel."""

    id: str
    status: ReturnState
    status_text: str
    number: str
    lines: list[StateLine]


class OrderPanel(OrderState, kw_only=True, frozen=True):
    """An order's state, with what happened (newest first), why it went where it did, and its returns."""

    timeline: list[PanelEntry]
    routing: PanelRouting | None
    returns: list[PanelReturn]


def panel_of(
    state: OrderState, events: Sequence[Happened], decided: Decided | None, returns: Sequence[Returning]
) -> OrderPanel:
    """The panel; `events` newest first."""
    plain = {name: getattr(state, name) for name in state.__struct_fields__}
    return OrderPanel(
        **plain,
        timeline=[entry_of(event) for event in events[:MOST_ENTRIES]],
        routing=None if decided is None else _routing(decided),
        returns=[_return(each) for each in returns],
    )


def entry_of(event: Happened) -> PanelEntry:
    """What happened, in words. An event that nobody gave words to says its own name."""
    say = TOLD.get(event.type)
    text = event.type.replace(".", " ").replace("_", " ").capitalize() if say is None else say(event.data)
    return PanelEntry(at=event.at, text=text, kind=_kind(event.type))


def _kind(type_: str) -> str:
    if type_ in KIND:
        return KIND[type_]
    return type_.partition(".")[0]


def _routing(decided: Decided) -> PanelRouting:
    return PanelRouting(
        warehouse=", ".join(decided.chosen),
        decided_at=decided.at,
        text=decided.reason,
        excluded=[PanelExcluded(warehouse=name, reason=" ".join(reasons)) for name, reasons in decided.excluded],
    )


def _return(each: Returning) -> PanelReturn:
    number = ids.RETURN.show(each.id)
    return PanelReturn(
        id=number,
        status=each.state,
        status_text=words.RETURN[each.state],
        number=number,
        lines=[StateLine(line_id=line_id, quantity=units) for line_id, units in each.lines],
    )


# The words of events -------------------------------------------------------------------------------------------

KIND: Mapping[str, str] = {
    "fulfilment.change_answered": "request",
    "fulfilment.change_requested": "request",
    "order.held": "hold",
    "order.hold_released": "hold",
    "order.promise_at_risk": "promise",
    "order.promise_broken": "promise",
    "order.promise_kept": "promise",
}

_PARTS: Mapping[str, str] = {
    "ship_to": "address",
    "lines": "items",
    "service": "delivery service",
    "contact": "contact",
    "state": "status",
}
_ASKED: Mapping[str, str] = {"cancel": "to cancel", "lines": "to send fewer items", "address": "for another address"}
_ENDED: Mapping[str, str] = {
    "timed_out": "The warehouse did not answer in time",
    "withdrawn": "The request to the warehouse was withdrawn",
    "overtaken": "It was shipped before the warehouse answered the request",
    "superseded": "A newer request to the warehouse took the place of an earlier one",
}
_STAGE: Mapping[str, tuple[str, str, str]] = {
    PromiseStage.SHIP: ("It may leave late", "It left in time", "It left too late"),
    PromiseStage.DELIVER: ("It may arrive late", "It arrived in time", "It did not arrive in time"),
}


def _always(text: str) -> Callable[[Data], str]:
    return lambda _: text


def _updated(data: Data) -> str:
    named = data.get("parts")
    parts = [_PARTS[each] for each in named if each in _PARTS] if isinstance(named, list | tuple) else []
    late = " The warehouse has it in hand already." if data.get("late") else ""
    return f"Changed: {', '.join(parts)}.{late}" if parts else f"The order was changed.{late}"


def _held(data: Data) -> str:
    reason = str(data.get("reason"))
    known = words.HOLD[HoldReason(reason)] if reason in set(HoldReason) else "Held"
    return f"Put on hold: {known[0].lower()}{known[1:]}."


def _released(data: Data) -> str:
    return "A hold was released; another still holds it." if data.get("still_held") else "Released from hold."


def _routed(data: Data) -> str:
    return "Given to a warehouse." if data.get("complete") else "Partly given to a warehouse; the rest waits."


def _stage(place: int) -> Callable[[Data], str]:
    def say(data: Data) -> str:
        stage = str(data.get("stage"))
        return f"{_STAGE[stage if stage in _STAGE else PromiseStage.DELIVER][place]}."

    return say


def _overdue(data: Data) -> str:
    done = "sent" if data.get("what") == "ship" else "taken on"
    return f"The warehouse has not {done} it in the time that was agreed."


def _short(data: Data) -> str:
    return f"The warehouse could not find {data.get('quantity')} of an item."


def _withdrawn(data: Data) -> str:
    return "Taken back from the warehouse, to be given to another." if data.get("reroute") else "Taken back."


def _asked(data: Data) -> str:
    return f"The warehouse was asked {_ASKED.get(str(data.get('kind')), 'for a change')}."


def _answered(data: Data) -> str:
    state, reason = str(data.get("state")), str(data.get("reason"))
    if state == "accepted":
        return "The warehouse agreed to the request."
    if state == "refused":
        why = words.REFUSED[RefusalReason(reason)] if reason in set(RefusalReason) else "it can't do so"
        return f"The warehouse refused the request: {why}."
    done = "; the change was made" if data.get("carried_out") else ""
    return f"{_ENDED.get(state, 'The request to the warehouse ended')}{done}."


def _advanced(data: Data) -> str:
    state = str(data.get("state"))
    return f"Parcel: {words.PARCEL[TrackingState(state)].lower() if state in set(TrackingState) else state}."


def _late(data: Data) -> str:
    what = "The order" if data.get("what") == "order" else "A change"
    return f"{what} was found by looking into your shop: its message had not come."


def _told(data: Data) -> str:
    return "Shown in your shop." if data.get("state") == "sent" else "Your shop did not take the shipment."


TOLD: Mapping[str, Callable[[Data], str]] = {
    "charge.made": _always("Billed."),
    "fulfilment.accepted": _always("The warehouse took it on."),
    "fulfilment.cancelled": _withdrawn,
    "fulfilment.change_answered": _answered,
    "fulfilment.change_requested": _asked,
    "fulfilment.late": _overdue,
    "fulfilment.lines_rejected": _always("The warehouse can't send some of it; another one is looked for."),
    "fulfilment.packed": _always("Packed."),
    "fulfilment.picked": _always("Picked."),
    "fulfilment.queued": _always("Waiting in a warehouse's queue."),
    "fulfilment.rejected": _always("The warehouse can't send it; another one is looked for."),
    "fulfilment.released": _always("Put back into the warehouse's queue."),
    "fulfilment.shipped": _always("Left the warehouse."),
    "fulfilment.short_picked": _short,
    "order.backordered": _always("Waiting for stock."),
    "order.cancel_requested": _always("Your shop ended the order while a warehouse had it."),
    "order.cancelled": _always("Cancelled."),
    "order.delivered": _always("Everything was delivered."),
    "order.held": _held,
    "order.hold_released": _released,
    "order.promise_at_risk": _stage(0),
    "order.promise_broken": _stage(2),
    "order.promise_kept": _stage(1),
    "order.received": _always("Received and complete."),
    "order.review_needed": _always("Needs your attention: something has to be corrected."),
    "order.routed": _routed,
    "order.updated": _updated,
    "parcel.advanced": _advanced,
    "return.approved": _always("A return was approved."),
    "return.cancelled": _always("A return was cancelled."),
    "return.completed": _always("A return was completed."),
    "return.declined": _always("A return was declined."),
    "return.handed_over": _always("A return is on its way."),
    "return.inspected": _always("Returned items were checked."),
    "return.shipping_set": _always("It is known how a return comes back."),
    "return.received": _always("Returned items arrived at the warehouse."),
    "return.requested": _always("A return was asked for."),
    "shipment.created": _always("Shipped."),
    "store.order_found_late": _late,
    "store.told": _told,
}
"""Type of an event on an order's timeline -> what it says."""
