"""One order seen from one candidate: what it could send, how, and when. Fences and ratings read only this."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from operator import ge
from uuid import UUID

from fulfilhub.inventory.rules.kits import Recipe, kits_from
from fulfilhub.routing.rules.promise import Offer, Outlook, Reach, is_kept
from fulfilhub.routing.rules.terms import Candidate, LineToRoute, OrderToRoute, Rated, Stock

Shelf = Mapping[UUID, int]
"""Units that one warehouse has free, by product."""


class Demand:
    """What an order wants, summed per product: two lines must not count the same unit twice.

    A product may be a kit. `made_of` is what one unit of each product takes from a shelf, None for itself; `tangled`
    are the places of the products that want some of the same stock as another, so that only of all together it can be
    said how many a warehouse has; `in_several` those that more than one line wants.
    """

    __slots__ = ("heaviest", "in_several", "lines", "made_of", "needs", "order", "products", "tangled", "units")

    def __init__(self, order: OrderToRoute) -> None:
        """Raises ValueError for an order without lines, or a line that wants less than one unit."""
        if not order.lines or any(line.quantity < 1 for line in order.lines):
            raise ValueError("an order to route has lines, each of at least one unit")
        needs: dict[UUID, int] = {}
        lines: dict[UUID, list[LineToRoute]] = {}
        for line in order.lines:
            needs[line.product_id] = needs.get(line.product_id, 0) + line.quantity
            lines.setdefault(line.product_id, []).append(line)
        for each in lines.values():
            each.sort(key=lambda line: line.quantity)  # small lines first: more of them can be filled whole
        self.order = order
        self.products = tuple(needs)
        self.needs = tuple(needs.values())
        self.lines = lines
        self.made_of = tuple([_recipe(each[0]) for each in lines.values()])
        self.tangled = _tangled(self.products, self.made_of) if any(self.made_of) else ()
        self.in_several = tuple([column for column, each in enumerate(lines.values()) if len(each) > 1])
        self.units = sum(self.needs)
        self.heaviest = max(line.weight_grams for line in order.lines)

    def filled_lines(self, units: Sequence[int]) -> int:
        """How many lines are filled whole by so many units of each product."""
        count: int = sum(map(ge, units, self.needs))
        for column in self.in_several:
            left, whole = units[column], 0
            for line in self.lines[self.products[column]]:
                left -= line.quantity
                if left < 0:
                    break
                whole += 1
            count += whole - (units[column] >= self.needs[column])
        return count


def _recipe(line: LineToRoute) -> Recipe | None:
    return {each.product_id: each.units for each in line.components} or None


def _tangled(products: Sequence[UUID], made_of: Sequence[Recipe | None]) -> tuple[int, ...]:
    """Places of the products that share stock with another, kits of more components first: they are hardest to find."""
    stock = [recipe or {product: 1} for product, recipe in zip(products, made_of, strict=True)]
    users = Counter(product for recipe in stock for product in recipe)
    found = [place for place, recipe in enumerate(stock) if any(users[product] > 1 for product in recipe)]
    return tuple(sorted(found, key=lambda place: (made_of[place] is None, -len(stock[place]), place)))


TRIES, WAYS = 500, 40
"""How long it is looked for a way to fill everything, and how many ways to fill a part are compared."""


def share_out(shelves: Sequence[Shelf], demand: Demand) -> list[list[int]]:
    """How many of each tangled product each of these shelves sends, so that together they fill everything, or else the
    most lines whole and then the most units. Kits are sent whole, each from one shelf; no unit is counted twice."""
    left = [dict(shelf) for shelf in shelves]
    shares = [[0] * len(demand.needs) for _ in shelves]
    kits = [place for place in demand.tangled if demand.made_of[place] is not None]
    steps = [(place, at) for place in kits for at in range(len(shelves))]
    if _is_enough(left, demand):
        for _ in islice(_ways(steps, left, shares, demand, whole=True), TRIES):
            if all(sum(share[place] for share in shares) == demand.needs[place] for place in kits):
                return _with_plain(left, shares, demand)
    best, most = shares, (-1, -1)
    for _ in islice(_ways(steps, left, shares, demand, whole=False), WAYS):
        made = _with_plain(left, shares, demand)
        filled = [sum(share[place] for share in made) for place in range(len(demand.needs))]
        value = (demand.filled_lines(filled), sum(filled))
        if value > most:
            best, most = made, value
    return best


def _is_enough(shelves: Sequence[Shelf], demand: Demand) -> bool:
    """False when some tangled stock is less than all shelves together would need."""
    wanted = Counter[UUID]()
    for place in demand.tangled:
        for product, units in (demand.made_of[place] or {demand.products[place]: 1}).items():
            wanted[product] += units * demand.needs[place]
    return all(sum(shelf.get(product, 0) for shelf in shelves) >= units for product, units in wanted.items())


def _ways(
    steps: Sequence[tuple[int, int]],
    left: list[dict[UUID, int]],
    shares: list[list[int]],
    demand: Demand,
    *,
    whole: bool,
) -> Iterator[None]:
    """Every way to take kits from shelves, the greatest first, each shown in `shares` and missing from `left` while the
    caller looks. With `whole`, no shelf leaves more of a kit than those after it have; then also ways not gone to
    their end are shown, so that whoever counts does not wait for ever."""
    if not steps:
        yield
        return
    (place, at), rest = steps[0], steps[1:]
    recipe = demand.made_of[place] or {}
    wanted = demand.needs[place] - sum(share[place] for share in shares)
    most, least = min(wanted, kits_from(left[at], recipe)), 0
    if whole:
        least = wanted - sum(kits_from(left[later], recipe) for other, later in rest if other == place)
        yield
    for kits in range(most, max(least, 0) - 1, -1):
        _take(left[at], recipe, kits)
        shares[at][place] = kits
        yield from _ways(rest, left, shares, demand, whole=whole)
        shares[at][place] = 0
        _take(left[at], recipe, -kits)


def _take(shelf: dict[UUID, int], recipe: Recipe, kits: int) -> None:
    for product, units in recipe.items():
        shelf[product] = shelf.get(product, 0) - units * kits


def _with_plain(left: Sequence[Shelf], shares: Sequence[list[int]], demand: Demand) -> list[list[int]]:
    """The shares of kits, and beside them what is left of the plain products."""
    made = [list(share) for share in shares]
    for place in demand.tangled:
        if demand.made_of[place] is None:
            wanted = demand.needs[place]
            for at, shelf in enumerate(left):
                made[at][place] = min(wanted, shelf.get(demand.products[place], 0))
                wanted -= made[at][place]
    return made


class Look:
    """A candidate as one order sees it.

    `shelf` is what it has, `cover` how many of each wanted product that makes, all of them together (never more than
    wanted), `units` their sum, `offer` the best way it can send the heaviest item, `capacity_left` counts what this
    run already gave it, `opens` is false when it has no working day. `ratings` and `score` are there once
    `ratings.rate` has run.
    """

    __slots__ = (
        "breaks_promise",
        "candidate",
        "capacity_left",
        "cover",
        "offer",
        "opens",
        "order",
        "queued",
        "ratings",
        "reach",
        "score",
        "shelf",
        "units",
    )

    def __init__(self, demand: Demand, outlook: Outlook, stock: Stock) -> None:
        order, candidate = demand.order, outlook.candidate
        where = candidate.warehouse_id
        given = stock.given(where)
        self.order = order
        self.candidate: Candidate = candidate
        self.reach: Reach = outlook.reach(order.service, order.country, order.postcode)
        self.offer: Offer | None = self._fitting(demand.heaviest)
        shelf = self.shelf = stock.shelf(where)
        cover = [
            min(need, shelf.get(product, 0) if recipe is None else kits_from(shelf, recipe))
            for product, need, recipe in zip(demand.products, demand.needs, demand.made_of, strict=True)
        ]
        if demand.tangled:
            (shares,) = share_out([shelf], demand)
            for place in demand.tangled:
                cover[place] = shares[place]
        self.cover = tuple(cover)
        self.units = sum(self.cover)
        self.capacity_left = None if candidate.capacity_left is None else candidate.capacity_left - given
        self.queued = candidate.queued + given
        self.breaks_promise = (
            self.offer is not None
            and order.frozen is not None
            and not is_kept(order.frozen, self.offer.promise.deliver_by)
        )
        self.opens = outlook.ship_day is not None
        self.ratings: tuple[Rated, ...] = ()
        self.score = 0.0

    def _fitting(self, heaviest: int) -> Offer | None:
        for offer in self.reach.offers:
            limit = offer.service.max_weight_grams
            if limit is None or heaviest <= limit:
                return offer
        return None
