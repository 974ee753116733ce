"""Fulfilment services and the places they and the merchant have; the shop itself; webhook subscriptions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.fakes.shopify import payloads
from tests.fakes.shopify.engine import Call, No, field, mutation
from tests.fakes.shopify.messages import Subscription
from tests.fakes.shopify.search import chosen
from tests.fakes.shopify.shop import Shop
from tests.fakes.shopify.things import Fulfillment, FulfillmentService, Json, Location, ProductVariant

_RESERVED = {"manual", "gift_card", "amazon", "shipwire", "webgistix"}


def register(shop: Shop, name: str, callback_url: str | None = None, **members: Any) -> FulfillmentService:
    """A fulfilment service of the app, with the location that Shopify makes for it."""
    location = shop.add_location(name, ships_inventory=False)
    number = shop.next_id()
    service = shop.made(
        FulfillmentService,
        id=f"gid://shopify/FulfillmentService/{number}?id=true",
        handle=re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"),
        service_name=name,
        callback_url=callback_url,
        location=location,
        **members,
    )
    location.fulfillment_service = service
    shop.services.append(service)
    shop.tell(("locations/create", payloads.location(location)))
    return service


def _name_errors(shop: Shop, name: str, own: FulfillmentService | None) -> list[Json]:
    told = []
    if not name.strip():
        told.append("Name can't be blank")
    elif name.strip().lower() in _RESERVED:
        told.append("Name is reserved")
    elif any(each.service_name.lower() == name.lower() for each in shop.services if each is not own):
        told.append("Name has already been taken")
    return [{"field": ["name"], "message": message} for message in told]


def _address_errors(url: str | None) -> list[Json]:
    if url is None:
        return []
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        told = f"Callback url protocol {parts.scheme}:// is not supported"
    elif (parts.hostname or "").removeprefix("www.") in ("example.com", "shopify.com"):
        told = "Callback url is not allowed"
    else:
        return []
    return [{"field": ["callbackUrl"], "message": told}]


def _refuse(errors: list[Json]) -> None:
    if errors:
        no = No("")
        no.errors = errors
        raise no


@mutation("fulfillmentServiceCreate")
def _create(call: Call) -> Json:
    given = call.args
    _refuse(_name_errors(call.shop, given["name"], None) + _address_errors(given.get("callbackUrl")))
    made = register(
        call.shop,
        given["name"],
        given.get("callbackUrl"),
        inventory_management=bool(given.get("inventoryManagement")),
        tracking_support=bool(given.get("trackingSupport")),
        requires_shipping_method=given.get("requiresShippingMethod") is not False,
    )
    return {"fulfillmentService": made}


def _the(call: Call) -> FulfillmentService:
    """By its id with or without the `?id=true` that Shopify puts there."""
    wanted = call.args["id"].partition("?")[0]
    found = next((each for each in call.shop.services if each.id.partition("?")[0] == wanted), None)
    if found is None:
        raise No("Fulfillment service could not be found.", ["id"])
    return found


@mutation("fulfillmentServiceUpdate")
def _update(call: Call) -> Json:
    service, given = _the(call), call.args
    errors = _name_errors(call.shop, given["name"], service) if given.get("name") is not None else []
    _refuse(errors + _address_errors(given.get("callbackUrl")))
    if given.get("name") is not None:
        service.service_name = service.location.name = given["name"]
    if "callbackUrl" in given:
        service.callback_url = given["callbackUrl"]
    for argument, member in (
        ("inventoryManagement", "inventory_management"),
        ("trackingSupport", "tracking_support"),
        ("requiresShippingMethod", "requires_shipping_method"),
    ):
        if given.get(argument) is not None:
            setattr(service, member, given[argument])
    call.shop.touch(service, service.location)
    return {"fulfillmentService": service}


@mutation("fulfillmentServiceDelete")
def _delete(call: Call) -> Json:
    service = _the(call)
    action, to = call.args.get("inventoryAction") or "TRANSFER", call.args.get("destinationLocationId")
    if action in ("DELETE", "KEEP") and to is not None:
        told = (
            "Inventory action Destination location id should not be present when deleting/keeping the inventory of the "
            "fulfillment service."
        )
        raise No(told, ["inventoryAction"])
    if action == "TRANSFER" and (to is None or call.shop.find(Location, to) is None):
        raise No("Invalid destination location.")
    call.shop.services.remove(service)
    if action == "KEEP":
        service.location.fulfillment_service = None
    else:
        service.location.is_active = False
        call.shop.locations.remove(service.location)
        del call.shop.things[service.location.id]
    del call.shop.things[service.id]
    return {"deletedId": service.id.partition("?")[0]}


@field("QueryRoot", "fulfillmentService")
def _one(call: Call, _: Any) -> object:
    wanted = call.args["id"].partition("?")[0]
    return next((each for each in call.shop.services if each.id.partition("?")[0] == wanted), None)


@field("QueryRoot", "locations")
def _locations(call: Call, _: Any) -> object:
    rows = [
        place
        for place in call.shop.locations
        if (place.is_active or call.args.get("includeInactive"))
        and (not place.is_fulfillment_service or call.args.get("includeLegacy"))
    ]
    members = {"id": lambda place: place.number, "name": lambda place: place.name}
    return chosen(rows, call.args.get("query"), members)


@field("QueryRoot", "location")
def _location(call: Call, _: Any) -> object:
    return call.shop.find(Location, call.args["id"]) if call.args.get("id") else call.shop.primary


def _manual(shop: Shop) -> Json:
    """The merchant's own hands, as a service."""
    return {
        "id": "gid://shopify/FulfillmentService/manual",
        "handle": "manual",
        "serviceName": "Manual",
        "callbackUrl": None,
        "trackingSupport": False,
        "inventoryManagement": False,
        "requiresShippingMethod": True,
        "type": "MANUAL",
        "location": shop.primary,
    }


@field("Fulfillment", "service")
def _by(call: Call, sent: Fulfillment) -> object:
    return sent.service or _manual(call.shop)


@field("QueryRoot", "shop")
def _shop(call: Call, _: Any) -> object:
    return {
        "id": "gid://shopify/Shop/548380009",
        "name": "Sample Goods",
        "email": "owner@example.test",
        "contactEmail": "owner@example.test",
        "currencyCode": "GBP",
        "ianaTimezone": "Europe/London",
        "myshopifyDomain": call.shop.domain,
        "url": f"https://{call.shop.domain}",
        "primaryDomain": {"host": call.shop.domain, "url": f"https://{call.shop.domain}", "sslEnabled": True},
        "plan": {"publicDisplayName": "Basic", "partnerDevelopment": False, "shopifyPlus": False},
        "taxesIncluded": False,
        "weightUnit": "KILOGRAMS",
        "fulfillmentServices": [_manual(call.shop), *call.shop.services],
    }


@field("QueryRoot", "currentAppInstallation")
def _installation(call: Call, _: Any) -> object:
    scopes = [{"handle": scope, "description": scope} for scope in sorted(call.shop.scopes)]
    app = {"id": "gid://shopify/App/12345", "title": "FulfilHub", "handle": "fulfilhub", "apiKey": call.shop.client_id}
    return {"id": "gid://shopify/AppInstallation/1", "accessScopes": scopes, "app": app}


# -- webhook subscriptions made through the API --


def _topic(name: str) -> str:
    """`ORDERS_CREATE` as messages name it. The resource may itself have an underscore."""
    for resource in (
        "FULFILLMENT_ORDERS",
        "FULFILLMENT_HOLDS",
        "FULFILLMENT_EVENTS",
        "INVENTORY_LEVELS",
        "INVENTORY_ITEMS",
    ):
        if name.startswith(f"{resource}_"):
            return f"{resource.lower()}/{name.removeprefix(f'{resource}_').lower()}"
    head, _, tail = name.partition("_")
    return f"{head.lower()}/{tail.lower()}"


def _shown(one: Subscription) -> Json:
    topic = next(iter(one.topics), "").replace("/", "_").upper()
    return {"__typename": "WebhookSubscription", "id": one.id, "topic": topic, "uri": one.uri, "name": one.name}


@mutation("webhookSubscriptionCreate")
def _subscribe(call: Call) -> Json:
    given: Mapping[str, Any] = call.args["webhookSubscription"]
    uri, topic = given.get("uri") or given.get("callbackUrl") or "", _topic(call.args["topic"])
    at = ["webhookSubscription", "callbackUrl"]
    if not uri:
        raise No("Address can't be blank", at)
    if urlsplit(uri).scheme != "https" and urlsplit(uri).hostname not in ("127.0.0.1", "localhost"):
        raise No(f"Address protocol {urlsplit(uri).scheme}:// is not supported", at)
    if any(one.uri == uri and topic in one.topics for one in call.shop.outbox.subscriptions):
        raise No("Address for this topic has already been taken", at)
    one = Subscription(uri, frozenset({topic}), name=given.get("name"))
    one.id = f"gid://shopify/WebhookSubscription/{call.shop.next_id()}"
    call.shop.outbox.subscriptions.append(one)
    return {"webhookSubscription": _shown(one)}


@mutation("webhookSubscriptionDelete")
def _unsubscribe(call: Call) -> Json:
    one = next((each for each in call.shop.outbox.subscriptions if each.id == call.args["id"]), None)
    if one is None:
        raise No("Webhook subscription does not exist", ["id"])
    call.shop.outbox.subscriptions.remove(one)
    return {"deletedWebhookSubscriptionId": one.id}


@field("QueryRoot", "webhookSubscriptions")
def _subscriptions(call: Call, _: Any) -> object:
    return [_shown(one) for one in call.shop.outbox.subscriptions if one.id]


# -- what Shopify asks a service's callback address by itself --


async def fetch_stock(http: httpx.AsyncClient, shop: Shop, service: FulfillmentService, sku: str = "") -> Any:
    """GET fetch_stock; what it answers is what is on hand at the service's location, from now on."""
    asked = {"shop": shop.domain, "timestamp": str(int(shop.now().timestamp())), **({"sku": sku} if sku else {})}
    answer = await http.get(f"{(service.callback_url or '').rstrip('/')}/fetch_stock.json", params=asked)
    answer.raise_for_status()
    told = answer.json()
    found: dict[str, ProductVariant] = {variant.sku: variant for variant in shop.variants() if variant.sku}
    for name, units in told.get("stock_levels", told).items():
        if name in found:
            level = shop.stock(found[name], service.location, 0)
            level.quantities["available"] = int(units) - level.on_hand
    return told


async def fetch_tracking_numbers(http: httpx.AsyncClient, shop: Shop, service: FulfillmentService) -> Any:
    """GET fetch_tracking_numbers for the service's fulfilments that have none; what it answers is kept."""
    bare: list[Fulfillment] = [
        sent
        for order in shop.orders
        for sent in order.fulfillments
        if sent.service is service and not sent.tracking_info
    ]
    asked: list[tuple[str, str | int | float | bool | None]] = [
        ("shop", shop.domain),
        ("timestamp", str(int(shop.now().timestamp()))),
        *(("order_names[]", sent.name) for sent in bare),
    ]
    answer = await http.get(f"{(service.callback_url or '').rstrip('/')}/fetch_tracking_numbers.json", params=asked)
    answer.raise_for_status()
    told = answer.json()
    for sent in bare:
        if number := told["tracking_numbers"].get(sent.name):
            sent.tracking_info = [{"company": None, "number": number, "url": None}]
    return told
