"""Returns: what may come back until when, custody, and the request's table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.machines import Who
from fulfilhub.returns.rules import (
    RETURN,
    Custody,
    LineToReturn,
    Refusal,
    ReturnCounts,
    ReturnOutcome,
    ReturnPolicy,
    ReturnReason,
    ReturnState,
    ReturnVerb,
    all_decided,
    broken_counts,
    custody,
    decide_return,
    window_ends,
)

DELIVERED = datetime(2026, 11, 24, 15, tzinfo=UTC)
S, V = ReturnState, ReturnVerb


def line(
    quantity: int = 1,
    *,
    delivered: int = 1,
    return_requested: int = 0,
    reason: ReturnReason = ReturnReason.CHANGED_MIND,
    returnable: bool = True,
    number: int = 1,
) -> LineToReturn:
    return LineToReturn(
        line_id=UUID(int=number),
        quantity=quantity,
        delivered=delivered,
        return_requested=return_requested,
        reason=reason,
        returnable=returnable,
    )


@pytest.mark.parametrize(
    ("days", "country", "last_day"),
    [
        (30, "GB", "2026-12-24"),
        (14, "GB", "2026-12-08"),
        (0, "GB", "2026-12-08"),  # the law gives fourteen days after the day of delivery
        (7, "DE", "2026-12-08"),
        (7, "US", "2026-12-01"),
    ],
)
def test_the_window_ends_with_its_last_day(days: int, country: str, last_day: str) -> None:
    ends = window_ends(ReturnPolicy(window_days=days), DELIVERED, country)
    assert ends == datetime.fromisoformat(f"{last_day}T23:59:59+00:00")


def test_the_day_of_delivery_is_the_local_one() -> None:
    just_after_midnight_in_london = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    ends = window_ends(ReturnPolicy(window_days=14), just_after_midnight_in_london)
    assert ends == datetime(2026, 7, 15, 22, 59, 59, tzinfo=UTC)


@given(st.integers(-5, 400), st.datetimes(timezones=st.just(UTC), min_value=datetime(2024, 1, 1)))  # noqa: DTZ001
def test_no_policy_goes_below_the_law(days: int, delivered: datetime) -> None:
    if delivered.year > 2100:
        delivered = delivered.replace(year=2100, day=1)
    assert window_ends(ReturnPolicy(window_days=days), delivered) >= delivered + timedelta(days=14)


@pytest.mark.parametrize(
    ("wanted", "days_later", "refusal", "outcome"),
    [
        (line(), 3, None, ReturnOutcome.APPROVED),
        (line(), 30, None, ReturnOutcome.APPROVED),
        (line(), 31, Refusal.WINDOW_OVER, ReturnOutcome.REFUSED),
        (line(delivered=0), 3, Refusal.NOT_DELIVERED, ReturnOutcome.REFUSED),
        (line(delivered=2, return_requested=2), 3, Refusal.ALREADY_RETURNED, ReturnOutcome.REFUSED),
        (line(2, delivered=3, return_requested=2), 3, Refusal.TOO_MANY, ReturnOutcome.REFUSED),
        (line(returnable=False), 3, Refusal.NOT_RETURNABLE, ReturnOutcome.REFUSED),
        (line(returnable=False, reason=ReturnReason.DEFECTIVE), 3, None, ReturnOutcome.REVIEW),
        (line(reason=ReturnReason.DEFECTIVE), 90, None, ReturnOutcome.REVIEW),
        (line(reason=ReturnReason.WRONG_ITEM), 3, None, ReturnOutcome.APPROVED),
    ],
)
def test_a_line_may_come_back_or_is_told_why_not(
    wanted: LineToReturn, days_later: int, refusal: Refusal | None, outcome: ReturnOutcome
) -> None:
    decision = decide_return(ReturnPolicy(), DELIVERED, [wanted], DELIVERED + timedelta(days=days_later))
    (verdict,) = decision.lines
    assert (verdict.refusal, decision.outcome) == (refusal, outcome)
    assert bool(verdict.sentence) is (refusal is not None)


def test_the_window_waits_for_the_last_parcel() -> None:
    much_later = DELIVERED + timedelta(days=200)
    decision = decide_return(ReturnPolicy(), None, [line(), line(number=2, delivered=0)], much_later)
    assert decision.window_ends is None
    assert [verdict.refusal for verdict in decision.lines] == [None, Refusal.NOT_DELIVERED]
    assert decision.outcome is ReturnOutcome.APPROVED


def test_a_merchant_may_want_to_look_first() -> None:
    decision = decide_return(ReturnPolicy(auto_approve=False), DELIVERED, [line()], DELIVERED)
    assert decision.outcome is ReturnOutcome.REVIEW


def test_a_line_named_twice_is_counted_twice() -> None:
    decision = decide_return(ReturnPolicy(), DELIVERED, [line(2, delivered=3), line(2, delivered=3)], DELIVERED)
    assert [verdict.refusal for verdict in decision.lines] == [None, Refusal.TOO_MANY]


def test_a_return_of_nothing_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="at least one unit"):
        decide_return(ReturnPolicy(), DELIVERED, [line(0)], DELIVERED)


lines = st.builds(
    line,
    st.integers(1, 4),
    delivered=st.integers(0, 4),
    return_requested=st.integers(0, 4),
    reason=st.sampled_from(ReturnReason),
    returnable=st.booleans(),
    number=st.integers(1, 3),
)


@given(st.lists(lines, max_size=6), st.integers(0, 60), st.booleans())
def test_no_more_is_taken_back_than_was_delivered(asked: list[LineToReturn], days: int, auto: bool) -> None:
    same = {each.line_id: each for each in asked}  # a line has one set of counters
    asked = [
        line(each.quantity, delivered=same[each.line_id].delivered,
             return_requested=same[each.line_id].return_requested, reason=each.reason,
             returnable=each.returnable, number=each.line_id.int)
        for each in asked
    ]  # fmt: skip
    now = DELIVERED + timedelta(days=days)
    decision = decide_return(ReturnPolicy(auto_approve=auto), DELIVERED, asked, now)
    assert [verdict.line_id for verdict in decision.lines] == [each.line_id for each in asked]
    taken: dict[UUID, int] = {}
    for verdict in decision.lines:
        if verdict.refusal is None:
            taken[verdict.line_id] = taken.get(verdict.line_id, 0) + verdict.quantity
    for each in asked:
        assert taken.get(each.line_id, 0) <= max(each.delivered - each.return_requested, 0)
    assert (decision.outcome is ReturnOutcome.REFUSED) is (not taken)
    assert auto or decision.outcome is not ReturnOutcome.APPROVED


def test_the_way_of_a_return() -> None:
    state = S.REQUESTED
    for verb, who in [
        (V.APPROVE, Who.SYSTEM),
        (V.HAND_OVER, Who.CUSTOMER),
        (V.RECEIVE, Who.PARTNER),
        (V.RECEIVE, Who.PARTNER),
        (V.INSPECT, Who.PARTNER),
        (V.COMPLETE, Who.SYSTEM),
    ]:
        state = RETURN.next(state, verb, who)
    assert state is S.COMPLETED


@pytest.mark.parametrize(
    ("state", "who", "verbs"),
    [
        (S.REQUESTED, Who.MERCHANT, {V.APPROVE, V.DECLINE, V.CANCEL}),
        (S.REQUESTED, Who.CUSTOMER, {V.CANCEL}),
        (S.APPROVED, Who.CUSTOMER, {V.HAND_OVER, V.CANCEL}),
        (S.APPROVED, Who.PARTNER, {V.HAND_OVER, V.RECEIVE}),
        (S.IN_TRANSIT, Who.CUSTOMER, set()),
        (S.RECEIVED, Who.PARTNER, {V.RECEIVE, V.INSPECT}),
        (S.EXPIRED, Who.PARTNER, {V.RECEIVE}),
        (S.COMPLETED, Who.PARTNER, set()),
        (S.DECLINED, Who.MERCHANT, set()),
        (S.CANCELLED, Who.CUSTOMER, set()),
    ],
)
def test_what_each_audience_may_do(state: ReturnState, who: Who, verbs: set[ReturnVerb]) -> None:
    assert set(RETURN.actions(state, who)) == verbs


def test_what_was_received_cannot_be_cancelled() -> None:
    with pytest.raises(Conflict):
        RETURN.next(S.RECEIVED, V.CANCEL, Who.MERCHANT)


@pytest.mark.parametrize(
    ("counts", "state", "where"),
    [
        (ReturnCounts(advised=2), S.APPROVED, Custody.ADVISED),
        (ReturnCounts(advised=2), S.IN_TRANSIT, Custody.IN_TRANSIT),
        (ReturnCounts(advised=2), S.EXPIRED, Custody.NOT_RETURNED),
        (ReturnCounts(advised=2), S.COMPLETED, Custody.NOT_RETURNED),
        (ReturnCounts(advised=2, received=1), S.RECEIVED, Custody.RECEIVED),
        (ReturnCounts(advised=2, received=2, restocked=1), S.INSPECTED, Custody.RECEIVED),
        (ReturnCounts(advised=2, received=1, restocked=1), S.INSPECTED, Custody.INSPECTED),
        (ReturnCounts(advised=2, received=2, restocked=1, disposed=1), S.INSPECTED, Custody.DISPOSED),
        (ReturnCounts(advised=2, received=1, quarantined=1), S.COMPLETED, Custody.DISPOSED),
    ],
)
def test_who_has_the_goods(counts: ReturnCounts, state: ReturnState, where: Custody) -> None:
    assert custody(counts, state) is where


def test_a_return_is_done_when_every_unit_has_its_place() -> None:
    done, waiting = ReturnCounts(advised=1, received=1, disposed=1), ReturnCounts(advised=1)
    assert all_decided([done])
    assert not all_decided([done, waiting])


@pytest.mark.parametrize(
    ("counts", "faults"),
    [
        (ReturnCounts(advised=2, received=2, restocked=1), 0),
        (ReturnCounts(advised=1, received=2), 1),
        (ReturnCounts(advised=2, received=1, restocked=1, disposed=1), 1),
        (ReturnCounts(advised=1, restocked=-1), 1),
    ],
)
def test_counts_that_cannot_be_are_named(counts: ReturnCounts, faults: int) -> None:
    assert len(broken_counts(counts)) == faults
