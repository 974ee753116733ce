"""A small world to route in: warehouses, orders and stock with sensible defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from fulfilhub.inventory.rules.calendar import WEEKDAYS, read_calendar
from fulfilhub.inventory.rules.warehouse import DeliveryDays, Service, WarehouseState, Zone
from fulfilhub.routing.rules.terms import Candidate, LineToRoute, OrderToRoute, Promise, Stock

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
"""A Tuesday morning."""
MUG, TEE, CAP, POT = (UUID(int=100 + n) for n in range(4))
WEEKDAYS_TILL_TWO = read_calendar("Europe/London", dict.fromkeys(WEEKDAYS[:5], "14:00"), "GB-ENG")
UK = (
    Zone(countries=("GB",), transit_days=1, cost_minor=350),
    Zone(countries=("GB",), postcode_prefixes=("BT", "IV", "ZE"), transit_days=3, cost_minor=900),
    Zone(countries=("GB",), postcode_prefixes=("IV51",), transit_days=None),
)


@dataclass(frozen=True)
class Place:
    """What a test says of one warehouse; the rest is as in `site`."""

    number: int
    name: str

    @property
    def id(self) -> UUID:
        return UUID(int=self.number)


LEEDS, BRISTOL, GLASGOW, PARIS = (
    Place(n, name) for n, name in enumerate(("Leeds", "Bristol", "Glasgow", "Paris"), start=1)
)


def service(
    code: str = "standard",
    carrier: str = "royal_mail",
    zones: tuple[Zone, ...] = UK,
    days: DeliveryDays = DeliveryDays.MON_SAT,
    max_weight_grams: int | None = None,
) -> Service:
    return Service(code=code, carrier=carrier, zones=zones, delivery_days=days, max_weight_grams=max_weight_grams)


def site(
    place: Place,
    *,
    services: tuple[Service, ...] = (service(),),
    handling_days: int = 0,
    postcode: str = "LS1 4DY",
    country: str = "GB",
    state: WarehouseState = WarehouseState.OPEN,
    contracted: bool = True,
    daily_capacity: int | None = None,
    capacity_left: int | None = None,
    queued: int = 0,
) -> Candidate:
    return Candidate(
        warehouse_id=place.id,
        name=place.name,
        country=country,
        postcode=postcode,
        calendar=WEEKDAYS_TILL_TWO,
        handling_days=handling_days,
        services=services,
        state=state,
        contracted=contracted,
        daily_capacity=daily_capacity,
        capacity_left=capacity_left,
        queued=queued,
    )


def order(
    *wanted: tuple[UUID, int],
    number: int = 1,
    minutes_ago: int = 5,
    postcode: str = "M1 1AA",
    country: str = "GB",
    code: str = "standard",
    weight_grams: int = 400,
    frozen: Promise | None = None,
    rejected_by: Iterable[Place] = (),
) -> OrderToRoute:
    return OrderToRoute(
        order_id=UUID(int=10_000 + number),
        placed_at=NOW - timedelta(minutes=minutes_ago),
        service=code,
        country=country,
        postcode=postcode,
        lines=tuple(
            LineToRoute(
                line_id=UUID(int=1_000_000 + number * 1_000 + n),
                product_id=product,
                quantity=quantity,
                weight_grams=weight_grams,
            )
            for n, (product, quantity) in enumerate(wanted)
        ),
        frozen=frozen,
        rejected_by=frozenset(place.id for place in rejected_by),
    )


def stock(shelves: Mapping[Place, Mapping[UUID, int]]) -> Stock:
    return Stock({(product, place.id): units for place, shelf in shelves.items() for product, units in shelf.items()})
