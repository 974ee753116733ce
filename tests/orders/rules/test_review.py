"""What puts an order in review, and what only earns a remark."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.orders.incoming import Address, IncomingLine, IncomingOrder, StoreState
from fulfilhub.orders.rules import Review, check, warnings

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
KNOWN = frozenset({"MUG", "TEE"})
HOME = Address(name="Ada", line1="10 Sample Road", city="Manchester", postcode="M1 1AA", country="GB")
MUGS = IncomingLine(external_id="1", sku="MUG", title="Mug", quantity=2)
GOOD = IncomingOrder(
    external_id="17", number="17", currency="GBP", placed_at=NOW, updated_at=NOW, lines=(MUGS,), ship_to=HOME
)


def found(incoming: IncomingOrder) -> list[tuple[Review, str]]:
    reasons = check(incoming, KNOWN, frozenset({"var-1"}))
    assert all(reason.sentence for reason in reasons)
    return [(reason.code, reason.pointer) for reason in reasons]


def with_lines(*lines: IncomingLine) -> IncomingOrder:
    return replace(GOOD, lines=lines)


def with_address(**changes: str) -> IncomingOrder:
    return replace(GOOD, ship_to=replace(HOME, **changes))


@pytest.mark.parametrize(
    ("incoming", "reasons"),
    [
        (GOOD, []),
        (with_lines(), [(Review.NO_LINES, "/lines")]),
        (with_lines(MUGS, replace(MUGS, external_id="2", sku="POT")), [(Review.UNKNOWN_SKU, "/lines/1/sku")]),
        (with_lines(replace(MUGS, sku="mug")), [(Review.UNKNOWN_SKU, "/lines/0/sku")]),
        (with_lines(replace(MUGS, sku="POT", variant_id="var-1")), []),  # the listing knows it
        (with_lines(replace(MUGS, sku="")), [(Review.MISSING_SKU, "/lines/0/sku")]),
        (with_lines(replace(MUGS, sku="", variant_id="var-1")), []),
        (with_lines(MUGS, replace(MUGS, external_id="2", sku="GIFT", requires_shipping=False)), []),
        (with_lines(MUGS, replace(MUGS, external_id="2", sku="POT", quantity=0)), []),  # removed in the store
        (with_lines(MUGS, replace(MUGS, external_id="2", sku="POT", fulfilled=2)), []),  # somebody else sent it
        (with_lines(replace(MUGS, quantity=-1)), [(Review.BAD_QUANTITY, "/lines/0/quantity")]),
        (with_lines(replace(MUGS, quantity=10**9)), [(Review.BAD_QUANTITY, "/lines/0/quantity")]),
        (with_lines(MUGS, MUGS), [(Review.DUPLICATE_LINE, "/lines/1/external_id")]),
        (replace(GOOD, ship_to=None), [(Review.NO_ADDRESS, "/ship_to")]),
        (replace(GOOD, ship_to=Address()), [(Review.NO_ADDRESS, "/ship_to")]),
        (with_address(country=""), [(Review.UNKNOWN_COUNTRY, "/ship_to/country")]),
        (with_address(country="UK"), [(Review.UNKNOWN_COUNTRY, "/ship_to/country")]),
        (with_address(country="gb"), []),
        (with_address(line1=""), [(Review.BAD_ADDRESS, "/ship_to/line1")]),
        (with_address(line1="", line2="Flat 2"), []),
        (with_address(postcode=" "), [(Review.BAD_ADDRESS, "/ship_to/postcode")]),
        (with_address(postcode="", country="HK"), []),
        (with_address(postcode="", country="HK", city=""), [(Review.BAD_ADDRESS, "/ship_to/postcode")]),
        (with_address(city=""), []),
        (with_address(name="", company=""), []),
        (replace(GOOD, problems=("bad_json: The body was cut off.",)), [(Review.UNREADABLE, "")]),
        (
            replace(GOOD, problems=("customer_data_withheld: It is not shown.",)),
            [(Review.CUSTOMER_DATA_WITHHELD, "/ship_to")],
        ),
    ],
)
def test_what_puts_an_order_in_review(incoming: IncomingOrder, reasons: list[tuple[Review, str]]) -> None:
    assert found(incoming) == reasons


def test_every_reason_is_named_at_once() -> None:
    incoming = replace(with_address(line1="", country="ZZ"), lines=(replace(MUGS, sku=""),), problems=("odd",))
    assert [code for code, _ in found(incoming)] == [
        Review.UNREADABLE,
        Review.MISSING_SKU,
        Review.UNKNOWN_COUNTRY,
        Review.BAD_ADDRESS,
    ]


def test_an_adapters_own_sentence_is_shown() -> None:
    reasons = check(replace(GOOD, problems=("bad_total: The total is not a number.", "No code: here")), KNOWN)
    assert [reason.sentence for reason in reasons] == ["The total is not a number.", "No code: here"]


def test_what_needs_no_shipping_needs_no_address() -> None:
    voucher = replace(MUGS, sku="GIFT", requires_shipping=False)
    assert found(replace(GOOD, lines=(voucher,), ship_to=None)) == []


@pytest.mark.parametrize("state", [StoreState.CANCELLED, StoreState.COMPLETED])
def test_what_asks_nothing_of_us_is_not_reviewed(state: StoreState) -> None:
    assert found(replace(GOOD, state=state, lines=(), ship_to=None)) == []


@pytest.mark.parametrize(
    ("postcode", "country", "odd"),
    [
        ("M1 1AA", "GB", False),
        ("m11aa", "GB", False),
        ("BFPO 61", "GB", False),
        ("GIR 0AA", "GB", False),
        ("M1", "GB", True),
        ("12345", "GB", True),
        ("D02 X285", "IE", False),
        ("10115", "DE", False),
        ("1011", "DE", True),
        ("anything", "HK", False),  # Hong Kong has no postcodes
        ("anything", "ZZ", False),
        ("", "GB", False),
    ],
)
def test_an_odd_postcode_earns_a_remark_and_blocks_nothing(postcode: str, country: str, odd: bool) -> None:
    address = replace(HOME, postcode=postcode, country=country)
    remarks = warnings(address)
    assert [(remark.code, remark.pointer) for remark in remarks] == (
        [(Review.SUSPECT_POSTCODE, "/ship_to/postcode")] if odd else []
    )
    if odd:
        assert found(replace(GOOD, ship_to=address)) == []


text = st.text(max_size=12)


@given(st.builds(Address, line1=text, city=text, postcode=text, country=text))
def test_any_address_can_be_looked_at(address: Address) -> None:
    for reason in [*check(replace(GOOD, ship_to=address), KNOWN), *warnings(address)]:
        assert reason.pointer.startswith("/ship_to")


@given(
    st.builds(
        Address,
        name=text,
        line1=st.text(min_size=1, max_size=40).filter(str.strip),
        city=st.text(min_size=1, max_size=20).filter(str.strip),
        postcode=st.text(min_size=1, max_size=10).filter(str.strip),
        country=st.sampled_from(["GB", "IE", "DE", "FR", "US", "JP", "HK", "JE", "XK"]),
    )
)
def test_a_whole_address_is_never_blocked_however_unusual(address: Address) -> None:
    reasons = check(replace(GOOD, ship_to=address), KNOWN)
    assert [reason.code for reason in reasons] == []
