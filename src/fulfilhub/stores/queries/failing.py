"""What of a store needs a person, from all the places where something can fail."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from fulfilhub.orders.models import Order
from fulfilhub.orders.rules import OrderStatus
from fulfilhub.platform.inbox import store_source
from fulfilhub.platform.work import Work


class FailingRow(NamedTuple):
    """One failing item. `subject` is what a person would look for: an order's number, a SKU, a message's topic;
    `order_id` the order it is about, where it is about one."""

    id: UUID
    kind: str
    subject: str
    order_id: UUID | None
    code: str | None
    reason: str
    attempts: int
    since: datetime


# Each part has an index of just what fails, and gives no more than the page takes.
FAILING = """
SELECT id, kind, subject, order_id, code, reason, attempts, since FROM (
    (SELECT i.id, 'message' AS kind, i.topic AS subject, NULL::uuid AS order_id, 'unreadable' AS code,
            coalesce(i.detail, '') AS reason, 1 AS attempts, i.received_at AS since
     FROM inbox AS i
     WHERE i.account_id = $1 AND i.source = $3 AND i.outcome = 'unreadable' AND ($4::uuid IS NULL OR i.id > $4)
     ORDER BY i.id LIMIT $5)
    UNION ALL
    (SELECT o.id, 'order', o.number, o.id, o.review_reasons -> 0 ->> 'code',
            coalesce(o.review_reasons -> 0 ->> 'sentence', ''), 1, o.updated_at
     FROM orders AS o
     WHERE o.merchant_id = $1 AND o.status = 'needs_review' AND o.store_id = $2 AND ($4::uuid IS NULL OR o.id > $4)
     ORDER BY o.id LIMIT $5)
    UNION ALL
    (SELECT u.id, 'shipment', o.number, u.order_id, u.code, coalesce(u.reason, ''), u.attempts, u.updated_at
     FROM store_updates AS u JOIN orders AS o ON o.merchant_id = u.merchant_id AND o.id = u.order_id
     WHERE u.merchant_id = $1 AND u.store_id = $2 AND u.state IN ('refused', 'failed')
       AND ($4::uuid IS NULL OR u.id > $4)
     ORDER BY u.id LIMIT $5)
    UNION ALL
    (SELECT n.id, n.kind, o.number, n.order_id, n.code, coalesce(n.reason, ''), n.attempts, n.updated_at
     FROM store_notices AS n JOIN orders AS o ON o.merchant_id = n.merchant_id AND o.id = n.order_id
     WHERE n.merchant_id = $1 AND n.store_id = $2 AND n.state IN ('refused', 'failed')
       AND n.code IS DISTINCT FROM 'no_plugin' AND ($4::uuid IS NULL OR n.id > $4)
     ORDER BY n.id LIMIT $5)
    UNION ALL
    (SELECT k.id, 'stock', p.sku, NULL::uuid, coalesce(k.code, k.state), coalesce(k.reason, ''), k.attempts,
            k.updated_at
     FROM store_stock AS k JOIN products AS p ON p.merchant_id = k.merchant_id AND p.id = k.product_id
     WHERE k.merchant_id = $1 AND k.store_id = $2 AND k.state IN ('failed', 'missing')
       AND ($4::uuid IS NULL OR k.id > $4)
     ORDER BY k.id LIMIT $5)
    UNION ALL
    (SELECT a.id, 'assignment', coalesce(o.number, a.order_external_id), p.order_id, p.code, coalesce(p.reason, ''),
            p.attempts, p.updated_at
     FROM store_assigned_orders AS p
     JOIN LATERAL (SELECT id, order_external_id FROM store_assignments AS s
                   WHERE s.merchant_id = p.merchant_id AND s.store_id = p.store_id
                     AND s.order_external_id = p.external_id ORDER BY s.id LIMIT 1) AS a ON true
     LEFT JOIN orders AS o ON o.merchant_id = p.merchant_id AND o.id = p.order_id
     WHERE p.merchant_id = $1 AND p.store_id = $2 AND p.code IS NOT NULL AND ($4::uuid IS NULL OR a.id > $4)
     ORDER BY a.id LIMIT $5)
    UNION ALL
    (SELECT r.id, 'store_return', coalesce(nullif(r.name, ''), r.order_external_id), r.order_id, r.code,
            coalesce(r.reason, ''), 1, r.updated_at
     FROM store_returns AS r
     WHERE r.merchant_id = $1 AND r.store_id = $2 AND r.code IS NOT NULL AND ($4::uuid IS NULL OR r.id > $4)
     ORDER BY r.id LIMIT $5)
) AS every ORDER BY id LIMIT $5
"""


async def list_failing(work: Work, store_id: UUID, after: UUID | None, limit: int) -> list[FailingRow]:
    """What of a store needs a person, by when each first came up."""
    rows = await work.fetch_raw(FAILING, work.account_id, store_id, store_source(store_id), after, limit)
    return [FailingRow._make(row) for row in rows]


async def order_in_review(work: Work, store_id: UUID, order_id: UUID) -> str | None:
    """The store's own id of an order that waits for review; None when it does not."""
    query = select(Order.external_id).where(
        Order.merchant_id == work.account_id,
        Order.id == order_id,
        Order.store_id == store_id,
        Order.status == OrderStatus.NEEDS_REVIEW,
    )
    return (await work.db.execute(query)).scalar_one_or_none()
