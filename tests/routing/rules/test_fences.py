"""Fences: each excludes for its reason alone, and an answer names all reasons at once."""

from __future__ import annotations

import pytest

from fulfilhub.inventory.rules.calendar import WorkingCalendar
from fulfilhub.inventory.rules.warehouse import WarehouseState
from fulfilhub.routing.rules.decide import decide
from fulfilhub.routing.rules.terms import Candidate, FenceCode, OrderToRoute, Outcome, RoutingPolicy
from tests.routing.rules.world import LEEDS, MUG, NOW, WEEKDAYS_TILL_TWO, order, service, site, stock

NEVER = WorkingCalendar(WEEKDAYS_TILL_TWO.timezone, (None,) * 7)


def fences(wanted: OrderToRoute, where: Candidate, units: int = 10) -> list[FenceCode]:
    decision = decide(wanted, [where], stock({LEEDS: {MUG: units}}), RoutingPolicy(), NOW)
    (verdict,) = decision.candidates
    assert bool(decision.assignments) is not bool(verdict.fences)
    assert all(fence.sentence.endswith(".") for fence in verdict.fences)
    return [fence.code for fence in verdict.fences]


@pytest.mark.parametrize(
    ("where", "code"),
    [
        (site(LEEDS, contracted=False), FenceCode.NO_CONTRACT),
        (site(LEEDS, state=WarehouseState.CLOSED), FenceCode.CLOSED),
        (site(LEEDS, state=WarehouseState.SUSPENDED), FenceCode.SUSPENDED),
        (site(LEEDS, daily_capacity=50, capacity_left=0), FenceCode.CAPACITY_SPENT),
        (site(LEEDS, capacity_left=-3), FenceCode.CAPACITY_SPENT),
        (site(LEEDS, services=(service("express"),)), FenceCode.SERVICE_NOT_OFFERED),
        (site(LEEDS, services=()), FenceCode.SERVICE_NOT_OFFERED),
        (site(LEEDS, services=(service(max_weight_grams=399),)), FenceCode.TOO_HEAVY),
    ],
)
def test_a_warehouse_is_fenced_for_one_reason(where: Candidate, code: FenceCode) -> None:
    assert fences(order((MUG, 1)), where) == [code]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (order((MUG, 1), postcode="IV51 9XX"), FenceCode.CANNOT_SHIP_THERE),
        (order((MUG, 1), country="NZ", postcode="6011"), FenceCode.CANNOT_SHIP_THERE),
        (order((MUG, 1), country="", postcode=""), FenceCode.CANNOT_SHIP_THERE),
        (order((MUG, 1), rejected_by=[LEEDS]), FenceCode.REJECTED_BEFORE),
    ],
)
def test_an_order_is_fenced_for_one_reason(wanted: OrderToRoute, code: FenceCode) -> None:
    assert fences(wanted, site(LEEDS)) == [code]


def test_nothing_on_the_shelf() -> None:
    assert fences(order((MUG, 1)), site(LEEDS), units=0) == [FenceCode.NO_STOCK]


def test_no_working_day() -> None:
    where = site(LEEDS)
    shut = Candidate(**{name: getattr(where, name) for name in where.__struct_fields__} | {"calendar": NEVER})
    assert fences(order((MUG, 1)), shut) == [FenceCode.CLOSED]


def test_a_weight_that_just_fits_and_the_second_carrier_that_takes_more() -> None:
    light, strong = service(max_weight_grams=300), service(carrier="dx", max_weight_grams=400)
    assert fences(order((MUG, 1)), site(LEEDS, services=(light, strong))) == []


def test_all_reasons_are_named_at_once() -> None:
    where = site(LEEDS, contracted=False, state=WarehouseState.SUSPENDED, services=(), capacity_left=0)
    assert fences(order((MUG, 1), rejected_by=[LEEDS]), where, units=0) == [
        FenceCode.NO_CONTRACT,
        FenceCode.SUSPENDED,
        FenceCode.CAPACITY_SPENT,
        FenceCode.REJECTED_BEFORE,
        FenceCode.SERVICE_NOT_OFFERED,
        FenceCode.NO_STOCK,
    ]


def test_a_sentence_does_not_give_the_address_away() -> None:
    decision = decide(
        order((MUG, 1), postcode="IV51 9XX"), [site(LEEDS)], stock({LEEDS: {MUG: 1}}), RoutingPolicy(), NOW
    )
    (fence,) = decision.candidates[0].fences
    assert fence.sentence == "Leeds does not ship to this address (GB IV) by standard."
    assert decision.outcome is Outcome.HELD
