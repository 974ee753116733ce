"""Every look at what waits to go out to stores: lanes, notices, stock, and what happened since a lane looked last."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text

from fulfilhub.catalogue.models import Product
from fulfilhub.orders.models import Order, OrderLine
from fulfilhub.platform import ids
from fulfilhub.platform.work import Work
from fulfilhub.returns.models import Return, ReturnLine
from fulfilhub.stores.models import StoreLane, StoreReturn, StoreStock
from fulfilhub.stores.rules.returning import ReturnParts, ReturnTold


class LaneRow(NamedTuple):
    """One store's row; see `models.outgoing.StoreLane`."""

    store_id: UUID
    turn_id: UUID | None
    turn_due_at: datetime | None
    paused_until: datetime | None
    failures: int
    follows_orders: bool
    follows_states: bool
    follows_stock: bool
    after_seq: int
    ledger_id: UUID | None
    look_id: UUID | None
    look_due_at: datetime | None
    check_at: datetime | None
    checked_at: datetime | None


class StockRow(NamedTuple):
    """What one variant of a store should show, and what it shows as far as we know."""

    id: UUID
    variant_id: str
    location: str
    product_id: UUID
    sku: str
    wanted: int
    told: int | None
    state: str
    attempts: int
    code: str | None
    reason: str | None
    told_at: datetime | None
    drift_at: datetime | None
    drift_shown: int | None
    updated_at: datetime


class Outgoing(NamedTuple):
    """How much a store is still to be told, and how much it would not take or we gave up on."""

    waiting: int
    failed: int


class NewsRow(NamedTuple):
    """One event: its number, type, subject, and the return it is about, if any."""

    seq: int
    type: str
    subject_id: UUID
    return_id: UUID | None


LANE = tuple(getattr(StoreLane, name) for name in LaneRow._fields)
STOCK = tuple(Product.sku if name == "sku" else getattr(StoreStock, name) for name in StockRow._fields)
HEADS = (
    Return.id,
    Return.state,
    Return.decline_reason,
    Return.warehouse_id,
    Return.tracking_number,
    Return.tracking_url,
    Return.label_url,
    Order.external_id.label("order_name"),
    StoreReturn.external_id.label("told_as"),
)
EVENTS = """
SELECT seq, type, subject_id, (data ->> 'return_id')::uuid FROM events
WHERE account_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
"""
# Of a store that is disconnected, and of what it no longer follows, nothing is due.
NEXT_DUE = """
SELECT least(
    (SELECT min(u.due_at) FROM store_updates AS u
     WHERE u.merchant_id = $1 AND u.store_id = $2 AND u.state IN ('pending', 'in_doubt')),
    (SELECT min(n.due_at) FROM store_notices AS n
     WHERE n.merchant_id = $1 AND n.store_id = $2 AND n.state = 'pending'),
    (SELECT min(k.due_at) FROM store_stock AS k
     WHERE k.merchant_id = $1 AND k.store_id = $2 AND k.state IN ('pending', 'stale') AND l.follows_stock))
FROM store_lanes AS l JOIN stores AS s ON s.merchant_id = l.merchant_id AND s.id = l.store_id
WHERE l.merchant_id = $1 AND l.store_id = $2 AND s.state = 'connected'
"""
COUNTS = text(
    """
    SELECT coalesce(sum(size) FILTER (WHERE state IN ('pending', 'in_doubt', 'stale')), 0)::bigint,
           coalesce(sum(size) FILTER (WHERE state IN ('refused', 'failed')), 0)::bigint
    FROM (SELECT state, count(*) AS size FROM store_updates
          WHERE merchant_id = :account AND store_id = :store AND state <> 'sent' GROUP BY state
          UNION ALL
          SELECT state, count(*) FROM store_notices
          WHERE merchant_id = :account AND store_id = :store AND state <> 'told' GROUP BY state
          UNION ALL
          SELECT state, count(*) FROM store_stock
          WHERE merchant_id = :account AND store_id = :store AND state <> 'told' GROUP BY state) AS every
    """
)


async def lane(work: Work, store_id: UUID, *, lock: bool = False) -> LaneRow | None:
    """A store's lane, optionally locked; None for a store of platform api."""
    query = select(*LANE).where(StoreLane.merchant_id == work.account_id, StoreLane.store_id == store_id)
    row = (await work.db.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else LaneRow._make(row)


async def next_due(work: Work, store_id: UUID) -> datetime | None:
    """When the next of what waits for a store is due; None when nothing waits, or nobody can be told."""
    rows = await work.fetch_raw(NEXT_DUE, work.account_id, store_id)
    found: datetime | None = rows[0][0] if rows else None
    return found


async def news_after(work: Work, seq: int, limit: int) -> list[NewsRow]:
    """What happened to the merchant after a number of its event log, in order."""
    return [NewsRow._make(row) for row in await work.fetch_raw(EVENTS, work.account_id, seq, limit)]


async def outgoing_counts(work: Work, store_id: UUID) -> Outgoing:
    """How much waits to be told to a store, and how much failed."""
    row = (await work.db.execute(COUNTS, {"account": work.account_id, "store": store_id})).one()
    return Outgoing(row[0], row[1])


async def list_stock(work: Work, store_id: UUID, state: str | None, after: UUID | None, limit: int) -> list[StockRow]:
    """The variants whose stock a store is told, by when they were first known."""
    query = (
        select(*STOCK)
        .join(Product, (Product.merchant_id == StoreStock.merchant_id) & (Product.id == StoreStock.product_id))
        .where(StoreStock.merchant_id == work.account_id, StoreStock.store_id == store_id)
        .order_by(StoreStock.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(StoreStock.id > after)
    if state is not None:
        query = query.where(StoreStock.state == state)
    return [StockRow._make(row) for row in await work.db.execute(query)]


async def returns_told(
    work: Work, return_ids: Collection[UUID], locations: Mapping[UUID, str], *, refund: bool
) -> dict[UUID, ReturnTold]:
    """Returns as their stores are to be told of them, by id. `locations`: the store's own of each warehouse; `refund`:
    the store is to refund what was inspected."""
    heads = await work.db.execute(
        select(*HEADS)
        .join(Order, (Order.merchant_id == Return.merchant_id) & (Order.id == Return.order_id))
        .outerjoin(StoreReturn, (StoreReturn.merchant_id == Return.merchant_id) & (StoreReturn.return_id == Return.id))
        .where(Return.merchant_id == work.account_id, Return.id.in_(return_ids))
    )
    parts = await _parts(work, return_ids)
    return {
        row.id: ReturnTold(
            reference=ids.RETURN.show(row.id),
            order_external_id=row.order_name,
            state=row.state,
            lines=tuple(parts.get(row.id, ())),
            declined=row.decline_reason or "",
            tracking_number=row.tracking_number,
            tracking_url=row.tracking_url,
            label_url=row.label_url,
            location=locations.get(row.warehouse_id, "") if row.warehouse_id is not None else "",
            refund=refund,
            told_as=row.told_as or "",
        )
        for row in heads
    }


async def _parts(work: Work, return_ids: Collection[UUID]) -> dict[UUID, list[ReturnParts]]:
    parts: dict[UUID, list[ReturnParts]] = {}
    counted = ("advised", "received", "restocked", "quarantined", "disposed")
    lines = await work.db.execute(
        select(
            ReturnLine.return_id,
            OrderLine.external_id,
            *(func.sum(getattr(ReturnLine, name)).label(name) for name in counted),
            func.min(ReturnLine.reason).label("reason"),
        )
        .join(
            OrderLine,
            (OrderLine.merchant_id == ReturnLine.merchant_id)
            & (OrderLine.order_id == ReturnLine.order_id)
            & (OrderLine.id == ReturnLine.order_line_id),
        )
        .where(ReturnLine.merchant_id == work.account_id, ReturnLine.return_id.in_(return_ids))
        .group_by(ReturnLine.return_id, OrderLine.external_id)
        .order_by(ReturnLine.return_id, OrderLine.external_id)
    )
    for return_id, external_id, *units, reason in lines:
        advised, received, restocked, quarantined, disposed = map(int, units)
        parts.setdefault(return_id, []).append(
            ReturnParts(external_id, advised, received, restocked, quarantined, disposed, reason)
        )
    return parts


async def lines_by_external_id(work: Work, order_id: UUID) -> dict[str, UUID]:
    """An order's lines by the store's own ids of them."""
    query = select(OrderLine.external_id, OrderLine.id).where(
        OrderLine.merchant_id == work.account_id, OrderLine.order_id == order_id
    )
    return {row.external_id: row.id for row in await work.db.execute(query)}


async def variants_of(work: Work, store_id: UUID, product_ids: Sequence[UUID] | None) -> list[tuple[str, UUID, bool]]:
    """A store's variants of these products (None: of all) as (variant, product, whether it was only learned)."""
    rows = await work.fetch_raw(VARIANTS, work.account_id, store_id, product_ids)
    return [(row[0], row[1], row[2]) for row in rows]


# What a listing says of a variant wins over what orders said, and the last of these is learned for no location yet.
VARIANTS = """
SELECT l.external_id, l.product_id, false FROM listings AS l
WHERE l.merchant_id = $1 AND l.store_id = $2 AND ($3::uuid[] IS NULL OR l.product_id = ANY ($3))
UNION ALL
(SELECT DISTINCT ON (k.variant_id) k.variant_id, k.product_id, true FROM store_stock AS k
 WHERE k.merchant_id = $1 AND k.store_id = $2 AND k.learned AND ($3::uuid[] IS NULL OR k.product_id = ANY ($3))
   AND NOT EXISTS (SELECT FROM listings AS l
                   WHERE l.merchant_id = k.merchant_id AND l.store_id = k.store_id AND l.external_id = k.variant_id)
 ORDER BY k.variant_id, k.location)
"""
