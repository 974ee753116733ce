"""By which texts a raw message is known to be about a customer."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.privacy.rules import SHORTEST_NEEDLE, names_anyone, needles

LONG = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=SHORTEST_NEEDLE, max_size=30)


@given(LONG, st.booleans())
def test_what_json_holds_is_found_however_it_is_written(name: str, ascii_only: bool) -> None:
    wanted = needles(["ada@example.com"], [{"name": name}])
    body = json.dumps({"billing": {"first_name": name}}, ensure_ascii=ascii_only)
    assert names_anyone(body.encode(), wanted)
    assert names_anyone(body.replace("/", "\\/").encode(), wanted)


def test_case_does_not_matter_and_short_texts_find_nobody() -> None:
    wanted = needles(["Ada@Example.com"], [{"name": "Ada", "line1": "5 A"}, None])
    assert names_anyone(b'{"email":"ADA@EXAMPLE.COM"}', wanted)
    assert not names_anyone(b'{"name":"Ada","line1":"5 A"}', wanted)
    assert not names_anyone(b"", wanted)
