"""Kinds of accounts, permissions of keys, and what an API key looks like."""

from __future__ import annotations

import re
from enum import StrEnum

from fulfilhub.platform.secrets import new_token


class AccountKind(StrEnum):
    MERCHANT = "merchant"
    PARTNER = "partner"
    PLATFORM = "platform"


class Mode(StrEnum):
    """Test mode is a twin account: the same wall that parts two merchants parts test from live."""

    LIVE = "live"
    TEST = "test"


class Role(StrEnum):
    """What a person is there for. The owner may do everything, also let people in and out."""

    OWNER = "owner"
    OPERATIONS = "operations"
    FINANCE = "finance"
    READ_ONLY = "read_only"


class ContractState(StrEnum):
    """A partner offers, the merchant accepts, either ends."""

    OFFERED = "offered"
    ACTIVE = "active"
    ENDED = "ended"


_MERCHANT = (
    "orders:read orders:write catalogue:read catalogue:write inventory:read inventory:write stores:read stores:write "
    "promises:read returns:read returns:write billing:read events:read tracking:write carriers:read carriers:write "
    "warehouses:read warehouses:write "
    "work:read work:write contracts:read contracts:write keys:read keys:write jobs:read jobs:write "
    "privacy:read privacy:write webhooks:read webhooks:write users:read users:write audit:read"
)
_PARTNER = (
    "work:read work:write warehouses:read warehouses:write inventory:write events:read tracking:write carriers:read "
    "carriers:write "
    "contracts:read contracts:write keys:read keys:write webhooks:read webhooks:write "
    "users:read users:write audit:read"
)
_PLATFORM = (
    "accounts:read accounts:write jobs:read jobs:write keys:read keys:write events:read "
    "users:read users:write audit:read"
)

PERMISSIONS: dict[AccountKind, tuple[str, ...]] = {
    AccountKind.MERCHANT: tuple(_MERCHANT.split()),
    AccountKind.PARTNER: tuple(_PARTNER.split()),
    AccountKind.PLATFORM: tuple(_PLATFORM.split()),
}

STORE_PERMISSION = "storefront:use"
"""What the key of a store may do, and the only thing: nobody can give it to another key, or another one to such a
key."""

_OPERATIONS = (
    "orders:read orders:write carriers:read catalogue:read catalogue:write inventory:read inventory:write stores:read "
    "returns:read returns:write events:read tracking:write warehouses:read warehouses:write work:read work:write "
    "contracts:read jobs:read jobs:write"
)
_FINANCE = "billing:read contracts:read events:read inventory:read orders:read returns:read"
_READ_ONLY = (
    "billing:read carriers:read catalogue:read contracts:read events:read inventory:read orders:read returns:read "
    "stores:read warehouses:read work:read"
)

ROLES: dict[Role, frozenset[str]] = {
    Role.OWNER: frozenset(name for known in PERMISSIONS.values() for name in known),
    Role.OPERATIONS: frozenset(_OPERATIONS.split()),
    Role.FINANCE: frozenset(_FINANCE.split()),
    Role.READ_ONLY: frozenset(_READ_ONLY.split()),
}
"""Role -> what it may do, in the words of the keys' permissions."""

KEY = re.compile(r"^fh_(live|test)_[A-Za-z0-9_-]{43}$")


def permissions_of(role: Role, kind: AccountKind) -> frozenset[str]:
    """What a person with this role may do in this kind of account."""
    return ROLES[role] & frozenset(PERMISSIONS[kind])


def new_key(mode: Mode) -> str:
    """A fresh API key: `fh_live_` or `fh_test_` and 256 random bits."""
    return f"fh_{mode}_{new_token(32)}"
