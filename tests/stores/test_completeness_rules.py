"""What may be claimed of a store, and when it is looked at again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.stores.rules.completeness import (
    LONGEST_LAG,
    SETTLES,
    Standing,
    SweepState,
    after_failure,
    after_try,
    clock_offset,
    fix_of,
    lag_seen,
    next_due,
    state_of,
)

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
INTERVAL = timedelta(minutes=5)
SPREADS = st.floats(0, 1)


def standing(**changes: object) -> Standing:
    known: dict[str, object] = {
        "connected": True,
        "listed_to": NOON - INTERVAL,
        "proven": True,
        "offset": timedelta(),
        "failures": 0,
        "code": None,
        "overdue": 0,
        "doubted": 0,
    }
    return Standing(**known | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, SweepState.COMPLETE),
        ({"connected": False}, SweepState.OFF),
        ({"listed_to": None, "proven": False}, SweepState.NEVER),
        ({"proven": False}, SweepState.NEVER),
        ({"proven": False, "overdue": 1}, SweepState.BEHIND),
        ({"listed_to": NOON - INTERVAL * 4}, SweepState.BEHIND),
        ({"listed_to": NOON + timedelta(minutes=55), "offset": timedelta(hours=1)}, SweepState.COMPLETE),
        ({"listed_to": NOON - timedelta(minutes=5), "offset": timedelta(hours=1)}, SweepState.BEHIND),
        ({"overdue": 1}, SweepState.BEHIND),
        ({"doubted": 1}, SweepState.BEHIND),
        ({"code": "unreachable", "failures": 1}, SweepState.COMPLETE),
        ({"code": "unreachable", "failures": 3}, SweepState.FAILING),
        ({"code": "unauthorised", "failures": 1}, SweepState.FAILING),
    ],
)
def test_the_state_says_the_worst_that_is_known(changes: dict[str, object], state: SweepState) -> None:
    assert state_of(standing(**changes), INTERVAL, NOON) is state


@given(SPREADS)
def test_stores_that_began_together_drift_apart(spread: float) -> None:
    assert INTERVAL * 0.8 < next_due(NOON, INTERVAL, spread) - NOON < INTERVAL * 1.2


@given(SPREADS, st.timedeltas(timedelta(seconds=1), timedelta(days=1)))
def test_the_second_sweep_comes_when_it_can_prove_something_and_never_later_than_others(
    spread: float, interval: timedelta
) -> None:
    due = next_due(NOON, interval, spread, first=True)
    assert due <= next_due(NOON, interval, spread)
    assert due >= NOON + min(SETTLES, interval * 0.8)


@given(st.integers(1, 1000), st.floats(0, 7200), SPREADS)
def test_a_failing_store_is_left_alone_for_longer_and_longer_but_not_for_ever(
    failures: int, at_least: float, spread: float
) -> None:
    wait = after_failure(failures, at_least, spread).total_seconds()
    assert at_least <= wait + 1e-3
    assert 15 <= wait <= max(5400, at_least + 1)
    assert after_failure(failures + 1, at_least, spread) >= after_failure(failures, at_least, spread)


@given(st.integers(1, 1000), SPREADS)
def test_an_order_is_tried_again_within_two_hours(attempts: int, spread: float) -> None:
    assert timedelta(seconds=5) <= after_try(attempts, spread) <= timedelta(hours=1.5)


@pytest.mark.parametrize(("seconds", "offset"), [(0, 0), (3, 0), (-4, 0), (5, 5), (-3600.4, -3600), (1800.2, 1800)])
def test_the_network_is_no_clock(seconds: float, offset: int) -> None:
    assert clock_offset(NOON + timedelta(seconds=seconds), NOON) == timedelta(seconds=offset)
    assert clock_offset(None, NOON) == timedelta()


@given(st.timedeltas(timedelta(0), timedelta(days=30)), st.timedeltas(timedelta(0), LONGEST_LAG))
def test_a_lag_is_never_forgotten_and_never_endless(late: timedelta, lag: timedelta) -> None:
    seen = lag_seen(NOON - late, NOON, lag)
    assert lag <= seen <= LONGEST_LAG
    assert seen >= min(late, LONGEST_LAG)


def test_each_failure_has_a_fix() -> None:
    assert "credentials" in fix_of("unauthorised")
    assert fix_of("something new").endswith(".")
