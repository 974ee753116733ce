"""Telling Shopify how many units of variants can be sold at the locations that stand for us."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.news import StockNews, StockOutcome, StockTold
from fulfilhub.stores.adapters.port import Connection, InDoubt, Missing, Refused, Retry, Stocked
from fulfilhub.stores.adapters.shopify import client, documents

ACTIVATE_STOCK = documents.read("FulfilHubActivateStock")

AT_ONCE = 250
"""So many quantities one mutation takes."""

READ_AT_ONCE = 100
"""So many variants one query may ask for without costing more than Shopify allows a query."""

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
    """A variant's stock that must change at a location: its inventory item, and what it is changed from."""

    news: StockNews
    item: str
    location: str
    before: int


@dataclass(frozen=True, slots=True)
class _Unstocked:
    """An inventory item that is not stocked yet at a location that stands for us."""

    news: StockNews
    item: str


@dataclass(slots=True)
class _Day:
    """What one call's news came to so far."""

    told: list[StockTold] = field(default_factory=list)
    changes: list[_Change] = field(default_factory=list)
    unstocked: list[_Unstocked] = field(default_factory=list)
    trouble: InDoubt | Refused | Retry | None = None


async def push_stock(http: httpx.AsyncClient, connection: Connection, news: Sequence[StockNews]) -> Stocked:
    """See `StoreAdapter.push_stock`. Levels are read first, and those that differ set in as few mutations as Shopify
    takes, from the quantities just read (compare and set). One that changed in between keeps the others of its mutation
    back until the next call, since Shopify then sets none. What is not stocked yet at a location that was mapped to a
    warehouse is stocked there; at the one location of a shop without a mapping that is left to the merchant."""
    if not connection.settings.stock_location and any(not each.location for each in news):
        return Stocked(trouble=Refused("no_location", "Choose the Shopify location whose stock FulfilHub sets."))
    day = _Day()
    for location, wanted in _by_location(connection, news):
        levels = await _levels(http, connection, location, [each.variant_id for each in wanted])
        if isinstance(levels, Refused | Retry):
            day.trouble = levels
            break
        for each in wanted:
            _sort(day, each, location, levels.get(each.variant_id))
    for change in range(0, len(day.changes), AT_ONCE):
        written = await _set(http, connection, day.changes[change : change + AT_ONCE])
        day.told += written.told
        if written.trouble is not None:
            return Stocked(tuple(day.told), written.trouble)
    for lacking in day.unstocked:
        stocked = await _activate(http, connection, lacking)
        if not isinstance(stocked, StockTold):
            return Stocked(tuple(day.told), stocked)
        day.told.append(stocked)
    return Stocked(tuple(day.told), day.trouble)


def _by_location(connection: Connection, news: Sequence[StockNews]) -> Iterator[tuple[str, list[StockNews]]]:
    """The news of each location, as many at a time as can be read at once."""
    places: dict[str, list[StockNews]] = {}
    for each in news:
        places.setdefault(each.location or connection.settings.stock_location, []).append(each)
    for location, wanted in places.items():
        for start in range(0, len(wanted), READ_AT_ONCE):
            yield location, wanted[start : start + READ_AT_ONCE]


async def _levels(
    http: httpx.AsyncClient, connection: Connection, location: str, variants: Sequence[str]
) -> dict[str, Mapping[str, object]] | Refused | Retry:
    """The inventory item of each variant that there is, with its level at this location."""
    wanted = [variant for variant in variants if variant.startswith("gid://shopify/ProductVariant/")]
    if not wanted:
        return {}
    variables = {"variants": wanted, "location": location}
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


def _sort(day: _Day, news: StockNews, location: str, item: Mapping[str, object] | None) -> None:
    if item is None:
        day.told.append(StockTold(news.reference, StockOutcome.MISSING))
        return
    level, name = item.get("inventoryLevel"), reading.text(item.get("id"))
    quantities = reading.rows(reading.table(level).get("quantities"))
    shown = next((reading.stock(row.get("quantity")) for row in quantities), None)
    if item.get("tracked") is not True or (shown is None and not news.location):
        day.told.append(StockTold(news.reference, StockOutcome.UNMANAGED))
    elif shown is None:
        day.unstocked.append(_Unstocked(news, name))
    elif shown == news.available:
        day.told.append(StockTold(news.reference, StockOutcome.ALREADY, shown))
    elif news.expected is not None and shown != news.expected:
        day.told.append(StockTold(news.reference, StockOutcome.STALE, shown))
    else:
        day.changes.append(_Change(news, name, location, shown))


async def _activate(
    http: httpx.AsyncClient, connection: Connection, each: _Unstocked
) -> StockTold | InDoubt | Refused | Retry:
    variables = {"item": each.item, "location": each.news.location, "available": each.news.available}
    key = hashlib.sha256(f"activate:{each.item}:{each.news.location}:{each.news.reference}".encode()).hexdigest()
    answer = await client.mutate(http, connection, ACTIVATE_STOCK, variables | {"key": key})
    if isinstance(answer, Missing):
        return StockTold(each.news.reference, StockOutcome.REFUSED, None, "Shopify does not know the location.")
    if isinstance(answer, InDoubt | Refused | Retry):
        return answer
    payload = reading.table(answer.get("inventoryActivate"))
    reason = client.refusal(payload)
    if "already active" in reason:
        return Retry("It was stocked in Shopify meanwhile.", 2.0)
    if reason:
        return StockTold(each.news.reference, StockOutcome.REFUSED, None, reason)
    quantities = reading.rows(reading.table(payload.get("inventoryLevel")).get("quantities"))
    shown = next((reading.stock(row.get("quantity")) for row in quantities), each.news.available)
    outcome = StockOutcome.SET if shown == each.news.available else StockOutcome.STALE
    return StockTold(each.news.reference, outcome, shown)


async def _set(http: httpx.AsyncClient, connection: Connection, changes: Sequence[_Change]) -> Stocked:
    change = {
        "name": "available",
        "reason": "correction",
        "referenceDocumentUri": f"gid://fulfilhub/Stock/{changes[0].news.reference}",
        "quantities": [
            {
                "inventoryItemId": each.item,
                "locationId": each.location,
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
