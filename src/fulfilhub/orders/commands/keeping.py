"""How orders are written: one statement for new ones, one for changed ones, however many there are.

Rows travel as JSON and are joined by primary key only, so the plan is the same for one order and for a thousand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from fulfilhub.orders.queries import LineRow
from fulfilhub.platform import ids
from fulfilhub.platform.work import Work

# What the store or the merchant says; `version` and the promise are kept elsewhere.
TOLD = {
    "number": "text",
    "number_normal": "text",
    "currency": "text",
    "total_minor": "bigint",
    "service": "text",
    "shipping_method": "text",
    "email": "text",
    "email_normal": "text",
    "locale": "text",
    "ship_to": "jsonb",
    "note": "text",
    "gift_message": "text",
    "tags": "jsonb",
    "metadata": "jsonb",
    "store_state": "text",
    "store_updated_at": "timestamptz",
    "store_seen": "jsonb",
    "store_problems": "jsonb",
    "placed_at": "timestamptz",
    "status": "text",
    "review_reasons": "jsonb",
    "pending_parts": "jsonb",
    "wanted": "jsonb",
    "cancelled_by": "text",
}
LINE_TOLD = {
    "position": "int",
    "sku": "text",
    "variant_id": "text",
    "title": "text",
    "product_id": "uuid",
    "unit_price_minor": "bigint",
    "requires_shipping": "boolean",
    "elsewhere": "int",
    "reduce_to": "int",
    "ordered": "int",
    "cancelled": "int",
}
LINE_KEYS = {"order_id": "uuid", "id": "uuid", "external_id": "text"}


def _typed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


_ORDER = ", ".join(TOLD)
_LINE = ", ".join((*LINE_KEYS, *LINE_TOLD))
_LINES_IN = f"json_to_recordset($4::json) AS l ({_typed(LINE_KEYS | LINE_TOLD)})"

INSERT = f"""
WITH made AS (
    INSERT INTO orders (merchant_id, id, store_id, external_id, {_ORDER}, backordered, created_at, updated_at)
    SELECT $1, o.id, o.store_id, o.external_id, {", ".join(f"o.{name}" for name in TOLD)}, false, $2, $2
    FROM json_to_recordset($3::json) AS o (id uuid, store_id uuid, external_id text, {_typed(TOLD)})
    ORDER BY o.external_id
    ON CONFLICT (merchant_id, store_id, external_id) DO NOTHING
    RETURNING id
), lined AS (
    INSERT INTO order_lines (merchant_id, {_LINE})
    SELECT $1, {", ".join(f"l.{name}" for name in (*LINE_KEYS, *LINE_TOLD))}
    FROM made JOIN {_LINES_IN} ON l.order_id = made.id
)
SELECT id FROM made
"""  # noqa: S608 - names of columns only
INSERT_RAW = INSERT.replace(
    "WITH made AS",
    """WITH raw AS (
    INSERT INTO inbox (account_id, id, source, topic, dedupe_key, payload, received_at, expires_at, handled_at, outcome)
    SELECT $1, r.id, r.source, r.topic, r.key, r.payload, $2, r.expires_at, $2, 'taken'
    FROM unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::bytea[], $10::timestamptz[])
         AS r (id, source, topic, key, payload, expires_at)
), made AS""",
)
UPDATE = f"""
WITH lined AS (
    INSERT INTO order_lines AS old (merchant_id, {_LINE})
    SELECT $1, {", ".join(f"l.{name}" for name in (*LINE_KEYS, *LINE_TOLD))} FROM {_LINES_IN} ORDER BY l.order_id, l.id
    ON CONFLICT (merchant_id, order_id, id) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in LINE_TOLD)}
)
UPDATE orders AS old
SET {", ".join(f"{name} = o.{name}" for name in TOLD)}, version = old.version + o.step,
    updated_at = CASE WHEN o.step > 0 THEN $2 ELSE old.updated_at END
FROM json_to_recordset($3::json) AS o (id uuid, step int, {_typed(TOLD)})
WHERE old.merchant_id = $1 AND old.id = o.id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Sealed:
    """A raw message, sealed already (`inbox.seal`), to be kept with the orders that were read from it."""

    source: str
    topic: str
    payload: bytes
    expires_at: datetime


async def insert(
    work: Work, orders: Sequence[Mapping[str, object]], lines: Sequence[LineRow], raws: Sequence[Sealed]
) -> set[UUID]:
    """Write new orders with their lines, and the raw messages; gives the ids of those whose external id was new."""
    args: list[object] = [work.account_id, work.now, _json(orders), _json([_line(line) for line in lines])]
    if raws:
        made = [ids.new() for _ in raws]
        args += [made, [raw.source for raw in raws], [raw.topic for raw in raws], [str(key) for key in made]]
        args += [[raw.payload for raw in raws], [raw.expires_at for raw in raws]]
    rows = await work.fetch_raw(INSERT_RAW if raws else INSERT, *args)
    return {row["id"] for row in rows}


async def update(work: Work, orders: Sequence[Mapping[str, object]], lines: Sequence[LineRow]) -> None:
    """Write changed orders (locked) and their lines, new ones too. `step` of an order is added to its version."""
    if orders:
        await work.execute_raw(UPDATE, work.account_id, work.now, _json(orders), _json([_line(line) for line in lines]))


def _line(line: LineRow) -> dict[str, object]:
    return {name: getattr(line, name) for name in (*LINE_KEYS, *LINE_TOLD)}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
