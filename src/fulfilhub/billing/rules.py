"""What a charge is and how its amount is worked out: plain data in, plain data out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from babel.numbers import get_currency_precision

from fulfilhub.platform.errors import FieldError, Invalid


class ChargeKind(StrEnum):
    """What is charged for. One charge of a kind per cause, whatever is split, retried or returned."""

    ORDER_FULFILLED = "order_fulfilled"


DEFAULT_CURRENCY = "GBP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One version of one price: `amount_minor` in minor units of `currency`, from `valid_from` on."""

    code: str
    currency: str
    version: int
    amount_minor: int
    tax_class: str
    valid_from: datetime

    @property
    def name(self) -> str:
        """How a charge names the price it came from."""
        return f"{self.code}/{self.currency}/{self.version}"


@dataclass(frozen=True, slots=True)
class Shipped:
    """A shipment that may be the first of its order."""

    order_id: UUID
    shipment_id: UUID
    shipped_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """What a charge says about its own arithmetic."""

    quantity: int
    unit: str
    formula: str
    price_version: str
    amount_minor: int
    currency: str
    tax_class: str


class NoPrice(LookupError):
    """Nothing says what this costs: the charge waits as a dead ticket for a person, nothing is guessed."""


def price_at(prices: Sequence[Price], code: str, currency: str, at: datetime) -> Price:
    """The version of a price in force at `at`. Raises NoPrice."""
    live = [p for p in prices if p.code == code and p.currency == currency and p.valid_from <= at]
    if not live:
        raise NoPrice(f"There is no price {code!r} in {currency} at {at:%Y-%m-%d}.")
    return max(live, key=lambda price: (price.valid_from, price.version))


def order_fulfilled(price: Price, *, test_mode: bool) -> Computed:
    """The charge for one fulfilled order. Test accounts pay nothing, but see which price it would have been."""
    amount = 0 if test_mode else price.amount_minor
    places = get_currency_precision(price.currency)
    shown = Decimal(price.amount_minor).scaleb(-places)
    formula = f"1 order x {shown} {price.currency}"
    return Computed(
        quantity=1,
        unit="order",
        formula=f"{formula} x 0 (test mode)" if test_mode else formula,
        price_version=price.name,
        amount_minor=amount,
        currency=price.currency,
        tax_class=price.tax_class,
    )


def month_bounds(month: str) -> tuple[datetime, datetime]:
    """Start and end (exclusive) of a month given as `2026-11`, in UTC. Raises Invalid naming the parameter."""
    year, _, number = month.partition("-")
    try:
        if len(year) != 4 or len(number) != 2:
            raise ValueError
        first = date(int(year), int(number), 1)
        following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    except ValueError:
        detail = "Must be a month such as 2026-11."
        raise Invalid(detail, fields=[FieldError("query/month", detail)]) from None
    start, end = (datetime(day.year, day.month, 1, tzinfo=UTC) for day in (first, following))
    return start, end
