"""What is true of every decision, whatever is asked: nothing oversold, nothing forgotten, nothing better missed."""

from __future__ import annotations

import random
from itertools import combinations
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.routing.rules.decide import decide, decide_batch
from fulfilhub.routing.rules.look import Demand
from fulfilhub.routing.rules.terms import Candidate, Decision, OnShortage, OrderToRoute, Outcome, RoutingPolicy, Stock
from tests.routing.rules.world import CAP, MUG, NOW, POT, TEE, Place, order, site

PLACES = [Place(n, f"Site {n}") for n in range(1, 7)]
PRODUCTS = [MUG, TEE, CAP, POT]
shelf_units = st.dictionaries(
    st.tuples(st.sampled_from(PRODUCTS), st.sampled_from([place.id for place in PLACES])), st.integers(1, 4)
)
wanted_lines = st.lists(st.tuples(st.sampled_from(PRODUCTS), st.integers(1, 4)), min_size=1, max_size=5)
policies = st.builds(RoutingPolicy, max_parts=st.integers(1, 4), on_shortage=st.sampled_from(OnShortage))
candidates_of_many = st.lists(
    st.builds(
        lambda place, handling, queued, left: site(
            place, handling_days=handling, queued=queued, daily_capacity=50, capacity_left=left
        ),
        st.sampled_from(PLACES),
        st.integers(0, 2),
        st.integers(0, 60),
        st.none() | st.integers(0, 3),
    ),
    max_size=6,
    unique_by=lambda candidate: candidate.warehouse_id,
)


def check_sound(wanted: OrderToRoute, decision: Decision, policy: RoutingPolicy) -> None:
    """What is true of every decision: each unit is assigned or unfilled, once, to a warehouse without fences."""
    assigned: dict[UUID, int] = {}
    for assignment in decision.assignments:
        assert assignment.lines
        for part in assignment.lines:
            assert part.quantity > 0
            assigned[part.line_id] = assigned.get(part.line_id, 0) + part.quantity
    left = {part.line_id: part.quantity for part in decision.unfilled}
    for line in wanted.lines:
        assert assigned.get(line.line_id, 0) + left.get(line.line_id, 0) == line.quantity
    chosen = [verdict for verdict in decision.candidates if verdict.chosen]
    assert not any(verdict.fences for verdict in chosen)
    assert {v.warehouse_id for v in chosen} == {a.warehouse_id for a in decision.assignments}
    assert len(chosen) == len(decision.assignments) <= policy.max_parts
    complete, some = not decision.unfilled, bool(decision.assignments)
    assert (decision.outcome is Outcome.ROUTED) is complete
    assert (decision.outcome is Outcome.PARTLY_ROUTED) is (some and not complete)
    assert not (some and not complete and policy.on_shortage is not OnShortage.PARTIAL)


@given(shelf_units, st.lists(wanted_lines, min_size=1, max_size=8), candidates_of_many, policies)
def test_a_batch_never_oversells_and_tells_everything(
    shelves: dict[tuple[UUID, UUID], int],
    orders: list[list[tuple[UUID, int]]],
    candidates: list[Candidate],
    policy: RoutingPolicy,
) -> None:
    batch = [order(*lines, number=n, minutes_ago=n % 3) for n, lines in enumerate(orders)]
    decisions = decide_batch(batch, candidates, Stock(shelves), policy, NOW)
    taken: dict[tuple[UUID, UUID], int] = {}
    given_out: dict[UUID, int] = {}
    for wanted, decision in zip(batch, decisions, strict=True):
        check_sound(wanted, decision, policy)
        for assignment in decision.assignments:
            given_out[assignment.warehouse_id] = given_out.get(assignment.warehouse_id, 0) + 1
            for part in assignment.lines:
                key = (part.product_id, assignment.warehouse_id)
                taken[key] = taken.get(key, 0) + part.quantity
    assert all(units <= shelves.get(key, 0) for key, units in taken.items())
    for candidate in candidates:
        assert candidate.capacity_left is None or given_out.get(candidate.warehouse_id, 0) <= candidate.capacity_left


@given(shelf_units, wanted_lines, candidates_of_many, policies, st.randoms(use_true_random=False))
def test_the_same_question_has_the_same_answer_in_whatever_order_it_is_put(
    shelves: dict[tuple[UUID, UUID], int],
    lines: list[tuple[UUID, int]],
    candidates: list[Candidate],
    policy: RoutingPolicy,
    dice: random.Random,
) -> None:
    shuffled = list(candidates)
    dice.shuffle(shuffled)
    one = decide(order(*lines), candidates, Stock(shelves), policy, NOW)
    other = decide(order(*lines), shuffled, Stock(dict(reversed(shelves.items()))), policy, NOW)
    assert one.assignments == other.assignments
    assert sorted(one.candidates, key=str) == sorted(other.candidates, key=str)


@given(shelf_units, wanted_lines, st.integers(1, 4))
def test_no_other_choice_of_warehouses_fills_more_lines(
    shelves: dict[tuple[UUID, UUID], int], lines: list[tuple[UUID, int]], max_parts: int
) -> None:
    policy = RoutingPolicy(max_parts=max_parts, on_shortage=OnShortage.PARTIAL)
    wanted = order(*lines)
    decision = decide(wanted, [site(place) for place in PLACES], Stock(shelves), policy, NOW)
    left = {part.line_id: part.quantity for part in decision.unfilled}
    whole = sum(1 for line in wanted.lines if line.line_id not in left)
    best = max(
        whole_lines(lines, [place.id for place in chosen], shelves)
        for size in range(max_parts + 1)
        for chosen in combinations(PLACES, size)
    )
    assert whole == best


@given(shelf_units, wanted_lines, st.integers(2, 4))
def test_no_smaller_choice_of_warehouses_has_everything(
    shelves: dict[tuple[UUID, UUID], int], lines: list[tuple[UUID, int]], max_parts: int
) -> None:
    wanted = order(*lines)
    decision = decide(
        wanted, [site(place) for place in PLACES], Stock(shelves), RoutingPolicy(max_parts=max_parts), NOW
    )
    sizes = [
        size
        for size in range(1, max_parts + 1)
        if any(
            whole_lines(lines, [place.id for place in chosen], shelves) == len(lines)
            for chosen in combinations(PLACES, size)
        )
    ]
    assert len(decision.assignments) == (sizes[0] if sizes else 0)


def whole_lines(lines: list[tuple[UUID, int]], places: list[UUID], shelves: dict[tuple[UUID, UUID], int]) -> int:
    """How many lines these warehouses could fill whole, counted the plain way."""
    count = 0
    for product in {product for product, _ in lines}:
        left = sum(shelves.get((product, place), 0) for place in places)
        for quantity in sorted(quantity for each, quantity in lines if each == product):
            left -= quantity
            count += left >= 0
    return count


@given(wanted_lines, st.lists(st.integers(0, 9), min_size=4, max_size=4))
def test_lines_filled_are_the_most_that_so_many_units_fill(wanted: list[tuple[UUID, int]], units: list[int]) -> None:
    demand = Demand(order(*wanted))
    had = dict(zip(demand.products, map(min, demand.needs, units), strict=False))
    most = 0
    for product, there in had.items():
        quantities = [quantity for each, quantity in wanted if each == product]
        sets = (some for size in range(len(quantities) + 1) for some in combinations(quantities, size))
        most += max(len(some) for some in sets if sum(some) <= there)
    assert demand.filled_lines(list(had.values())) == most
