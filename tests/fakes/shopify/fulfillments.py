"""Fulfilments: one order and one location in a call, all or nothing; tracking, milestones and cancelling."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.fakes.shopify import inventory, payloads
from tests.fakes.shopify.actions import DONE, GONE, Taken, changed, taken
from tests.fakes.shopify.engine import Call, No, field, mutation
from tests.fakes.shopify.shop import Shop
from tests.fakes.shopify.things import (
    Fulfillment,
    FulfillmentEvent,
    FulfillmentLineItem,
    FulfillmentOrder,
    Json,
    LineItem,
    Order,
)


def create(
    shop: Shop, chosen: list[tuple[FulfillmentOrder, Taken]], tracking: list[Json], *, notify: bool = False
) -> Fulfillment:
    """Units leave one location: the app says so, or the merchant in the shop's admin."""
    first = chosen[0][0]
    units: dict[LineItem, int] = {}
    for waiting, rows in chosen:
        for row, number in rows:
            row.remaining_quantity -= number
            units[row.line_item] = units.get(row.line_item, 0) + number
            inventory.send(shop, row.variant, waiting.location, number)
        if not waiting.remaining:
            waiting.status = "CLOSED"
        elif waiting.status == "OPEN":
            waiting.status = "IN_PROGRESS"
    order = first.order
    sent = shop.made(
        Fulfillment,
        order=order,
        name=f"{order.name}-F{len(order.fulfillments) + 1}",
        location=first.location,
        fulfillment_line_items=[
            shop.made(FulfillmentLineItem, line_item=line, quantity=number) for line, number in units.items()
        ],
        fulfillment_orders=[waiting for waiting, _ in chosen],
        tracking_info=tracking,
        notified=notify,
    )
    order.fulfillments.append(sent)
    changed(shop, *(waiting for waiting, _ in chosen))
    topic = "orders/fulfilled" if order.display_fulfillment_status == "FULFILLED" else "orders/partially_fulfilled"
    whole = payloads.order(order, personal=shop.shows_personal_data)
    shop.tell(("fulfillments/create", payloads.fulfillment(sent)), (topic, whole), ("orders/updated", whole))
    return sent


def _chosen(call: Call, groups: list[Mapping[str, Any]]) -> list[tuple[FulfillmentOrder, Taken]]:
    """As asked for, once nothing is wrong with it. Quantities are judged before anything is looked up (recorded)."""
    for place, group in enumerate(groups):
        for own, row in enumerate(group.get("fulfillmentOrderLineItems") or ()):
            if row["quantity"] < 1:
                at = ["fulfillment", "lineItemsByFulfillmentOrder", str(place), "fulfillmentOrderLineItems", str(own)]
                raise No("Quantity must be greater than 0", [*at, "quantity"])
    orders = []
    for group in groups:
        waiting = call.shop.find(FulfillmentOrder, group["fulfillmentOrderId"])
        if waiting is None:
            raise No(GONE, ["fulfillment"])
        orders.append(waiting)
    if len(owners := sorted({waiting.order.number for waiting in orders})) > 1:
        told = f"Multiple orders with ids {owners} were found."
        raise No(f"All fulfillment orders must belong to the same order. {told}", ["fulfillment"])
    if len(places := sorted({waiting.location.number for waiting in orders})) > 1:
        told = f"Multiple locations with ids {places} were found."
        raise No(f"All fulfillment orders must be assigned to a single location. {told}", ["fulfillment"])
    for waiting in orders:
        if waiting.status in DONE or waiting.status in ("ON_HOLD", "SCHEDULED"):
            told = f"Fulfillment order {waiting.number} has an unfulfillable status= {waiting.status.lower()}."
            raise No(told, ["fulfillment"])
    found = []
    for waiting, group in zip(orders, groups, strict=True):
        try:
            found.append((waiting, taken(waiting, group.get("fulfillmentOrderLineItems") or None)))
        except No as no:
            raise No(str(no), ["fulfillment"]) from None
    return found


def tracking_of(given: Mapping[str, Any] | None) -> list[Json]:
    """Either the plural members or the singular ones; addresses go with the numbers, in order."""
    given = given or {}
    numbers = given.get("numbers") or ([given["number"]] if given.get("number") else [])
    urls = given.get("urls") or ([given["url"]] if given.get("url") else [])
    return [
        {"company": given.get("company"), "number": number, "url": urls[place] if place < len(urls) else None}
        for place, number in enumerate(numbers)
    ]


@mutation("fulfillmentCreate")
def _create(call: Call) -> Json:
    given = call.args["fulfillment"]
    chosen = _chosen(call, given["lineItemsByFulfillmentOrder"])
    tracking = tracking_of(given.get("trackingInfo"))
    return {"fulfillment": create(call.shop, chosen, tracking, notify=bool(given.get("notifyCustomer")))}


def _the(call: Call, gid: str, field_: str) -> Fulfillment:
    sent = call.shop.find(Fulfillment, gid)
    if sent is None:
        raise No("Fulfillment does not exist.", [field_])
    return sent


def _updated(shop: Shop, sent: Fulfillment) -> None:
    shop.touch(sent, sent.order)
    whole = payloads.order(sent.order, personal=shop.shows_personal_data)
    shop.tell(("fulfillments/update", payloads.fulfillment(sent)), ("orders/updated", whole))


@mutation("fulfillmentTrackingInfoUpdate")
def _track(call: Call) -> Json:
    """Replaces all tracking of the fulfilment."""
    sent = _the(call, call.args["fulfillmentId"], "fulfillmentId")
    sent.tracking_info = tracking_of(call.args["trackingInfoInput"])
    sent.notified = sent.notified or bool(call.args.get("notifyCustomer"))
    _updated(call.shop, sent)
    return {"fulfillment": sent}


@mutation("fulfillmentCancel")
def _cancel(call: Call) -> Json:
    sent = _the(call, call.args["id"], "id")
    cancel(call.shop, sent)
    return {"fulfillment": sent}


def cancel(shop: Shop, sent: Fulfillment) -> None:
    """It never left: its units wait again, at the location they were to leave from."""
    if sent.status == "CANCELLED":
        raise No("Fulfillment is already cancelled.", ["id"])
    sent.status = "CANCELLED"
    for line in sent.fulfillment_line_items:
        left = line.quantity
        for waiting in sent.fulfillment_orders:
            for row in waiting.line_items:
                if row.line_item is line.line_item and left:
                    back = min(left, row.total_quantity - row.remaining_quantity)
                    row.remaining_quantity += back
                    left -= back
        inventory.add(shop, line.line_item.variant, sent.location, line.quantity)
        inventory.commit(shop, line.line_item.variant, sent.location, line.quantity)
    for waiting in sent.fulfillment_orders:
        waiting.status = "IN_PROGRESS" if waiting.request_status == "ACCEPTED" else "OPEN"
    _updated(shop, sent)


@mutation("fulfillmentEventCreate")
def _event(call: Call) -> Json:
    shop, given = call.shop, call.args["fulfillmentEvent"]
    sent = call.shop.find(Fulfillment, given["fulfillmentId"])
    if sent is None:
        raise No("Fulfillment does not exist.", ["fulfillmentEvent", "fulfillmentId"])
    happened = given.get("happenedAt")
    members = {
        name: given.get(name)
        for name in ("message", "address1", "city", "province", "country", "zip", "latitude", "longitude")
    }
    made = shop.made(
        FulfillmentEvent,
        status=given["status"],
        happened_at=datetime.fromisoformat(happened) if happened else shop.now(),
        estimated_delivery_at=given.get("estimatedDeliveryAt"),
        **members,
    )
    sent.events.append(made)
    _updated(shop, sent)
    return {"fulfillmentEvent": made}


@field("QueryRoot", "fulfillment")
def _one(call: Call, _: Any) -> object:
    return call.shop.find(Fulfillment, call.args["id"])


@field("Order", "fulfillmentsCount")
def _count(_: Call, order: Order) -> object:
    return {"count": len(order.fulfillments), "precision": "EXACT"}
