"""Which location of a shop stands for which warehouse: the merchant's own by an explicit mapping, others by fulfilment
services that we register there and end again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import delete, text, update
from sqlalchemy.dialects.postgresql import insert

from fulfilhub.inventory.queries import warehouses_for
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FieldError, Invalid
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.assigning import Place, Registered
from fulfilhub.stores.adapters.port import Connection, InDoubt, Pushed, Refused, Retry
from fulfilhub.stores.commands.following import mark
from fulfilhub.stores.commands.lanes import look_anew
from fulfilhub.stores.commands.pulling import keep_pulling
from fulfilhub.stores.models import StoreLocation, StoreService
from fulfilhub.stores.queries import ServiceRow, assigned
from fulfilhub.stores.rules import PlatformKind, StoreState
from fulfilhub.stores.rules.assigning import LocationKind, ServiceState

REGISTER = "stores.register_service"
CALLBACK = "store-service"
"""What the unguessable part of a service's address is made for."""

KEEP_PLACES = text(
    """
    INSERT INTO store_locations AS l (merchant_id, store_id, external_id, warehouse_id, name, kind, service_id, active,
                                      updated_at)
    SELECT :account, :store, t.external_id, t.warehouse_id, t.name, 'merchant', NULL, t.active, :now
    FROM unnest(cast(:ids AS text[]), cast(:warehouses AS uuid[]), cast(:names AS text[]), cast(:actives AS boolean[]))
         AS t (external_id, warehouse_id, name, active)
    ON CONFLICT (merchant_id, store_id, external_id) DO UPDATE SET warehouse_id = excluded.warehouse_id,
        name = excluded.name, active = excluded.active, kind = 'merchant', service_id = NULL, updated_at = :now
    """
)
OPEN_ORDERS = """
SELECT DISTINCT order_external_id FROM store_assignments
WHERE merchant_id = $1 AND store_id = $2 AND state IN ('waiting', 'asked', 'ours', 'recalled', 'elsewhere')
"""


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a merchant wants: the shop's own locations -> warehouses, and warehouses that are to have a service, with
    the name to give it (empty: one of ours)."""

    locations: Mapping[str, UUID] = field(default_factory=dict)
    services: Mapping[UUID, str] = field(default_factory=dict)


async def mappable(work: Work, store_id: UUID) -> None:
    """Raises NotFound, Conflict for a store that has no locations, or can't be reached."""
    store = await queries.get_store(work, store_id)
    if store.platform != PlatformKind.SHOPIFY:
        raise Conflict("Only a Shopify store has locations.", code="no_locations")
    if store.state != StoreState.CONNECTED:
        raise Conflict("The store is disconnected: give it new credentials first.", code="store_disconnected")


async def map_places(work: Work, store_id: UUID, wanted: Mapped, places: Sequence[Place]) -> None:
    """Replace the mapping of a store whole; services are registered and ended by jobs. `places` is what the shop has
    now. Raises NotFound, Conflict, Invalid naming each location or warehouse that can't be mapped so."""
    await mappable(work, store_id)
    await queries.sealed_store(work, store_id, lock=True)
    known = {each.id: each for each in await warehouses_for(work)}
    services = await queries.services(work, store_id, lock=True)
    _check(wanted, {each.id: each for each in places}, known.keys(), services)
    ending = [each for each in services if each.warehouse_id not in wanted.services]
    await _unmap(work, store_id, ending)
    if wanted.locations:
        rows = sorted(wanted.locations.items())
        by_id = {each.id: each for each in places}
        given = {"account": work.account_id, "store": store_id, "now": work.now}
        given |= {"ids": [place for place, _ in rows], "warehouses": [warehouse for _, warehouse in rows]}
        given |= {"names": [by_id[place].name for place, _ in rows]}
        given |= {"actives": [by_id[place].active for place, _ in rows]}
        await work.db.execute(KEEP_PLACES, given)
    taken = {each.name for each in services}
    for warehouse_id, name in sorted(wanted.services.items()):
        await _want(work, store_id, warehouse_id, name or _own_name(known[warehouse_id].name, taken), services)
    for each in ending:
        await _set(work, each.id, state=ServiceState.UNWANTED)
        work.enqueue(REGISTER, {"store_id": store_id, "service_id": each.id})
    await keep_pulling(work, store_id, mapped=bool(wanted.locations or wanted.services))
    rows_ = await work.fetch_raw(OPEN_ORDERS, work.account_id, store_id)
    await mark(work, store_id, [row[0] for row in rows_])
    await look_anew(work, store_id)


def _check(
    wanted: Mapped, places: Mapping[str, Place], warehouses: Collection[UUID], ours: Sequence[ServiceRow]
) -> None:
    faults: list[FieldError] = []
    own = {each.service_id for each in ours}
    used: set[UUID] = set()
    for at, warehouse_id in enumerate(wanted.services):
        if warehouse_id not in warehouses:
            faults.append(_no_warehouse(f"/services/{at}/warehouse_id", warehouse_id))
        used.add(warehouse_id)
    for at, (place, warehouse_id) in enumerate(wanted.locations.items()):
        found = places.get(place)
        if found is None:
            faults.append(FieldError(f"/locations/{at}/location_id", "The shop has no such location."))
        elif found.service_id is not None:
            whose = "FulfilHub's own" if found.service_id in own else "another app's"
            detail = f"It is {whose} fulfilment service: it can't be mapped."
            faults.append(FieldError(f"/locations/{at}/location_id", detail))
        if warehouse_id in used:
            detail = "A warehouse stands for one location only."
            faults.append(FieldError(f"/locations/{at}/warehouse_id", detail))
        elif warehouse_id not in warehouses:
            faults.append(_no_warehouse(f"/locations/{at}/warehouse_id", warehouse_id))
        used.add(warehouse_id)
    if faults:
        raise Invalid("The locations can't be mapped so.", fields=faults)


def _no_warehouse(pointer: str, warehouse_id: UUID) -> FieldError:
    detail = f"{ids.WAREHOUSE.show(warehouse_id)} is neither yours nor under contract with you."
    return FieldError(pointer, detail)


def _own_name(warehouse: str, taken: set[str]) -> str:
    """A name that no service of ours in the shop has; the shop keeps them unique."""
    name, number = f"FulfilHub {warehouse}"[:100], 1
    while name in taken:
        number += 1
        name = f"FulfilHub {warehouse}"[:95] + f" {number}"
    taken.add(name)
    return name


async def _unmap(work: Work, store_id: UUID, ending: Sequence[ServiceRow]) -> None:
    """None of the merchant's own locations, and none of services that are to end, stands for a warehouse any more."""
    await work.db.execute(
        update(StoreLocation)
        .where(
            StoreLocation.merchant_id == work.account_id,
            StoreLocation.store_id == store_id,
            StoreLocation.service_id.in_([each.service_id for each in ending if each.service_id is not None]),
        )
        .values(warehouse_id=None, active=False, updated_at=work.now)
    )
    await work.db.execute(
        delete(StoreLocation).where(
            StoreLocation.merchant_id == work.account_id,
            StoreLocation.store_id == store_id,
            StoreLocation.kind == LocationKind.MERCHANT,
        )
    )


async def _want(work: Work, store_id: UUID, warehouse_id: UUID, name: str, known: Sequence[ServiceRow]) -> None:
    """Have a service registered. One that is there stays under the name that it has."""
    mine = next((each for each in known if each.warehouse_id == warehouse_id), None)
    if mine is not None and mine.state == ServiceState.REGISTERED:
        return
    service_id = ids.new() if mine is None else mine.id
    if mine is None:
        values = {"merchant_id": work.account_id, "id": service_id, "store_id": store_id, "created_at": work.now}
        values |= {"warehouse_id": warehouse_id, "name": name, "state": ServiceState.WANTED, "updated_at": work.now}
        await work.db.execute(insert(StoreService).values(values))
    else:
        await _set(work, service_id, state=ServiceState.WANTED, name=mine.name if mine.service_id else name)
    work.enqueue(REGISTER, {"store_id": store_id, "service_id": service_id})


async def _set(work: Work, own_id: UUID, /, **values: object) -> None:
    await work.db.execute(
        update(StoreService)
        .where(StoreService.merchant_id == work.account_id, StoreService.id == own_id)
        .values({"code": None, "reason": None, "updated_at": work.now} | values)
    )


async def service_leg(
    work: Work, vault: Vault, store_id: UUID, service_id: UUID
) -> tuple[Connection, ServiceRow] | None:
    """What is to be registered or ended now, and where; None when there is nothing to do."""
    row = next((each for each in await queries.services(work, store_id, lock=True) if each.id == service_id), None)
    sealed = await queries.sealed_store(work, store_id)
    if row is None or sealed.store.state != StoreState.CONNECTED:
        return None
    if row.state in (ServiceState.REGISTERED, ServiceState.REFUSED):
        return None
    if row.state == ServiceState.UNWANTED and row.service_id is None:
        await _forget(work, row)
        return None
    return queries.connection(vault, sealed, work.now), row


async def service_done(work: Work, row: ServiceRow, answer: Registered | Pushed | InDoubt | Refused | Retry) -> None:
    """Write down what the shop said; what it did not answer is the caller's to repeat. A wish that changed meanwhile
    has a job of its own."""
    if isinstance(answer, Registered):
        values = {"service_id": answer.service_id, "location_id": answer.location_id}
        still = next(
            (each for each in await queries.services(work, row.store_id, lock=True) if each.id == row.id), None
        )
        if still is None or still.state == ServiceState.UNWANTED:
            await _set(work, row.id, **values)
            return
        await _set(work, row.id, state=ServiceState.REGISTERED, **values)
        location = {
            "merchant_id": work.account_id,
            "store_id": row.store_id,
            "external_id": answer.location_id,
            "warehouse_id": row.warehouse_id,
            "name": row.name,
            "kind": LocationKind.SERVICE,
            "service_id": answer.service_id,
            "active": True,
            "updated_at": work.now,
        }
        made = insert(StoreLocation).values(location)
        changed = {name: location[name] for name in ("warehouse_id", "name", "kind", "service_id", "active")}
        await work.db.execute(
            made.on_conflict_do_update(index_elements=["merchant_id", "store_id", "external_id"], set_=changed)
        )
        await keep_pulling(work, row.store_id, mapped=True)
        await look_anew(work, row.store_id)
    elif isinstance(answer, Pushed):
        await _forget(work, row)
    elif isinstance(answer, Refused):
        await _set(work, row.id, state=ServiceState.REFUSED, code=answer.code, reason=answer.reason)


async def _forget(work: Work, row: ServiceRow) -> None:
    """A service that has ended: its location is no longer ours, and its address opens nothing."""
    await work.db.execute(
        delete(StoreLocation).where(
            StoreLocation.merchant_id == work.account_id,
            StoreLocation.store_id == row.store_id,
            StoreLocation.external_id == (row.location_id or ""),
            StoreLocation.kind == LocationKind.SERVICE,
        )
    )
    await work.db.execute(
        delete(StoreService).where(StoreService.merchant_id == work.account_id, StoreService.id == row.id)
    )
    mapped = await queries.is_mapped(work, row.store_id)
    await keep_pulling(work, row.store_id, mapped=mapped)
    await look_anew(work, row.store_id)


async def retry_order(work: Work, store_id: UUID, assignment_id: UUID) -> None:
    """Read the order of an assignment again now. Raises NotFound."""
    row = await assigned.get_assignment(work, store_id, assignment_id)
    await mark(work, store_id, [row.order_external_id])


def callback_of(vault: Vault, url: str, service_id: UUID) -> str:
    """The address at which a shop calls about this service; nobody can guess it. `url` is our public base address."""
    return f"{url}/shopify/services/{ids.STORE_SERVICE.show(service_id)}.{vault.link_mac(CALLBACK, service_id)}"
