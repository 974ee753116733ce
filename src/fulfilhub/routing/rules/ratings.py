"""Ratings: what speaks for one warehouse rather than another.

Each gives a raw value and a score from 0 (worst of those that may be chosen) to 1 (best); the policy's
weights add them up to 0 to 100.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from fulfilhub.routing.rules.look import Demand, Look
from fulfilhub.routing.rules.places import distance_step
from fulfilhub.routing.rules.terms import Rated, Rating, RoutingPolicy

Raw = Callable[[Look, Demand, datetime], float | None]
_HOUR = 3600.0
_NEVER = datetime.max.replace(tzinfo=UTC)
UNKNOWN_SCORE = 0.5
"""What a candidate gets where its value is not known: neither favoured nor punished."""


def hours_to_delivery(look: Look, demand: Demand, now: datetime) -> float | None:
    """Hours from now until it would be delivered. Fewer is better."""
    if look.offer is None:
        return None
    return round((look.offer.promise.deliver_by - now).total_seconds() / _HOUR, 2)


def hours_of_slack(look: Look, demand: Demand, now: datetime) -> float | None:
    """Hours by which it keeps the frozen promise; negative when it would be late. None without a promise."""
    if look.offer is None or look.order.frozen is None:
        return None
    slack = look.order.frozen.deliver_by - look.offer.promise.deliver_by
    return round(slack.total_seconds() / _HOUR, 2)


def share_it_has(look: Look, demand: Demand, now: datetime) -> float | None:
    """The part of the wanted units that it has, so that an order goes in few parcels. More is better."""
    return round(look.units / demand.units, 4)


def workload(look: Look, demand: Demand, now: datetime) -> float | None:
    """Work waiting there, in days of its capacity; None when its capacity is not known. Less is better."""
    capacity = look.candidate.daily_capacity
    return round(look.queued / capacity, 4) if capacity else None


def distance(look: Look, demand: Demand, now: datetime) -> float | None:
    """Rough steps from the warehouse to the customer (`places.distance_step`). Fewer is better."""
    here, order = look.candidate, look.order
    return float(distance_step(here.country, here.postcode, order.country, order.postcode))


def parcel_cost(look: Look, demand: Demand, now: datetime) -> float | None:
    """The cost of a parcel in minor units, if the zone names it. Less is better."""
    cost = look.offer.cost_minor if look.offer is not None else None
    return None if cost is None else float(cost)


RAW: dict[Rating, Raw] = {
    Rating.EARLIEST: hours_to_delivery,
    Rating.KEEPS_PROMISE: hours_of_slack,
    Rating.FEWEST_PARTS: share_it_has,
    Rating.WORKLOAD: workload,
    Rating.PROXIMITY: distance,
    Rating.COST: parcel_cost,
}
MORE_IS_BETTER = frozenset({Rating.FEWEST_PARTS})


def rate(looks: Sequence[Look], demand: Demand, policy: RoutingPolicy, now: datetime) -> None:
    """Gives every look its `ratings`, in the order of RAW, and its `score`.

    A rating whose weight is not positive is left out, as is `keeps_promise` while nothing is promised.
    """
    rows: list[list[Rated]] = [[] for _ in looks]
    totals = [0.0] * len(looks)
    weights = 0
    for rating, raw in RAW.items():
        weight = policy.weights.get(rating, 0)
        if weight <= 0 or (rating is Rating.KEEPS_PROMISE and demand.order.frozen is None):
            continue
        weights += weight
        values = [raw(look, demand, now) for look in looks]
        for place, (value, score) in enumerate(zip(values, _scores(rating, values), strict=True)):
            rows[place].append(Rated(rating, value, weight, score))
            totals[place] += weight * score
    for look, row, total in zip(looks, rows, totals, strict=True):
        look.ratings = tuple(row)
        look.score = round(100 * total / weights, 2) if weights else 0.0


def rank(look: Look) -> tuple[float, datetime, UUID]:
    """Sorts the best first: score, then the earlier delivery, then the warehouse's id, so that the same
    question always has the same answer."""
    delivers = look.offer.promise.deliver_by if look.offer is not None else _NEVER
    return (-look.score, delivers, look.candidate.warehouse_id)


def _scores(rating: Rating, values: Sequence[float | None]) -> list[float]:
    if rating is Rating.KEEPS_PROMISE:  # kept is kept: how early it comes is another rating's matter
        return [UNKNOWN_SCORE if value is None else float(value >= 0) for value in values]
    known = [value for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    if low == high:
        return [1.0 if len(known) == len(values) else UNKNOWN_SCORE] * len(values)
    spread = high - low
    worst, sign = (low, 1.0) if rating in MORE_IS_BETTER else (high, -1.0)
    return [UNKNOWN_SCORE if value is None else round(sign * (value - worst) / spread, 4) for value in values]
