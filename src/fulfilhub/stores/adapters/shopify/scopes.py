"""What the app asks a shop's leave for, listed once: its configuration and the documents are tested against it."""

from __future__ import annotations

from collections.abc import Iterable

REQUIRED = (
    "read_customers",
    "read_locations",
    "read_orders",
    "read_products",
    "write_assigned_fulfillment_orders",
    "write_fulfillments",
    "write_inventory",
    "write_merchant_managed_fulfillment_orders",
    "write_returns",
)
"""Without one of these something of ours does not work, and the shop is asked for it again. By the alphabet, as they
stand in `shopify.app.toml`."""

OPTIONAL = ("read_all_orders",)
"""Shopify gives these on request only: without it, orders older than 60 days stay hidden."""


def told(scopes: Iterable[str]) -> str:
    """Scopes as Shopify writes them."""
    return ",".join(scopes)


def parsed(text: str) -> tuple[str, ...]:
    """Scopes as Shopify tells them, each once, by the alphabet."""
    return tuple(sorted({each.strip() for each in text.split(",") if each.strip()}))


def granted(scopes: Iterable[str]) -> frozenset[str]:
    """Everything these allow: leave to write is leave to read."""
    given = frozenset(scopes)
    return given | {f"read_{each.removeprefix('write_')}" for each in given if each.startswith("write_")}


def missing(scopes: Iterable[str]) -> tuple[str, ...]:
    """The required ones that a shop has not granted, by the alphabet."""
    given = granted(scopes)
    return tuple(each for each in REQUIRED if each not in given)
