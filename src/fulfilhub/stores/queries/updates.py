"""Every look at shipments and at what stores were told of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
from fulfilhub.stores.adapters.news import ShipmentNews, ShippedLine
from fulfilhub.stores.models import StoreUpdate


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


UPDATE = tuple(getattr(StoreUpdate, name) for name in UpdateRow._fields)


def _updates(work: Work) -> Select[*tuple[Any, ...]]:
    return select(*UPDATE).where(StoreUpdate.merchant_id == work.account_id)


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


async def told_of_others(work: Work, store_id: UUID, order_ids: Collection[UUID]) -> dict[UUID, dict[UUID, list[str]]]:
    """What the store calls the shipments of these orders, by order and shipment."""
    rows = await work.db.execute(
        select(StoreUpdate.order_id, StoreUpdate.shipment_id, StoreUpdate.told_as).where(
            StoreUpdate.merchant_id == work.account_id,
            StoreUpdate.order_id.in_(order_ids),
            StoreUpdate.store_id == store_id,
        )
    )
    found: dict[UUID, dict[UUID, list[str]]] = {}
    for order_id, shipment_id, names in rows:
        found.setdefault(order_id, {})[shipment_id] = names
    return found


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
    warehouse_id: UUID


async def order_of(work: Work, store_id: UUID, external_id: str) -> UUID | None:
    """Our id of a store's order; None when we have none."""
    query = select(Order.id).where(
        Order.merchant_id == work.account_id, Order.store_id == store_id, Order.external_id == external_id
    )
    return (await work.db.execute(query)).scalar_one_or_none()


async def shipments(work: Work, shipment_ids: Collection[UUID]) -> dict[UUID, ShippedRow]:
    """Shipments by id: their parcels as (carrier, tracking number), their units per line of the store's order, and
    whether nothing of the order is left to send. Unknown ones are left out."""
    heads = await work.db.execute(
        select(
            Shipment.id,
            Shipment.order_id,
            Order.store_id,
            Order.external_id,
            Shipment.shipped_at,
            Shipment.warehouse_id,
        )
        .join(Order, (Order.merchant_id == Shipment.merchant_id) & (Order.id == Shipment.order_id))
        .where(Shipment.merchant_id == work.account_id, Shipment.id.in_(shipment_ids))
    )
    known = {row.id: row for row in heads}
    parcels = await work.db.execute(
        select(Parcel.shipment_id, Parcel.carrier, Parcel.tracking_number)
        .where(Parcel.merchant_id == work.account_id, Parcel.shipment_id.in_(known))
        .order_by(Parcel.shipment_id, Parcel.position)
    )
    sent: dict[UUID, list[tuple[str, str]]] = {}
    for shipment_id, carrier, number in parcels:
        sent.setdefault(shipment_id, []).append((carrier, number))
    lines = await _units_sent(work, known)
    unsent = await work.db.execute(
        select(OrderLine.order_id)
        .where(
            OrderLine.merchant_id == work.account_id,
            OrderLine.order_id.in_({row.order_id for row in known.values()}),
            OrderLine.requires_shipping,
            OrderLine.shipped < OrderLine.ordered - OrderLine.cancelled,
        )
        .distinct()
    )
    open_orders = set(unsent.scalars())
    return {
        shipment_id: ShippedRow(
            shipment_id,
            row.order_id,
            row.store_id,
            row.external_id,
            row.shipped_at,
            sent.get(shipment_id, []),
            lines.get(shipment_id, []),
            row.order_id not in open_orders,
            row.warehouse_id,
        )
        for shipment_id, row in known.items()
    }


async def _units_sent(work: Work, shipment_ids: Collection[UUID]) -> dict[UUID, list[ShippedLine]]:
    rows = await work.db.execute(
        select(Parcel.shipment_id, OrderLine.external_id, func.sum(ParcelContent.quantity))
        .join(
            ParcelContent,
            (ParcelContent.merchant_id == OrderLine.merchant_id)
            & (ParcelContent.order_id == OrderLine.order_id)
            & (ParcelContent.line_id == OrderLine.id),
        )
        .join(Parcel, (Parcel.merchant_id == ParcelContent.merchant_id) & (Parcel.id == ParcelContent.parcel_id))
        .where(OrderLine.merchant_id == work.account_id, Parcel.shipment_id.in_(shipment_ids))
        .group_by(Parcel.shipment_id, OrderLine.external_id)
        .order_by(Parcel.shipment_id, OrderLine.external_id)
    )
    found: dict[UUID, list[ShippedLine]] = {}
    for shipment_id, external_id, quantity in rows:
        found.setdefault(shipment_id, []).append(ShippedLine(external_id, int(quantity)))
    return found


def news(
    shipped: ShippedRow, told_as: tuple[str, ...], others: frozenset[str], places: Mapping[str, UUID]
) -> ShipmentNews:
    """A shipment in the adapters' words. The carrier is the first parcel's. `places`: the store's locations that are
    mapped, and the warehouse of each."""
    numbered = [(carrier, number) for carrier, number in shipped.parcels if number]
    urls = [tracking_url(carrier, number) for carrier, number in numbered]
    carrier = shipped.parcels[0][0] if shipped.parcels else ""
    known = find_carrier(carrier)
    return ShipmentNews(
        reference=ids.SHIPMENT.show(shipped.shipment_id),
        order_external_id=shipped.order_external_id,
        lines=tuple(shipped.lines),
        carrier=known.name if known is not None else carrier,
        carrier_code=known.code if known is not None else "",
        shipped_at=shipped.shipped_at,
        tracking_numbers=tuple(number for _, number in numbered),
        tracking_urls=tuple(url for url in urls if url) if all(urls) else (),
        completes_order=shipped.completes_order,
        told_as=told_as,
        others=others,
        places=tuple(sorted(places, key=lambda place: (places[place] != shipped.warehouse_id, place))),
    )
