"""Wire shapes of a shop's locations, of the services we registered there, and of what it assigns to us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, Invalid
from fulfilhub.stores.adapters.assigning import Place
from fulfilhub.stores.commands.locating import Mapped
from fulfilhub.stores.queries import LocationRow, ServiceRow
from fulfilhub.stores.queries.assigned import AssignmentRow, PartLine
from fulfilhub.stores.schemas import WarehouseId

AssignmentStateName = Literal[
    "elsewhere", "waiting", "asked", "ours", "recalled", "refused", "done", "given_up", "gone"
]
LocationKindName = Literal["service", "merchant"]
ServiceStateName = Literal["wanted", "registered", "refused", "unwanted"]
LocationId = Annotated[str, Meta(min_length=1, max_length=255, examples=["gid://shopify/Location/655441491"])]
ServiceName = Annotated[str, Meta(max_length=100, examples=["FulfilHub Leeds"])]


class StoreLocationIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """One of the shop's own locations, and the warehouse that stands for it."""

    location_id: LocationId
    warehouse_id: WarehouseId


class StoreServiceIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A warehouse that is to have a fulfilment service, and with it a location, in the shop. `name`: what the shop
    calls it; ours by default."""

    warehouse_id: WarehouseId
    name: ServiceName = ""


class StoreLocationsIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """The whole mapping; what is left out is no longer mapped. Both empty: the store's orders are ours in whole."""

    locations: Annotated[list[StoreLocationIn], Meta(max_length=200)] = []
    services: Annotated[list[StoreServiceIn], Meta(max_length=100)] = []


class StoreLocationOut(Struct, kw_only=True):
    """A location of the shop. `warehouse_id`: the warehouse that stands for it; null: none. `kind`: a fulfilment
    service, which the shop asks, or the merchant's own. `ours`: the service is FulfilHub's."""

    location_id: LocationId
    name: str
    kind: LocationKindName
    ours: bool
    active: bool
    warehouse_id: str | None


class StoreServiceOut(Struct, kw_only=True):
    """A service of ours in the shop. `refused`: the shop would not have it, see `reason`; `unwanted`: it is being
    ended."""

    warehouse_id: str
    name: str
    state: ServiceStateName
    location_id: str | None
    code: str | None
    reason: str | None
    updated_at: datetime


class StoreLocationsOut(Struct, kw_only=True):
    """The shop's locations and our services there. `problem` says why the shop could not be asked just now: then these
    are the mapped locations, as they were last seen."""

    locations: list[StoreLocationOut]
    services: list[StoreServiceOut]
    mapped: bool
    problem: str | None


class StoreAssignmentLineOut(Struct, kw_only=True):
    """Units of a line of the order in an assignment, those nobody sent yet, and those given up, by the shop's ids."""

    id: str
    line_external_id: str
    total: int
    remaining: int
    given_up: int


class StoreAssignmentOut(Struct, kw_only=True):
    """Units of one order that the shop assigned to one location (Shopify: a fulfilment order).

    `state`: `waiting`, nobody asked us yet; `asked`, not answered yet; `ours`; `recalled`, asked back and not answered
    yet; `refused`, by us, see `reason`; `done`; `given_up`, the rest can't be sent; `elsewhere`, moved away; `gone`,
    the shop has it no more.
    """

    id: str
    external_id: str
    order_external_id: str
    location_id: str
    warehouse_id: str | None
    state: AssignmentStateName
    code: str | None
    reason: str | None
    lines: list[StoreAssignmentLineOut]
    changed_at: datetime
    updated_at: datetime


def mapped(data: StoreLocationsIn) -> Mapped:
    """The command's words. Raises Invalid for a location or warehouse that is there twice."""
    locations: dict[str, UUID] = {}
    services: dict[UUID, str] = {}
    faults = []
    for place, each in enumerate(data.locations):
        if each.location_id in locations:
            faults.append(FieldError(f"/locations/{place}/location_id", "Is there twice."))
        pointer = f"/locations/{place}/warehouse_id"
        locations[each.location_id] = ids.WAREHOUSE.read(each.warehouse_id, pointer)
    for place, service in enumerate(data.services):
        warehouse_id = ids.WAREHOUSE.read(service.warehouse_id, f"/services/{place}/warehouse_id")
        if warehouse_id in services:
            faults.append(FieldError(f"/services/{place}/warehouse_id", "Is there twice."))
        services[warehouse_id] = " ".join(service.name.split())
    if faults:
        raise Invalid("The mapping names something twice.", fields=faults)
    return Mapped(locations, services)


def locations_out(
    rows: Sequence[LocationRow], services: Sequence[ServiceRow], places: Sequence[Place] | None, problem: str | None
) -> StoreLocationsOut:
    """`places`: what the shop has now; None when it could not be asked."""
    known = {each.external_id: each for each in rows}
    ours = {each.service_id for each in services if each.service_id is not None}
    seen = [_seen(each) for each in rows] if places is None else list(places)
    return StoreLocationsOut(
        locations=[_location(each, known.get(each.id), ours) for each in seen],
        services=[_service(each) for each in services],
        mapped=any(each.warehouse_id is not None for each in rows),
        problem=problem,
    )


def _seen(row: LocationRow) -> Place:
    return Place(row.external_id, row.name, row.active, row.service_id)


def _location(place: Place, row: LocationRow | None, ours: set[str]) -> StoreLocationOut:
    warehouse_id = None if row is None else row.warehouse_id
    return StoreLocationOut(
        location_id=place.id,
        name=place.name,
        kind="merchant" if place.service_id is None else "service",
        ours=place.service_id in ours,
        active=place.active,
        warehouse_id=None if warehouse_id is None else ids.WAREHOUSE.show(warehouse_id),
    )


def _service(row: ServiceRow) -> StoreServiceOut:
    return StoreServiceOut(
        warehouse_id=ids.WAREHOUSE.show(row.warehouse_id),
        name=row.name,
        state=row.state,  # type: ignore[arg-type]  # the CHECK constraint holds it to these values
        location_id=row.location_id,
        code=row.code,
        reason=row.reason,
        updated_at=row.updated_at,
    )


def assignment_out(row: AssignmentRow, lines: Mapping[UUID, Sequence[PartLine]]) -> StoreAssignmentOut:
    """An assignment with its own of these lines."""
    return StoreAssignmentOut(
        id=ids.ASSIGNMENT.show(row.id),
        external_id=row.external_id,
        order_external_id=row.order_external_id,
        location_id=row.location_id,
        warehouse_id=None if row.warehouse_id is None else ids.WAREHOUSE.show(row.warehouse_id),
        state=row.state,  # type: ignore[arg-type]
        code=row.code,
        reason=row.reason,
        lines=[
            StoreAssignmentLineOut(
                id=line.external_id,
                line_external_id=line.line_external_id,
                total=line.total,
                remaining=line.remaining,
                given_up=line.given_up,
            )
            for line in lines.get(row.id, ())
        ],
        changed_at=row.changed_at,
        updated_at=row.updated_at,
    )
