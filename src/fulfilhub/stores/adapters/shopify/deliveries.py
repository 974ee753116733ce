"""What a Shopify webhook delivery is: its topic, the order it is about, and the key that tells repeats
apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.port import Delivery, Kind
from fulfilhub.stores.adapters.shopify.ids import gid
from fulfilhub.stores.adapters.shopify.products import read_goods
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
_RETURNS = {"returns/request", "returns/approve", "returns/decline", "returns/cancel", "returns/close"}
_RETURNS |= {"returns/reopen", "returns/update", "returns/process"}
_GOODS = {"products/create", "products/update", "products/delete", "inventory_items/create", "inventory_items/update"}
_GOODS |= {"inventory_levels/connect", "inventory_levels/update"}
_PRIVACY = {"customers/data_request", "customers/redact", "shop/redact"}


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
    if topic in _GOODS:
        return (Kind.GOODS if read_goods(topic, payload) is not None else Kind.UNREADABLE), ""
    if topic in _RETURNS:
        # Some carry the order's number, others the order itself.
        order = gid("Order", payload.get("order_id") or reading.table(payload.get("order")).get("admin_graphql_api_id"))
        return (Kind.RETURN if order else Kind.UNREADABLE), order
    if topic == "bulk_operations/finish":
        listing = gid("BulkOperation", payload.get("admin_graphql_api_id"))
        return (Kind.LISTED if listing else Kind.UNREADABLE), listing
    if topic == "app/uninstalled":
        return (Kind.UNINSTALLED if "myshopify_domain" in payload else Kind.UNREADABLE), ""
    if topic in _PRIVACY:
        return (Kind.PRIVACY if "shop_domain" in payload else Kind.UNREADABLE), ""
    return Kind.OTHER, ""


def _changed(order_id: object) -> tuple[Kind, str]:
    order = gid("Order", order_id)
    return (Kind.CHANGED if order else Kind.UNREADABLE), order
