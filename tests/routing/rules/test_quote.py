"""The promise before there is an order: the same as routing's, honest about what it can't promise."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.inventory.rules.warehouse import WarehouseState, Zone
from fulfilhub.routing.rules.decide import decide
from fulfilhub.routing.rules.quote import Option, WhyNot, quote, services_of, units_there
from fulfilhub.routing.rules.terms import (
    Candidate,
    Component,
    LineToRoute,
    OnShortage,
    OrderToRoute,
    Outcome,
    RoutingPolicy,
    Stock,
)
from tests.routing.rules.world import BRISTOL, CAP, GLASGOW, LEEDS, MUG, NOW, TEE, Place, order, service, site

POUNDS = {place.id: "GBP" for place in (LEEDS, BRISTOL, GLASGOW)}
NEXT_DAY = (Zone(countries=("GB",), transit_days=1, cost_minor=690),)


def ask(
    wanted: OrderToRoute,
    candidates: list[Candidate],
    shelves: dict[Place, dict[int, int]],
    policy: RoutingPolicy | None = None,
    services: tuple[str, ...] = ("standard",),
) -> list[Option]:
    products = {0: MUG, 1: TEE, 2: CAP}
    there = {(products[item], place.id): units for place, shelf in shelves.items() for item, units in shelf.items()}
    return quote(wanted, services, candidates, there, POUNDS, policy or RoutingPolicy(), NOW)


def test_a_promise_names_its_dates_its_cutoff_and_its_price() -> None:
    (option,) = ask(order((MUG, 2)), [site(LEEDS)], {LEEDS: {0: 5}})
    assert option.promise is not None
    assert option.promise.ship_by.isoformat() == "2026-11-24T23:59:59+00:00"
    assert option.promise.deliver_by.isoformat() == "2026-11-25T23:59:59+00:00"
    assert option.order_before is not None
    assert option.order_before.isoformat() == "2026-11-24T14:00:00+00:00"
    assert (option.shipments, option.cost_minor, option.currency, option.why_not) == (1, 350, "GBP", None)


def test_a_price_that_a_zone_does_not_name_is_not_made_up() -> None:
    free = (Zone(countries=("GB",), transit_days=1),)
    (option,) = ask(order((MUG, 1)), [site(LEEDS, services=(service(zones=free),))], {LEEDS: {0: 1}})
    assert option.promise is not None
    assert (option.cost_minor, option.currency) == (None, None)


def test_parts_cost_together_and_the_first_cutoff_counts() -> None:
    (option,) = ask(order((MUG, 1), (TEE, 1)), [site(LEEDS), site(BRISTOL)], {LEEDS: {0: 1}, BRISTOL: {1: 1}})
    assert (option.shipments, option.cost_minor) == (2, 700)


def test_services_come_earliest_first_and_those_without_a_promise_last() -> None:
    both = site(
        LEEDS, services=(service(zones=(Zone(countries=("GB",), transit_days=3),)), service("express", zones=NEXT_DAY))
    )
    assert services_of([both, site(GLASGOW, services=(service("never"),), state=WarehouseState.CLOSED)]) == [
        "express",
        "standard",
    ]
    found = ask(order((MUG, 1)), [both], {LEEDS: {0: 1}}, services=("absent", "standard", "express"))
    assert [each.service for each in found] == ["express", "standard", "absent"]


BOTH = {LEEDS: {0: 1}, BRISTOL: {0: 1}}
FEW, MANY = {LEEDS: {0: 1}}, {LEEDS: {0: 9}}
ANY, SHUT = RoutingPolicy(), WarehouseState.SUSPENDED


@pytest.mark.parametrize(
    ("wanted", "candidates", "shelves", "policy", "why"),
    [
        ({}, [], MANY, ANY, WhyNot.NO_WAREHOUSE),
        ({}, [site(LEEDS, contracted=False)], MANY, ANY, WhyNot.NO_WAREHOUSE),
        ({}, [site(LEEDS, state=SHUT)], MANY, ANY, WhyNot.NO_WAREHOUSE),
        ({}, [site(LEEDS, capacity_left=0)], MANY, ANY, WhyNot.NO_WAREHOUSE),
        ({}, [site(LEEDS, services=(service("express"),))], MANY, ANY, WhyNot.SERVICE_NOT_OFFERED),
        ({"postcode": "IV51 9XX"}, [site(LEEDS)], MANY, ANY, WhyNot.CANNOT_SHIP_THERE),
        ({}, [site(LEEDS, services=(service(max_weight_grams=300),))], MANY, ANY, WhyNot.TOO_HEAVY),
        ({}, [site(LEEDS)], FEW, ANY, WhyNot.NOT_ENOUGH_STOCK),
        ({}, [site(LEEDS)], {}, ANY, WhyNot.NOT_ENOUGH_STOCK),
        ({}, [site(LEEDS)], FEW, RoutingPolicy(on_shortage=OnShortage.PARTIAL), WhyNot.NOT_ENOUGH_STOCK),
        ({}, [site(LEEDS), site(BRISTOL)], BOTH, RoutingPolicy(max_parts=1), WhyNot.TOO_MANY_PARTS),
        # The one that came furthest says why.
        ({}, [site(LEEDS), site(BRISTOL, state=SHUT)], FEW, ANY, WhyNot.NOT_ENOUGH_STOCK),
    ],
)
def test_what_is_not_promised_says_why(
    wanted: dict[str, str],
    candidates: list[Candidate],
    shelves: dict[Place, dict[int, int]],
    policy: RoutingPolicy,
    why: WhyNot,
) -> None:
    (option,) = ask(order((MUG, 2), **wanted), candidates, shelves, policy)  # type: ignore[arg-type]
    assert (option.promise, option.order_before, option.why_not) == (None, None, why)


def _wanted(product: UUID, units: int, components: tuple[Component, ...] = ()) -> LineToRoute:
    return LineToRoute(line_id=product, product_id=product, quantity=units, components=components)


def test_units_count_only_where_orders_are_sent_from() -> None:
    there = {(MUG, LEEDS.id): 3, (MUG, BRISTOL.id): 4, (TEE, LEEDS.id): 1}
    candidates = [site(LEEDS), site(BRISTOL, state=WarehouseState.SUSPENDED)]
    wanted = [
        _wanted(MUG, 2),
        _wanted(TEE, 5),
        _wanted(MUG, 9),
        _wanted(CAP, 9, (Component(MUG, 2), Component(TEE, 1))),
    ]
    assert units_there(candidates, there, wanted) == [2, 1, 1, 0]
    assert units_there(candidates, there, [wanted[3], wanted[0]]) == [1, 1]


@given(
    wanted=st.lists(st.tuples(st.sampled_from([MUG, TEE, CAP]), st.integers(1, 4)), min_size=1, max_size=4),
    stocked=st.dictionaries(
        st.tuples(st.sampled_from([MUG, TEE, CAP]), st.sampled_from([LEEDS.id, BRISTOL.id, GLASGOW.id])),
        st.integers(0, 6),
    ),
    postcode=st.sampled_from(["M1 1AA", "BT1 5GS", "IV51 9XX", ""]),
    max_parts=st.integers(1, 3),
    on_shortage=st.sampled_from(OnShortage),
    hours=st.integers(0, 24 * 14),
)
def test_routing_then_decides_the_same(
    wanted: list[tuple[object, int]],
    stocked: dict[tuple[object, object], int],
    postcode: str,
    max_parts: int,
    on_shortage: OnShortage,
    hours: int,
) -> None:
    now = NOW + timedelta(hours=hours)
    candidates = [
        site(LEEDS, handling_days=1),
        site(BRISTOL, services=(service(), service("express", zones=NEXT_DAY))),
        site(GLASGOW, postcode="G1 1AA"),
    ]
    policy = RoutingPolicy(max_parts=max_parts, on_shortage=on_shortage)
    asked = order(*wanted, postcode=postcode)  # type: ignore[arg-type]
    for option in quote(asked, ("standard", "express"), candidates, stocked, POUNDS, policy, now):  # type: ignore[arg-type]
        placed = msgspec.structs.replace(asked, service=option.service)
        decision = decide(placed, candidates, Stock(stocked), policy, now)  # type: ignore[arg-type]
        assert (option.promise is not None) == (decision.outcome is Outcome.ROUTED)
        if option.promise is not None:
            assert option.promise == decision.promise
            assert option.order_before is not None
            assert option.order_before > now
