"""The packing slip: what is in the parcel, for who unpacks it. In the merchant's colour, without prices."""

from __future__ import annotations

from collections.abc import Sequence

from fulfilhub.shipping.papers.canvas import A4, BLACK, GREY, PALE, Canvas, colour_of, ink_on
from fulfilhub.shipping.papers.parts import TIMES, address, day, heading, say_lost
from fulfilhub.shipping.papers.sheets import Line, Sheet

LEFT, RIGHT, BAND = 18.0, 192.0, 26.0
WIDE = RIGHT - LEFT
END = 262.0
"""Where a page's table ends at the latest."""


def packing_slips(sheets: Sequence[Sheet]) -> bytes:
    """A PDF with the slips of these work orders, each beginning on a page of its own."""
    canvas = Canvas(A4, "Packing slips")
    for sheet in sheets:
        _slip(canvas, sheet)
    return canvas.finish()


def _slip(canvas: Canvas, sheet: Sheet) -> None:
    y = _head(canvas, sheet)
    y = _table_head(canvas, y)
    for line in sheet.lines:
        if line.quantity <= 0:
            continue
        if y + _tall(canvas, line) > END:
            _foot(canvas, sheet)
            canvas.page()
            y = _table_head(canvas, _small_head(canvas, sheet))
        y = _line(canvas, y, line)
    lines = canvas.broken(sheet.gift_message, 11, WIDE - 16) if sheet.gift_message else []
    if lines and y + 18 + 5.2 * len(lines) > END:
        _foot(canvas, sheet)
        canvas.page()
        y = _small_head(canvas, sheet)
    if lines:
        _gift(canvas, y + 7, lines)
    _foot(canvas, sheet)


def _head(canvas: Canvas, sheet: Sheet) -> float:
    canvas.page()
    ground = colour_of(sheet.brand_colour)
    ink = ink_on(ground)
    canvas.fill(0, 0, canvas.width, BAND, ground)
    canvas.text(LEFT, 8.5, sheet.brand_name or sheet.sender.lines[0], 20, bold=True, colour=ink, width=110)
    canvas.text(RIGHT - 60, 10.5, "Packing slip", 13, colour=ink, width=60, align="right")
    top = BAND + 9
    y = heading(canvas, LEFT, top, "Sent to", width=80)
    to_end = address(canvas, LEFT, y, sheet.recipient, 11, width=85)
    y = heading(canvas, 112, top, "Order", width=30)
    canvas.text(112, y, sheet.order_number, 11, bold=True, width=34)
    y = heading(canvas, 150, top, "Leaves by", width=42)
    canvas.text(150, y, day(sheet.ship_by, sheet.zone), 11, width=42)
    canvas.code128(112, top + 15, RIGHT - 112, 9, sheet.reference, align="left")
    canvas.text(112, top + 25, sheet.reference, 7, colour=GREY, width=RIGHT - 112)
    return max(to_end, top + 32) + 6


def _small_head(canvas: Canvas, sheet: Sheet) -> float:
    canvas.fill(0, 0, canvas.width, 6, colour_of(sheet.brand_colour))
    canvas.text(LEFT, 11, f"Order {sheet.order_number}, continued", 11, bold=True, width=WIDE)
    return 22.0


def _table_head(canvas: Canvas, y: float) -> float:
    canvas.fill(LEFT, y, WIDE, 7, PALE)
    canvas.text(LEFT + 3, y + 1.6, "Item", 8.5, bold=True)
    canvas.text(LEFT + 118, y + 1.6, "SKU", 8.5, bold=True)
    canvas.text(RIGHT - 23, y + 1.6, "Quantity", 8.5, bold=True, width=20, align="right")
    return y + 9.5


def _tall(canvas: Canvas, line: Line) -> float:
    return 5.0 * len(canvas.broken(line.name, 10.5, 110)[:3]) + 4.0 * len(line.parts) + 5


def _line(canvas: Canvas, y: float, line: Line) -> float:
    canvas.text(LEFT + 118, y + 0.3, line.sku, 9, colour=GREY, width=32)
    canvas.text(RIGHT - 23, y, str(line.quantity), 11, bold=True, width=20, align="right")
    y = canvas.paragraph(LEFT + 3, y, line.name or line.sku, 10.5, width=110, most=3)
    for part in line.parts:
        y = canvas.text(LEFT + 7, y, f"{part.quantity} {TIMES} {part.name}", 8.5, colour=GREY, width=106)
    canvas.rule(LEFT, y + 1.4, WIDE, 0.15, PALE)
    return y + 3.2


def _gift(canvas: Canvas, y: float, lines: Sequence[str]) -> None:
    high = 11 + 5.2 * len(lines)
    canvas.frame(LEFT, y, WIDE, high, 0.3)
    heading(canvas, LEFT + 8, y + 3.4, "A message for you", width=WIDE - 16)
    for place, line in enumerate(lines):
        canvas.text(LEFT + 8, y + 7.8 + 5.2 * place, line, 11, width=WIDE - 16)


def _foot(canvas: Canvas, sheet: Sheet) -> None:
    canvas.rule(LEFT, 272, WIDE, 0.15, GREY)
    if sheet.slip_message:
        canvas.paragraph(LEFT, 274, sheet.slip_message, 9, width=WIDE, colour=BLACK, most=2)
    canvas.text(LEFT, 283.5, ", ".join(sheet.sender.lines), 7, colour=GREY, width=WIDE)
    say_lost(canvas, LEFT, 288, WIDE)
