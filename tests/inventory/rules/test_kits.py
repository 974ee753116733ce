"""How many kits a shelf makes."""

from __future__ import annotations

from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fulfilhub.inventory.rules.kits import kits_from, sellable_units

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How long an example takes says nothing here: other work may run on the machine."""

products = st.integers(1, 4).map(lambda n: UUID(int=n))


@patient
@given(
    st.dictionaries(products, st.integers(0, 30)),
    st.dictionaries(products, st.integers(1, 5), min_size=1),
)
def test_so_many_kits_can_be_taken_and_not_one_more(shelf: dict[UUID, int], recipe: dict[UUID, int]) -> None:
    kits = kits_from(shelf, recipe)
    assert kits >= 0
    assert all(shelf.get(product, 0) >= kits * units for product, units in recipe.items())
    assert any(shelf.get(product, 0) < (kits + 1) * units for product, units in recipe.items())


def test_nothing_makes_no_kit() -> None:
    assert kits_from({UUID(int=1): 5}, {}) == 0


shelf = st.dictionaries(products, st.integers(0, 30))
recipes = st.dictionaries(products, st.integers(1, 5), min_size=1)
wanted = st.dictionaries(products, st.integers(0, 40))


@patient
@given(st.lists(shelf, max_size=4), recipes, st.integers(0, 20))
def test_orders_for_so_many_kits_take_off_so_many(
    shelves: list[dict[UUID, int]], recipe: dict[UUID, int], orders: int
) -> None:
    made = sum(kits_from(each, recipe) for each in shelves)
    waiting = {product: units * orders for product, units in recipe.items()}
    assert sellable_units(shelves, recipe, {}) == made
    assert sellable_units(shelves, recipe, waiting) == max(made - orders, 0)


@patient
@given(st.lists(shelf, max_size=4), products, wanted)
def test_of_a_product_by_itself_not_one_unit_is_sold_twice_or_kept_back(
    shelves: list[dict[UUID, int]], product: UUID, waiting: dict[UUID, int]
) -> None:
    there = sum(each.get(product, 0) for each in shelves)
    assert sellable_units(shelves, {product: 1}, waiting) == max(there - waiting.get(product, 0), 0)


@patient
@given(st.lists(shelf, max_size=4), recipes, wanted, products)
def test_more_stock_or_less_waiting_never_sells_less(
    shelves: list[dict[UUID, int]], recipe: dict[UUID, int], waiting: dict[UUID, int], product: UUID
) -> None:
    sold = sellable_units(shelves, recipe, waiting)
    more = [{**each, product: each.get(product, 0) + 1} for each in shelves]
    assert sellable_units(more, recipe, waiting) >= sold
    assert sellable_units([*shelves, {product: 1}], recipe, waiting) >= sold
    assert sellable_units(shelves, recipe, {**waiting, product: max(waiting.get(product, 0) - 1, 0)}) >= sold


def test_a_waiting_unit_of_a_component_takes_a_kit_off() -> None:
    mug, tea = UUID(int=1), UUID(int=2)
    shelves = [{mug: 4, tea: 9}, {mug: 3, tea: 1}]
    assert sellable_units(shelves, {mug: 2, tea: 1}, {}) == 3
    assert sellable_units(shelves, {mug: 2, tea: 1}, {mug: 3}) == 1
    assert sellable_units(shelves, {mug: 2, tea: 1}, {mug: 3, tea: 2}) == 1
    assert sellable_units(shelves, {mug: 1}, {mug: 9}) == 0
