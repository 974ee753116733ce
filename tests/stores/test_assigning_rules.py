"""What parts of an order come to: the same in whatever order they are read, never more than the shop asks, and the
units of a part in one place only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.fulfilment.rules import RejectReason
from fulfilhub.orders.incoming import IncomingLine, IncomingOrder, StoreState
from fulfilhub.routing.rules.terms import Excluded, FenceCode, LineToRoute, OnShortage, OrderToRoute
from fulfilhub.routing.rules.wishes import told_apart
from fulfilhub.shipping.rules import TrackingState
from fulfilhub.stores.adapters.assigning import AnswerKind, Assigned, AssignedLine, Progress, Request
from fulfilhub.stores.adapters.milestones import Milestone
from fulfilhub.stores.adapters.shopify.milestones import is_news
from fulfilhub.stores.rules.assigning import (
    AssignmentState,
    Faults,
    LineStand,
    LocationKind,
    Stand,
    answer_recalls,
    answer_request,
    give_ups,
    restricted,
    state_of,
    wanted,
)
from fulfilhub.stores.rules.milestones import milestone_of

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LEEDS, BRISTOL = UUID(int=1), UUID(int=2)
OURS, RECALLED = AssignmentState.OURS, AssignmentState.RECALLED


def part(
    name: str = "part",
    *lines: tuple[str, int, int],
    progress: Progress = Progress.OPEN,
    request: Request = Request.ACCEPTED,
    recalls: int = 0,
) -> Assigned:
    """A part of lines (line of the order, in all, not sent yet)."""
    rows = [AssignedLine(f"{name}-{line}", line, total, left) for line, total, left in lines or (("1", 2, 2),)]
    return Assigned(
        id=name,
        location="place",
        progress=progress,
        request=request,
        changed_at=NOW,
        lines=tuple(rows),
        recalls=recalls,
        closable=True,
    )


@pytest.mark.parametrize(
    ("kind", "told", "answered", "state"),
    [
        (None, part(), 0, "elsewhere"),
        (LocationKind.SERVICE, part(request=Request.NONE), 0, "waiting"),
        (LocationKind.SERVICE, part(request=Request.ASKED), 0, "asked"),
        (LocationKind.SERVICE, part(), 0, "ours"),
        (LocationKind.SERVICE, part(recalls=1), 0, "recalled"),
        (LocationKind.SERVICE, part(recalls=1), 1, "recalled"),  # the refusal never arrived
        (LocationKind.SERVICE, part(request=Request.RECALL_REFUSED, recalls=1), 1, "ours"),
        (LocationKind.SERVICE, part(request=Request.RECALL_REFUSED, recalls=2), 1, "recalled"),
        (LocationKind.SERVICE, part(request=Request.RECALL_ACCEPTED, progress=Progress.DONE), 0, "gone"),
        (LocationKind.SERVICE, part(request=Request.REFUSED), 0, "refused"),
        (LocationKind.SERVICE, part(progress=Progress.DONE), 0, "done"),
        (LocationKind.SERVICE, part(progress=Progress.INCOMPLETE), 0, "given_up"),
        (LocationKind.MERCHANT, part(request=Request.NONE), 0, "ours"),
        (LocationKind.MERCHANT, part(request=Request.NONE, progress=Progress.SCHEDULED), 0, "waiting"),
        (LocationKind.MERCHANT, part(request=Request.NONE, progress=Progress.CANCELLED), 0, "gone"),
    ],
)
def test_where_a_part_stands(kind: LocationKind | None, told: Assigned, answered: int, state: str) -> None:
    assert state_of(told, kind, answered) == state


@st.composite
def stands(draw: st.DrawFn) -> list[Stand]:
    made = []
    for at in range(draw(st.integers(0, 5))):
        total = draw(st.integers(0, 5))
        left = draw(st.integers(0, total))
        state = draw(st.sampled_from(AssignmentState))
        place = draw(st.sampled_from([LEEDS, BRISTOL]))
        line = draw(st.sampled_from(["1", "2"]))
        made.append(Stand(part(str(at), (line, total, left)), state, LocationKind.SERVICE, place))
    return made


ORDER = IncomingOrder(
    external_id="o",
    number="#1",
    currency="GBP",
    placed_at=NOW,
    updated_at=NOW,
    lines=tuple(IncomingLine(external_id=each, sku=each, title=each, quantity=30) for each in ("1", "2", "3")),
)


@given(stands(), st.randoms())
def test_parts_come_to_the_same_in_any_order(found: list[Stand], chance: st.DrawFn) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert wanted(found) == wanted(shuffled)


@given(stands())
def test_never_more_is_ours_than_parts_hold(found: list[Stand]) -> None:
    want = wanted(found)
    for line in ("1", "2", "3"):
        held = sum(row.total for stand in found for row in stand.part.lines if row.line == line)
        assert 0 <= want.ours(line) <= held
        wished = sum(units.ours for (name, _), units in want.wishes.items() if name == line)
        assert wished == want.ours(line), "each unit is asked of one warehouse"


@given(stands())
def test_the_order_holds_what_is_ours_and_nothing_else(found: list[Stand]) -> None:
    want = wanted(found)
    told = restricted(ORDER, want, {})
    assert told.state is StoreState.OPEN
    assert {line.external_id: line.quantity for line in told.lines if line.quantity} == {
        line: units.ours for line, units in want.lines.items() if units.ours
    }
    assert all(line.fulfilled <= line.quantity for line in told.lines)


def _recall(answered: bool, live: int) -> Sequence[AnswerKind]:
    stand = Stand(part(recalls=1), RECALLED, LocationKind.SERVICE, LEEDS)
    lines = {"1": LineStand(live, 0)}
    asked = set[str]() if answered else {"1"}
    return [each.kind for each in answer_recalls([stand], wanted([stand]), lines, asked)]


def test_a_recall_is_answered_when_the_warehouse_has_answered() -> None:
    assert _recall(answered=True, live=0) == [AnswerKind.ACCEPT_RECALL]
    assert _recall(answered=False, live=2) == []
    assert _recall(answered=True, live=2) == [AnswerKind.REFUSE_RECALL]


def test_nothing_is_given_up_that_will_be_sent_or_was_sent_and_not_told() -> None:
    stand = Stand(part(), OURS, LocationKind.SERVICE, LEEDS)
    assert give_ups([stand], {"1": LineStand(2, 0)}, untold=False, why="") == []
    assert give_ups([stand], {"1": LineStand(2, 2)}, untold=True, why="") == []
    assert [each.kind for each in give_ups([stand], {"1": LineStand(0, 0)}, untold=False, why="")] == ["give_up"]
    own = replace(stand, kind=LocationKind.MERCHANT)
    assert give_ups([own], {"1": LineStand(0, 0)}, untold=False, why="") == [], "nobody asked us"


@pytest.mark.parametrize(
    ("faults", "fence", "shortage", "why"),
    [
        (Faults(), None, OnShortage.HOLD, None),
        (Faults(), FenceCode.NO_STOCK, OnShortage.BACKORDER, None),
        (Faults(), FenceCode.NO_STOCK, OnShortage.HOLD, RejectReason.OUT_OF_STOCK),
        (Faults(), FenceCode.CAPACITY_SPENT, OnShortage.HOLD, None),
        (Faults(), FenceCode.CANNOT_SHIP_THERE, OnShortage.BACKORDER, RejectReason.UNDELIVERABLE_DESTINATION),
        (Faults(), FenceCode.TOO_HEAVY, OnShortage.BACKORDER, RejectReason.ORDER_TOO_LARGE),
        (Faults(), FenceCode.CLOSED, OnShortage.BACKORDER, RejectReason.OTHER),
        (Faults(address=True), None, OnShortage.BACKORDER, RejectReason.INCORRECT_ADDRESS),
        (Faults(unknown={"x": "?"}), None, OnShortage.BACKORDER, RejectReason.INVALID_SKU),
        (Faults(cancelled=True), None, OnShortage.BACKORDER, RejectReason.OTHER),
    ],
)
def test_what_is_asked_is_taken_or_refused_with_a_reason(
    faults: Faults, fence: FenceCode | None, shortage: OnShortage, why: RejectReason | None
) -> None:
    fences = [] if fence is None else [Excluded(fence, "Because.")]
    answer = answer_request(part(request=Request.ASKED), faults, fences, shortage)
    assert (answer.kind, answer.why) == (AnswerKind.ACCEPT if why is None else AnswerKind.REFUSE, why)


WISHES = st.dictionaries(
    st.tuples(st.sampled_from([UUID(int=11), UUID(int=12)]), st.sampled_from([LEEDS, BRISTOL])), st.integers(-2, 6)
)


@given(WISHES, st.integers(1, 5), st.integers(1, 5))
def test_lines_told_apart_are_what_is_wished_and_no_more(
    wishes: dict[tuple[UUID, UUID], int], first: int, second: int
) -> None:
    lines = tuple(
        LineToRoute(line_id=UUID(int=n), product_id=UUID(int=n), quantity=units)
        for n, units in ((11, first), (12, second))
    )
    order = OrderToRoute(order_id=UUID(int=9), placed_at=NOW, service="", country="GB", postcode="", lines=lines)
    made = told_apart(order, wishes)
    assert len({each.only for each in made}) == len(made)
    for line in lines:
        given_out = {each.only: got.quantity for each in made for got in each.lines if got.line_id == line.line_id}
        assert sum(given_out.values()) <= line.quantity
        assert all(0 < units <= wishes[line.line_id, place] for place, units in given_out.items() if place)
    assert told_apart(order, None) == [order]


def test_a_shipment_is_as_far_as_its_last_parcel() -> None:
    early, late = NOW, NOW + timedelta(hours=1)
    assert milestone_of([(TrackingState.DELIVERED, late), (TrackingState.IN_TRANSIT, early)]) == (
        Milestone.IN_TRANSIT,
        early,
    )
    assert milestone_of([(TrackingState.DELIVERED, late)]) == (Milestone.DELIVERED, late)
    assert milestone_of([(TrackingState.LABEL_CREATED, early)]) is None
    assert milestone_of([]) is None


@given(st.permutations([("CARRIER_PICKED_UP", 0), ("IN_TRANSIT", 1), ("OUT_FOR_DELIVERY", 2), ("DELIVERED", 3)]))
def test_milestones_in_any_order_of_arrival_are_told_in_order_and_once(arrived: list[tuple[str, int]]) -> None:
    told: list[tuple[str, datetime]] = []
    for status, hour in [*arrived, *arrived]:
        at = NOW + timedelta(hours=hour)
        if is_news(told, status, at):
            told.append((status, at))
    assert told == sorted(set(told), key=lambda each: each[1])
    assert told[-1][0] == "DELIVERED"
