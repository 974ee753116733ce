"""How many kits a shelf makes."""

from __future__ import annotations

from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fulfilhub.inventory.rules.kits import kits_from

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
