"""A return here and in Shopify: what is said there next, and what ours does after theirs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.returns.rules import ReturnState
from fulfilhub.stores.adapters.goods import SeenStatus
from fulfilhub.stores.adapters.news import ReturnedUnits, ReturnNews
from fulfilhub.stores.adapters.port import Refused
from fulfilhub.stores.adapters.shopify.returning import (
    Begin,
    Deliver,
    Move,
    Placed,
    Process,
    Returnable,
    ReverseLine,
    ReverseOrder,
    Step,
    TheirLine,
    Theirs,
    next_step,
)
from fulfilhub.stores.rules.returning import Follow, follow

LINE, SENT = "gid://shopify/LineItem/1", "gid://shopify/FulfillmentLineItem/1"


def news(status: str, *, advised: int = 3, **units: int) -> ReturnNews:
    counts = {"received": sum(units.values()), "restocked": 0, "quarantined": 0, "disposed": 0} | units
    return ReturnNews(
        reference="ret_1",
        order_external_id="gid://shopify/Order/1",
        status=status,
        lines=(),
        note="",
        units=(ReturnedUnits(LINE, advised, **counts),),  # type: ignore[arg-type]  # nothing of it is text
        location="gid://shopify/Location/1",
    )


def theirs(status: SeenStatus, *, quantity: int = 3, **disposed: int) -> Theirs:
    line = TheirLine("rli", LINE, SENT, quantity, sum(disposed.values()))
    order = ReverseOrder("rfo", True, (ReverseLine("rfl", SENT, quantity, disposed),))
    return Theirs("ret", status, (line,), (order,) if status in (SeenStatus.OPEN, SeenStatus.CLOSED) else ())


FREE = (Returnable(SENT, LINE, 2), Returnable("other", LINE, 5))


@pytest.mark.parametrize(
    ("told", "known", "wanted"),
    [
        (news("requested"), None, Begin(True, ((SENT, 2, "other"), ("other", 1, "other")))),
        (news("approved"), None, Begin(False, ((SENT, 2, "other"), ("other", 1, "other")))),
        (news("declined"), None, None),
        (news("requested"), theirs(SeenStatus.REQUESTED), None),
        (news("approved"), theirs(SeenStatus.REQUESTED), Move("approve", "ret")),
        (news("declined"), theirs(SeenStatus.REQUESTED), Move("decline", "ret")),
        (news("cancelled"), theirs(SeenStatus.REQUESTED), Move("cancel", "ret")),
        (news("requested"), theirs(SeenStatus.OPEN), None),
        (news("approved"), theirs(SeenStatus.OPEN), None),
        (news("cancelled"), theirs(SeenStatus.OPEN), Move("cancel", "ret")),
        (news("cancelled"), theirs(SeenStatus.CANCELLED), None),
        (news("declined"), theirs(SeenStatus.DECLINED), None),
        (
            news("inspected", restocked=1, disposed=1),
            theirs(SeenStatus.OPEN),
            Process(
                "ret",
                (("rli", 2, (Placed("rfl", "RESTOCKED", 1), Placed("rfl", "NOT_RESTOCKED", 1))),),
                arrived=True,
            ),
        ),
        (
            news("inspected", restocked=2, disposed=1),
            theirs(SeenStatus.OPEN, RESTOCKED=1, NOT_RESTOCKED=1),
            Process("ret", (("rli", 1, (Placed("rfl", "RESTOCKED", 1),)),), arrived=True),
        ),
        (
            news("completed", restocked=2),
            theirs(SeenStatus.OPEN, RESTOCKED=2),
            Process("ret", (("rli", 1, (Placed("rfl", "MISSING", 1),)),), arrived=False),
        ),
        (news("completed", restocked=3), theirs(SeenStatus.OPEN, RESTOCKED=3), Move("close", "ret")),
        (news("completed", restocked=3), theirs(SeenStatus.CLOSED, RESTOCKED=3), None),
        (
            replace(news("approved"), tracking_number="1Z"),
            theirs(SeenStatus.OPEN),
            Deliver("rfo", ""),
        ),
    ],
)
def test_the_next_step(told: ReturnNews, known: Theirs | None, wanted: Step | None) -> None:
    assert next_step(told, known, FREE) == wanted


@pytest.mark.parametrize(
    ("told", "known", "code"),
    [
        (news("approved"), theirs(SeenStatus.CANCELLED), "return_ended"),
        (news("received", restocked=1), theirs(SeenStatus.CLOSED), "return_closed"),
        (news("cancelled"), theirs(SeenStatus.OPEN, RESTOCKED=1), "return_begun"),
    ],
)
def test_what_can_not_be_said(told: ReturnNews, known: Theirs, code: str) -> None:
    step = next_step(told, known, FREE)
    assert isinstance(step, Refused)
    assert step.code == code


def test_a_return_of_nothing_that_shopify_sent_is_refused() -> None:
    step = next_step(news("approved"), None, ())
    assert isinstance(step, Refused)
    assert step.code == "not_returnable"


def test_a_parcel_is_told_once_and_again_with_another_number() -> None:
    told = replace(news("approved"), tracking_number="1Z", label_url="https://labels.example.com/1")
    known = theirs(SeenStatus.OPEN)
    (order,) = known.reverse
    same = replace(order, delivery="rd", number="1Z", label="https://cdn.shopify.com/files/1.pdf")
    assert next_step(told, replace(known, reverse=(same,)), ()) is None
    other = replace(same, number="1Y")
    assert next_step(told, replace(known, reverse=(other,)), ()) == Deliver("rfo", "rd")


def test_without_a_location_units_wait_to_be_put_back_in_shopify() -> None:
    told = replace(news("inspected", restocked=2), location="")
    step = next_step(told, theirs(SeenStatus.OPEN), ())
    assert isinstance(step, Process)
    assert step.lines[0][2] == (Placed("rfl", "PROCESSING_REQUIRED", 2),)
    assert next_step(told, theirs(SeenStatus.OPEN, PROCESSING_REQUIRED=2), ()) is None, "told, if not as it is"


UNITS = st.integers(0, 4)


@given(
    restocked=UNITS,
    quarantined=UNITS,
    disposed=UNITS,
    missing=UNITS,
    had=st.integers(0, 3),
    completed=st.booleans(),
    located=st.booleans(),
)
def test_steps_come_to_an_end_with_every_unit_told_once(
    restocked: int, quarantined: int, disposed: int, missing: int, had: int, completed: bool, located: bool
) -> None:
    """Whatever was told before, steps lead to where nothing is left to say, and never beyond what there is."""
    received = restocked + quarantined + disposed
    if not received + missing:
        return
    status = "completed" if completed and received else "received"
    told = news(status, advised=received + missing, restocked=restocked, quarantined=quarantined, disposed=disposed)
    told = told if located else replace(told, location="")
    known = theirs(SeenStatus.OPEN, quantity=received + missing, RESTOCKED=min(had, restocked))
    for _ in range(6):
        step = next_step(told, known, ())
        if step is None:
            break
        known = _done(known, step)
    else:
        raise AssertionError("it never ends")
    (line,) = known.lines
    assert line.processed <= line.quantity
    assert line.processed == (received + missing if status == "completed" else received)
    assert known.status is (SeenStatus.CLOSED if status == "completed" else SeenStatus.OPEN)


def _done(known: Theirs, step: Step | Refused) -> Theirs:
    """What Shopify makes of a step."""
    if isinstance(step, Move):
        assert step.verb == "close"
        return replace(known, status=SeenStatus.CLOSED)
    assert isinstance(step, Process)
    (line,), (order,) = known.lines, known.reverse
    (reverse,) = order.lines
    disposed = dict(reverse.disposed)
    units = 0
    for _, quantity, placed in step.lines:
        assert quantity == sum(each.units for each in placed)
        units += quantity
        for each in placed:
            disposed[each.kind] = disposed.get(each.kind, 0) + each.units
    lines = (replace(line, processed=line.processed + units),)
    return replace(known, lines=lines, reverse=(replace(order, lines=(replace(reverse, disposed=disposed),)),))


@pytest.mark.parametrize(
    ("ours", "seen", "wanted"),
    [
        ("requested", "requested", None),
        ("requested", "open", Follow.APPROVE),
        ("requested", "declined", Follow.DECLINE),
        ("requested", "cancelled", Follow.CANCEL),
        ("approved", "open", None),
        ("approved", "cancelled", Follow.CANCEL),
        ("approved", "closed", Follow.CANCEL),
        ("in_transit", "cancelled", Follow.TOO_LATE),
        ("received", "closed", Follow.TOO_LATE),
        ("declined", "declined", None),
        ("cancelled", "cancelled", None),
        ("completed", "closed", None),
        ("inspected", "open", None),
    ],
)
def test_ours_follows_theirs(ours: str, seen: str, wanted: Follow | None) -> None:
    assert follow(ReturnState(ours), SeenStatus(seen)) is wanted
