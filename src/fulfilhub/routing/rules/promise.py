"""The promise: when an order leaves and arrives, from the warehouse's calendar, zones and delivery days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import msgspec

from fulfilhub.inventory.rules.calendar import NeverOpen, end_of_day, holidays_of, ship_day
from fulfilhub.inventory.rules.warehouse import DeliveryDays, Service, Zone
from fulfilhub.routing.rules.places import clock_of, holiday_region, postcode_keys, tidy_prefix
from fulfilhub.routing.rules.terms import Candidate, Promise

ELSEWHERE = "*"
_LAST_WEEKDAY = {DeliveryDays.MON_FRI: 4, DeliveryDays.MON_SAT: 5, DeliveryDays.EVERY_DAY: 6}


class Offer(msgspec.Struct, frozen=True):
    """One way a warehouse can send to an address, and what it would promise."""

    service: Service
    cost_minor: int | None
    promise: Promise


class Reach(msgspec.Struct, frozen=True, gc=False):
    """Whether a warehouse offers a service code at all, and the ways it can send there (best first)."""

    offered: bool
    offers: tuple[Offer, ...]


def is_delivery_day(day: date, days: DeliveryDays, region: str) -> bool:
    """True when the service delivers on this day: its weekdays, without the destination's holidays."""
    return day.weekday() <= _LAST_WEEKDAY[days] and day not in holidays_of(region, day.year)


def delivery_day(shipped_on: date, transit_days: int, days: DeliveryDays, region: str) -> date:
    """The day of arrival: `transit_days` delivery days after the day of shipping.

    Zero transit days is the day of shipping itself, or the next day on which the service delivers.
    """
    day = shipped_on
    while transit_days == 0 and not is_delivery_day(day, days, region):
        day += timedelta(days=1)
    for _ in range(transit_days):
        day += timedelta(days=1)
        while not is_delivery_day(day, days, region):
            day += timedelta(days=1)
    return day


class Outlook:
    """A candidate at one moment: when it ships what becomes ready now, and where its services reach.

    Made once per candidate and run, so that a batch reads each calendar and zone table only once.
    `ship_day` and `ship_by` are None when the warehouse never opens.
    """

    def __init__(self, candidate: Candidate, now: datetime) -> None:
        self.candidate = candidate
        self.ship_day: date | None = None
        self.ship_by: datetime | None = None
        try:
            self.ship_day = ship_day(candidate.calendar, now, candidate.handling_days)
            self.ship_by = end_of_day(self.ship_day, candidate.calendar.timezone)
        except NeverOpen:
            pass
        self._zones: dict[str, list[tuple[Service, dict[tuple[str, str], Zone]]]] = {}
        self._arrivals: dict[tuple[int, DeliveryDays, str, str], datetime] = {}

    def reach(self, service: str, country: str, postcode: str) -> Reach:
        """How it can send to this address with a service code: earliest arrival first, then the cheaper,
        then by carrier's name."""
        tables = self._tables(service)
        offers: list[Offer] = []
        if self.ship_day is None or self.ship_by is None:
            return Reach(bool(tables), ())
        for each, table in tables:
            zone = find_zone(table, country, postcode)
            if zone is not None and zone.transit_days is not None:
                arrives = self._arrival(self.ship_day, each, zone.transit_days, country, postcode)
                offers.append(Offer(each, zone.cost_minor, Promise(self.ship_by, arrives)))
        if len(offers) > 1:
            offers.sort(key=_preference)
        return Reach(bool(tables), tuple(offers))

    def _tables(self, service: str) -> list[tuple[Service, dict[tuple[str, str], Zone]]]:
        tables = self._zones.get(service)
        if tables is None:
            mine = [each for each in self.candidate.services if each.code == service]
            tables = self._zones[service] = [(each, zone_table(each.zones)) for each in mine]
        return tables

    def _arrival(self, shipped_on: date, service: Service, transit_days: int, country: str, postcode: str) -> datetime:
        region = holiday_region(country, postcode)
        key = (transit_days, service.delivery_days, country, region)
        moment = self._arrivals.get(key)
        if moment is None:
            day = delivery_day(shipped_on, transit_days, service.delivery_days, region)
            clock = clock_of(country) or self.candidate.calendar.timezone
            moment = self._arrivals[key] = end_of_day(day, clock)
        return moment


def _preference(offer: Offer) -> tuple[datetime, float, str]:
    cost = float("inf") if offer.cost_minor is None else offer.cost_minor
    return (offer.promise.deliver_by, cost, offer.service.carrier)


def zone_table(zones: Iterable[Zone]) -> dict[tuple[str, str], Zone]:
    """Zones by (country, prefix); of two zones that name the same place the first counts."""
    table: dict[tuple[str, str], Zone] = {}
    for zone in zones:
        for country in zone.countries:
            for prefix in zone.postcode_prefixes or ("",):
                table.setdefault((country, tidy_prefix(country, prefix)), zone)
    return table


def find_zone(table: dict[tuple[str, str], Zone], country: str, postcode: str) -> Zone | None:
    """The zone of an address: its country's longest matching postcode prefix, else the zone for elsewhere."""
    for key in postcode_keys(country, postcode):
        zone = table.get((country, key))
        if zone is not None:
            return zone
    return table.get((ELSEWHERE, ""))


def promise_of(candidate: Candidate, service: str, country: str, postcode: str, now: datetime) -> Promise | None:
    """What one warehouse would promise for an order that is ready now; None when it cannot send it there."""
    offers = Outlook(candidate, now).reach(service, country, postcode).offers
    return offers[0].promise if offers else None


def is_kept(promise: Promise, arrives: datetime) -> bool:
    """True when an arrival keeps the promise."""
    return arrives <= promise.deliver_by
