"""Which of the order's fulfilments show our shipment already, and what is still to be created where. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fulfilhub.stores.adapters.news import ShipmentNews, ShippedLine

#: Shopify's clock and ours may differ, and it cuts off fractions of a second.
CLOCKS_APART = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Told:
    """A fulfilment that the store has and that did happen. `lines`: units per line of the order."""

    id: str
    created_at: datetime
    numbers: frozenset[str]
    lines: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OpenLine:
    """Units of a line (`line`) that a fulfilment order (`order`) at `location` still waits for; `id` is its
    own."""

    order: str
    location: str
    id: str
    line: str
    remaining: int


@dataclass(frozen=True, slots=True)
class Plan:
    """`already`: what shows this shipment. `create`: per location, (open line, units). `left_out`: units that
    no fulfilment order waits for."""

    already: tuple[Told, ...]
    create: Mapping[str, tuple[tuple[OpenLine, int], ...]]
    left_out: tuple[ShippedLine, ...]


def plan(news: ShipmentNews, told: Sequence[Told], open_lines: Sequence[OpenLine]) -> Plan:
    """What is there and what to do. One call of the API takes one location only, hence the grouping."""
    already = tuple(one for one in told if shows(one, news))
    wanted: dict[str, int] = {}
    for line in news.lines:
        wanted[line.external_id] = wanted.get(line.external_id, 0) + line.quantity
    for one in already:
        for name, units in one.lines.items():
            if name in wanted:
                wanted[name] = max(wanted[name] - units, 0)
    create: dict[str, tuple[tuple[OpenLine, int], ...]] = {}
    for candidate in _by_place(news, open_lines):
        units = min(wanted.get(candidate.line, 0), candidate.remaining)
        if units > 0:
            wanted[candidate.line] -= units
            create[candidate.location] = (*create.get(candidate.location, ()), (candidate, units))
    left_out = tuple(ShippedLine(name, units) for name, units in wanted.items() if units > 0)
    return Plan(already, create, left_out)


def _by_place(news: ShipmentNews, open_lines: Sequence[OpenLine]) -> Sequence[OpenLine]:
    """Where locations are mapped, only parts at ours, those at the one it left from first."""
    if not news.places:
        return open_lines
    rank = {place: at for at, place in enumerate(news.places)}
    return sorted((each for each in open_lines if each.location in rank), key=lambda each: rank[each.location])


def shows(one: Told, news: ShipmentNews) -> bool:
    """Is this fulfilment our shipment? By the id the store gave it, or by a tracking number of ours.

    Without tracking numbers there is no mark to look for: then it is one without numbers too, made since the
    shipment left, of no more than our lines, and not recorded as another shipment's.
    """
    if one.id in news.others:
        return False
    if one.id in news.told_as:
        return True
    if news.tracking_numbers:
        return bool(one.numbers & set(news.tracking_numbers))
    ours = {line.external_id: line.quantity for line in news.lines}
    fits = all(units <= ours.get(name, 0) for name, units in one.lines.items())
    since = one.created_at >= news.shipped_at - CLOCKS_APART
    return not one.numbers and since and fits and bool(one.lines)
