"""Returns: asked for, approved or declined, on their way with a label, processed and closed. What is to come back shows
as a reverse fulfilment order only after approval (recorded), and processing leaves a return open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.fakes.shopify import inventory, payloads
from tests.fakes.shopify import orders as orders_of
from tests.fakes.shopify.engine import Call, No, mutation
from tests.fakes.shopify.engine import field as resolves
from tests.fakes.shopify.shop import Shop
from tests.fakes.shopify.things import FulfillmentLineItem, Json, Location, Order, Thing

REASONS = ("color", "defective", "not-as-described", "other", "size-too-large", "size-too-small", "style", "unknown",
           "unwanted", "wrong-item")  # fmt: skip


@dataclass(slots=True, kw_only=True, eq=False)
class ReturnLineItem(Thing):
    TYPE = "ReturnLineItem"

    fulfillment_line_item: FulfillmentLineItem
    quantity: int
    return_reason: str
    return_reason_note: str = ""
    customer_note: str | None = None
    processed_quantity: int = 0
    refunded_quantity: int = 0

    @property
    def unprocessed_quantity(self) -> int:
        return self.quantity - self.processed_quantity

    @property
    def processable_quantity(self) -> int:
        return self.unprocessed_quantity

    @property
    def refundable_quantity(self) -> int:
        return self.quantity - self.refunded_quantity

    @property
    def return_reason_definition(self) -> Json:
        return definition(self.return_reason.lower().replace("_", "-"))


@dataclass(slots=True, kw_only=True, eq=False)
class ReverseFulfillmentOrderLineItem(Thing):
    TYPE = "ReverseFulfillmentOrderLineItem"

    reverse_fulfillment_order: Any
    fulfillment_line_item: FulfillmentLineItem
    total_quantity: int
    dispositions: list[Json] = field(default_factory=list)

    @property
    def disposed(self) -> int:
        return sum(int(each["quantity"]) for each in self.dispositions)


@dataclass(slots=True, kw_only=True, eq=False)
class ReverseDelivery(Thing):
    TYPE = "ReverseDelivery"

    reverse_fulfillment_order: Any
    reverse_delivery_line_items: list[Json]
    deliverable: Json


@dataclass(slots=True, kw_only=True, eq=False)
class ReverseFulfillmentOrder(Thing):
    TYPE = "ReverseFulfillmentOrder"

    order: Order
    line_items: list[ReverseFulfillmentOrderLineItem] = field(default_factory=list)
    reverse_deliveries: list[ReverseDelivery] = field(default_factory=list)
    status: str = "OPEN"
    third_party_confirmation: Json | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Return(Thing):
    TYPE = "Return"

    order: Order
    name: str
    status: str
    return_line_items: list[ReturnLineItem]
    reverse_fulfillment_orders: list[ReverseFulfillmentOrder] = field(default_factory=list)
    exchange_line_items: list[Json] = field(default_factory=list)
    return_shipping_fees: list[Json] = field(default_factory=list)
    refunds: list[Json] = field(default_factory=list)
    decline: Json | None = None
    closed_at: datetime | None = None
    request_approved_at: datetime | None = None

    @property
    def total_quantity(self) -> int:
        return sum(line.quantity for line in self.return_line_items)


LIVE = {"REQUESTED", "OPEN", "CLOSED"}


def definition(handle: str) -> Json:
    """A reason definition of Shopify's standard set."""
    number = REASONS.index(handle) + 1 if handle in REASONS else 99
    name = handle.replace("-", " ").capitalize()
    return {"id": f"gid://shopify/ReturnReasonDefinition/{number}", "handle": handle, "name": name, "deleted": False}


def returnable(line: FulfillmentLineItem, order: Order) -> int:
    """Units sent that no live return has."""
    asked: list[int] = [
        row.quantity
        for each in order.returns
        if each.status in LIVE
        for row in each.return_line_items
        if row.fulfillment_line_item is line
    ]
    return line.quantity - sum(asked)


def request(
    shop: Shop, order: Order, lines: Sequence[Mapping[str, Any]], *, status: str = "REQUESTED", within: str = "input"
) -> Return:
    """A customer asks (REQUESTED), or the merchant makes a return at once (OPEN). `lines` as the API has them."""
    sent = {line.id: line for each in order.fulfillments for line in each.fulfillment_line_items}
    rows = []
    for place, given in enumerate(lines):
        at = [within, "returnLineItems", str(place)]
        line = sent.get(given["fulfillmentLineItemId"])
        if line is None:
            raise No("Fulfillment Line Item was not found.", [*at, "fulfillmentLineItemId"], "NOT_FOUND")
        if not 1 <= given["quantity"] <= returnable(line, order):
            raise No("Return line item has an invalid quantity.", [*at, "quantity"], "INVALID")
        rows.append((line, given, _reason(given, at)))
    made = shop.made(
        Return,
        order=order,
        name=f"{order.name}-R{len(order.returns) + 1}",
        status=status,
        return_line_items=[
            shop.made(
                ReturnLineItem,
                fulfillment_line_item=line,
                quantity=given["quantity"],
                return_reason=reason,
                return_reason_note=given.get("returnReasonNote") or "",
                customer_note=given.get("customerNote"),
            )
            for line, given, reason in rows
        ],
    )
    order.returns.append(made)
    if status == "OPEN":
        _open(shop, made)
    _tell(shop, made, "request" if status == "REQUESTED" else "approve")
    return made


def _reason(given: Mapping[str, Any], at: list[str]) -> str:
    """The old enumeration, or a definition of the new kind."""
    if chosen := given.get("returnReasonDefinitionId"):
        number = int(str(chosen).rpartition("/")[2])
        if not 1 <= number <= len(REASONS):
            raise No("Return reason definition not found.", [*at, "returnReasonDefinitionId"], "NOT_FOUND")
        return REASONS[number - 1].upper().replace("-", "_")
    if not given.get("returnReason"):
        raise No("Return reason can't be blank", [*at, "returnReason"], "BLANK")
    return str(given["returnReason"])


def _open(shop: Shop, one: Return) -> None:
    back = shop.made(ReverseFulfillmentOrder, order=one.order)
    back.line_items = [
        shop.made(
            ReverseFulfillmentOrderLineItem,
            reverse_fulfillment_order=back,
            fulfillment_line_item=row.fulfillment_line_item,
            total_quantity=row.quantity,
        )
        for row in one.return_line_items
    ]
    one.reverse_fulfillment_orders.append(back)
    one.request_approved_at = shop.now()


def _tell(shop: Shop, one: Return, what: str, **more: Any) -> None:
    shop.touch(one, one.order)
    order = {"id": one.order.number, "admin_graphql_api_id": one.order.id}
    news: Json = {"id": one.number, "admin_graphql_api_id": one.id, "status": one.status.lower(), **more}
    if what in ("cancel", "close", "reopen"):
        news["order_id"] = one.order.number
    else:
        lines = [
            {"id": row.number, "admin_graphql_api_id": row.id, "quantity": row.quantity}
            for row in one.return_line_items
        ]
        news |= {"order": order, "name": one.name, "total_return_line_items": len(lines), "return_line_items": lines}
    whole = payloads.order(one.order, personal=shop.shows_personal_data)
    shop.tell((f"returns/{what}", news), ("orders/updated", whole))


def approve(shop: Shop, one: Return) -> None:
    """The merchant agrees: what is to come back is known."""
    if one.status != "REQUESTED":
        told = "Return is not approvable. Only returns with status REQUESTED can be approved."
        raise No(told, ["input", "id"], "INVALID_STATE")
    one.status = "OPEN"
    _open(shop, one)
    _tell(shop, one, "approve")


def decline(shop: Shop, one: Return, reason: str = "OTHER", note: str | None = None) -> None:
    """The merchant refuses."""
    if one.status == "DECLINED":
        raise No("The return is already declined.", ["input", "id"], "INVALID_STATE")
    if one.status != "REQUESTED":
        told = "Return is not declinable. Only non-refunded returns with status REQUESTED can be declined."
        raise No(told, ["input", "id"], "INVALID_STATE")
    one.status, one.decline = "DECLINED", {"reason": reason, "note": note}
    _tell(shop, one, "decline", decline={"reason": reason.lower(), "note": note})


def _found(call: Call, gid: str, at: list[str]) -> Return:
    one = call.shop.find(Return, gid)
    if one is None:
        raise No("Return not found.", at, "NOT_FOUND")
    return one


def _order(call: Call, gid: str, at: list[str]) -> Order:
    order = call.shop.find(Order, gid)
    if order is None:
        raise No("Order not found.", at, "NOT_FOUND")
    return order


@mutation("returnRequest")
def _request(call: Call) -> Json:
    given = call.args["input"]
    order = _order(call, given["orderId"], ["input", "orderId"])
    return {"return": request(call.shop, order, given["returnLineItems"])}


@mutation("returnCreate")
def _create(call: Call) -> Json:
    given = call.args["returnInput"]
    order = _order(call, given["orderId"], ["returnInput", "orderId"])
    return {"return": request(call.shop, order, given["returnLineItems"], status="OPEN", within="returnInput")}


@mutation("returnApproveRequest")
def _approve(call: Call) -> Json:
    one = _found(call, call.args["input"]["id"], ["input", "id"])
    approve(call.shop, one)
    return {"return": one}


@mutation("returnDeclineRequest")
def _decline(call: Call) -> Json:
    given = call.args["input"]
    one = _found(call, given["id"], ["input", "id"])
    decline(call.shop, one, given["declineReason"], given.get("declineNote"))
    return {"return": one}


@mutation("returnCancel")
def _cancel(call: Call) -> Json:
    one = _found(call, call.args["id"], ["id"])
    if one.status not in ("REQUESTED", "OPEN") or any(row.processed_quantity for row in one.return_line_items):
        raise No("Return is not cancelable.", ["id"], "INVALID_STATE")
    one.status = "CANCELED"
    for back in one.reverse_fulfillment_orders:
        back.status = "CANCELED"
    _tell(call.shop, one, "cancel")
    return {"return": one}


@mutation("returnClose")
def _close(call: Call) -> Json:
    one = _found(call, call.args["id"], ["id"])
    if one.status not in ("OPEN", "CLOSED"):
        raise No("Return status is invalid.", ["id"], "INVALID_STATE")
    if one.status == "OPEN":
        one.status, one.closed_at = "CLOSED", call.shop.now()
        _tell(call.shop, one, "close")
    return {"return": one}


@mutation("returnReopen")
def _reopen(call: Call) -> Json:
    one = _found(call, call.args["id"], ["id"])
    if one.status not in ("OPEN", "CLOSED"):
        raise No("Return status is invalid.", ["id"], "INVALID_STATE")
    if one.status == "CLOSED":
        one.status, one.closed_at = "OPEN", None
        _tell(call.shop, one, "reopen")
    return {"return": one}


# -- on its way back --


@mutation("reverseDeliveryCreateWithShipping")
def _deliver(call: Call) -> Json:
    """Of these lines, or of all when none is named (recorded)."""
    shop, given = call.shop, call.args
    back = shop.find(ReverseFulfillmentOrder, given["reverseFulfillmentOrderId"])
    if back is None:
        raise No("Reverse fulfillment order was not found.", ["reverseFulfillmentOrderId"], "NOT_FOUND")
    units: list[tuple[ReverseFulfillmentOrderLineItem, int]] = []
    for place, row in enumerate(given["reverseDeliveryLineItems"]):
        line = shop.find(ReverseFulfillmentOrderLineItem, row["reverseFulfillmentOrderLineItemId"])
        at = ["reverseDeliveryLineItems", str(place)]
        if line is None or line not in back.line_items:
            raise No("must exist", [*at, "reverseFulfillmentOrderLineItemId"])
        units.append((line, row["quantity"]))
        if sum(number for each, number in units if each is line) > line.total_quantity:
            raise No("cannot deliver more items than are returned", [*at, "quantity"])
    made = shop.made(
        ReverseDelivery,
        reverse_fulfillment_order=back,
        reverse_delivery_line_items=[
            {
                "id": f"gid://shopify/ReverseDeliveryLineItem/{shop.next_id()}",
                "quantity": number,
                "reverseFulfillmentOrderLineItem": line,
                "dispositions": line.dispositions,
            }
            for line, number in units or [(line, line.total_quantity) for line in back.line_items]
        ],
        deliverable=_deliverable(shop, given.get("trackingInput"), given.get("labelInput")),
    )
    back.reverse_deliveries.append(made)
    _attached(shop, made)
    return {"reverseDelivery": made}


@mutation("reverseDeliveryShippingUpdate")
def _redeliver(call: Call) -> Json:
    made = call.shop.find(ReverseDelivery, call.args["reverseDeliveryId"])
    if made is None:
        raise No("Reverse delivery was not found.", ["reverseDeliveryId"], "NOT_FOUND")
    new = _deliverable(call.shop, call.args.get("trackingInput"), call.args.get("labelInput"))
    made.deliverable.update({name: value for name, value in new.items() if value is not None})
    _attached(call.shop, made)
    return {"reverseDelivery": made}


def _deliverable(shop: Shop, tracking: Mapping[str, Any] | None, label: Mapping[str, Any] | None) -> Json:
    shown = {"number": (tracking or {}).get("number"), "url": (tracking or {}).get("url"), "carrierName": None}
    now = shop.now()
    return {
        "__typename": "ReverseDeliveryShippingDeliverable",
        "tracking": shown if tracking else None,
        "label": {"publicFileUrl": label["fileUrl"], "createdAt": now, "updatedAt": now} if label else None,
    }


def _attached(shop: Shop, made: ReverseDelivery) -> None:
    shop.touch(made)
    news = {"id": made.number, "admin_graphql_api_id": made.id}
    shop.tell(("reverse_deliveries/attach_deliverable", news))


# -- received --


@mutation("reverseFulfillmentOrderDispose")
def _dispose(call: Call) -> Json:
    return {
        "reverseFulfillmentOrderLineItems": dispose(call.shop, call.args["dispositionInputs"], ["dispositionInputs"])
    }


def dispose(shop: Shop, given: Sequence[Mapping[str, Any]], at: list[str]) -> list[ReverseFulfillmentOrderLineItem]:
    """What became of units that came back; those restocked can be sold again at that location."""
    if not given:
        raise No("The array cannot be empty.", at, "BLANK")
    rows = [
        (shop.find(ReverseFulfillmentOrderLineItem, row["reverseFulfillmentOrderLineItemId"]), row) for row in given
    ]
    backs = {id(line.reverse_fulfillment_order) if line else None for line, _ in rows}
    if len(backs) > 1 or None in backs:
        raise No("Cannot dispose items from more than one reverse fulfillment order.", at, "INVALID")
    found: list[ReverseFulfillmentOrderLineItem] = []
    for place, (line, row) in enumerate(rows):
        assert line is not None
        location = _judged(shop, line, row, [*at, str(place)])
        variant = line.fulfillment_line_item.line_item.variant
        found.append(line)
        line.dispositions.append(
            {
                "id": f"gid://shopify/ReverseFulfillmentOrderDisposition/{shop.next_id()}",
                "type": row["dispositionType"],
                "quantity": row["quantity"],
                "location": location,
                "createdAt": shop.now(),
            }
        )
        if row["dispositionType"] == "RESTOCKED" and location is not None:
            inventory.add(shop, variant, location, row["quantity"])
    back = found[0].reverse_fulfillment_order
    if all(line.disposed >= line.total_quantity for line in back.line_items):
        back.status = "CLOSED"
    news = [{"id": line.id, "dispositions": [each["type"].lower() for each in line.dispositions]} for line in found]
    shop.tell(("reverse_fulfillment_orders/dispose", {"reverse_fulfillment_order_line_items": news}))
    return found


def _judged(
    shop: Shop, line: ReverseFulfillmentOrderLineItem, row: Mapping[str, Any], at: list[str]
) -> Location | None:
    """Where the units go, once nothing is wrong with saying so."""
    location = shop.find(Location, row["locationId"]) if row.get("locationId") else None
    restocked = row["dispositionType"] == "RESTOCKED"
    no = No("")
    no.errors = []
    if restocked and line.fulfillment_line_item.line_item.variant is None:
        told = "RESTOCKED is an invalid disposition type for a custom line item."
        no.errors.append({"field": [*at, "dispositionType"], "message": told, "code": "INVALID"})
    if location is None and (row.get("locationId") or restocked):
        no.errors.append({"field": [*at, "locationId"], "message": "Location not found.", "code": "NOT_FOUND"})
    if not no.errors and not 1 <= row["quantity"] <= line.total_quantity - line.disposed:
        no.errors.append({"field": [*at, "quantity"], "message": "Quantity is invalid.", "code": "INVALID"})
    if no.errors:
        raise no
    return location


@mutation("returnProcess")
def _process(call: Call) -> Json:
    """Units are handled, refunded where money is named; the return stays open."""
    shop, given = call.shop, call.args["input"]
    one = _found(call, given["returnId"], ["input", "returnId"])
    if one.status != "OPEN":
        raise No("Return status is invalid.", ["input", "returnId"], "INVALID_STATE")
    rows = given.get("returnLineItems") or []
    lines = []
    for place, row in enumerate(rows):
        at = ["input", "returnLineItems", str(place)]
        line = next((each for each in one.return_line_items if each.id == row["id"]), None)
        if line is None:
            raise No("Return line item was not found.", [*at, "id"], "NOT_FOUND")
        if not 1 <= row["quantity"] <= line.unprocessed_quantity:
            raise No("Return line item has an invalid quantity.", [*at, "quantity"], "INVALID")
        lines.append((line, row))
    for place, (line, row) in enumerate(lines):
        if row.get("dispositions"):
            dispose(shop, row["dispositions"], ["input", "returnLineItems", str(place), "dispositions"])
        line.processed_quantity += row["quantity"]
    money = (given.get("financialTransfer") or {}).get("issueRefund")
    if money is not None:
        _refund(shop, one, [(line, row["quantity"]) for line, row in lines], money)
    _tell(shop, one, "process")
    return {"return": one}


def _refund(shop: Shop, one: Return, lines: Sequence[tuple[ReturnLineItem, int]], money: Mapping[str, Any]) -> None:
    total = sum((Decimal(str(each["transactionAmount"]["amount"])) for each in money["orderTransactions"]), Decimal())
    for line, units in lines:
        line.refunded_quantity += units
    quantities = {line.fulfillment_line_item.line_item: units for line, units in lines}
    made = orders_of.refund(shop, one.order, quantities)
    shown = {
        "id": made["admin_graphql_api_id"],
        "createdAt": shop.now(),
        "note": None,
        "totalRefundedSet": orders_of.money(total, one.order.currency_code),
    }
    one.refunds.append(shown)


@mutation("removeFromReturn")
def _remove(call: Call) -> Json:
    one = _found(call, call.args["returnId"], ["returnId"])
    if one.status not in ("REQUESTED", "OPEN"):
        raise No("Return status is invalid.", ["returnId"], "INVALID_STATE")
    for place, row in enumerate(call.args.get("returnLineItems") or ()):
        line = next((each for each in one.return_line_items if each.id == row["returnLineItemId"]), None)
        if row["quantity"] < 1:
            raise No("Quantity must be greater than 0", None, "GREATER_THAN")
        if line is None or row["quantity"] > line.unprocessed_quantity:
            at = ["returnLineItems", str(place), "quantity"]
            raise No("Return line item has an invalid quantity.", at, "INVALID")
        line.quantity -= row["quantity"]
    one.return_line_items = [line for line in one.return_line_items if line.quantity]
    if not one.return_line_items:
        one.status, one.closed_at = "CLOSED", call.shop.now()
    call.shop.touch(one, one.order)
    return {"return": one}


# -- what queries see --


@resolves("QueryRoot", "return")
def _one(call: Call, _: Any) -> object:
    return call.shop.find(Return, call.args["id"])


@resolves("QueryRoot", "reverseFulfillmentOrder")
def _back(call: Call, _: Any) -> object:
    return call.shop.find(ReverseFulfillmentOrder, call.args["id"])


@resolves("QueryRoot", "reverseDelivery")
def _delivery(call: Call, _: Any) -> object:
    return call.shop.find(ReverseDelivery, call.args["id"])


@resolves("QueryRoot", "returnReasonDefinitions")
def _definitions(call: Call, _: Any) -> object:
    handles, ids = call.args.get("handles"), call.args.get("ids")
    found = [definition(handle) for handle in REASONS]
    return [each for each in found if each["handle"] in (handles or REASONS) and (not ids or each["id"] in ids)]


@resolves("QueryRoot", "returnableFulfillments")
def _returnables(call: Call, _: Any) -> object:
    order = call.shop.find(Order, call.args["orderId"])
    if order is None:
        return []
    rows = []
    for sent in order.fulfillments:
        lines = [
            {"fulfillmentLineItem": line, "quantity": units}
            for line in sent.fulfillment_line_items
            if sent.status == "SUCCESS" and (units := returnable(line, order)) > 0
        ]
        if lines:
            number = f"gid://shopify/ReturnableFulfillment/{sent.number}"
            rows.append({"id": number, "fulfillment": sent, "returnableFulfillmentLineItems": lines})
    return rows


@resolves("Order", "returnStatus")
def _status(_: Call, order: Order) -> object:
    """An aggregate (recorded): asked for beats open beats closed; declined and cancelled ones are none."""
    statuses = {each.status for each in order.returns}
    for status, shown in (("REQUESTED", "RETURN_REQUESTED"), ("OPEN", "IN_PROGRESS"), ("CLOSED", "RETURNED")):
        if status in statuses:
            return shown
    return "NO_RETURN"


@resolves("Order", "returns")
def _returns(call: Call, order: Order) -> object:
    query = call.args.get("query") or ""
    wanted = query.removeprefix("status:").upper() if query.startswith("status:") else None
    return [each for each in order.returns if wanted in (None, each.status)]
