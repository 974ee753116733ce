"""Kinds of accounts, permissions of keys, what an API key looks like, and what contracts may say."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from uuid import UUID

import msgspec

from fulfilhub.platform.errors import FieldError, Invalid
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
    """One side offers, the other accepts, either ends."""

    OFFERED = "offered"
    ACTIVE = "active"
    ENDED = "ended"


class Contact(StrEnum):
    """What of the customer, beside the address, a service may need: to tell of the delivery, or to find the door."""

    EMAIL = "email"
    PHONE = "phone"


ANY_SERVICE = "*"


class ServiceTerms(msgspec.Struct, frozen=True, kw_only=True):
    """A shipping service that the partner may be sent, by its code, or `*` for all that its warehouses offer, and the
    `contact` that it needs for it."""

    code: str
    contact: tuple[Contact, ...] = ()


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a contract says. Work is to be accepted within so many minutes (None: nothing is said) and, with
    `ship_by_cutoff`, to leave by the ship-by that follows from the warehouse's cut-off. Whoever ends it gives
    `notice_days`. In force from the first day on, to the last (inclusive, UTC)."""

    warehouse_ids: tuple[UUID, ...]
    services: tuple[ServiceTerms, ...] = (ServiceTerms(code=ANY_SERVICE),)
    accept_within_minutes: int | None = None
    ship_by_cutoff: bool = False
    notice_days: int = 0
    starts_on: date
    ends_on: date | None = None

    def covers(self, code: str) -> bool:
        """Whether work of this service may be sent."""
        return self._of(code) is not None

    def contact(self, code: str) -> tuple[Contact, ...]:
        """What of the customer the partner may know for this service."""
        found = self._of(code)
        return () if found is None else found.contact

    def _of(self, code: str) -> ServiceTerms | None:
        known = {each.code: each for each in self.services}
        return known.get(code, known.get(ANY_SERVICE))


def check_terms(terms: Terms) -> None:
    """Raises Invalid for terms that contradict themselves."""
    faults = []
    if terms.ends_on is not None and terms.ends_on < terms.starts_on:
        faults.append(FieldError("/ends_on", "Must not be before starts_on."))
    if not terms.warehouse_ids:
        faults.append(FieldError("/warehouse_ids", "Name one warehouse at least."))
    if len(set(terms.warehouse_ids)) < len(terms.warehouse_ids):
        faults.append(FieldError("/warehouse_ids", "Name each warehouse once."))
    codes = [each.code for each in terms.services]
    if not codes or len(set(codes)) < len(codes):
        faults.append(FieldError("/services", "Name each service once, or leave services out for all."))
    if faults:
        raise Invalid(faults[0].detail, fields=faults)


def contract_actions(
    state: ContractState, side: AccountKind, proposed_by: AccountKind | None, *, noticed: bool
) -> list[str]:
    """What one side can do with a contract; `proposed_by`: whose terms wait for an answer."""
    if state is ContractState.ENDED:
        return []
    answers = [] if proposed_by is None else ["decline"] if proposed_by is side else ["accept", "decline"]
    return answers if noticed else [*answers, "propose", "end"]


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
