"""An order's state as its shop keeps it: one pure function from what is known of the order.

The clock plays no part, so a state only changes when something happened; `revision` tells of two states which is newer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from msgspec import Struct

from fulfilhub.fulfilment.rules import ENDED, WorkState
from fulfilhub.orders.rules import (
    ChangeKind,
    Editable,
    HoldReason,
    OrderAction,
    OrderStatus,
    PromiseCause,
    PromiseState,
    Review,
    order_actions,
    what_can_be_edited,
)
from fulfilhub.platform import ids
from fulfilhub.platform.machines import Who
from fulfilhub.shipping.rules import TrackingState, find_carrier, tracking_url
from fulfilhub.storefront.rules import words


class Verdict(StrEnum):
    """How a promise stands, as shops are told. `none`: nothing was promised yet."""

    ON_TIME = "on_time"
    AT_RISK = "at_risk"
    KEPT = "kept"
    BROKEN = "broken"
    NONE = "none"


HOW_SOON = Literal["now", "request", "no"]
"""`now`: nobody has it in hand. `request`: the warehouse is asked. `no`: too late."""

SAID_OF: dict[PromiseState, Verdict] = {
    PromiseState.ON_TRACK: Verdict.ON_TIME,
    PromiseState.AT_RISK: Verdict.AT_RISK,
    PromiseState.KEPT: Verdict.KEPT,
    PromiseState.EXCUSED: Verdict.KEPT,
    PromiseState.BROKEN: Verdict.BROKEN,
}


# What is known -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """A hold that lives."""

    id: UUID
    reason: HoldReason
    note: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Packed:
    """A parcel; `lines` by the shop's own ids of them."""

    carrier: str
    tracking_number: str
    state: TrackingState
    state_at: datetime
    lines: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Sent:
    """A shipment."""

    id: UUID
    shipped_at: datetime
    parcels: Sequence[Packed]


@dataclass(frozen=True, slots=True)
class Pending:
    """What a warehouse was asked and has not answered."""

    kind: ChangeKind
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Everything about an order that its shop is shown. `changes` counts what happened to it and never falls; `works`
    are the states of its fulfilments; `review` are (code, sentence)."""

    id: UUID
    external_id: str
    changes: int
    status: OrderStatus
    country: str
    review: Sequence[tuple[str, str]]
    holds: Sequence[Held]
    ship_by: datetime | None
    deliver_by: datetime | None
    promise: PromiseState | None
    cause: PromiseCause | None
    shipments: Sequence[Sent]
    requests: Sequence[Pending]
    works: Collection[WorkState]
    returnable: bool
    updated_at: datetime


# What is shown -----------------------------------------------------------------------------------------------


class StateReview(Struct, kw_only=True, frozen=True):
    """What is wrong with an order that can't go on, and how to mend it."""

    code: str
    detail: str
    fix: str


class StateHold(Struct, kw_only=True, frozen=True):
    """Why an order waits. `text` is the reason in plain words, `note` what whoever placed it wrote."""

    id: str
    reason: str
    text: str
    note: str
    until: datetime | None
    releasable: bool


class StatePromise(Struct, kw_only=True, frozen=True):
    """What was promised and how it stands."""

    ship_by: datetime | None
    deliver_by: datetime | None
    state: Verdict
    text: str


class StateLine(Struct, kw_only=True, frozen=True):
    """Units of one line, by the shop's own id of it."""

    line_id: str
    quantity: int


class StateParcel(Struct, kw_only=True, frozen=True):
    """One parcel and where it is."""

    tracking_number: str
    tracking_url: str | None
    state: str
    state_text: str
    delivered_at: datetime | None
    lines: list[StateLine]


class StateShipment(Struct, kw_only=True, frozen=True):
    """What left together. `reference` never changes and belongs to this shipment alone."""

    reference: str
    shipped_at: datetime
    carrier: str
    carrier_name: str
    parcels: list[StateParcel]


class StatePending(Struct, kw_only=True, frozen=True):
    """What the warehouse was asked and has not answered."""

    kind: Literal["cancel", "edit"]
    asked_at: datetime
    text: str


class StateActions(Struct, kw_only=True, frozen=True):
    """What may be asked. A warehouse may have taken the order a moment ago: what is `now` then becomes a request, and
    the answer says so."""

    hold: bool
    release: bool
    cancel: HOW_SOON
    change_address: HOW_SOON


class OrderState(Struct, kw_only=True, frozen=True):
    """An order as its shop keeps it. Of two states of one order that with the higher `revision` is the newer."""

    external_id: str
    order_id: str
    revision: int
    status: OrderStatus
    status_text: str
    review: list[StateReview]
    holds: list[StateHold]
    promise: StatePromise
    shipments: list[StateShipment]
    pending_requests: list[StatePending]
    tracking_url: str
    return_url: str | None
    actions: StateActions
    updated_at: datetime


def state_of(known: Known, page: str) -> OrderState:
    """The state; `page` is the customer's page of the order."""
    actions = _actions(known)
    return OrderState(
        external_id=known.external_id,
        order_id=ids.ORDER.show(known.id),
        revision=known.changes,
        status=known.status,
        status_text=words.STATUS[known.status],
        review=[_review(code, sentence) for code, sentence in known.review],
        holds=[_hold(hold, OrderAction.RELEASE_HOLD in _legal(known)) for hold in known.holds],
        promise=StatePromise(
            ship_by=known.ship_by,
            deliver_by=known.deliver_by,
            state=Verdict.NONE if known.promise is None else SAID_OF[known.promise],
            text=words.promise_text(known.promise, known.cause, known.deliver_by, known.country),
        ),
        shipments=[_shipment(sent) for sent in known.shipments],
        pending_requests=[
            StatePending(
                kind="cancel" if each.kind is ChangeKind.CANCEL else "edit",
                asked_at=each.asked_at,
                text=words.PENDING[each.kind],
            )
            for each in known.requests
        ],
        tracking_url=page,
        return_url=f"{page}#return" if known.returnable else None,
        actions=actions,
        updated_at=known.updated_at,
    )


def _legal(known: Known) -> list[OrderAction]:
    return order_actions(known.status, Who.MERCHANT)


def _actions(known: Known) -> StateActions:
    legal = _legal(known)
    in_hand = any(state not in ENDED and state is not WorkState.QUEUED for state in known.works)
    soon: HOW_SOON = "request" if in_hand else "now"
    editable = Editable.SHIP_TO in what_can_be_edited(known.status)
    return StateActions(
        hold=OrderAction.HOLD in legal,
        release=OrderAction.RELEASE_HOLD in legal and bool(known.holds),
        cancel=soon if OrderAction.CANCEL in legal else "no",
        change_address=soon if editable else "no",
    )


def _review(code: str, sentence: str) -> StateReview:
    known = Review(code) if code in set(Review) else None
    fix = words.FIX[known] if known is not None else words.FIX_OTHERWISE
    return StateReview(code=code, detail=sentence, fix=fix)


def _hold(hold: Held, releasable: bool) -> StateHold:
    return StateHold(
        id=ids.HOLD.show(hold.id),
        reason=str(hold.reason),
        text=words.HOLD[hold.reason],
        note=hold.note,
        until=hold.until,
        releasable=releasable,
    )


def _shipment(sent: Sent) -> StateShipment:
    carrier = sent.parcels[0].carrier if sent.parcels else ""
    known = find_carrier(carrier)
    return StateShipment(
        reference=ids.SHIPMENT.show(sent.id),
        shipped_at=sent.shipped_at,
        carrier=carrier,
        carrier_name=carrier if known is None else known.name,
        parcels=[
            StateParcel(
                tracking_number=parcel.tracking_number,
                tracking_url=tracking_url(parcel.carrier, parcel.tracking_number),
                state=str(parcel.state),
                state_text=words.PARCEL[parcel.state],
                delivered_at=parcel.state_at if parcel.state is TrackingState.DELIVERED else None,
                lines=[StateLine(line_id=line_id, quantity=units) for line_id, units in parcel.lines],
            )
            for parcel in sent.parcels
        ],
    )
