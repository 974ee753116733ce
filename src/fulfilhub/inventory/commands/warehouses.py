"""Making and changing warehouses, in the scope of who runs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from fulfilhub.inventory import queries
from fulfilhub.inventory.events import WarehouseChanged
from fulfilhub.inventory.models import Warehouse
from fulfilhub.inventory.queries import WarehouseRow
from fulfilhub.inventory.queries.warehouses import COLUMNS, calendar_of
from fulfilhub.inventory.rules.calendar import knows_region
from fulfilhub.inventory.rules.warehouse import Service, WarehouseState
from fulfilhub.platform import ids
from fulfilhub.platform.database import Json, JsonList
from fulfilhub.platform.errors import Conflict, FieldError, Invalid
from fulfilhub.platform.work import Work
from fulfilhub.web.conditional import check_version


class CodeTaken(Conflict):
    """The account has a warehouse with this code."""

    code = "code_taken"
    title = "This code is in use"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWarehouse:
    """A warehouse's profile. `cutoffs` maps weekdays to local times; costs in `services` are minor units of
    `currency`; `daily_capacity` counts fulfilments, None for no limit;
    without `weight_tolerance` parcels are not weighed against what they hold."""

    code: str
    name: str
    address: Json
    country: str
    postcode: str
    timezone: str
    currency: str
    cutoffs: Json
    calendar: Json
    services: JsonList
    handling_days: int = 0
    daily_capacity: int | None = None
    weight_tolerance: Json | None = None
    state: WarehouseState = field(default=WarehouseState.OPEN)


PROFILE = tuple(NewWarehouse.__dataclass_fields__)


def check_profile(profile: Mapping[str, object]) -> None:
    """Raises Invalid naming every field that routing could not decide with; keys as `NewWarehouse`."""
    faults: list[FieldError] = []
    calendar = msgspec.convert(profile["calendar"], Json)
    try:
        calendar_of(str(profile["timezone"]), msgspec.convert(profile["cutoffs"], Json), calendar)
    except Invalid as error:
        faults.extend(error.fields)
    region = str(calendar.get("holiday_region", ""))
    if region and not knows_region(region):
        faults.append(
            FieldError("/calendar/holiday_region", "Must be a country or a part of it, such as GB or GB-SCT.")
        )
    faults.extend(_service_faults(msgspec.convert(profile["services"], tuple[Service, ...])))
    if faults:
        raise Invalid("The warehouse's profile has errors.", fields=faults)


def _service_faults(services: Sequence[Service]) -> list[FieldError]:
    faults = []
    for i, service in enumerate(services):
        for j, zone in enumerate(service.zones):
            for k, country in enumerate(zone.countries):
                if country != "*" and not (len(country) == 2 and country.isascii() and country.isupper()):
                    pointer = f"/services/{i}/zones/{j}/countries/{k}"
                    faults.append(FieldError(pointer, "Must be a country's two letters such as GB, or *."))
    return faults


async def make_warehouse(work: Work, wanted: NewWarehouse) -> WarehouseRow:
    """Make a warehouse run by the scope's account. Raises Invalid for a bad profile, CodeTaken."""
    profile = {name: getattr(wanted, name) for name in PROFILE}
    check_profile(profile)
    statement = (
        upsert(Warehouse)
        .values(account_id=work.account_id, id=ids.new(), created_at=work.now, updated_at=work.now, **profile)
        .on_conflict_do_nothing(index_elements=["account_id", "code"])
        .returning(*COLUMNS)
    )
    row = (await work.db.execute(statement)).one_or_none()
    if row is None:
        raise _taken(wanted.code)
    made = WarehouseRow(*row)
    _tell(work, made)
    return made


async def change_warehouse(
    work: Work, warehouse_id: UUID, changes: Mapping[str, object], expected_version: int | None = None
) -> WarehouseRow:
    """Set the named parts of the profile; without a real change nothing happens.

    Raises NotFound, Stale when `expected_version` is no longer the present one, Invalid for a bad profile, and
    Conflict for a warehouse that is closed for good.
    """
    row = await queries.get_warehouse(work, warehouse_id, lock=True)
    check_version(expected_version, row.version)
    new = {name: value for name, value in changes.items() if getattr(row, name) != value}
    if not new:
        return row
    if row.state == WarehouseState.CLOSED:
        raise Conflict("This warehouse is closed for good.", code="illegal_action", more={"state": row.state})
    check_profile({name: new.get(name, getattr(row, name)) for name in PROFILE})
    statement = (
        update(Warehouse)
        .where(Warehouse.account_id == work.account_id, Warehouse.id == warehouse_id)
        .values(**new, version=row.version + 1, updated_at=work.now)
        .returning(*COLUMNS)
    )
    try:
        changed = (await work.db.execute(statement)).one()
    except IntegrityError as error:
        if "uq_warehouses_code" in str(error.orig):
            raise _taken(str(new.get("code"))) from None
        raise
    made = WarehouseRow(*changed)
    _tell(work, made)
    return made


def _taken(code: str) -> CodeTaken:
    return CodeTaken(f"You have a warehouse {code!r} already.", fields=[FieldError("/code", "Is in use.")])


def _tell(work: Work, row: WarehouseRow) -> None:
    work.publish(WarehouseChanged(warehouse_id=row.id, state=row.state, version=row.version))
