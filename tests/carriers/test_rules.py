"""How a carrier's delivery is read: what is not understood is named, and spoils nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.carriers.rules import (
    MOST_EVENTS,
    MOST_REASONS,
    Outcome,
    Unreadable,
    check_secret,
    check_statuses,
    outcome_of,
    read,
    sentence,
)
from fulfilhub.platform.errors import Invalid
from fulfilhub.platform.secrets import new_signing_secret
from fulfilhub.shipping.rules import TrackingState

S = TrackingState
AT = "2026-11-25T09:30:00+01:00"
GOOD = {"tracking_number": "AB1", "occurred_at": AT, "status": "in_transit"}


def body(*events: object) -> bytes:
    return json.dumps(list(events)).encode()


def test_one_event_or_many_are_read_with_what_they_hold() -> None:
    whole = {
        **GOOD,
        "id": "e1",
        "carrier": "evri",
        "code": "12",
        "text": "On its way",
        "location": "Leeds",
        "signed_by": "A. Test",
        "estimated_delivery_at": AT,
        "something": {"else": 1},
    }
    for sent in (json.dumps(whole).encode(), body(whole)):
        reading = read(sent, "", {})
        assert (reading.problems, reading.total) == ({}, 1)
        event, state = reading.events[0]
        assert (event.text, event.location, event.signed_by, state) == ("On its way", "Leeds", "A. Test", S.IN_TRANSIT)
        assert event.occurred_at.isoformat() == AT


@pytest.mark.parametrize(
    ("told", "carrier", "state"),
    [
        ({"status": "delivered"}, "", S.DELIVERED),
        ({"status": "delivered", "code": "rts"}, "", S.RETURNING),  # our reading counts before the sender's
        ({"code": " RTS "}, "", S.RETURNING),
        ({"code": "07"}, "evri", S.OUT_FOR_DELIVERY),
        ({"code": "07"}, "dpd", S.CUSTOMS),
        ({"code": "07", "carrier": "evri"}, "dpd", S.OUT_FOR_DELIVERY),
        ({"code": "99", "status": "exception"}, "", S.EXCEPTION),
        ({"code": "note"}, "", None),
    ],
)
def test_the_carriers_code_counts_before_the_status(
    told: Mapping[str, str], carrier: str, state: TrackingState | None
) -> None:
    words = {"RTS": S.RETURNING, "07": S.CUSTOMS, "EVRI:07": S.OUT_FOR_DELIVERY, "note": None}
    reading = read(body({"tracking_number": "AB1", "occurred_at": AT, **told}), carrier, words)
    assert reading.problems == {}
    assert [found for _, found in reading.events.values()] == ([] if state is None else [state])


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({"tracking_number": "--"}, "tracking_number"),
        ({"tracking_number": 7}, "tracking_number"),
        ({"occurred_at": "2026-11-25T09:30:00"}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "too far"),
        ({"estimated_delivery_at": "9999-12-31T23:59:59-14:00"}, "too far"),
        ({"status": "lost"}, "status"),
        ({"status": "", "code": "X7"}, "'X7'"),
        ({"text": "a\x00b"}, "NUL"),
        ({"signed_by": "x" * 201}, "signed_by"),
    ],
)
def test_a_broken_event_is_named_and_its_neighbours_are_read(broken: Mapping[str, object], says: str) -> None:
    reading = read(body(GOOD, {**GOOD, **broken}, GOOD), "", {})
    assert set(reading.events) == {0, 2}
    assert says in reading.problems[1]
    assert outcome_of(reading, list(reading.problems)) is Outcome.PARTLY


@pytest.mark.parametrize(
    "sent", [b"", b"not json", b"[]", b'{"a":"\\ud800"}', b"[" * 100_000, body(*[GOOD] * (MOST_EVENTS + 1))]
)
def test_what_is_no_delivery_is_refused_whole(sent: bytes) -> None:
    with pytest.raises(Unreadable):
        read(sent, "", {})


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(lambda x: json.dumps(x).encode()))
def test_nothing_that_is_sent_breaks_the_reader(sent: bytes) -> None:
    try:
        reading = read(sent, "", {})
    except Unreadable:
        return
    assert len(reading.events) + len(reading.problems) == reading.total
    assert sentence(reading.problems, reading.total, 0)


def test_the_sentence_names_some_and_counts_the_others() -> None:
    told = sentence(dict.fromkeys(range(MOST_REASONS + 3), "Bad."), 20, 2)
    assert told is not None
    assert told.startswith("13 of 20 events could not be read. Event 0: Bad.")
    assert "And 3 more." in told
    assert told.endswith("2 of 20 events wait for their parcel to be shipped.")
    assert sentence({}, 3, 0) is None


def test_words_that_only_capitals_tell_apart_are_refused() -> None:
    assert check_statuses({"A": S.DELIVERED, "b": None}) == {"A": "delivered", "b": None}
    for bad in ({"dlv/d": S.DELIVERED, "DLV/D ": S.RETURNED}, {" ": S.DELIVERED}):
        with pytest.raises(Invalid) as caught:
            check_statuses(bad)
        assert caught.value.fields[0].pointer.startswith("/statuses/")


def test_a_carriers_own_secret_must_be_one() -> None:
    good = new_signing_secret()
    assert check_secret(good) == good
    short = "whsec_" + base64.b64encode(b"x" * 23).decode()
    for bad in ("whsec_", short, good.removeprefix("whsec_"), "whsec_!!!!", "x"):
        with pytest.raises(Invalid):
            check_secret(bad)
