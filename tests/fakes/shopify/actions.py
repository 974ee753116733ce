"""What may be done with a fulfilment order in each state, as `supportedActions` say it, and what the changes of one
have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.shopify import payloads
from tests.fakes.shopify.engine import Call, No, field, top_level
from tests.fakes.shopify.paging import Rows
from tests.fakes.shopify.search import chosen
from tests.fakes.shopify.shop import Shop
from tests.fakes.shopify.things import FulfillmentOrder, FulfillmentOrderLineItem, MerchantRequest

DONE = {"CLOSED", "CANCELLED"}
GONE = "Fulfillment order does not exist."

Taken = list[tuple[FulfillmentOrderLineItem, int]]


def actions(waiting: FulfillmentOrder) -> list[str]:
    """By state, in the order recorded. Those of a service's order after its acceptance are not recorded but
    documented."""
    if waiting.status in DONE:
        return []
    if waiting.status == "ON_HOLD":
        return ["RELEASE_HOLD", "HOLD", "MOVE"]
    more_than_one = ["SPLIT"] if waiting.remaining > 1 else []
    if waiting.service is not None:
        if waiting.request_status == "SUBMITTED":
            return ["CANCEL_FULFILLMENT_ORDER"]
        if waiting.status == "IN_PROGRESS":
            return ["CREATE_FULFILLMENT", "REQUEST_CANCELLATION", "HOLD"]
        return ["REQUEST_FULFILLMENT", "CREATE_FULFILLMENT", "HOLD", *more_than_one, "MOVE"]
    if waiting.status == "IN_PROGRESS":
        return ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "HOLD", "MARK_AS_OPEN"]
    merge = ["MERGE"] if any(_mergeable(waiting, other) for other in waiting.order.fulfillment_orders) else []
    return ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD", *more_than_one, *merge]


def _mergeable(one: FulfillmentOrder, other: FulfillmentOrder) -> bool:
    return other is not one and other.status == "OPEN" and other.location is one.location


def taken(waiting: FulfillmentOrder, given: Sequence[Mapping[str, Any]] | None) -> Taken:
    """The lines and units an input names; all that is left where it names none."""
    if given is None:
        return [(row, row.remaining_quantity) for row in waiting.line_items if row.remaining_quantity]
    found: Taken = []
    for each in given:
        row = next((row for row in waiting.line_items if row.id == each["id"]), None)
        if row is None:
            raise No("Fulfillment order line item does not exist.")
        if each["quantity"] > row.remaining_quantity:
            raise No("Invalid fulfillment order line item quantity requested.")
        found.append((row, int(each["quantity"])))
    return found


def everything(waiting: FulfillmentOrder, units: Taken) -> bool:
    """Is it all that the order has left?"""
    return sum(number for _, number in units) == waiting.remaining


def carve(shop: Shop, waiting: FulfillmentOrder, units: Taken, **members: Any) -> FulfillmentOrder:
    """A new fulfilment order with these units, taken from this one, which keeps its id and the rest."""
    rows = []
    for row, number in units:
        row.total_quantity -= number
        row.remaining_quantity -= number
        rows.append(
            shop.made(
                FulfillmentOrderLineItem, line_item=row.line_item, total_quantity=number, remaining_quantity=number
            )
        )
    waiting.line_items = [row for row in waiting.line_items if row.total_quantity]
    made = shop.made(
        FulfillmentOrder,
        **{"order": waiting.order, "location": waiting.location, "fulfill_at": waiting.fulfill_at, **members},
        line_items=rows,
    )
    waiting.order.fulfillment_orders.append(made)
    return made


def rest_of(waiting: FulfillmentOrder, units: Taken) -> Taken:
    """What is left of it beside these units."""
    chosen_units = {row.id: number for row, number in units}
    left = [(row, row.remaining_quantity - chosen_units.get(row.id, 0)) for row in waiting.line_items]
    return [(row, number) for row, number in left if number]


def the(call: Call, gid: str) -> FulfillmentOrder:
    """The fulfilment order with this id."""
    found = call.shop.find(FulfillmentOrder, gid)
    if found is None:
        raise No(GONE, None, "FULFILLMENT_ORDER_NOT_FOUND")
    return found


def changed(shop: Shop, *orders: FulfillmentOrder) -> None:
    """Their time of change moves, and their order's."""
    shop.touch(*orders)
    shop.touch(*{waiting.order for waiting in orders})


# -- what queries see --


@field("FulfillmentOrder", "supportedActions")
def _actions(_: Call, waiting: FulfillmentOrder) -> object:
    return [{"action": name, "externalUrl": None} for name in actions(waiting)]


@field("FulfillmentOrder", "assignedLocation")
def _assigned(_: Call, waiting: FulfillmentOrder) -> object:
    address = {name: value for name, value in waiting.location.address.items() if name != "formatted"}
    return {**address, "name": waiting.location.name, "location": waiting.location}


@field("FulfillmentOrder", "merchantRequests")
def _requests(call: Call, waiting: FulfillmentOrder) -> object:
    kind = call.args.get("kind")
    return [each for each in waiting.merchant_requests if kind in (None, each.kind)]


@field("FulfillmentOrderLineItem", "variantTitle")
def _variant_title(_: Call, row: FulfillmentOrderLineItem) -> object:
    return None if row.variant is None or row.variant.title == "Default Title" else row.variant.title


@field("FulfillmentOrderLineItem", "vendor")
def _vendor(_: Call, row: FulfillmentOrderLineItem) -> object:
    return row.variant.product.vendor if row.variant else None


@field("QueryRoot", "fulfillmentOrder")
def _one(call: Call, _: Any) -> object:
    return call.shop.find(FulfillmentOrder, call.args["id"])


def _all(shop: Shop) -> list[FulfillmentOrder]:
    return [waiting for order in shop.orders for waiting in order.fulfillment_orders]


def _sorted(call: Call, rows: Sequence[FulfillmentOrder]) -> Rows:
    member = {"UPDATED_AT": "updated_at", "CREATED_AT": "created_at"}.get(call.args.get("sortKey", ""))
    return Rows(rows, lambda row: getattr(row, member).isoformat() if member else "")


@field("QueryRoot", "fulfillmentOrders")
def _listed(call: Call, _: Any) -> object:
    rows = [row for row in _all(call.shop) if call.args.get("includeClosed") or row.status not in DONE]
    members = {
        "assigned_location_id": lambda row: row.location.number,
        "id": lambda row: row.number,
        "status": lambda row: row.status,
        "updated_at": lambda row: row.updated_at,
    }
    return _sorted(call, chosen(rows, call.args.get("query"), members))


def asked_to_cancel(waiting: FulfillmentOrder) -> MerchantRequest | None:
    """The merchant's request to cancel it that nobody answered yet."""
    last = waiting.merchant_requests[-1] if waiting.merchant_requests else None
    return last if last and last.kind == "CANCELLATION_REQUEST" and not last.answered else None


@field("QueryRoot", "assignedFulfillmentOrders")
def _assigned_orders(call: Call, _: Any) -> object:
    shop, status = call.shop, call.args.get("assignmentStatus")
    if not shop.services:
        raise top_level("The api_client is not associated with any fulfillment service.", "BAD_REQUEST")
    places = {each.location.id for each in shop.services}
    wanted = set(call.args.get("locationIds") or places)
    rows = [row for row in _all(shop) if row.location.id in places & wanted and row.status not in DONE]
    if status == "CANCELLATION_REQUESTED":
        rows = [row for row in rows if asked_to_cancel(row)]
    elif status is not None:
        means = {
            "FULFILLMENT_REQUESTED": {"SUBMITTED"},
            "FULFILLMENT_ACCEPTED": {"ACCEPTED", "CANCELLATION_REJECTED"},
            "FULFILLMENT_UNSUBMITTED": {"UNSUBMITTED"},
        }[status]
        rows = [row for row in rows if row.request_status in means]
    return _sorted(call, rows)


def moved(waiting: FulfillmentOrder) -> dict[str, Any]:
    """As `fulfillment_orders/moved` names it."""
    return {**payloads.thin(waiting), "assigned_location_id": waiting.location.id}
