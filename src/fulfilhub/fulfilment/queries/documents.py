"""A work order's document: what the work needs and no more. Written when it is queued, and read from then on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class Handling(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How a thing is packed: its size in millimetres where it is known, and what its merchant says of it."""

    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    upright: bool = False
    fragile: bool = False
    dangerous_goods: str | None = None
    packing_note: str = ""

    @property
    def size(self) -> tuple[int, int, int] | None:
        """Length, width and height in millimetres; None unless all are known."""
        if self.length_mm is None or self.width_mm is None or self.height_mm is None:
            return None
        return (self.length_mm, self.width_mm, self.height_mm)


class DocumentPart(msgspec.Struct, kw_only=True, frozen=True):
    """What is picked for a kit: units in one kit, and what the thing is. Weight in grams of one unit."""

    product_id: UUID
    units: int
    sku: str
    name: str
    barcodes: list[str]
    weight_grams: int | None = None
    hs_code: str | None = None
    origin_country: str | None = None
    handling: Handling = Handling()


class DocumentLine(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What a thing is, for who picks it. Weight in grams of one unit. A kit has `components`, as they were when it was
    routed, and is picked as those."""

    line_id: UUID
    product_id: UUID
    sku: str
    name: str
    barcodes: list[str]
    weight_grams: int | None = None
    hs_code: str | None = None
    origin_country: str | None = None
    components: list[DocumentPart] = []
    handling: Handling = Handling()

    @property
    def unit_grams(self) -> int | None:
        """The weight of one unit: as given, else a kit's components' together; None when it is not known."""
        if self.weight_grams is not None or not self.components:
            return self.weight_grams
        grams = [part.weight_grams for part in self.components]
        known = [each for each in grams if each is not None]
        if len(known) < len(grams):
            return None
        return sum(part.units * each for part, each in zip(self.components, known, strict=True))


class Packing(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What the merchant wants of who packs, and how its packing slip looks; `gift_message` is the order's."""

    brand_name: str = ""
    brand_colour: str = ""
    slip_message: str = ""
    instructions: str = ""
    inserts: list[str] = []
    gift_message: str = ""


class Document(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What the work needs and no more: no prices, and of the customer only the address and, beside it, the `contact`
    that the contract says the service needs (None: who runs the warehouse is the merchant, and may know all)."""

    order_number: str
    ship_to: dict[str, str]
    carrier: str
    deliver_by: datetime
    lines: list[DocumentLine]
    contact: list[str] | None = None
    packing: Packing = Packing()
