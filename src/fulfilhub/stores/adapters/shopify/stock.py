"""Telling Shopify how many units of variants can be sold at the location that stands for us."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.port import (
    Connection,
    InDoubt,
    Missing,
    Refused,
    Retry,
    Stocked,
    StockNews,
    StockOutcome,
    StockTold,
)
from fulfilhub.stores.adapters.shopify import client, documents

AT_ONCE = 100
_REFUSED = Refused("rejected", "Shopify rejected the stock.")

#: Somebody else changed the stock since it was read.
_STALE = {"CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE"}
#: A call with the same key is under way, or ended badly: read again.
_AGAIN = {"IDEMPOTENCY_CONCURRENT_REQUEST", "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"}


def stock_at_once(connection: Connection) -> int:
    """See `StoreAdapter.stock_at_once`."""
    return AT_ONCE


@dataclass(frozen=True, slots=True)
class _Change:
    """A variant's stock that must change: its inventory item, and what it is changed from."""

    news: StockNews
    item: str
    before: int


async def push_stock(http: httpx.AsyncClient, connection: Connection, news: Sequence[StockNews]) -> Stocked:
    """See `StoreAdapter.push_stock`. All levels are read in one query, and those that differ set in one mutation from
    the quantities just read (compare and set). One that changed in between keeps the others back until the next call,
    since Shopify then sets none."""
    if not connection.settings.stock_location:
        return Stocked(trouble=Refused("no_location", "Choose the Shopify location whose stock FulfilHub sets."))
    levels = await _levels(http, connection, [each.variant_id for each in news])
    if isinstance(levels, Refused | Retry):
        return Stocked(trouble=levels)
    told: list[StockTold] = []
    changes: list[_Change] = []
    for each in news:
        one = _judge(each, levels.get(each.variant_id))
        if isinstance(one, StockTold):
            told.append(one)
        else:
            changes.append(one)
    if not changes:
        return Stocked(tuple(told))
    written = await _set(http, connection, changes)
    return Stocked((*told, *written.told), written.trouble)


async def _levels(
    http: httpx.AsyncClient, connection: Connection, variants: Sequence[str]
) -> dict[str, Mapping[str, object]] | Refused | Retry:
    """The inventory item of each variant that there is, with its level at our location."""
    wanted = [variant for variant in variants if variant.startswith("gid://shopify/ProductVariant/")]
    if not wanted:
        return {}
    variables = {"variants": wanted, "location": connection.settings.stock_location}
    answer = await client.query(http, connection, documents.STOCK, variables)
    if isinstance(answer, Missing):
        return Refused("no_location", "Shopify does not know the chosen location, or a variant's id is none.")
    if isinstance(answer, Refused | Retry):
        return answer
    if not isinstance(answer.get("nodes"), list):
        return Retry("Shopify gave no list of variants.")
    return {
        reading.text(row.get("id")): item
        for row in reading.rows(answer.get("nodes"))
        if (item := reading.table(row.get("inventoryItem")))
    }


def _judge(news: StockNews, item: Mapping[str, object] | None) -> StockTold | _Change:
    if item is None:
        return StockTold(news.reference, StockOutcome.MISSING)
    level = item.get("inventoryLevel")
    quantities = reading.rows(reading.table(level).get("quantities"))
    shown = next((reading.stock(row.get("quantity")) for row in quantities), None)
    if item.get("tracked") is not True or shown is None:
        return StockTold(news.reference, StockOutcome.UNMANAGED)
    if shown == news.available:
        return StockTold(news.reference, StockOutcome.ALREADY, shown)
    if news.expected is not None and shown != news.expected:
        return StockTold(news.reference, StockOutcome.STALE, shown)
    return _Change(news, reading.text(item.get("id")), shown)


async def _set(http: httpx.AsyncClient, connection: Connection, changes: Sequence[_Change]) -> Stocked:
    location = connection.settings.stock_location
    change = {
        "name": "available",
        "reason": "correction",
        "referenceDocumentUri": f"gid://fulfilhub/Stock/{changes[0].news.reference}",
        "quantities": [
            {
                "inventoryItemId": each.item,
                "locationId": location,
                "quantity": each.news.available,
                "changeFromQuantity": each.before,
            }
            for each in changes
        ],
    }
    answer = await client.mutate(http, connection, documents.SET_STOCK, {"input": change, "key": key_of(changes)})
    if isinstance(answer, Missing):
        return Stocked(trouble=Retry("A variant went away while it was set."))
    if isinstance(answer, InDoubt | Refused | Retry):
        return Stocked(trouble=answer)
    payload = reading.table(answer.get("inventorySetQuantities"))
    errors = reading.rows(payload.get("userErrors"))
    if not errors:
        return Stocked(tuple(StockTold(each.news.reference, StockOutcome.SET, each.news.available) for each in changes))
    return _refused(changes, errors)


def _refused(changes: Sequence[_Change], errors: Sequence[Mapping[str, object]]) -> Stocked:
    """Nothing was set. Those that the errors name are settled; the others go again without them."""
    told: dict[str, StockTold] = {}
    for error in errors:
        place, code = _place(error), reading.text(error.get("code"))
        if place is None or place >= len(changes):
            continue
        reference = changes[place].news.reference
        reason = reading.text(error.get("message"))[:200]
        if code in _STALE:
            told[reference] = StockTold(reference, StockOutcome.STALE, None, reason)
        elif code not in _AGAIN:
            told[reference] = StockTold(reference, StockOutcome.REFUSED, None, reason)
    codes = {reading.text(error.get("code")) for error in errors}
    if told or codes & (_STALE | _AGAIN):
        left = len(told) < len(changes)
        return Stocked(tuple(told.values()), Retry("The stock changed in Shopify meanwhile.", 2.0) if left else None)
    return Stocked(trouble=Refused("rejected", reading.text(errors[0].get("message"))[:200] or _REFUSED.reason))


def _place(error: Mapping[str, object]) -> int | None:
    """Which of the quantities an error is about: `["input", "quantities", "3", ...]`."""
    field = error.get("field")
    named = field[2] if isinstance(field, list) and len(field) > 2 else None
    return int(named) if isinstance(named, str) and named.isascii() and named.isdigit() else None


def key_of(changes: Sequence[_Change]) -> str:
    """The idempotency key: of these very changes from these very quantities, because Shopify refuses a key that comes
    with other ones."""
    told = "\n".join(f"{each.news.reference}:{each.before}:{each.news.available}" for each in changes)
    return hashlib.sha256(told.encode()).hexdigest()
