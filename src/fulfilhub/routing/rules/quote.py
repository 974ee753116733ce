"""The promise before there is an order: what routing would decide now for a cart, service by service.

It asks the same `decide` that routes orders, on a copy of the stock, so an order placed while nothing changes gets the
very promise that was shown. Who would send it stays hidden.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from fulfilhub.inventory.rules.calendar import cutoff_after
from fulfilhub.inventory.rules.kits import kits_from
from fulfilhub.inventory.rules.warehouse import WarehouseState
from fulfilhub.routing.rules.decide import decide
from fulfilhub.routing.rules.promise import Outlook
from fulfilhub.routing.rules.terms import (
    Assignment,
    Candidate,
    Decision,
    FenceCode,
    LineToRoute,
    OrderToRoute,
    Outcome,
    Promise,
    RoutingPolicy,
    Stock,
)


class WhyNot(StrEnum):
    """Why a service can't be promised. Stable: clients may read them."""

    UNKNOWN_ITEM = "unknown_item"
    DESTINATION_INCOMPLETE = "destination_incomplete"
    SERVICE_NOT_OFFERED = "service_not_offered"
    CANNOT_SHIP_THERE = "cannot_ship_there"
    TOO_HEAVY = "too_heavy"
    NOT_ENOUGH_STOCK = "not_enough_stock"
    TOO_MANY_PARTS = "too_many_parts"
    NO_WAREHOUSE = "no_warehouse"


SENTENCES: Mapping[WhyNot, str] = {
    WhyNot.UNKNOWN_ITEM: "An item is not known: see the lines.",
    WhyNot.DESTINATION_INCOMPLETE: "The destination is not complete enough to ship to.",
    WhyNot.SERVICE_NOT_OFFERED: "This service is not offered.",
    WhyNot.CANNOT_SHIP_THERE: "This service does not go to the destination.",
    WhyNot.TOO_HEAVY: "An item is too heavy for this service.",
    WhyNot.NOT_ENOUGH_STOCK: "Not everything is in stock where it can be sent from.",
    WhyNot.TOO_MANY_PARTS: "Everything is there, but would have to come from more places than is allowed.",
    WhyNot.NO_WAREHOUSE: "No warehouse takes new orders at the moment.",
}

# Of the fences of one candidate, the one that says most; of all candidates, the one that came furthest.
_FENCE_SAYS: tuple[tuple[FenceCode, WhyNot], ...] = (
    (FenceCode.NO_CONTRACT, WhyNot.NO_WAREHOUSE),
    (FenceCode.CLOSED, WhyNot.NO_WAREHOUSE),
    (FenceCode.SUSPENDED, WhyNot.NO_WAREHOUSE),
    (FenceCode.CAPACITY_SPENT, WhyNot.NO_WAREHOUSE),
    (FenceCode.REJECTED_BEFORE, WhyNot.NO_WAREHOUSE),
    (FenceCode.ASKED_ELSEWHERE, WhyNot.NO_WAREHOUSE),
    (FenceCode.SERVICE_NOT_OFFERED, WhyNot.SERVICE_NOT_OFFERED),
    (FenceCode.CANNOT_SHIP_THERE, WhyNot.CANNOT_SHIP_THERE),
    (FenceCode.TOO_HEAVY, WhyNot.TOO_HEAVY),
    (FenceCode.NO_STOCK, WhyNot.NOT_ENOUGH_STOCK),
)
_PLACES = {why: place for place, (_, why) in enumerate(_FENCE_SAYS)}


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """What one service would promise; without a promise, why not.

    `order_before` is when the promise ends unless the order is there: the first cut-off of who would send it.
    `cost_minor` (of `currency`) only where every zone names it.
    """

    service: str
    promise: Promise | None = None
    order_before: datetime | None = None
    shipments: int = 0
    cost_minor: int | None = None
    currency: str | None = None
    why_not: WhyNot | None = None


def services_of(candidates: Iterable[Candidate]) -> list[str]:
    """The service codes that the merchant's warehouses offer, sorted; those that may be given no work left out."""
    may = (each for each in candidates if each.contracted and each.state is not WarehouseState.CLOSED)
    return sorted({service.code for each in may for service in each.services})


def units_there(
    candidates: Iterable[Candidate], available: Mapping[tuple[UUID, UUID], int], lines: Sequence[LineToRoute]
) -> list[int]:
    """How many of each line's units are there, anywhere where the merchant's orders are sent from: of kits whole ones,
    and without what earlier lines take."""
    places = {each.warehouse_id for each in candidates if each.contracted and each.state is WarehouseState.OPEN}
    shelves: dict[UUID, dict[UUID, int]] = {place: {} for place in sorted(places)}
    for (product_id, warehouse_id), units in available.items():
        if warehouse_id in shelves:
            shelves[warehouse_id][product_id] = units
    return [_take(shelves.values(), line) for line in lines]


def _take(shelves: Iterable[dict[UUID, int]], line: LineToRoute) -> int:
    recipe = {part.product_id: part.units for part in line.components} or {line.product_id: 1}
    left = line.quantity
    for shelf in shelves:
        if not left:
            break
        taken = min(kits_from(shelf, recipe), left)
        if taken:
            left -= taken
            shelf |= {product_id: shelf[product_id] - units * taken for product_id, units in recipe.items()}
    return line.quantity - left


def quote(
    order: OrderToRoute,
    services: Collection[str],
    candidates: Sequence[Candidate],
    available: Mapping[tuple[UUID, UUID], int],
    currencies: Mapping[UUID, str],
    policy: RoutingPolicy,
    now: datetime,
) -> list[Option]:
    """What each of these services would promise for `order` (its own service is not looked at) if it were ready `now`:
    the earliest first, those that promise nothing last."""
    options = []
    for service in services:
        asked = msgspec.structs.replace(order, service=service)
        decision = decide(asked, candidates, Stock(available), policy, now)
        if decision.outcome is Outcome.ROUTED:
            options.append(_option(asked, decision, candidates, currencies, now))
        else:
            options.append(Option(service=service, why_not=_why_not(asked, decision, available)))
    return sorted(options, key=_preference)


def refuse(services: Collection[str], why: WhyNot) -> list[Option]:
    """No service can be promised, for one reason."""
    return [Option(service=service, why_not=why) for service in sorted(services)]


def _preference(option: Option) -> tuple[bool, str, float, str]:
    moment = "" if option.promise is None else option.promise.deliver_by.isoformat()
    cost = float("inf") if option.cost_minor is None else option.cost_minor
    return (option.promise is None, moment, cost, option.service)


def _option(
    order: OrderToRoute,
    decision: Decision,
    candidates: Sequence[Candidate],
    currencies: Mapping[UUID, str],
    now: datetime,
) -> Option:
    known = {each.warehouse_id: each for each in candidates}
    parts = [(known[each.warehouse_id], each) for each in decision.assignments]
    cost, currency = _cost(order, parts, currencies, now)
    return Option(
        service=order.service,
        promise=decision.promise,
        order_before=min(cutoff_after(candidate.calendar, now) for candidate, _ in parts),
        shipments=len(parts),
        cost_minor=cost,
        currency=currency,
    )


def _cost(
    order: OrderToRoute,
    parts: Sequence[tuple[Candidate, Assignment]],
    currencies: Mapping[UUID, str],
    now: datetime,
) -> tuple[int | None, str | None]:
    total, used = 0, set()
    for candidate, assignment in parts:
        offers = Outlook(candidate, now).reach(order.service, order.country, order.postcode).offers
        cost = next((each.cost_minor for each in offers if each.service.carrier == assignment.carrier), None)
        if cost is None:
            return None, None
        total += cost
        used.add(currencies[candidate.warehouse_id])
    return (total, used.pop()) if len(used) == 1 else (None, None)


def _why_not(order: OrderToRoute, decision: Decision, available: Mapping[tuple[UUID, UUID], int]) -> WhyNot:
    """The hurdle that the candidate which came furthest did not take."""
    said, passing = [], []
    for verdict in decision.candidates:
        codes = {fence.code for fence in verdict.fences}
        said.append(next((why for code, why in _FENCE_SAYS if code in codes), WhyNot.NOT_ENOUGH_STOCK))
        if not codes:
            passing.append(verdict.warehouse_id)
    if not said:
        return WhyNot.NO_WAREHOUSE
    furthest = max(said, key=lambda why: _PLACES[why])
    enough = all(
        sum(available.get((product, place), 0) for place in passing) >= need for product, need in _needs(order).items()
    )
    return WhyNot.TOO_MANY_PARTS if furthest is WhyNot.NOT_ENOUGH_STOCK and enough else furthest


def _needs(order: OrderToRoute) -> dict[UUID, int]:
    needs: dict[UUID, int] = {}
    for line in order.lines:
        recipe = {part.product_id: part.units for part in line.components} or {line.product_id: 1}
        for product_id, units in recipe.items():
            needs[product_id] = needs.get(product_id, 0) + units * line.quantity
    return needs
