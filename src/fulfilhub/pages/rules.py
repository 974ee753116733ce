"""The words of the tracking page: from states to what a customer reads."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

STEPS = ("Ordered", "Preparing", "Shipped", "Delivered")


class Step(Struct, frozen=True):
    """One stage of the journey."""

    label: str
    state: str
    """`done`, `now` or `ahead`."""


# parcel state -> (words, tone)
PARCEL_WORDS: dict[str, tuple[str, str]] = {
    "label_created": ("Ready for the carrier", "moving"),
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


def headline(status: str, parcel_states: list[str]) -> tuple[str, str, str]:
    """(headline, explanation, tone) of the whole order."""
    if status == "cancelled":
        return "Your order was cancelled", "Nothing more will be sent.", "attention"
    if parcel_states and all(state == "delivered" for state in parcel_states) and status != "partially_shipped":
        return "Delivered", "Everything has arrived. We hope you like it.", "good"
    worst = next((s for s in parcel_states if PARCEL_WORDS.get(s, ("", ""))[1] == "attention"), None)
    if worst is not None:
        return PARCEL_WORDS[worst][0], "See below what is happening with your parcel.", "attention"
    if "out_for_delivery" in parcel_states:
        return "Arriving today", "The carrier has it on the van.", "good"
    if status == "partially_shipped":
        return "Part of your order is on its way", "The rest follows in another parcel.", "good"
    if parcel_states:
        return "On its way", "Your order has left the warehouse.", "good"
    if status in {"backordered", "on_hold", "needs_review", "awaiting_payment"}:
        return "We have your order", "It takes a little longer than usual; we will send it as soon as we can.", "good"
    return "We are preparing your order", "It is being picked and packed.", "good"


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


def promise(
    deliver_by: date | None,
    delivered_at: datetime | None,
    today: date,
    state: str | None = None,
    cause: str | None = None,
) -> tuple[str, str]:
    """(promise, note): what was promised, and how it stands, by the promise's own `state` where it is decided.

    An excused promise is late to the customer who reads it: only who asked for the wait is told so.
    """
    if deliver_by is None:
        return "", ""
    day = deliver_by.strftime("%A %-d %B")
    waited = state == "excused" and cause == "customer"
    if delivered_at is not None:
        if waited:
            return f"Promised by {day}", "It waited for you, and arrived after that."
        in_time = state == "kept" or delivered_at.date() <= deliver_by
        return f"Promised by {day}", "Arrived on time." if in_time else SORRY
    if today > deliver_by or state == "broken":
        return f"Promised by {day}", "It is late, and we are sorry. The parcel's journey is below."
    return f"Arrives by {day}", "It may be late; we are watching it." if state == "at_risk" else "On time."


def parcel_words(state: str) -> tuple[str, str]:
    """(words, tone) of a parcel's state."""
    return PARCEL_WORDS.get(state, ("On its way", "moving"))
