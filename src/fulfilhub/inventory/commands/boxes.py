"""Making, changing and removing the boxes of a warehouse, in the scope of who runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from fulfilhub.inventory.models import Box
from fulfilhub.inventory.queries.boxes import COLUMNS, MOST_BOXES, BoxRow, get_box, list_boxes, no_box
from fulfilhub.inventory.queries.warehouses import get_warehouse
from fulfilhub.inventory.rules.packing import BoxNameTaken, check_weights
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FieldError
from fulfilhub.platform.work import Work
from fulfilhub.web.conditional import check_version


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBox:
    """A box. Inner millimetres; grams of the box itself, and of the heaviest it may be when packed."""

    name: str
    length_mm: int
    width_mm: int
    height_mm: int
    tare_grams: int
    max_grams: int
    cost_rank: int = 0
    active: bool = True


async def make_box(work: Work, warehouse_id: UUID, wanted: NewBox) -> BoxRow:
    """Give a warehouse of the scope's account a box. Raises NotFound for another's warehouse, Invalid for one that can
    hold nothing, BoxNameTaken, and Conflict (`too_many_boxes`)."""
    await get_warehouse(work, warehouse_id, lock=True)
    check_weights(wanted.tare_grams, wanted.max_grams)
    if len(await list_boxes(work, warehouse_id, None, MOST_BOXES)) == MOST_BOXES:
        raise Conflict(f"A warehouse has {MOST_BOXES} boxes at the most: delete one first.", code="too_many_boxes")
    statement = (
        upsert(Box)
        .values(
            account_id=work.account_id,
            id=ids.new(),
            warehouse_id=warehouse_id,
            created_at=work.now,
            updated_at=work.now,
            **asdict(wanted),
        )
        .on_conflict_do_nothing(index_elements=["account_id", "warehouse_id", "name"])
        .returning(*COLUMNS)
    )
    row = (await work.db.execute(statement)).one_or_none()
    if row is None:
        raise _taken(wanted.name)
    return BoxRow._make(row)


async def change_box(
    work: Work, warehouse_id: UUID, box_id: UUID, changes: Mapping[str, object], expected_version: int | None = None
) -> BoxRow:
    """Set the named parts of a box; without a real change nothing happens. Raises NotFound, Stale, Invalid,
    BoxNameTaken."""
    row = await get_box(work, warehouse_id, box_id, lock=True)
    check_version(expected_version, row.version)
    new = {name: value for name, value in changes.items() if getattr(row, name) != value}
    if not new:
        return row
    wanted = {"tare_grams": row.tare_grams, "max_grams": row.max_grams, **new}
    check_weights(int(str(wanted["tare_grams"])), int(str(wanted["max_grams"])))
    statement = (
        update(Box)
        .where(Box.account_id == work.account_id, Box.id == box_id)
        .values(**new, version=row.version + 1, updated_at=work.now)
        .returning(*COLUMNS)
    )
    try:
        return BoxRow._make((await work.db.execute(statement)).one())
    except IntegrityError as error:
        if "uq_boxes_name" in str(error.orig):
            raise _taken(str(new.get("name"))) from None
        raise


async def delete_box(work: Work, warehouse_id: UUID, box_id: UUID) -> None:
    """Take a box out of the warehouse's set; what was packed in it before stays as it is. Raises NotFound."""
    gone = await work.db.execute(
        delete(Box)
        .where(Box.account_id == work.account_id, Box.warehouse_id == warehouse_id, Box.id == box_id)
        .returning(Box.id)
    )
    if gone.one_or_none() is None:
        raise no_box(box_id)


def _taken(name: str) -> BoxNameTaken:
    return BoxNameTaken(f"The warehouse has a box {name!r} already.", fields=[FieldError("/name", "Is in use.")])
