"""Orders: what customers and the merchant do with them, and how Shopify shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.fakes.shopify import inventory, payloads, requests
from tests.fakes.shopify.engine import Call, No, field, mutation
from tests.fakes.shopify.paging import Rows
from tests.fakes.shopify.search import chosen
from tests.fakes.shopify.shop import Shop
from tests.fakes.shopify.things import (
    FulfillmentOrder,
    FulfillmentOrderLineItem,
    Json,
    LineItem,
    Location,
    Order,
    ProductVariant,
)

SHIPPING: Json = {
    "id": "gid://shopify/MailingAddress/1",
    "firstName": "Grace",
    "lastName": "Sample",
    "name": "Grace Sample",
    "company": None,
    "address1": "4 Example Lane",
    "address2": None,
    "city": "Bristol",
    "zip": "BS1 4DJ",
    "province": "England",
    "provinceCode": "ENG",
    "country": "United Kingdom",
    "countryCodeV2": "GB",
    "phone": "07700900456",
}
_HIDDEN = timedelta(days=60)


def place(
    shop: Shop,
    bought: Sequence[tuple[ProductVariant, int]],
    *,
    at: Sequence[Location] = (),
    request: bool = True,
    shipping: Json | None = SHIPPING,
    email: str | None = "grace@example.test",
    method: str = "Standard",
    paid: str = "PAID",
    **members: Any,
) -> Order:
    """A customer buys. Line n is routed to `at[n]`, the last one standing for all further lines (the primary location
    without any). With `request`, what is routed to a fulfilment service is asked of it at once."""
    order = shop.made(
        Order,
        name=f"#{1001 + len(shop.orders)}",
        email=email,
        phone=None,
        shipping=dict(shipping) if shipping is not None else None,
        method=method,
        processed_at=shop.now(),
        customer={"id": f"gid://shopify/Customer/{shop.next_id()}", "email": email, "displayName": "Grace Sample"},
        display_financial_status=paid,
        **members,
    )
    shop.orders.append(order)
    places = tuple(at) or (shop.primary,)
    routed: dict[str, list[LineItem]] = {}
    for n, (variant, quantity) in enumerate(bought):
        routed.setdefault(places[min(n, len(places) - 1)].id, []).append(_line(shop, order, variant, quantity))
    for location in {each.id: each for each in places}.values():
        if location.id in routed:
            route(shop, order, location, [(line, line.quantity) for line in routed[location.id]])
    shop.tell(("orders/create", show(shop, order)))
    if request:
        for waiting in order.fulfillment_orders:
            if waiting.service is not None:
                requests.submit(shop, waiting)
    return order


def _line(shop: Shop, order: Order, variant: ProductVariant, quantity: int) -> LineItem:
    line = shop.made(
        LineItem,
        order=order,
        variant=variant,
        title=variant.product.title,
        sku=variant.sku,
        quantity=quantity,
        price=variant.price,
        requires_shipping=variant.inventory_item.requires_shipping,
        is_gift_card=variant.product.is_gift_card,
    )
    order.line_items.append(line)
    return line


def route(shop: Shop, order: Order, location: Location, lines: Sequence[tuple[LineItem, int]]) -> FulfillmentOrder:
    """A new fulfilment order at the location, its units committed there."""
    made = shop.made(
        FulfillmentOrder,
        order=order,
        location=location,
        fulfill_at=shop.now(),
        line_items=[
            shop.made(FulfillmentOrderLineItem, line_item=line, total_quantity=units, remaining_quantity=units)
            for line, units in lines
        ],
    )
    order.fulfillment_orders.append(made)
    for line, units in lines:
        inventory.commit(shop, line.variant, location, units)
    return made


def show(shop: Shop, order: Order) -> Json:
    """The order as its webhooks carry it to this app."""
    return payloads.order(order, personal=shop.shows_personal_data)


def change(shop: Shop, order: Order, **members: Any) -> None:
    """The merchant changes the order's note, tags, address (`shipping`), payment ..."""
    for name, value in members.items():
        setattr(order, name, value)
    shop.touch(order)
    shop.tell(("orders/updated", show(shop, order)))


def edit(
    shop: Shop,
    order: Order,
    quantities: Mapping[LineItem, int] | None = None,
    add: Sequence[tuple[ProductVariant, int]] = (),
    *,
    at: Location | None = None,
) -> None:
    """The merchant edits the order: lines to these current quantities (they keep their `quantity`, recorded), and new
    lines, which get a fulfilment order of their own."""
    removed: list[Json] = []
    for line, wanted in (quantities or {}).items():
        units = line.current_quantity - wanted
        assert 0 <= units <= line.unfulfilled_quantity, "an edit takes out unsent units only"
        take_out(shop, line, units)
        removed.append({"id": line.number, "delta": units})
    new = [(_line(shop, order, variant, units), units) for variant, units in add]
    if new:
        waiting = route(shop, order, at or shop.primary, new)
        if waiting.service is not None:
            requests.submit(shop, waiting)
    order.edited = True
    shop.touch(order)
    added = [{"id": line.number, "delta": units} for line, units in new]
    news = payloads.edited(order, shop.next_id(), added, removed)
    shop.tell(("orders/edited", news), ("orders/updated", show(shop, order)))


def take_out(shop: Shop, line: LineItem, units: int, *, restock: bool = True) -> None:
    """Unsent units leave the order and whatever fulfilment orders wait for them."""
    line.removed += units
    for waiting in line.order.fulfillment_orders:
        if waiting.status in ("CLOSED", "CANCELLED"):
            continue
        for row in waiting.line_items:
            if row.line_item is line and units:
                taken = min(units, row.remaining_quantity)
                row.remaining_quantity -= taken
                row.total_quantity -= taken
                units -= taken
                inventory.release(shop, line.variant, waiting.location, taken, restock=restock)
        if not waiting.remaining:
            waiting.status = "CLOSED"
        shop.touch(waiting)


def cancel(shop: Shop, order: Order, *, reason: str = "CUSTOMER", restock: bool = True) -> None:
    """The order is cancelled: what waits for it is closed, its lines keeping their quantities (recorded)."""
    if order.cancelled_at:
        raise No("Cannot cancel an order that has already been canceled", ["orderId"])
    if any(sent.status == "SUCCESS" for sent in order.fulfillments):
        raise No("Cannot cancel an order that has outstanding fulfillments", ["orderId"])
    news: list[tuple[str, Json]] = []
    for waiting in order.fulfillment_orders:
        if waiting.status in ("CLOSED", "CANCELLED"):
            continue
        for row in waiting.line_items:
            inventory.release(shop, row.variant, waiting.location, row.remaining_quantity, restock=restock)
        waiting.status = "CLOSED"
        waiting.fulfillment_holds.clear()
        shop.touch(waiting)
        news.append(("fulfillment_orders/cancelled", {"fulfillment_order": payloads.thin(waiting)}))
    for line in order.line_items:
        line.removed = line.quantity - line.refunded
    order.cancelled_at, order.cancel_reason = shop.now(), reason
    shop.touch(order)
    whole = show(shop, order)
    shop.tell(("orders/cancelled", whole), ("orders/updated", whole), *news)


def refund(shop: Shop, order: Order, quantities: Mapping[LineItem, int], *, restock_at: Location | None = None) -> Json:
    """Money is given back for these units: unsent ones leave the order, sent ones only its current quantity."""
    rows = []
    for line, units in quantities.items():
        unsent = min(units, line.unfulfilled_quantity)
        take_out(shop, line, unsent)
        line.refunded += units - unsent
        if restock_at is not None and units > unsent:
            inventory.add(shop, line.variant, restock_at, units - unsent)
        rows.append({"id": shop.next_id(), "line_item_id": line.number, "quantity": units})
    number = shop.next_id()
    made = {"id": number, "admin_graphql_api_id": f"gid://shopify/Refund/{number}", "order_id": order.number}
    order.refunds.append({"id": made["admin_graphql_api_id"], "createdAt": shop.now(), "note": None})
    left = any(line.current_quantity for line in order.line_items)
    order.display_financial_status = "PARTIALLY_REFUNDED" if left else "REFUNDED"
    shop.touch(order)
    shop.tell(("refunds/create", {**made, "refund_line_items": rows}), ("orders/updated", show(shop, order)))
    return made


# -- what queries see --


@field("QueryRoot", "order")
def _order(call: Call, _: Any) -> object:
    order = call.shop.find(Order, call.args["id"])
    return order if order is not None and _visible(call.shop, order) else None


def _visible(shop: Shop, order: Order) -> bool:
    return shop.may("read_all_orders") or order.created_at > shop.now() - _HIDDEN


def _found(call: Call) -> list[Order]:
    rows = (order for order in call.shop.orders if _visible(call.shop, order))
    return chosen(
        rows,
        call.args.get("query"),
        {
            "created_at": lambda order: order.created_at,
            "email": lambda order: order.email,
            "financial_status": lambda order: order.display_financial_status,
            "fulfillment_status": lambda order: order.display_fulfillment_status,
            "id": lambda order: order.number,
            "name": lambda order: order.name,
            "processed_at": lambda order: order.processed_at,
            "tag": lambda order: order.tags,
            "updated_at": lambda order: order.updated_at,
        },
    )


@field("QueryRoot", "orders")
def _orders(call: Call, _: Any) -> object:
    member = {"UPDATED_AT": "updated_at", "CREATED_AT": "created_at"}.get(call.args.get("sortKey", ""), "processed_at")
    return Rows(_found(call), lambda order: getattr(order, member).isoformat())


@field("QueryRoot", "ordersCount")
def _orders_count(call: Call, _: Any) -> object:
    return {"count": len(_found(call)), "precision": "EXACT"}


def money(amount: Decimal, currency: str) -> Json:
    """An amount as queries show it."""
    shown = {"amount": f"{amount.normalize():f}", "currencyCode": currency}
    return {"shopMoney": shown, "presentmentMoney": shown}


for _name in ("currentTotalPriceSet", "totalPriceSet", "originalTotalPriceSet"):
    field("Order", _name)(lambda _, order: money(order.goods + payloads.POSTAGE, order.currency_code))
for _name in ("currentSubtotalPriceSet", "subtotalPriceSet"):
    field("Order", _name)(lambda _, order: money(order.goods, order.currency_code))
for _name in ("totalRefundedSet", "totalTaxSet", "currentTotalTaxSet", "totalDiscountsSet"):
    field("Order", _name)(lambda _, order: money(Decimal(), order.currency_code))
for _name in ("originalUnitPriceSet", "discountedUnitPriceSet", "discountedUnitPriceAfterAllDiscountsSet"):
    field("LineItem", _name)(lambda _, line: money(line.price, line.order.currency_code))
for _name in ("discountAllocations", "taxLines", "customAttributes", "duties"):
    field("LineItem", _name)(lambda _call, _line: [])
for _name in ("customAttributes", "additionalFees", "alerts"):
    field("Order", _name)(lambda _call, _order: [])


@field("Order", "email")
def _email(call: Call, order: Order) -> object:
    return order.email if call.shop.shows_personal_data else None


@field("Order", "phone")
def _phone(call: Call, order: Order) -> object:
    return order.phone if call.shop.shows_personal_data else None


@field("Order", "shippingAddress")
def _shipping(call: Call, order: Order) -> object:
    return order.shipping if call.shop.shows_personal_data else None


@field("Order", "billingAddress")
def _billing(call: Call, order: Order) -> object:
    return order.shipping if call.shop.shows_personal_data else None


@field("Order", "shippingLines")
def _shipping_lines(_: Call, order: Order) -> object:
    return [
        {
            "id": f"gid://shopify/ShippingLine/{order.number + 7}",
            "title": order.method,
            "code": order.method,
            "source": "shopify",
            "isRemoved": False,
            "originalPriceSet": money(payloads.POSTAGE, order.currency_code),
            "discountedPriceSet": money(payloads.POSTAGE, order.currency_code),
        }
    ]


@field("Order", "customer")
def _customer(call: Call, order: Order) -> object:
    return order.customer if call.shop.shows_personal_data else None


@field("FulfillmentOrder", "destination")
def _destination(call: Call, waiting: FulfillmentOrder) -> object:
    shipping = waiting.order.shipping
    if shipping is None:
        return None
    shown = {name: value if call.shop.shows_personal_data else None for name, value in shipping.items()}
    return {
        **shown,
        "id": f"gid://shopify/FulfillmentOrderDestination/{waiting.number}",
        "countryCode": shipping["countryCodeV2"],
        "email": waiting.order.email if call.shop.shows_personal_data else None,
        "location": None,
    }


@field("FulfillmentOrder", "deliveryMethod")
def _delivery_method(_: Call, waiting: FulfillmentOrder) -> object:
    return {
        "id": f"gid://shopify/DeliveryMethod/{waiting.number}",
        "methodType": "SHIPPING",
        "presentedName": waiting.order.method,
        "serviceCode": waiting.order.method,
        "sourceReference": None,
        "minDeliveryDateTime": None,
        "maxDeliveryDateTime": None,
    }


@mutation("orderCancel")
def _cancel(call: Call) -> Json:
    order = call.shop.find(Order, call.args["orderId"])
    if order is None:
        raise No("Order does not exist", ["orderId"], "NOT_FOUND")
    cancel(call.shop, order, reason=call.args["reason"], restock=call.args["restock"])
    return {"job": {"id": f"gid://shopify/Job/{call.shop.next_id()}", "done": True}, "orderCancelUserErrors": []}
