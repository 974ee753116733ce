"""Everything that papers are drawn from, in the scope of who runs the warehouse: a constant number of looks, however
many work orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from fulfilhub.fulfilment.commands.packing import PackedParcel
from fulfilhub.fulfilment.queries import WorkRow, no_work, read_works
from fulfilhub.inventory.queries.boxes import box_names
from fulfilhub.inventory.queries.warehouses import WarehouseRow, own_warehouses
from fulfilhub.platform.work import Work

# Parcels' ids follow each other as the parcels did when they were handed over.
NUMBERS = """
SELECT work_order_id, array_agg(tracking_normal ORDER BY parcel_id) AS numbers FROM work_parcels
WHERE account_id = $1 AND work_order_id = ANY ($2) GROUP BY work_order_id
"""


@dataclass(frozen=True, slots=True)
class Papers:
    """Work orders as they were asked for, where they are worked on, what they were packed into, and the tracking
    numbers they left with."""

    rows: Sequence[WorkRow]
    sites: Mapping[UUID, WarehouseRow]
    packed: Mapping[UUID, Sequence[PackedParcel]]
    boxes: Mapping[UUID, str]
    numbers: Mapping[UUID, Sequence[str]]


async def papers_of(work: Work, work_ids: Sequence[UUID]) -> Papers:
    """What the papers of these work orders say. Raises NotFound naming the first that is not in the scope's queue."""
    found = await read_works(work, work.account_id, work_ids)
    missing = next((work_id for work_id in work_ids if work_id not in found), None)
    if missing is not None:
        raise no_work(missing)
    rows = [found[work_id] for work_id in dict.fromkeys(work_ids)]
    packed = {row.id: [msgspec.convert(each, PackedParcel) for each in row.packing or ()] for row in rows}
    used = {parcel.box_id for parcels in packed.values() for parcel in parcels if parcel.box_id is not None}
    shipped = await work.fetch_raw(NUMBERS, work.account_id, list(found))
    return Papers(
        rows=rows,
        sites=await own_warehouses(work, {row.warehouse_id for row in rows}),
        packed=packed,
        boxes=await box_names(work, used) if used else {},
        numbers={row["work_order_id"]: row["numbers"] for row in shipped},
    )
