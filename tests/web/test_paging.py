"""Cursors: what we made comes back; what we did not is refused."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.platform.errors import Invalid
from fulfilhub.web.jsonschemas import SAFE
from fulfilhub.web.paging import decode_cursor, encode_cursor, id_cursor, page, timed_cursor

TIMES = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


@given(TIMES, st.uuids())
def test_a_time_and_an_id_come_back(at: datetime, value: UUID) -> None:
    assert timed_cursor(encode_cursor(at, value)) == (at, value)


@given(st.integers(-SAFE, SAFE), st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_numbers_and_texts_come_back(number: int, text: str) -> None:
    cursor = encode_cursor(number, text)
    assert decode_cursor(cursor, int, str) == (number, text)
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?#%")


@given(st.text())
def test_what_we_did_not_make_is_refused(text: str) -> None:
    for types in ((UUID,), (datetime, UUID), (int,), (str,)):
        with pytest.raises(Invalid) as caught:
            decode_cursor(text, *types)
        assert [found.pointer for found in caught.value.fields] == ["query/cursor"]


@pytest.mark.parametrize(
    ("forged", "type_"),
    [
        (["a\x00b"], str),
        ([2**63], int),
        ([10**400], int),
        (["2026-11-24T09:30:00"], datetime),
        (["0001-01-01T00:00:00+14:00"], datetime),
        ([], int),
        ([1, 2], int),
        ({"a": 1}, int),
    ],
)
def test_what_the_database_would_choke_on_is_refused(forged: object, type_: type) -> None:
    raw = str(forged).encode() if forged == [10**400] else msgspec.json.encode(forged)
    with pytest.raises(Invalid):
        decode_cursor(base64.urlsafe_b64encode(raw).decode().rstrip("="), type_)


def test_no_cursor_means_the_first_page() -> None:
    assert id_cursor(None) is None
    assert id_cursor("") is None
    assert timed_cursor("") is None


def test_one_row_too_many_means_there_is_more() -> None:
    full = page([1, 2, 3], 2, lambda row: (row,), str)
    assert (full.data, full.has_more) == (["1", "2"], True)
    assert full.next_cursor is not None
    assert decode_cursor(full.next_cursor, int) == (2,)
    last = page([1, 2], 2, lambda row: (row,), str)
    assert (last.data, last.next_cursor, last.has_more) == (["1", "2"], None, False)
    assert page([], 2, lambda row: (row,), str).data == []
