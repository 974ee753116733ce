"""An order's status follows from its counters; what may be done follows from the status."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fulfilhub.orders.rules import (
    Editable,
    LineCounts,
    OrderAction,
    OrderFlags,
    OrderStatus,
    broken_counts,
    check_action,
    order_actions,
    order_status,
    what_can_be_edited,
)
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.machines import Who

S = OrderStatus
PLAIN = OrderFlags()


def counts(ordered: int, upto: str = "", units: int = 0, **more: int) -> LineCounts:
    """A line of which `units` got as far as `upto` (a shipped unit was allocated and picked too)."""
    way = ["allocated", "picked", "shipped", "delivered"]
    passed = way[: way.index(upto) + 1] if upto else []
    return LineCounts(**({"ordered": ordered} | dict.fromkeys(passed, units) | more))


TWO_LEFT = counts(2, "shipped", 2)


@pytest.mark.parametrize(
    ("lines", "flags", "status"),
    [
        ([counts(2)], PLAIN, S.RECEIVED),
        ([counts(2)], OrderFlags(needs_review=True, unpaid=True, on_hold=True), S.NEEDS_REVIEW),
        ([], OrderFlags(needs_review=True), S.NEEDS_REVIEW),
        ([], OrderFlags(needs_review=True, cancelled=True), S.CANCELLED),
        ([], PLAIN, S.NOT_REQUIRED),
        ([counts(2)], OrderFlags(unpaid=True, on_hold=True), S.AWAITING_PAYMENT),
        ([counts(2, "allocated", 2)], OrderFlags(on_hold=True), S.ON_HOLD),
        ([counts(2)], OrderFlags(backordered=True), S.BACKORDERED),
        ([counts(2, "allocated", 1)], OrderFlags(backordered=True), S.BACKORDERED),
        ([counts(2, "allocated", 2)], OrderFlags(backordered=True), S.ROUTED),
        ([counts(2, "allocated", 1)], PLAIN, S.ROUTED),
        ([counts(2, "allocated", 2), counts(1, "picked", 1)], PLAIN, S.IN_PROGRESS),
        ([TWO_LEFT, counts(1)], OrderFlags(backordered=True), S.PARTIALLY_SHIPPED),
        ([TWO_LEFT, counts(1)], OrderFlags(on_hold=True), S.ON_HOLD),
        ([TWO_LEFT, counts(1, cancelled=1)], OrderFlags(on_hold=True, unpaid=True), S.SHIPPED),
        ([counts(3, "shipped", 1, delivered=1)], PLAIN, S.PARTIALLY_SHIPPED),
        ([TWO_LEFT, counts(1, "delivered", 1)], PLAIN, S.PARTIALLY_DELIVERED),
        ([counts(2, "delivered", 2)], PLAIN, S.DELIVERED),
        ([counts(2, "delivered", 2, return_requested=2)], PLAIN, S.DELIVERED),
        ([counts(2, "delivered", 2, return_requested=2, returned=1)], PLAIN, S.PARTIALLY_RETURNED),
        ([counts(2, "delivered", 2, return_requested=2, returned=2)], PLAIN, S.RETURNED),
        ([counts(2, "shipped", 2, return_requested=2, returned=2)], PLAIN, S.RETURNED),  # back to sender
        ([counts(3, "delivered", 2, cancelled=1, return_requested=2, returned=2)], PLAIN, S.RETURNED),
        ([counts(3, "delivered", 2, return_requested=1, returned=1)], PLAIN, S.PARTIALLY_SHIPPED),
        ([counts(2, cancelled=2), counts(1, cancelled=1)], PLAIN, S.CANCELLED),
        ([counts(2, cancelled=2)], OrderFlags(needs_review=True), S.CANCELLED),
        ([counts(2, cancelled=1)], PLAIN, S.RECEIVED),
    ],
)
def test_a_status_follows_from_the_counters(lines: list[LineCounts], flags: OrderFlags, status: OrderStatus) -> None:
    assert all(not broken_counts(line) for line in lines)
    assert order_status(lines, flags) is status


@st.composite
def sane_lines(draw: st.DrawFn) -> LineCounts:
    ordered = draw(st.integers(0, 4))
    cancelled = draw(st.integers(0, ordered))
    allocated = draw(st.integers(0, ordered - cancelled))
    picked = draw(st.integers(0, allocated))
    shipped = draw(st.integers(0, picked))
    asked = draw(st.integers(0, shipped))
    return LineCounts(
        ordered=ordered,
        cancelled=cancelled,
        allocated=allocated,
        picked=picked,
        shipped=shipped,
        delivered=draw(st.integers(0, shipped)),
        return_requested=asked,
        returned=draw(st.integers(0, asked)),
    )


flags = st.builds(
    OrderFlags,
    needs_review=st.booleans(),
    unpaid=st.booleans(),
    on_hold=st.booleans(),
    backordered=st.booleans(),
    cancelled=st.booleans(),
)


@given(st.lists(sane_lines(), max_size=4), flags)
def test_a_status_says_only_what_is_true(lines: list[LineCounts], flag: OrderFlags) -> None:
    status = order_status(lines, flag)
    wanted, shipped = sum(line.wanted for line in lines), sum(line.shipped for line in lines)
    all_gone = {S.SHIPPED, S.PARTIALLY_DELIVERED, S.DELIVERED, S.PARTIALLY_RETURNED, S.RETURNED}
    if status in all_gone:
        assert shipped == wanted > 0
    if status in {S.RECEIVED, S.ROUTED, S.BACKORDERED, S.IN_PROGRESS}:
        assert shipped == 0
        assert {flag.unpaid, flag.on_hold, flag.needs_review} == {False}
    if status is S.CANCELLED:
        assert wanted == 0
    assert order_status(list(reversed(lines)), flag) is status


@given(sane_lines())
def test_sane_counts_break_nothing_and_leave_nothing_negative(line: LineCounts) -> None:
    assert broken_counts(line) == []
    assert min(line.wanted, line.to_route, line.cancellable, line.returnable) >= 0


@given(st.builds(LineCounts, **dict.fromkeys(LineCounts.__dataclass_fields__, st.integers(-1, 3))))
def test_insane_counts_are_named(line: LineCounts) -> None:
    chain = (
        0 <= line.delivered <= line.shipped <= line.picked <= line.allocated <= line.ordered - line.cancelled
        and line.cancelled >= 0
        and 0 <= line.returned <= line.return_requested <= line.shipped
    )
    assume(not chain)
    assert broken_counts(line)


@pytest.mark.parametrize(
    ("status", "who", "actions"),
    [
        (S.NEEDS_REVIEW, Who.MERCHANT, ["correct", "edit", "hold", "release_hold", "cancel"]),
        (S.RECEIVED, Who.MERCHANT, ["edit", "hold", "release_hold", "route", "cancel"]),
        (S.IN_PROGRESS, Who.MERCHANT, ["edit", "hold", "release_hold", "cancel"]),
        (S.PARTIALLY_SHIPPED, Who.CUSTOMER, ["request_return"]),
        (S.DELIVERED, Who.CUSTOMER, ["request_return"]),
        (S.DELIVERED, Who.MERCHANT, ["request_return"]),
        (S.ROUTED, Who.CUSTOMER, []),
        (S.ROUTED, Who.PARTNER, []),
        (S.CANCELLED, Who.MERCHANT, []),
        (S.RETURNED, Who.CUSTOMER, []),
    ],
)
def test_each_audience_has_its_actions(status: OrderStatus, who: Who, actions: list[str]) -> None:
    assert [str(action) for action in order_actions(status, who)] == actions


def test_an_illegal_action_names_the_legal_ones() -> None:
    check_action(S.RECEIVED, OrderAction.CANCEL, Who.MERCHANT)
    with pytest.raises(Conflict) as refused:
        check_action(S.DELIVERED, OrderAction.CANCEL, Who.MERCHANT)
    assert refused.value.code == "illegal_action"
    assert refused.value.more == {"state": "delivered", "actions": ["request_return"]}


def test_everything_can_be_edited_until_it_was_sent() -> None:
    for status in (S.ROUTED, S.IN_PROGRESS, S.PARTIALLY_SHIPPED):
        assert what_can_be_edited(status) == frozenset(Editable)
    assert what_can_be_edited(S.SHIPPED) == {Editable.NOTE, Editable.CONTACT}
    assert what_can_be_edited(S.CANCELLED) == {Editable.NOTE}
    for status in S:
        edits = OrderAction.EDIT in order_actions(status, Who.MERCHANT)
        assert (Editable.SHIP_TO in what_can_be_edited(status)) is edits
