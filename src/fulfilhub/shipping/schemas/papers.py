"""Wire shapes of papers, and how a work order becomes what its papers are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import zip_longest
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from fulfilhub.fulfilment.commands.packing import PackedParcel
from fulfilhub.fulfilment.queries import DocumentLine, Handling, WorkRow
from fulfilhub.inventory.queries.warehouses import WarehouseRow
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, Invalid
from fulfilhub.shipping.papers import labels, picklist, slip, zpl
from fulfilhub.shipping.papers.addresses import address_of
from fulfilhub.shipping.papers.manifest import manifest
from fulfilhub.shipping.papers.sheets import Line, Manifest, ManifestRow, Parcel, Part, Sheet
from fulfilhub.shipping.queries.papers import Papers
from fulfilhub.shipping.rules import find_carrier

MOST_PAPERS = 500
PDF, ZPL = "application/pdf", "application/zpl"
WorkOrderId = Annotated[str, Meta(pattern=ids.WORK_ORDER.pattern)]


class Paper(StrEnum):
    """A paper of a work order. `manifest` lists the parcels of them all."""

    PICK_LIST = "pick-list"
    PACKING_SLIP = "packing-slip"
    PARCEL_LABEL = "parcel-label"
    CARTON_LABEL = "carton-label"
    MANIFEST = "manifest"


class PaperFormat(StrEnum):
    """What a paper is drawn as. Only labels are drawn as ZPL, for printers that draw themselves."""

    PDF = "pdf"
    ZPL = "zpl"

    @property
    def media_type(self) -> str:
        """Of such a file."""
        return ZPL if self is PaperFormat.ZPL else PDF


class PapersIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Papers of several work orders in one file, in this order."""

    paper: Paper
    work_order_ids: Annotated[list[WorkOrderId], Meta(min_length=1, max_length=MOST_PAPERS)]
    format: PaperFormat = PaperFormat.PDF


Drawn = Callable[[Sequence[Sheet]], bytes]
DRAWINGS: dict[tuple[Paper, PaperFormat], Drawn] = {
    (Paper.PICK_LIST, PaperFormat.PDF): picklist.pick_lists,
    (Paper.PACKING_SLIP, PaperFormat.PDF): slip.packing_slips,
    (Paper.PARCEL_LABEL, PaperFormat.PDF): labels.parcel_labels,
    (Paper.CARTON_LABEL, PaperFormat.PDF): labels.carton_labels,
    (Paper.PARCEL_LABEL, PaperFormat.ZPL): zpl.parcel_labels,
    (Paper.CARTON_LABEL, PaperFormat.ZPL): zpl.carton_labels,
}


def check_format(paper: Paper, drawn_as: PaperFormat, pointer: str) -> None:
    """Raises Invalid, naming the field at `pointer`, for a paper that is not drawn in this format."""
    if drawn_as is PaperFormat.ZPL and (paper, drawn_as) not in DRAWINGS:
        detail = f"Only labels are drawn as ZPL: ask for {paper} as pdf."
        raise Invalid(detail, fields=[FieldError(pointer, detail)])


def draw(paper: Paper, drawn_as: PaperFormat, told: Papers, now: datetime) -> bytes:
    """The file. Takes its time: call it in a thread."""
    if paper is Paper.MANIFEST:
        return manifest(_manifest(told, now))
    return DRAWINGS[paper, drawn_as]([_sheet(told, row) for row in told.rows])


def work_ids_of(told: Sequence[str]) -> list[UUID]:
    """The work orders, each once."""
    return list(dict.fromkeys(ids.WORK_ORDER.read(each, f"/work_order_ids/{at}") for at, each in enumerate(told)))


def _sheet(told: Papers, row: WorkRow) -> Sheet:
    site, document = told.sites[row.warehouse_id], row.document
    wanted = {line.line_id: line.to_ship for line in row.lines}
    packing = document.packing
    return Sheet(
        reference=ids.WORK_ORDER.show(row.id),
        order_number=document.order_number,
        service=row.service,
        carrier=_carrier(document.carrier),
        ship_by=row.ship_by,
        sender=address_of(_site_address(site)),
        recipient=address_of(document.ship_to),
        lines=tuple(_line(line, wanted.get(line.line_id, 0)) for line in document.lines),
        parcels=tuple(_parcels(told, row)),
        brand_name=packing.brand_name,
        brand_colour=packing.brand_colour,
        slip_message=packing.slip_message,
        gift_message=packing.gift_message,
        instructions=packing.instructions,
        inserts=tuple(packing.inserts),
        zone=site.timezone,
    )


def _site_address(site: WarehouseRow) -> Mapping[str, object]:
    return {**site.address, "name": site.name, "postcode": site.postcode, "country": site.country}


def _carrier(text: str) -> str:
    known = find_carrier(text)
    return known.name if known is not None else text


def _line(line: DocumentLine, units: int) -> Line:
    every = [line.handling, *(part.handling for part in line.components)]
    return Line(
        sku=line.sku,
        name=line.name,
        quantity=units,
        barcode=next(iter(line.barcodes), ""),
        notices=tuple(dict.fromkeys(notice for handling in every for notice in _notices(handling))),
        note=" ".join(dict.fromkeys(handling.packing_note for handling in every if handling.packing_note)),
        parts=tuple(
            Part(sku=part.sku, name=part.name, quantity=units * part.units, barcode=next(iter(part.barcodes), ""))
            for part in line.components
        ),
    )


def _notices(handling: Handling) -> Iterator[str]:
    if handling.dangerous_goods:
        yield f"DANGEROUS: {handling.dangerous_goods}"
    if handling.fragile:
        yield "FRAGILE"
    if handling.upright:
        yield "THIS SIDE UP"


def _parcels(told: Papers, row: WorkRow) -> Iterator[Parcel]:
    """The parcels it left in, or was packed into; before that one with everything that is to be sent."""
    whole = PackedParcel(contents={line.line_id: line.to_ship for line in row.lines if line.to_ship})
    packed, numbers = told.packed[row.id], told.numbers.get(row.id, ())
    if not packed and len(numbers) <= 1:
        packed = [whole]
    many = max(len(packed), len(numbers))
    things = {line.line_id: line for line in row.document.lines}
    for place, (known, number) in enumerate(zip_longest(packed, numbers), 1):
        parcel = known or PackedParcel(contents={})
        held = [(things[line_id], units) for line_id, units in parcel.contents.items()]
        handling = [each for line, _ in held for each in (line.handling, *(part.handling for part in line.components))]
        sides = (parcel.length_mm, parcel.width_mm, parcel.height_mm)
        size = tuple(side for side in sides if side is not None)
        yield Parcel(
            number=place,
            of=many,
            contents=tuple((line.sku, line.name, units) for line, units in held),
            carrier=_carrier(row.document.carrier),
            tracking_number=number or "",
            box=told.boxes.get(parcel.box_id, "") if parcel.box_id is not None else "",
            weight_grams=parcel.weight_grams,
            size_mm=(size[0], size[1], size[2]) if len(size) == len(sides) else None,
            dangerous=tuple(dict.fromkeys(each.dangerous_goods for each in handling if each.dangerous_goods)),
            fragile=any(each.fragile for each in handling),
        )


def _manifest(told: Papers, now: datetime) -> Manifest:
    site = told.sites[told.rows[0].warehouse_id]
    return Manifest(
        sender=address_of(_site_address(site)),
        made_at=now,
        zone=site.timezone,
        rows=tuple(
            ManifestRow(
                reference=ids.WORK_ORDER.show(row.id),
                order_number=row.document.order_number,
                recipient=row.document.ship_to.get("name", ""),
                postcode=row.document.ship_to.get("postcode", ""),
                country=row.document.ship_to.get("country", ""),
                carrier=parcel.carrier,
                service=row.service,
                tracking_number=parcel.tracking_number,
                weight_grams=parcel.weight_grams,
            )
            for row in told.rows
            for parcel in _parcels(told, row)
        ),
    )


def check_one_site(told: Papers) -> None:
    """Raises Invalid for a manifest over several warehouses: each hands over by itself."""
    if len({row.warehouse_id for row in told.rows}) > 1:
        detail = "A manifest is of one warehouse: ask for one for each."
        raise Invalid(detail, fields=[FieldError("/work_order_ids", detail)])
