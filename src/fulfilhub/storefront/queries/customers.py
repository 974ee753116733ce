"""Every look at an order as its customer sees it: which order it is, and all that is shown of it."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from fulfilhub.accounts.models import Account
from fulfilhub.orders.models import Order, OrderLine, OrderPromise
from fulfilhub.orders.queries import normal_email, normal_number
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.returns.models import Return, ReturnLine
from fulfilhub.shipping.models import Parcel, ParcelContent, TrackingEvent
from fulfilhub.storefront.rules.customers import is_theirs, proves

CUSTOMER = "customer_id"
CONFIRMATION = "confirmation_number"
"""Where an order's metadata has the shop's own id of the customer, and the random number that confirmed the order."""

SAME_NUMBER = 5
"""Orders of one number that are looked at: a store seldom gives one twice."""

OWNER = "SELECT order_merchant($1) AS merchant_id"


class OrderRow(NamedTuple):
    """The order's head, and whose it is."""

    merchant: str
    number: str
    status: str
    placed_at: datetime
    deliver_by: datetime | None
    promise: str | None
    promise_cause: str | None


class LineRow(NamedTuple):
    """One line that has to be shipped."""

    id: UUID
    title: str
    sku: str
    wanted: int
    shipped: int
    returnable: int


class ParcelRow(NamedTuple):
    """One parcel."""

    id: UUID
    carrier: str
    tracking_number: str
    state: str
    state_at: datetime


class ScanRow(NamedTuple):
    """One scan of a parcel."""

    parcel_id: UUID
    state: str
    location: str
    occurred_at: datetime


class ReturnRow(NamedTuple):
    """One return."""

    id: UUID
    state: str


class Found(NamedTuple):
    """Everything the page shows; units by line id."""

    order: OrderRow
    lines: list[LineRow]
    parcels: list[ParcelRow]
    contents: dict[UUID, list[tuple[UUID, int]]]
    scans: dict[UUID, list[ScanRow]]
    returns: list[ReturnRow]
    return_lines: dict[UUID, list[tuple[UUID, int]]]


def order_of_link(vault: Vault, token: str) -> UUID | None:
    """The order that a customer's link opens; None for any link that is not genuine."""
    shown, _, mac = token.partition(".")
    try:
        order_id = ids.ORDER.find(shown)
    except NotFound:
        return None
    return order_id if vault.link_is_genuine("order", order_id, mac) else None


async def is_of_store(work: Work, store_id: UUID, order_id: UUID) -> bool:
    """Whether the order came from this store of the merchant."""
    query = select(Order.id).where(
        Order.merchant_id == work.account_id, Order.id == order_id, Order.store_id == store_id
    )
    return (await work.db.execute(query)).one_or_none() is not None


async def order_looked_up(work: Work, store_id: UUID, number: str, proof: str) -> UUID | None:
    """A store's order by its number and what only its customer knows: the e-mail address or the postcode. None tells
    nothing: neither whether there is such a number, nor what was wrong."""
    query = (
        select(Order.id, Order.email_normal, Order.ship_to)
        .where(
            Order.merchant_id == work.account_id,
            Order.number_normal == normal_number(number),
            Order.store_id == store_id,
        )
        .order_by(Order.id.desc())
        .limit(SAME_NUMBER)
    )
    told = normal_email(proof) if "@" in proof else proof
    rows = (await work.db.execute(query)).all()
    found = [row.id for row in rows if proves(told, row.email_normal, str((row.ship_to or {}).get("postcode") or ""))]
    return found[0] if found else None


async def order_of_customer(
    work: Work, store_id: UUID, external_id: str, customer: str, confirmation: str
) -> UUID | None:
    """A store's order, if it is this customer's; see `rules.customers.is_theirs`. None tells nothing, as above."""
    query = select(Order.id, Order.metadata_).where(
        Order.merchant_id == work.account_id, Order.store_id == store_id, Order.external_id == external_id
    )
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        return None
    known = row.metadata.get(CUSTOMER, ""), row.metadata.get(CONFIRMATION, "")
    return row.id if is_theirs(customer, confirmation, *map(str, known)) else None


async def merchant_of(work: Work, order_id: UUID) -> UUID | None:
    """Whose order this is, in the scope Nobody: asked only once the link was found genuine."""
    rows = await work.fetch_raw(OWNER, order_id)
    owner: UUID | None = rows[0]["merchant_id"]
    return owner


async def find(work: Work, order_id: UUID) -> Found:
    """The order with all that belongs to it. Raises NotFound."""
    order = await _order(work, order_id)
    lines = [
        LineRow(r.id, r.title, r.sku, r.ordered - r.cancelled, r.shipped, max(r.delivered - r.return_requested, 0))
        for r in await work.db.execute(
            select(
                OrderLine.id,
                OrderLine.title,
                OrderLine.sku,
                OrderLine.ordered,
                OrderLine.cancelled,
                OrderLine.shipped,
                OrderLine.delivered,
                OrderLine.return_requested,
            )
            .where(
                OrderLine.merchant_id == work.account_id, OrderLine.order_id == order_id, OrderLine.requires_shipping
            )
            .order_by(OrderLine.position, OrderLine.id)
        )
    ]
    parcels = await _parcels(work, order_id)
    contents: dict[UUID, list[tuple[UUID, int]]] = defaultdict(list)
    scans: dict[UUID, list[ScanRow]] = defaultdict(list)
    if parcels:
        await _fill(work, [parcel.id for parcel in parcels], contents, scans)
    returns = [
        ReturnRow(*row)
        for row in await work.db.execute(
            select(Return.id, Return.state)
            .where(Return.merchant_id == work.account_id, Return.order_id == order_id)
            .order_by(Return.id)
        )
    ]
    return_lines: dict[UUID, list[tuple[UUID, int]]] = defaultdict(list)
    if returns:
        rows = await work.db.execute(
            select(ReturnLine.return_id, ReturnLine.order_line_id, ReturnLine.advised)
            .where(ReturnLine.merchant_id == work.account_id, ReturnLine.order_id == order_id)
            .order_by(ReturnLine.id)
        )
        for row in rows:
            return_lines[row.return_id].append((row.order_line_id, row.advised))
    return Found(order, lines, parcels, contents, scans, returns, return_lines)


async def _order(work: Work, order_id: UUID) -> OrderRow:
    query = (
        select(
            Account.name,
            Order.number,
            Order.status,
            Order.placed_at,
            Order.deliver_by,
            OrderPromise.state,
            OrderPromise.cause,
        )
        .join(Account, Account.account_id == Order.merchant_id)
        .outerjoin(OrderPromise, (OrderPromise.merchant_id == Order.merchant_id) & (OrderPromise.order_id == Order.id))
        .where(Order.merchant_id == work.account_id, Order.id == order_id)
    )
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise NotFound("There is no such order.")
    return OrderRow(*row)


async def _parcels(work: Work, order_id: UUID) -> list[ParcelRow]:
    query = (
        select(Parcel.id, Parcel.carrier, Parcel.tracking_number, Parcel.state, Parcel.state_at)
        .where(Parcel.merchant_id == work.account_id, Parcel.order_id == order_id)
        .order_by(Parcel.id)
    )
    return [ParcelRow(*row) for row in await work.db.execute(query)]


async def _fill(
    work: Work,
    parcel_ids: list[UUID],
    contents: dict[UUID, list[tuple[UUID, int]]],
    scans: dict[UUID, list[ScanRow]],
) -> None:
    inside = select(ParcelContent.parcel_id, ParcelContent.line_id, ParcelContent.quantity).where(
        ParcelContent.merchant_id == work.account_id, ParcelContent.parcel_id.in_(parcel_ids)
    )
    for row in await work.db.execute(inside):
        contents[row.parcel_id].append((row.line_id, row.quantity))
    seen = (
        select(TrackingEvent.parcel_id, TrackingEvent.state, TrackingEvent.location, TrackingEvent.occurred_at)
        .where(TrackingEvent.merchant_id == work.account_id, TrackingEvent.parcel_id.in_(parcel_ids))
        .order_by(TrackingEvent.occurred_at.desc(), TrackingEvent.id.desc())
    )
    for scan in await work.db.execute(seen):
        scans[scan.parcel_id].append(ScanRow(*scan))
