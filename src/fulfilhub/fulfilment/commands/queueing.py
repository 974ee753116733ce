"""Routing acted on: stock allocated, fulfilments and work orders written, for a whole batch of orders at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from fulfilhub.accounts.rules import Contact, Terms
from fulfilhub.fulfilment.commands.following import ship_to_of, take_back_cancelled, take_over_wanted
from fulfilhub.fulfilment.commands.holding import hold_order
from fulfilhub.fulfilment.commands.telling import News, tell_operators
from fulfilhub.fulfilment.events import FulfilmentQueued
from fulfilhub.fulfilment.queries import Document, DocumentLine, DocumentPart, Handling
from fulfilhub.fulfilment.queries.packing import Said, packing_said
from fulfilhub.fulfilment.queries.wishes import open_wishes
from fulfilhub.fulfilment.rules import address_for
from fulfilhub.inventory.commands import Movement, move
from fulfilhub.inventory.rules.shortage import ShortOfStock
from fulfilhub.inventory.rules.stock import MovementReason
from fulfilhub.orders.commands import LineChange, count, freeze_promises, set_backordered
from fulfilhub.orders.incoming import StoreState
from fulfilhub.orders.queries import LockedOrder, lock_orders
from fulfilhub.orders.queries.beside import emails_of
from fulfilhub.orders.rules import HoldReason, OrderStatus
from fulfilhub.platform import ids
from fulfilhub.platform.work import Work
from fulfilhub.routing.commands import Routed, decide
from fulfilhub.routing.events import OrderBackordered, OrderRouted
from fulfilhub.routing.queries import orders_waiting_for
from fulfilhub.routing.rules.terms import Assignment, Outcome

ROUTABLE = frozenset(
    {
        OrderStatus.RECEIVED,
        OrderStatus.BACKORDERED,
        OrderStatus.ROUTED,
        OrderStatus.IN_PROGRESS,
        OrderStatus.PARTIALLY_SHIPPED,
    }
)
BATCH = 200

INSERT = """
WITH f AS (
    INSERT INTO fulfilments (merchant_id, id, order_id, warehouse_id, operator_id, decision_id, state, service,
                             carrier, ship_by, deliver_by, created_at, updated_at)
    SELECT $1, n.id, n.order_id, n.warehouse_id, n.operator_id, n.decision_id, 'queued', n.service, n.carrier,
           n.ship_by, n.deliver_by, $2, $2
    FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::text[], $9::text[],
                $10::timestamptz[], $11::timestamptz[])
         AS n (id, order_id, warehouse_id, operator_id, decision_id, service, carrier, ship_by, deliver_by)
), w AS (
    INSERT INTO work_orders (account_id, id, merchant_id, warehouse_id, order_id, state, held, service, ship_by,
                             document, created_at, updated_at, single_sku, accept_by, leave_by, look_at)
    SELECT n.operator_id, n.id, $1, n.warehouse_id, n.order_id, 'queued', false, n.service, n.ship_by,
           n.document::jsonb, $2, $2, n.single_sku, n.accept_by, n.leave_by, least(n.accept_by, n.leave_by)
    FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $8::text[], $10::timestamptz[], $12::text[],
                $23::uuid[], $24::timestamptz[], $25::timestamptz[])
         AS n (id, order_id, warehouse_id, operator_id, service, ship_by, document, single_sku, accept_by, leave_by)
), fl AS (
    INSERT INTO fulfilment_lines (merchant_id, fulfilment_id, line_id, order_id, product_id, quantity)
    SELECT $1, l.id, l.line_id, l.order_id, l.product_id, l.quantity
    FROM unnest($13::uuid[], $14::uuid[], $15::uuid[], $16::uuid[], $17::int[])
         AS l (id, line_id, order_id, product_id, quantity)
), fc AS (
    INSERT INTO fulfilment_components (merchant_id, fulfilment_id, line_id, product_id, units)
    SELECT $1, c.id, c.line_id, c.product_id, c.units
    FROM unnest($19::uuid[], $20::uuid[], $21::uuid[], $22::int[]) AS c (id, line_id, product_id, units)
)
INSERT INTO work_order_lines (account_id, work_order_id, line_id, merchant_id, product_id, quantity)
SELECT l.operator_id, l.id, l.line_id, $1, l.product_id, l.quantity
FROM unnest($18::uuid[], $13::uuid[], $14::uuid[], $16::uuid[], $17::int[])
     AS l (operator_id, id, line_id, product_id, quantity)
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One fulfilment to be made: what a decision assigned to one warehouse."""

    id: UUID
    routed: Routed
    assignment: Assignment

    @property
    def operator_id(self) -> UUID:
        """The account whose queue it goes to."""
        return self.routed.operators[self.assignment.warehouse_id]

    @property
    def terms(self) -> Terms | None:
        """The contract's; None in the merchant's own warehouse."""
        return self.routed.terms.get(self.assignment.warehouse_id)

    @property
    def contact(self) -> tuple[Contact, ...] | None:
        """What of the customer its operator may know beside the address; None: all."""
        return None if self.terms is None else self.terms.contact(self.assignment.service)

    @property
    def single_sku(self) -> UUID | None:
        """The product, if it is the only one."""
        wanted = {portion.product_id for portion in self.assignment.lines}
        return wanted.pop() if len(wanted) == 1 else None

    def accept_by(self, now: datetime) -> datetime | None:
        """When it is to be accepted at the latest, queued now."""
        minutes = None if self.terms is None else self.terms.accept_within_minutes
        return None if minutes is None else now + timedelta(minutes=minutes)

    @property
    def leave_by(self) -> datetime | None:
        """When its contract asks for it to leave."""
        return self.assignment.promise.ship_by if self.terms is not None and self.terms.ship_by_cutoff else None


async def route(work: Work, order_ids: Collection[UUID], cause: str) -> list[Routed]:
    """Route what these orders still need and queue it: decisions, promises, stock, fulfilments and work orders in
    one transaction, all or nothing. `cause` is kept with the decisions.

    Orders that are held, cancelled, unpaid or to be reviewed, and those that need nothing, are passed over, so
    asking twice is harmless. A constant number of statements, but for orders that routing puts on hold.
    """
    locked = await take_over_wanted(work, await lock_orders(work, order_ids))
    await take_back_cancelled(work, [order.id for order in locked if order.store_state == StoreState.CANCELLED])
    routed, parts = await _allocate(work, [order for order in locked if is_routable(order)], cause)
    if not routed:
        return []
    await freeze_promises(work, _promises(routed))
    await set_backordered(work, _waiting(routed))
    await count(
        work,
        [
            LineChange(part.routed.order.id, portion.line_id, allocated=portion.quantity)
            for part in parts
            for portion in part.assignment.lines
        ],
    )
    await _insert(work, parts)
    _tell(work, routed, parts)
    held = {each.order.id: each.decision.reason for each in routed if each.decision.outcome is Outcome.HELD}
    for order_id, reason in held.items():
        await hold_order(work, order_id, HoldReason.CANNOT_BE_ROUTED, reason)
    return routed


async def _allocate(work: Work, orders: Sequence[LockedOrder], cause: str) -> tuple[list[Routed], list[Part]]:
    """Decide on the stock as it looks, and take what was decided; only when somebody was quicker, decide again with
    all of it locked. To lock every candidate's stock at once would make batches wait for each other."""
    await work.execute_raw("SAVEPOINT allocating")
    try:
        made = await _try_to_allocate(work, orders, cause, lock=False)
    except ShortOfStock:
        await work.execute_raw("ROLLBACK TO SAVEPOINT allocating")
        made = await _try_to_allocate(work, orders, cause, lock=True)
    await work.execute_raw("RELEASE SAVEPOINT allocating")
    return made


async def _try_to_allocate(
    work: Work, orders: Sequence[LockedOrder], cause: str, *, lock: bool
) -> tuple[list[Routed], list[Part]]:
    wishes = await open_wishes(work, [order.id for order in orders])
    routed = await decide(work, orders, cause, lock=lock, wishes=wishes)
    parts = [Part(ids.new(), each, one) for each in routed for one in each.decision.assignments]
    await move(work, [_allocation(part, product, units) for part in parts for product, units in _units(part)])
    return routed, parts


async def route_waiting(
    work: Work, product_ids: Collection[UUID] | None, after: tuple[datetime, UUID], cause: str
) -> tuple[datetime, UUID] | None:
    """Route the orders that wait for these products (None: for anything), oldest first, up to a batch of those
    after `after`. Gives where to go on, or None when no more wait."""
    waiting = await orders_waiting_for(work, product_ids, after, BATCH)
    await route(work, [order_id for order_id, _ in waiting], cause)
    if len(waiting) < BATCH:
        return None
    order_id, placed_at = waiting[-1]
    return placed_at, order_id


def is_routable(order: LockedOrder) -> bool:
    """True for an order that may go on: not held, cancelled, unpaid, in review, or done with."""
    return order.status in ROUTABLE and order.store_state != StoreState.CANCELLED


def _promises(routed: Sequence[Routed]) -> list[tuple[UUID, datetime, datetime]]:
    """(order, ship by, deliver by) of orders that have no promise yet: that of the slowest part, where the store asked
    several warehouses."""
    made: dict[UUID, tuple[datetime, datetime]] = {}
    for each in routed:
        promise = each.decision.promise
        if promise is not None and each.order.ship_by is None:
            ship_by, deliver_by = made.get(each.order.id, (promise.ship_by, promise.deliver_by))
            made[each.order.id] = (max(ship_by, promise.ship_by), max(deliver_by, promise.deliver_by))
    return [(order_id, *times) for order_id, times in made.items()]


def _waiting(routed: Sequence[Routed]) -> dict[UUID, bool]:
    """Of each order, whether some of it waits for stock."""
    waits = {each.order.id for each in routed if each.decision.outcome in {Outcome.BACKORDERED, Outcome.PARTLY_ROUTED}}
    return {each.order.id: each.order.id in waits for each in routed}


def _units(part: Part) -> list[tuple[UUID, int]]:
    """Units by product: two lines of one product, or kits that share a component, are one movement."""
    sums: dict[UUID, int] = {}
    for portion in part.assignment.lines:
        for product_id, units in portion.takes():
            sums[product_id] = sums.get(product_id, 0) + units
    return list(sums.items())


def _allocation(part: Part, product_id: UUID, units: int) -> Movement:
    return Movement(
        product_id=product_id,
        warehouse_id=part.assignment.warehouse_id,
        reason=MovementReason.ALLOCATED,
        document="fulfilment",
        document_id=part.id,
        available=-units,
        allocated=units,
    )


def _document(part: Part, said: Said, email: str) -> str:
    known = part.routed.lines
    lines = [
        DocumentLine(
            line_id=line.line_id,
            product_id=line.product_id,
            sku=line.sku,
            name=line.name,
            barcodes=line.barcodes,
            weight_grams=line.weight_grams,
            hs_code=line.hs_code,
            origin_country=line.origin_country,
            components=[
                DocumentPart(**msgspec.structs.asdict(each), handling=said.handling.get(each.product_id, Handling()))
                for each in line.components
            ],
            handling=said.handling.get(line.product_id, Handling()),
        )
        for line in (known[portion.line_id] for portion in part.assignment.lines)
    ]
    order = part.routed.order
    ship_to = address_for(ship_to_of(order), part.contact)
    return msgspec.json.encode(
        Document(
            order_number=order.number,
            ship_to=ship_to | ({"email": email} if email else {}),
            carrier=part.assignment.carrier,
            deliver_by=part.assignment.promise.deliver_by,
            lines=lines,
            contact=None if part.contact is None else [str(each) for each in part.contact],
            packing=msgspec.structs.replace(said.packing, gift_message=order.gift_message),
        )
    ).decode()


async def _insert(work: Work, parts: Sequence[Part]) -> None:
    if not parts:
        return
    telling = {part.routed.order.id for part in parts if Contact.EMAIL in (part.contact or ())}
    emails = await emails_of(work, telling) if telling else {}
    lines = [(part, portion) for part in parts for portion in part.assignment.lines]
    products = {line.product_id for part in parts for line in part.routed.lines.values()}
    said = await packing_said(work, products | {each.product_id for _, portion in lines for each in portion.components})
    components = [(part, portion, each) for part, portion in lines for each in portion.components]
    await work.execute_raw(
        INSERT,
        work.account_id,
        work.now,
        [part.id for part in parts],
        [part.routed.order.id for part in parts],
        [part.assignment.warehouse_id for part in parts],
        [part.operator_id for part in parts],
        [part.routed.decision_id for part in parts],
        [part.assignment.service for part in parts],
        [part.assignment.carrier for part in parts],
        [part.assignment.promise.ship_by for part in parts],
        [part.assignment.promise.deliver_by for part in parts],
        [
            _document(part, said, emails.get(part.routed.order.id, "") if Contact.EMAIL in (part.contact or ()) else "")
            for part in parts
        ],
        [part.id for part, _ in lines],
        [portion.line_id for _, portion in lines],
        [part.routed.order.id for part, _ in lines],
        [portion.product_id for _, portion in lines],
        [portion.quantity for _, portion in lines],
        [part.operator_id for part, _ in lines],
        [part.id for part, *_ in components],
        [portion.line_id for _, portion, _ in components],
        [each.product_id for *_, each in components],
        [each.units for *_, each in components],
        [part.single_sku for part in parts],
        [part.accept_by(work.now) for part in parts],
        [part.leave_by for part in parts],
    )


def _tell(work: Work, routed: Sequence[Routed], parts: Sequence[Part]) -> None:
    for each in routed:
        places = tuple(assignment.warehouse_id for assignment in each.decision.assignments)
        if places:
            complete = each.decision.outcome is Outcome.ROUTED
            work.publish(
                OrderRouted(
                    order_id=each.order.id, decision_id=each.decision_id, warehouse_ids=places, complete=complete
                )
            )
        elif each.decision.outcome is Outcome.BACKORDERED:
            work.publish(OrderBackordered(order_id=each.order.id, decision_id=each.decision_id))
    tell_operators(work, News.QUEUED, [(part.operator_id, part.id) for part in parts])
    for part in parts:
        work.publish(
            FulfilmentQueued(
                order_id=part.routed.order.id, fulfilment_id=part.id, warehouse_id=part.assignment.warehouse_id
            )
        )
