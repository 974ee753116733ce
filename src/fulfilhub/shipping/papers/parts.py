"""What several papers show alike: an address, a day, a weight, and what could not be printed."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from fulfilhub.shipping.papers import fonts
from fulfilhub.shipping.papers.canvas import BLACK, GREY, Canvas, Colour
from fulfilhub.shipping.papers.sheets import Address

TIMES = "\N{MULTIPLICATION SIGN}"


def day(moment: datetime, zone: str) -> str:
    """A day as it is printed, where the warehouse is: 25 Nov 2026."""
    return f"{moment.astimezone(ZoneInfo(zone)):%-d %b %Y}"


def minute(moment: datetime, zone: str) -> str:
    """A moment as it is printed: 25 Nov 2026, 14:00."""
    return f"{moment.astimezone(ZoneInfo(zone)):%-d %b %Y, %H:%M}"


def kilograms(grams: int | None) -> str:
    """A weight as it is printed; empty when it is not known."""
    return "" if grams is None else f"{grams / 1000:.2f} kg"


def centimetres(size: tuple[int, int, int] | None) -> str:
    """A size as it is printed, such as 30, 20 and 10.5 cm, multiplied."""
    return "" if size is None else f"{f' {TIMES} '.join(f'{side / 10:g}' for side in size)} cm"


def address(
    canvas: Canvas, x: float, y: float, told: Address, size: float, *, width: float, bold_first: bool = True
) -> float:
    """An address, its first line bold; returns where the next thing begins."""
    for place, line in enumerate(told.lines):
        y = canvas.text(x, y, line, size, bold=bold_first and place == 0, width=width)
    return y


def heading(canvas: Canvas, x: float, y: float, text: str, *, width: float, colour: Colour = GREY) -> float:
    """A small word above what it names."""
    return canvas.text(x, y, text.upper(), 7, bold=True, colour=colour, width=width) + 0.4


def say_lost(canvas: Canvas, x: float, y: float, width: float) -> None:
    """Say which letters could not be printed, if there are any: nobody shall guess at a gap."""
    if canvas.lost:
        told = f"Not printed ({fonts.MISSING}): {fonts.letters_of(canvas.lost)}. See the work order."
        canvas.text(x, y, told, 6.5, colour=BLACK, width=width)
