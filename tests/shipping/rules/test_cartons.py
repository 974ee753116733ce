"""What a proposal of cartons must always be, whatever is ordered and whatever boxes there are."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from hypothesis import example, given
from hypothesis import strategies as st

from fulfilhub.shipping.rules.cartons import MOST_UNITS, Box, Carton, Item, Placed, Plan, WhyNotPacked, cartonise

SIDE = st.integers(1, 60)
SIZE = st.tuples(SIDE, SIDE, SIDE)


@st.composite
def items(draw: st.DrawFn) -> list[Item]:
    return [
        Item(
            key=key,
            quantity=draw(st.integers(0, 6)),
            size=draw(st.none() | SIZE),
            grams=draw(st.none() | st.integers(0, 900)),
            upright=draw(st.booleans()),
            fragile=draw(st.booleans()),
            dangerous=draw(st.sampled_from(["", "", "UN1950", "UN3481"])),
        )
        for key in range(draw(st.integers(0, 7)))
    ]


@st.composite
def boxes(draw: st.DrawFn) -> list[Box]:
    made = []
    for key in range(draw(st.integers(0, 4))):
        tare = draw(st.integers(0, 100))
        heaviest = tare + draw(st.integers(1, 2_000))
        size = draw(st.tuples(*[st.integers(5, 90)] * 3))
        made.append(Box(key=key, size=size, tare_grams=tare, max_grams=heaviest, rank=draw(st.integers(0, 2))))
    return made


def a_box(size: tuple[int, int, int] = (300, 200, 100), *, heaviest: int = 10_000, key: str = "box") -> Box:
    return Box(key=key, size=size, tare_grams=100, max_grams=heaviest)


def overlap(one: Placed, other: Placed) -> bool:
    return all(
        one.at[axis] < other.at[axis] + other.size[axis] and other.at[axis] < one.at[axis] + one.size[axis]
        for axis in range(3)
    )


def above(one: Placed, other: Placed) -> bool:
    flat = all(
        one.at[axis] < other.at[axis] + other.size[axis] and other.at[axis] < one.at[axis] + one.size[axis]
        for axis in range(2)
    )
    return flat and one.at[2] >= other.at[2] + other.size[2]


def alone(item: Item, box: Box) -> bool:
    """Whether a unit of it goes into a box of its own."""
    plan = cartonise([Item(key=0, quantity=1, size=item.size, grams=item.grams, upright=item.upright)], [box])
    return bool(plan.cartons)


@given(items(), boxes())
def test_every_unit_is_in_one_carton_or_named(ordered: list[Item], known: list[Box]) -> None:
    plan = cartonise(ordered, known)
    packed = Counter(unit.key for carton in plan.cartons for unit in carton.placed)
    named = Counter({each.key: each.quantity for each in plan.left_out})
    assert len(named) == len(plan.left_out)
    for item in ordered:
        assert packed[item.key] + named[item.key] == item.quantity
        if item.size is None or item.grams is None or not any(alone(item, box) for box in known):
            assert packed[item.key] == 0
        else:
            assert named[item.key] == 0, "what fits a box is packed"


@given(items(), boxes())
def test_nothing_overlaps_sticks_out_or_is_too_heavy(ordered: list[Item], known: list[Box]) -> None:
    by_key = {item.key: item for item in ordered}
    for carton in cartonise(ordered, known).cartons:
        assert carton.placed, "no empty cartons"
        assert carton.box in known
        weight = sum(by_key[unit.key].grams or 0 for unit in carton.placed)
        assert carton.grams == weight + carton.box.tare_grams <= carton.box.max_grams
        for unit in carton.placed:
            item = by_key[unit.key]
            assert sorted(unit.size) == sorted(item.size or ())
            assert not item.upright or item.size is None or unit.size[2] == item.size[2]
            for axis in range(3):
                assert unit.at[axis] >= 0
                assert unit.at[axis] + unit.size[axis] <= carton.box.size[axis]
        assert not any(overlap(one, other) for one, other in combinations(carton.placed, 2))


@given(items(), boxes())
def test_dangerous_is_apart_and_nothing_is_above_what_is_fragile(ordered: list[Item], known: list[Box]) -> None:
    by_key = {item.key: item for item in ordered}
    for carton in cartonise(ordered, known).cartons:
        assert len({by_key[unit.key].dangerous for unit in carton.placed}) == 1
        for one in carton.placed:
            for other in carton.placed:
                assert not (by_key[other.key].fragile and above(one, other))


@given(items(), boxes())
def test_at_least_as_good_as_a_box_for_each_unit(ordered: list[Item], known: list[Box]) -> None:
    plan = cartonise(ordered, known)
    units = [unit.key for carton in plan.cartons for unit in carton.placed]
    assert len(plan.cartons) <= len(units)
    if len(plan.cartons) == len(units):
        singles = [next(iter(cartonise([one_of(ordered, key)], known).cartons)).box.rank for key in units]
        assert sum(carton.box.rank for carton in plan.cartons) <= sum(singles)


def one_of(ordered: list[Item], key: object) -> Item:
    found = next(item for item in ordered if item.key == key)
    return Item(key=0, quantity=1, size=found.size, grams=found.grams, upright=found.upright, fragile=found.fragile)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), SIZE)
@example(2, 2, 2, (10, 10, 10))
def test_a_full_grid_fills_its_box_whole(long: int, wide: int, high: int, size: tuple[int, int, int]) -> None:
    box = a_box((size[0] * long, size[1] * wide, size[2] * high))
    plan = cartonise([Item(key="cube", quantity=long * wide * high, size=size, grams=1, upright=True)], [box])
    assert not plan.left_out
    # Half-turned units can spoil a grid that is not square; in whole squares none is lost.
    if size[0] == size[1]:
        assert len(plan.cartons) == 1


def packed_keys(carton: Carton) -> list[str]:
    return sorted(str(unit.key) for unit in carton.placed)


def test_the_smallest_box_that_will_do() -> None:
    small, large = a_box((120, 120, 120), key="small"), a_box((400, 400, 400), key="large")
    mug = Item(key="mug", quantity=1, size=(100, 100, 100), grams=350)
    assert [each.box.key for each in cartonise([mug], [large, small]).cartons] == ["small"]
    many = Item(key="mug", quantity=27, size=(100, 100, 100), grams=350)
    assert [each.box.key for each in cartonise([many], [large, small]).cartons] == ["large"]


def test_a_lower_rank_is_taken_before_a_smaller_box() -> None:
    cheap = Box(key="cheap", size=(300, 300, 300), tare_grams=1, max_grams=9_000, rank=0)
    dear = Box(key="dear", size=(120, 120, 120), tare_grams=1, max_grams=9_000, rank=1)
    plan = cartonise([Item(key="mug", quantity=1, size=(100, 100, 100), grams=350)], [dear, cheap])
    assert [each.box.key for each in plan.cartons] == ["cheap"]


def test_too_heavy_for_one_box_is_two_boxes() -> None:
    brick = Item(key="brick", quantity=4, size=(50, 50, 50), grams=3_000)
    plan = cartonise([brick], [a_box(heaviest=6_200)])
    assert [carton.grams for carton in plan.cartons] == [6_100, 6_100]


def test_a_long_thing_goes_in_the_box_that_takes_it_though_another_is_bigger() -> None:
    cube, tube = a_box((500, 500, 500), key="cube"), a_box((900, 80, 80), key="tube")
    rod = Item(key="rod", quantity=1, size=(850, 60, 60), grams=500)
    mug = Item(key="mug", quantity=1, size=(400, 400, 400), grams=500)
    plan = cartonise([mug, rod], [cube, tube])
    assert {carton.box.key: packed_keys(carton) for carton in plan.cartons} == {"cube": ["mug"], "tube": ["rod"]}


def test_why_units_are_left_out() -> None:
    told: dict[str, tuple[tuple[int, int, int] | None, int | None]] = {
        "unmeasured": (None, 5),
        "unweighed": ((10, 10, 10), None),
        "giant": ((1_000, 10, 10), 5),
        "lead": ((10, 10, 10), 50_000),
    }
    plan = cartonise(
        [Item(key=key, quantity=2, size=size, grams=grams) for key, (size, grams) in told.items()], [a_box()]
    )
    assert {each.key: (each.quantity, each.reason) for each in plan.left_out} == {
        "unmeasured": (2, WhyNotPacked.NO_SIZE),
        "unweighed": (2, WhyNotPacked.NO_WEIGHT),
        "giant": (2, WhyNotPacked.TOO_BIG),
        "lead": (2, WhyNotPacked.TOO_HEAVY),
    }
    assert not plan.cartons


def test_without_boxes_nothing_is_packed() -> None:
    plan = cartonise([Item(key="mug", quantity=1, size=(1, 1, 1), grams=1)], [])
    assert [each.reason for each in plan.left_out] == [WhyNotPacked.TOO_BIG]


def test_a_pallet_is_nobodys_carton() -> None:
    plan: Plan = cartonise([Item(key="pin", quantity=MOST_UNITS + 1, size=(1, 1, 1), grams=1)], [a_box()])
    assert [each.reason for each in plan.left_out] == [WhyNotPacked.TOO_MANY]
