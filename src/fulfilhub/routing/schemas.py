"""Wire shapes of the routing policy and of decisions with every reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct, field

from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, Invalid
from fulfilhub.routing.queries import CartLine, DecisionRow, PolicyRow, Quoted
from fulfilhub.routing.rules.quote import SENTENCES, Option, WhyNot
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


Short = Annotated[str, Meta(max_length=200)]
Units = Annotated[int, Meta(ge=1, le=100_000)]
HOLDS = timedelta(minutes=5)
"""The longest an answer may be kept: stock moves."""
AGO, AHEAD = timedelta(minutes=5), timedelta(days=366)


class CartLineIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is wanted: the `sku`, or the `variant_id` of the cart's store."""

    sku: Annotated[str, Meta(max_length=200, examples=["MUG-BLUE"])] = ""
    variant_id: Annotated[str, Meta(max_length=200)] = ""
    quantity: Units


class DestinationIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where it would go. The more of it is known the better, but the country and its postcode are enough."""

    country: Annotated[str, Meta(pattern="^[A-Z]{2}$", examples=["GB"])]
    postcode: Annotated[str, Meta(max_length=200, examples=["M1 1AA"])] = ""
    city: Short = ""
    line1: Short = ""
    line2: Short = ""


class PromiseIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A cart and where it would go. Without a `service` every one is answered; `at` asks for an order placed then."""

    lines: Annotated[list[CartLineIn], Meta(min_length=1, max_length=500)]
    destination: DestinationIn
    store_id: Annotated[str, Meta(pattern=ids.STORE.pattern)] | None = None
    service: Annotated[str, Meta(min_length=1, max_length=50, examples=["standard"])] | None = None
    at: datetime | None = None


class CartLineOut(Struct, kw_only=True):
    """One line, by its place in the cart. `in_stock` counts units up to what is wanted; `reason` is `unknown_item` or
    `not_enough_stock`."""

    index: int
    sku: str
    available: bool
    in_stock: int
    reason: WhyNot | None


class PromiseOptionOut(Struct, kw_only=True):
    """What one service promises. `order_before` is the cut-off that the order has to meet; `cost_minor` is what the
    parcels cost, where that is known. When it is not `available`, `reason` and `detail` say why."""

    service: str
    available: bool
    ship_by: datetime | None
    deliver_by: datetime | None
    order_before: datetime | None
    shipments: int
    cost_minor: int | None
    currency: str | None
    reason: WhyNot | None
    detail: str


class PromiseOut(Struct, kw_only=True):
    """What can be promised, earliest first. An order taken before `valid_until` gets the same dates unless stock or
    warehouses change meanwhile: the promise is frozen when the order is routed, not here."""

    valid_until: datetime
    lines: list[CartLineOut]
    options: list[PromiseOptionOut]


def check_cart(told: PromiseIn) -> None:
    """Raises Invalid naming each line that does not say what it is."""
    faults = []
    for place, line in enumerate(told.lines):
        if not line.sku and not line.variant_id:
            faults.append(FieldError(f"/lines/{place}/sku", "Give the SKU, or a variant_id with the cart's store_id."))
        elif line.variant_id and told.store_id is None:
            faults.append(FieldError("/store_id", "Say whose variant_id it is."))
    if faults:
        raise Invalid("The cart has errors.", fields=faults)


def moment(asked: datetime | None, now: datetime) -> datetime:
    """The moment asked about; now when none is named. Raises Invalid for one that is over or lies too far ahead."""
    if asked is None:
        return now
    if not now - AGO <= asked <= now + AHEAD:
        detail = "Must lie ahead, within a year; leave it out to ask for an order placed now."
        raise Invalid(detail, fields=[FieldError("/at", detail)])
    return max(asked, now)


def promise_out(quoted: Quoted, now: datetime) -> PromiseOut:
    """The answer; it holds until the first cut-off, and a few minutes at the most."""
    cutoffs = [option.order_before for option in quoted.options if option.order_before is not None]
    return PromiseOut(
        valid_until=min([now + HOLDS, *(max(cutoff, now) for cutoff in cutoffs)]),
        lines=[_cart_line(place, line) for place, line in enumerate(quoted.lines)],
        options=[option_out(option) for option in quoted.options],
    )


def _cart_line(place: int, line: CartLine) -> CartLineOut:
    reason = None
    if line.product_id is None:
        reason = WhyNot.UNKNOWN_ITEM
    elif line.there < line.wanted:
        reason = WhyNot.NOT_ENOUGH_STOCK
    return CartLineOut(index=place, sku=line.sku, available=reason is None, in_stock=line.there, reason=reason)


def option_out(option: Option) -> PromiseOptionOut:
    promise = option.promise
    return PromiseOptionOut(
        service=option.service,
        available=promise is not None,
        ship_by=None if promise is None else promise.ship_by,
        deliver_by=None if promise is None else promise.deliver_by,
        order_before=option.order_before,
        shipments=option.shipments,
        cost_minor=option.cost_minor,
        currency=option.currency,
        reason=option.why_not,
        detail="" if option.why_not is None else SENTENCES[option.why_not],
    )
