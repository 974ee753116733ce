"""Shopify's global ids. They are text to us; a payload that has only the number is brought to the same
form."""

from __future__ import annotations

import re

from fulfilhub.stores.adapters import reading

_ORDER = re.compile(r"gid://shopify/Order/\d{1,30}", re.ASCII)


def gid(kind: str, value: object) -> str:
    """`gid://shopify/<kind>/<value>` of a number or digits; a GID of that kind stays as it is; else empty."""
    found = reading.identifier(value)
    if found.startswith(f"gid://shopify/{kind}/"):
        return found
    return f"gid://shopify/{kind}/{found}" if found.isascii() and found.isdigit() else ""


def is_order(external_id: str) -> bool:
    """May it be asked for as an order?"""
    return _ORDER.fullmatch(external_id) is not None
