"""The manifest: the parcels that a carrier is given at once, to be counted and signed for."""

from __future__ import annotations

from itertools import groupby

from fulfilhub.shipping.papers.canvas import A4, GREY, PALE, Canvas
from fulfilhub.shipping.papers.parts import heading, kilograms, minute, say_lost
from fulfilhub.shipping.papers.sheets import Manifest, ManifestRow

LEFT, RIGHT = 14.0, 196.0
WIDE = RIGHT - LEFT
END = 272.0
COLUMNS = ((0, 9, "No."), (10, 38, "Tracking number"), (50, 26, "Order"), (78, 42, "To"), (122, 28, "Postcode"))


def manifest(told: Manifest) -> bytes:
    """A PDF with pages of each carrier's own, by its parcels' numbers; one page that says so when there are none."""
    canvas = Canvas(A4, "Manifest")
    rows = sorted(told.rows, key=lambda row: (row.carrier, row.tracking_number, row.order_number))
    for carrier, mine in groupby(rows, key=lambda row: row.carrier):
        _of_carrier(canvas, told, carrier, list(mine))
    if not rows:
        _head(canvas, told, "", [])
        canvas.text(LEFT, 50, "There are no parcels to hand over.", 11)
    return canvas.finish()


def _of_carrier(canvas: Canvas, told: Manifest, carrier: str, rows: list[ManifestRow]) -> None:
    y = _table_head(canvas, _head(canvas, told, carrier, rows))
    for place, row in enumerate(rows, 1):
        if y + 5.6 > END:
            say_lost(canvas, LEFT, 288, WIDE)
            canvas.page()
            canvas.text(LEFT, 10, f"Manifest {carrier}, continued", 11, bold=True, width=WIDE)
            y = _table_head(canvas, 19)
        y = _row(canvas, y, place, row)
    if y + 30 > END:
        say_lost(canvas, LEFT, 288, WIDE)
        canvas.page()
        y = 14
    for x, name in ((LEFT, "Handed over by"), (LEFT + 62, "Taken by"), (LEFT + 124, "Date and time")):
        canvas.rule(x, y + 22, 54, 0.3)
        heading(canvas, x, y + 23, name, width=54)
    say_lost(canvas, LEFT, 288, WIDE)


def _head(canvas: Canvas, told: Manifest, carrier: str, rows: list[ManifestRow]) -> float:
    canvas.page()
    canvas.text(LEFT, 11, "Manifest", 20, bold=True)
    canvas.text(RIGHT - 90, 12, carrier, 16, bold=True, width=90, align="right")
    canvas.text(LEFT, 21, ", ".join(told.sender.lines), 9, colour=GREY, width=WIDE)
    known = [row.weight_grams for row in rows if row.weight_grams is not None]
    weight = kilograms(sum(known)) if known else ""
    if len(known) < len(rows) and known:
        weight += f" and {len(rows) - len(known)} not weighed"
    boxes = (
        ("Parcels", str(len(rows))),
        ("Weight", weight or "not weighed"),
        ("Made", minute(told.made_at, told.zone)),
    )
    for place, (name, value) in enumerate(boxes):
        x = LEFT + place * 62
        canvas.text(x, heading(canvas, x, 28, name, width=58), value, 11, bold=True, width=58)
    return 42.0


def _table_head(canvas: Canvas, y: float) -> float:
    canvas.fill(LEFT, y, WIDE, 6.4, PALE)
    for x, wide, name in COLUMNS:
        canvas.text(LEFT + x + 1, y + 1.4, name, 8, bold=True, width=wide)
    canvas.text(LEFT + 148, y + 1.4, "Service", 8, bold=True)
    canvas.text(RIGHT - 19, y + 1.4, "Weight", 8, bold=True, width=18, align="right")
    return y + 8


def _row(canvas: Canvas, y: float, place: int, row: ManifestRow) -> float:
    told = (str(place), row.tracking_number or "none yet", row.order_number, row.recipient)
    cells = (*told, f"{row.postcode} {row.country}".strip())
    for (x, wide, _), cell in zip(COLUMNS, cells, strict=True):
        canvas.text(LEFT + x + 1, y, cell, 8.5, width=wide - 1)
    canvas.text(LEFT + 148, y, row.service, 8.5, width=14)
    canvas.text(RIGHT - 19, y, kilograms(row.weight_grams), 8.5, width=18, align="right")
    canvas.rule(LEFT, y + 4.4, WIDE, 0.1, GREY)
    return y + 5.6
