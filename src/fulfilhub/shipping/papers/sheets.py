"""What papers are drawn from: plain data, in words and units that are printed as they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address as it is printed: its lines from the name downwards, and what a driver needs besides."""

    lines: tuple[str, ...]
    country: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is picked for a kit: units of a thing for all kits of the line."""

    sku: str
    name: str
    quantity: int
    barcode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: units still to be sent, and what is to be minded: loud `notices`, and a `note` on packing."""

    sku: str
    name: str
    quantity: int
    barcode: str = ""
    place: str = ""
    note: str = ""
    notices: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One parcel of the work. Grams, millimetres. Without a tracking number it has not been handed over yet."""

    number: int
    of: int
    contents: tuple[tuple[str, str, int], ...]
    """SKU, name, units."""
    carrier: str = ""
    tracking_number: str = ""
    box: str = ""
    weight_grams: int | None = None
    size_mm: tuple[int, int, int] | None = None
    dangerous: tuple[str, ...] = ()
    fragile: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One work order, as its papers tell it. `reference` is what scanners read; times are printed in `zone`."""

    reference: str
    order_number: str
    service: str
    carrier: str
    ship_by: datetime
    sender: Address
    recipient: Address
    lines: tuple[Line, ...]
    parcels: tuple[Parcel, ...]
    brand_name: str = ""
    brand_colour: str = ""
    slip_message: str = ""
    gift_message: str = ""
    instructions: str = ""
    inserts: tuple[str, ...] = ()
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """One parcel on a manifest."""

    reference: str
    order_number: str
    recipient: str
    postcode: str
    country: str
    carrier: str
    service: str
    tracking_number: str
    weight_grams: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is handed to carriers at once; times are printed in `zone`."""

    sender: Address
    made_at: datetime
    rows: tuple[ManifestRow, ...]
    zone: str = "UTC"
