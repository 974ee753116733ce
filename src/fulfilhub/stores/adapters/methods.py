"""From the storefront's shipping method to our service code: the merchant's own table first, then words in
the title."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

STANDARD = "standard"

#: Tried in this order. Collection comes first: "Express pickup" must not be given to a carrier.
_WORDS = (
    ("local_pickup", "pickup"),
    ("pickup", "pickup"),
    ("pick up", "pickup"),
    ("collection", "pickup"),
    ("click and collect", "pickup"),
    ("next day", "express"),
    ("next-day", "express"),
    ("overnight", "express"),
    ("express", "express"),
    ("priority", "express"),
)


def service_of(names: Sequence[str], services: Mapping[str, str]) -> str:
    """Our service for a shipping method known by `names` (title, code, method id; the first that is mapped
    wins).

    `services` is the store's table, case ignored. What nothing says anything about is `standard`.
    """
    table = {name.casefold().strip(): service for name, service in services.items()}
    folded = [name.casefold().strip() for name in names if name]
    for name in folded:
        if name in table:
            return table[name]
    return next((service for word, service in _WORDS if any(word in name for name in folded)), STANDARD)
