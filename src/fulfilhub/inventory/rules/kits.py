"""How many kits a warehouse's shelves make, and the refusal of stock that a kit can't have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from fulfilhub.platform.errors import FieldError

Recipe = Mapping[UUID, int]
"""What one kit is made of: units by component, at least one component, at least one unit of each."""


def kits_from(shelf: Mapping[UUID, int], recipe: Recipe) -> int:
    """How many whole kits the available units on one warehouse's shelf make; what the shelf lacks may be missing.

    Per warehouse, always: components that lie in different ones make no kit.
    """
    return min((shelf.get(product_id, 0) // units for product_id, units in recipe.items()), default=0)


def sellable_units(shelves: Iterable[Mapping[UUID, int]], recipe: Recipe, waiting: Mapping[UUID, int]) -> int:
    """How many of a product could be sold now: over all warehouses' shelves, less what is sold already.

    `recipe` of what is no kit is one unit of itself. `waiting`: units of each component that accepted orders still
    want and no warehouse holds for them. They have the first claim: as many kits are taken off as they are worth,
    which is exact for whole kits and for what is no kit. Where they spoil more, because they are taken from several
    places, it shows as soon as they have a warehouse.
    """
    made = sum(kits_from(shelf, recipe) for shelf in shelves)
    claimed = max((-(-waiting.get(product_id, 0) // units) for product_id, units in recipe.items()), default=0)
    return max(made - claimed, 0)


def no_stock_of_kits(pointer: str, sku: str, components: Iterable[tuple[str, int]]) -> FieldError:
    """What is said to who would book stock of a kit: the components (SKU, units) that have the stock."""
    made_of = " and ".join(f"{units} x {part}" for part, units in components)
    return FieldError(pointer, f"{sku} is a kit of {made_of}: it has no stock of its own, book those.", "is_a_kit")
