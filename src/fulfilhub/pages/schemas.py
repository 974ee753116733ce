"""What the tracking page shows: plain data, already in the words a customer reads."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from fulfilhub.pages import rules
from fulfilhub.pages.queries import Found
from fulfilhub.pages.rules import Step
from fulfilhub.platform import ids
from fulfilhub.shipping.rules import TrackingState, find_carrier, tracking_url

LONDON = ZoneInfo("Europe/London")
"""The clock of the page until merchants have their own."""


class ItemView(Struct, frozen=True):
    """Units of one product."""

    title: str
    sku: str
    quantity: int


class ScanView(Struct, frozen=True):
    """One scan, newest first in its parcel."""

    label: str
    place: str
    at: datetime


class ParcelView(Struct, frozen=True, kw_only=True):
    """One parcel: what is in it and where it is."""

    carrier: str
    tracking_number: str
    tracking_url: str
    state: str
    label: str
    tone: str
    """`good`, `moving` or `attention`."""
    items: tuple[ItemView, ...]
    scans: tuple[ScanView, ...]


class ReturnableView(Struct, frozen=True):
    """A line of which something may still be sent back."""

    line_id: str
    title: str
    quantity: int


class ReturnView(Struct, frozen=True):
    """A return of this order."""

    id: str
    label: str
    explanation: str
    items: tuple[ItemView, ...]


class TrackingView(Struct, frozen=True, kw_only=True):
    """Everything on the page."""

    merchant: str
    number: str
    placed_at: datetime
    headline: str
    explanation: str
    tone: str
    promise: str
    promise_note: str
    steps: tuple[Step, ...]
    parcels: tuple[ParcelView, ...]
    to_come: tuple[ItemView, ...]
    returnable: tuple[ReturnableView, ...]
    returns: tuple[ReturnView, ...]
    reasons: tuple[tuple[str, str], ...]
    problem: str = ""
    """Shown above the form when the last request could not be taken."""


def tracking_view(found: Found, now: datetime, problem: str = "") -> TrackingView:
    """Rows in a customer's words."""
    order = found.order
    states = [parcel.state for parcel in found.parcels]
    headline, explanation, tone = rules.headline(order.status, states)
    delivered = [p.state_at for p in found.parcels if p.state == TrackingState.DELIVERED]
    arrived = max(delivered) if delivered and len(delivered) == len(found.parcels) else None
    deliver_by = order.deliver_by.astimezone(LONDON).date() if order.deliver_by else None
    promise, note = rules.promise(
        deliver_by,
        arrived and arrived.astimezone(LONDON),
        now.astimezone(LONDON).date(),
        order.promise,
        order.promise_cause,
    )
    titles = {line.id: (line.title or line.sku, line.sku) for line in found.lines}
    return TrackingView(
        merchant=order.merchant,
        number=order.number,
        placed_at=order.placed_at.astimezone(LONDON),
        headline=headline,
        explanation=explanation,
        tone=tone,
        promise=promise if order.status != "cancelled" else "",
        promise_note=note,
        steps=rules.steps(order.status, states) if order.status != "cancelled" else (),
        parcels=tuple(_parcel(found, parcel.id, titles) for parcel in found.parcels),
        to_come=tuple(
            ItemView(line.title or line.sku, line.sku, line.wanted - line.shipped)
            for line in found.lines
            if line.wanted > line.shipped
        ),
        returnable=tuple(
            ReturnableView(ids.ORDER_LINE.show(line.id), line.title or line.sku, line.returnable)
            for line in found.lines
            if line.returnable
        ),
        returns=tuple(
            ReturnView(
                ids.RETURN.show(row.id),
                *rules.RETURN_WORDS.get(row.state, ("Under way", "")),
                _items(found.return_lines[row.id], titles),
            )
            for row in found.returns
        ),
        reasons=rules.RETURN_REASONS,
        problem=problem,
    )


def _items(units: list[tuple[UUID, int]], titles: dict[UUID, tuple[str, str]]) -> tuple[ItemView, ...]:
    return tuple(ItemView(*titles[line_id], quantity) for line_id, quantity in units if line_id in titles)


def _parcel(found: Found, parcel_id: UUID, titles: dict[UUID, tuple[str, str]]) -> ParcelView:
    row = next(parcel for parcel in found.parcels if parcel.id == parcel_id)
    label, tone = rules.parcel_words(row.state)
    carrier = find_carrier(row.carrier)
    return ParcelView(
        carrier=carrier.name if carrier else row.carrier,
        tracking_number=row.tracking_number,
        tracking_url=tracking_url(row.carrier, row.tracking_number) or "",
        state=row.state,
        label=label,
        tone=tone,
        items=_items(found.contents[row.id], titles),
        scans=tuple(
            ScanView(rules.parcel_words(scan.state)[0], scan.location, scan.occurred_at.astimezone(LONDON))
            for scan in found.scans[row.id]
        ),
    )
