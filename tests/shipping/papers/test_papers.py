"""Papers drawn: they are whole files, hold every line, say what can't be printed, and can be looked at as pictures."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fulfilhub.shipping.papers import fonts, labels, picklist, slip, zpl
from fulfilhub.shipping.papers.addresses import address_of
from fulfilhub.shipping.papers.canvas import A4, BLACK, WHITE, Canvas, colour_of, ink_on
from fulfilhub.shipping.papers.manifest import manifest
from fulfilhub.shipping.papers.sheets import Address, Sheet
from tests.make.sheets import ADA, LAMP, LINES, NAMES, PARCEL, REFERENCE, a_manifest, a_sheet

Draw = Callable[[Sequence[Sheet]], bytes]
DRAWINGS: dict[str, Draw] = {
    "pick-list": picklist.pick_lists,
    "packing-slip": slip.packing_slips,
    "parcel-label": labels.parcel_labels,
    "carton-label": labels.carton_labels,
}
PICTURES = Path(__file__).parents[3] / "build" / "papers"
"""Where the pictures lie to be looked at; git ignores it."""


def named(name: str) -> Sheet:
    return a_sheet(recipient=Address(lines=(name, *ADA.lines[1:])))


def pages(made: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", made))


@pytest.mark.parametrize("paper", DRAWINGS)
def test_a_paper_is_a_whole_pdf_of_each_work_order(paper: str) -> None:
    made = DRAWINGS[paper]([a_sheet(), a_sheet(order_number="#1002")])
    assert made.startswith(b"%PDF-")
    assert made.rstrip().endswith(b"%%EOF")
    assert pages(made) == (4 if "label" in paper else 2), "labels are of parcels, the others of work orders"


@pytest.mark.parametrize("paper", ["pick-list", "packing-slip"])
def test_long_orders_go_on_on_the_next_page(paper: str) -> None:
    assert pages(DRAWINGS[paper]([a_sheet(lines=LINES * 12)])) > 2


def test_a_manifest_has_pages_for_each_carrier_and_says_when_it_is_empty() -> None:
    assert pages(manifest(a_manifest(90))) == 3
    assert pages(manifest(a_manifest(0))) == 1


@pytest.mark.parametrize("script", NAMES)
def test_names_in_scripts_that_addresses_have_are_printed(script: str) -> None:
    canvas = Canvas(A4, "Test")
    canvas.page()
    canvas.text(10, 10, NAMES[script], width=100)
    assert canvas.lost == ""
    assert canvas.finish()


def test_what_would_come_out_wrong_is_left_out_and_named() -> None:
    canvas = Canvas(A4, "Test")
    canvas.page()
    canvas.text(10, 10, "Ada \N{WRAPPED PRESENT} \N{ARABIC LETTER MEEM}\N{HEBREW LETTER SHIN}\u200b", width=100)
    assert canvas.lost == "\N{WRAPPED PRESENT}\N{ARABIC LETTER MEEM}\N{HEBREW LETTER SHIN}"
    assert fonts.letters_of(canvas.lost * 2) == "U+1F381 U+0645 U+05E9"
    canvas.page()
    assert canvas.lost == "", "each page tells of itself"
    assert canvas.finish()


@settings(max_examples=10, deadline=None)
@given(st.text(max_size=80), st.text(max_size=400))
def test_no_text_breaks_a_paper(name: str, message: str) -> None:
    sheet = replace(named(name), gift_message=message, brand_name=name, brand_colour=name[:7])
    for draw in (*DRAWINGS.values(), zpl.parcel_labels, zpl.carton_labels):
        assert draw([sheet])


@given(st.text(st.characters(codec="ascii"), max_size=60), st.floats(8, 80))
def test_broken_text_keeps_every_word_and_fits(text: str, width: float) -> None:
    canvas = Canvas(A4, "Test")
    canvas.page()
    lines = canvas.broken(text, 10, width)
    assert "".join("".join(lines).split()) == "".join(fonts.plain(text.replace("\n", " ")).split())
    assert all(canvas.wide(line, 10) <= width or len(line) == 1 for line in lines)


def test_a_brand_colour_is_read_and_written_on_legibly() -> None:
    assert colour_of("#0f766e") == (15, 118, 110)
    assert colour_of("teal") == colour_of("#12345") == BLACK
    assert (ink_on(colour_of("#0f766e")), ink_on(colour_of("#ffd400"))) == (WHITE, BLACK)


def test_a_label_says_the_carriers_number_or_whose_work_it_is() -> None:
    sheet = a_sheet()
    assert [labels.code_of(sheet, parcel) for parcel in (PARCEL, LAMP)] == ["AB123456789GB", REFERENCE]
    assert labels.square_of(sheet, LAMP) == f"{REFERENCE}/2"


def test_zpl_holds_the_address_the_codes_and_no_commands_of_strangers() -> None:
    made = zpl.parcel_labels([named("Ada ^XA~JR_\\ Łódź")]).decode()
    assert made.count("^XA") == made.count("^XZ") == 2
    assert "^FDAda _5EXA_7EJR_5F_5C Łódź^FS" in made
    assert "^FDAB123456789GB^FS" in made
    assert f"^FDMA,{REFERENCE.replace('_', '_5F')}/1^FS" in made
    assert "^FDUN3481 lithium ion batteries^FS" in made
    for x, y in re.findall(r"\^FO(\d+),(\d+)", made):
        assert int(x) < zpl.WIDE
        assert int(y) < zpl.HIGH


def test_addresses_are_written_as_their_country_does() -> None:
    told = {"name": "Ada", "line1": "Torstr. 1", "city": "Berlin", "postcode": "10115", "country": "DE"}
    assert address_of(told).lines == ("Ada", "Torstr. 1", "10115 BERLIN", "GERMANY")
    assert address_of({**told, "country": "ZZ"}).lines == ("Ada", "Torstr. 1", "Berlin", "10115", "ZZ")
    assert address_of({}).lines == ()


def pictures(name: str, made: bytes) -> list[Any]:
    """The pages as pictures, kept to be looked at too. Skips where nothing renders PDFs."""
    renderer = pytest.importorskip("pypdfium2", reason="pypdfium2 renders PDFs; it is not installed")
    PICTURES.mkdir(parents=True, exist_ok=True)
    found = [page.render(scale=300 / 72).to_pil().convert("L") for page in renderer.PdfDocument(made)]
    for place, picture in enumerate(found, 1):
        picture.save(PICTURES / f"{name}-{place}.png")
    return found


@pytest.mark.parametrize("paper", [*DRAWINGS, "manifest"])
def test_papers_as_pictures_have_ink_within_their_edges(paper: str) -> None:
    sheet = a_sheet(lines=LINES * 6)
    made = manifest(a_manifest(90)) if paper == "manifest" else DRAWINGS[paper]([sheet])
    for picture in pictures(paper, made):
        ink = sum(picture.histogram()[:128]) / (picture.width * picture.height)
        assert 0.003 < ink < 0.4
        right = picture.crop((picture.width - 8, int(picture.height * 0.12), picture.width, picture.height))
        assert paper.endswith("label") or right.getextrema()[0] > 250, "nothing runs over the right edge"


@pytest.mark.parametrize("paper", list(DRAWINGS))
def test_the_codes_on_papers_can_be_scanned(paper: str) -> None:
    scanner = pytest.importorskip("zxingcpp", reason="zxing-cpp reads bar codes; it is not installed")
    first, *_ = pictures(f"{paper}-scanned", DRAWINGS[paper]([a_sheet()]))
    found = {each.text for each in scanner.read_barcodes(first)}
    wanted = {
        "pick-list": {REFERENCE},
        "packing-slip": {REFERENCE},
        "parcel-label": {"AB123456789GB", f"{REFERENCE}/1"},
        "carton-label": {REFERENCE, f"{REFERENCE}/1"},
    }
    assert found == wanted[paper]


def test_fonts_come_from_packages_and_not_from_this_machine() -> None:
    kept = {Path(importlib.import_module(name).__file__ or "").parent for name in ("pymupdf_fonts",)}
    assert kept
    for face in fonts.faces():
        assert not str(face.regular).startswith(("/usr/share/fonts", "/usr/local/share/fonts"))
