"""Decides where orders ship from, keeps every decision with its reasons, and sets policies and fences."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from fulfilhub.accounts.rules import Terms
from fulfilhub.inventory.queries import available, lock_levels, warehouses_for
from fulfilhub.orders.queries import LockedOrder
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Stale
from fulfilhub.platform.work import Work
from fulfilhub.routing import queries
from fulfilhub.routing.rules.decide import decide_batch
from fulfilhub.routing.rules.terms import (
    Component,
    Decision,
    LineToRoute,
    OnShortage,
    OrderToRoute,
    Promise,
    Rating,
    RoutingPolicy,
    Stock,
)
from fulfilhub.routing.rules.wishes import Wishes, told_apart


@dataclass(frozen=True, slots=True)
class Routed:
    """One order's decision, with what is needed to act on it: its lines by id, who runs which warehouse, and on which
    terms, where that is a partner."""

    order: LockedOrder
    decision_id: UUID
    decision: Decision
    lines: Mapping[UUID, queries.RouteLine]
    operators: Mapping[UUID, UUID]
    terms: Mapping[UUID, Terms]


INSERT_DECISIONS = """
INSERT INTO routing_decisions (merchant_id, id, order_id, cause, outcome, reason, ship_by, deliver_by, assignments,
                               unfilled, candidates, policy_version, rules_version, decided_at)
SELECT $1, d.id, d.order_id, $2, d.outcome, d.reason, d.ship_by, d.deliver_by, d.assignments::jsonb,
       d.unfilled::jsonb, d.candidates::jsonb, $3, d.rules_version, $4
FROM unnest($5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[],
            $12::text[], $13::text[], $14::int[])
     AS d (id, order_id, outcome, reason, ship_by, deliver_by, assignments, unfilled, candidates, rules_version)
"""
INSERT_FENCES = """
INSERT INTO routing_fences (merchant_id, order_id, warehouse_id, reason, created_at)
SELECT $1, f.order_id, f.warehouse_id, $2, $3 FROM unnest($4::uuid[], $5::uuid[]) AS f (order_id, warehouse_id)
ON CONFLICT DO NOTHING
"""
SET_WISHES = """
WITH told AS (
    SELECT w.line_id, w.warehouse_id, w.units, w.done
    FROM unnest($3::uuid[], $4::uuid[], $5::int[], $6::int[]) AS w (line_id, warehouse_id, units, done)
), gone AS (
    DELETE FROM routing_wishes AS w WHERE w.merchant_id = $1 AND w.order_id = $2
        AND NOT EXISTS (SELECT FROM told AS t WHERE t.line_id = w.line_id AND t.warehouse_id = w.warehouse_id)
    RETURNING 1
), kept AS (
    INSERT INTO routing_wishes AS w (merchant_id, order_id, line_id, warehouse_id, units, done)
    SELECT $1, $2, t.line_id, t.warehouse_id, t.units, t.done FROM told AS t
    ON CONFLICT (merchant_id, order_id, line_id, warehouse_id) DO UPDATE
    SET units = excluded.units, done = excluded.done WHERE (w.units, w.done) <> (excluded.units, excluded.done)
    RETURNING 1
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM kept)
"""
LIFT_FENCES = "DELETE FROM routing_fences WHERE merchant_id = $1 AND order_id = ANY ($2)"
INSERT_POLICY = """
INSERT INTO routing_policies (merchant_id, version, max_parts, on_shortage, weights, created_by, created_at)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7) ON CONFLICT DO NOTHING
"""


async def decide(
    work: Work,
    orders: Sequence[LockedOrder],
    cause: str,
    *,
    lock: bool,
    wishes: Mapping[UUID, Wishes] | None = None,
) -> list[Routed]:
    """Where the unrouted units of these orders ship from; every decision is kept. `orders` are locked already. For an
    order of which the store wants units sent from certain warehouses (`wishes`) there is one for each of them.

    Orders without units to route are left out. With `lock`, the stock levels it looks at are locked, in key order,
    until the end of the work; without, somebody may be quicker. A constant number of statements, however many orders.
    """
    lines = await queries.lines_to_route(work, [order.id for order in orders])
    wanted = [order for order in orders if order.id in lines]
    if not wanted:
        return []
    terms = (await queries.policy(work)).policy
    refused = await queries.fences(work, list(lines))
    warehouses = await warehouses_for(work)
    candidates = await queries.candidates(work, warehouses)
    products = {product for each in lines.values() for line in each for product in line.stock_ids}
    stock = await _stock(work, products, [each.id for each in warehouses], lock=lock)
    to_route = [
        (order, part)
        for order in wanted
        for part in told_apart(
            _to_route(order, lines[order.id], refused.get(order.id, frozenset())), (wishes or {}).get(order.id)
        )
    ]
    made = decide_batch([part for _, part in to_route], candidates, stock, terms, work.now)
    operators = {each.id: each.operator_id for each in warehouses}
    agreed = {each.id: each.terms for each in warehouses if each.terms is not None}
    routed = [
        Routed(order, ids.new(), decision, {line.line_id: line for line in lines[order.id]}, operators, agreed)
        for (order, _), decision in zip(to_route, made, strict=True)
    ]
    await _keep(work, routed, terms, cause)
    return routed


async def _stock(work: Work, products: Collection[UUID], warehouses: Collection[UUID], *, lock: bool) -> Stock:
    if not lock:
        return Stock(await available(work, products, warehouses))
    return Stock({key: level.available for key, level in (await lock_levels(work, products, warehouses)).items()})


def _to_route(order: LockedOrder, lines: Sequence[queries.RouteLine], refused: frozenset[UUID]) -> OrderToRoute:
    frozen = Promise(order.ship_by, order.deliver_by) if order.ship_by and order.deliver_by else None
    return OrderToRoute(
        order_id=order.id,
        placed_at=order.placed_at,
        service=order.service,
        country=str((order.ship_to or {}).get("country", "")),
        postcode=str((order.ship_to or {}).get("postcode", "")),
        lines=tuple(
            LineToRoute(
                line_id=line.line_id,
                product_id=line.product_id,
                quantity=line.quantity,
                weight_grams=line.unit_grams,
                components=tuple(Component(part.product_id, part.units) for part in line.components),
            )
            for line in lines
        ),
        frozen=frozen,
        rejected_by=refused,
    )


async def _keep(work: Work, routed: Sequence[Routed], terms: RoutingPolicy, cause: str) -> None:
    made = [each.decision for each in routed]
    promises = [decision.promise for decision in made]
    await work.execute_raw(
        INSERT_DECISIONS,
        work.account_id,
        cause,
        terms.version,
        work.now,
        [each.decision_id for each in routed],
        [decision.order_id for decision in made],
        [str(decision.outcome) for decision in made],
        [decision.reason for decision in made],
        [promise and promise.ship_by for promise in promises],
        [promise and promise.deliver_by for promise in promises],
        [_json(decision.assignments) for decision in made],
        [_json(decision.unfilled) for decision in made],
        [_json(decision.candidates) for decision in made],
        [decision.rules_version for decision in made],
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


async def fence(work: Work, pairs: Collection[tuple[UUID, UUID]], reason: str) -> None:
    """Never ask these warehouses again for these orders: pairs of (order id, warehouse id)."""
    await work.execute_raw(
        INSERT_FENCES,
        work.account_id,
        reason,
        work.now,
        [order_id for order_id, _ in pairs],
        [warehouse_id for _, warehouse_id in pairs],
    )


async def set_wishes(work: Work, order_id: UUID, wanted: Mapping[tuple[UUID, UUID], tuple[int, int]]) -> bool:
    """Keep what an order's store wants sent from where: (units, of them sent by whoever) by (line id, warehouse id).
    Whether that is something else than before. The order is locked already."""
    lines, warehouses = [line for line, _ in wanted], [warehouse for _, warehouse in wanted]
    units, done = [each for each, _ in wanted.values()], [each for _, each in wanted.values()]
    rows = await work.fetch_raw(SET_WISHES, work.account_id, order_id, lines, warehouses, units, done)
    return bool(rows[0][0])


async def lift_fences(work: Work, order_ids: Collection[UUID]) -> None:
    """Ask every warehouse again: a person has looked at these orders, or they changed."""
    await work.execute_raw(LIFT_FENCES, work.account_id, list(order_ids))


async def set_policy(
    work: Work, *, max_parts: int, on_shortage: OnShortage, weights: Mapping[Rating, int], expected: int | None
) -> queries.PolicyRow:
    """A new version of the merchant's policy; earlier ones are kept, since decisions name them.

    `expected` is the version the caller saw (If-Match). Raises Stale when it is not the present one.
    """
    present = (await queries.policy(work)).policy.version
    if expected is not None and expected != present:
        raise Stale(f"The policy is at version {present} now: read it again, then repeat.")
    told = await work.execute_raw(
        INSERT_POLICY,
        work.account_id,
        present + 1,
        max_parts,
        str(on_shortage),
        _json(weights),
        work.actor,
        work.now,
    )
    if told != "INSERT 0 1":
        raise Stale("The policy was changed at the same moment: read it again, then repeat.")
    return await queries.policy(work)
