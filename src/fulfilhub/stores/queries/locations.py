"""Looks at a shop's locations, the warehouses that stand for them, and the services we registered there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import exists, select

from fulfilhub.platform.work import Work
from fulfilhub.stores.models import StoreLocation, StoreService


class LocationRow(NamedTuple):
    """A location of a shop, and the warehouse that stands for it."""

    external_id: str
    warehouse_id: UUID | None
    name: str
    kind: str
    service_id: str | None
    active: bool
    updated_at: datetime


class ServiceRow(NamedTuple):
    """A fulfilment service of ours in a shop."""

    id: UUID
    store_id: UUID
    warehouse_id: UUID
    name: str
    state: str
    service_id: str | None
    location_id: str | None
    code: str | None
    reason: str | None
    updated_at: datetime


class ServiceDoor(NamedTuple):
    """Whose service this is: all that may be known before the shop's signature is checked."""

    merchant_id: UUID
    store_id: UUID
    warehouse_id: UUID


LOCATION = tuple(getattr(StoreLocation, name) for name in LocationRow._fields)
SERVICE = tuple(getattr(StoreService, name) for name in ServiceRow._fields)


async def locations(work: Work, store_id: UUID) -> list[LocationRow]:
    """A store's locations as they were last read, by name."""
    query = select(*LOCATION).where(StoreLocation.merchant_id == work.account_id, StoreLocation.store_id == store_id)
    query = query.order_by(StoreLocation.name, StoreLocation.external_id)
    return [LocationRow._make(row) for row in await work.db.execute(query)]


async def warehouses_at(work: Work, store_id: UUID) -> Mapping[str, UUID]:
    """The warehouse that stands for each location of a store; empty for a store without a mapping, where every
    order is ours in whole."""
    found = await locations(work, store_id)
    return {each.external_id: each.warehouse_id for each in found if each.warehouse_id is not None and each.active}


async def is_mapped(work: Work, store_id: UUID) -> bool:
    """Whether only what the shop asks of certain locations is ours."""
    mapped = exists().where(
        StoreLocation.merchant_id == work.account_id,
        StoreLocation.store_id == store_id,
        StoreLocation.warehouse_id.is_not(None),
    )
    return bool((await work.db.execute(select(mapped))).scalar_one())


async def services(work: Work, store_id: UUID, *, lock: bool = False) -> list[ServiceRow]:
    """The services that we registered in a shop, or are to, by age; optionally locked."""
    query = select(*SERVICE).where(StoreService.merchant_id == work.account_id, StoreService.store_id == store_id)
    query = query.order_by(StoreService.id)
    return [ServiceRow._make(row) for row in await work.db.execute(query.with_for_update() if lock else query)]


async def service_door(work: Work, service_id: UUID) -> ServiceDoor | None:
    """Whose service this is, in the scope Nobody; None for an unknown one."""
    rows = await work.fetch_raw("SELECT merchant_id, store_id, warehouse_id FROM store_service_door($1)", service_id)
    return ServiceDoor(rows[0]["merchant_id"], rows[0]["store_id"], rows[0]["warehouse_id"]) if rows else None
