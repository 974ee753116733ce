"""Kits in routing: whole ones only, each from one warehouse, and no unit of what lines share counted twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product as choices
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fulfilhub.routing.rules.decide import decide, decide_batch
from fulfilhub.routing.rules.terms import Component, OnShortage, OrderToRoute, Outcome, RoutingPolicy, Stock
from tests.routing.rules.world import BRISTOL, CAP, LEEDS, MUG, NOW, TEE, Place, order, site, stock

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How long an example takes says nothing here: other work may run on the machine."""

SET, PAIR, BOX = (UUID(int=200 + n) for n in range(3))
KITS: dict[UUID, tuple[Component, ...]] = {
    SET: (Component(MUG, 2), Component(TEE, 1)),
    PAIR: (Component(MUG, 2),),
    BOX: (Component(TEE, 1), Component(CAP, 1)),
}
PLACES = [LEEDS, BRISTOL]
PARTIAL = RoutingPolicy(max_parts=2, on_shortage=OnShortage.PARTIAL)

shelf_units = st.dictionaries(
    st.tuples(st.sampled_from([MUG, TEE, CAP]), st.sampled_from([place.id for place in PLACES])), st.integers(1, 6)
)
wanted_lines = st.lists(
    st.tuples(st.sampled_from([MUG, TEE, CAP, SET, PAIR, BOX]), st.integers(1, 3)), min_size=1, max_size=4
)
two_kits = st.lists(
    st.tuples(st.sampled_from([MUG, TEE, SET, BOX]), st.integers(1, 2)),
    min_size=1,
    max_size=4,
    unique_by=lambda line: line[0],
)


def kits(*wanted: tuple[UUID, int], number: int = 1, minutes_ago: int = 5) -> OrderToRoute:
    """An order of these products, some of them kits."""
    made = order(*wanted, number=number, minutes_ago=minutes_ago)
    lines = tuple(
        type(line)(
            line_id=line.line_id,
            product_id=line.product_id,
            quantity=line.quantity,
            weight_grams=line.weight_grams,
            components=KITS.get(line.product_id, ()),
        )
        for line in made.lines
    )
    return type(made)(**{name: getattr(made, name) for name in made.__struct_fields__} | {"lines": lines})


def stock_of(product: UUID) -> Mapping[UUID, int]:
    return {each.product_id: each.units for each in KITS.get(product, ())} or {product: 1}


def test_a_warehouse_has_as_many_kits_as_its_scarcest_component_makes() -> None:
    shelves = stock({LEEDS: {MUG: 9, TEE: 3}, BRISTOL: {MUG: 3, TEE: 9}})
    decision = decide(kits((SET, 4)), [site(place) for place in PLACES], shelves, RoutingPolicy(), NOW)
    assert {v.warehouse_id: v.units for v in decision.candidates} == {LEEDS.id: 3, BRISTOL.id: 1}
    assert decision.outcome is Outcome.ROUTED
    assert {a.warehouse_id: a.lines[0].quantity for a in decision.assignments} == {LEEDS.id: 3, BRISTOL.id: 1}
    assert decision.assignments[0].lines[0].components == KITS[SET]
    assert (shelves.available(MUG, LEEDS.id), shelves.available(TEE, LEEDS.id)) == (3, 0)


def test_components_in_two_warehouses_make_no_kit() -> None:
    shelves = stock({LEEDS: {MUG: 9}, BRISTOL: {TEE: 9}})
    decision = decide(kits((SET, 1)), [site(place) for place in PLACES], shelves, RoutingPolicy(), NOW)
    assert decision.outcome is Outcome.BACKORDERED


def test_a_plain_line_goes_elsewhere_when_a_kit_needs_the_unit_here() -> None:
    shelves = stock({LEEDS: {MUG: 2, TEE: 1}, BRISTOL: {TEE: 1}})
    decision = decide(kits((TEE, 1), (SET, 1)), [site(place) for place in PLACES], shelves, RoutingPolicy(), NOW)
    sent = {a.warehouse_id: [part.product_id for part in a.lines] for a in decision.assignments}
    assert sent == {LEEDS.id: [SET], BRISTOL.id: [TEE]}


def test_each_check_alone_would_pass_and_the_sum_does_not() -> None:
    shelves = stock({LEEDS: {MUG: 2, TEE: 1}})
    for lines in ([(SET, 1), (PAIR, 1)], [(SET, 1), (MUG, 1)], [(SET, 1), (SET, 1)]):
        decision = decide(kits(*lines), [site(LEEDS)], shelves, RoutingPolicy(), NOW)
        assert decision.outcome is Outcome.BACKORDERED, lines
        assert decision.candidates[0].units == 1


@patient
@given(shelf_units, st.lists(wanted_lines, min_size=1, max_size=5), st.sampled_from(OnShortage), st.integers(1, 2))
def test_a_batch_with_kits_never_oversells_a_component(
    shelves: dict[tuple[UUID, UUID], int],
    orders: list[list[tuple[UUID, int]]],
    on_shortage: OnShortage,
    max_parts: int,
) -> None:
    batch = [kits(*lines, number=n, minutes_ago=n % 3) for n, lines in enumerate(orders)]
    policy = RoutingPolicy(max_parts=max_parts, on_shortage=on_shortage)
    taken = Counter[tuple[UUID, UUID]]()
    for wanted, made in zip(
        batch, decide_batch(batch, [site(place) for place in PLACES], Stock(shelves), policy, NOW), strict=True
    ):
        told = Counter[UUID]()
        assert len(made.assignments) <= max_parts
        assert {v.warehouse_id for v in made.candidates if v.chosen} == {a.warehouse_id for a in made.assignments}
        for assignment in made.assignments:
            assert assignment.lines
            for part in assignment.lines:
                told[part.line_id] += part.quantity
                for component, units in stock_of(part.product_id).items():
                    taken[component, assignment.warehouse_id] += units * part.quantity
        for part in made.unfilled:
            told[part.line_id] += part.quantity
        assert told == {line.line_id: line.quantity for line in wanted.lines}
        if made.unfilled and made.assignments:
            assert on_shortage is OnShortage.PARTIAL
    assert all(units <= shelves.get(key, 0) for key, units in taken.items())


@patient
@given(shelf_units, two_kits)
def test_what_can_be_filled_whole_is(shelves: dict[tuple[UUID, UUID], int], lines: list[tuple[UUID, int]]) -> None:
    decision = decide(kits(*lines), [site(place) for place in PLACES], Stock(shelves), RoutingPolicy(max_parts=2), NOW)
    assert (decision.outcome is Outcome.ROUTED) is (best_lines(lines, shelves) == len(lines))


@patient
@given(shelf_units, two_kits)
def test_no_more_lines_could_be_filled_whole(
    shelves: dict[tuple[UUID, UUID], int], lines: list[tuple[UUID, int]]
) -> None:
    wanted = kits(*lines)
    decision = decide(wanted, [site(place) for place in PLACES], Stock(shelves), PARTIAL, NOW)
    left = {part.line_id for part in decision.unfilled}
    assert sum(line.line_id not in left for line in wanted.lines) == best_lines(lines, shelves)


def best_lines(lines: Sequence[tuple[UUID, int]], shelves: Mapping[tuple[UUID, UUID], int]) -> int:
    """How many lines could be filled whole from both places, found by trying every way to share each line out."""
    best = 0
    for shares in choices(*(list(ways(quantity)) for _, quantity in lines)):
        used = Counter[tuple[UUID, UUID]]()
        for (product, _), share in zip(lines, shares, strict=True):
            for place, units in zip(PLACES, share, strict=True):
                for component, each in stock_of(product).items():
                    used[component, place.id] += each * units
        if all(units <= shelves.get(key, 0) for key, units in used.items()):
            best = max(best, sum(sum(share) == line[1] for share, line in zip(shares, lines, strict=True)))
    return best


def ways(quantity: int) -> Iterator[tuple[int, int]]:
    yield (0, 0)
    yield from ((here, quantity - here) for here in range(quantity + 1))


def test_many_kits_over_many_warehouses_are_decided_soon() -> None:
    places = [Place(n, f"Site {n}") for n in range(1, 9)]
    shelves = {(component, place.id): 40 for component in (MUG, TEE, CAP) for place in places}
    wanted = kits((SET, 90), (PAIR, 30), (BOX, 60), (MUG, 20), (TEE, 10))
    decision = decide(wanted, [site(p) for p in places], Stock(shelves), RoutingPolicy(max_parts=8), NOW)
    assert decision.outcome is Outcome.ROUTED
