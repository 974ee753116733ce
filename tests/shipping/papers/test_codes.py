"""Bar codes say what they were told, by the tables of their standards."""

from __future__ import annotations

import pytest
from barcode.charsets import code128  # type: ignore[import-untyped]
from hypothesis import example, given
from hypothesis import strategies as st

from fulfilhub.shipping.papers.codes import bars, squares

PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=60)
SIGNS = {pattern: value for value, pattern in enumerate(code128.CODES)}
STOP = code128.STOP + "11"  # and the bar that ends every symbol


def read(found: list[tuple[bool, int]]) -> str:
    """What a scanner makes of the bars: start, signs, check sign, stop; sets A, B and C."""
    modules = "".join(("1" if dark else "0") * many for dark, many in found)
    assert modules.endswith(STOP)
    body = modules[: -len(STOP)]
    values = [SIGNS[body[place : place + 11]] for place in range(0, len(body), 11)]
    start, *signs, check = values
    assert check == (start + sum(place * value for place, value in enumerate(signs, 1))) % 103
    letters = {103: "A", 104: "B", 105: "C"}[start]
    text = ""
    for value in signs:
        if letters == "C" and value < 100:
            text += f"{value:02}"
        elif value in {99, 100, 101}:
            letters = {99: "C", 100: "B", 101: "A"}[value]
        else:
            text += chr(value + 32) if letters == "B" or value < 64 else chr(value - 64)
    return text


@example("99")
@example("9912")
@example("99A")
@given(PRINTABLE)
def test_code_128_reads_as_it_was_told(text: str) -> None:
    assert read(bars(text)) == text


@pytest.mark.parametrize("text", ["", "Łódź", "a\nb"])
def test_what_code_128_has_no_sign_for_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        bars(text)


def test_a_qr_code_is_square_and_has_its_three_eyes() -> None:
    found = squares("wko_01h455vb4pex5vsknk084sn02q/1")
    assert {len(row) for row in found} == {len(found)}
    eye = [[True] * 7, *[[True, *[False] * 5, True]], *[[True, False, True, True, True, False, True]] * 3]
    for rows in (found[:5], [row[::-1] for row in found[:5]], found[::-1][:5]):
        assert [row[:7] for row in rows] == eye
