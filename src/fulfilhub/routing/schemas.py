"""Wire shapes of the routing policy and of decisions with every reason."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field

from fulfilhub.platform import ids
from fulfilhub.routing.queries import DecisionRow, PolicyRow
from fulfilhub.routing.rules.terms import DEFAULT_WEIGHTS, OnShortage, Rating, Verdict

Weight = Annotated[int, Meta(ge=0, le=1000, examples=[40])]


class WeightsIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """How much each rating counts; 0 leaves it out."""

    keeps_promise: Weight = DEFAULT_WEIGHTS[Rating.KEEPS_PROMISE]
    earliest: Weight = DEFAULT_WEIGHTS[Rating.EARLIEST]
    fewest_parts: Weight = DEFAULT_WEIGHTS[Rating.FEWEST_PARTS]
    cost: Weight = DEFAULT_WEIGHTS[Rating.COST]
    workload: Weight = DEFAULT_WEIGHTS[Rating.WORKLOAD]
    proximity: Weight = DEFAULT_WEIGHTS[Rating.PROXIMITY]


class RoutingPolicyIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """The whole policy. `max_parts` is the most warehouses one order may be split over (1: no split)."""

    max_parts: Annotated[int, Meta(ge=1, le=10, examples=[2])] = 2
    on_shortage: OnShortage = OnShortage.BACKORDER
    weights: WeightsIn = field(default_factory=WeightsIn)


class RoutingPolicyOut(Struct, kw_only=True):
    """The policy in force; version 0 is the one every merchant begins with."""

    version: int
    max_parts: int
    on_shortage: OnShortage
    weights: dict[str, int]
    created_at: datetime | None


class FenceOut(Struct, kw_only=True):
    """Why a warehouse was out of the question."""

    code: str
    sentence: str


class RatingOut(Struct, kw_only=True):
    """One rating: the value found (null when unknown), its weight, and the score from 0 to 1."""

    rating: str
    raw: float | None
    weight: int
    score: float


class CandidateOut(Struct, kw_only=True):
    """All that was held for or against one warehouse. `score` (0 to 100) only when no fence excluded it."""

    warehouse_id: str
    chosen: bool
    units: int
    fences: list[FenceOut]
    score: float | None
    ratings: list[RatingOut]
    carrier: str | None
    ship_by: datetime | None
    deliver_by: datetime | None
    breaks_promise: bool


class UnitsOut(Struct, kw_only=True):
    """Units of one order line."""

    line_id: str
    quantity: int


class AssignmentOut(Struct, kw_only=True):
    """What one warehouse was given."""

    warehouse_id: str
    service: str
    carrier: str
    ship_by: datetime
    deliver_by: datetime
    lines: list[UnitsOut]


class DecisionOut(Struct, kw_only=True):
    """One decision, as it was made, with every candidate."""

    id: str
    outcome: str
    reason: str
    ship_by: datetime | None
    deliver_by: datetime | None
    assignments: list[AssignmentOut]
    unfilled: list[UnitsOut]
    candidates: list[CandidateOut]
    policy_version: int
    rules_version: int
    decided_at: datetime


class RoutingOut(Struct, kw_only=True):
    """Every decision about one order, newest first."""

    data: list[DecisionOut]


def policy_out(row: PolicyRow) -> RoutingPolicyOut:
    terms = row.policy
    return RoutingPolicyOut(
        version=terms.version,
        max_parts=terms.max_parts,
        on_shortage=terms.on_shortage,
        weights={str(rating): weight for rating, weight in terms.weights.items()},
        created_at=row.created_at,
    )


def _candidate(verdict: Verdict) -> CandidateOut:
    return CandidateOut(
        warehouse_id=ids.WAREHOUSE.show(verdict.warehouse_id),
        chosen=verdict.chosen,
        units=verdict.units,
        fences=[FenceOut(code=str(fence.code), sentence=fence.sentence) for fence in verdict.fences],
        score=verdict.score,
        ratings=[
            RatingOut(rating=str(each.rating), raw=each.raw, weight=each.weight, score=each.score)
            for each in verdict.ratings
        ],
        carrier=verdict.carrier,
        ship_by=None if verdict.promise is None else verdict.promise.ship_by,
        deliver_by=None if verdict.promise is None else verdict.promise.deliver_by,
        breaks_promise=verdict.breaks_promise,
    )


def decision_out(row: DecisionRow) -> DecisionOut:
    return DecisionOut(
        id=ids.DECISION.show(row.id),
        outcome=row.outcome,
        reason=row.reason,
        ship_by=row.ship_by,
        deliver_by=row.deliver_by,
        assignments=[
            AssignmentOut(
                warehouse_id=ids.WAREHOUSE.show(each.warehouse_id),
                service=each.service,
                carrier=each.carrier,
                ship_by=each.promise.ship_by,
                deliver_by=each.promise.deliver_by,
                lines=[
                    UnitsOut(line_id=ids.ORDER_LINE.show(part.line_id), quantity=part.quantity) for part in each.lines
                ],
            )
            for each in row.assignments
        ],
        unfilled=[UnitsOut(line_id=ids.ORDER_LINE.show(part.line_id), quantity=part.quantity) for part in row.unfilled],
        candidates=[_candidate(each) for each in row.candidates],
        policy_version=row.policy_version,
        rules_version=row.rules_version,
        decided_at=row.decided_at,
    )
