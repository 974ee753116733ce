"""The pure rules of shipping: what carriers' scans mean, which of them counts, and whose page shows a parcel.

A parcel's state is the strongest of all events known about it, so it does not matter in which order they
arrive or how often.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import quote

from fulfilhub.fulfilment.rules import RejectReason


class TrackingState(StrEnum):
    """Where a parcel is, in the order of its journey."""

    LABEL_CREATED = "label_created"
    SILENT = "silent"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    CUSTOMS = "customs"
    DELAYED = "delayed"
    OUT_FOR_DELIVERY = "out_for_delivery"
    ATTEMPT_FAILED = "attempt_failed"
    EXCEPTION = "exception"
    READY_FOR_PICKUP = "ready_for_pickup"
    RETURNING = "returning"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    DELIVERED = "delivered"

    @property
    def rank(self) -> int:
        """Its place in the journey: of two scans of one moment the higher counts."""
        return _RANKS[self]


_RANKS = {state: rank for rank, state in enumerate(TrackingState)}
TERMINAL = frozenset({TrackingState.CANCELLED, TrackingState.RETURNED, TrackingState.DELIVERED})
"""States that no later scan leaves. Only evidence of a stronger end corrects a weaker one: a parcel whose
label was cancelled but which was delivered, is delivered."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scan:
    """One event about a parcel, and also its present state: the scan that counts. `occurred_at` is the
    carrier's time, aware; when we heard of it plays no part."""

    state: TrackingState
    occurred_at: datetime


def advance(current: Scan | None, event: Scan) -> Scan:
    """The state after one more event; the same object when the event changes nothing.

    An end (delivered, returned, cancelled) beats everything on the way, `returning` beats every other scan on
    the way, and any scan beats the news that a label exists. Of those on the way the later by the carrier's
    clock counts, so a late message moves nothing backwards; of an end or a turning point the earliest time is
    kept. A parcel that reached its sender again is `returned`: adapters must not say delivered of that.
    Raises ValueError when the event's time is not aware.
    """
    if event.occurred_at.tzinfo is None:
        raise ValueError("occurred_at must be aware")
    return event if current is None or _strength(event) > _strength(current) else current


def state_of(events: Iterable[Scan]) -> Scan | None:
    """The state that a parcel's events add up to, in whatever order they are given; None without events."""
    current: Scan | None = None
    for event in events:
        current = advance(current, event)
    return current


def _strength(scan: Scan) -> tuple[int, float, float]:
    """What a scan weighs: a total order, so that the strongest of any set is one and the same."""
    seconds = (scan.occurred_at - _EPOCH).total_seconds()
    if scan.state in TERMINAL:
        return (3, scan.state.rank, -seconds)
    if scan.state is TrackingState.RETURNING:
        return (2, 0, -seconds)
    if scan.state is TrackingState.LABEL_CREATED:
        return (0, 0, -seconds)
    return (1, seconds, scan.state.rank)


def is_on_time(deliver_by: datetime, delivered_at: datetime) -> bool:
    """True when a delivery keeps the promised moment."""
    return delivered_at <= deliver_by


ON_THE_DOORSTEP = frozenset({TrackingState.OUT_FOR_DELIVERY, TrackingState.READY_FOR_PICKUP})
"""States in which a parcel may be expected today."""
STOOD_IN_VAIN = frozenset({TrackingState.ATTEMPT_FAILED, TrackingState.READY_FOR_PICKUP})
"""Scans that say that the carrier had come, and that it was not for want of it that nothing was handed over."""
COMING_BACK = frozenset({TrackingState.RETURNING, TrackingState.RETURNED})

REFUSED_BY_SITE = frozenset(
    {
        RejectReason.OUT_OF_STOCK,
        RejectReason.UNDELIVERABLE_DESTINATION,
        RejectReason.INTERNATIONAL_SHIPPING_UNAVAILABLE,
        RejectReason.INELIGIBLE_PRODUCT,
        RejectReason.ORDER_TOO_LARGE,
        RejectReason.OTHER,
    }
)
"""Refusals of work that a warehouse had said it can do; in the others the fault lies with the order or its merchant."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier known in the UK: `code` in our words, its name, and the page that shows a parcel."""

    code: str
    name: str
    page: str
    aliases: tuple[str, ...] = ()

    def tracking_url(self, number: str) -> str:
        """The carrier's public page of one parcel."""
        return self.page.format(number=quote("".join(number.split()), safe=""))


CARRIERS: dict[str, Carrier] = {
    carrier.code: carrier
    for carrier in (
        Carrier("royal_mail", "Royal Mail", "https://www.royalmail.com/track-your-item#/tracking-results/{number}"),
        Carrier("evri", "Evri", "https://www.evri.com/track/parcel/{number}", ("hermes",)),
        Carrier("dpd", "DPD", "https://track.dpd.co.uk/search?reference={number}", ("interlink",)),
        Carrier("yodel", "Yodel", "https://www.yodel.co.uk/tracking/{number}"),
        Carrier("dhl", "DHL", "https://www.dhl.com/gb-en/home/tracking.html?tracking-id={number}"),
        Carrier("ups", "UPS", "https://www.ups.com/track?tracknum={number}", ("united parcel service",)),
        Carrier("fedex", "FedEx", "https://www.fedex.com/fedextrack/?trknbr={number}", ("federal express",)),
        Carrier(
            "parcelforce",
            "Parcelforce",
            "https://www.parcelforce.com/track-trace?trackNumber={number}",
            ("parcel force",),
        ),
        Carrier("inpost", "InPost", "https://inpost.co.uk/tracking/result?parcel_code={number}", ("in post",)),
    )
}

_NOT_NUMBER = re.compile(r"[^A-Z0-9]+")
_NOT_WORDS = re.compile(r"[^a-z0-9]+")


def normalise_number(number: str) -> str:
    """A tracking number as it is compared: upper case, letters and digits only, because people and labels put
    spaces and hyphens in."""
    return _NOT_NUMBER.sub("", number.upper())


def find_carrier(text: str) -> Carrier | None:
    """The carrier meant by a code or by free text such as `Royal Mail Tracked 48`; None when not known.

    A name counts where the text begins with it as whole words, so that `Upsala Post` is not UPS.
    """
    words = _NOT_WORDS.sub(" ", text.lower()).strip() + " "
    for carrier in CARRIERS.values():
        names = (carrier.code.replace("_", " "), carrier.code.replace("_", ""), *carrier.aliases)
        if any(words.startswith(f"{name} ") for name in names):
            return carrier
    return None


def tracking_url(carrier: str, number: str) -> str | None:
    """The page that shows a parcel, or None for a carrier without a known one."""
    known = find_carrier(carrier)
    return known.tracking_url(number) if known is not None and number.strip() else None
