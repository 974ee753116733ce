"""Looks at what stands beside an order: holds, timeline, and what was asked of warehouses that have it in hand; and how
many wait for somebody."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from fulfilhub.orders.models import Hold, Order, OrderRequest
from fulfilhub.orders.rules import Asked, OrderStatus
from fulfilhub.platform.events import Event
from fulfilhub.platform.work import Work


class HoldRow(NamedTuple):
    id: UUID
    order_id: UUID
    reason: str
    name: str
    note: str
    source: str
    caused_by: str
    placed_by: str
    placed_at: datetime
    until: datetime | None
    released_by: str | None
    released_at: datetime | None


class RequestRow(NamedTuple):
    """What was asked of a warehouse, and what came of it."""

    id: UUID
    order_id: UUID
    fulfilment_id: UUID
    warehouse_id: UUID
    kind: str
    asked: Asked
    asked_by: str
    note: str
    state: str
    reason: str | None
    answer_note: str
    carried_out: bool | None
    on_silence: str
    asked_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    answered_by: str | None


class EventRow(NamedTuple):
    """One event of an order's timeline."""

    id: UUID
    type: str
    data: dict[str, object]
    actor: str
    occurred_at: datetime


HOLD_COLUMNS = [getattr(Hold, name) for name in HoldRow._fields]
EVENT_COLUMNS = [getattr(Event, name) for name in EventRow._fields]
REQUEST_COLUMNS = [getattr(OrderRequest, name) for name in RequestRow._fields]


async def holds_of(work: Work, order_id: UUID) -> list[HoldRow]:
    """All holds of an order, released ones too, oldest first."""
    return (await holds_of_orders(work, [order_id])).get(order_id, [])


async def holds_of_orders(work: Work, order_ids: Collection[UUID]) -> dict[UUID, list[HoldRow]]:
    """All holds of these orders, by order, oldest first."""
    query = (
        select(*HOLD_COLUMNS)
        .where(Hold.merchant_id == work.account_id, Hold.order_id.in_(order_ids))
        .order_by(Hold.order_id, Hold.id)
    )
    found: dict[UUID, list[HoldRow]] = {}
    for row in await work.db.execute(query):
        found.setdefault(row.order_id, []).append(HoldRow._make(row))
    return found


async def requests_of_orders(work: Work, order_ids: Collection[UUID]) -> dict[UUID, list[RequestRow]]:
    """All that was asked of warehouses about these orders, answered or not, by order, oldest first."""
    query = (
        select(*REQUEST_COLUMNS)
        .where(OrderRequest.merchant_id == work.account_id, OrderRequest.order_id.in_(order_ids))
        .order_by(OrderRequest.order_id, OrderRequest.id)
    )
    found: dict[UUID, list[RequestRow]] = {}
    for row in await work.db.execute(query):
        made = RequestRow._make(row)
        found.setdefault(row.order_id, []).append(made._replace(asked=msgspec.convert(made.asked, Asked)))
    return found


async def has_live_hold(work: Work, order_id: UUID) -> bool:
    """Whether anything holds the order back."""
    return any(hold.released_at is None for hold in await holds_of(work, order_id))


async def timeline(work: Work, order_id: UUID, after: UUID | None, limit: int) -> list[EventRow]:
    """What happened to an order, oldest first, after the event `after`."""
    query = (
        select(*EVENT_COLUMNS)
        .where(Event.account_id == work.account_id, Event.subject_id == order_id)
        .order_by(Event.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Event.id > after)
    return [EventRow._make(row) for row in await work.db.execute(query)]


async def latest_events(work: Work, order_id: UUID, limit: int) -> list[EventRow]:
    """What happened to an order last, newest first."""
    query = (
        select(*EVENT_COLUMNS)
        .where(Event.account_id == work.account_id, Event.subject_id == order_id)
        .order_by(Event.id.desc())
        .limit(limit)
    )
    return [EventRow._make(row) for row in await work.db.execute(query)]


async def count_in_review(work: Work, store_id: UUID) -> int:
    """How many orders of a store wait for somebody to correct them."""
    query = select(func.count()).where(
        Order.merchant_id == work.account_id, Order.status == OrderStatus.NEEDS_REVIEW, Order.store_id == store_id
    )
    return int((await work.db.execute(query)).scalar_one())


async def emails_of(work: Work, order_ids: Collection[UUID]) -> dict[UUID, str]:
    """The customer's e-mail address, as the order holds it, by order."""
    query = select(Order.id, Order.email).where(Order.merchant_id == work.account_id, Order.id.in_(order_ids))
    return {row.id: row.email for row in await work.db.execute(query)}
