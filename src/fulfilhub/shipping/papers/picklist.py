"""The pick list: what to take from which shelf for one work order, and what to mind while packing it."""

from __future__ import annotations

from collections.abc import Sequence

from fulfilhub.shipping.papers.canvas import A4, BLACK, GREY, PALE, WHITE, Canvas
from fulfilhub.shipping.papers.parts import heading, minute, say_lost
from fulfilhub.shipping.papers.sheets import Line, Sheet

LEFT, RIGHT = 14.0, 196.0
WIDE = RIGHT - LEFT
END = 280.0
NAME = 82.0
"""How wide the column of names is."""

NOTE_LINES = 4


def pick_lists(sheets: Sequence[Sheet]) -> bytes:
    """A PDF with the pick lists of these work orders, each beginning on a page of its own."""
    canvas = Canvas(A4, "Pick lists")
    for sheet in sheets:
        _list(canvas, sheet)
    return canvas.finish()


def _list(canvas: Canvas, sheet: Sheet) -> None:
    y = _table_head(canvas, _wishes(canvas, sheet, _head(canvas, sheet)))
    for line in sheet.lines:
        if line.quantity <= 0:
            continue
        if y + _tall(canvas, line) > END:
            say_lost(canvas, LEFT, 288, WIDE)
            canvas.page()
            canvas.text(LEFT, 10, f"Pick list {sheet.order_number}, continued", 11, bold=True, width=WIDE)
            y = _table_head(canvas, 19)
        y = _line(canvas, y, line)
    say_lost(canvas, LEFT, 288, WIDE)


def _head(canvas: Canvas, sheet: Sheet) -> float:
    canvas.page()
    canvas.text(LEFT, 11, "Pick list", 20, bold=True)
    canvas.text(LEFT, 21, f"Order {sheet.order_number}", 13, width=80)
    canvas.code128(104, 11, RIGHT - 104, 12, sheet.reference)
    canvas.text(104, 24, sheet.reference, 7.5, width=RIGHT - 104, align="centre")
    y = 31.0
    boxes = (
        ("Ship by", minute(sheet.ship_by, sheet.zone)),
        ("Service", sheet.service),
        ("Carrier", sheet.carrier),
        ("Warehouse", sheet.sender.lines[0]),
    )
    for place, (name, value) in enumerate(boxes):
        x = LEFT + place * 46
        canvas.text(x, heading(canvas, x, y, name, width=44), value, 10, bold=True, width=44)
    canvas.rule(LEFT, y + 10.5, WIDE, 0.3)
    return y + 13.5


def _wishes(canvas: Canvas, sheet: Sheet, y: float) -> float:
    """What the merchant wants, in a grey block; nothing when it wants nothing."""
    told = []
    if sheet.instructions:
        told += canvas.broken(f"Packing: {sheet.instructions}", 10, WIDE - 8)
    if sheet.inserts:
        told += canvas.broken(f"Into each parcel: {', '.join(sheet.inserts)}", 10, WIDE - 8)
    if sheet.gift_message:
        told.append("Gift: put the packing slip with the message on top.")
    if not told:
        return y
    canvas.fill(LEFT, y, WIDE, 4 + 4.7 * len(told), PALE)
    for place, line in enumerate(told):
        canvas.text(LEFT + 4, y + 2 + 4.7 * place, line, 10, width=WIDE - 8)
    return y + 8 + 4.7 * len(told)


def _table_head(canvas: Canvas, y: float) -> float:
    for x, name in ((8, "Place"), (34, "SKU"), (68, "Item"), (152, "Barcode")):
        canvas.text(LEFT + x, y, name, 8.5, bold=True)
    canvas.text(RIGHT - 16, y, "Units", 8.5, bold=True, width=16, align="right")
    canvas.rule(LEFT, y + 4.6, WIDE, 0.3)
    return y + 6.8


def _tall(canvas: Canvas, line: Line) -> float:
    rows = len(canvas.broken(line.name, 10, NAME)[:2])
    return 4.8 * rows + 5.4 * len(line.parts) + 6.2 * len(line.notices) + 4.4 * _noted(canvas, line) + 4


def _line(canvas: Canvas, y: float, line: Line) -> float:
    if not line.parts:
        canvas.frame(LEFT, y + 0.2, 4, 4, 0.3)
        canvas.text(LEFT + 152, y + 0.4, line.barcode, 8.5, width=21)
    canvas.text(LEFT + 8, y, line.place, 10, bold=True, width=24)
    canvas.text(LEFT + 34, y, line.sku, 10, bold=True, width=32)
    canvas.text(RIGHT - 16, y - 0.6, str(line.quantity), 13, bold=True, width=16, align="right")
    y = canvas.paragraph(LEFT + 68, y, line.name, 10, width=NAME, most=2)
    for part in line.parts:
        canvas.frame(LEFT + 8, y + 0.8, 3.6, 3.6, 0.3)
        canvas.text(LEFT + 34, y + 0.6, part.sku, 9, width=32)
        canvas.text(LEFT + 68, y + 0.6, part.name, 9, colour=GREY, width=NAME)
        canvas.text(LEFT + 152, y + 0.6, part.barcode, 8.5, width=21)
        canvas.text(RIGHT - 16, y + 0.4, str(part.quantity), 10, width=16, align="right")
        y += 5.4
    for notice in line.notices:
        wide = canvas.wide(notice, 8.5, bold=True) + 4
        canvas.fill(LEFT + 68, y + 0.8, min(wide, WIDE - 68), 4.8, BLACK)
        canvas.text(LEFT + 70, y + 1.4, notice, 8.5, bold=True, colour=WHITE, width=WIDE - 72)
        y += 6.2
    if line.note:
        y = canvas.paragraph(LEFT + 68, y + 0.4, line.note, 9, width=WIDE - 68, most=NOTE_LINES)
    canvas.rule(LEFT, y + 1, WIDE, 0.15, GREY)
    return y + 3


def _noted(canvas: Canvas, line: Line) -> int:
    return len(canvas.broken(line.note, 9, WIDE - 68)[:NOTE_LINES]) if line.note else 0
