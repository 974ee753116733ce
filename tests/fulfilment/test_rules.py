"""The work order's table, leases, rejections and short picks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.fulfilment.rules import (
    ENDED,
    LONGEST_LEASE_SECONDS,
    NEEDS_LEASE,
    SHORTEST_LEASE_SECONDS,
    WORK,
    LeaseLost,
    OverPicked,
    PickLine,
    RejectReason,
    ShortPickReason,
    WorkState,
    WorkVerb,
    after_pick,
    bucket_after_short_pick,
    check_lease,
    check_pick,
    hold_after_rejection,
    lease_expired,
    lease_until,
)
from fulfilhub.inventory.rules.stock import Bucket
from fulfilhub.orders.rules import HoldReason
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.machines import Who

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
S, V = WorkState, WorkVerb
PARTNER, MERCHANT, SYSTEM = Who.PARTNER, Who.MERCHANT, Who.SYSTEM
ONE, OTHER = UUID(int=1), UUID(int=2)


def test_the_way_from_queue_to_door() -> None:
    state = S.QUEUED
    for verb, who in [
        (V.ACCEPT, PARTNER),
        (V.PICK, PARTNER),
        (V.PICK_SHORT, PARTNER),
        (V.FINISH_PICK, SYSTEM),
        (V.PACK, PARTNER),
        (V.SHIP, PARTNER),
    ]:
        state = WORK.next(state, verb, who)
    assert state is S.SHIPPED


@pytest.mark.parametrize(
    ("state", "who", "verbs"),
    [
        (S.QUEUED, PARTNER, {V.ACCEPT, V.REJECT, V.RELEASE}),
        (S.QUEUED, MERCHANT, {V.CANCEL}),
        (S.ACCEPTED, PARTNER, {V.PICK, V.PICK_SHORT, V.REJECT, V.RELEASE}),
        (S.ACCEPTED, MERCHANT, set()),
        (S.PICKING, PARTNER, {V.PICK, V.PICK_SHORT, V.REJECT, V.RELEASE}),
        (S.PICKED, PARTNER, {V.PACK, V.REJECT, V.RELEASE}),
        (S.PACKED, PARTNER, {V.SHIP, V.REJECT, V.RELEASE}),
        (S.SHIPPED, PARTNER, set()),
        (S.REJECTED, PARTNER, set()),
        (S.CANCELLED, SYSTEM, set()),
        (S.QUEUED, Who.CUSTOMER, set()),
    ],
)
def test_what_each_audience_may_do(state: WorkState, who: Who, verbs: set[WorkVerb]) -> None:
    assert set(WORK.actions(state, who)) == verbs


def test_an_illegal_verb_names_the_legal_ones() -> None:
    with pytest.raises(Conflict) as refused:
        WORK.next(S.PICKED, V.SHIP, PARTNER)
    assert refused.value.more == {"state": "picked", "actions": ["pack", "reject", "release"]}


@given(st.lists(st.tuples(st.sampled_from(WorkVerb), st.sampled_from(Who)), max_size=12))
def test_an_ended_work_order_never_moves_again(steps: list[tuple[WorkVerb, Who]]) -> None:
    state, ended = S.QUEUED, False
    for verb, who in steps:
        try:
            state = WORK.next(state, verb, who)
        except Conflict:
            continue
        assert not ended
        ended = state in ENDED
    assert {each for each in WorkState if WORK.is_terminal(each)} == ENDED


def test_from_every_live_state_the_lease_leads_back_to_the_queue() -> None:
    for state in set(WorkState) - ENDED:
        assert WORK.next(state, V.EXPIRE, SYSTEM) is S.QUEUED
        assert WORK.next(state, V.RELEASE, PARTNER) is S.QUEUED
    assert {V.EXPIRE, V.CANCEL, V.CALL_OFF, V.UNPACK} == set(WorkVerb) - NEEDS_LEASE


@pytest.mark.parametrize(
    ("lines", "follows"),
    [
        ([PickLine(2, 1, 0)], None),
        ([PickLine(2, 2, 0), PickLine(1, 0, 0)], None),
        ([PickLine(2, 2, 0), PickLine(1, 0, 1)], V.FINISH_PICK),
        ([PickLine(2, 1, 1)], V.FINISH_PICK),
        ([PickLine(2, 0, 2), PickLine(1, 0, 1)], V.GIVE_UP),
    ],
)
def test_what_follows_a_pick(lines: list[PickLine], follows: WorkVerb | None) -> None:
    assert after_pick(lines) is follows


def test_no_more_is_picked_than_wanted() -> None:
    check_pick(PickLine(5, 2, 1), 2)
    with pytest.raises(OverPicked) as refused:
        check_pick(PickLine(5, 2, 1), 3)
    assert refused.value.more == {"left": 2, "asked": 3}


def test_what_was_not_found_is_not_promised_again() -> None:
    assert bucket_after_short_pick(ShortPickReason.DAMAGED) is Bucket.DAMAGED
    others = {bucket_after_short_pick(reason) for reason in set(ShortPickReason) - {ShortPickReason.DAMAGED}}
    assert others == {Bucket.QUARANTINED}


def test_a_fault_of_the_order_holds_it_and_a_fault_of_the_site_routes_it_elsewhere() -> None:
    assert len(RejectReason) == 14
    assert hold_after_rejection(RejectReason.INCORRECT_ADDRESS) is HoldReason.INCORRECT_ADDRESS
    assert hold_after_rejection(RejectReason.PAYMENT_DECLINED) is HoldReason.AWAITING_PAYMENT
    assert hold_after_rejection(RejectReason.OUT_OF_STOCK) is None
    assert hold_after_rejection(RejectReason.OTHER) is None


@pytest.mark.parametrize(("ahead", "expired"), [(None, True), (-1, True), (0, True), (1, False)])
def test_a_lease_ends_at_its_last_moment(ahead: int | None, expired: bool) -> None:
    until = None if ahead is None else NOW + timedelta(seconds=ahead)
    assert lease_expired(NOW, until) is expired


@given(st.integers(-(10**6), 10**6))
def test_a_lease_is_neither_too_short_nor_too_long(seconds: int) -> None:
    length = (lease_until(NOW, seconds) - NOW).total_seconds()
    assert SHORTEST_LEASE_SECONDS <= length <= LONGEST_LEASE_SECONDS
    assert length == seconds or not SHORTEST_LEASE_SECONDS <= seconds <= LONGEST_LEASE_SECONDS


def test_only_the_live_lease_is_good() -> None:
    later = NOW + timedelta(minutes=1)
    check_lease(NOW, ONE, later, ONE)
    for lease_id, until, given_id in [
        (ONE, later, OTHER),
        (ONE, later, None),
        (None, None, ONE),
        (None, None, None),
        (ONE, NOW, ONE),
    ]:
        with pytest.raises(LeaseLost):
            check_lease(NOW, lease_id, until, given_id)
