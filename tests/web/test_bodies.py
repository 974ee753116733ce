"""Bodies: decoded, or told everything that is wrong with them."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from fulfilhub.platform.errors import Invalid
from fulfilhub.web.bodies import DEPTH, LARGE, Reader, bad_text, suspicious
from fulfilhub.web.jsonschemas import SAFE, each
from fulfilhub.web.mistakes import MOST, pointer
from fulfilhub.web.problems import Malformed
from tests.web.little import NoteIn, Plain, Sum

READER = Reader(NoteIn)
GOOD = {"title": "a", "lines": [{"kind": "plain", "words": "b"}]}


class Many(Struct, kw_only=True, forbid_unknown_fields=True):
    items: Annotated[list[msgspec.Raw], each(NoteIn, 3)]
    note: str = ""


async def _wrong(body: bytes) -> dict[str, str]:
    """Pointer to code of each mistake."""
    with pytest.raises(Invalid) as caught:
        await READER.read(body)
    return {found.pointer: found.code for found in caught.value.fields}


def _with(**fields: object) -> bytes:
    return json.dumps(GOOD | fields).encode()


async def test_a_good_body_becomes_its_type() -> None:
    note = await READER.read(_with(due_at="2026-11-24T09:30:00+01:00", weight=5, more={"a": [1.5, None, "x"]}))
    assert note.lines == [Plain(words="b")]
    assert note.due_at is not None
    assert note.due_at.astimezone(UTC) == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert note.more == {"a": [1.5, None, "x"]}


async def test_every_mistake_is_named_at_once() -> None:
    wrong = await _wrong(
        json.dumps(
            {
                "title": "",
                "lines": [
                    {"kind": "plain", "words": 5},
                    {"kind": "sum"},
                    {"kind": "other"},
                    {"kind": "sum", "amount": -1},
                    7,
                ],
                "due_at": "tomorrow",
                "colour": "green",
                "weight": "heavy",
                "about": "cat",
                "surprise": True,
            }
        ).encode()
    )
    assert wrong == {
        "/title": "min_length",
        "/lines/0/words": "type",
        "/lines/1/amount": "required",
        "/lines/2/kind": "enum",
        "/lines/3/amount": "minimum",
        "/lines/4": "type",
        "/due_at": "format",
        "/colour": "enum",
        "/weight": "type",
        "/about": "pattern",
        "/surprise": "unknown_field",
    }


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"title": ""}, "Must not be empty."),
        ({"title": "x" * 41}, "Must have at most 40 characters."),
        ({"title": None}, "Must be text."),
        ({"lines": []}, "Must not be empty."),
        ({"lines": [GOOD["lines"][0]] * 6}, "Must have at most 5 items."),
        ({"colour": "green"}, "Must be one of: blue, red."),
        ({"weight": 1.5}, "Must be a whole number."),
        ({"about": "cat"}, "Must look like ord_01h455vb4pex5vsknk084sn02q."),
        ({"due_at": 7}, "Must be a time with its offset, such as 2026-11-24T09:30:00Z or null."),
        ({"titel": "x"}, "Is not a known field: did you mean 'title'?"),
        ({"zzz": 1}, "Is not a known field: remove it."),
        ({"lines": [{"kind": "sum", "amount": -1}]}, "Must be 0 or more."),
        ({"lines": [{"words": "x"}]}, "Must be one of: plain, sum."),
    ],
)
async def test_a_mistake_is_told_in_a_sentence(fields: dict[str, object], sentence: str) -> None:
    with pytest.raises(Invalid) as caught:
        await READER.read(_with(**fields))
    assert [found.detail for found in caught.value.fields] == [sentence]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "broken_json"),
        (b"nonsense", "broken_json"),
        (b'{"title": "a",}', "broken_json"),
        (b'{"title": NaN}', "broken_json"),
        (b'{"title": "a"} {}', "broken_json"),
        (b'\xef\xbb\xbf{"title": "a"}', "broken_json"),
        (b'{"title": "\x00"}', "broken_json"),
        (b'{"title": 5, "lines": nonsense', "broken_json"),
        (b'{"title": "\xff"}', "not_utf8"),
        (b'{"title": "\xed\xa0\x80"}', "not_utf8"),
    ],
)
async def test_what_is_not_json_is_malformed(body: bytes, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        await READER.read(body)
    assert caught.value.code == code


async def test_nul_and_lone_surrogates_are_refused_by_name_wherever_they_are() -> None:
    assert await _wrong(_with(title="a\x00b")) == {"/title": "bad_text"}
    assert await _wrong(_with(more={"a": [{"b": "\x00"}]})) == {"/more/a/0/b": "bad_text"}
    assert await _wrong(_with(more={"\x00": 1})) == {"/more": "bad_text"}
    assert await _wrong(_with(title="\ud800", more={"a": "x\udfff"})) == {"/title": "bad_text", "/more/a": "bad_text"}
    assert (await READER.read(_with(title="\U0001f4e6"))).title == "\U0001f4e6"
    # What only looks like one: a backslash, then u0000.
    assert (await READER.read(_with(title="\\u0000"))).title == "\\u0000"


async def test_numbers_that_no_reader_can_hold_are_refused() -> None:
    assert (await READER.read(_with(weight=SAFE))).weight == SAFE
    assert await _wrong(_with(weight=SAFE + 1)) == {"/weight": "maximum"}
    assert await _wrong(_with(weight=-(10**30))) == {"/weight": "minimum"}
    assert await _wrong(_with().replace(b'"title"', b'"weight": 1e999, "title"')) == {"/weight": "invalid"}
    assert await _wrong(_with().replace(b'"title"', b'"weight": ' + b"9" * 5000 + b', "title"')) == {
        "/weight": "invalid"
    }
    assert (await READER.read(_with(title="00340434161094015902"))).title == "00340434161094015902"


async def test_a_whole_number_may_be_written_with_a_point() -> None:
    note = await READER.read(_with(weight=2.0, lines=[{"kind": "sum", "amount": 12.0}]))
    assert (note.weight, note.lines) == (2, [Sum(amount=12)])
    assert type(note.weight) is int


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-24T09:30:00",
        "2026-11-24",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1764000000",
        "09:30Z",
    ],
)
async def test_a_time_has_an_offset_and_exists_in_utc(time: str) -> None:
    assert await _wrong(_with(due_at=time)) == {"/due_at": "format"}


async def test_nesting_has_an_end() -> None:
    deepest: object = []
    for _ in range(DEPTH - 3):
        deepest = [deepest]
    assert (await READER.read(_with(more={"a": deepest}))).more == {"a": deepest}
    assert await _wrong(_with(more={"a": [[deepest]]})) == {"": "too_deep"}
    assert await _wrong(b"[" * 100_000) == {"": "too_deep"}
    assert await _wrong(_with().replace(b'"title"', b'"more": {"a": ' + b"[" * 5000 + b"]" * 5000 + b'}, "title"')) == {
        "": "too_deep"
    }


async def test_brackets_in_texts_are_not_nesting() -> None:
    note = await READER.read(_with(more={"a": "[" * 200, "b": "\\" + '"[' * 100}))
    assert note.more["a"] == "[" * 200


async def test_no_more_than_a_hundred_mistakes_are_told() -> None:
    with pytest.raises(Invalid) as caught:
        await READER.read(_with(**{f"field{n}": n for n in range(300)}))
    assert len(caught.value.fields) == MOST
    assert caught.value.detail.startswith(f"At least {MOST} fields")


async def test_a_large_wrong_body_is_told_all_the_same() -> None:
    assert await _wrong(_with(title="", more={"a": "x" * LARGE})) == {"/title": "min_length"}


async def test_a_batch_is_judged_item_by_item() -> None:
    outer, inner = Reader(Many), Reader(NoteIn)
    good, wrong = _with(), _with(title="", lines=[])
    dark, deep = _with(title="a\x00"), _with(more={"a": json.loads("[" * 70 + "]" * 70)})
    body = b'{"items": [%s]}'
    huge = good.replace(b'"title"', b'"weight": 1e999, "more": {"a": "\\u0000"}, "title"')
    for items in ([good, good], [good, wrong, dark], [deep, good], [huge, good]):
        many = await outer.read(body % b", ".join(items))
        judged = await inner.read_each(many.items)
        assert [isinstance(item, NoteIn) for item in judged] == [item is good for item in items]
    many = await outer.read(body % wrong)
    (error,) = await inner.read_each(many.items)
    assert isinstance(error, Invalid)
    assert [found.pointer for found in error.fields] == ["/title", "/lines"]


async def test_a_batch_itself_is_still_checked() -> None:
    outer = Reader(Many)
    for body, where in (
        (b'{"items": []}', "/items"),
        (b'{"items": [1, 2, 3, 4]}', "/items"),
        (b'{"items": [1], "x": 1}', "/x"),
    ):
        with pytest.raises(Invalid) as caught:
            await outer.read(body)
        assert [found.pointer for found in caught.value.fields] == [where]
    with pytest.raises(Invalid) as caught:
        await outer.read(b'{"items": [1], "note": "\\u0000"}')
    assert [found.pointer for found in caught.value.fields] == ["/note"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-SAFE, SAFE) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
async def test_whatever_comes_is_read_or_refused(value: object) -> None:
    for body in (json.dumps(value), json.dumps(GOOD | {"more": {"any": value}})):
        with suppress(Invalid, Malformed):
            assert isinstance(await READER.read(body.encode()), NoteIn)


@given(st.binary())
async def test_whatever_bytes_come_are_read_or_refused(body: bytes) -> None:
    with pytest.raises((Invalid, Malformed)):
        await READER.read(body)


@given(JSON)
def test_nothing_suspicious_is_overlooked(value: object) -> None:
    body = json.dumps({"a": value}).encode()
    texts = [text for text in _texts(value) if bad_text(text)]
    if texts:
        assert suspicious(body, times=False) or b"\\ud" in body


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *(text for inner in value.values() for text in _texts(inner))]
    return [text for inner in value for text in _texts(inner)] if isinstance(value, list) else []


@given(st.lists(st.text() | st.integers(0, 10**6)))
def test_a_pointer_leads_back(path: list[str | int]) -> None:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer(path).split("/")[1:]]
    assert steps == [str(step) for step in path]
