"""What a Shopify webhook delivery is: its topic, the order it is about, and the key that tells repeats
apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.port import Delivery, Kind, PrivacyAsk
from fulfilhub.stores.adapters.shopify.ids import gid
from fulfilhub.stores.adapters.signature import header

#: Topics whose payload is the order, and the member that shows it.
_WHOLE_ORDERS = {
    "orders/create",
    "orders/updated",
    "orders/paid",
    "orders/cancelled",
    "orders/fulfilled",
    "orders/partially_fulfilled",
}
#: What is asked of us by law, and the member that names the customer's orders.
_PRIVACY: Mapping[str, tuple[Literal["export", "erasure", "store_erasure"], str]] = {
    "customers/data_request": ("export", "orders_requested"),
    "customers/redact": ("erasure", "orders_to_redact"),
    "shop/redact": ("store_erasure", ""),
}


def read_delivery(headers: Mapping[str, str], body: bytes) -> Delivery:
    """See `StoreAdapter.read_delivery`."""
    topic = header(headers, "X-Shopify-Topic").lower()
    payload = reading.parse(body)
    found = payload if isinstance(payload, dict) else None
    kind, external_id = _read(topic, found)
    return Delivery(
        kind=kind,
        topic=topic[:100],
        dedupe_key=dedupe_key(headers, body),
        sender=header(headers, "X-Shopify-Shop-Domain").lower()[:255],
        external_id=external_id or None,
        event_at=reading.moment(header(headers, "X-Shopify-Triggered-At")),
        # What tells of a change is not the order, and must not be taken for one.
        payload=None if kind in (Kind.CHANGED, Kind.DELETED) else found,
    )


def read_privacy(delivery: Delivery) -> PrivacyAsk | None:
    """See `StoreAdapter.read_privacy`. A request without e-mail address still names the orders."""
    if delivery.topic not in _PRIVACY or delivery.payload is None:
        return None
    kind, member = _PRIVACY[delivery.topic]
    given = delivery.payload.get(member)
    orders = [gid("Order", each) for each in given] if isinstance(given, list) else []
    customer = reading.table(delivery.payload.get("customer"))
    return PrivacyAsk(
        kind=kind,
        email=reading.text(customer.get("email"))[:320],
        phone=reading.text(customer.get("phone"))[:40],
        orders=tuple(filter(None, orders)),
        reference=reading.identifier(reading.table(delivery.payload.get("data_request")).get("id")),
    )


def names_shop(delivery: Delivery, shop: str) -> bool:
    """Whether what can do harm was signed for this very shop: the header that names it is not signed, the body is."""
    payload = delivery.payload or {}
    named = payload.get("shop_domain") or payload.get("myshopify_domain")
    return reading.text(named).lower() == shop


def dedupe_key(headers: Mapping[str, str], body: bytes) -> str:
    """Shop, topic and webhook id, which stays the same over all attempts at one delivery. X-Shopify-Event-Id
    does not do: several topics of one action share it."""
    webhook_id = header(headers, "X-Shopify-Webhook-Id")[:100] or hashlib.sha256(body).hexdigest()
    shop = header(headers, "X-Shopify-Shop-Domain").lower()[:255]
    return f"{shop}|{header(headers, 'X-Shopify-Topic').lower()[:100]}|{webhook_id}"


def _read(topic: str, payload: Mapping[str, object] | None) -> tuple[Kind, str]:
    """The headers are not signed, so a topic counts only when the payload has its shape."""
    if payload is None or not topic:
        return Kind.UNREADABLE, ""
    if topic in _WHOLE_ORDERS:
        order = gid("Order", payload.get("admin_graphql_api_id") or payload.get("id"))
        return (Kind.ORDER, order) if order and "line_items" in payload else (Kind.UNREADABLE, order)
    if topic == "orders/edited":
        return _changed(reading.table(payload.get("order_edit")).get("order_id"))
    if topic == "refunds/create":
        return _changed(payload.get("order_id"))
    if topic == "orders/delete":
        order = gid("Order", payload.get("id"))
        return (Kind.DELETED, order) if order and "line_items" not in payload else (Kind.UNREADABLE, order)
    if topic == "app/uninstalled":
        return (Kind.UNINSTALLED if "myshopify_domain" in payload else Kind.UNREADABLE), ""
    if topic in _PRIVACY:
        return (Kind.PRIVACY if "shop_domain" in payload else Kind.UNREADABLE), ""
    return Kind.OTHER, ""


def _changed(order_id: object) -> tuple[Kind, str]:
    order = gid("Order", order_id)
    return (Kind.CHANGED if order else Kind.UNREADABLE), order
