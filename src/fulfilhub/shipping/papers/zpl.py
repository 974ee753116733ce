"""The labels in ZPL II, for printers that draw themselves: 203 dots an inch, 4 by 6 inches.

The printer's own font 0 has Latin, Greek and Cyrillic on present firmware; what else can be printed is up to the fonts
it was given. Codes are the same as in the PDF.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fulfilhub.shipping.papers import codes, fonts
from fulfilhub.shipping.papers.labels import CONTENTS, code_of, marks_of, square_of
from fulfilhub.shipping.papers.parts import day, kilograms
from fulfilhub.shipping.papers.sheets import Parcel, Sheet

WIDE, HIGH, EDGE = 812, 1218, 40
"""Dots."""


def parcel_labels(sheets: Sequence[Sheet]) -> bytes:
    """A label for each parcel of these work orders, one after the other."""
    return _file(_parcel_label(sheet, parcel) for sheet in sheets for parcel in sheet.parcels)


def carton_labels(sheets: Sequence[Sheet]) -> bytes:
    """A label for each carton of these work orders, one after the other."""
    return _file(_carton_label(sheet, parcel) for sheet in sheets for parcel in sheet.parcels)


def escape(text: str) -> str:
    """A text as field data under `^FH`: what ZPL reads as commands, and the escape itself, as their bytes."""
    return "".join(f"_{ord(letter):02X}" if letter in "^~_\\" else letter for letter in fonts.plain(text))


def _file(labels: Iterator[Iterator[str]]) -> bytes:
    made = []
    for label in labels:
        made += ["^XA", "^CI28", f"^PW{WIDE}", f"^LL{HIGH}", "^LH0,0", *label, "^XZ"]
    return "".join(f"{line}\n" for line in made).encode()


def _text(
    x: int, y: int, size: int, text: str, *, wide: int = WIDE - 2 * EDGE, lines: int = 1, align: str = "L"
) -> str:
    return f"^FO{x},{y}^A0N,{size},{size}^FB{wide},{lines},0,{align}^FH^FD{escape(text)}^FS"


def _rule(y: int) -> str:
    return f"^FO0,{y}^GB{WIDE},5,5^FS"


def _code(y: int, high: int, text: str) -> str:
    """A Code 128 in the middle: modules of as many dots as fit (one inch has 203), three at the most."""
    modules = sum(many for _, many in codes.bars(text))
    dots = max(1, min(3, WIDE // (modules + 2 * codes.QUIET_BARS)))
    return f"^FO{(WIDE - modules * dots) // 2},{y}^BY{dots}^BCN,{high},N,N,N,A^FH^FD{escape(text)}^FS"


def _square(x: int, y: int, text: str) -> str:
    return f"^FO{x},{y}^BQN,2,5^FH^FDMA,{escape(text)}^FS"


def _marks(y: int, parcel: Parcel) -> Iterator[str]:
    marks = " - ".join(marks_of(parcel))
    if marks:
        yield f"^FO0,{y}^GB{WIDE},72,72^FS"
        yield _text(EDGE, y + 16, 44, marks[:60], align="C").replace("^A0N", "^FR^A0N", 1)


def _parcel_label(sheet: Sheet, parcel: Parcel) -> Iterator[str]:
    yield _text(EDGE, 36, 26, ", ".join(sheet.sender.lines), wide=480, lines=3)
    yield _text(532, 36, 40, sheet.service.upper(), wide=240, align="R")
    yield _text(532, 86, 28, parcel.carrier or sheet.carrier, wide=240, align="R")
    yield _rule(160)
    y = 190
    for place, line in enumerate(sheet.recipient.lines):
        size = 50 if place == 0 else 44
        yield _text(EDGE, y, size, line)
        y += size + 10
    if sheet.recipient.phone:
        yield _text(EDGE, y, 30, sheet.recipient.phone)
    yield from _marks(636, parcel)
    yield _rule(720)
    yield _text(EDGE, 744, 40, f"{parcel.number} of {parcel.of}", wide=190)
    yield _text(240, 744, 40, kilograms(parcel.weight_grams), wide=190)
    yield _text(EDGE, 804, 36, sheet.order_number, wide=500)
    yield _text(EDGE, 860, 30, day(sheet.ship_by, sheet.zone), wide=500)
    yield _square(590, 736, square_of(sheet, parcel))
    yield _rule(952)
    yield _code(976, 160, code_of(sheet, parcel))
    yield _text(EDGE, 1152, 32, code_of(sheet, parcel), align="C")


def _carton_label(sheet: Sheet, parcel: Parcel) -> Iterator[str]:
    yield _text(EDGE, 32, 80, sheet.order_number, wide=500)
    yield _text(540, 40, 60, f"{parcel.number} of {parcel.of}", wide=232, align="R")
    yield _rule(140)
    yield _text(EDGE, 164, 36, parcel.box, wide=500)
    yield _text(EDGE, 214, 36, kilograms(parcel.weight_grams), wide=500)
    yield _text(EDGE, 264, 36, f"{day(sheet.ship_by, sheet.zone)}  {sheet.service}", wide=500)
    yield _square(590, 156, square_of(sheet, parcel))
    yield _rule(400)
    y = 420
    for sku, name, units in parcel.contents[:CONTENTS]:
        yield _text(EDGE, y, 32, f"{units} x {sku}  {name}")
        y += 40
    left = parcel.contents[CONTENTS:]
    if left:
        yield _text(EDGE, y, 32, f"and {sum(units for *_, units in left)} units of {len(left)} more")
    yield from _marks(880, parcel)
    yield _rule(960)
    yield _code(984, 160, sheet.reference)
    yield _text(EDGE, 1158, 28, sheet.reference, align="C")
