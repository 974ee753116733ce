"""Shopify's locations, and the fulfilment services by which we have some of our own."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.assigning import Place, Places, Registered
from fulfilhub.stores.adapters.port import Connection, Ended, InDoubt, Missing, Pushed, Refused, Retry
from fulfilhub.stores.adapters.shopify import client, documents, pages

_MOST_PAGES = 50
_LOCATIONS = documents.read("FulfilHubLocations")
_SERVICES = documents.read("FulfilHubServices")
_CREATE = documents.read("FulfilHubCreateService")
_UPDATE = documents.read("FulfilHubUpdateService")
_DELETE = documents.read("FulfilHubDeleteService")


async def places(http: httpx.AsyncClient, connection: Connection) -> Places | Refused | Retry:
    """See `AssignmentAdapter.places`."""
    found: list[Place] = []
    after: str | None = None
    for _ in range(_MOST_PAGES):
        answer = await client.query(http, connection, _LOCATIONS, {"after": after})
        if isinstance(answer, Missing):
            return Retry("The place in the list was lost.")
        if isinstance(answer, Refused | Retry):
            return answer
        page = answer.get("locations")
        if not isinstance(page, dict):
            return Refused("unauthorised", "The app was not given the access scope to see locations.")
        found += [_place(row) for row in reading.rows(page)]
        after = pages.next_page(page)
        if not after:
            return Places(tuple(found))
    return Refused("too_large", "The shop has more locations than can be read.")


def _place(row: Mapping[str, object]) -> Place:
    service = reading.text(reading.table(row.get("fulfillmentService")).get("id"))
    return Place(
        id=reading.text(row.get("id")),
        name=reading.text(row.get("name"))[:200],
        active=row.get("isActive") is True,
        service_id=service if row.get("isFulfillmentService") is True and service else None,
    )


async def register(http: httpx.AsyncClient, connection: Connection, name: str, callback: str) -> Registered | Ended:
    """See `AssignmentAdapter.register`. Names are unique in a shop, so after a lost answer the name finds it."""
    answer = await client.query(http, connection, _SERVICES, {})
    if isinstance(answer, Missing):
        return Retry("Shopify gave no list of services.")
    if isinstance(answer, Refused | Retry):
        return answer
    listed = reading.table(answer.get("shop")).get("fulfillmentServices")
    if not isinstance(listed, list):
        return Refused("unauthorised", "The app was not given the access scope to see fulfilment services.")
    by_address = [row for row in reading.rows(listed) if reading.text(row.get("callbackUrl")) == callback]
    by_name = [row for row in reading.rows(listed) if reading.text(row.get("serviceName")) == name]
    known = next(iter(by_address + by_name), None)
    if known is None:
        return await _write(http, connection, _CREATE, "fulfillmentServiceCreate", {"name": name, "callback": callback})
    if known in by_address:
        return _registered(known)
    variables = {"id": reading.text(known.get("id")), "callback": callback}
    return await _write(http, connection, _UPDATE, "fulfillmentServiceUpdate", variables)


async def _write(
    http: httpx.AsyncClient, connection: Connection, document: str, mutation: str, variables: Mapping[str, object]
) -> Registered | Ended:
    answer = await client.mutate(http, connection, document, variables)
    if isinstance(answer, Missing):
        return Retry("The services changed while they were read.")
    if isinstance(answer, InDoubt | Refused | Retry):
        return answer
    payload = reading.table(answer.get(mutation))
    if reason := client.refusal(payload):
        return Refused("rejected", reason)
    return _registered(reading.table(payload.get("fulfillmentService")))


def _registered(row: Mapping[str, object]) -> Registered | InDoubt:
    service, location = reading.text(row.get("id")), reading.text(reading.table(row.get("location")).get("id"))
    if not service or not location:
        return InDoubt("Shopify's answer names no service with a location.")
    return Registered(service, location)


async def unregister(http: httpx.AsyncClient, connection: Connection, service_id: str) -> Ended:
    """See `AssignmentAdapter.unregister`. Its stock stays with the location, which becomes the merchant's own."""
    answer = await client.mutate(http, connection, _DELETE, {"id": service_id})
    if isinstance(answer, Missing):
        return Pushed()
    if isinstance(answer, InDoubt | Refused | Retry):
        return answer
    reason = client.refusal(answer.get("fulfillmentServiceDelete"))
    if reason and "could not be found" not in reason.lower():
        return Refused("rejected", reason)
    return Pushed()
