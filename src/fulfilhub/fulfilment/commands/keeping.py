"""Writes a fulfilment and its work order in step, set-based, in the merchant's scope and after both were locked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypedDict
from uuid import UUID

import msgspec

from fulfilhub.fulfilment.queries import WorkLine, WorkRow
from fulfilhub.fulfilment.rules import ENDED, Rejection, WorkState, address_for
from fulfilhub.inventory.commands import Movement
from fulfilhub.inventory.rules.stock import Bucket, MovementReason
from fulfilhub.platform.work import Work

SETTLE = """
WITH pairs AS (SELECT * FROM unnest($2::uuid[], $3::uuid[], $10::timestamptz[]) AS p (account_id, id, at)), w AS (
    UPDATE work_orders AS w
    SET state = $4, version = w.version + 1, updated_at = $5, reason = coalesce($6, w.reason),
        ended_at = CASE WHEN $7 THEN p.at ELSE w.ended_at END, packing = coalesce($9::jsonb, w.packing),
        accepted_at = CASE WHEN $4 = 'accepted' THEN coalesce(w.accepted_at, p.at) ELSE w.accepted_at END,
        look_at = CASE WHEN NOT $7 THEN w.look_at END, rejection = coalesce($11::jsonb, w.rejection),
        lease_id = CASE WHEN $8 THEN NULL ELSE w.lease_id END,
        lease_until = CASE WHEN $8 THEN NULL ELSE w.lease_until END
    FROM pairs AS p WHERE w.account_id = p.account_id AND w.id = p.id
)
UPDATE fulfilments AS f
SET state = $4, version = f.version + 1, updated_at = $5, reason = coalesce($6, f.reason)
FROM pairs AS p WHERE f.merchant_id = $1 AND f.id = p.id
"""
PROGRESS = """
WITH given AS (
    SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::int[], $7::int[])
                  AS g (account_id, work_id, line_id, picked, short, cancelled)
), w AS (
    UPDATE work_order_lines AS l SET picked = g.picked, short = g.short, cancelled = g.cancelled
    FROM given AS g WHERE l.account_id = g.account_id AND l.work_order_id = g.work_id AND l.line_id = g.line_id
)
UPDATE fulfilment_lines AS l SET picked = g.picked, short = g.short, cancelled = g.cancelled
FROM given AS g WHERE l.merchant_id = $1 AND l.fulfilment_id = g.work_id AND l.line_id = g.line_id
"""
FOUND = """
UPDATE fulfilment_components SET found = $5
WHERE merchant_id = $1 AND fulfilment_id = $2 AND line_id = $3 AND product_id = $4
"""
REJECTION = """
UPDATE work_orders SET rejection = $4::jsonb WHERE merchant_id = $1 AND account_id = $2 AND id = $3
"""
READDRESS = """
WITH d AS (
    SELECT * FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[]) AS d (account_id, id, ship_to, service)
), w AS (
    UPDATE work_orders AS w
    SET document = jsonb_set(w.document, '{ship_to}', d.ship_to::jsonb), service = d.service,
        version = w.version + 1, updated_at = $2
    FROM d WHERE w.merchant_id = $1 AND w.account_id = d.account_id AND w.id = d.id
)
UPDATE fulfilments AS f SET service = d.service, version = f.version + 1, updated_at = $2
FROM d WHERE f.merchant_id = $1 AND f.id = d.id
"""
REWRAP = """
UPDATE work_orders AS w
SET document = jsonb_set(w.document, '{packing}',
                         coalesce(w.document -> 'packing', '{}') || jsonb_build_object('gift_message', d.message)),
    version = w.version + 1, updated_at = $2
FROM unnest($3::uuid[], $4::uuid[], $5::text[]) AS d (account_id, id, message)
WHERE w.merchant_id = $1 AND w.account_id = d.account_id AND w.id = d.id
"""


class About(TypedDict):
    """What every fact about a fulfilment names."""

    order_id: UUID
    fulfilment_id: UUID
    warehouse_id: UUID


def about(row: WorkRow) -> About:
    """The names of a fact about this work."""
    return {"order_id": row.order_id, "fulfilment_id": row.id, "warehouse_id": row.warehouse_id}


async def settle(
    work: Work,
    rows: Sequence[WorkRow],
    state: WorkState,
    *,
    reason: str | None = None,
    end_lease: bool = False,
    packing: Sequence[Mapping[str, object]] | None = None,
    rejection: Rejection | None = None,
    at: Sequence[datetime | None] | None = None,
) -> None:
    """Put these work orders and their fulfilments into `state`; an ended one loses its lease too. `at` is when each was
    done, where that was before now."""
    ended = state in ENDED
    await work.execute_raw(
        SETTLE,
        work.account_id,
        [row.account_id for row in rows],
        [row.id for row in rows],
        str(state),
        work.now,
        reason,
        ended,
        ended or end_lease,
        None if packing is None else msgspec.json.encode(packing).decode(),
        [each or work.now for each in at or [None] * len(rows)],
        None if rejection is None else msgspec.json.encode(rejection).decode(),
    )


async def keep_progress(work: Work, lines: Iterable[tuple[WorkRow, WorkLine]]) -> None:
    """Keep how far these lines got, in the work order and in the fulfilment."""
    rows = [(row.account_id, row.id, line.line_id, line.picked, line.short, line.cancelled) for row, line in lines]
    if rows:
        await work.execute_raw(PROGRESS, work.account_id, *(list(column) for column in zip(*rows, strict=True)))


async def keep_found(work: Work, row: WorkRow, line_id: UUID, product_id: UUID, found: int) -> None:
    """Keep how many units of a kit's component were there when it was picked short."""
    await work.execute_raw(FOUND, work.account_id, row.id, line_id, product_id, found)


async def keep_rejection(work: Work, row: WorkRow, said: Rejection) -> None:
    """Keep what was said of lines that go elsewhere."""
    text = msgspec.json.encode(said).decode()
    await work.execute_raw(REJECTION, work.account_id, row.account_id, row.id, text)


def movement(row: WorkRow, product_id: UUID, units: int, reason: MovementReason, to: Bucket | None) -> Movement:
    """Allocated units of a work order going to another bucket of their level, or out of the building."""
    return Movement(
        product_id=product_id,
        warehouse_id=row.warehouse_id,
        reason=reason,
        document="fulfilment",
        document_id=row.id,
        allocated=-units,
        available=units if to is Bucket.AVAILABLE else 0,
        quarantined=units if to is Bucket.QUARANTINED else 0,
        damaged=units if to is Bucket.DAMAGED else 0,
    )


async def readdress(work: Work, rows: Iterable[tuple[WorkRow, Mapping[str, str], str]]) -> None:
    """Give these work orders another address, as far as each operator may know it, and service. The e-mail address that
    may stand beside it stays."""
    given = []
    for row, ship_to, service in rows:
        email = {name: value for name, value in row.document.ship_to.items() if name == "email"}
        shown = msgspec.json.encode(address_for(ship_to, row.document.contact) | email).decode()
        given.append((row.account_id, row.id, shown, service))
    if given:
        columns = (list(column) for column in zip(*given, strict=True))
        await work.execute_raw(READDRESS, work.account_id, work.now, *columns)


async def rewrap(work: Work, rows: Iterable[tuple[WorkRow, str]]) -> None:
    """Give these work orders another gift message."""
    given = [(row.account_id, row.id, message) for row, message in rows]
    if given:
        await work.execute_raw(
            REWRAP, work.account_id, work.now, *(list(column) for column in zip(*given, strict=True))
        )
