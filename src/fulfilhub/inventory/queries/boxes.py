"""Looks at the boxes of a warehouse, in the scope of who runs it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from fulfilhub.inventory.models import Box, Warehouse
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.work import Work


class BoxRow(NamedTuple):
    """A box as stored. Inner millimetres; grams of the box itself, and of the heaviest it may be when packed."""

    id: UUID
    warehouse_id: UUID
    name: str
    length_mm: int
    width_mm: int
    height_mm: int
    tare_grams: int
    max_grams: int
    cost_rank: int
    active: bool
    version: int
    created_at: datetime
    updated_at: datetime


MOST_BOXES = 100
"""A warehouse has no more boxes than people can tell apart."""
COLUMNS = tuple(getattr(Box, name) for name in BoxRow._fields)


async def get_box(work: Work, warehouse_id: UUID, box_id: UUID, *, lock: bool = False) -> BoxRow:
    """One box of a warehouse of the scope's account. Raises NotFound."""
    query = select(*COLUMNS).where(
        Box.account_id == work.account_id, Box.warehouse_id == warehouse_id, Box.id == box_id
    )
    row = (await work.db.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise no_box(box_id)
    return BoxRow._make(row)


def no_box(box_id: UUID) -> NotFound:
    """What is said of a box that is not in this warehouse."""
    return NotFound(f"There is no box {ids.BOX.show(box_id)!r} in this warehouse.")


async def list_boxes(
    work: Work, warehouse_id: UUID, after: UUID | None, limit: int, *, active: bool | None = None
) -> list[BoxRow]:
    """Boxes of a warehouse by age, those after the id `after`; with `active`, only those that are (or are not)."""
    query = (
        select(*COLUMNS)
        .where(Box.account_id == work.account_id, Box.warehouse_id == warehouse_id)
        .order_by(Box.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Box.id > after)
    if active is not None:
        query = query.where(Box.active.is_(active))
    return [BoxRow._make(row) for row in await work.db.execute(query)]


async def box_names(work: Work, box_ids: Collection[UUID]) -> dict[UUID, str]:
    """What these boxes of the scope's account are called, by id; unknown ones are left out."""
    query = select(Box.id, Box.name).where(Box.account_id == work.account_id, Box.id.in_(box_ids))
    return {row.id: row.name for row in await work.db.execute(query)}


async def boxes_of(work: Work, operator_id: UUID, warehouse_id: UUID, box_ids: Collection[UUID]) -> dict[UUID, BoxRow]:
    """These boxes of a warehouse, active or not, by id; unknown ones are left out."""
    if not box_ids:
        return {}
    query = select(*COLUMNS).where(Box.account_id == operator_id, Box.warehouse_id == warehouse_id, Box.id.in_(box_ids))
    return {row.id: BoxRow._make(row) for row in await work.db.execute(query)}


async def own_warehouse(work: Work, warehouse_id: UUID) -> None:
    """Raises NotFound unless the scope's account runs this warehouse."""
    query = select(Warehouse.id).where(Warehouse.account_id == work.account_id, Warehouse.id == warehouse_id)
    if (await work.db.execute(query)).one_or_none() is None:
        raise NotFound(f"You have no warehouse {ids.WAREHOUSE.show(warehouse_id)!r}.")
