"""What the customer reads of the promise: the truth, in the order's own words."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from fulfilhub.storefront.rules.customers import SORRY, promise

DUE = date(2026, 11, 26)
BEFORE, AFTER = datetime(2026, 11, 26, 12, tzinfo=UTC), datetime(2026, 11, 27, 12, tzinfo=UTC)
LATE = "It is late, and we are sorry. The parcel's journey is below."


@pytest.mark.parametrize(
    ("arrived", "today", "state", "cause", "note"),
    [
        (None, DUE, "on_track", None, "On time."),
        (None, DUE, "at_risk", None, "It may be late; we are watching it."),
        (None, DUE, "at_risk", "site", "It may be late; we are watching it."),
        (None, date(2026, 11, 27), "at_risk", None, LATE),
        (None, date(2026, 11, 27), "on_track", None, LATE),
        (None, date(2026, 11, 27), "broken", "carrier", LATE),
        (BEFORE, DUE, "kept", None, "Arrived on time."),
        (BEFORE, DUE, "on_track", None, "Arrived on time."),  # not decided yet
        (AFTER, DUE, "broken", "carrier", SORRY),
        (AFTER, DUE, "excused", "merchant", SORRY),
        (AFTER, DUE, "excused", "customer", "It waited for you, and arrived after that."),
        (BEFORE, DUE, "broken", "carrier", "Arrived on time."),  # the carrier told it when it had been given up
        (AFTER, DUE, None, None, SORRY),
    ],
)
def test_the_note_is_true(
    arrived: datetime | None, today: date, state: str | None, cause: str | None, note: str
) -> None:
    assert promise(DUE, arrived, today, state, cause)[1] == note


def test_without_a_promise_nothing_is_said() -> None:
    assert promise(None, None, DUE, None, None) == ("", "")
