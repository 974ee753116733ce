"""Every look at orders, their lines, holds and requests, and every lock on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import select

from fulfilhub.orders.models import Order, OrderLine, OrderPromise, OrderTracking
from fulfilhub.orders.queries.beside import (
    EventRow,
    HoldRow,
    RequestRow,
    count_in_review,
    has_live_hold,
    holds_of,
    holds_of_orders,
    latest_events,
    requests_of_orders,
    timeline,
)
from fulfilhub.orders.queries.normal import normal_email, normal_number, normal_tracking
from fulfilhub.orders.queries.promises import PromiseRow, promises_of
from fulfilhub.orders.rules import OrderStatus, PromiseState
from fulfilhub.platform import ids
from fulfilhub.platform.database import Base
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.work import Work

__all__ = [
    "EventRow",
    "Filters",
    "HoldRow",
    "LineRow",
    "LockedOrder",
    "LockedWhole",
    "OrderRow",
    "PromiseRow",
    "RequestRow",
    "Whole",
    "count_in_review",
    "get_order",
    "get_orders",
    "has_live_hold",
    "holds_of",
    "holds_of_orders",
    "latest_events",
    "lines_of",
    "lines_of_orders",
    "list_orders",
    "lock_orders",
    "lock_told",
    "lock_wholes",
    "no_order",
    "normal_email",
    "normal_number",
    "normal_tracking",
    "orders_with_unknown_skus",
    "promises_of",
    "requests_of_orders",
    "timeline",
    "wholes_of",
]


class OrderRow(NamedTuple):
    """An order as stored. Money in minor units of `currency`."""

    id: UUID
    store_id: UUID
    external_id: str
    number: str
    currency: str
    total_minor: int
    service: str
    shipping_method: str
    email: str
    locale: str
    ship_to: dict[str, str] | None
    note: str
    gift_message: str
    tags: list[str]
    metadata: dict[str, str]
    store_state: str
    store_updated_at: datetime
    store_seen: dict[str, str]
    store_problems: list[str]
    placed_at: datetime
    status: OrderStatus
    review_reasons: list[dict[str, str]]
    pending_parts: list[str]
    wanted: dict[str, Any]
    backordered: bool
    cancelled_by: str | None
    ship_by: datetime | None
    deliver_by: datetime | None
    promised_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class LockedOrder(NamedTuple):
    """An order whose row is locked until the end of the work, with what those who act on it need to know.

    `wanted`: values that it shall have once no warehouse stands in the way. `held`: a hold lives. `shrinking`: fewer
    units of a line are wanted than warehouses have been given; taking work back lets `ordered` fall.
    """

    id: UUID
    store_id: UUID
    external_id: str
    number: str
    status: OrderStatus
    store_state: str
    service: str
    ship_to: dict[str, str] | None
    gift_message: str
    wanted: dict[str, Any]
    placed_at: datetime
    ship_by: datetime | None
    deliver_by: datetime | None
    version: int
    held: bool
    shrinking: bool


class LineRow(NamedTuple):
    """A line with its counters, as `rules.LineCounts` explains them."""

    order_id: UUID
    id: UUID
    position: int
    external_id: str
    sku: str
    variant_id: str | None
    title: str
    product_id: UUID | None
    unit_price_minor: int | None
    requires_shipping: bool
    elsewhere: int
    reduce_to: int | None
    ordered: int
    allocated: int
    picked: int
    shipped: int
    delivered: int
    cancelled: int
    return_requested: int
    returned: int


@dataclass(frozen=True, slots=True)
class Whole:
    """An order with its lines, holds and requests, the latter two in the order they were made. `promise` once it has
    one."""

    order: OrderRow
    lines: Sequence[LineRow]
    holds: Sequence[HoldRow] = ()
    requests: Sequence[RequestRow] = ()
    promise: PromiseRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a list of orders is narrowed to; None asks nothing. Times: from (included) and to (excluded)."""

    number: str | None = None
    email: str | None = None
    tracking_number: str | None = None
    status: OrderStatus | None = None
    store_id: UUID | None = None
    external_id: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    placed_after: datetime | None = None
    placed_before: datetime | None = None
    promise: PromiseState | None = None


def _columns(table: type[Base], row: type[NamedTuple]) -> list[object]:
    return [getattr(table, "metadata_" if name == "metadata" else name) for name in row._fields]


ORDER_COLUMNS = _columns(Order, OrderRow)
LINE_COLUMNS = _columns(OrderLine, LineRow)

LINE_NAMES = ", ".join(f"l.{name}" for name in LineRow._fields)
JSON_OF_ORDER = (
    "ship_to",
    "tags",
    "metadata",
    "store_seen",
    "store_problems",
    "review_reasons",
    "pending_parts",
    "wanted",
)
HELD = """EXISTS (SELECT 1 FROM holds AS h
                  WHERE h.merchant_id = o.merchant_id AND h.order_id = o.id AND h.released_at IS NULL)"""
SHRINKING = """EXISTS (SELECT 1 FROM order_lines AS l
                       WHERE l.merchant_id = o.merchant_id AND l.order_id = o.id AND l.reduce_to IS NOT NULL)"""
LOCK = f"""
SELECT {", ".join(f"o.{name}" for name in LockedOrder._fields[:-2])}, {HELD} AS held, {SHRINKING} AS shrinking
FROM orders AS o WHERE o.merchant_id = $1 AND o.id = ANY ($2) ORDER BY o.id FOR UPDATE OF o
"""  # noqa: S608 - names of columns only
LINES = f"""
SELECT {LINE_NAMES} FROM order_lines AS l WHERE l.merchant_id = $1 AND l.order_id = ANY ($2)
ORDER BY l.order_id, l.position, l.id
"""  # noqa: S608
LOCK_TOLD = """
SELECT id FROM orders WHERE merchant_id = $1 AND store_id = $2 AND external_id = ANY ($3) ORDER BY id FOR UPDATE
"""
WHOLE = f"""
SELECT {", ".join(f"o.{name}" for name in OrderRow._fields)},
       (SELECT json_agg(l ORDER BY l.position, l.id) FROM order_lines AS l
        WHERE l.merchant_id = o.merchant_id AND l.order_id = o.id)::text AS lines,
       {HELD} AS held
FROM orders AS o WHERE o.merchant_id = $1 AND o.id = ANY ($2)
"""  # noqa: S608


def no_order(order_id: UUID) -> NotFound:
    """The failure of asking for an order that is not there, or not the caller's."""
    return NotFound(f"There is no order {ids.ORDER.show(order_id)!r}.")


async def lock_orders(work: Work, order_ids: Collection[UUID]) -> list[LockedOrder]:
    """The merchant's orders of these ids, their rows locked until the end of the work, by id. Unknown ones are left
    out. Whoever needs locks on work or stock takes this one first.

    `held` and `shrinking` may be older than the lock when another work just ended; `status` is not.
    """
    if not order_ids:
        return []
    rows = await work.fetch_raw(LOCK, work.account_id, sorted(set(order_ids)))
    made = []
    for row in rows:
        values = dict(row.items())
        values |= {"ship_to": _json(values["ship_to"]), "wanted": _json(values["wanted"])}
        made.append(LockedOrder(**values | {"status": OrderStatus(values["status"])}))
    return made


def _json(value: object) -> object:
    # The driver gives JSON as text unless told otherwise; nobody changes its nature under SQLAlchemy's feet here.
    return msgspec.json.decode(value) if isinstance(value, str) else value


class LockedWhole(NamedTuple):
    """A whole order, locked."""

    order: OrderRow
    lines: list[LineRow]
    held: bool


async def lock_told(work: Work, store_id: UUID, external_ids: Collection[str]) -> dict[str, LockedWhole]:
    """Whole orders of a store by external id, locked."""
    rows = await work.fetch_raw(LOCK_TOLD, work.account_id, store_id, list(external_ids))
    found = await _read_locked(work, [row["id"] for row in rows])
    return {each.order.external_id: each for each in found}


async def lock_wholes(work: Work, order_ids: Collection[UUID]) -> list[LockedWhole]:
    """Whole orders, locked, by id; unknown ones are left out."""
    return await _read_locked(work, [order.id for order in await lock_orders(work, order_ids)])


async def _read_locked(work: Work, order_ids: Collection[UUID]) -> list[LockedWhole]:
    # A statement of its own: what one reads beside a lock it had to wait for may be older than the lock.
    if not order_ids:
        return []
    rows = await work.fetch_raw(WHOLE, work.account_id, list(order_ids))
    return sorted((_whole(row) for row in rows), key=lambda each: each.order.id)


def _whole(row: object) -> LockedWhole:
    values = dict(row.items())  # type: ignore[attr-defined]
    lines = msgspec.json.decode(values.pop("lines") or "[]", type=list[dict[str, object]])
    held = bool(values.pop("held"))
    for name in JSON_OF_ORDER:
        values[name] = _json(values[name])
    values["status"] = OrderStatus(values["status"])
    return LockedWhole(OrderRow(**values), [_line(line) for line in lines], held)


def _line(line: dict[str, object]) -> LineRow:
    line.pop("merchant_id")
    return msgspec.convert([line[name] for name in LineRow._fields], LineRow)


async def lines_of(work: Work, order_id: UUID) -> list[LineRow]:
    """The lines of one order, in their order."""
    return [LineRow._make(row) for row in await work.fetch_raw(LINES, work.account_id, [order_id])]


async def lines_of_orders(work: Work, order_ids: Collection[UUID]) -> dict[UUID, list[LineRow]]:
    """The lines of several orders, by order."""
    found: dict[UUID, list[LineRow]] = {}
    for row in await work.fetch_raw(LINES, work.account_id, list(order_ids)):
        line = LineRow._make(row)
        found.setdefault(line.order_id, []).append(line)
    return found


async def get_order(work: Work, order_id: UUID) -> Whole:
    """One order with lines, holds, requests and promise. Raises NotFound."""
    found = await get_orders(work, [order_id])
    if order_id not in found:
        raise no_order(order_id)
    return found[order_id]


async def get_orders(work: Work, order_ids: Collection[UUID]) -> dict[UUID, Whole]:
    """Orders with lines, holds, requests and promises, by id; unknown ones are left out."""
    if not order_ids:
        return {}
    query = select(*ORDER_COLUMNS).where(Order.merchant_id == work.account_id, Order.id.in_(order_ids))  # type: ignore[call-overload]
    return await wholes_of(work, [_order(row) for row in await work.db.execute(query)])


def _order(row: Sequence[object]) -> OrderRow:
    made = OrderRow._make(row)
    return made._replace(status=OrderStatus(made.status))


async def list_orders(work: Work, after: UUID | None, limit: int, filters: Filters) -> list[OrderRow]:
    """Orders by age, oldest first, those after the id `after` that pass every filter."""
    query = select(*ORDER_COLUMNS).where(Order.merchant_id == work.account_id).order_by(Order.id).limit(limit)  # type: ignore[call-overload]
    if after is not None:
        query = query.where(Order.id > after)
    if filters.tracking_number is not None:
        query = query.join(
            OrderTracking, (OrderTracking.merchant_id == Order.merchant_id) & (OrderTracking.order_id == Order.id)
        ).where(
            OrderTracking.merchant_id == work.account_id,
            OrderTracking.tracking_normal == normal_tracking(filters.tracking_number),
        )
    if filters.promise is not None:
        query = query.join(
            OrderPromise, (OrderPromise.merchant_id == Order.merchant_id) & (OrderPromise.order_id == Order.id)
        ).where(OrderPromise.merchant_id == work.account_id, OrderPromise.state == filters.promise)
    wanted = (
        (filters.number, lambda v: Order.number_normal == normal_number(v)),
        (filters.email, lambda v: Order.email_normal == normal_email(v)),
        (filters.status, lambda v: Order.status == v),
        (filters.store_id, lambda v: Order.store_id == v),
        (filters.external_id, lambda v: Order.external_id == v),
        (filters.created_after, lambda v: Order.created_at >= v),
        (filters.created_before, lambda v: Order.created_at < v),
        (filters.placed_after, lambda v: Order.placed_at >= v),
        (filters.placed_before, lambda v: Order.placed_at < v),
    )
    for value, condition in wanted:
        if value is not None:
            query = query.where(condition(value))
    return [_order(row) for row in await work.db.execute(query)]


async def wholes_of(work: Work, rows: Collection[OrderRow]) -> dict[UUID, Whole]:
    """These orders by id, with lines, holds, requests and promises: at most four statements, however many."""
    found = [row.id for row in rows]
    lines, holds = await lines_of_orders(work, found), await holds_of_orders(work, found)
    requests = await requests_of_orders(work, found)
    promised = [row.id for row in rows if row.promised_at is not None]
    promises = await promises_of(work, promised) if promised else {}
    return {
        row.id: Whole(
            row,
            lines.get(row.id, ()),
            holds.get(row.id, ()),
            requests.get(row.id, ()),
            promises.get(row.id),
        )
        for row in rows
    }


async def orders_with_unknown_skus(work: Work, skus: Collection[str], limit: int) -> list[UUID]:
    """Orders in review of which a line has one of these SKUs and no product yet."""
    query = (
        select(Order.id)
        .join(OrderLine, (OrderLine.merchant_id == Order.merchant_id) & (OrderLine.order_id == Order.id))
        .where(
            OrderLine.merchant_id == work.account_id,
            OrderLine.product_id.is_(None),
            OrderLine.sku.in_(skus),
            Order.status == OrderStatus.NEEDS_REVIEW,
        )
        .distinct()
        .limit(limit)
    )
    return list((await work.db.execute(query)).scalars())
