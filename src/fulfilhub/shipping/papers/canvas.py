"""Sheets of paper to draw on, in millimetres from the top left corner: the only module that knows fpdf2."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from fpdf import FPDF
from fpdf.fonts import TTFFont

from fulfilhub.shipping.papers import codes, fonts

logging.getLogger("fontTools").setLevel(logging.ERROR)  # it says of each font which hints a subset does without

A4 = (210.0, 297.0)
LABEL = (101.6, 152.4)
"""4 by 6 inches."""

Colour = tuple[int, int, int]
BLACK: Colour = (0, 0, 0)
GREY: Colour = (110, 110, 110)
PALE: Colour = (238, 238, 238)
WHITE: Colour = (255, 255, 255)
POINTS_A_MM = 72 / 25.4
LEADING = 1.32
"""Height of a line of text over the size of its letters."""


def colour_of(text: str) -> Colour:
    """A `#rrggbb` as it is drawn; black for anything else."""
    digits = text.removeprefix("#")
    try:
        value = int(digits, 16) if len(digits) == 6 else 0
    except ValueError:
        value = 0
    return (value >> 16, value >> 8 & 255, value & 255)


def ink_on(ground: Colour) -> Colour:
    """Black or white, whichever is easier to read on this ground (the contrast of WCAG 2)."""
    parts = [value / 255 for value in ground]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return WHITE if light < 0.179 else BLACK


class Canvas:
    """Pages of one size. Sizes of letters are in points, everything else in millimetres."""

    def __init__(self, size: tuple[float, float], title: str) -> None:
        self.width, self.height = size
        self._pdf = FPDF(unit="mm", format=size)
        self._pdf.set_auto_page_break(False)
        self._pdf.set_margin(0)
        self._pdf.set_title(title)
        self._pdf.set_creator("FulfilHub")
        self._known: set[str] = set()
        self._lost: list[str] = []
        self._font = ("", "", 0.0)

    def page(self) -> None:
        """Begin a page; what could not be drawn is counted anew."""
        self._pdf.add_page()
        self._lost = []
        self._font = ("", "", 0.0)

    @property
    def lost(self) -> str:
        """The letters of this page that could not be drawn."""
        return "".join(self._lost)

    def finish(self) -> bytes:
        """The file. Nothing can be drawn after it."""
        made = bytes(self._pdf.output())
        for font in self._pdf.fonts.values():
            if isinstance(font, TTFFont):
                font.close()
        return made

    # Text -------------------------------------------------------------------------------------------------

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 10,
        *,
        bold: bool = False,
        colour: Colour = BLACK,
        width: float | None = None,
        align: str = "left",
    ) -> float:
        """One line whose top is at `y`; returns where the next one begins. What is wider than `width` is set smaller,
        to seven tenths at most, and then cut. `align` (left, right, centre) is within the width, or about x without."""
        shown = fonts.plain(text)
        if width is not None:
            shown, size = self._fitted(shown, size, width, bold=bold)
        wide = self.wide(shown, size, bold=bold) if align != "left" else 0.0
        room = width or 0.0
        left = x + {"left": 0.0, "right": room - wide, "centre": (room - wide) / 2}[align]
        self._pdf.set_text_color(*colour)
        base = y + size / POINTS_A_MM * 0.98
        for face, drawn, lost in fonts.runs(shown):
            self._set(face, size, bold=bold)
            if drawn:
                self._pdf.text(left, base, drawn)
                left += fonts.width(face, drawn, bold=bold) * size / POINTS_A_MM
            self._lost.append(lost)
        return y + size / POINTS_A_MM * LEADING

    def paragraph(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 10,
        *,
        width: float,
        bold: bool = False,
        colour: Colour = BLACK,
        most: int = 100,
    ) -> float:
        """Text broken into lines within `width`, at most so many; returns where the next one begins."""
        for line in self.broken(text, size, width, bold=bold)[:most]:
            y = self.text(x, y, line, size, bold=bold, colour=colour, width=width)
        return y

    def broken(self, text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
        """The lines a text makes within a width. Words longer than a line, and scripts without blanks, are broken
        anywhere."""
        made: list[str] = []
        for paragraph in text.splitlines() or [""]:
            line = ""
            for word in fonts.plain(paragraph).split():
                longer = f"{line} {word}".strip()
                if self.wide(longer, size, bold=bold) <= width:
                    line = longer
                    continue
                if line:
                    made.append(line)
                line = word
                while self.wide(line, size, bold=bold) > width and len(line) > 1:
                    fits = self._longest(line, size, width, bold=bold)
                    made.append(line[:fits])
                    line = line[fits:]
            made.append(line)
        return made

    def wide(self, text: str, size: float, *, bold: bool = False) -> float:
        """How wide a plain text is."""
        return sum(fonts.width(face, drawn, bold=bold) for face, drawn, _ in fonts.runs(text)) * size / POINTS_A_MM

    def _fitted(self, text: str, size: float, width: float, *, bold: bool) -> tuple[str, float]:
        wide = self.wide(text, size, bold=bold)
        if wide <= width:
            return text, size
        smaller = max(size * 0.7, size * width / wide)
        if self.wide(text, smaller, bold=bold) <= width + 0.01:
            return text, smaller
        fits = self._longest(text, smaller, width - self.wide("...", smaller, bold=bold), bold=bold)
        return f"{text[:fits].rstrip()}...", smaller

    def _longest(self, text: str, size: float, width: float, *, bold: bool) -> int:
        """How many letters from the beginning are no wider than this; one at least."""
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.wide(text[:middle], size, bold=bold) <= width:
                low = middle
            else:
                high = middle - 1
        return low

    def _set(self, face: fonts.Face, size: float, *, bold: bool) -> None:
        style = "B" if bold else ""
        if self._font == (face.name, style, size):
            return
        key = f"{face.name}{style}"
        if key not in self._known:
            path = face.bold if bold else face.regular
            self._pdf.add_font(face.name, style, path, collection_font_number=face.number)
            self._known.add(key)
        self._pdf.set_font(face.name, style, size)
        self._font = (face.name, style, size)

    # Shapes -----------------------------------------------------------------------------------------------

    def fill(self, x: float, y: float, width: float, height: float, colour: Colour = BLACK) -> None:
        """A filled rectangle."""
        self._pdf.set_fill_color(*colour)
        self._pdf.rect(x, y, width, height, style="F")

    def frame(self, x: float, y: float, width: float, height: float, thick: float = 0.4) -> None:
        """An empty rectangle."""
        self._pdf.set_draw_color(*BLACK)
        self._pdf.set_line_width(thick)
        self._pdf.rect(x, y, width, height, style="D")

    def rule(self, x: float, y: float, width: float, thick: float = 0.2, colour: Colour = BLACK) -> None:
        """A line from left to right."""
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(thick)
        self._pdf.line(x, y, x + width, y)

    def code128(self, x: float, y: float, width: float, height: float, text: str, *, align: str = "centre") -> None:
        """A Code 128 with its quiet zones within the width: modules as wide as they can be, up to half a millimetre."""
        found = codes.bars(text)
        modules = sum(many for _, many in found)
        module = min(0.5, width / (modules + 2 * codes.QUIET_BARS))
        left = x + {"left": 0.0, "right": 1.0, "centre": 0.5}[align] * (width - modules * module)
        self._pdf.set_fill_color(*BLACK)
        for dark, many in found:
            if dark:
                self._pdf.rect(left, y, many * module, height, style="F")
            left += many * module

    def qr(self, x: float, y: float, side: float, text: str) -> None:
        """A QR code with its quiet zone within a square."""
        found = codes.squares(text)
        module = side / (len(found) + 2 * codes.QUIET_SQUARES)
        self._pdf.set_fill_color(*BLACK)
        for down, row in enumerate(found):
            for begin, end in _dark(row):
                self._pdf.rect(
                    x + (codes.QUIET_SQUARES + begin) * module,
                    y + (codes.QUIET_SQUARES + down) * module,
                    (end - begin) * module,
                    module,
                    style="F",
                )


def _dark(row: Sequence[bool]) -> list[tuple[int, int]]:
    """Where dark squares stand together, as (first, one after the last)."""
    edges = [
        place for place, (one, next_one) in enumerate(zip([False, *row], [*row, False], strict=True)) if one != next_one
    ]
    return list(zip(edges[::2], edges[1::2], strict=True))
