"""Prices and amounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.billing.rules import NoPrice, Price, month_bounds, order_fulfilled, price_at
from fulfilhub.platform.errors import Invalid

START = datetime(2026, 1, 1, tzinfo=UTC)


def price(version: int, amount: int, valid_from: datetime = START, currency: str = "GBP") -> Price:
    return Price(
        code="order_fulfilled",
        currency=currency,
        version=version,
        amount_minor=amount,
        tax_class="standard",
        valid_from=valid_from,
    )


def test_the_version_of_the_day_counts() -> None:
    later = START + timedelta(days=90)
    prices = [price(2, 30, later), price(1, 25)]
    assert price_at(prices, "order_fulfilled", "GBP", later - timedelta(seconds=1)).version == 1
    assert price_at(prices, "order_fulfilled", "GBP", later).version == 2


def test_without_a_price_nothing_is_guessed() -> None:
    with pytest.raises(NoPrice):
        price_at([price(1, 25)], "order_fulfilled", "GBP", START - timedelta(days=1))
    with pytest.raises(NoPrice):
        price_at([price(1, 25)], "order_fulfilled", "EUR", START)


@pytest.mark.parametrize(
    ("currency", "amount", "formula"),
    [("GBP", 25, "1 order x 0.25 GBP"), ("JPY", 40, "1 order x 40 JPY"), ("KWD", 75, "1 order x 0.075 KWD")],
)
def test_a_charge_shows_its_arithmetic(currency: str, amount: int, formula: str) -> None:
    made = order_fulfilled(price(3, amount, currency=currency), test_mode=False)
    assert (made.amount_minor, made.formula) == (amount, formula)
    assert made.price_version == f"order_fulfilled/{currency}/3"


def test_a_test_account_pays_nothing() -> None:
    made = order_fulfilled(price(1, 25), test_mode=True)
    assert made.amount_minor == 0
    assert "test mode" in made.formula


def test_a_month_ends_where_the_next_begins() -> None:
    assert month_bounds("2026-12") == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


@given(st.integers(1, 9998), st.integers(1, 12))
def test_months_have_no_gaps(year: int, month: int) -> None:
    following = f"{year + month // 12:04d}-{month % 12 + 1:02d}"
    assert month_bounds(f"{year:04d}-{month:02d}")[1] == month_bounds(following)[0]


@pytest.mark.parametrize("bad", ["", "2026", "2026-13", "2026-1", "26-01", "2026-00", "9999-12"])
def test_what_is_no_month_is_named(bad: str) -> None:
    with pytest.raises(Invalid) as raised:
        month_bounds(bad)
    assert raised.value.fields[0].pointer == "query/month"
