"""Fences: each says in one sentence why a warehouse is out of the question, or nothing.

All are always asked, so that an answer names every reason at once.
"""

from __future__ import annotations

from collections.abc import Callable

from fulfilhub.inventory.rules.warehouse import WarehouseState
from fulfilhub.routing.rules.look import Look
from fulfilhub.routing.rules.places import uk_area
from fulfilhub.routing.rules.terms import Excluded, FenceCode

Fence = Callable[[Look], Excluded | None]


def no_contract(look: Look) -> Excluded | None:
    """Only warehouses under a live contract may be given the merchant's work."""
    if look.candidate.contracted:
        return None
    return Excluded(FenceCode.NO_CONTRACT, f"No live contract covers {look.candidate.name}.")


def closed(look: Look) -> Excluded | None:
    """A warehouse that is closed for good, or whose calendar has no open day."""
    if look.candidate.state is WarehouseState.CLOSED:
        return Excluded(FenceCode.CLOSED, f"{look.candidate.name} is closed.")
    if not look.opens:
        return Excluded(FenceCode.CLOSED, f"{look.candidate.name} has no working day in the next two years.")
    return None


def suspended(look: Look) -> Excluded | None:
    """A warehouse that is paused takes no new work."""
    if look.candidate.state is not WarehouseState.SUSPENDED:
        return None
    return Excluded(FenceCode.SUSPENDED, f"{look.candidate.name} takes no new work at the moment.")


def capacity_spent(look: Look) -> Excluded | None:
    """A warehouse that has had its day's work."""
    if look.capacity_left is None or look.capacity_left > 0:
        return None
    limit = look.candidate.daily_capacity
    its = f"its {limit} orders" if limit is not None else "all the orders it takes"
    return Excluded(FenceCode.CAPACITY_SPENT, f"{look.candidate.name} has been given {its} for today.")


def rejected_before(look: Look) -> Excluded | None:
    """Who refused or could not find these lines is not asked again, or routing would go in circles."""
    if look.candidate.warehouse_id not in look.order.rejected_by:
        return None
    return Excluded(FenceCode.REJECTED_BEFORE, f"{look.candidate.name} rejected or could not find these items before.")


def asked_elsewhere(look: Look) -> Excluded | None:
    """What the store wants sent from one warehouse is sent from there, or its stock there would be wrong."""
    if look.order.only is None or look.order.only == look.candidate.warehouse_id:
        return None
    return Excluded(FenceCode.ASKED_ELSEWHERE, f"The store asked another warehouse than {look.candidate.name} for it.")


def service_not_offered(look: Look) -> Excluded | None:
    """The shipping service the customer chose must be offered."""
    if look.reach.offered:
        return None
    return Excluded(
        FenceCode.SERVICE_NOT_OFFERED, f"{look.candidate.name} does not offer {look.order.service} shipping."
    )


def cannot_ship_there(look: Look) -> Excluded | None:
    """No zone of the service reaches the address."""
    if not look.reach.offered or look.reach.offers or not look.opens:
        return None
    country, area = look.order.country, uk_area(look.order.country, look.order.postcode)
    place = f"{country} {area}".strip() or "an address without a country"
    return Excluded(
        FenceCode.CANNOT_SHIP_THERE,
        f"{look.candidate.name} does not ship to this address ({place}) by {look.order.service}.",
    )


def too_heavy(look: Look) -> Excluded | None:
    """No carrier of the service takes the heaviest item."""
    if look.offer is not None or not look.reach.offers:
        return None
    limit = max(offer.service.max_weight_grams or 0 for offer in look.reach.offers)
    return Excluded(
        FenceCode.TOO_HEAVY,
        f"An item is heavier than the {limit} g that {look.candidate.name} ships by {look.order.service}.",
    )


def no_stock(look: Look) -> Excluded | None:
    """A warehouse that has none of the wanted items."""
    if look.units:
        return None
    return Excluded(FenceCode.NO_STOCK, f"{look.candidate.name} has none of these items available.")


FENCES: tuple[Fence, ...] = (
    no_contract,
    closed,
    suspended,
    capacity_spent,
    rejected_before,
    asked_elsewhere,
    service_not_offered,
    cannot_ship_there,
    too_heavy,
    no_stock,
)


def excluded_by(look: Look) -> tuple[Excluded, ...]:
    """Every fence that excludes the candidate, in the order of FENCES; none: it may be chosen."""
    return tuple([found for fence in FENCES if (found := fence(look)) is not None])
