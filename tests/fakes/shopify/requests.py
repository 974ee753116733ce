"""Between the merchant and a fulfilment service: asked, accepted or rejected, asked to cancel, that accepted or
rejected, and closed when the rest can't be done. What is asked is told to the service's callback address, which says no
more than that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.shopify import inventory, payloads
from tests.fakes.shopify.actions import asked_to_cancel, carve, changed, everything, rest_of, taken, the
from tests.fakes.shopify.engine import Call, No, mutation
from tests.fakes.shopify.shop import Shop
from tests.fakes.shopify.things import FulfillmentOrder, Json, MerchantRequest


def submit(
    shop: Shop,
    waiting: FulfillmentOrder,
    lines: Sequence[Mapping[str, Any]] | None = None,
    *,
    message: str | None = None,
    notify: bool = True,
) -> FulfillmentOrder | None:
    """The merchant asks the service to fulfil. Asked for a part, the order keeps its id and that part; the rest is a
    new one, which is returned."""
    if waiting.service is None:
        raise No("The fulfillment order's assigned fulfillment service must be of api type")
    if waiting.status != "OPEN" or waiting.request_status not in ("UNSUBMITTED", "REJECTED", "CANCELLATION_ACCEPTED"):
        raise No("Cannot request fulfillment for the fulfillment order.")
    units = taken(waiting, lines)
    left = None if everything(waiting, units) else carve(shop, waiting, rest_of(waiting, units))
    waiting.request_status = "SUBMITTED"
    asked = _ask(shop, waiting, "FULFILLMENT_REQUEST", message, {"notify_customer": notify})
    changed(shop, waiting)
    news: Json = {
        "original_fulfillment_order": payloads.thin(waiting),
        "submitted_fulfillment_order": payloads.thin(waiting),
        "fulfillment_order_merchant_request": {"id": asked.id, "message": message},
    }
    shop.tell(("fulfillment_orders/fulfillment_request_submitted", news))
    return left


def _ask(shop: Shop, waiting: FulfillmentOrder, kind: str, message: str | None, options: Json) -> MerchantRequest:
    asked = shop.made(
        MerchantRequest,
        fulfillment_order=waiting,
        kind=kind,
        message=message,
        request_options=options,
        sent_at=shop.now(),
    )
    waiting.merchant_requests.append(asked)
    if waiting.service is not None and waiting.service.callback_url:
        address = f"{waiting.service.callback_url.rstrip('/')}/fulfillment_order_notification"
        shop.outbox.ping(shop, address, {"kind": kind})
    return asked


def ask_to_cancel(shop: Shop, waiting: FulfillmentOrder, message: str | None = None) -> None:
    """The merchant asks the service to stop. Before the service accepted, the request is simply withdrawn; afterwards
    nothing but the request itself shows (recorded), until the service answers."""
    if waiting.request_status == "SUBMITTED":
        waiting.request_status = "UNSUBMITTED"
        changed(shop, waiting)
        return
    if waiting.status != "IN_PROGRESS" or asked_to_cancel(waiting):
        raise No("Cannot request cancellation for the fulfillment order.")
    asked = _ask(shop, waiting, "CANCELLATION_REQUEST", message, {})
    changed(shop, waiting)
    news = {
        "fulfillment_order": {**payloads.thin(waiting), "request_status": "cancellation_requested"},
        "fulfillment_order_merchant_request": {"id": asked.id, "message": message},
    }
    shop.tell(("fulfillment_orders/cancellation_request_submitted", news))


def _answered(shop: Shop, waiting: FulfillmentOrder, topic: str, message: str | None) -> Json:
    changed(shop, waiting)
    if waiting.merchant_requests and topic.endswith(("accepted", "rejected")):
        waiting.merchant_requests[-1].answered = True
    shop.tell((f"fulfillment_orders/{topic}", {"fulfillment_order": payloads.thin(waiting), "message": message}))
    return {"fulfillmentOrder": waiting}


def _submitted(call: Call) -> FulfillmentOrder:
    waiting = the(call, call.args["id"])
    if waiting.request_status != "SUBMITTED" or waiting.status != "OPEN":
        raise No("Cannot accept or reject the fulfillment request: it is not in a submitted state.", ["id"])
    return waiting


@mutation("fulfillmentOrderSubmitFulfillmentRequest")
def _submit(call: Call) -> Json:
    waiting = the(call, call.args["id"])
    left = submit(
        call.shop,
        waiting,
        call.args.get("fulfillmentOrderLineItems"),
        message=call.args.get("message"),
        notify=bool(call.args.get("notifyCustomer")),
    )
    return {
        "originalFulfillmentOrder": waiting,
        "submittedFulfillmentOrder": waiting,
        "unsubmittedFulfillmentOrder": left,
    }


@mutation("fulfillmentOrderAcceptFulfillmentRequest")
def _accept(call: Call) -> Json:
    waiting = _submitted(call)
    waiting.status, waiting.request_status = "IN_PROGRESS", "ACCEPTED"
    return _answered(call.shop, waiting, "fulfillment_request_accepted", call.args.get("message"))


@mutation("fulfillmentOrderRejectFulfillmentRequest")
def _reject(call: Call) -> Json:
    waiting = _submitted(call)
    taken_ids = {row.id for row in waiting.line_items}
    for row in call.args.get("lineItems") or ():
        if row["fulfillmentOrderLineItemId"] not in taken_ids:
            raise No("Fulfillment order line item does not exist.", ["lineItems"])
    waiting.request_status = "REJECTED"
    return _answered(call.shop, waiting, "fulfillment_request_rejected", call.args.get("message"))


@mutation("fulfillmentOrderSubmitCancellationRequest")
def _ask_to_cancel(call: Call) -> Json:
    waiting = the(call, call.args["id"])
    ask_to_cancel(call.shop, waiting, call.args.get("message"))
    return {"fulfillmentOrder": waiting}


@mutation("fulfillmentOrderAcceptCancellationRequest")
def _accept_cancellation(call: Call) -> Json:
    waiting = the(call, call.args["id"])
    if asked_to_cancel(waiting) is None:
        raise No("Cannot accept a cancellation that was not requested.", ["id"])
    for row in waiting.line_items:
        inventory.release(call.shop, row.variant, waiting.location, row.remaining_quantity)
        row.total_quantity -= row.remaining_quantity
        row.remaining_quantity = 0
    waiting.status, waiting.request_status = "CLOSED", "CANCELLATION_ACCEPTED"
    return _answered(call.shop, waiting, "cancellation_request_accepted", call.args.get("message"))


@mutation("fulfillmentOrderRejectCancellationRequest")
def _reject_cancellation(call: Call) -> Json:
    waiting = the(call, call.args["id"])
    if asked_to_cancel(waiting) is None:
        raise No("Cannot reject a cancellation that was not requested.", ["id"])
    waiting.request_status = "CANCELLATION_REJECTED"
    return _answered(call.shop, waiting, "cancellation_request_rejected", call.args.get("message"))


@mutation("fulfillmentOrderClose")
def _close(call: Call) -> Json:
    """The service can't do the rest: what is left is the merchant's again, as a new fulfilment order."""
    waiting = the(call, call.args["id"])
    if waiting.service is None:
        raise No("The fulfillment order's assigned fulfillment service must be of api type")
    if waiting.status != "IN_PROGRESS":
        raise No("Fulfillment order must be in progress to be closed.")
    if left := taken(waiting, None):
        carve(call.shop, waiting, left)
    waiting.status, waiting.request_status = "CLOSED", "CLOSED"
    return _answered(call.shop, waiting, "fulfillment_service_failed_to_complete", call.args.get("message"))
