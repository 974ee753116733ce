"""One order seen from one candidate: what it could send, how, and when. Fences and ratings read only this."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fulfilhub.routing.rules.promise import Offer, Outlook, Reach, is_kept
from fulfilhub.routing.rules.terms import Candidate, LineToRoute, OrderToRoute, Rated, Stock


class Demand:
    """What an order wants, summed per product: two lines must not count the same unit twice."""

    __slots__ = ("heaviest", "lines", "needs", "order", "products", "units")

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
        self.units = sum(self.needs)
        self.heaviest = max(line.weight_grams for line in order.lines)

    def filled_lines(self, units: Sequence[int]) -> int:
        """How many lines are filled whole by so many units of each product."""
        count = 0
        for product, had in zip(self.products, units, strict=True):
            left = had
            for line in self.lines[product]:
                left -= line.quantity
                if left < 0:
                    break
                count += 1
        return count


class Look:
    """A candidate as one order sees it.

    `cover` is how many of each wanted product it has (never more than wanted), `units` their sum, `offer` the
    best way it can send the heaviest item, `capacity_left` counts what this run already gave it, `opens` is
    false when it has no working day. `ratings` and `score` are there once `ratings.rate` has run.
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
        shelf = stock.shelf(where)
        self.cover = tuple(
            [min(need, shelf.get(product, 0)) for product, need in zip(demand.products, demand.needs, strict=True)]
        )
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
