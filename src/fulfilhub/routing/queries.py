"""Every look at policies, fences and decisions, and what routing reads of orders and warehouses."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from time import monotonic
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import select

from fulfilhub.catalogue.queries import ProductRef, components_of, resolve
from fulfilhub.inventory.queries import WarehouseProfile, available, warehouses_for
from fulfilhub.orders.rules import is_destination
from fulfilhub.platform.work import Work
from fulfilhub.routing.models import PolicyVersion, RoutingDecision, RoutingFence, RoutingWish
from fulfilhub.routing.rules.quote import Option, WhyNot, quote, refuse, services_of, units_there
from fulfilhub.routing.rules.terms import (
    Assignment,
    Candidate,
    Component,
    LineToRoute,
    OrderToRoute,
    Portion,
    RoutingPolicy,
    Verdict,
)


class KitPart(msgspec.Struct, frozen=True, array_like=True):
    """A component of a kit: units in one kit, and what it is. Weight in grams of one unit."""

    product_id: UUID
    units: int
    sku: str
    name: str
    barcodes: list[str]
    weight_grams: int | None
    hs_code: str | None
    origin_country: str | None


class RouteLine(NamedTuple):
    """What of one order line has no warehouse yet, and what its product is. Weight in grams. `components` are a kit's,
    by product id."""

    order_id: UUID
    line_id: UUID
    product_id: UUID
    quantity: int
    sku: str
    name: str
    barcodes: list[str]
    weight_grams: int | None
    hs_code: str | None
    origin_country: str | None
    components: Sequence[KitPart] = ()

    @property
    def unit_grams(self) -> int:
        """The weight of one unit: as given, else a kit's components' together; 0 when unknown."""
        return self.weight_grams or sum(part.units * (part.weight_grams or 0) for part in self.components)

    @property
    def stock_ids(self) -> list[UUID]:
        """The products whose stock it takes."""
        return [part.product_id for part in self.components] or [self.product_id]


class Load(NamedTuple):
    """How busy a warehouse is: work orders given to it since its day began, and those not ended."""

    given: int
    queued: int


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision as it was kept."""

    id: UUID
    order_id: UUID
    cause: str
    outcome: str
    reason: str
    ship_by: datetime | None
    deliver_by: datetime | None
    assignments: list[Assignment]
    unfilled: list[Portion]
    candidates: list[Verdict]
    policy_version: int
    rules_version: int
    decided_at: datetime


class Sites(NamedTuple):
    """What every promise of one merchant is made of besides stock: its warehouses, their currencies, its policy."""

    candidates: list[Candidate]
    currencies: dict[UUID, str]
    policy: RoutingPolicy


class Cart(NamedTuple):
    """What somebody may order. `lines` are (variant id, SKU, units); the variants are those of `store_id`."""

    store_id: UUID | None
    lines: Sequence[tuple[str, str, int]]
    country: str
    postcode: str
    city: str
    service: str | None


class CartLine(NamedTuple):
    """One line of a cart: its product, None when unknown, and how many of the units wanted are there."""

    sku: str
    product_id: UUID | None
    wanted: int
    there: int


class Quoted(NamedTuple):
    """What can be promised for a cart."""

    lines: list[CartLine]
    options: list[Option]


class PolicyRow(NamedTuple):
    """The merchant's present policy, and who set it when (nobody, for the one every merchant begins with)."""

    policy: RoutingPolicy
    created_by: str | None
    created_at: datetime | None


# Only a kit's line asks for components, so that other lines cost no more for there being kits.
LINES = """
SELECT l.order_id, l.id, l.product_id, l.ordered - l.cancelled - l.allocated, p.sku, p.name, p.barcodes, p.weight_grams,
       p.hs_code, p.origin_country,
       CASE WHEN p.kind = 'kit' THEN (
           SELECT json_agg(json_build_array(x.id, c.units, x.sku, x.name, x.barcodes, x.weight_grams, x.hs_code,
                                            x.origin_country) ORDER BY x.id)::text
           FROM product_components AS c
           JOIN products AS x ON x.merchant_id = c.merchant_id AND x.id = c.product_id
           WHERE c.merchant_id = p.merchant_id AND c.kit_id = p.id) END
FROM order_lines AS l JOIN products AS p ON p.merchant_id = l.merchant_id AND p.id = l.product_id
WHERE l.merchant_id = $1 AND l.order_id = ANY ($2) AND l.requires_shipping
  AND l.ordered - l.cancelled - l.allocated > 0
ORDER BY l.order_id, l.position, l.id
"""
WAITING = """
SELECT o.id, o.placed_at FROM orders AS o
WHERE o.merchant_id = $1 AND o.status IN ('received', 'backordered', 'routed', 'in_progress', 'partially_shipped')
  AND (o.placed_at, o.id) > ($3, $4)
  AND EXISTS (SELECT 1 FROM order_lines AS l
              WHERE l.merchant_id = $1 AND l.order_id = o.id
                AND ($2::uuid[] IS NULL OR l.product_id = ANY ($2)
                     OR l.product_id IN (SELECT c.kit_id FROM product_components AS c
                                         WHERE c.merchant_id = $1 AND c.product_id = ANY ($2)))
                AND l.requires_shipping
                AND l.allocated + l.cancelled < l.ordered)
ORDER BY o.placed_at, o.id LIMIT $5
"""
LOAD = "SELECT warehouse_id, given, queued FROM warehouse_load($1, $2)"


async def policy(work: Work) -> PolicyRow:
    """The merchant's policy; version 0 is the one every merchant begins with."""
    query = (
        select(
            PolicyVersion.version,
            PolicyVersion.max_parts,
            PolicyVersion.on_shortage,
            PolicyVersion.weights,
            PolicyVersion.created_by,
            PolicyVersion.created_at,
        )
        .where(PolicyVersion.merchant_id == work.account_id)
        .order_by(PolicyVersion.version.desc())
        .limit(1)
    )
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        return PolicyRow(RoutingPolicy(version=0), None, None)
    terms = {"version": row.version, "max_parts": row.max_parts, "on_shortage": row.on_shortage, "weights": row.weights}
    return PolicyRow(msgspec.convert(terms, RoutingPolicy), row.created_by, row.created_at)


async def fences(work: Work, order_ids: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """By order, the warehouses that are not to be asked again for it."""
    rows = await work.db.execute(
        select(RoutingFence.order_id, RoutingFence.warehouse_id).where(
            RoutingFence.merchant_id == work.account_id, RoutingFence.order_id.in_(order_ids)
        )
    )
    found: dict[UUID, set[UUID]] = {}
    for order_id, warehouse_id in rows:
        found.setdefault(order_id, set()).add(warehouse_id)
    return {order_id: frozenset(warehouses) for order_id, warehouses in found.items()}


async def wishes(work: Work, order_ids: Collection[UUID]) -> dict[UUID, dict[tuple[UUID, UUID], tuple[int, int]]]:
    """By order, what its store wants sent from where: (units, of them sent by whoever) by (line id, warehouse id).
    Orders of stores that leave that to us are left out."""
    table = RoutingWish
    rows = await work.db.execute(
        select(table.order_id, table.line_id, table.warehouse_id, table.units, table.done).where(
            table.merchant_id == work.account_id, table.order_id.in_(order_ids)
        )
    )
    found: dict[UUID, dict[tuple[UUID, UUID], tuple[int, int]]] = {}
    for order_id, line_id, warehouse_id, units, done in rows:
        found.setdefault(order_id, {})[line_id, warehouse_id] = (units, done)
    return found


async def lines_to_route(work: Work, order_ids: Collection[UUID]) -> dict[UUID, list[RouteLine]]:
    """By order, its lines with units that have no warehouse yet; orders without any are left out."""
    found: dict[UUID, list[RouteLine]] = {}
    for row in await work.fetch_raw(LINES, work.account_id, list(order_ids)):
        *columns, parts = row
        made_of = msgspec.json.decode(parts, type=tuple[KitPart, ...]) if parts else ()
        line = RouteLine._make((*columns, made_of))
        found.setdefault(line.order_id, []).append(line)
    return found


async def orders_waiting_for(
    work: Work, product_ids: Collection[UUID] | None, after: tuple[datetime, UUID], limit: int
) -> list[tuple[UUID, datetime]]:
    """Orders with units of these products, or of kits made of them (None: of any), that have no warehouse, oldest
    first, after (placed_at, id)."""
    wanted = None if product_ids is None else list(product_ids)
    rows = await work.fetch_raw(WAITING, work.account_id, wanted, *after, limit)
    return [(row[0], row[1]) for row in rows]


async def loads(work: Work, since: Mapping[UUID, datetime]) -> dict[UUID, Load]:
    """How busy these warehouses are, over all merchants; `since` is when each one's day began."""
    if not since:
        return {}
    rows = await work.fetch_raw(LOAD, list(since.keys()), list(since.values()))
    return {row[0]: Load(row[1], row[2]) for row in rows}


async def decisions(work: Work, order_id: UUID, limit: int = 100) -> Sequence[DecisionRow]:
    """The decisions about one order, newest first."""
    table = RoutingDecision
    names = list(DecisionRow.__dataclass_fields__)
    rows = await work.db.execute(
        select(*(getattr(table, name) for name in names))
        .where(table.merchant_id == work.account_id, table.order_id == order_id)
        .order_by(table.id.desc())
        .limit(limit)
    )
    return [msgspec.convert(dict(row._mapping), DecisionRow) for row in rows]


async def candidates(work: Work, warehouses: Sequence[WarehouseProfile]) -> list[Candidate]:
    """These warehouses as routing weighs them, with how busy each is."""
    # Only where a limit is set does it matter how much work a warehouse has already.
    days = {each.id: _day_began(each, work.now) for each in warehouses if each.daily_capacity is not None}
    busy = await loads(work, days)
    nothing = Load(0, 0)
    return [
        Candidate(
            warehouse_id=each.id,
            name=each.name,
            country=each.country,
            postcode=each.postcode,
            calendar=each.calendar,
            handling_days=each.handling_days,
            services=each.services,
            state=each.state,
            contracted=each.contracted,
            daily_capacity=each.daily_capacity,
            capacity_left=None
            if each.daily_capacity is None
            else each.daily_capacity - busy.get(each.id, nothing).given,
            queued=busy.get(each.id, nothing).queued,
        )
        for each in warehouses
    ]


def _day_began(warehouse: WarehouseProfile, now: datetime) -> datetime:
    zone = warehouse.calendar.timezone
    return datetime.combine(now.astimezone(zone).date(), time.min, tzinfo=zone).astimezone(UTC)


async def sites(work: Work) -> Sites:
    """The merchant's warehouses and policy as they are now."""
    terms = (await policy(work)).policy
    warehouses = await warehouses_for(work)
    return Sites(await candidates(work, warehouses), {each.id: each.currency for each in warehouses}, terms)


async def shelves(work: Work, product_ids: Collection[UUID], where: Sites) -> dict[tuple[UUID, UUID], int]:
    """What is free to promise of these products, by (product id, warehouse id): of a kit, ask for its components."""
    return await available(work, product_ids, [each.warehouse_id for each in where.candidates])


class RememberedSites:
    """Sites by merchant, remembered for a few seconds in this process, because a shop's visitors ask again and again
    and warehouses change seldom. Stock is never remembered."""

    def __init__(self, seconds: float = 5.0, merchants: int = 1_000, timer: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._merchants = merchants
        self._timer = timer
        self._kept: OrderedDict[UUID, tuple[float, Sites]] = OrderedDict()

    async def of(self, work: Work) -> Sites:
        """The sites of the work's merchant, at most `seconds` old."""
        kept = self._kept.get(work.account_id)
        if kept is not None and self._timer() - kept[0] < self._seconds:
            return kept[1]
        asked = self._timer()
        found = await sites(work)
        self._kept[work.account_id] = (asked, found)
        self._kept.move_to_end(work.account_id)
        while len(self._kept) > self._merchants:
            self._kept.popitem(last=False)
        return found


async def promise(work: Work, cart: Cart, remembered: RememberedSites, at: datetime) -> Quoted:
    """What each service promises for a cart ordered `at` a moment, with the stock of now. Locks nothing."""
    where = await remembered.of(work)
    services = [cart.service] if cart.service is not None else services_of(where.candidates)
    known = await resolve(
        work,
        cart.store_id,
        [variant for variant, *_ in cart.lines if variant],
        [sku for _, sku, _ in cart.lines if sku],
    )
    found = [known.find(variant or None, sku) for variant, sku, _ in cart.lines]
    made_of = await components_of(work, {each.id for each in found if each is not None})
    wanted = [
        LineToRoute(
            line_id=UUID(int=place),
            product_id=each.id,
            quantity=units,
            weight_grams=each.weight_grams or 0,
            components=tuple(Component(part.product_id, part.units) for part in made_of.get(each.id, ())),
        )
        for place, (each, (_, _, units)) in enumerate(zip(found, cart.lines, strict=True))
        if each is not None
    ]
    stocked = {part.product_id for line in wanted for part in line.components}
    stocked |= {line.product_id for line in wanted if not line.components}
    there = await shelves(work, stocked, where)
    lines = _cart_lines(cart, found, units_there(where.candidates, there, wanted))
    if any(each is None for each in found):
        return Quoted(lines, refuse(services, WhyNot.UNKNOWN_ITEM))
    if not is_destination(cart.country, cart.postcode, cart.city):
        return Quoted(lines, refuse(services, WhyNot.DESTINATION_INCOMPLETE))
    nobody = UUID(int=0)
    order = OrderToRoute(
        order_id=nobody,
        placed_at=at,
        service="",
        country=cart.country,
        postcode=cart.postcode,
        lines=tuple(wanted),
    )
    return Quoted(lines, quote(order, services, where.candidates, there, where.currencies, where.policy, at))


def _cart_lines(cart: Cart, found: Sequence[ProductRef | None], there: Sequence[int]) -> list[CartLine]:
    """Each line with what is there for it; `there` tells of the known ones, in their order."""
    known = iter(there)
    return [
        CartLine(sku, None, units, 0) if each is None else CartLine(each.sku, each.id, units, next(known))
        for (_, sku, units), each in zip(cart.lines, found, strict=True)
    ]
