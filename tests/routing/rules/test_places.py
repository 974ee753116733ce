"""Postcodes: what their prefixes mean, and whose holidays and clocks apply."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.routing.rules.places import (
    clock_of,
    distance_step,
    holiday_region,
    postcode_keys,
    tidy_prefix,
    uk_area,
)


@pytest.mark.parametrize(
    ("country", "postcode", "keys"),
    [
        ("GB", "BT1 5GS", ("BT1 5GS", "BT1 5", "BT1", "BT", "")),
        ("GB", "w1a1aa", ("W1A 1AA", "W1A 1", "W1A", "W1", "W", "")),
        ("GB", " iv51  9xx ", ("IV51 9XX", "IV51 9", "IV51", "IV", "")),
        ("GB", "M1", ("M1", "M", "")),
        ("GB", "M1 1", ("M1 1", "M1", "M", "")),
        ("GB", "GIR 0AA", ("",)),
        ("GB", "", ("",)),
        ("DE", "10115", ("10115", "1011", "101", "10", "1", "")),
        ("NL", "1012 ab", ("1012AB", "1012A", "1012", "101", "10", "1", "")),
    ],
)
def test_prefixes_of_a_postcode(country: str, postcode: str, keys: tuple[str, ...]) -> None:
    assert postcode_keys(country, postcode) == keys


@pytest.mark.parametrize(
    ("prefix", "postcode", "matches"),
    [
        ("B", "B1 1AA", True),
        ("B", "BT1 1AA", False),
        ("IV5", "IV51 9XX", False),
        ("IV51", "IV51 9XX", True),
        ("iv51 9", "IV51 9XX", True),
        ("M1 1", "M11 1AA", False),
        ("M11", "M11 1AA", True),
        ("M11", "M1 1AA", False),
        ("EC1", "EC1A 1BB", True),
        ("SW1A1AA", "SW1A 1AA", True),
    ],
)
def test_a_uk_prefix_means_what_the_trade_means(prefix: str, postcode: str, matches: bool) -> None:
    assert (tidy_prefix("GB", prefix) in postcode_keys("GB", postcode)) is matches


@given(st.text(max_size=20))
def test_any_text_can_be_a_postcode(text: str) -> None:
    for country in ("GB", "DE", "ZZ", ""):
        keys = postcode_keys(country, text)
        assert keys[-1] == ""
        assert len(set(keys)) == len(keys)
        assert len(uk_area(country, text)) <= 2


@pytest.mark.parametrize(
    ("country", "postcode", "region"),
    [
        ("GB", "EH1 1YZ", "GB-SCT"),
        ("GB", "BT1 5GS", "GB-NIR"),
        ("GB", "CF10 1EP", "GB-ENG"),  # Wales has England's bank holidays
        ("GB", "?", "GB-ENG"),
        ("JE", "JE2 3QA", "JE"),
        ("DE", "10115", "DE"),
    ],
)
def test_holidays_are_those_of_the_address(country: str, postcode: str, region: str) -> None:
    assert holiday_region(country, postcode) == region


def test_clocks_of_countries_that_have_one() -> None:
    assert [str(clock_of(country)) for country in ("GB", "IE", "DE", "US", "ZZ")] == [
        "Europe/London",
        "Europe/Dublin",
        "Europe/Berlin",
        "None",
        "None",
    ]


@pytest.mark.parametrize(
    ("there", "steps"),
    [(("GB", "LS9 1AA"), 0), (("GB", "M1 1AA"), 1), (("GB", "G1 1AA"), 2), (("FR", "75001"), 3)],
)
def test_distance_goes_in_rough_steps(there: tuple[str, str], steps: int) -> None:
    assert distance_step("GB", "LS1 4DY", *there) == steps
