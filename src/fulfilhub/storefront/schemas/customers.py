"""What a customer is shown of an order: on our page, already in words; on a shop's own pages, for it to put into
words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.returns.commands import Asked
from fulfilhub.returns.rules import ReturnReason
from fulfilhub.shipping.rules import TrackingState, find_carrier, tracking_url
from fulfilhub.storefront.queries.customers import Found
from fulfilhub.storefront.rules import customers as rules
from fulfilhub.storefront.rules.customers import Stage, Standing, Step

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
    promise, note = rules.promise(*_promised(found, now))
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


class _Promised(NamedTuple):
    deliver_by: date | None
    delivered_at: datetime | None
    today: date
    state: str | None
    cause: str | None


def _promised(found: Found, now: datetime) -> _Promised:
    order = found.order
    delivered = [p.state_at for p in found.parcels if p.state == TrackingState.DELIVERED]
    arrived = max(delivered) if delivered and len(delivered) == len(found.parcels) else None
    return _Promised(
        order.deliver_by.astimezone(LONDON).date() if order.deliver_by else None,
        arrived and arrived.astimezone(LONDON),
        now.astimezone(LONDON).date(),
        order.promise,
        order.promise_cause,
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


# On a shop's own pages ------------------------------------------------------------------------------------------


class CustomerItem(Struct, frozen=True):
    """Units of one product."""

    title: str
    quantity: int


class CustomerScan(Struct, frozen=True):
    """One scan, newest first in its parcel."""

    state: str
    place: str
    at: datetime


class CustomerParcel(Struct, frozen=True, kw_only=True):
    """One parcel: what is in it and where it is."""

    carrier: str
    tracking_number: str
    tracking_url: str | None
    state: str
    items: list[CustomerItem]
    scans: list[CustomerScan]


class CustomerReturn(Struct, frozen=True):
    """A return. `number` is what the customer writes on the parcel."""

    number: str
    state: str
    items: list[CustomerItem]


class CustomerReturnable(Struct, frozen=True):
    """A line of which something may still be sent back."""

    line_id: str
    title: str
    quantity: int


class CustomerPromise(Struct, frozen=True):
    """What was promised and how it stands."""

    deliver_by: date | None
    state: Standing


class CustomerOrderOut(Struct, frozen=True, kw_only=True):
    """An order as its customer sees it in the shop. Nobody is named in it, and no address. `page` is where all of it is
    shown, within the shop; null where it has no such page."""

    number: str
    stage: Stage
    promise: CustomerPromise
    parcels: list[CustomerParcel]
    to_come: list[CustomerItem]
    returns: list[CustomerReturn]
    returnable: list[CustomerReturnable]
    reasons: list[str]
    page: str | None = None


def customer_order(found: Found, now: datetime, *, page: str | None = None, returns: bool = True) -> CustomerOrderOut:
    """The order in codes. Without `returns` nothing is offered to be sent back."""
    view = tracking_view(found, now)
    told = _promised(found, now)
    cancelled = found.order.status == "cancelled"
    return CustomerOrderOut(
        number=view.number,
        stage=rules.stage(found.order.status, [parcel.state for parcel in found.parcels]),
        promise=CustomerPromise(
            None if cancelled else told.deliver_by, Standing.NONE if cancelled else rules.standing(*told)
        ),
        parcels=[_told_parcel(view.parcels[place], found, row.id) for place, row in enumerate(found.parcels)],
        to_come=[] if cancelled else _told(view.to_come),
        returns=[
            CustomerReturn(each.id, row.state, _told(each.items))
            for each, row in zip(view.returns, found.returns, strict=True)
        ],
        returnable=[CustomerReturnable(x.line_id, x.title, x.quantity) for x in view.returnable] if returns else [],
        reasons=[code for code, _ in rules.RETURN_REASONS] if returns else [],
        page=page,
    )


def _told(items: tuple[ItemView, ...]) -> list[CustomerItem]:
    return [CustomerItem(item.title, item.quantity) for item in items]


def _told_parcel(view: ParcelView, found: Found, parcel_id: UUID) -> CustomerParcel:
    return CustomerParcel(
        carrier=view.carrier,
        tracking_number=view.tracking_number,
        tracking_url=view.tracking_url or None,
        state=view.state,
        items=_told(view.items),
        scans=[CustomerScan(scan.state, scan.location, scan.occurred_at) for scan in found.scans[parcel_id]],
    )


# What a customer sends ------------------------------------------------------------------------------------------


class CustomerReturnLineIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Units of one line to send back."""

    line_id: Annotated[str, Meta(pattern=ids.ORDER_LINE.pattern)]
    quantity: Annotated[int, Meta(ge=1, le=100_000)]
    reason: ReturnReason = ReturnReason.OTHER


class CustomerReturnIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What the customer wants to send back."""

    lines: Annotated[list[CustomerReturnLineIn], Meta(min_length=1, max_length=500)]


def asked_for(told: CustomerReturnIn) -> list[Asked]:
    """The command's words."""
    return [
        Asked(
            line_id=ids.ORDER_LINE.read(line.line_id, f"/lines/{place}/line_id"),
            quantity=line.quantity,
            reason=line.reason,
        )
        for place, line in enumerate(told.lines)
    ]


def asked_in(form: Mapping[str, str]) -> list[Asked]:
    """What the form of our page asks for; fields that are not its own are left out."""
    try:
        reason = ReturnReason(form.get("reason", ""))
    except ValueError:
        reason = ReturnReason.OTHER
    asked = []
    for name, value in form.items():
        if not name.startswith("orl_") or not (value.isascii() and value.isdigit() and len(value) < 6):
            continue
        try:
            line_id = ids.ORDER_LINE.find(name)
        except NotFound:
            continue
        if int(value):
            asked.append(Asked(line_id=line_id, quantity=int(value), reason=reason))
    return asked
