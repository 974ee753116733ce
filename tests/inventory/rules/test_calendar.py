"""Working calendars: cut-offs, bank holidays, closed days, daylight saving."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.inventory.rules.calendar import (
    WEEKDAYS,
    NeverOpen,
    WorkingCalendar,
    add_working_days,
    counting_day,
    end_of_day,
    holidays_of,
    is_open,
    knows_region,
    read_calendar,
    ship_by,
)
from fulfilhub.platform.errors import Invalid

LONDON = ZoneInfo("Europe/London")
WEEK: dict[str, str | None] = dict.fromkeys(WEEKDAYS[:5], "14:00")
LEEDS = read_calendar("Europe/London", WEEK, "GB-ENG", ["2026-12-24"])


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    ("ready", "handling", "last_local_day"),
    [
        ("2026-11-24T13:59:59", 0, "2026-11-24"),  # Tuesday, before the cut-off
        ("2026-11-24T14:00:00", 0, "2026-11-25"),  # at the cut-off is after it
        ("2026-11-24T09:00:00", 1, "2026-11-25"),
        ("2026-11-27T15:00:00", 0, "2026-11-30"),  # Friday afternoon
        ("2026-11-28T09:00:00", 0, "2026-11-30"),  # Saturday
        ("2026-11-28T09:00:00", 1, "2026-12-01"),
        ("2026-12-23T15:00:00", 0, "2026-12-29"),  # own closed day, Christmas, weekend, Boxing Day observed
        ("2027-03-25T15:00:00", 0, "2027-03-30"),  # Good Friday, weekend, Easter Monday
        ("2027-03-25T10:00:00", 2, "2027-03-31"),
    ],
)
def test_an_order_leaves_by_the_end_of_its_day(ready: str, handling: int, last_local_day: str) -> None:
    moment = ship_by(LEEDS, london(ready), handling)
    assert moment.tzinfo is UTC
    assert moment.astimezone(LONDON).replace(tzinfo=None) == datetime.fromisoformat(f"{last_local_day}T23:59:59")


def test_the_cut_off_is_local_time_in_summer_too() -> None:
    assert ship_by(LEEDS, datetime(2026, 7, 1, 12, 59, tzinfo=UTC), 0) == datetime(2026, 7, 1, 22, 59, 59, tzinfo=UTC)
    assert ship_by(LEEDS, datetime(2026, 7, 1, 13, 0, tzinfo=UTC), 0) == datetime(2026, 7, 2, 22, 59, 59, tzinfo=UTC)


def test_a_day_is_counted_once_when_the_clock_goes_back_or_forward() -> None:
    sunday = read_calendar("Europe/London", dict.fromkeys(WEEKDAYS, "14:00"))
    assert counting_day(sunday, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == date(2026, 10, 25)
    assert counting_day(sunday, datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) == date(2026, 10, 25)
    assert ship_by(sunday, datetime(2027, 3, 28, 0, 59, tzinfo=UTC), 0) == datetime(2027, 3, 28, 22, 59, 59, tzinfo=UTC)


def test_the_day_ends_one_second_before_the_next_where_the_clock_changes_at_midnight() -> None:
    nuuk, havana = ZoneInfo("America/Nuuk"), ZoneInfo("America/Havana")
    for zone, day in ((nuuk, date(2026, 3, 28)), (nuuk, date(2026, 10, 24)), (havana, date(2026, 3, 7))):
        after = (end_of_day(day, zone) + timedelta(seconds=1)).astimezone(zone)
        assert after.date() == day + timedelta(days=1), (zone, day)
        assert end_of_day(day, zone).astimezone(zone).date() == day


def test_each_nation_keeps_its_own_bank_holidays() -> None:
    england = read_calendar("Europe/London", WEEK, "GB-ENG")
    scotland = read_calendar("Europe/London", WEEK, "GB-SCT")
    ireland = read_calendar("Europe/London", WEEK, "GB-NIR")
    nowhere = read_calendar("Europe/London", WEEK)
    easter_monday, january_2nd, st_patrick = date(2027, 3, 29), date(2026, 1, 2), date(2026, 3, 17)
    assert [is_open(c, easter_monday) for c in (england, scotland, ireland, nowhere)] == [False, True, False, True]
    assert [is_open(c, january_2nd) for c in (england, scotland, ireland, nowhere)] == [True, False, True, True]
    assert [is_open(c, st_patrick) for c in (england, scotland, ireland, nowhere)] == [True, True, False, True]


def test_an_unknown_region_has_no_holidays_and_is_told_as_unknown() -> None:
    assert holidays_of("XX-YY", 2026) == frozenset()
    assert [knows_region(region) for region in ("GB-ENG", "IE", "gb-sct", "GB-ENGL", "")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_a_warehouse_that_never_opens_is_said_to_be_so() -> None:
    shut = WorkingCalendar(LONDON, (None,) * 7)
    with pytest.raises(NeverOpen):
        ship_by(shut, london("2026-11-24T09:00:00"), 0)


def test_programming_errors_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        ship_by(LEEDS, datetime(2026, 11, 24, 9), 0)  # noqa: DTZ001
    with pytest.raises(ValueError, match="negative"):
        add_working_days(LEEDS, date(2026, 11, 24), -1)
    with pytest.raises(ValueError, match="seven"):
        WorkingCalendar(LONDON, (time(14),))


def test_every_fault_of_a_calendar_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        read_calendar("Europe/Leeds", {"mon": "2pm", "funday": "14:00", "tue": "00:00"}, "", ["24/12/2026"])
    assert [fault.pointer for fault in refused.value.fields] == [
        "/timezone",
        "/cutoffs/funday",
        "/cutoffs/mon",
        "/cutoffs/tue",
        "/calendar/closed_dates/0",
    ]


@pytest.mark.parametrize("zone", ["", "Europe", "../etc/passwd", "Europe/\x00", "Nowhere/Atall"])
def test_a_bad_time_zone_is_invalid(zone: str) -> None:
    with pytest.raises(Invalid):
        read_calendar(zone, WEEK)


def test_a_calendar_without_an_open_weekday_is_invalid() -> None:
    with pytest.raises(Invalid) as refused:
        read_calendar("Europe/London", {"mon": None})
    assert [fault.pointer for fault in refused.value.fields] == ["/cutoffs"]


zones = st.sampled_from(["Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo"])
cutoffs = st.lists(st.none() | st.times(min_value=time(0, 1)), min_size=7, max_size=7).filter(any)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
calendars = st.builds(
    lambda zone, times, region, closed: WorkingCalendar(ZoneInfo(zone), tuple(times), region, frozenset(closed)),
    zones,
    cutoffs,
    st.sampled_from(["", "GB-ENG", "DE", "US-CA"]),
    st.sets(st.dates(date(2024, 1, 1), date(2030, 1, 1)), max_size=10),
)


@given(calendars, moments, st.integers(0, 10))
def test_it_leaves_on_an_open_day_after_it_was_ready(calendar: WorkingCalendar, ready: datetime, days: int) -> None:
    by = ship_by(calendar, ready, days)
    assert by >= ready
    assert is_open(calendar, by.astimezone(calendar.timezone).date())
    assert ship_by(calendar, ready, days + 1) > by


@given(calendars, moments, moments, st.integers(0, 5))
def test_who_is_ready_earlier_never_leaves_later(
    calendar: WorkingCalendar, one: datetime, other: datetime, days: int
) -> None:
    first, last = sorted((one, other))
    assert ship_by(calendar, first, days) <= ship_by(calendar, last, days)


@given(calendars, st.dates(date(2024, 1, 1), date(2029, 1, 1)), st.integers(0, 6), st.integers(0, 6))
def test_working_days_add_up(calendar: WorkingCalendar, day: date, some: int, more: int) -> None:
    assert add_working_days(calendar, day, some + more) == add_working_days(
        calendar, add_working_days(calendar, day, some), more
    )
