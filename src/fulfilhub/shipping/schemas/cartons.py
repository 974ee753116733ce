"""Wire shapes of proposed cartons, and how a work order's things become what the proposal is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast
from uuid import UUID

from msgspec import Struct

from fulfilhub.fulfilment.queries import Handling, WorkRow
from fulfilhub.inventory.queries.boxes import BoxRow
from fulfilhub.platform import ids
from fulfilhub.shipping.rules.cartons import Box, Carton, Item, Plan, WhyNotPacked


class PlacedOut(Struct, kw_only=True):
    """A unit in a carton: the corner nearest the carton's own, and how it lies. Millimetres."""

    line_id: str
    product_id: str
    sku: str
    x_mm: int
    y_mm: int
    z_mm: int
    length_mm: int
    width_mm: int
    height_mm: int


class CartonContentOut(Struct, kw_only=True):
    """Units of one product of a line in a carton."""

    line_id: str
    product_id: str
    sku: str
    quantity: int


class CartonOut(Struct, kw_only=True):
    """One proposed carton; `weight_grams` with the box itself, `filled_percent` of its room."""

    box_id: str
    box_name: str
    contents: list[CartonContentOut]
    placed: list[PlacedOut]
    weight_grams: int
    filled_percent: int


class LeftOutOut(Struct, kw_only=True):
    """Units that the proposal leaves out, and why: measure them, weigh them, or choose a carton yourself."""

    line_id: str
    product_id: str
    sku: str
    quantity: int
    reason: WhyNotPacked


class CartonsOut(Struct, kw_only=True):
    """A proposal of cartons for what is to be shipped of a work order. It binds nobody."""

    work_order_id: str
    cartons: list[CartonOut]
    left_out: list[LeftOutOut]


class Thing(NamedTuple):
    """What an item of the proposal is the item of: a line's product, or a component of its kit."""

    line_id: UUID
    product_id: UUID
    sku: str


def items_of(row: WorkRow) -> list[Item]:
    """What is to be shipped of a work order, kits as their components."""
    return list(_items(row))


def _items(row: WorkRow) -> Iterator[Item]:
    wanted = {line.line_id: line.to_ship for line in row.lines}
    for line in row.document.lines:
        units = wanted.get(line.line_id, 0)
        if not line.components:
            yield _item(Thing(line.line_id, line.product_id, line.sku), units, line.weight_grams, line.handling)
        for part in line.components:
            thing = Thing(line.line_id, part.product_id, part.sku)
            yield _item(thing, units * part.units, part.weight_grams, part.handling)


def _item(thing: Thing, units: int, grams: int | None, handling: Handling) -> Item:
    return Item(
        key=thing,
        quantity=units,
        size=handling.size,
        grams=grams,
        upright=handling.upright,
        fragile=handling.fragile,
        dangerous=handling.dangerous_goods or "",
    )


def boxes_to_fill(rows: Sequence[BoxRow]) -> list[Box]:
    """A warehouse's boxes as the rules read them."""
    return [
        Box(
            key=row,
            size=(row.length_mm, row.width_mm, row.height_mm),
            tare_grams=row.tare_grams,
            max_grams=row.max_grams,
            rank=row.cost_rank,
        )
        for row in rows
    ]


def cartons_out(work_id: UUID, plan: Plan) -> CartonsOut:
    return CartonsOut(
        work_order_id=ids.WORK_ORDER.show(work_id),
        cartons=[_carton_out(carton) for carton in plan.cartons],
        left_out=[LeftOutOut(**_shown(each.key), quantity=each.quantity, reason=each.reason) for each in plan.left_out],
    )


def _carton_out(carton: Carton) -> CartonOut:
    box = cast("BoxRow", carton.box.key)
    sums: dict[object, int] = {}
    for each in carton.placed:
        sums[each.key] = sums.get(each.key, 0) + 1
    volume = sum(each.size[0] * each.size[1] * each.size[2] for each in carton.placed)
    return CartonOut(
        box_id=ids.BOX.show(box.id),
        box_name=box.name,
        contents=[CartonContentOut(**_shown(key), quantity=units) for key, units in sums.items()],
        placed=[
            PlacedOut(
                **_shown(each.key),
                x_mm=each.at[0],
                y_mm=each.at[1],
                z_mm=each.at[2],
                length_mm=each.size[0],
                width_mm=each.size[1],
                height_mm=each.size[2],
            )
            for each in carton.placed
        ],
        weight_grams=carton.grams,
        filled_percent=100 * volume // carton.box.volume,
    )


def _shown(key: object) -> dict[str, str]:
    thing = cast("Thing", key)
    return {
        "line_id": ids.ORDER_LINE.show(thing.line_id),
        "product_id": ids.PRODUCT.show(thing.product_id),
        "sku": thing.sku,
    }
