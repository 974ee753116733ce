"""What may be asked about a customer's data, and in which words a raw message would name the customer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from fulfilhub.orders.rules import OrderStatus


class RequestKind(StrEnum):
    """Art. 15 and 17 of the GDPR: to be told what is kept, and to have it erased. `store_erasure`: all customers of a
    store that is gone, as its platform asks."""

    EXPORT = "export"
    ERASURE = "erasure"
    STORE_ERASURE = "store_erasure"


class Origin(StrEnum):
    """Who asked: the merchant, or the platform of one of its stores for somebody there."""

    MERCHANT = "merchant"
    STORE = "store"


class RequestState(StrEnum):
    """`waiting`: some orders are still under way; what a parcel needs to arrive can't be erased before it has."""

    REQUESTED = "requested"
    WAITING = "waiting"
    DONE = "done"


ENDED = frozenset(
    {
        OrderStatus.CANCELLED,
        OrderStatus.NOT_REQUIRED,
        OrderStatus.DELIVERED,
        OrderStatus.RETURNED,
        OrderStatus.PARTIALLY_RETURNED,
    }
)
"""Nothing more has to reach the customer."""

NEVER_NEWER = datetime(9999, 1, 1, tzinfo=UTC)
"""When an erased order was last told of, as far as its store is concerned: each later telling is older, so none brings
back what was erased."""

SHORTEST_NEEDLE = 6
"""Characters; shorter texts (a house number, a first name) would be found in other people's messages."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose data: by e-mail address, and in a store's request also by the store's ids of the orders. By `phone` only
    raw messages are known."""

    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    orders: tuple[str, ...] = ()


def needles(emails: Iterable[str], addresses: Iterable[Mapping[str, str] | None]) -> list[str]:
    """Texts by which a raw message names these customers, as JSON writes them, without regard to case."""
    texts = set(emails)
    for address in addresses:
        texts |= {value for name, value in (address or {}).items() if name in {"name", "line1", "phone", "email"}}
    long_enough = {text.strip() for text in texts if len(text.strip()) >= SHORTEST_NEEDLE}
    return sorted({_plain(text)[1:-1] for text in long_enough})


def names_anyone(body: bytes, wanted: Iterable[str]) -> bool:
    """Whether a raw body holds any of the needles, however its sender escapes them."""
    try:
        text = _plain(json.loads(body))
    except ValueError:
        text = body.decode("utf-8", "replace").casefold()
    return any(needle in text for needle in wanted)


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).casefold()
