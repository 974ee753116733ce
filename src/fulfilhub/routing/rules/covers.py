"""Which warehouses together send an order: one if one can, else the fewest that fill the most lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import comb
from uuid import UUID

from fulfilhub.routing.rules.look import Demand, Look, share_out
from fulfilhub.routing.rules.ratings import rank
from fulfilhub.routing.rules.terms import OnShortage, Portion, RoutingPolicy

EXHAUSTIVE = 500
"""Up to so many sets of one size are all tried; beyond, a greedy set is taken and improved by exchanges."""

Value = tuple[int, int, int, float]
"""Lines filled whole, units filled, minus the number of parts, summed score: the greater the better."""


def choose(looks: Sequence[Look], demand: Demand, policy: RoutingPolicy) -> list[Look]:
    """The warehouses to send from, best ranked first, out of those that no fence excludes.

    One that has everything is always preferred. When even all together lack something, nothing is chosen,
    unless the policy is to ship what is there.
    """
    ranked = sorted(looks, key=rank)
    for look in ranked:
        if look.units == demand.units:
            return [look]
    bound = _filled(ranked, demand)
    short = sum(bound) < demand.units
    if not ranked or (short and policy.on_shortage is not OnShortage.PARTIAL):
        return []
    best = _best_set(ranked, demand, policy.max_parts, bound)
    if not have_all(best, demand) and policy.on_shortage is not OnShortage.PARTIAL:
        return []
    return best


def portion_out(parts: Sequence[Look], demand: Demand) -> dict[UUID, list[Portion]]:
    """Who sends what: by warehouse, the lines and quantities. `parts` come best ranked first.

    A product goes whole to one warehouse where possible, and otherwise to those that have most of it first. Products
    that want the same stock go as `share_out` says.
    """
    shares: dict[UUID, list[Portion]] = {}
    tangled = share_out([look.shelf for look in parts], demand) if demand.tangled else []
    for column, (product, need) in enumerate(zip(demand.products, demand.needs, strict=True)):
        left = need
        lines = demand.lines[product]
        open_lines = [(line.line_id, line.quantity) for line in reversed(lines)]
        if column in demand.tangled:
            has = [(look, share[column]) for look, share in zip(parts, tangled, strict=True)]
        else:
            has = sorted(((look, look.cover[column]) for look in parts), key=lambda each: -each[1])
        for look, there in has:
            amount = min(left, there)
            left -= amount
            mine = shares.setdefault(look.candidate.warehouse_id, []) if amount else []
            while amount:
                line_id, wanted = open_lines.pop()
                taken = min(wanted, amount)
                mine.append(Portion(line_id, product, taken, lines[0].components))
                amount -= taken
                if taken < wanted:
                    open_lines.append((line_id, wanted - taken))
    return shares


def _best_set(ranked: Sequence[Look], demand: Demand, max_parts: int, bound: Sequence[int]) -> list[Look]:
    """The set of at most `max_parts` with the greatest value; of equals, the first in rank order."""
    goal = (demand.filled_lines(bound), sum(bound))
    useful = [look for look in ranked if look.units]
    best: tuple[Look, ...] = ()
    best_value = _value(best, demand)
    for size in range(1, min(max_parts, len(useful)) + 1):
        if comb(len(useful), size) <= EXHAUSTIVE:
            sets: Iterable[tuple[Look, ...]] = combinations(useful, size)
        else:
            sets = [_improve(_greedy(useful, demand, size), useful, demand)]
        for each in sets:
            value = _value(each, demand)
            if value > best_value:
                best, best_value = each, value
        if best_value[:2] == goal:
            break
    return sorted(best, key=rank)


def _greedy(useful: Sequence[Look], demand: Demand, size: int) -> tuple[Look, ...]:
    chosen: tuple[Look, ...] = ()
    while len(chosen) < size:
        rest = [look for look in useful if look not in chosen]
        chosen = (*chosen, max(rest, key=lambda look: _value((*chosen, look), demand)))
    return chosen


def _improve(chosen: tuple[Look, ...], useful: Sequence[Look], demand: Demand) -> tuple[Look, ...]:
    """Exchanges one member for one outsider as long as the value grows (it is bounded, so this ends)."""
    value = _value(chosen, demand)
    while True:
        exchanged = (
            (*chosen[:place], look, *chosen[place + 1 :])
            for place in range(len(chosen))
            for look in useful
            if look not in chosen
        )
        better = max(exchanged, key=lambda each: _value(each, demand), default=chosen)
        if _value(better, demand) <= value:
            return chosen
        chosen, value = better, _value(better, demand)


def _value(parts: Sequence[Look], demand: Demand) -> Value:
    units = _filled(parts, demand)
    score = round(sum(look.score for look in parts), 2)
    return (demand.filled_lines(units), sum(units), -len(parts), score)


def _filled(parts: Sequence[Look], demand: Demand) -> list[int]:
    """How much of each product the parts have together, never more than is wanted."""
    # For carts of many lines this is asked of hundreds of sets: without a step of our own for each column.
    nothing = (0,) * len(demand.needs)
    units = list(map(min, demand.needs, map(sum, zip(nothing, *(look.cover for look in parts), strict=True))))
    if demand.tangled:
        shares = share_out([look.shelf for look in parts], demand)
        for column in demand.tangled:
            units[column] = sum(share[column] for share in shares)
    return units


def have_all(parts: Sequence[Look], demand: Demand) -> bool:
    """True when the parts together have everything that is wanted."""
    return sum(_filled(parts, demand)) == demand.units
