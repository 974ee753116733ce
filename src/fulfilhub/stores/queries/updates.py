"""Every look at shipments and at what stores were told of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Select, func, select

from fulfilhub.orders.models import Order, OrderLine
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.work import Work
from fulfilhub.shipping.models import Parcel, ParcelContent, Shipment
from fulfilhub.shipping.rules import find_carrier, tracking_url
from fulfilhub.stores.adapters.port import ShipmentNews, ShippedLine
from fulfilhub.stores.models import StoreUpdate
from fulfilhub.stores.rules import UpdateState


class UpdateRow(NamedTuple):
    id: UUID
    store_id: UUID
    shipment_id: UUID
    order_id: UUID
    state: str
    attempts: int
    told_as: list[str]
    left_out: list[object]
    code: str | None
    reason: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def lines_left_out(self) -> list[ShippedLine]:
        """Units the store would not take."""
        return msgspec.convert(self.left_out, list[ShippedLine])


class Outgoing(NamedTuple):
    """How much a store is still to be told of, and of how much it will not be told as it is."""

    waiting: int
    failed: int


UPDATE = tuple(getattr(StoreUpdate, name) for name in UpdateRow._fields)


def _updates(work: Work) -> Select[*tuple[Any, ...]]:
    return select(*UPDATE).where(StoreUpdate.merchant_id == work.account_id)


async def outgoing(work: Work, store_id: UUID) -> Outgoing:
    """What of a store's updates is open."""
    query = (
        select(StoreUpdate.state, func.count())
        .where(
            StoreUpdate.merchant_id == work.account_id,
            StoreUpdate.store_id == store_id,
            StoreUpdate.state != UpdateState.SENT,
        )
        .group_by(StoreUpdate.state)
    )
    found = {row.state: int(row[1]) for row in await work.db.execute(query)}
    waiting = found.get(UpdateState.PENDING, 0) + found.get(UpdateState.IN_DOUBT, 0)
    return Outgoing(waiting, sum(found.values()) - waiting)


async def list_updates(
    work: Work, store_id: UUID, state: str | None, after: UUID | None, limit: int
) -> list[UpdateRow]:
    """What a store was told, by age."""
    query = _updates(work).where(StoreUpdate.store_id == store_id).order_by(StoreUpdate.id).limit(limit)
    if after is not None:
        query = query.where(StoreUpdate.id > after)
    if state is not None:
        query = query.where(StoreUpdate.state == state)
    return [UpdateRow(*row) for row in await work.db.execute(query)]


async def get_update(work: Work, store_id: UUID, update_id: UUID) -> UpdateRow:
    """One update. Raises NotFound."""
    query = _updates(work).where(StoreUpdate.store_id == store_id, StoreUpdate.id == update_id)
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no store update {ids.STORE_UPDATE.show(update_id)!r}.")
    return UpdateRow(*row)


async def update_of(work: Work, store_id: UUID, shipment_id: UUID) -> UpdateRow | None:
    """What the store was told of a shipment, locked; None when nothing yet."""
    query = _updates(work).where(StoreUpdate.store_id == store_id, StoreUpdate.shipment_id == shipment_id)
    row = (await work.db.execute(query.with_for_update())).one_or_none()
    return None if row is None else UpdateRow(*row)


async def told_of_others(work: Work, store_id: UUID, order_id: UUID, shipment_id: UUID) -> frozenset[str]:
    """What the store calls the order's other shipments."""
    rows = await work.db.execute(
        select(func.unnest(StoreUpdate.told_as)).where(
            StoreUpdate.merchant_id == work.account_id,
            StoreUpdate.order_id == order_id,
            StoreUpdate.store_id == store_id,
            StoreUpdate.shipment_id != shipment_id,
        )
    )
    return frozenset(rows.scalars())


class ShippedRow(NamedTuple):
    """A shipment with what its store must know of it."""

    shipment_id: UUID
    order_id: UUID
    store_id: UUID
    order_external_id: str
    shipped_at: datetime
    parcels: list[tuple[str, str]]
    lines: list[ShippedLine]
    completes_order: bool


async def order_of(work: Work, store_id: UUID, external_id: str) -> UUID | None:
    """Our id of a store's order; None when we have none."""
    query = select(Order.id).where(
        Order.merchant_id == work.account_id, Order.store_id == store_id, Order.external_id == external_id
    )
    return (await work.db.execute(query)).scalar_one_or_none()


async def shipment(work: Work, shipment_id: UUID) -> ShippedRow | None:
    """A shipment, its parcels as (carrier, tracking number), its units per line of the store's order, and whether
    nothing of the order is left to send; None when there is no such shipment."""
    query = (
        select(Shipment.order_id, Order.store_id, Order.external_id, Shipment.shipped_at)
        .join(Order, (Order.merchant_id == Shipment.merchant_id) & (Order.id == Shipment.order_id))
        .where(Shipment.merchant_id == work.account_id, Shipment.id == shipment_id)
    )
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        return None
    parcels = await work.db.execute(
        select(Parcel.carrier, Parcel.tracking_number)
        .where(Parcel.merchant_id == work.account_id, Parcel.shipment_id == shipment_id)
        .order_by(Parcel.position)
    )
    lines = await work.db.execute(
        select(OrderLine.external_id, func.sum(ParcelContent.quantity))
        .join(
            ParcelContent,
            (ParcelContent.merchant_id == OrderLine.merchant_id)
            & (ParcelContent.order_id == OrderLine.order_id)
            & (ParcelContent.line_id == OrderLine.id),
        )
        .join(Parcel, (Parcel.merchant_id == ParcelContent.merchant_id) & (Parcel.id == ParcelContent.parcel_id))
        .where(
            OrderLine.merchant_id == work.account_id,
            OrderLine.order_id == row.order_id,
            Parcel.shipment_id == shipment_id,
        )
        .group_by(OrderLine.external_id)
        .order_by(OrderLine.external_id)
    )
    left = await work.db.execute(
        select(func.count()).where(
            OrderLine.merchant_id == work.account_id,
            OrderLine.order_id == row.order_id,
            OrderLine.requires_shipping,
            OrderLine.shipped < OrderLine.ordered - OrderLine.cancelled,
        )
    )
    return ShippedRow(
        shipment_id,
        row.order_id,
        row.store_id,
        row.external_id,
        row.shipped_at,
        [(carrier, number) for carrier, number in parcels],
        [ShippedLine(external_id, int(quantity)) for external_id, quantity in lines],
        left.scalar_one() == 0,
    )


def news(shipped: ShippedRow, told_as: tuple[str, ...], others: frozenset[str]) -> ShipmentNews:
    """A shipment in the adapters' words. The carrier is the first parcel's."""
    numbered = [(carrier, number) for carrier, number in shipped.parcels if number]
    urls = [tracking_url(carrier, number) for carrier, number in numbered]
    carrier = shipped.parcels[0][0] if shipped.parcels else ""
    known = find_carrier(carrier)
    return ShipmentNews(
        reference=ids.SHIPMENT.show(shipped.shipment_id),
        order_external_id=shipped.order_external_id,
        lines=tuple(shipped.lines),
        carrier=known.name if known is not None else carrier,
        shipped_at=shipped.shipped_at,
        tracking_numbers=tuple(number for _, number in numbered),
        tracking_urls=tuple(url for url in urls if url) if all(urls) else (),
        completes_order=shipped.completes_order,
        told_as=told_as,
        others=others,
    )
