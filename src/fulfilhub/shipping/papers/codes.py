"""Bar codes as what is drawn: Code 128 as dark and light bars, QR as rows of squares."""

from __future__ import annotations

from itertools import groupby

import segno
from barcode.codex import Code128  # type: ignore[import-untyped]

QUIET_BARS = 10
"""Modules of white that a scanner needs on either side of a Code 128 (ISO/IEC 15417)."""
QUIET_SQUARES = 4
"""Modules of white around a QR code (ISO/IEC 18004)."""


PAIR_99 = 99
"""The sign of two digits 99; outside of digits it means a change to them."""


class _Code128(Code128):  # type: ignore[misc]  # the library has no types
    """Of a text that begins with 99 the library takes these digits for a change of signs, and drops them."""

    def _try_to_optimize(self, encoded: list[int]) -> list[int]:
        if encoded[1] == PAIR_99:  # it begins among digits, so no change to them can follow
            return encoded
        optimised: list[int] = super()._try_to_optimize(encoded)
        return optimised


def bars(text: str) -> list[tuple[bool, int]]:
    """A Code 128 as (dark, modules) from left to right, without the quiet zones. Raises ValueError for what Code 128
    has no sign for: anything but printable ASCII."""
    if not text or not text.isascii() or not text.isprintable():
        raise ValueError("Code 128 holds printable ASCII")
    (modules,) = _Code128(text).build()
    return [(dark == "1", len(list(run))) for dark, run in groupby(modules)]


def squares(text: str) -> list[list[bool]]:
    """A QR code (error correction M) as rows of dark or light squares, without the quiet zone."""
    return [[bool(square) for square in row] for row in segno.make(text, error="m", micro=False).matrix]
