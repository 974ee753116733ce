"""The words of a routing decision: what goes in (order, candidates, stock, policy) and what comes out.

What comes out is plain data that msgspec turns into JSON and back, so that decisions are kept as they were.
Quantities are units, weights grams, money minor units, moments aware.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from fulfilhub.inventory.rules.calendar import WorkingCalendar
from fulfilhub.inventory.rules.warehouse import Service, WarehouseState

RULES_VERSION = 3
"""Raised whenever these rules would decide differently; kept with every decision."""


class Promise(msgspec.Struct, frozen=True):
    """What the customer is told: it leaves by, it arrives by. Computed once at intake, then frozen."""

    ship_by: datetime
    deliver_by: datetime


class OnShortage(StrEnum):
    """What happens when not everything can be filled: wait for stock, ask a person, or ship what is there."""

    BACKORDER = "backorder"
    HOLD = "hold"
    PARTIAL = "partial"


class Outcome(StrEnum):
    """How a decision ended."""

    ROUTED = "routed"
    PARTLY_ROUTED = "partly_routed"
    BACKORDERED = "backordered"
    HELD = "held"


class FenceCode(StrEnum):
    """Why a warehouse is out of the question. Stable: clients may read them."""

    NO_CONTRACT = "no_contract"
    CLOSED = "closed"
    SUSPENDED = "suspended"
    CAPACITY_SPENT = "capacity_spent"
    REJECTED_BEFORE = "rejected_before"
    ASKED_ELSEWHERE = "asked_elsewhere"
    SERVICE_NOT_OFFERED = "service_not_offered"
    CANNOT_SHIP_THERE = "cannot_ship_there"
    TOO_HEAVY = "too_heavy"
    NO_STOCK = "no_stock"


WAITING = frozenset({FenceCode.SUSPENDED, FenceCode.CAPACITY_SPENT, FenceCode.NO_STOCK})
"""Fences that time or stock opens again; the others need a person."""


class Rating(StrEnum):
    """What speaks for one warehouse rather than another."""

    EARLIEST = "earliest"
    KEEPS_PROMISE = "keeps_promise"
    FEWEST_PARTS = "fewest_parts"
    WORKLOAD = "workload"
    PROXIMITY = "proximity"
    COST = "cost"


DEFAULT_WEIGHTS: Mapping[Rating, int] = {
    Rating.KEEPS_PROMISE: 40,
    Rating.EARLIEST: 30,
    Rating.FEWEST_PARTS: 20,
    Rating.COST: 15,
    Rating.WORKLOAD: 10,
    Rating.PROXIMITY: 5,
}


class RoutingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant's choices. `max_parts` is the most warehouses one order may be split over (1: no split)."""

    version: int = 1
    max_parts: int = 2
    on_shortage: OnShortage = OnShortage.BACKORDER
    weights: Mapping[Rating, int] = msgspec.field(default_factory=lambda: dict(DEFAULT_WEIGHTS))


class Component(msgspec.Struct, frozen=True, gc=False):
    """Units of a plain product in one kit."""

    product_id: UUID
    units: int


class LineToRoute(msgspec.Struct, frozen=True, kw_only=True):
    """What of one line is to be routed now (at least 1); `weight_grams` of one unit, 0 when unknown. `components` say
    what a kit is made of, none: the product is stocked itself."""

    line_id: UUID
    product_id: UUID
    quantity: int
    weight_grams: int = 0
    components: tuple[Component, ...] = ()


class OrderToRoute(msgspec.Struct, frozen=True, kw_only=True):
    """An order, or what is left of it to route. `frozen` is its promise once given; `rejected_by` are the
    warehouses that refused or could not find any of these lines and are not to be asked again. `only` is the warehouse
    that the store wants these lines sent from: each warehouse's lines of an order are decided for themselves."""

    order_id: UUID
    placed_at: datetime
    service: str
    country: str
    postcode: str
    lines: tuple[LineToRoute, ...]
    frozen: Promise | None = None
    rejected_by: frozenset[UUID] = frozenset()
    only: UUID | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A warehouse that might do the work.

    `contracted`: a live contract covers it. `daily_capacity` counts the fulfilments it may be given in a day,
    `capacity_left` those still open today (None: no limit), `queued` those it has not shipped yet.
    """

    warehouse_id: UUID
    name: str
    country: str
    postcode: str
    calendar: WorkingCalendar
    handling_days: int
    services: tuple[Service, ...]
    state: WarehouseState = WarehouseState.OPEN
    contracted: bool = True
    daily_capacity: int | None = None
    capacity_left: int | None = None
    queued: int = 0


class Stock:
    """The working copy a run decides on: what is available, and how much work it has already given out.

    `decide` takes from it what it assigns, so the next order of the run cannot be promised the same unit.
    """

    def __init__(self, available: Mapping[tuple[UUID, UUID], int]) -> None:
        """`available` by (product id, warehouse id); what is missing or negative is none."""
        self._shelves: dict[UUID, dict[UUID, int]] = {}
        for (product_id, warehouse_id), units in available.items():
            if units > 0:
                self._shelves.setdefault(warehouse_id, {})[product_id] = units
        self._given: dict[UUID, int] = {}

    def shelf(self, warehouse_id: UUID) -> Mapping[UUID, int]:
        """Units still free to assign in one warehouse, by product; a product it lacks may be missing."""
        return self._shelves.get(warehouse_id, {})

    def available(self, product_id: UUID, warehouse_id: UUID) -> int:
        """Units of one product still free to assign in one warehouse."""
        return self.shelf(warehouse_id).get(product_id, 0)

    def given(self, warehouse_id: UUID) -> int:
        """Fulfilments this run has given the warehouse."""
        return self._given.get(warehouse_id, 0)

    def take(self, assignment: Assignment) -> None:
        """Marks the assignment's units and its place in the warehouse's day as gone."""
        shelf = self._shelves.get(assignment.warehouse_id, {})
        for part in assignment.lines:
            for product_id, units in part.takes():
                left = shelf.get(product_id, 0) - units
                if left < 0:
                    raise ValueError("more assigned than is available")
                shelf[product_id] = left
        self._given[assignment.warehouse_id] = self.given(assignment.warehouse_id) + 1


class Portion(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Some units of one line; of a kit whole ones, with what they are made of at this moment."""

    line_id: UUID
    product_id: UUID
    quantity: int
    components: tuple[Component, ...] = ()

    def takes(self) -> list[tuple[UUID, int]]:
        """The stock it takes, as (product id, units)."""
        if not self.components:
            return [(self.product_id, self.quantity)]
        return [(each.product_id, each.units * self.quantity) for each in self.components]


class Assignment(msgspec.Struct, frozen=True):
    """What one warehouse is to send, how, and when it will be there."""

    warehouse_id: UUID
    service: str
    carrier: str
    promise: Promise
    breaks_promise: bool
    lines: tuple[Portion, ...]


class Excluded(msgspec.Struct, frozen=True, gc=False):
    """A fence that excluded a candidate."""

    code: FenceCode
    sentence: str


class Rated(msgspec.Struct, frozen=True, gc=False):
    """One rating: the raw value (None when unknown), the policy's weight, and the score from 0 to 1."""

    rating: Rating
    raw: float | None
    weight: int
    score: float


class Verdict(msgspec.Struct, frozen=True):
    """All that was held for or against one candidate. `score` (0 to 100) and what follows only when no fence
    excluded it; `units` is how many of the wanted units it has."""

    warehouse_id: UUID
    fences: tuple[Excluded, ...]
    units: int
    chosen: bool = False
    score: float | None = None
    ratings: tuple[Rated, ...] = ()
    carrier: str | None = None
    promise: Promise | None = None
    breaks_promise: bool = False


class Decision(msgspec.Struct, frozen=True):
    """What is to be done with an order, and every reason why.

    `promise` is the frozen one if the order had it, else the latest of the chosen parts; None while nothing
    is assigned. `reason` is one sentence for people. `unfilled` is what no warehouse was given.
    """

    order_id: UUID
    outcome: Outcome
    reason: str
    promise: Promise | None
    assignments: tuple[Assignment, ...]
    unfilled: tuple[Portion, ...]
    candidates: tuple[Verdict, ...]
    policy_version: int
    rules_version: int
