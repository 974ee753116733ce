"""How promises turn out: the clock that stands still, the verdicts and their causes, and what is at risk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.inventory.rules.calendar import is_open
from fulfilhub.inventory.rules.warehouse import DeliveryDays
from fulfilhub.orders.rules import CLOCK_STOPS, HoldReason, PromiseCause, PromiseOutcome, PromiseStage, PromiseState
from fulfilhub.routing.rules.keeping import (
    LEADS,
    Clock,
    Part,
    Progress,
    Stop,
    Story,
    Verdict,
    deliver_cause,
    effective,
    judge,
    ship_cause,
)
from fulfilhub.routing.rules.promise import is_delivery_day
from fulfilhub.routing.rules.terms import Promise
from tests.routing.rules.world import LEEDS, WEEKDAYS_TILL_TWO

SHIP, DELIVER = PromiseStage.SHIP, PromiseStage.DELIVER
SITE, CARRIER, MERCHANT, CUSTOMER = PromiseCause
LONDON = ZoneInfo("Europe/London")
CLOCK = Clock(WEEKDAYS_TILL_TWO, DeliveryDays.MON_SAT, "GB-ENG", LONDON)


def at(day: int, hour: int = 12, minute: int = 0) -> datetime:
    """A moment in November 2026; the 24th is a Tuesday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def end(day: int) -> datetime:
    return datetime(2026, 11, day, 23, 59, 59, tzinfo=UTC)


PROMISE = Promise(end(24), end(26))
GIVEN = at(24, 9)


def part(**more: Any) -> Part:
    told: dict[str, Any] = {
        "warehouse_id": LEEDS.id,
        "service": "standard",
        "carrier": "royal_mail",
        "progress": Progress.UNTOUCHED,
        "given_at": GIVEN,
        "ship_by": end(24),
    }
    return Part(**(told | more))


def story(**more: Any) -> Story:
    told: dict[str, Any] = {"promise": PROMISE, "parts": (part(),)}
    shipped = more.get("shipped_at")
    if shipped is not None:
        told["parts"] = (part(progress=Progress.GONE, shipped_at=shipped),)
    return Story(**(told | more))


# The clock ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stops", "due"),
    [
        ([], (24, 26)),
        ([Stop(MERCHANT, at(24, 10), at(24, 13))], (24, 26)),  # over before the cut-off
        ([Stop(MERCHANT, at(24, 10), at(24, 15))], (25, 27)),  # over the cut-off of 14:00
        ([Stop(MERCHANT, at(24, 15), at(25, 10))], (24, 26)),  # both moments count for Wednesday
        ([Stop(MERCHANT, at(24, 10), at(26, 10))], (26, 28)),
        ([Stop(MERCHANT, at(24, 10), at(27, 15))], (30, 32)),  # over the weekend
        # What overlaps counts once; what follows adds up.
        ([Stop(MERCHANT, at(24, 10), at(25, 10)), Stop(CUSTOMER, at(24, 11), at(25, 9))], (25, 27)),
        ([Stop(MERCHANT, at(24, 10), at(24, 15)), Stop(MERCHANT, at(25, 9), at(25, 18))], (26, 28)),
        ([Stop(MERCHANT, at(26, 10), at(27, 15))], (24, 26)),  # after it was due
        ([Stop(MERCHANT, at(24, 10))], (25, 27)),  # still held, and asked on Wednesday noon
    ],
)
def test_the_clock_stands_still_by_working_days(stops: list[Stop], due: tuple[int, int]) -> None:
    until = at(25) if stops and stops[0].ends is None else at(30)
    found, _ = effective(PROMISE, stops, CLOCK, until)
    arrives = end(30) + timedelta(days=due[1] - 30)
    assert (found.ship_by, found.deliver_by) == (end(due[0]), arrives)


def test_who_stopped_it_for_most_days_is_named() -> None:
    stops = [Stop(MERCHANT, at(24, 10), at(24, 15)), Stop(CUSTOMER, at(25, 9), at(27, 18))]
    assert effective(PROMISE, stops, CLOCK, at(30))[1] is CUSTOMER


moments = st.integers(0, 30 * 24 * 60).map(lambda minutes: at(20, 0) + timedelta(minutes=minutes))
stops = st.lists(
    st.builds(
        lambda cause, begins, hours: Stop(cause, begins, begins + timedelta(hours=hours)),
        st.sampled_from([MERCHANT, CUSTOMER]),
        moments,
        st.integers(0, 200),
    ),
    max_size=4,
)


@given(stops, st.lists(st.builds(Stop, st.just(MERCHANT), moments), max_size=1), moments)
def test_more_holding_never_makes_anything_due_sooner(some: list[Stop], more: list[Stop], until: datetime) -> None:
    fewer, _ = effective(PROMISE, some, CLOCK, until)
    found, cause = effective(PROMISE, [*some, *more], CLOCK, until)
    assert found.ship_by >= fewer.ship_by >= PROMISE.ship_by
    assert found.deliver_by >= fewer.deliver_by >= PROMISE.deliver_by
    assert (cause is None) == (found == PROMISE)
    if cause is not None:
        assert is_open(CLOCK.calendar, found.ship_by.astimezone(LONDON).date())
        assert is_delivery_day(found.deliver_by.astimezone(LONDON).date(), DeliveryDays.MON_SAT, "GB-ENG")


@given(st.integers(0, 60 * 24 * 60).map(lambda minutes: at(24, 10) + timedelta(minutes=minutes)))
def test_nothing_is_overdue_while_it_is_held(now: datetime) -> None:
    found, _ = effective(PROMISE, [Stop(CUSTOMER, at(24, 10))], CLOCK, now)
    assert found.ship_by >= now


def test_every_reason_to_hold_says_whether_the_clock_stops() -> None:
    assert set(CLOCK_STOPS) == set(HoldReason)
    assert CLOCK_STOPS[HoldReason.OUT_OF_STOCK] is None
    assert CLOCK_STOPS[HoldReason.INCORRECT_ADDRESS] is CUSTOMER


# The verdicts ---------------------------------------------------------------------------------------------------

HELD = (Stop(MERCHANT, at(24, 10), at(24, 15)),)


@pytest.mark.parametrize(
    ("told", "now", "ship", "deliver"),
    [
        ({"shipped_at": at(24, 17), "delivered_at": at(26)}, at(26), "kept", "kept"),
        ({"shipped_at": end(24), "delivered_at": end(26)}, at(27), "kept", "kept"),
        ({"shipped_at": at(25), "stops": HELD}, at(25), "excused merchant", None),
        ({"shipped_at": at(25), "delivered_at": at(27), "stops": HELD}, at(27), "excused merchant", "excused merchant"),
        ({"shipped_at": at(25), "delivered_at": at(26), "stops": HELD}, at(27), "excused merchant", "kept"),
        ({"shipped_at": at(26), "delivered_at": at(28), "stops": HELD}, at(28), "broken site", "broken site"),
        ({"shipped_at": at(25), "delivered_at": at(26)}, at(26), "broken site", "kept"),
        ({"shipped_at": at(25), "delivered_at": at(27)}, at(27), "broken site", "broken site"),
        ({"shipped_at": at(24), "delivered_at": at(27)}, at(27), "kept", "broken carrier"),
        # Nothing has come, and time goes by.
        ({}, end(24), None, None),
        ({}, at(25, 0), "broken site", None),
        ({}, at(27, 0), "broken site", "broken site"),
        ({"waiting": True}, at(25, 0), "broken merchant", None),
        ({"shipped_at": at(24)}, at(28, 23), "kept", None),  # the carrier's word may come late
        ({"shipped_at": at(24)}, at(29, 0), "kept", "broken carrier"),
        ({"shipped_at": at(24), "coming_back": True}, at(29, 0), "kept", "broken customer"),
        ({"shipped_at": at(24), "delivered_at": at(28), "tried_at": at(26)}, at(28), "kept", "broken customer"),
        ({"shipped_at": at(24), "delivered_at": at(28), "tried_at": at(27)}, at(28), "kept", "broken carrier"),
        # Cancelled before anything was late, and after.
        ({"cancelled_at": at(24), "parts": ()}, at(30), "excused merchant", "excused merchant"),
        ({"cancelled_at": at(25), "parts": (), "waiting": True}, at(25), "broken merchant", "excused merchant"),
    ],
)
def test_how_each_stage_ends(told: dict[str, Any], now: datetime, ship: str | None, deliver: str | None) -> None:
    found = judge(story(**told), CLOCK, {}, [], now)
    said = {each.stage: f"{each.outcome} {each.cause or ''}".strip() for each in found.verdicts}
    assert said == {stage: words for stage, words in ((SHIP, ship), (DELIVER, deliver)) if words}
    assert (found.look_at is None) == (len(said) == 2)
    if deliver is not None:
        assert found.state == PromiseState(deliver.partition(" ")[0])


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        ({"parts": (part(),)}, SITE),
        ({"parts": (part(ship_by=end(26)),)}, MERCHANT),  # given late, and still in time by its own date
        ({"parts": (part(ship_by=end(26)),), "site_failed": True}, SITE),  # given late, because another refused it
        ({"parts": (part(), part(ship_by=end(26)))}, SITE),
        ({"parts": (part(progress=Progress.GONE, shipped_at=at(24)),), "waiting": True}, MERCHANT),
        ({"waiting": True, "site_failed": True}, SITE),
        ({"parts": ()}, MERCHANT),
    ],
)
def test_whose_doing_it_is_that_it_left_late(told: dict[str, Any], cause: PromiseCause) -> None:
    assert ship_cause(story(**told), CLOCK, at(25)) is cause


def test_a_late_departure_stays_the_fault_of_who_was_found_to_have_it() -> None:
    left = Verdict(stage=SHIP, outcome=PromiseOutcome.BROKEN, cause=MERCHANT, due=end(24), happened=None)
    late = story(shipped_at=at(25), delivered_at=at(28))
    assert deliver_cause(late, CLOCK, PROMISE, left, at(28)) is MERCHANT


stories = st.builds(
    lambda ship, arrive, tried, waiting, failed, back, door, cancelled, held: story(
        shipped_at=ship,
        delivered_at=None if ship is None or arrive is None else max(ship, arrive),
        tried_at=tried,
        waiting=waiting and ship is None,
        site_failed=failed,
        coming_back=back,
        at_the_door=door and ship is not None,
        cancelled_at=cancelled if ship is None else None,
        stops=tuple(held),
    ),
    st.none() | moments,
    st.none() | moments,
    st.none() | moments,
    *[st.booleans()] * 4,
    st.none() | moments,
    stops,
)


@given(st.lists(stories, min_size=1, max_size=5), st.lists(st.integers(1, 60), min_size=5, max_size=5))
def test_whatever_is_told_in_whatever_order_each_stage_is_decided_once(told: list[Story], hours: list[int]) -> None:
    decided: dict[PromiseStage, Verdict] = {}
    warned: list[PromiseStage] = []
    now, ended = GIVEN, None
    for each, later in zip(told, hours, strict=False):
        now += timedelta(hours=later)
        found = judge(each, CLOCK, decided, warned, now)
        assert not {verdict.stage for verdict in found.verdicts} & set(decided)
        assert not set(found.at_risk) & set(warned)
        for verdict in found.verdicts:
            assert (verdict.cause is None) == (verdict.outcome is PromiseOutcome.KEPT)
            decided[verdict.stage] = verdict
        warned += found.at_risk
        if ended is not None:
            assert found.state == ended
        if DELIVER in decided:
            ended = found.state
        assert (found.look_at is None) == (len(decided) == 2)
        assert found.look_at is None or found.look_at > now


@given(stories)
def test_looking_whenever_told_to_decides_everything_in_the_end(told: Story) -> None:
    closed = msgspec.structs.replace(
        told, stops=tuple(Stop(stop.cause, stop.begins, stop.ends or stop.begins) for stop in told.stops)
    )
    decided: dict[PromiseStage, Verdict] = {}
    warned: list[PromiseStage] = []
    look: datetime | None = GIVEN
    for _ in range(200):
        if look is None:
            break
        found = judge(closed, CLOCK, decided, warned, look)
        decided |= {verdict.stage: verdict for verdict in found.verdicts}
        warned += found.at_risk
        look = found.look_at
    assert set(decided) == {SHIP, DELIVER}


# At risk --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("progress", "hours"),
    [(Progress.UNTOUCHED, 8), (Progress.IN_WORK, 4), (Progress.PACKED, 1)],
)
def test_the_more_is_left_to_do_the_sooner_it_is_at_risk(progress: Progress, hours: int) -> None:
    told = story(parts=(part(progress=progress), part(progress=Progress.GONE, shipped_at=at(24, 9))))
    near = end(24) - timedelta(hours=hours)
    before = judge(told, CLOCK, {}, [], near - timedelta(seconds=1))
    assert (before.state, before.at_risk, before.look_at) == (
        PromiseState.ON_TRACK,
        (),
        max(near, near - timedelta(seconds=1) + timedelta(minutes=10)),
    )
    found = judge(told, CLOCK, {}, [], near)
    assert (found.state, found.at_risk, found.look_at) == (
        PromiseState.AT_RISK,
        (SHIP,),
        end(24) + timedelta(seconds=1),
    )
    again = judge(told, CLOCK, {}, [SHIP], near)
    assert (again.state, again.at_risk) == (PromiseState.AT_RISK, ())


def test_on_its_last_day_a_parcel_is_at_risk_unless_it_is_at_the_door() -> None:
    near = end(26) - LEADS.deliver
    on_its_way = story(shipped_at=at(24))
    left = {SHIP: Verdict(stage=SHIP, outcome=PromiseOutcome.KEPT, cause=None, due=end(24), happened=at(24))}
    assert judge(on_its_way, CLOCK, left, [], near - timedelta(seconds=1)).at_risk == ()
    assert judge(on_its_way, CLOCK, left, [], near).at_risk == (DELIVER,)
    at_the_door = msgspec.structs.replace(on_its_way, at_the_door=True)
    assert judge(at_the_door, CLOCK, left, [], near).at_risk == ()
    assert judge(at_the_door, CLOCK, left, [], end(26) + timedelta(seconds=1)).at_risk == (DELIVER,)


def test_what_left_in_time_after_a_warning_is_on_track_again() -> None:
    found = judge(story(shipped_at=at(24, 22)), CLOCK, {}, [SHIP], at(24, 22))
    assert (found.state, [each.outcome for each in found.verdicts]) == (PromiseState.ON_TRACK, [PromiseOutcome.KEPT])


def test_what_left_late_is_at_risk_until_it_arrives_for_it_may_still_be_in_time() -> None:
    found = judge(story(shipped_at=at(25)), CLOCK, {}, [], at(25))
    assert (found.state, found.cause) == (PromiseState.AT_RISK, SITE)
