"""What a customer is told of an order, and to whom it is told: from states to words, and by what an order is proven."""

from __future__ import annotations

import hmac
import re
from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct

from fulfilhub.people.rules.brakes import Brake

STEPS = ("Ordered", "Preparing", "Shipped", "Delivered")


class Step(Struct, frozen=True):
    """One stage of the journey."""

    label: str
    state: str
    """`done`, `now` or `ahead`."""


class Stage(StrEnum):
    """How a whole order stands, as its customer is told."""

    ATTENTION = "attention"
    CANCELLED = "cancelled"
    DELIVERED = "delivered"
    ON_ITS_WAY = "on_its_way"
    OUT_FOR_DELIVERY = "out_for_delivery"
    PARTLY_SENT = "partly_sent"
    PREPARING = "preparing"
    WAITING = "waiting"


class Standing(StrEnum):
    """How a promise stands, as its customer is told. `late` goes on; `missed`, `kept` and `waited` (for the customer)
    are over."""

    NONE = "none"
    ON_TIME = "on_time"
    AT_RISK = "at_risk"
    LATE = "late"
    KEPT = "kept"
    MISSED = "missed"
    WAITED = "waited"


# parcel state -> (words, tone)
PARCEL_WORDS: dict[str, tuple[str, str]] = {
    "label_created": ("Ready for the carrier", "moving"),
    "silent": ("No news from the carrier yet", "moving"),
    "picked_up": ("With the carrier", "moving"),
    "in_transit": ("On its way", "moving"),
    "customs": ("At customs", "moving"),
    "out_for_delivery": ("Out for delivery", "moving"),
    "ready_for_pickup": ("Ready for you to collect", "attention"),
    "attempt_failed": ("Delivery was attempted", "attention"),
    "delayed": ("Delayed", "attention"),
    "exception": ("Held up at the carrier", "attention"),
    "delivered": ("Delivered", "good"),
    "returning": ("On its way back to the sender", "attention"),
    "returned": ("Back with the sender", "attention"),
    "cancelled": ("Cancelled", "attention"),
}

RETURN_REASONS = (
    ("changed_mind", "I changed my mind"),
    ("too_small", "Too small"),
    ("too_large", "Too large"),
    ("colour", "Not the colour I expected"),
    ("style", "Not my style"),
    ("arrived_late", "It arrived too late"),
    ("not_as_described", "Not as described"),
    ("damaged", "It arrived damaged"),
    ("defective", "It does not work"),
    ("wrong_item", "I was sent the wrong item"),
    ("other", "Something else"),
)

RETURN_WORDS: dict[str, tuple[str, str]] = {
    "requested": ("Asked for", "We are looking at your request and will tell you what to do next."),
    "approved": ("Approved", "Please send the items back. Write the return number on the parcel."),
    "declined": ("Declined", "This return could not be accepted. Please contact the shop."),
    "in_transit": ("On its way back", "Your parcel is on its way to us."),
    "received": ("Arrived", "Your parcel has arrived and is being checked."),
    "inspected": ("Checked", "Your items have been checked; your refund is being arranged."),
    "completed": ("Done", "Your return is complete."),
    "cancelled": ("Cancelled", "This return was cancelled."),
    "expired": ("Expired", "This return was not sent back in time."),
}


HEADLINES: dict[Stage, tuple[str, str, str]] = {
    Stage.CANCELLED: ("Your order was cancelled", "Nothing more will be sent.", "attention"),
    Stage.DELIVERED: ("Delivered", "Everything has arrived. We hope you like it.", "good"),
    Stage.OUT_FOR_DELIVERY: ("Arriving today", "The carrier has it on the van.", "good"),
    Stage.PARTLY_SENT: ("Part of your order is on its way", "The rest follows in another parcel.", "good"),
    Stage.ON_ITS_WAY: ("On its way", "Your order has left the warehouse.", "good"),
    Stage.WAITING: (
        "We have your order",
        "It takes a little longer than usual; we will send it as soon as we can.",
        "good",
    ),
    Stage.PREPARING: ("We are preparing your order", "It is being picked and packed.", "good"),
}


def _alarming(parcel_states: list[str]) -> str | None:
    return next((s for s in parcel_states if PARCEL_WORDS.get(s, ("", ""))[1] == "attention"), None)


def stage(status: str, parcel_states: list[str]) -> Stage:
    """How the whole order stands."""
    if status == "cancelled":
        return Stage.CANCELLED
    if parcel_states and all(state == "delivered" for state in parcel_states) and status != "partially_shipped":
        return Stage.DELIVERED
    if _alarming(parcel_states) is not None:
        return Stage.ATTENTION
    if "out_for_delivery" in parcel_states:
        return Stage.OUT_FOR_DELIVERY
    if status == "partially_shipped":
        return Stage.PARTLY_SENT
    if parcel_states:
        return Stage.ON_ITS_WAY
    if status in {"backordered", "on_hold", "needs_review", "awaiting_payment"}:
        return Stage.WAITING
    return Stage.PREPARING


def headline(status: str, parcel_states: list[str]) -> tuple[str, str, str]:
    """(headline, explanation, tone) of the whole order."""
    found = stage(status, parcel_states)
    worst = _alarming(parcel_states)
    if found is Stage.ATTENTION and worst is not None:
        return PARCEL_WORDS[worst][0], "See below what is happening with your parcel.", "attention"
    return HEADLINES[found]


def steps(status: str, parcel_states: list[str]) -> tuple[Step, ...]:
    """The four stages, with the present one marked."""
    arrived = bool(parcel_states) and all(state == "delivered" for state in parcel_states)
    if status in {"delivered", "partially_returned", "returned"} or (arrived and status != "partially_shipped"):
        reached = 4
    elif parcel_states:
        reached = 2
    else:
        reached = 1
    return tuple(
        Step(label, "done" if place < reached else "now" if place == reached else "ahead")
        for place, label in enumerate(STEPS)
    )


SORRY = "Arrived late, and we are sorry."


_NOTES: dict[Standing, str] = {
    Standing.ON_TIME: "On time.",
    Standing.AT_RISK: "It may be late; we are watching it.",
    Standing.LATE: "It is late, and we are sorry. The parcel's journey is below.",
    Standing.KEPT: "Arrived on time.",
    Standing.MISSED: SORRY,
    Standing.WAITED: "It waited for you, and arrived after that.",
}


def standing(
    deliver_by: date | None,
    delivered_at: datetime | None,
    today: date,
    state: str | None = None,
    cause: str | None = None,
) -> Standing:
    """How a promise stands, by its own `state` where it is decided.

    An excused promise is late to the customer who reads it: only who asked for the wait is told so.
    """
    if deliver_by is None:
        return Standing.NONE
    if delivered_at is not None:
        if state == "excused" and cause == "customer":
            return Standing.WAITED
        return Standing.KEPT if state == "kept" or delivered_at.date() <= deliver_by else Standing.MISSED
    if today > deliver_by or state == "broken":
        return Standing.LATE
    return Standing.AT_RISK if state == "at_risk" else Standing.ON_TIME


def promise(
    deliver_by: date | None,
    delivered_at: datetime | None,
    today: date,
    state: str | None = None,
    cause: str | None = None,
) -> tuple[str, str]:
    """(promise, note): what was promised, and how it stands; see `standing`."""
    if deliver_by is None:
        return "", ""
    day = deliver_by.strftime("%A %-d %B")
    found = standing(deliver_by, delivered_at, today, state, cause)
    going_on = found in (Standing.ON_TIME, Standing.AT_RISK)
    return f"{'Arrives' if going_on else 'Promised'} by {day}", _NOTES[found]


def parcel_words(state: str) -> tuple[str, str]:
    """(words, tone) of a parcel's state."""
    return PARCEL_WORDS.get(state, ("On its way", "moving"))


# What proves that an order is somebody's own -------------------------------------------------------------------

_NOISE = re.compile(r"[^A-Z0-9]")
SHORTEST_PROOF = 3


def proves(proof: str, email: str, postcode: str) -> bool:
    """Whether somebody who knows the order's number is its customer: by the e-mail address or the postcode that it was
    ordered with, however it is written. What an order does not have proves nothing."""
    told, known = (proof, email) if "@" in proof else (_NOISE.sub("", proof.upper()), _NOISE.sub("", postcode.upper()))
    return _same(told.strip().casefold(), known.strip().casefold()) and len(known.strip()) >= SHORTEST_PROOF


def is_theirs(customer: str, confirmation: str, known_customer: str, known_confirmation: str) -> bool:
    """Whether an order is shown to `customer` (the shop's own id of who is signed in there; empty: nobody). Where it is
    known whose order it is, nothing else counts for those who are signed in; for all others the random number by which
    the shop confirmed the order to its customer."""
    if customer and known_customer:
        return _same(customer, known_customer)
    return bool(known_confirmation) and _same(confirmation.strip().upper(), known_confirmation.strip().upper())


def look_up_brakes(store: str, number: str, visitor: str) -> list[Brake]:
    """For a number with its proof, typed in a shop. From elsewhere the order's own customer waits half a minute at
    most, however many try; `visitor` is whoever the shop says it is."""
    return [
        Brake("look-up pair", f"{store} {number} {visitor}", 5, 900, wholly=True),
        Brake("look-up order", f"{store} {number}", 10, 30, wholly=True),
        Brake("look-up visitor", f"{store} {visitor}", 20, 900, wholly=False),
    ]


def confirmation_brakes(store: str, external_id: str) -> list[Brake]:
    """For an order's random number, by somebody who is not signed in: ten of some 10^14, then ever slower."""
    return [Brake("confirmation", f"{store} {external_id}", 10, 60, wholly=True)]


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
