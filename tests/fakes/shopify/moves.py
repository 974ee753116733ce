"""What happens to fulfilment orders besides requests: holds, moves, splits, merges, progress, cancelling and
scheduling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.fakes.shopify import inventory, payloads
from tests.fakes.shopify.actions import DONE, carve, changed, everything, moved, rest_of, taken, the
from tests.fakes.shopify.engine import Call, No, mutation
from tests.fakes.shopify.shop import Shop
from tests.fakes.shopify.things import FulfillmentHold, FulfillmentOrder, FulfillmentOrderLineItem, Json, Location

_MOST_HOLDS = 10


def hold(
    shop: Shop,
    waiting: FulfillmentOrder,
    *,
    reason: str = "OTHER",
    notes: str | None = None,
    handle: str | None = None,
    lines: Sequence[Mapping[str, Any]] | None = None,
    by_app: bool = False,
) -> tuple[FulfillmentHold, FulfillmentOrder | None]:
    """Place a hold, by the merchant or by the app. Of a part: the order keeps its id and that part, the rest is a new
    open one, returned with the hold."""
    within = ["fulfillmentHold", "fulfillmentOrderLineItems"]
    if waiting.status in DONE:
        raise No("The fulfillment order is not in a holdable state.", ["id"])
    own = [each for each in waiting.fulfillment_holds if each.held_by_requesting_app is by_app]
    if len(own) >= _MOST_HOLDS:
        told = (
            "The maximum number of fulfillment holds for this fulfillment order has been reached for this app. An app "
            "can only have up to 10 holds on a single fulfillment order at any one time."
        )
        raise No(told, ["id"], "FULFILLMENT_ORDER_HOLD_LIMIT_REACHED")
    if any(each.handle == (handle or "") for each in own if each.handle is not None) or (own and not handle):
        told = (
            "The handle provided for the fulfillment hold is already in use by this app for another hold on this "
            "fulfillment order."
        )
        raise No(told, ["fulfillmentHold", "handle"], "DUPLICATE_FULFILLMENT_HOLD_HANDLE")
    if lines is not None:
        if any(row["quantity"] < 1 for row in lines):
            told = "You must select at least one item to place on partial hold."
            raise No(told, [*within, "0", "quantity"], "GREATER_THAN_ZERO")
        if len({row["id"] for row in lines}) < len(lines):
            raise No("must contain unique line item ids", within, "DUPLICATED_FULFILLMENT_ORDER_LINE_ITEMS")
        if waiting.fulfillment_holds:
            told = "The fulfillment order is not in a splittable state."
            raise No(told, within, "FULFILLMENT_ORDER_NOT_SPLITTABLE")
    units = taken(waiting, lines)
    left = None if everything(waiting, units) else carve(shop, waiting, rest_of(waiting, units))
    if left is not None:
        waiting.left_by_hold = left
    first = not waiting.fulfillment_holds
    made = shop.made(
        FulfillmentHold, reason=reason, reason_notes=notes, handle=handle or "", held_by_requesting_app=by_app
    )
    waiting.fulfillment_holds.append(made)
    waiting.status = "ON_HOLD"
    changed(shop, waiting)
    shown = {"id": waiting.id}
    news: list[tuple[str, Json]] = [
        ("fulfillment_holds/added", {"fulfillment_order": shown, "fulfillment_hold": payloads.hold(made)})
    ]
    if first:
        news.append(("fulfillment_orders/placed_on_hold", _placed(waiting, made, left)))
    shop.tell(*news)
    return made, left


def _placed(waiting: FulfillmentOrder, made: FulfillmentHold, left: FulfillmentOrder | None) -> Json:
    holds = [payloads.hold(each) for each in waiting.fulfillment_holds]
    return {
        "fulfillment_order": {"id": waiting.id, "status": "on_hold", "fulfillment_holds": holds},
        "remaining_fulfillment_order": payloads.thin(left) if left else None,
        "held_fulfillment_order_line_items": [
            {"id": row.id, "quantity": row.remaining_quantity} for row in waiting.line_items
        ],
        "created_fulfillment_hold": payloads.hold(made),
    }


def release(shop: Shop, waiting: FulfillmentOrder, hold_ids: Sequence[str] | None = None) -> None:
    """Release these holds, or all. With the last one the order is open again, or what it was at its service, and has
    back what a partial hold left out (recorded)."""
    released = [each for each in waiting.fulfillment_holds if hold_ids is None or each.id in hold_ids]
    if not released:
        raise No("The fulfillment order is not on hold.", ["id"])
    waiting.fulfillment_holds = [each for each in waiting.fulfillment_holds if each not in released]
    if not waiting.fulfillment_holds:
        accepted = waiting.request_status in ("ACCEPTED", "CANCELLATION_REJECTED")
        waiting.status = "IN_PROGRESS" if accepted else "OPEN"
        left, waiting.left_by_hold = waiting.left_by_hold, None
        if left is not None and left.status == "OPEN" and left.location is waiting.location:
            for row in left.line_items:
                _join(shop, waiting, row)
            left.status = "CLOSED"
            changed(shop, left)
    changed(shop, waiting)
    news: list[tuple[str, Json]] = [
        (
            "fulfillment_holds/released",
            {"fulfillment_order": {"id": waiting.id}, "fulfillment_hold": payloads.hold(each)},
        )
        for each in released
    ]
    if not waiting.fulfillment_holds:
        news.append(("fulfillment_orders/hold_released", {"fulfillment_order": payloads.thin(waiting)}))
    shop.tell(*news)


def move(
    shop: Shop, waiting: FulfillmentOrder, to: Location, lines: Sequence[Mapping[str, Any]] | None = None
) -> FulfillmentOrder:
    """To another location: the order itself when all of it goes, else a new one (returned) with what goes."""
    if waiting.request_status in ("SUBMITTED", "ACCEPTED") and waiting.service is not None:
        raise No("Cannot move submitted fulfillment order that is at a 3PL fulfillment service.")
    if waiting.progress:
        told = (
            "Cannot move a fulfillment order that has had progress reported. To move a fulfillment order that has had "
            "progress reported, the fulfillment order must first be marked as open resolving the ongoing progress "
            "state."
        )
        raise No(told, ["id"], "CANNOT_MOVE_FULFILLMENT_ORDER_WITH_REPORTED_PROGRESS")
    if waiting.status in DONE or to is waiting.location:
        raise No("Cannot change location.")
    source, units = waiting.location, taken(waiting, lines)
    for row, number in units:
        inventory.release(shop, row.variant, source, number)
        inventory.commit(shop, row.variant, to, number)
    asked = [{"id": row.id, "quantity": number} for row, number in units]
    gone = waiting if everything(waiting, units) else carve(shop, waiting, units, location=to)
    gone.location, gone.request_status = to, "UNSUBMITTED"
    changed(shop, waiting, gone)
    news = {
        "original_fulfillment_order": moved(waiting),
        "moved_fulfillment_order": moved(gone),
        "destination_location_id": to.id,
        "fulfillment_order_line_items_requested": asked,
        "source_location": {"id": source.id},
    }
    shop.tell(("fulfillment_orders/moved", news))
    return gone


def split(shop: Shop, waiting: FulfillmentOrder, lines: Sequence[Mapping[str, Any]]) -> FulfillmentOrder:
    """These units become a new fulfilment order; this one keeps its id and the rest."""
    within = ["fulfillmentOrderSplits", "0", "fulfillmentOrderLineItems"]
    if not lines:
        told = "There must be at least one item selected in this fulfillment to split it."
        raise No(told, within, "NO_LINE_ITEMS_PROVIDED_TO_SPLIT")
    if any(row["quantity"] < 1 for row in lines):
        told = "You must select at least one item to split into a new fulfillment order."
        raise No(told, [*within, "0", "quantity"], "GREATER_THAN")
    units = taken(waiting, lines)
    if waiting.status != "OPEN" or everything(waiting, units):
        raise No("The fulfillment order is not in a splittable state.")
    made = carve(shop, waiting, units)
    changed(shop, waiting, made)
    news = {
        "split_line_items": [{"id": row.id, "quantity": number} for row, number in units],
        "fulfillment_order": payloads.thin(waiting),
        "remaining_fulfillment_order": payloads.thin(made),
        "replacement_fulfillment_order": None,
    }
    shop.tell(("fulfillment_orders/split", news))
    return made


def merge(shop: Shop, orders: Sequence[FulfillmentOrder]) -> FulfillmentOrder:
    """All into the first; the others are closed, their lines without units."""
    for waiting in orders:
        if waiting.status != "OPEN" or waiting.location is not orders[0].location:
            raise No(f"Fulfillment order: {waiting.number} is currently not in a mergeable state.")
    kept = orders[0]
    asked = [
        {
            "fulfillment_order_id": waiting.number,
            "fulfillment_order_line_items": [
                {"id": row.number, "quantity": row.remaining_quantity} for row in waiting.line_items
            ],
        }
        for waiting in orders
    ]
    for waiting in orders[1:]:
        for row in waiting.line_items:
            _join(shop, kept, row)
        waiting.status = "CLOSED"
    changed(shop, *orders)
    news = {"merge_intents": asked, "fulfillment_order_merges": {"fulfillment_order": payloads.thin(kept)}}
    shop.tell(("fulfillment_orders/merged", news))
    return kept


def _join(shop: Shop, kept: FulfillmentOrder, row: FulfillmentOrderLineItem) -> None:
    own = next((each for each in kept.line_items if each.line_item is row.line_item), None)
    if own is None:
        own = shop.made(FulfillmentOrderLineItem, line_item=row.line_item, total_quantity=0, remaining_quantity=0)
        kept.line_items.append(own)
    own.total_quantity += row.total_quantity
    own.remaining_quantity += row.remaining_quantity
    row.total_quantity = row.remaining_quantity = 0


@mutation("fulfillmentOrderHold")
def _hold(call: Call) -> Json:
    waiting, given = the(call, call.args["id"]), call.args["fulfillmentHold"]
    made, left = hold(
        call.shop,
        waiting,
        reason=given["reason"],
        notes=given.get("reasonNotes"),
        handle=given.get("handle"),
        lines=given.get("fulfillmentOrderLineItems"),
        by_app=True,
    )
    made.external_id = given.get("externalId")
    return {"fulfillmentHold": made, "fulfillmentOrder": waiting, "remainingFulfillmentOrder": left}


@mutation("fulfillmentOrderReleaseHold")
def _release(call: Call) -> Json:
    waiting = the(call, call.args["id"])
    release(call.shop, waiting, call.args.get("holdIds"))
    return {"fulfillmentOrder": waiting}


@mutation("fulfillmentOrderMove")
def _move(call: Call) -> Json:
    waiting = the(call, call.args["id"])
    to = call.shop.find(Location, call.args["newLocationId"])
    if to is None:
        raise No("Location not found.", ["id"])
    gone = move(call.shop, waiting, to, call.args.get("fulfillmentOrderLineItems"))
    left = None if gone is waiting else waiting
    return {"movedFulfillmentOrder": gone, "originalFulfillmentOrder": waiting, "remainingFulfillmentOrder": left}


@mutation("fulfillmentOrderSplit")
def _split(call: Call) -> Json:
    asked = call.args["fulfillmentOrderSplits"]
    orders = [the(call, each["fulfillmentOrderId"]) for each in asked]
    parts = [
        split(call.shop, waiting, each["fulfillmentOrderLineItems"])
        for waiting, each in zip(orders, asked, strict=True)
    ]
    return {
        "fulfillmentOrderSplits": [
            {"fulfillmentOrder": waiting, "remainingFulfillmentOrder": part, "replacementFulfillmentOrder": None}
            for waiting, part in zip(orders, parts, strict=True)
        ]
    }


@mutation("fulfillmentOrderMerge")
def _merge(call: Call) -> Json:
    merged = [
        merge(call.shop, [the(call, intent["fulfillmentOrderId"]) for intent in each["mergeIntents"]])
        for each in call.args["fulfillmentOrderMergeInputs"]
    ]
    return {"fulfillmentOrderMerges": [{"fulfillmentOrder": kept} for kept in merged]}


@mutation("fulfillmentOrderReportProgress")
def _progress(call: Call) -> Json:
    waiting = the(call, call.args["id"])
    if waiting.status not in ("OPEN", "IN_PROGRESS") or waiting.service is not None:
        raise No("Cannot report progress on a fulfillment order in this state.")
    before, waiting.status, waiting.progress = waiting.status, "IN_PROGRESS", True
    changed(call.shop, waiting)
    notes = (call.args.get("progressReport") or {}).get("reasonNotes")
    news = {
        "fulfillment_order": payloads.thin(waiting),
        "progress_report": {"reason_notes": notes, "progress_reported_by_app": {"id": "gid://shopify/App/12345"}},
        "initial_status": before.lower(),
    }
    call.shop.tell(("fulfillment_orders/progress_reported", news))
    return {"fulfillmentOrder": waiting}


@mutation("fulfillmentOrderOpen")
def _open(call: Call) -> Json:
    waiting = the(call, call.args["id"])
    if not (waiting.progress or waiting.status == "SCHEDULED"):
        raise No(f"Expected fulfillment order status to be valid but it was {waiting.status.lower()}.")
    waiting.status, waiting.progress = "OPEN", False
    changed(call.shop, waiting)
    news = {"fulfillment_order": payloads.thin(waiting)}
    call.shop.tell(("fulfillment_orders/manually_reported_progress_stopped", news))
    return {"fulfillmentOrder": waiting}


@mutation("fulfillmentOrderCancel")
def _cancel(call: Call) -> Json:
    """What it had left is a new fulfilment order, with the very same lines (recorded)."""
    waiting = the(call, call.args["id"])
    if waiting.progress:
        told = "Cannot cancel fulfillment order that has had progress reported. Mark as unfulfilled first."
        raise No(told, ["id"])
    if waiting.status != "OPEN":
        raise No("Fulfillment order is not in cancelable request state and can't be canceled.")
    made = call.shop.made(
        FulfillmentOrder, order=waiting.order, location=waiting.location, line_items=list(waiting.line_items)
    )
    waiting.order.fulfillment_orders.append(made)
    waiting.line_items, waiting.status = [], "CLOSED"
    changed(call.shop, waiting, made)
    news = {"fulfillment_order": payloads.thin(waiting), "replacement_fulfillment_order": payloads.thin(made)}
    call.shop.tell(("fulfillment_orders/cancelled", news))
    return {"fulfillmentOrder": waiting, "replacementFulfillmentOrder": made}


@mutation("fulfillmentOrderReschedule")
def _reschedule(call: Call) -> Json:
    waiting = the(call, call.args["id"])
    if waiting.status != "SCHEDULED":
        raise No("Fulfillment order must be scheduled.")
    waiting.fulfill_at = datetime.fromisoformat(call.args["fulfillAt"])
    changed(call.shop, waiting)
    call.shop.tell(("fulfillment_orders/rescheduled", {"fulfillment_order": payloads.thin(waiting)}))
    return {"fulfillmentOrder": waiting}


@mutation("fulfillmentOrdersSetFulfillmentDeadline")
def _deadline(call: Call) -> Json:
    found = [call.shop.find(FulfillmentOrder, gid) for gid in call.args["fulfillmentOrderIds"]]
    orders = [waiting for waiting in found if waiting is not None]
    if len(orders) < len(found):
        raise No("Fulfillment orders could not be found.")
    for waiting in orders:
        waiting.fulfill_by = datetime.fromisoformat(call.args["fulfillmentDeadline"])
    changed(call.shop, *orders)
    return {"success": True}
