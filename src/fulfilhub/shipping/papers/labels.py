"""Labels of 4 by 6 inches: the parcel's, for its way to the customer, and the carton's, for its way to the gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fulfilhub.shipping.papers.canvas import BLACK, GREY, LABEL, WHITE, Canvas
from fulfilhub.shipping.papers.parts import TIMES, address, centimetres, day, heading, kilograms, say_lost
from fulfilhub.shipping.papers.sheets import Parcel, Sheet

LEFT = 5.0
WIDE = LABEL[0] - 2 * LEFT
FRAGILE = "FRAGILE"
CONTENTS = 11
"""Lines of contents that a carton label has room for."""


def code_of(sheet: Sheet, parcel: Parcel) -> str:
    """What a parcel's bar code says: the carrier's number where there is one, else whose work it is."""
    return parcel.tracking_number or sheet.reference


def square_of(sheet: Sheet, parcel: Parcel) -> str:
    """What a parcel's QR code says: the work order, and which of its parcels this is."""
    return f"{sheet.reference}/{parcel.number}"


def marks_of(parcel: Parcel) -> Iterator[str]:
    """What whoever lifts the parcel has to know."""
    yield from parcel.dangerous
    if parcel.fragile:
        yield FRAGILE


def parcel_labels(sheets: Sequence[Sheet]) -> bytes:
    """A PDF with a label for each parcel of these work orders."""
    canvas = Canvas(LABEL, "Parcel labels")
    for sheet in sheets:
        for parcel in sheet.parcels:
            _parcel_label(canvas, sheet, parcel)
    return canvas.finish()


def carton_labels(sheets: Sequence[Sheet]) -> bytes:
    """A PDF with a label for each carton of these work orders: what is in it, for whoever works with it in house."""
    canvas = Canvas(LABEL, "Carton labels")
    for sheet in sheets:
        for parcel in sheet.parcels:
            _carton_label(canvas, sheet, parcel)
    return canvas.finish()


def _parcel_label(canvas: Canvas, sheet: Sheet, parcel: Parcel) -> None:
    canvas.page()
    heading(canvas, LEFT, 4.5, "From", width=60)
    canvas.paragraph(LEFT, 8.2, ", ".join(sheet.sender.lines), 7.5, width=60, most=3)
    carrier, service = parcel.carrier or sheet.carrier, sheet.service
    canvas.text(LABEL[0] - LEFT - 30, 4.5, service.upper(), 12, bold=True, width=30, align="right")
    canvas.text(LABEL[0] - LEFT - 30, 10.5, carrier, 9, width=30, align="right")
    canvas.rule(0, 20, LABEL[0], 0.6)
    heading(canvas, LEFT, 22.5, "To", width=WIDE)
    y = address(canvas, LEFT, 27, sheet.recipient, 14, width=WIDE)
    if sheet.recipient.phone:
        canvas.text(LEFT, y + 0.8, sheet.recipient.phone, 9, width=WIDE)
    _marks(canvas, 79, parcel)
    canvas.rule(0, 90, LABEL[0], 0.6)
    told = (
        ("Parcel", f"{parcel.number} of {parcel.of}"),
        ("Weight", kilograms(parcel.weight_grams)),
        ("Order", sheet.order_number),
    )
    for place, (name, value) in enumerate(told):
        x = LEFT + place * 23
        canvas.text(x, heading(canvas, x, 93, name, width=22), value, 11, bold=True, width=22)
    canvas.text(LEFT, heading(canvas, LEFT, 104, "Ship by", width=44), day(sheet.ship_by, sheet.zone), 9, width=44)
    canvas.qr(LABEL[0] - 28, 91, 27, square_of(sheet, parcel))
    canvas.rule(0, 119, LABEL[0], 0.6)
    code = code_of(sheet, parcel)
    canvas.code128(1, 122, LABEL[0] - 2, 20, code)
    canvas.text(LEFT, 143, code, 9, bold=True, width=WIDE, align="centre")
    say_lost(canvas, LEFT, 148.4, WIDE)


def _marks(canvas: Canvas, y: float, parcel: Parcel) -> None:
    marks = " · ".join(marks_of(parcel))
    if marks:
        canvas.fill(0, y, LABEL[0], 9, BLACK)
        canvas.text(LEFT, y + 1.6, marks, 14, bold=True, colour=WHITE, width=WIDE, align="centre")


def _carton_label(canvas: Canvas, sheet: Sheet, parcel: Parcel) -> None:
    canvas.page()
    canvas.text(LEFT, 4, sheet.order_number, 24, bold=True, width=64)
    canvas.text(LABEL[0] - LEFT - 28, 5, f"{parcel.number} of {parcel.of}", 18, bold=True, width=28, align="right")
    canvas.text(LEFT, 15.5, sheet.brand_name, 9, colour=GREY, width=64)
    canvas.rule(0, 22, LABEL[0], 0.6)
    told = (
        ("Box", parcel.box or centimetres(parcel.size_mm) or "any"),
        ("Weight", kilograms(parcel.weight_grams) or "not weighed"),
        ("Ship by", day(sheet.ship_by, sheet.zone)),
        ("Service", f"{sheet.service} {parcel.carrier or sheet.carrier}"),
    )
    for place, (name, value) in enumerate(told):
        x, y = LEFT + (place % 2) * 34, 24.5 + (place // 2) * 10
        canvas.text(x, heading(canvas, x, y, name, width=32), value, 10, bold=True, width=32)
    canvas.qr(LABEL[0] - 28, 22.6, 27, square_of(sheet, parcel))
    canvas.rule(0, 50, LABEL[0], 0.6)
    heading(canvas, LEFT, 52, "Contents", width=WIDE)
    y = 56.0
    shown = parcel.contents if len(parcel.contents) <= CONTENTS else parcel.contents[: CONTENTS - 1]
    for sku, name, units in shown:
        canvas.text(LEFT, y, f"{units} {TIMES}", 9, bold=True, width=9, align="right")
        canvas.text(LEFT + 11, y, sku, 9, bold=True, width=26)
        canvas.text(LEFT + 39, y, name, 9, width=WIDE - 39)
        y += 4.8
    if len(shown) < len(parcel.contents):
        more = sum(units for *_, units in parcel.contents[len(shown) :])
        canvas.text(LEFT + 11, y, f"and {more} units of {len(parcel.contents) - len(shown)} more", 9, width=WIDE - 11)
    _marks(canvas, 110, parcel)
    canvas.rule(0, 120, LABEL[0], 0.6)
    canvas.code128(1, 123, LABEL[0] - 2, 19, sheet.reference)
    canvas.text(LEFT, 143, sheet.reference, 8, width=WIDE, align="centre")
    say_lost(canvas, LEFT, 148.4, WIDE)
