"""Reading untrusted JSON: every function takes anything and answers with a plain value or nothing, and never
raises."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from babel.core import get_global
from babel.numbers import get_currency_precision

#: Stands for a time that could not be read; older than any real one, so that it never wins over a known
#: state.
UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)

#: Enough for any price; keeps a hostile `1e999999` from becoming a number of a million digits.
_AMOUNT = re.compile(r"[+-]?\d{1,13}(\.\d{0,20})?", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_LARGEST_QUANTITY = 1_000_000


def parse(body: bytes) -> object:
    """The JSON value in `body`, or None when it is not JSON (or the word `null`, which no store sends)."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def table(value: object) -> Mapping[str, object]:
    """The JSON object, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def rows(value: object) -> Sequence[Mapping[str, object]]:
    """The objects of a JSON list, or of a GraphQL connection's `nodes`; whatever else is in it is passed
    over."""
    if isinstance(value, Mapping):
        value = value.get("nodes")
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Text without outer blanks, and without what PostgreSQL can't keep (NUL, lone surrogates). Numbers are
    shown."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    return value.replace("\x00", "").encode("utf-8", "replace").decode().strip()


def identifier(value: object) -> str:
    """An id: a positive whole number or a short text. Empty when it is neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if 0 < value < 10**30 else ""
    found = text(value) if isinstance(value, str) else ""
    return found if len(found) <= 255 else ""


def quantity(value: object) -> int | None:
    """A whole number of units from 0 to a million, given as number or digits; None for anything else."""
    amount = decimal(value)
    if amount is None or amount != amount.to_integral_value() or not 0 <= amount <= _LARGEST_QUANTITY:
        return None
    return int(amount)


def stock(value: object) -> int | None:
    """Units a shop shows of a product, below zero where it sells what it lacks; None for anything but a whole
    number."""
    amount = decimal(value)
    return int(amount) if amount is not None and amount == amount.to_integral_value() else None


def decimal(value: object) -> Decimal | None:
    """A plain decimal number (`"15.30"`, `7.65`, `3`); no exponents, at most 13 digits before the point."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    shown = str(value).strip() if not isinstance(value, int) or abs(value) < 10**13 else ""
    return Decimal(shown) if _AMOUNT.fullmatch(shown) else None


def currency_known(code: str) -> bool:
    """Is it a currency code of ISO 4217 (present or past)?"""
    return code in get_global("all_currencies")


def minor_units(amount: Decimal, currency: str) -> int:
    """The amount in the currency's minor units: `Decimal("15.30")` GBP -> 1530, JPY has none, KWD has three
    places. Places as CLDR has them (babel), half a unit rounds away from zero. `currency` must be a known
    one."""
    return int(amount.scaleb(get_currency_precision(currency)).to_integral_value(ROUND_HALF_UP))


def moment(value: object) -> datetime | None:
    """A point in time, aware, in UTC. A text without an offset is taken as UTC."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def country(value: object) -> str:
    """An ISO 3166-1 alpha-2 code in capitals, or empty."""
    code = text(value).upper()
    return code if _COUNTRY.fullmatch(code) else ""
