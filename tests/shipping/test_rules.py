"""Tracking converges whatever arrives when, and carriers' pages are found."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.shipping.rules import (
    CARRIERS,
    TERMINAL,
    Scan,
    TrackingState,
    advance,
    find_carrier,
    is_on_time,
    normalise_number,
    state_of,
    tracking_url,
)

T0 = datetime(2026, 11, 24, 9, tzinfo=UTC)
S = TrackingState


def scan(state: TrackingState, hours: float) -> Scan:
    return Scan(state, T0 + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("events", "ends"),
    [
        ([(S.LABEL_CREATED, 0), (S.PICKED_UP, 2), (S.IN_TRANSIT, 5), (S.OUT_FOR_DELIVERY, 20), (S.DELIVERED, 24)],
         (S.DELIVERED, 24)),
        ([(S.IN_TRANSIT, 5), (S.LABEL_CREATED, 30)], (S.IN_TRANSIT, 5)),  # paperwork sent late
        ([(S.OUT_FOR_DELIVERY, 20), (S.ATTEMPT_FAILED, 26), (S.IN_TRANSIT, 30)], (S.IN_TRANSIT, 30)),
        ([(S.OUT_FOR_DELIVERY, 20), (S.ATTEMPT_FAILED, 20)], (S.ATTEMPT_FAILED, 20)),  # one moment: the further
        ([(S.EXCEPTION, 30), (S.RETURNING, 40), (S.IN_TRANSIT, 50)], (S.RETURNING, 40)),
        ([(S.RETURNING, 40), (S.IN_TRANSIT, 50), (S.RETURNED, 60)], (S.RETURNED, 60)),
        ([(S.DELIVERED, 24), (S.IN_TRANSIT, 30), (S.EXCEPTION, 31)], (S.DELIVERED, 24)),
        ([(S.DELIVERED, 24), (S.DELIVERED, 26)], (S.DELIVERED, 24)),  # the same news again
        ([(S.CANCELLED, 1), (S.IN_TRANSIT, 5)], (S.CANCELLED, 1)),
        ([(S.CANCELLED, 1), (S.DELIVERED, 24)], (S.DELIVERED, 24)),  # it was under way after all
        ([(S.IN_TRANSIT, 5), (S.SILENT, 700), (S.OUT_FOR_DELIVERY, 710)], (S.OUT_FOR_DELIVERY, 710)),
    ],
)  # fmt: skip
def test_events_add_up_in_every_order_of_arrival(
    events: list[tuple[TrackingState, float]], ends: tuple[TrackingState, float]
) -> None:
    scans = [scan(*event) for event in events]
    assert {state_of(order) for order in permutations(scans)} == {scan(*ends)}


scans = st.builds(scan, st.sampled_from(TrackingState), st.integers(0, 5))


@given(st.lists(scans, min_size=1, max_size=8), st.randoms(use_true_random=False), st.lists(st.integers(0, 7)))
def test_shuffled_and_repeated_events_end_the_same(events: list[Scan], dice: random.Random, repeats: list[int]) -> None:
    shuffled = events + [events[n % len(events)] for n in repeats]
    dice.shuffle(shuffled)
    assert state_of(shuffled) == state_of(events)


@given(st.lists(scans, max_size=8), scans)
def test_nothing_leaves_an_end_except_for_a_stronger_one(events: list[Scan], event: Scan) -> None:
    before = state_of(events)
    after = advance(before, event)
    if before is not None and before.state in TERMINAL:
        assert after.state in TERMINAL
        assert after.state.rank >= before.state.rank
    if before is not None and before.state is S.DELIVERED:
        assert after.state is S.DELIVERED
        assert after.occurred_at <= before.occurred_at
    assert advance(after, event) is after


@given(st.lists(scans, min_size=1, max_size=8), scans)
def test_a_late_message_moves_nothing_backwards(events: list[Scan], late: Scan) -> None:
    before = state_of(events)
    assert before is not None
    if late.state not in TERMINAL and late.state is not S.RETURNING and late.occurred_at < before.occurred_at:
        assert advance(before, late) == before or before.state is S.LABEL_CREATED


def test_a_scan_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        advance(None, Scan(S.DELIVERED, datetime(2026, 11, 24)))  # noqa: DTZ001


def test_on_time_is_up_to_the_promised_second() -> None:
    assert is_on_time(T0, T0)
    assert not is_on_time(T0, T0 + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("royal_mail", "royal_mail"),
        ("Royal Mail Tracked 48®", "royal_mail"),
        ("ROYALMAIL", "royal_mail"),
        ("Hermes", "evri"),
        ("DPD Local", "dpd"),
        ("DHL Express", "dhl"),
        ("Parcel Force", "parcelforce"),
        ("InPost Locker", "inpost"),
        ("FedEx International", "fedex"),
    ],
)
def test_a_carrier_is_known_by_what_people_call_it(text: str, code: str) -> None:
    found = find_carrier(text)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize("text", ["", "Upsala Post", "My own van", "—"])
def test_an_unknown_carrier_has_no_page(text: str) -> None:
    assert find_carrier(text) is None
    assert tracking_url(text, "AB123") is None


def test_pages_of_parcels() -> None:
    assert tracking_url("royal_mail", "ab 123 456 789 gb") == (
        "https://www.royalmail.com/track-your-item#/tracking-results/ab123456789gb"
    )
    assert tracking_url("ups", "1Z&x=/1") == "https://www.ups.com/track?tracknum=1Z%26x%3D%2F1"
    assert tracking_url("ups", " ") is None
    for carrier in CARRIERS.values():
        assert carrier.tracking_url("X1").startswith("https://")
        assert "X1" in carrier.tracking_url("X1")


@pytest.mark.parametrize("text", ["AB 1234-5678 9GB", "ab123456789gb", "\u00a0AB123456789GB\t"])
def test_one_number_however_it_is_written(text: str) -> None:
    assert normalise_number(text) == "AB123456789GB"
