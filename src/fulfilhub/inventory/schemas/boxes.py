"""Wire shapes of a warehouse's boxes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from fulfilhub.inventory.commands.boxes import NewBox
from fulfilhub.inventory.queries.boxes import BoxRow
from fulfilhub.inventory.rules.packing import HEAVIEST_GRAMS, LONGEST_MM
from fulfilhub.platform import ids

BoxName = Annotated[str, Meta(min_length=1, max_length=60, examples=["Small"])]
Inside = Annotated[int, Meta(ge=1, le=LONGEST_MM, description="Inside, in millimetres.", examples=[220])]
Tare = Annotated[int, Meta(ge=0, le=HEAVIEST_GRAMS, description="The box itself, in grams.", examples=[90])]
Heaviest = Annotated[
    int,
    Meta(
        ge=1,
        le=HEAVIEST_GRAMS,
        description="The heaviest it may be with its contents, in grams.",
        examples=[15_000],
    ),
]
Rank = Annotated[
    int, Meta(ge=0, le=1_000, description="Of boxes that will do, the lowest rank is proposed.", examples=[1])
]


class BoxIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A new box of the warehouse."""

    name: BoxName
    length_mm: Inside
    width_mm: Inside
    height_mm: Inside
    tare_grams: Tare
    max_grams: Heaviest
    cost_rank: Rank = 0
    active: bool = True


class BoxChangeIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays. A box that is not `active` is not proposed."""

    name: BoxName | UnsetType = UNSET
    length_mm: Inside | UnsetType = UNSET
    width_mm: Inside | UnsetType = UNSET
    height_mm: Inside | UnsetType = UNSET
    tare_grams: Tare | UnsetType = UNSET
    max_grams: Heaviest | UnsetType = UNSET
    cost_rank: Rank | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class BoxOut(Struct, kw_only=True):
    """A box. Inner millimetres, grams."""

    id: str
    warehouse_id: str
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


def new_box(data: BoxIn) -> NewBox:
    return NewBox(**msgspec.structs.asdict(data))


def box_changes(data: BoxChangeIn) -> dict[str, object]:
    """The fields that were sent."""
    return {name: value for name in data.__struct_fields__ if (value := getattr(data, name)) is not UNSET}


def box_out(row: BoxRow) -> BoxOut:
    shown = {"id": ids.BOX.show(row.id), "warehouse_id": ids.WAREHOUSE.show(row.warehouse_id)}
    return msgspec.convert({**row._asdict(), **shown}, BoxOut)
