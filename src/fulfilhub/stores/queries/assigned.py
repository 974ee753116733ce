"""Looks at what shops assigned to our locations, and at what our orders say about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, exists, select

from fulfilhub.catalogue.queries import components_of, resolve
from fulfilhub.orders.incoming import IncomingLine, IncomingOrder
from fulfilhub.orders.models import Order
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.work import Work
from fulfilhub.routing.models import RoutingFence
from fulfilhub.routing.queries import shelves, sites
from fulfilhub.routing.rules.decide import decide
from fulfilhub.routing.rules.terms import Component, Excluded, LineToRoute, OnShortage, OrderToRoute, Stock
from fulfilhub.stores.models import AssignedOrder, Assignment, AssignmentLine, StoreHold, StorePull, StoreUpdate
from fulfilhub.stores.rules import UpdateState


class AssignmentRow(NamedTuple):
    """A part of an order as a shop assigned it, and where it stands."""

    id: UUID
    store_id: UUID
    external_id: str
    order_external_id: str
    location_id: str
    warehouse_id: UUID | None
    state: str
    recalls_answered: int
    code: str | None
    reason: str | None
    changed_at: datetime
    created_at: datetime
    updated_at: datetime


class PartLine(NamedTuple):
    """Units of a line of the order in a part."""

    assignment_id: UUID
    external_id: str
    line_external_id: str
    total: int
    remaining: int
    given_up: int


class FollowedRow(NamedTuple):
    """An order whose assignments are followed."""

    store_id: UUID
    external_id: str
    order_id: UUID | None
    marks: int
    run_id: UUID | None
    attempts: int
    code: str | None
    reason: str | None
    read_at: datetime | None


class PullRow(NamedTuple):
    """When a store is asked what it wants of us."""

    next_at: datetime
    pinged_at: datetime | None
    run_id: UUID | None
    run_due_at: datetime | None
    failures: int
    code: str | None
    reason: str | None
    last_ended_at: datetime | None


ASSIGNMENT = tuple(getattr(Assignment, name) for name in AssignmentRow._fields)
LINE = tuple(getattr(AssignmentLine, name) for name in PartLine._fields)
FOLLOWED = tuple(getattr(AssignedOrder, name) for name in FollowedRow._fields)
PULL = tuple(getattr(StorePull, name) for name in PullRow._fields)


def _assignments(work: Work, store_id: UUID) -> Select[*tuple[Any, ...]]:
    return select(*ASSIGNMENT).where(Assignment.merchant_id == work.account_id, Assignment.store_id == store_id)


async def assignments_of(work: Work, store_id: UUID, order: str) -> list[AssignmentRow]:
    """The parts of one order of a shop (its id there), by age."""
    query = _assignments(work, store_id).where(Assignment.order_external_id == order).order_by(Assignment.id)
    return [AssignmentRow._make(row) for row in await work.db.execute(query)]


async def list_assignments(
    work: Work, store_id: UUID, state: str | None, after: UUID | None, limit: int
) -> list[AssignmentRow]:
    """What a shop assigned, by age."""
    query = _assignments(work, store_id).order_by(Assignment.id).limit(limit)
    if after is not None:
        query = query.where(Assignment.id > after)
    if state is not None:
        query = query.where(Assignment.state == state)
    return [AssignmentRow._make(row) for row in await work.db.execute(query)]


async def get_assignment(work: Work, store_id: UUID, assignment_id: UUID) -> AssignmentRow:
    """One part. Raises NotFound."""
    row = (await work.db.execute(_assignments(work, store_id).where(Assignment.id == assignment_id))).one_or_none()
    if row is None:
        raise NotFound(f"There is no assignment {ids.ASSIGNMENT.show(assignment_id)!r}.")
    return AssignmentRow._make(row)


async def part_lines(work: Work, assignment_ids: Collection[UUID]) -> dict[UUID, list[PartLine]]:
    """The lines of these parts, by part."""
    query = select(*LINE).where(
        AssignmentLine.merchant_id == work.account_id, AssignmentLine.assignment_id.in_(assignment_ids)
    )
    found: dict[UUID, list[PartLine]] = {}
    for row in await work.db.execute(query.order_by(AssignmentLine.assignment_id, AssignmentLine.external_id)):
        found.setdefault(row.assignment_id, []).append(PartLine._make(row))
    return found


async def followed(work: Work, store_id: UUID, orders: Collection[str]) -> dict[str, FollowedRow]:
    """Orders that are followed, by their id in the shop."""
    query = select(*FOLLOWED).where(
        AssignedOrder.merchant_id == work.account_id,
        AssignedOrder.store_id == store_id,
        AssignedOrder.external_id.in_(orders),
    )
    return {row.external_id: FollowedRow._make(row) for row in await work.db.execute(query)}


async def lock_followed(work: Work, store_id: UUID, order: str) -> FollowedRow | None:
    """An order that is followed, locked before its own row, its work and its stock."""
    query = select(*FOLLOWED).where(
        AssignedOrder.merchant_id == work.account_id,
        AssignedOrder.store_id == store_id,
        AssignedOrder.external_id == order,
    )
    row = (await work.db.execute(query.with_for_update())).one_or_none()
    return None if row is None else FollowedRow._make(row)


async def followed_by_ours(work: Work, order_ids: Collection[UUID]) -> list[tuple[UUID, str]]:
    """(store, its id of the order) of these orders of ours that are followed."""
    query = (
        select(AssignedOrder.store_id, AssignedOrder.external_id)
        .where(AssignedOrder.merchant_id == work.account_id, AssignedOrder.order_id.in_(order_ids))
        .order_by(AssignedOrder.store_id, AssignedOrder.external_id)
    )
    return [(row[0], row[1]) for row in await work.db.execute(query)]


async def are_followed(work: Work, order_ids: Collection[UUID]) -> set[UUID]:
    """Those of our orders that shops assigned; the others are ours in whole."""
    query = select(AssignedOrder.order_id).where(
        AssignedOrder.merchant_id == work.account_id, AssignedOrder.order_id.in_(order_ids)
    )
    return {order_id for order_id in (await work.db.execute(query)).scalars() if order_id is not None}


async def orders_of_parts(work: Work, store_id: UUID, parts: Collection[str]) -> dict[str, str]:
    """The shop's id of the order that each of these parts belongs to, of those we know."""
    query = select(Assignment.external_id, Assignment.order_external_id).where(
        Assignment.merchant_id == work.account_id, Assignment.store_id == store_id, Assignment.external_id.in_(parts)
    )
    return {row[0]: row[1] for row in await work.db.execute(query)}


# Orders that something went wrong with, and those of which we have a part and that were not read for a while.
NOT_READ = """
SELECT a.external_id FROM store_assigned_orders AS a
WHERE a.merchant_id = $1 AND a.store_id = $2 AND a.run_id IS NULL AND (a.read_at IS NULL OR a.read_at < $3)
  AND (a.code IS NOT NULL
       OR EXISTS (SELECT FROM store_assignments AS s
                  WHERE s.merchant_id = a.merchant_id AND s.store_id = a.store_id
                    AND s.order_external_id = a.external_id AND s.state IN ('asked', 'ours', 'recalled')))
ORDER BY a.read_at NULLS FIRST, a.external_id LIMIT $4
"""


async def not_read_since(work: Work, store_id: UUID, since: datetime, limit: int) -> list[str]:
    """Orders that should be read again without anybody having said so, those not read for longest first."""
    return [row[0] for row in await work.fetch_raw(NOT_READ, work.account_id, store_id, since, limit)]


async def pull_of(work: Work, store_id: UUID, *, lock: bool = False) -> PullRow | None:
    """When a store is asked; None for one that is not."""
    query = select(*PULL).where(StorePull.merchant_id == work.account_id, StorePull.store_id == store_id)
    row = (await work.db.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else PullRow._make(row)


async def holds_from(work: Work, store_id: UUID, order: str) -> dict[str, UUID]:
    """Our holds that stand for those placed on an order in the shop, by the shop's id of the hold."""
    query = select(StoreHold.external_id, StoreHold.hold_id).where(
        StoreHold.merchant_id == work.account_id, StoreHold.store_id == store_id, StoreHold.order_external_id == order
    )
    return {row[0]: row[1] for row in await work.db.execute(query)}


async def rejections(work: Work, order_id: UUID) -> dict[UUID, str]:
    """The warehouses that are not asked again for an order, and why."""
    query = select(RoutingFence.warehouse_id, RoutingFence.reason).where(
        RoutingFence.merchant_id == work.account_id, RoutingFence.order_id == order_id
    )
    return {row[0]: row[1] for row in await work.db.execute(query)}


async def cancelled_here(work: Work, store_id: UUID, order: str) -> bool:
    """Whether the merchant cancelled a shop's order with us, so that nothing of it is taken any more."""
    query = select(Order.cancelled_by).where(
        Order.merchant_id == work.account_id, Order.store_id == store_id, Order.external_id == order
    )
    return (await work.db.execute(query)).scalar_one_or_none() == "merchant"


async def has_untold(work: Work, store_id: UUID, order_id: UUID) -> bool:
    """Whether a shop has not heard of some shipment of an order yet."""
    untold = exists().where(
        StoreUpdate.merchant_id == work.account_id,
        StoreUpdate.order_id == order_id,
        StoreUpdate.store_id == store_id,
        StoreUpdate.state.in_((UpdateState.PENDING, UpdateState.IN_DOUBT)),
    )
    return bool((await work.db.execute(select(untold))).scalar_one())


class Assessment(NamedTuple):
    """What stands in the way of sending something from a warehouse: lines that name no product, by the line's id, and
    the fences around the warehouse."""

    unknown: Mapping[str, str]
    fences: Sequence[Excluded]
    on_shortage: OnShortage


async def assess(
    work: Work, store_id: UUID, order: IncomingOrder, lines: Sequence[IncomingLine], warehouse_id: UUID
) -> Assessment:
    """Could this warehouse send these lines of an order, as routing would judge it now? Locks nothing."""
    variants = [line.variant_id for line in lines if line.variant_id]
    known = await resolve(work, store_id, variants, [line.sku for line in lines if line.sku])
    found = [(line, known.find(line.variant_id, line.sku)) for line in lines if line.requires_shipping]
    where = await sites(work)
    unknown = {line.external_id: f"FulfilHub knows no SKU {line.sku!r}." for line, each in found if each is None}
    products = [(line, each) for line, each in found if each is not None]
    if unknown or not products:
        return Assessment(unknown, (), where.policy.on_shortage)
    made_of = await components_of(work, {each.id for _, each in products})
    wanted = tuple(
        LineToRoute(
            line_id=UUID(int=place),
            product_id=each.id,
            quantity=line.quantity,
            weight_grams=each.weight_grams or 0,
            components=tuple(Component(part.product_id, part.units) for part in made_of.get(each.id, ())),
        )
        for place, (line, each) in enumerate(products)
    )
    stocked = {part.product_id for line in wanted for part in line.components}
    stocked |= {line.product_id for line in wanted if not line.components}
    there = await shelves(work, stocked, where)
    address = order.ship_to
    asked = OrderToRoute(
        order_id=UUID(int=0),
        placed_at=work.now,
        service=order.service,
        country=address.country if address is not None else "",
        postcode=address.postcode if address is not None else "",
        lines=wanted,
        only=warehouse_id,
    )
    candidates = [each for each in where.candidates if each.warehouse_id == warehouse_id]
    decision = decide(asked, candidates, Stock(there), where.policy, work.now)
    fences = decision.candidates[0].fences if decision.candidates else ()
    return Assessment({}, fences, where.policy.on_shortage)
