"""The decision: fences exclude, ratings score, the best cover is taken from stock, and everything is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from fulfilhub.routing.rules.covers import choose, have_all, portion_out
from fulfilhub.routing.rules.fences import excluded_by
from fulfilhub.routing.rules.look import Demand, Look
from fulfilhub.routing.rules.promise import Outlook
from fulfilhub.routing.rules.ratings import rate
from fulfilhub.routing.rules.terms import (
    RULES_VERSION,
    WAITING,
    Assignment,
    Candidate,
    Decision,
    Excluded,
    OnShortage,
    OrderToRoute,
    Outcome,
    Portion,
    Promise,
    RoutingPolicy,
    Stock,
    Verdict,
)


def decide(
    order: OrderToRoute, candidates: Sequence[Candidate], stock: Stock, policy: RoutingPolicy, now: datetime
) -> Decision:
    """Where one order ships from, taking from `stock` what it assigns. `now` is when it became ready.

    Against `order.frozen` when the order has its promise already (candidates that would break it are rated
    down and marked); otherwise the decision's promise is the one to freeze. Raises ValueError for an order
    without lines or with a line of less than one unit.
    """
    return _decide(order, [Outlook(each, now) for each in candidates], stock, policy, now)


def decide_batch(
    orders: Sequence[OrderToRoute],
    candidates: Sequence[Candidate],
    stock: Stock,
    policy: RoutingPolicy,
    now: datetime,
) -> list[Decision]:
    """Decisions for many orders of one merchant that share candidates and stock, in the order given.

    They are decided oldest first (`placed_at`, then id), whatever order they come in, so that scarce stock
    goes to who came first and no unit is promised twice.
    """
    outlooks = [Outlook(each, now) for each in candidates]
    made: dict[tuple[UUID, UUID | None], Decision] = {}
    for order in sorted(orders, key=lambda each: (each.placed_at, each.order_id)):
        if (order.order_id, order.only) in made:
            raise ValueError("an order is in the batch twice")
        made[order.order_id, order.only] = _decide(order, outlooks, stock, policy, now)
    return [made[order.order_id, order.only] for order in orders]


def _decide(
    order: OrderToRoute, outlooks: Sequence[Outlook], stock: Stock, policy: RoutingPolicy, now: datetime
) -> Decision:
    demand = Demand(order)
    looks = [Look(demand, outlook, stock) for outlook in outlooks]
    fences = [excluded_by(look) for look in looks]
    passing = [look for look, found in zip(looks, fences, strict=True) if not found]
    rate(passing, demand, policy, now)
    parts = choose(passing, demand, policy)
    assignments = _assign(parts, demand)
    sending = {each.warehouse_id for each in assignments}
    parts = [look for look in parts if look.candidate.warehouse_id in sending]
    for assignment in assignments:
        stock.take(assignment)
    unfilled = _unfilled(order, assignments)
    waiting = not looks or any(all(fence.code in WAITING for fence in found) for found in fences)
    outcome = _outcome(assignments, unfilled, policy, waiting)
    return Decision(
        order_id=order.order_id,
        outcome=outcome,
        reason=_reason(outcome, parts, passing, demand, waiting, policy),
        promise=order.frozen or _promise(assignments),
        assignments=assignments,
        unfilled=unfilled,
        candidates=tuple([_verdict(look, found, look in parts) for look, found in zip(looks, fences, strict=True)]),
        policy_version=policy.version,
        rules_version=RULES_VERSION,
    )


def _verdict(look: Look, fences: tuple[Excluded, ...], chosen: bool) -> Verdict:
    if fences or look.offer is None:
        return Verdict(look.candidate.warehouse_id, fences, look.units)
    return Verdict(
        look.candidate.warehouse_id,
        fences,
        look.units,
        chosen,
        look.score,
        look.ratings,
        look.offer.service.carrier,
        look.offer.promise,
        look.breaks_promise,
    )


def _assign(parts: Sequence[Look], demand: Demand) -> tuple[Assignment, ...]:
    shares = portion_out(parts, demand)
    return tuple(
        Assignment(
            warehouse_id=look.candidate.warehouse_id,
            service=look.offer.service.code,
            carrier=look.offer.service.carrier,
            promise=look.offer.promise,
            breaks_promise=look.breaks_promise,
            lines=tuple(shares[look.candidate.warehouse_id]),
        )
        for look in parts
        if look.offer is not None and look.candidate.warehouse_id in shares
    )


def _unfilled(order: OrderToRoute, assignments: Sequence[Assignment]) -> tuple[Portion, ...]:
    filled: dict[UUID, int] = {}
    for assignment in assignments:
        for part in assignment.lines:
            filled[part.line_id] = filled.get(part.line_id, 0) + part.quantity
    return tuple(
        Portion(line.line_id, line.product_id, left)
        for line in order.lines
        if (left := line.quantity - filled.get(line.line_id, 0))
    )


def _promise(assignments: Sequence[Assignment]) -> Promise | None:
    """The promise of an order is that of its slowest part."""
    if not assignments:
        return None
    return Promise(
        ship_by=max(each.promise.ship_by for each in assignments),
        deliver_by=max(each.promise.deliver_by for each in assignments),
    )


def _outcome(
    assignments: Sequence[Assignment], unfilled: Sequence[Portion], policy: RoutingPolicy, waiting: bool
) -> Outcome:
    if assignments:
        return Outcome.PARTLY_ROUTED if unfilled else Outcome.ROUTED
    # Waiting for stock is no use where no warehouse could send it even with stock: a person must look.
    if policy.on_shortage is OnShortage.HOLD or not waiting:
        return Outcome.HELD
    return Outcome.BACKORDERED


def _reason(
    outcome: Outcome,
    parts: Sequence[Look],
    passing: Sequence[Look],
    demand: Demand,
    waiting: bool,
    policy: RoutingPolicy,
) -> str:
    names = " and ".join(look.candidate.name for look in parts)
    late = " It will be later than promised." if any(look.breaks_promise for look in parts) else ""
    if outcome is Outcome.PARTLY_ROUTED:
        return f"{names} can send a part; the rest waits for stock.{late}"
    if outcome is Outcome.ROUTED and len(parts) == 1:
        able = sum(1 for look in passing if look.units == demand.units)
        best = f"scores best of the {able} that do" if able > 1 else "is the only one that does"
        return f"{names} has everything, can send it, and {best}.{late}"
    if outcome is Outcome.ROUTED:
        return f"No warehouse has everything: {names} share it.{late}"
    if not waiting:
        return "No warehouse can send this order: see what excluded each."
    after = "a person decides" if outcome is Outcome.HELD else "it waits for stock"
    if have_all(passing, demand):
        return f"Everything is there, but in more than the {policy.max_parts} warehouses allowed: {after}."
    return f"Not everything is available where it can be sent from: {after}."
