"""Looks at what merchants say of packing: their policy, and how each product is to be handled."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import select

from fulfilhub.fulfilment.models import PackingPolicyRow
from fulfilhub.fulfilment.queries.documents import Handling, Packing
from fulfilhub.fulfilment.rules import PackingPolicy
from fulfilhub.inventory.queries.boxes import BoxRow, boxes_of
from fulfilhub.inventory.rules.packing import WeightTolerance
from fulfilhub.platform.work import Work

# One statement for a batch: what is said of packing adds one look to routing, however much is said.
SAID = """
SELECT a.name, p.brand_name, p.brand_colour, p.slip_message, p.instructions, p.inserts::text AS inserts, (
    SELECT json_object_agg(x.id, json_strip_nulls(json_build_object(
        'length_mm', x.length_mm, 'width_mm', x.width_mm, 'height_mm', x.height_mm, 'upright', x.upright,
        'fragile', x.fragile, 'dangerous_goods', x.dangerous_goods, 'packing_note', x.packing_note)))::text
    FROM products AS x WHERE x.merchant_id = $1 AND x.id = ANY ($2)) AS handling
FROM accounts AS a LEFT JOIN packing_policies AS p ON p.merchant_id = a.account_id WHERE a.account_id = $1
"""

WEIGHING = """
SELECT w.warehouse_id, h.weight_tolerance::text AS weight_tolerance
FROM work_orders AS w JOIN warehouses AS h ON h.account_id = w.account_id AND h.id = w.warehouse_id
WHERE w.account_id = $1 AND w.id = $2
"""


class Said(NamedTuple):
    """What a merchant says of packing; `handling` by product id."""

    packing: Packing
    handling: Mapping[UUID, Handling]


class PolicyRow(NamedTuple):
    """The merchant's present policy; version 0 is the one every merchant begins with."""

    policy: PackingPolicy
    version: int


async def packing_said(work: Work, product_ids: Collection[UUID]) -> Said:
    """The merchant's wishes as work orders carry them, and how these products are to be handled."""
    (row,) = await work.fetch_raw(SAID, work.account_id, list(product_ids))
    packing = Packing(
        brand_name=row["brand_name"] or row["name"],
        brand_colour=row["brand_colour"] or "",
        slip_message=row["slip_message"] or "",
        instructions=row["instructions"] or "",
        inserts=msgspec.json.decode(row["inserts"], type=list[str]) if row["inserts"] else [],
    )
    handling = msgspec.json.decode(row["handling"], type=dict[UUID, Handling]) if row["handling"] else {}
    return Said(packing, handling)


async def packing_policy(work: Work) -> PolicyRow:
    """The merchant's policy on packing."""
    columns = [getattr(PackingPolicyRow, name) for name in PackingPolicy.__struct_fields__]
    query = select(*columns, PackingPolicyRow.version).where(PackingPolicyRow.merchant_id == work.account_id)
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        return PolicyRow(PackingPolicy(), 0)
    return PolicyRow(msgspec.convert(dict(row._mapping), PackingPolicy), row.version)


async def weighing(
    work: Work, work_id: UUID, box_ids: Collection[UUID]
) -> tuple[WeightTolerance | None, dict[UUID, BoxRow]]:
    """How far off a weight may be in the warehouse of this work order (None: nobody asks), and these boxes of it by
    id. In the scope of who runs it."""
    rows = await work.fetch_raw(WEIGHING, work.account_id, work_id)
    if not rows:
        return None, {}
    told = rows[0]["weight_tolerance"]
    tolerance = msgspec.json.decode(told, type=WeightTolerance) if told else None
    return tolerance, await boxes_of(work, work.account_id, rows[0]["warehouse_id"], box_ids)
