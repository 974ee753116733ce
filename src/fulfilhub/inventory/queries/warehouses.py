"""Looks at warehouses, and how a stored profile becomes what routing decides with."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, cast
from uuid import UUID

import msgspec
from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from fulfilhub.accounts.models import Contract, ContractVersion, ContractWarehouse
from fulfilhub.accounts.queries.contracts import TERMS, read_terms
from fulfilhub.accounts.rules import ContractState, Terms
from fulfilhub.inventory.models import Warehouse
from fulfilhub.inventory.rules.calendar import WorkingCalendar, read_calendar
from fulfilhub.inventory.rules.warehouse import Service, WarehouseState
from fulfilhub.platform import ids
from fulfilhub.platform.database import Json, JsonList
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.work import Work


class WarehouseRow(NamedTuple):
    """A warehouse as stored; `account_id` is who runs it."""

    account_id: UUID
    id: UUID
    code: str
    name: str
    address: Json
    country: str
    postcode: str
    timezone: str
    currency: str
    cutoffs: Json
    calendar: Json
    handling_days: int
    services: JsonList
    daily_capacity: int | None
    weight_tolerance: Json | None
    state: str
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseProfile:
    """A warehouse as routing decides with it.

    `contracted`: the merchant runs it itself, or a contract covers it today, on these `terms`. Costs in `services` are
    minor units of `currency`.
    """

    id: UUID
    operator_id: UUID
    name: str
    country: str
    postcode: str
    currency: str
    calendar: WorkingCalendar
    handling_days: int
    services: tuple[Service, ...]
    daily_capacity: int | None
    state: WarehouseState
    contracted: bool
    terms: Terms | None = None


COLUMNS = tuple(getattr(Warehouse, name) for name in WarehouseRow._fields)
OF_CONTRACT = and_(
    ContractVersion.merchant_id == Contract.merchant_id,
    ContractVersion.contract_id == Contract.id,
)
AT_WAREHOUSE = and_(
    ContractWarehouse.merchant_id == Contract.merchant_id,
    ContractWarehouse.contract_id == Contract.id,
)


def read_profile(row: WarehouseRow, *, contracted: bool) -> WarehouseProfile:
    """The stored row as rules read it. Raises Invalid or msgspec.ValidationError for what was never checked."""
    return WarehouseProfile(
        id=row.id,
        operator_id=row.account_id,
        name=row.name,
        country=row.country,
        postcode=row.postcode,
        currency=row.currency,
        calendar=calendar_of(row.timezone, row.cutoffs, row.calendar),
        handling_days=row.handling_days,
        services=msgspec.convert(row.services, tuple[Service, ...]),
        daily_capacity=row.daily_capacity,
        state=WarehouseState(row.state),
        contracted=contracted,
    )


def calendar_of(timezone: str, cutoffs: Json, calendar: Json) -> WorkingCalendar:
    """The working calendar that these stored values mean. Raises Invalid naming each bad one."""
    return read_calendar(
        timezone,
        cast("dict[str, str | None]", cutoffs),
        str(calendar.get("holiday_region", "")),
        cast("list[str]", calendar.get("closed_dates", [])),
    )


async def terms_today(work: Work) -> dict[UUID, Terms]:
    """By warehouse, the terms on which the merchant's work is sent there today."""
    today = work.now.date()
    query = (
        select(*TERMS)
        .ext(distinct_on(Contract.id))
        .select_from(Contract)
        .join(ContractVersion, OF_CONTRACT)
        .where(
            Contract.merchant_id == work.account_id,
            Contract.state == ContractState.ACTIVE,
            Contract.starts_on <= today,
            or_(Contract.ends_on.is_(None), Contract.ends_on >= today),
            ContractVersion.state == "accepted",
            ContractVersion.starts_on <= today,
            or_(ContractVersion.ends_on.is_(None), ContractVersion.ends_on >= today),
        )
        .order_by(Contract.id, ContractVersion.number.desc())
    )
    found = [read_terms(row) for row in await work.db.execute(query)]
    return {place: terms for terms in found for place in terms.warehouse_ids}


async def warehouses_for(work: Work) -> list[WarehouseProfile]:
    """Every warehouse the merchant may know, by age: its own and those of its contracts, live or not; with the services
    that its contract covers."""
    covered = await terms_today(work)
    profiles = []
    for row in await work.db.execute(select(*COLUMNS).order_by(Warehouse.id)):
        terms = covered.get(row.id)
        contracted = row.account_id == work.account_id or terms is not None
        profile = read_profile(WarehouseRow(*row), contracted=contracted)
        if terms is not None:
            services = tuple(each for each in profile.services if terms.covers(each.code))
            profile = replace(profile, services=services, terms=terms)
        profiles.append(profile)
    return profiles


async def receivable(work: Work, warehouse_id: UUID, merchant_id: UUID) -> bool:
    """True when goods of this merchant may be booked in there: the scope's own warehouse under an active contract
    with the merchant, the merchant's own, or (in the merchant's scope) one it has an active contract for."""
    agreed = (
        select(Contract.id)
        .join(ContractWarehouse, AT_WAREHOUSE)
        .where(
            Contract.merchant_id == merchant_id,
            ContractWarehouse.warehouse_id == Warehouse.id,
            ContractWarehouse.live,
            Contract.state == ContractState.ACTIVE,
        )
        .exists()
    )
    query = select(Warehouse.id).where(Warehouse.id == warehouse_id, or_(Warehouse.account_id == merchant_id, agreed))
    return (await work.db.execute(query)).one_or_none() is not None


async def get_warehouse(work: Work, warehouse_id: UUID, *, lock: bool = False) -> WarehouseRow:
    """One warehouse the scope may see; `lock` it only in the scope of who runs it. Raises NotFound."""
    query = select(*COLUMNS).where(Warehouse.id == warehouse_id)
    if lock:
        query = query.where(Warehouse.account_id == work.account_id).with_for_update(key_share=True)
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no warehouse {ids.WAREHOUSE.show(warehouse_id)!r}.")
    return WarehouseRow(*row)


async def own_warehouses(work: Work, warehouse_ids: Collection[UUID]) -> dict[UUID, WarehouseRow]:
    """Those of these warehouses that the scope's account runs, by id."""
    query = select(*COLUMNS).where(Warehouse.account_id == work.account_id, Warehouse.id.in_(warehouse_ids))
    return {row.id: WarehouseRow(*row) for row in await work.db.execute(query)}


async def list_warehouses(work: Work, after: UUID | None, limit: int) -> list[WarehouseRow]:
    """Warehouses the scope may see, by age, those after the id `after`."""
    query = select(*COLUMNS).order_by(Warehouse.id).limit(limit)
    if after is not None:
        query = query.where(Warehouse.id > after)
    return [WarehouseRow(*row) for row in await work.db.execute(query)]
