"""When a warehouse works: its time zone, a cut-off for each weekday, bank holidays and its own closed days.

Every promise starts here. Days are the warehouse's local days; moments are aware and come out in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from fulfilhub.platform.errors import Conflict, FieldError, Invalid

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZON_DAYS = 731
"""How far ahead an open day is looked for before the calendar is said never to open."""


class NeverOpen(Conflict):
    """The calendar has no open day within two years of the day asked about."""

    code = "warehouse_never_open"
    title = "The warehouse has no working day"


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """A warehouse's working time.

    `cutoffs` has seven entries, Monday first: the local time before which an order still counts that day,
    or None when closed. `region` is ISO 3166-1 or -2 (`GB-ENG`); its public holidays are closed days, and an
    empty or unknown region has none. `closed_dates` are further closed days.
    """

    timezone: ZoneInfo
    cutoffs: tuple[time | None, ...]
    region: str = ""
    closed_dates: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if len(self.cutoffs) != 7:
            raise ValueError("a calendar has seven cut-offs, Monday first")


def knows_region(region: str) -> bool:
    """True when public holidays are known for the region, so that a typing error can be refused in time."""
    country, _, subdivision = region.upper().partition("-")
    known = holidays.list_supported_countries()
    return country in known and (not subdivision or subdivision in known[country])


@lru_cache(maxsize=4096)
def holidays_of(region: str, year: int) -> frozenset[date]:
    """The public holidays of a region (`GB`, `GB-SCT`, `DE-BY`) in one year, observed days included.

    Source: the `holidays` library. A region it does not know has none.
    """
    country, _, subdivision = region.upper().partition("-")
    try:
        found = holidays.country_holidays(country, subdiv=subdivision or None, years=year)
    except NotImplementedError:
        return frozenset()
    return frozenset(day for day in found if day.year == year)


def is_open(calendar: WorkingCalendar, day: date) -> bool:
    """True when the warehouse works on this local day."""
    if calendar.cutoffs[day.weekday()] is None or day in calendar.closed_dates:
        return False
    return not calendar.region or day not in holidays_of(calendar.region, day.year)


def next_open_day(calendar: WorkingCalendar, day: date) -> date:
    """The first open day on or after `day`. Raises NeverOpen."""
    for ahead in range(HORIZON_DAYS):
        candidate = day + timedelta(days=ahead)
        if is_open(calendar, candidate):
            return candidate
    raise NeverOpen("The warehouse has no working day in the next two years: give it opening days.")


def add_working_days(calendar: WorkingCalendar, day: date, days: int) -> date:
    """The open day that lies `days` open days after `day`; a closed `day` first moves to the next open one.

    Raises NeverOpen, and ValueError for a negative number of days.
    """
    if days < 0:
        raise ValueError("days must not be negative")
    result = next_open_day(calendar, day)
    for _ in range(days):
        result = next_open_day(calendar, result + timedelta(days=1))
    return result


def counting_day(calendar: WorkingCalendar, ready_at: datetime) -> date:
    """The open local day an order ready at this moment counts for.

    Strictly before the cut-off of an open day: that day; otherwise the next open day. Raises NeverOpen, and
    ValueError when `ready_at` is not aware.
    """
    if ready_at.tzinfo is None:
        raise ValueError("ready_at must be aware")
    local = ready_at.astimezone(calendar.timezone)
    today = local.date()
    cutoff = calendar.cutoffs[today.weekday()]
    if cutoff is not None and is_open(calendar, today) and local.time() < cutoff:
        return today
    return next_open_day(calendar, today + timedelta(days=1))


def cutoff_after(calendar: WorkingCalendar, ready_at: datetime) -> datetime:
    """The moment, in UTC, before which an order must be ready to count for the same day as one ready at `ready_at`.

    Raises as `counting_day` does.
    """
    day = counting_day(calendar, ready_at)
    cutoff = calendar.cutoffs[day.weekday()]
    assert cutoff is not None  # noqa: S101 - a counting day is an open day
    return datetime.combine(day, cutoff, tzinfo=calendar.timezone).astimezone(UTC)


def working_days_between(calendar: WorkingCalendar, first: date, last: date) -> int:
    """How many open days lie after `first`, up to and with `last`; 0 when `last` is not later."""
    days = max((last - first).days, 0)
    return sum(is_open(calendar, first + timedelta(days=ahead)) for ahead in range(1, days + 1))


def ship_day(calendar: WorkingCalendar, ready_at: datetime, handling_days: int) -> date:
    """The local day by whose end an order ready now leaves: its counting day plus handling days."""
    return add_working_days(calendar, counting_day(calendar, ready_at), handling_days)


def ship_by(calendar: WorkingCalendar, ready_at: datetime, handling_days: int) -> datetime:
    """The last second of `ship_day`, in UTC. Raises NeverOpen, and ValueError for bad arguments."""
    return end_of_day(ship_day(calendar, ready_at, handling_days), calendar.timezone)


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """The last second of a local day, in UTC.

    `fold=1` makes it right where the clock changes at midnight: the later of two 23:59:59s, and for a
    23:59:59 that is skipped, the second before the change.
    """
    return datetime.combine(day, time(23, 59, 59, fold=1), tzinfo=zone).astimezone(UTC)


def read_calendar(
    timezone: str,
    cutoffs: Mapping[str, str | None],
    region: str = "",
    closed_dates: Iterable[str] = (),
) -> WorkingCalendar:
    """A calendar from plain JSON values: an IANA zone, `{"mon": "14:00", "sun": null}` (a weekday left out is
    closed), a holiday region, ISO dates. Raises Invalid naming every bad field (`/cutoffs/mon` ...).
    """
    faults: list[FieldError] = []
    zone = _zone(timezone, faults)
    weekdays = f"Weekdays are {', '.join(WEEKDAYS)}."
    faults.extend(FieldError(f"/cutoffs/{name}", weekdays) for name in sorted(cutoffs.keys() - set(WEEKDAYS)))
    times = tuple(_cutoff(name, cutoffs.get(name), faults) for name in WEEKDAYS)
    if not faults and times == (None,) * 7:
        faults.append(FieldError("/cutoffs", "Give at least one weekday a cut-off such as 14:00."))
    days = {day for i, text in enumerate(closed_dates) if (day := _day(i, text, faults)) is not None}
    if faults or zone is None:
        raise Invalid("The calendar has errors.", fields=faults)
    return WorkingCalendar(zone, times, region, frozenset(days))


def _zone(name: str, faults: list[FieldError]) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or the name of a folder
        faults.append(FieldError("/timezone", "Must be an IANA time zone such as Europe/London."))
        return None


def _cutoff(weekday: str, text: str | None, faults: list[FieldError]) -> time | None:
    if text is None:
        return None
    try:
        value = time.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is not None or value == time.min:
        faults.append(FieldError(f"/cutoffs/{weekday}", "Must be a local time such as 14:00, or null."))
        return None
    return value


def _day(index: int, text: str, faults: list[FieldError]) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        faults.append(FieldError(f"/calendar/closed_dates/{index}", "Must be a date such as 2026-12-24."))
        return None
