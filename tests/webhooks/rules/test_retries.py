"""When a delivery is tried again, and when its endpoint is left alone: examples, and what holds for all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.webhooks.rules.health import Hours, Reason, Record, counted, noted, reason_to_disable, success_rate
from fulfilhub.webhooks.rules.retries import (
    LONGEST_WAIT,
    PAUSE_AFTER,
    PAUSES,
    SCHEDULE,
    Answer,
    State,
    asked_to_wait,
    judge,
    pause,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OK, BAD = Answer(204), Answer(500)
answers = st.builds(
    Answer,
    st.one_of(st.none(), st.integers(100, 599)),
    st.none(),
    st.one_of(st.just(""), st.text(max_size=40), st.integers(0, 10**12).map(str)),
)
spreads = st.floats(0, 1)


def test_the_schedule_goes_on_for_three_days() -> None:
    assert list(SCHEDULE) == sorted(SCHEDULE)
    assert 3 * DAY < sum(SCHEDULE, timedelta()) < 4 * DAY


@given(answers, st.integers(1, 50), spreads)
def test_every_answer_ends_a_delivery_or_dates_the_next_try(answer: Answer, tries: int, spread: float) -> None:
    verdict = judge(answer, tries, NOW, spread)
    delivered = answer.status is not None and answer.status // 100 == 2
    assert (verdict.state is State.DELIVERED) == delivered
    if verdict.state is State.PENDING and not answer.gone:
        wait = verdict.due_at - NOW
        assert 0.9 * SCHEDULE[tries - 1] <= wait <= max(1.1 * SCHEDULE[tries - 1], LONGEST_WAIT)
        assert wait >= asked_to_wait(answer.retry_after, NOW)
    if verdict.state is State.FAILED:
        assert tries > len(SCHEDULE)


@given(st.integers(1, len(SCHEDULE) - 1), spreads)
def test_waits_never_get_shorter(tries: int, spread: float) -> None:
    assert judge(BAD, tries, NOW, spread).due_at <= judge(BAD, tries + 1, NOW, spread).due_at


@given(spreads)
def test_the_tenth_failure_is_the_last(spread: float) -> None:
    tries, now = 1, NOW
    while (verdict := judge(BAD, tries, now, spread)).state is State.PENDING:
        tries, now = tries + 1, verdict.due_at
    assert tries == 10
    assert 0.9 * sum(SCHEDULE, timedelta()) <= now - NOW <= 1.1 * sum(SCHEDULE, timedelta()) + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("0", 0),
        ("99999999999999", 86400),
        ("Wed, 25 Nov 2026 12:05:00 GMT", 300),
        ("Wed, 25 Nov 2026 11:00:00 GMT", 0),
        ("soon", 0),
        ("-5", 0),
        ("", 0),
        ("\u0661", 0),
    ],
)
def test_retry_after_in_both_notations(text: str, seconds: int) -> None:
    assert asked_to_wait(text, NOW) == timedelta(seconds=seconds)


@given(st.lists(answers, min_size=1, max_size=10), st.integers(0, 100), spreads)
def test_an_endpoint_is_paused_only_for_a_reason(wave: list[Answer], streak: int, spread: float) -> None:
    until = pause(wave, streak, NOW, spread)
    asked = any(asked_to_wait(answer.retry_after, NOW) and not answer.delivered for answer in wave)
    dead = streak >= PAUSE_AFTER and not any(answer.delivered for answer in wave)
    assert (until is not None) == (asked or dead)
    if until is not None:
        assert NOW < until <= NOW + LONGEST_WAIT


def test_pauses_grow_to_an_hour_with_every_failed_probe() -> None:
    record, waits = Record(), []
    for size in (10, *[1] * 10):
        record = noted(record, [BAD] * size, NOW)
        until = pause([BAD] * size, record.streak, NOW, 0.5)
        assert until is not None
        waits.append(until - NOW)
    assert waits == [*PAUSES, *[PAUSES[-1]] * 4]


@given(st.lists(st.lists(st.sampled_from([OK, BAD]), min_size=1, max_size=10), max_size=20))
def test_one_success_ends_a_streak(waves: list[list[Answer]]) -> None:
    record, now = Record(), NOW
    for wave in waves:
        now += timedelta(minutes=1)
        record = noted(record, wave, now)
        assert (record.streak == 0) == (OK in wave)
        assert (record.failing_since is None) == (OK in wave)
    total = [answer for wave in waves for answer in wave]
    rate = success_rate(record.recent, now)
    assert rate == (round(total.count(OK) / len(total), 4) if total else None)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 9), st.integers(0, 9)), max_size=60))
def test_counts_are_of_the_last_day_only(attempts: list[tuple[int, int, int]]) -> None:
    hours: Hours = ()
    now = NOW
    told: list[tuple[datetime, int, int]] = []
    for wait, good, bad in attempts:
        now += timedelta(minutes=wait)
        hours = counted(hours, good, bad, now)
        told.append((now, good, bad))
    assert len(hours) <= 24
    since = now.replace(minute=0, second=0) - timedelta(hours=23)
    good = sum(each for at, each, _ in told if at >= since)
    bad = sum(each for at, _, each in told if at >= since)
    assert success_rate(hours, now) == (round(good / (good + bad), 4) if good + bad else None)


def test_only_days_of_failures_or_410_disable() -> None:
    failing = Record(streak=9, failing_since=NOW - 5 * DAY)
    assert reason_to_disable(failing, [BAD], NOW, 5 * DAY) is Reason.FAILING
    assert reason_to_disable(failing, [BAD], NOW - timedelta(seconds=1), 5 * DAY) is None
    assert reason_to_disable(noted(failing, [BAD, OK], NOW), [BAD, OK], NOW, 5 * DAY) is None
    assert reason_to_disable(Record(), [OK, Answer(410)], NOW, 5 * DAY) is Reason.GONE
