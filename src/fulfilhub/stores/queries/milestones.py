"""Looks at where shipments are, for the shops that are told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from fulfilhub.orders.models import Order
from fulfilhub.platform import ids
from fulfilhub.platform.work import Work
from fulfilhub.shipping.models import Parcel, Shipment
from fulfilhub.shipping.rules import TrackingState
from fulfilhub.stores.adapters.milestones import MilestoneNews
from fulfilhub.stores.models import Store, StoreUpdate
from fulfilhub.stores.rules import PlatformKind
from fulfilhub.stores.rules.milestones import milestone_of


async def milestones(work: Work, store_id: UUID, shipment_ids: Collection[UUID]) -> Mapping[UUID, MilestoneNews]:
    """Where these shipments are, by shipment; those that the store was not told of yet, and those of which there is
    nothing to say, are left out."""
    names = await work.db.execute(
        select(StoreUpdate.shipment_id, StoreUpdate.told_as).where(
            StoreUpdate.merchant_id == work.account_id,
            StoreUpdate.store_id == store_id,
            StoreUpdate.shipment_id.in_(shipment_ids),
        )
    )
    told = {shipment_id: tuple(known) for shipment_id, known in names if known}
    parcels: dict[UUID, list[tuple[TrackingState, datetime]]] = {}
    rows = await work.db.execute(
        select(Parcel.shipment_id, Parcel.state, Parcel.state_at).where(
            Parcel.merchant_id == work.account_id, Parcel.shipment_id.in_(told)
        )
    )
    for shipment_id, state, since in rows:
        parcels.setdefault(shipment_id, []).append((TrackingState(state), since))
    found = {shipment_id: milestone_of(states) for shipment_id, states in parcels.items()}
    return {
        shipment_id: MilestoneNews(
            reference=ids.SHIPMENT.show(shipment_id), told_as=told[shipment_id], milestone=each[0], at=each[1]
        )
        for shipment_id, each in found.items()
        if each is not None
    }


async def shipments_shown(
    work: Work, parcel_ids: Collection[UUID], shipment_ids: Collection[UUID]
) -> list[tuple[UUID, UUID, UUID]]:
    """(store, shipment, order) of these parcels and shipments whose store shows where a shipment is."""
    query = (
        select(Order.store_id, Shipment.id, Shipment.order_id)
        .join(Order, (Order.merchant_id == Shipment.merchant_id) & (Order.id == Shipment.order_id))
        .join(Store, (Store.merchant_id == Order.merchant_id) & (Store.id == Order.store_id))
        .outerjoin(Parcel, (Parcel.merchant_id == Shipment.merchant_id) & (Parcel.shipment_id == Shipment.id))
        .where(
            Shipment.merchant_id == work.account_id,
            Store.platform == PlatformKind.SHOPIFY,
            Parcel.id.in_(parcel_ids) | Shipment.id.in_(shipment_ids),
        )
        .distinct()
        .order_by(Order.store_id, Shipment.id)
    )
    return [(row[0], row[1], row[2]) for row in await work.db.execute(query)]
