"""Every look at orders as their shop sees them: states of many in one statement, and all that one order's page
shows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, TypeVar
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import select

from fulfilhub.fulfilment.rules import WorkState
from fulfilhub.inventory.models import Warehouse
from fulfilhub.orders.queries import latest_events
from fulfilhub.orders.rules import OrderStatus, PromiseCause, PromiseState
from fulfilhub.platform import inbox
from fulfilhub.platform.errors import Conflict, FulfilHubError, NotFound
from fulfilhub.platform.work import Work
from fulfilhub.returns.models import Return, ReturnLine
from fulfilhub.returns.rules import ReturnState
from fulfilhub.routing.queries import DecisionRow, decisions
from fulfilhub.storefront.rules import (
    Decided,
    Happened,
    Held,
    Known,
    OrderPanel,
    OrderState,
    Pending,
    Returning,
    Sent,
    panel_of,
    state_of,
)
from fulfilhub.storefront.rules.panel import MOST_ENTRIES

T = TypeVar("T")

Page = Callable[[UUID], str]
"""Makes the customer's link of an order (`orders.routes.links`)."""

# `changes` adds up three counts that only ever grow: the order's version, what is on its timeline, and how often its
# parcels moved on. Whatever a shop is shown raises one of them. Orders are looked up one by one, by their own index: as
# a list and in order, the planner may read a merchant's whole history instead.
STATES = """
WITH mine AS MATERIALIZED (
    SELECT o.* FROM unnest($3::text[]) AS w (told) CROSS JOIN LATERAL (
        SELECT o.* FROM orders AS o
        WHERE o.merchant_id = $1 AND o.store_id = $2 AND o.external_id = w.told LIMIT 1) AS o
)
SELECT o.id, o.external_id, o.version + happened.times + moved.times AS changes, o.status,
       coalesce(o.ship_to ->> 'country', '') AS country, o.review_reasons::text AS review, o.ship_by, o.deliver_by,
       p.state AS promise, p.cause,
       (SELECT json_agg(h ORDER BY h.id) FROM (
            SELECT h.id, h.reason, h.note, h.until FROM holds AS h
            WHERE h.merchant_id = $1 AND h.order_id = o.id AND h.released_at IS NULL) AS h)::text AS holds,
       (SELECT json_agg(r ORDER BY r.id) FROM (
            SELECT r.id, r.kind, r.asked_at FROM order_requests AS r
            WHERE r.merchant_id = $1 AND r.order_id = o.id AND r.state = 'requested') AS r)::text AS requests,
       ARRAY(SELECT f.state FROM fulfilments AS f WHERE f.merchant_id = $1 AND f.order_id = o.id) AS works,
       EXISTS (SELECT FROM order_lines AS l
               WHERE l.merchant_id = $1 AND l.order_id = o.id AND l.delivered > l.return_requested) AS returnable,
       (SELECT json_agg(s ORDER BY s.id) FROM (
            SELECT s.id, s.shipped_at, coalesce((SELECT json_agg(y ORDER BY y.position) FROM (
                SELECT y.position, y.carrier, y.tracking_number, y.state, y.state_at, coalesce((
                    SELECT json_agg(json_build_array(l.external_id, c.quantity) ORDER BY l.position, l.id)
                    FROM parcel_contents AS c
                    JOIN order_lines AS l ON l.merchant_id = $1 AND l.order_id = o.id AND l.id = c.line_id
                    WHERE c.merchant_id = $1 AND c.parcel_id = y.id), '[]') AS lines
                FROM parcels AS y WHERE y.merchant_id = $1 AND y.shipment_id = s.id) AS y), '[]') AS parcels
            FROM shipments AS s WHERE s.merchant_id = $1 AND s.order_id = o.id) AS s)::text AS shipments,
       greatest(o.updated_at, happened.last, moved.last) AS updated_at
FROM mine AS o
LEFT JOIN order_promises AS p ON p.merchant_id = o.merchant_id AND p.order_id = o.id
CROSS JOIN LATERAL (SELECT count(*) AS times, max(e.occurred_at) AS last FROM events AS e
                    WHERE e.account_id = $1 AND e.subject_id = o.id) AS happened
CROSS JOIN LATERAL (SELECT coalesce(sum(y.version), 0) AS times, max(y.updated_at) AS last FROM parcels AS y
                    WHERE y.merchant_id = $1 AND y.order_id = o.id) AS moved
ORDER BY o.id
"""
LINES = """
SELECT o.id, l.id AS line_id, l.external_id AS told
FROM orders AS o LEFT JOIN order_lines AS l ON l.merchant_id = o.merchant_id AND l.order_id = o.id
WHERE o.merchant_id = $1 AND o.store_id = $2 AND o.external_id = $3
"""


class _Reason(msgspec.Struct):
    code: str
    sentence: str = ""


class OrderOfShop(NamedTuple):
    """One of a shop's orders, and the shop's own ids of its lines."""

    id: UUID
    lines: dict[UUID, str]


async def order_states(work: Work, store_id: UUID, external_ids: Collection[str], page: Page) -> list[OrderState]:
    """The states of a store's orders, in one statement however many; unknown ones are left out."""
    rows = await work.fetch_raw(STATES, work.account_id, store_id, sorted(set(external_ids)))
    return [state_of(_known(row), page(row["id"])) for row in rows]


async def order_panel(work: Work, store_id: UUID, external_id: str, page: Page) -> OrderPanel:
    """All that the shop's page of one order shows. Raises NotFound (`order_not_here`), or Conflict (`order_waiting`,
    `order_unreadable`) when only its delivery is here."""
    found = await order_states(work, store_id, [external_id], page)
    if not found:
        raise await _why_not(work, store_id, external_id)
    order = await order_of_shop(work, store_id, external_id)
    events = [
        Happened(row.type, row.data, row.occurred_at) for row in await latest_events(work, order.id, MOST_ENTRIES)
    ]
    decided = await decisions(work, order.id, 1)
    return panel_of(
        found[0], events, await _decided(work, decided[0]) if decided else None, await _returns(work, order)
    )


async def order_of_shop(work: Work, store_id: UUID, external_id: str) -> OrderOfShop:
    """A store's order by the store's own id. Raises as `order_panel`."""
    rows = await work.fetch_raw(LINES, work.account_id, store_id, external_id)
    if not rows:
        raise await _why_not(work, store_id, external_id)
    return OrderOfShop(rows[0]["id"], {row["line_id"]: row["told"] for row in rows if row["line_id"] is not None})


async def _why_not(work: Work, store_id: UUID, external_id: str) -> FulfilHubError:
    """What is to be said of an order that is not here: perhaps its delivery is."""
    told = await inbox.last_about(work, inbox.store_source(store_id), external_id)
    # What a delivery came to is said in the words of `stores.rules.Outcome`: `reread` waits for the shop itself.
    if told is not None and told.outcome == "unreadable":
        detail = f"The order arrived, but is not kept: {told.detail or 'it could not be read.'} Send it again."
        return Conflict(detail, code="order_unreadable")
    if told is not None and told.topic != "order.deleted" and (told.handled_at is None or told.outcome == "reread"):
        return Conflict("The order has arrived and is read in a moment: ask again soon.", code="order_waiting")
    return NotFound("FulfilHub has no such order of this store: send it.", code="order_not_here")


async def _decided(work: Work, row: DecisionRow) -> Decided:
    fenced = {each.warehouse_id: [fence.sentence for fence in each.fences] for each in row.candidates if each.fences}
    chosen = [each.warehouse_id for each in row.assignments]
    names = await _names(work, {*chosen, *fenced})
    return Decided(
        at=row.decided_at,
        reason=row.reason,
        chosen=[names[each] for each in chosen if each in names],
        excluded=[(names[each], reasons) for each, reasons in fenced.items() if each in names],
    )


async def _names(work: Work, warehouse_ids: Collection[UUID]) -> dict[UUID, str]:
    """Names of warehouses, of those that the merchant may (still) see."""
    if not warehouse_ids:
        return {}
    query = select(Warehouse.id, Warehouse.name).where(Warehouse.id.in_(warehouse_ids))
    return {row.id: row.name for row in await work.db.execute(query)}


async def _returns(work: Work, order: OrderOfShop) -> list[Returning]:
    query = (
        select(Return.id, Return.state, ReturnLine.order_line_id, ReturnLine.advised)
        .join(ReturnLine, (ReturnLine.merchant_id == Return.merchant_id) & (ReturnLine.return_id == Return.id))
        .where(Return.merchant_id == work.account_id, Return.order_id == order.id)
        .order_by(Return.id, ReturnLine.id)
    )
    found: dict[tuple[UUID, str], list[tuple[str, int]]] = {}
    for return_id, state, line_id, units in await work.db.execute(query):
        found.setdefault((return_id, state), []).append((order.lines[line_id], units))
    return [Returning(return_id, ReturnState(state), lines) for (return_id, state), lines in found.items()]


def _known(row: asyncpg.Record) -> Known:
    return Known(
        id=row["id"],
        external_id=row["external_id"],
        changes=int(row["changes"]),
        status=OrderStatus(row["status"]),
        country=row["country"],
        review=[(each.code, each.sentence) for each in _read(row["review"], list[_Reason])],
        holds=_read(row["holds"], list[Held]),
        ship_by=row["ship_by"],
        deliver_by=row["deliver_by"],
        promise=row["promise"] and PromiseState(row["promise"]),
        cause=row["cause"] and PromiseCause(row["cause"]),
        shipments=_read(row["shipments"], list[Sent]),
        requests=_read(row["requests"], list[Pending]),
        works=[WorkState(each) for each in row["works"]],
        returnable=row["returnable"],
        updated_at=row["updated_at"],
    )


def _read(text: str | None, kind: type[list[T]]) -> Sequence[T]:
    return msgspec.json.decode(text or "[]", type=kind)
