"""Decisions: one warehouse where one can, splits, shortage, frozen promises, batches that never oversell."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from fulfilhub.inventory.rules.warehouse import Zone
from fulfilhub.routing.rules.decide import decide, decide_batch
from fulfilhub.routing.rules.terms import (
    Decision,
    FenceCode,
    OnShortage,
    Outcome,
    Promise,
    Rating,
    RoutingPolicy,
    Stock,
)
from tests.routing.rules.world import (
    BRISTOL,
    CAP,
    GLASGOW,
    LEEDS,
    MUG,
    NOW,
    PARIS,
    POT,
    TEE,
    Place,
    order,
    service,
    site,
    stock,
)

SITES = [site(LEEDS), site(BRISTOL), site(GLASGOW)]


def sent(decision: Decision) -> dict[int, dict[UUID, int]]:
    """Warehouse number -> product -> units."""
    shares: dict[int, dict[UUID, int]] = {}
    for assignment in decision.assignments:
        share = shares.setdefault(assignment.warehouse_id.int, {})
        for part in assignment.lines:
            share[part.product_id] = share.get(part.product_id, 0) + part.quantity
    return shares


def test_one_warehouse_that_has_everything_is_preferred_to_better_scored_parts() -> None:
    candidates = [site(LEEDS), site(BRISTOL), site(GLASGOW, handling_days=3, queued=99)]
    shelves = stock({LEEDS: {MUG: 9}, BRISTOL: {TEE: 9}, GLASGOW: {MUG: 1, TEE: 1}})
    decision = decide(order((MUG, 1), (TEE, 1)), candidates, shelves, RoutingPolicy(), NOW)
    assert decision.outcome is Outcome.ROUTED
    assert sent(decision) == {GLASGOW.number: {MUG: 1, TEE: 1}}
    assert decision.reason == "Glasgow has everything, can send it, and is the only one that does."
    assert (shelves.available(MUG, GLASGOW.id), shelves.available(MUG, LEEDS.id)) == (0, 9)


def test_of_two_that_have_everything_the_one_that_delivers_first() -> None:
    candidates = [site(LEEDS, handling_days=2), site(BRISTOL)]
    decision = decide(order((MUG, 1)), candidates, stock({LEEDS: {MUG: 5}, BRISTOL: {MUG: 5}}), RoutingPolicy(), NOW)
    assert sent(decision) == {BRISTOL.number: {MUG: 1}}
    leeds, bristol = decision.candidates
    assert (leeds.chosen, bristol.chosen) == (False, True)
    assert leeds.score is not None
    assert bristol.score is not None
    assert leeds.score < bristol.score
    assert decision.promise == bristol.promise


@pytest.mark.parametrize(
    ("weights", "winner"),
    [
        ({Rating.EARLIEST: 1}, LEEDS),
        ({Rating.COST: 1}, BRISTOL),
        ({Rating.WORKLOAD: 1}, GLASGOW),
        ({Rating.PROXIMITY: 1}, LEEDS),
        ({Rating.EARLIEST: 1, Rating.COST: 3}, BRISTOL),
        ({Rating.EARLIEST: 0, Rating.WORKLOAD: 1}, GLASGOW),
        ({}, LEEDS),  # nothing weighs: the earliest, then the smallest id
    ],
)
def test_weights_decide(weights: dict[Rating, int], winner: Place) -> None:
    cheap = service(zones=(Zone(countries=("GB",), transit_days=2, cost_minor=100),))
    candidates = [
        site(LEEDS, daily_capacity=100, queued=90, postcode="LS1 4DY"),
        site(BRISTOL, daily_capacity=100, queued=80, postcode="BS1 5TR", services=(cheap,)),
        site(GLASGOW, daily_capacity=1000, queued=100, postcode="G1 1AA", handling_days=2),
    ]
    shelves = stock({place: {MUG: 5} for place in (LEEDS, BRISTOL, GLASGOW)})
    decision = decide(order((MUG, 1), postcode="LS9 1AA"), candidates, shelves, RoutingPolicy(weights=weights), NOW)
    assert list(sent(decision)) == [winner.number]


def test_every_rating_tells_its_value_weight_and_score() -> None:
    candidates = [site(LEEDS), site(BRISTOL, handling_days=1)]
    decision = decide(order((MUG, 2)), candidates, stock({LEEDS: {MUG: 5}, BRISTOL: {MUG: 1}}), RoutingPolicy(), NOW)
    leeds, bristol = ({rated.rating: rated for rated in verdict.ratings} for verdict in decision.candidates)
    assert set(leeds) == set(Rating) - {Rating.KEEPS_PROMISE}
    assert (leeds[Rating.EARLIEST].raw, bristol[Rating.EARLIEST].raw) == (39.0, 63.0)
    assert (leeds[Rating.EARLIEST].score, bristol[Rating.EARLIEST].score) == (1.0, 0.0)
    assert (leeds[Rating.FEWEST_PARTS].raw, bristol[Rating.FEWEST_PARTS].raw) == (1.0, 0.5)
    assert leeds[Rating.WORKLOAD].raw is None
    assert leeds[Rating.WORKLOAD].score == 0.5
    assert leeds[Rating.COST].weight == RoutingPolicy().weights[Rating.COST]


def test_an_order_is_split_over_the_fewest_that_have_it() -> None:
    shelves = stock({LEEDS: {MUG: 2, TEE: 1}, BRISTOL: {TEE: 3}, GLASGOW: {CAP: 1, TEE: 1}, PARIS: {CAP: 1, POT: 1}})
    decision = decide(
        order((MUG, 2), (TEE, 2), (CAP, 1)),
        [*SITES, site(PARIS)],
        shelves,
        RoutingPolicy(max_parts=3),
        NOW,
    )
    assert decision.outcome is Outcome.ROUTED
    assert sent(decision) == {LEEDS.number: {MUG: 2, TEE: 1}, GLASGOW.number: {CAP: 1, TEE: 1}}
    assert decision.reason == "No warehouse has everything: Leeds and Glasgow share it."


def test_the_promise_of_a_split_order_is_that_of_its_slowest_part() -> None:
    candidates = [site(LEEDS), site(BRISTOL, handling_days=2)]
    decision = decide(
        order((MUG, 1), (TEE, 1)), candidates, stock({LEEDS: {MUG: 1}, BRISTOL: {TEE: 1}}), RoutingPolicy(), NOW
    )
    parts = {each.warehouse_id.int: each.promise for each in decision.assignments}
    assert parts[LEEDS.number].deliver_by < parts[BRISTOL.number].deliver_by
    assert decision.promise == parts[BRISTOL.number]


@pytest.mark.parametrize(
    ("policy", "outcome", "parts"),
    [
        (RoutingPolicy(max_parts=2), Outcome.ROUTED, {1: {MUG: 3}, 2: {TEE: 1}}),
        (RoutingPolicy(max_parts=1), Outcome.BACKORDERED, {}),
        (RoutingPolicy(max_parts=1, on_shortage=OnShortage.HOLD), Outcome.HELD, {}),
        (RoutingPolicy(max_parts=1, on_shortage=OnShortage.PARTIAL), Outcome.PARTLY_ROUTED, {1: {MUG: 3}}),
    ],
)
def test_whether_an_order_may_be_split_is_policy(
    policy: RoutingPolicy, outcome: Outcome, parts: dict[int, dict[UUID, int]]
) -> None:
    shelves = stock({LEEDS: {MUG: 3}, BRISTOL: {TEE: 1}})
    decision = decide(order((MUG, 3), (TEE, 1)), SITES, shelves, policy, NOW)
    assert (decision.outcome, sent(decision)) == (outcome, parts)
    if not parts:
        assert decision.reason.startswith("Everything is there, but in more than the 1 warehouses allowed")


@pytest.mark.parametrize(
    ("on_shortage", "outcome", "filled"),
    [
        (OnShortage.BACKORDER, Outcome.BACKORDERED, 0),
        (OnShortage.HOLD, Outcome.HELD, 0),
        (OnShortage.PARTIAL, Outcome.PARTLY_ROUTED, 3),
    ],
)
def test_a_shortage_goes_by_policy(on_shortage: OnShortage, outcome: Outcome, filled: int) -> None:
    shelves = stock({LEEDS: {MUG: 2}, BRISTOL: {MUG: 1}})
    wanted = order((MUG, 5))
    decision = decide(wanted, SITES, shelves, RoutingPolicy(on_shortage=on_shortage), NOW)
    assert decision.outcome is outcome
    assert sum(sum(share.values()) for share in sent(decision).values()) == filled
    assert [(part.line_id, part.quantity) for part in decision.unfilled] == [(wanted.lines[0].line_id, 5 - filled)]
    assert (decision.promise is None) is (filled == 0)


def test_with_too_little_for_all_the_most_lines_are_filled_whole() -> None:
    wanted = order((MUG, 5), (MUG, 1), (TEE, 1))
    decision = decide(
        wanted,
        [site(LEEDS)],
        stock({LEEDS: {MUG: 5, TEE: 1}}),
        RoutingPolicy(on_shortage=OnShortage.PARTIAL),
        NOW,
    )
    assert [(part.line_id, part.quantity) for part in decision.unfilled] == [(wanted.lines[0].line_id, 1)]


def test_two_lines_of_one_product_do_not_count_the_same_unit_twice() -> None:
    decision = decide(order((MUG, 2), (MUG, 2)), SITES, stock({LEEDS: {MUG: 3}}), RoutingPolicy(), NOW)
    assert decision.outcome is Outcome.BACKORDERED


def test_stock_elsewhere_does_not_count_for_a_warehouse() -> None:
    """Several locations are never one: each warehouse has what it has."""
    decision = decide(
        order((MUG, 2)), SITES, stock({LEEDS: {MUG: 1}, BRISTOL: {MUG: 1}}), RoutingPolicy(max_parts=1), NOW
    )
    assert decision.assignments == ()


def test_an_order_that_no_warehouse_can_send_is_held_for_a_person() -> None:
    decision = decide(order((MUG, 1), postcode="IV51 9XX"), SITES, stock({LEEDS: {MUG: 1}}), RoutingPolicy(), NOW)
    assert decision.outcome is Outcome.HELD
    assert decision.promise is None
    assert decision.reason == "No warehouse can send this order: see what excluded each."
    assert all(
        FenceCode.CANNOT_SHIP_THERE in {fence.code for fence in verdict.fences} for verdict in decision.candidates
    )


def test_an_order_waits_while_there_is_no_warehouse_or_only_a_pause() -> None:
    nowhere = decide(order((MUG, 1)), [], Stock({}), RoutingPolicy(), NOW)
    assert (nowhere.outcome, nowhere.candidates) == (Outcome.BACKORDERED, ())
    spent = decide(order((MUG, 1)), [site(LEEDS, capacity_left=0)], stock({LEEDS: {MUG: 1}}), RoutingPolicy(), NOW)
    assert spent.outcome is Outcome.BACKORDERED


def test_a_rejected_order_goes_elsewhere_and_when_all_rejected_it_to_a_person() -> None:
    shelves = stock({LEEDS: {MUG: 5}, BRISTOL: {MUG: 5}})
    again = decide(order((MUG, 1), rejected_by=[LEEDS]), SITES[:2], shelves, RoutingPolicy(), NOW)
    assert sent(again) == {BRISTOL.number: {MUG: 1}}
    never = decide(order((MUG, 1), rejected_by=[LEEDS, BRISTOL]), SITES[:2], shelves, RoutingPolicy(), NOW)
    assert never.outcome is Outcome.HELD


# The frozen promise


def test_a_frozen_promise_stays_and_who_keeps_it_is_chosen() -> None:
    frozen = Promise(NOW + timedelta(days=1), NOW + timedelta(days=3))
    dear = service(zones=(Zone(countries=("GB",), transit_days=1, cost_minor=2000),))
    cheap = service(zones=(Zone(countries=("GB",), transit_days=5, cost_minor=100),))
    candidates = [site(LEEDS, services=(cheap,)), site(BRISTOL, services=(dear,), queued=500)]
    shelves = stock({LEEDS: {MUG: 5}, BRISTOL: {MUG: 5}})
    decision = decide(order((MUG, 1), frozen=frozen), candidates, shelves, RoutingPolicy(), NOW)
    assert sent(decision) == {BRISTOL.number: {MUG: 1}}
    assert decision.promise == frozen
    leeds, bristol = decision.candidates
    assert (leeds.breaks_promise, bristol.breaks_promise) == (True, False)
    slack = next(rated for rated in leeds.ratings if rated.rating is Rating.KEEPS_PROMISE)
    assert slack.raw is not None
    assert slack.raw < 0
    assert slack.score == 0.0


def test_late_is_better_than_never_and_said_so() -> None:
    frozen = Promise(NOW - timedelta(days=2), NOW - timedelta(days=1))
    decision = decide(order((MUG, 1), frozen=frozen), [site(LEEDS)], stock({LEEDS: {MUG: 1}}), RoutingPolicy(), NOW)
    assert decision.promise == frozen
    assert decision.assignments[0].breaks_promise
    assert decision.assignments[0].promise.deliver_by > frozen.deliver_by
    assert decision.reason.endswith("It will be later than promised.")


# Batches


def test_the_last_unit_goes_to_who_came_first_however_the_batch_is_sorted() -> None:
    late, early = order((MUG, 1), number=1, minutes_ago=1), order((MUG, 1), number=2, minutes_ago=9)
    for batch in ([late, early], [early, late]):
        decisions = decide_batch(batch, [site(LEEDS)], stock({LEEDS: {MUG: 1}}), RoutingPolicy(), NOW)
        assert [each.order_id for each in decisions] == [each.order_id for each in batch]
        assert {each.order_id: each.outcome for each in decisions} == {
            early.order_id: Outcome.ROUTED,
            late.order_id: Outcome.BACKORDERED,
        }


def test_a_run_stops_at_the_days_capacity() -> None:
    orders = [order((MUG, 1), number=n) for n in range(5)]
    candidates = [site(LEEDS, capacity_left=3)]
    decisions = decide_batch(orders, candidates, stock({LEEDS: {MUG: 99}}), RoutingPolicy(), NOW)
    assert [len(each.assignments) for each in decisions] == [1, 1, 1, 0, 0]
    assert decisions[3].candidates[0].fences[0].code is FenceCode.CAPACITY_SPENT


def test_work_is_spread_as_a_run_fills_the_queues() -> None:
    orders = [order((MUG, 1), number=n) for n in range(10)]
    candidates = [site(LEEDS, daily_capacity=100), site(BRISTOL, daily_capacity=100)]
    policy = RoutingPolicy(weights={Rating.WORKLOAD: 1})
    decisions = decide_batch(orders, candidates, stock({LEEDS: {MUG: 99}, BRISTOL: {MUG: 99}}), policy, NOW)
    places = [each.assignments[0].warehouse_id for each in decisions]
    assert places.count(LEEDS.id) == places.count(BRISTOL.id) == 5


def test_an_order_cannot_be_in_a_batch_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        decide_batch([order((MUG, 1))] * 2, SITES, stock({LEEDS: {MUG: 9}}), RoutingPolicy(), NOW)


def test_an_order_without_units_is_a_programming_error() -> None:
    for bad in (order(), order((MUG, 0))):
        with pytest.raises(ValueError, match="at least one unit"):
            decide(bad, SITES, Stock({}), RoutingPolicy(), NOW)


def test_a_decision_and_a_policy_survive_json() -> None:
    shelves = stock({LEEDS: {MUG: 1}, BRISTOL: {TEE: 1}})
    decision = decide(order((MUG, 1), (TEE, 1)), SITES, shelves, RoutingPolicy(), NOW)
    assert msgspec.json.decode(msgspec.json.encode(decision), type=Decision) == decision
    assert msgspec.convert(msgspec.to_builtins(RoutingPolicy()), RoutingPolicy) == RoutingPolicy()
    assert msgspec.convert({"max_parts": 3, "weights": {"cost": 9}}, RoutingPolicy).weights == {Rating.COST: 9}


def test_with_very_many_warehouses_a_good_split_is_still_found() -> None:
    """More sets than are all tried: the greedy set, improved by exchanges."""
    places = [Place(n, f"Site {n}") for n in range(1, 61)]
    products = [UUID(int=500 + n) for n in range(6)]
    shelves = {(product, place.id): 1 for place in places for product in (products[place.number % 6],)}
    decision = decide(
        order(*[(product, 2) for product in products[:2]]),
        [site(place) for place in places],
        Stock(shelves),
        RoutingPolicy(max_parts=4),
        NOW,
    )
    assert decision.outcome is Outcome.ROUTED
    assert len(decision.assignments) == 4
