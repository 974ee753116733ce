"""Words for the people who run a shop: what each state, reason and event of an order means, in plain English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from fulfilhub.orders.rules import (
    ChangeKind,
    HoldReason,
    OrderStatus,
    PromiseCause,
    PromiseState,
    RefusalReason,
    Review,
)
from fulfilhub.returns.rules import ReturnState
from fulfilhub.routing.rules.places import clock_of
from fulfilhub.shipping.rules import TrackingState

LONDON = ZoneInfo("Europe/London")

STATUS: Mapping[OrderStatus, str] = {
    OrderStatus.NEEDS_REVIEW: "Needs your attention",
    OrderStatus.AWAITING_PAYMENT: "Waiting for payment",
    OrderStatus.RECEIVED: "Received, looking for a warehouse",
    OrderStatus.ON_HOLD: "On hold",
    OrderStatus.BACKORDERED: "Waiting for stock",
    OrderStatus.ROUTED: "With the warehouse",
    OrderStatus.IN_PROGRESS: "Being picked and packed",
    OrderStatus.PARTIALLY_SHIPPED: "Partly shipped",
    OrderStatus.SHIPPED: "Shipped",
    OrderStatus.PARTIALLY_DELIVERED: "Partly delivered",
    OrderStatus.DELIVERED: "Delivered",
    OrderStatus.PARTIALLY_RETURNED: "Partly returned",
    OrderStatus.RETURNED: "Returned",
    OrderStatus.CANCELLED: "Cancelled",
    OrderStatus.NOT_REQUIRED: "Nothing to ship",
}

HOLD: Mapping[HoldReason, str] = {
    HoldReason.AWAITING_PAYMENT: "Waiting for payment",
    HoldReason.AWAITING_RETURN_ITEMS: "Waiting for items to come back",
    HoldReason.AWAITING_DOCUMENTATION: "Papers are missing",
    HoldReason.AWAITING_CONFIRMATION: "Waiting for a confirmation",
    HoldReason.FRAUD_RISK: "Checked for fraud",
    HoldReason.INCORRECT_ADDRESS: "The address needs checking",
    HoldReason.OUT_OF_STOCK: "Out of stock",
    HoldReason.CANNOT_BE_ROUTED: "No warehouse can send it",
    HoldReason.UNKNOWN_DELIVERY_DATE: "The delivery date is not known",
    HoldReason.PACK_AND_HOLD: "To be packed, not sent yet",
    HoldReason.QUERY_RAISED: "The warehouse has a question",
    HoldReason.CUSTOMER_REQUEST: "The customer asked to wait",
    HoldReason.OTHER: "Held",
}

FIX: Mapping[Review, str] = {
    Review.UNREADABLE: "Correct the order in your shop and send it again, or settle it in FulfilHub.",
    Review.NO_LINES: "Add the products to the order and send it again.",
    Review.MISSING_SKU: "Give the product an SKU in your shop and send the order again.",
    Review.UNKNOWN_SKU: "Add a product with this SKU to FulfilHub, or map the shop's product to one.",
    Review.BAD_QUANTITY: "Correct the quantity in the order and send it again.",
    Review.DUPLICATE_LINE: "Remove the line that is there twice and send the order again.",
    Review.CUSTOMER_DATA_WITHHELD: "Let your shop show FulfilHub its customers' data, or add the address in FulfilHub.",
    Review.NO_ADDRESS: "Add a shipping address here or in the order.",
    Review.BAD_ADDRESS: "Complete the shipping address here or in the order.",
    Review.UNKNOWN_COUNTRY: "Choose the country in the shipping address.",
    Review.SUSPECT_POSTCODE: "Check the postcode; it is used as it is.",
}
FIX_OTHERWISE = "Correct the order and send it again."

PARCEL: Mapping[TrackingState, str] = {
    TrackingState.LABEL_CREATED: "Ready for the carrier",
    TrackingState.SILENT: "No news from the carrier",
    TrackingState.PICKED_UP: "With the carrier",
    TrackingState.IN_TRANSIT: "On its way",
    TrackingState.CUSTOMS: "At customs",
    TrackingState.DELAYED: "Delayed",
    TrackingState.OUT_FOR_DELIVERY: "Out for delivery",
    TrackingState.ATTEMPT_FAILED: "Delivery was attempted",
    TrackingState.EXCEPTION: "Held up at the carrier",
    TrackingState.READY_FOR_PICKUP: "Ready to be collected",
    TrackingState.RETURNING: "On its way back to the sender",
    TrackingState.CANCELLED: "Cancelled",
    TrackingState.RETURNED: "Back with the sender",
    TrackingState.DELIVERED: "Delivered",
}

RETURN: Mapping[ReturnState, str] = {
    ReturnState.REQUESTED: "Asked for, waiting for a decision",
    ReturnState.APPROVED: "Approved, waiting for the items",
    ReturnState.DECLINED: "Declined",
    ReturnState.IN_TRANSIT: "On its way back",
    ReturnState.RECEIVED: "Arrived at the warehouse",
    ReturnState.INSPECTED: "Checked by the warehouse",
    ReturnState.COMPLETED: "Completed",
    ReturnState.CANCELLED: "Cancelled",
    ReturnState.EXPIRED: "Never sent back",
}

PENDING: Mapping[ChangeKind, str] = {
    ChangeKind.CANCEL: "The warehouse was asked to cancel what it has in hand.",
    ChangeKind.LINES: "The warehouse was asked to send fewer items.",
    ChangeKind.ADDRESS: "The warehouse was asked to send it to another address or by another service.",
}

REFUSED: Mapping[RefusalReason, str] = {
    RefusalReason.ALREADY_PACKED: "it is packed already",
    RefusalReason.ALREADY_HANDED_OVER: "it was handed over to the carrier already",
    RefusalReason.UNDELIVERABLE_DESTINATION: "it can't deliver there",
    RefusalReason.SERVICE_UNAVAILABLE: "it can't send it by that service",
    RefusalReason.NOT_SUPPORTED: "it can't make this change",
    RefusalReason.OTHER: "it can't do so",
}

_FAULT: Mapping[PromiseCause, str] = {
    PromiseCause.SITE: "the warehouse was late",
    PromiseCause.CARRIER: "the carrier was late",
    PromiseCause.MERCHANT: "the order was held by you",
    PromiseCause.CUSTOMER: "it waited for the customer",
}


def service_name(code: str) -> str:
    """`next_day` as customers read it: `Next day`."""
    return code.replace("_", " ").replace("-", " ").strip().capitalize()


def day(moment: datetime, country: str) -> str:
    """`Friday 27 November`, by the clock of the country that it goes to; of one with several, by our own."""
    return moment.astimezone(clock_of(country) or LONDON).strftime("%A %-d %B")


def promise_text(
    state: PromiseState | None, cause: PromiseCause | None, deliver_by: datetime | None, country: str
) -> str:
    """What is to be said of a promise; nothing promised, nothing said."""
    if state is None or deliver_by is None:
        return ""
    by, why = day(deliver_by, country), f": {_FAULT[cause]}" if cause is not None else ""
    match state:
        case PromiseState.ON_TRACK:
            return f"Arrives by {by}"
        case PromiseState.AT_RISK:
            return f"Promised by {by}, and may be late"
        case PromiseState.KEPT:
            return f"Promised by {by}, and kept"
        case PromiseState.EXCUSED:
            return f"Promised by {by}; later than that{why}"
        case PromiseState.BROKEN:
            return f"Promised by {by}, and missed{why}"
