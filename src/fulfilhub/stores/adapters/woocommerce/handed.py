"""What our plugin hands over: several orders in one signed letter, each as WooCommerce's REST API would show it.

Each is kept in the inbox as if WooCommerce's own webhook had brought it, so that one reader reads both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from fulfilhub.platform.errors import FieldError, Invalid
from fulfilhub.stores.adapters import reading

MOST_ITEMS = 50

Topic = Literal["order.created", "order.updated", "order.deleted"]


@dataclass(frozen=True, slots=True)
class Item:
    """One order that can be kept. `headers` and `body` are those of WooCommerce's own delivery of it."""

    id: str
    topic: str
    external_id: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class NotAnItem:
    """What can't be kept, and why: one sentence for the shop, with nothing personal in it. `id` as far as it could be
    read."""

    id: str
    code: str
    detail: str


class _Letter(Struct):
    deliveries: list[msgspec.Raw]


class _Named(Struct):
    id: str = ""


class _Item(Struct):
    id: Annotated[str, Meta(pattern=r"^[\x21-\x7e]{1,100}$")]
    topic: Topic
    occurred_at: Annotated[datetime, Meta(tz=True)]
    order: msgspec.Raw


def read_letter(body: bytes, source: str) -> list[Item | NotAnItem]:
    """What the letter holds, in its order. `source` is the shop's address. Raises Invalid for what is no letter."""
    try:
        given = msgspec.json.decode(body, type=_Letter).deliveries
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _no_letter("Must be JSON: an object with a list of deliveries.") from None
    if not 1 <= len(given) <= MOST_ITEMS:
        raise _no_letter(f"Must be a list of 1 to {MOST_ITEMS}.")
    return [_read(bytes(each), source) for each in given]


def _read(raw: bytes, source: str) -> Item | NotAnItem:
    try:
        item = msgspec.json.decode(raw, type=_Item)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        detail = str(error) if isinstance(error, msgspec.ValidationError) else "It can't be read as JSON."
        return NotAnItem(_id_of(raw), "wrong_shape", detail)
    order = reading.parse(bytes(item.order))
    external_id = reading.identifier(reading.table(order).get("id"))
    if not external_id:
        return NotAnItem(item.id, "not_an_order", "`order` has no id.")
    if item.topic != "order.deleted" and not isinstance(reading.table(order).get("line_items"), list):
        return NotAnItem(item.id, "not_an_order", "`order` has no line_items: it must be whole, as GET /orders/ID is.")
    headers = {
        "Content-Type": "application/json",
        "X-WC-Webhook-Topic": item.topic,
        "X-WC-Webhook-Delivery-ID": item.id,
        "X-WC-Webhook-Source": source,
    }
    return Item(item.id, item.topic, external_id, headers, bytes(item.order))


def _id_of(raw: bytes) -> str:
    try:
        return msgspec.json.decode(raw, type=_Named).id[:100]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


def _no_letter(detail: str) -> Invalid:
    return Invalid(detail, fields=[FieldError("/deliveries", detail)])
