"""Which letters can be printed, and with which font: by what the fonts hold, and by what a script asks for.

Noto Sans has Latin, Greek and Cyrillic, FiraGO Georgian besides (both from `pymupdf-fonts`); WenQuanYi Micro Hei, where
`paperang-p2-fonts-cjk` is installed, Chinese, Japanese and Korean. Scripts whose letters join, stack or run from right
to left need a shaping engine and would come out wrong, which is worse on a label than a gap: they are not drawn. Each
letter that is not becomes `MISSING`, and the paper says so.
"""

from __future__ import annotations

import importlib
import importlib.util
import tempfile
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

MISSING = "▯"
SHAPED = frozenset(
    {
        *("ARABIC", "HEBREW", "SYRIAC", "THAANA", "NKO"),
        *("DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM"),
        *("SINHALA", "THAI", "LAO", "TIBETAN", "MYANMAR", "KHMER"),
    }
)
"""Scripts that are not drawn letter by letter, by the first word of their letters' names."""
BLANKS = dict.fromkeys((*range(0x20), 0x7F, 0xA0, 0x2028, 0x2029), " ")
BLANKS |= dict.fromkeys((0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF), "")
"""Signs that have no shape: blanks of any kind, and what only guides other programs."""


@dataclass(frozen=True, slots=True)
class Face:
    """A font file, its bold sister (the same where there is none), and the letters it has."""

    name: str
    regular: Path
    bold: Path
    number: int
    letters: frozenset[str]


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Where fonts that come as bytes lie as files for as long as this process lives."""
    return tempfile.TemporaryDirectory(prefix="fulfilhub-fonts-")


@cache
def faces() -> tuple[Face, ...]:
    """The fonts there are, the preferred first."""
    return (
        _from_bytes("sans", "notos", "notosbo"),
        _from_bytes("more", "figo", "figbo"),
        *_from_package("paperang_p2_fonts_cjk", "fonts/wqy-microhei.ttc", "cjk"),
    )


def _from_bytes(name: str, regular: str, bold: str) -> Face:
    kept = importlib.import_module("pymupdf_fonts")
    paths = [Path(_folder().name, f"{each}.ttf") for each in (regular, bold)]
    for path in paths:
        path.write_bytes(kept.myfont(path.stem))
    return Face(name, paths[0], paths[1], 0, _letters(paths[0], 0))


def _from_package(package: str, inside: str, name: str) -> Iterator[Face]:
    found = importlib.util.find_spec(package)
    if found is not None and found.origin is not None:
        path = Path(found.origin).parent / inside
        yield Face(name, path, path, 0, _letters(path, 0))


def _letters(path: Path, number: int) -> frozenset[str]:
    with TTFont(path, fontNumber=number, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


@cache
def _face_of(letter: str) -> Face | None:
    """The first font that has a letter; None for one that cannot be drawn as it should be."""
    if unicodedata.name(letter, "").partition(" ")[0] in SHAPED:
        return None
    return next((face for face in faces() if letter in face.letters), None)


def plain(text: str) -> str:
    """The text on one line, composed (an e with an accent is one letter), without signs that have no shape."""
    return unicodedata.normalize("NFC", text).translate(BLANKS)


@cache
def _widths(path: Path, number: int) -> dict[str, float]:
    """How wide each letter of a font is, over the size it is set in."""
    with TTFont(path, fontNumber=number, lazy=True) as font:
        advances, whole = font["hmtx"], font["head"].unitsPerEm
        return {chr(letter): advances[glyph][0] / whole for letter, glyph in font.getBestCmap().items()}


def width(face: Face, drawn: str, *, bold: bool) -> float:
    """How wide a piece of a text is, over the size it is set in."""
    known = _widths(face.bold if bold else face.regular, face.number).get
    return sum([known(letter, 0.0) for letter in drawn])


def runs(text: str) -> Iterator[tuple[Face, str, str]]:
    """Pieces of a plain text, as (font, what is drawn, letters that are not); the pieces in their order."""
    first = faces()[0]
    if first.letters.issuperset(text):
        yield first, text, ""
        return
    face, drawn, lost = first, "", ""
    for letter in text:
        found = _face_of(letter)
        sign = letter if found is not None else MISSING
        found = found or _face_of(MISSING) or first
        if found is not face:
            yield face, drawn, lost
            face, drawn, lost = found, "", ""
        drawn += sign
        lost += letter if sign != letter else ""
    yield face, drawn, lost


def letters_of(text: str) -> str:
    """Each letter of a text with its number, such as `ع (U+0639)` for a log or a note; the letters only once."""
    return " ".join(f"U+{ord(letter):04X}" for letter in dict.fromkeys(text))
