"""What a WooCommerce webhook delivery is: its topic, the order it is about, and the key that tells repeats
apart."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.port import Delivery, Kind
from fulfilhub.stores.adapters.signature import header

_PING = re.compile(rb"webhook_id=\d{1,20}", re.ASCII)
_ORDER_TOPICS = {"order.created", "order.updated", "order.restored"}


def read_delivery(headers: Mapping[str, str], body: bytes) -> Delivery:
    """See `StoreAdapter.read_delivery`."""
    topic = header(headers, "X-WC-Webhook-Topic")
    if not topic and _PING.fullmatch(body.strip()):
        # Sent when a webhook is saved, as a form, with no signature and no topic; anything but 200 is shown
        # as an error.
        return Delivery(kind=Kind.PING, topic="ping", dedupe_key=body.strip().decode())
    payload = reading.parse(body)
    order = payload if isinstance(payload, dict) else None
    about_an_order = order is not None and topic.startswith("order.")
    kind = _kind(topic, order)
    return Delivery(
        kind=kind,
        topic=topic[:100],
        dedupe_key=dedupe_key(headers, body),
        sender=header(headers, "X-WC-Webhook-Source")[:255],
        external_id=reading.identifier(reading.table(order).get("id")) or None if about_an_order else None,
        payload=None if kind is Kind.DELETED else order,
    )


def dedupe_key(headers: Mapping[str, str], body: bytes) -> str:
    """The delivery id alone does not do: WooCommerce makes it from the webhook's id and the present *second*,
    so two orders of one second share it (`WC_Webhook::get_new_delivery_id`). With the body's digest, only
    true repeats do."""
    named = (header(headers, f"X-WC-Webhook-{name}")[:100] for name in ("ID", "Topic", "Delivery-ID"))
    return "|".join((*named, hashlib.sha256(body).hexdigest()))


def _kind(topic: str, order: Mapping[str, object] | None) -> Kind:
    if order is None or not topic:
        return Kind.UNREADABLE
    if topic not in _ORDER_TOPICS and topic != "order.deleted":
        return Kind.OTHER
    if not reading.identifier(order.get("id")):
        return Kind.UNREADABLE
    if topic == "order.deleted":
        return Kind.DELETED
    # Refunds in a webhook have totals only; which units were refunded is told by their own endpoint, or by our plugin.
    thin = any(not isinstance(refund.get("line_items"), list) for refund in reading.rows(order.get("refunds")))
    return Kind.CHANGED if thin else Kind.ORDER
