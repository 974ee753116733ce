"""What a store connection is: its platform, state and settings, and the life of a webhook secret and of an update."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

import msgspec

from fulfilhub.platform.errors import FieldError, Invalid


class PlatformKind(StrEnum):
    """Where a store's orders come from; `api` is the merchant's own shop, which speaks our API itself."""

    SHOPIFY = "shopify"
    WOOCOMMERCE = "woocommerce"
    API = "api"


class StoreState(StrEnum):
    """`disconnected` is set when the storefront says that our access was taken away."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"


class Outcome(StrEnum):
    """What became of a message from a store."""

    TAKEN = "taken"
    REREAD = "reread"
    IGNORED = "ignored"
    UNREADABLE = "unreadable"
    PRIVACY = "privacy"
    DISCONNECTED = "disconnected"


class UpdateState(StrEnum):
    """Whether a store knows of a shipment. `in_doubt`: it was told and gave no trustworthy answer, so it is read
    before it is told again. `refused`: trying again as it is would not help. `failed`: we gave up trying."""

    PENDING = "pending"
    SENT = "sent"
    IN_DOUBT = "in_doubt"
    FAILED = "failed"
    REFUSED = "refused"


CREDENTIALS: dict[PlatformKind, tuple[str, ...]] = {
    PlatformKind.SHOPIFY: ("access_token",),
    PlatformKind.WOOCOMMERCE: ("consumer_key", "consumer_secret"),
    PlatformKind.API: (),
}

ROTATION_OVERLAP = timedelta(hours=24)
"""How long an old webhook secret is honoured. Shopify signs with the old one for up to an hour after a rotation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the merchant adjusts, as kept: the adapter's own (see `adapters.port.StoreSettings`), and `locations`,
    the storefront's location -> our warehouse."""

    services: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    accept_test_orders: bool = False
    stock_location: str = ""
    locations: dict[str, str] = field(default_factory=dict)


class LiveSecret(msgspec.Struct, frozen=True):
    """A webhook secret; `until` is None for the newest."""

    secret: str
    until: datetime | None = None


def live_secrets(secrets: Sequence[LiveSecret], now: datetime) -> tuple[str, ...]:
    """Those that still sign, newest first."""
    return tuple(s.secret for s in secrets if s.until is None or s.until > now)


def rotated(secrets: Sequence[LiveSecret], fresh: str, now: datetime) -> list[LiveSecret]:
    """The secrets after a rotation: the fresh one first, the others until the overlap ends, ended ones dropped."""
    end = now + ROTATION_OVERLAP
    kept = [LiveSecret(s.secret, s.until or end) for s in secrets if s.until is None or s.until > now]
    return [LiveSecret(fresh), *(s for s in kept if s.secret != fresh)]


def clean_url(text: str, pointer: str) -> str:
    """A storefront's base address without a trailing slash. Raises Invalid."""
    detail = "Must be the store's address, such as https://shop.example.com."
    try:
        parts = urlsplit(text.strip())
        bad = parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc
        _ = parts.port
    except ValueError:
        bad = True
    if bad or parts.query or parts.fragment or any(character.isspace() for character in text.strip()):
        raise Invalid(detail, fields=[FieldError(pointer, detail)])
    return text.strip().rstrip("/")


def check_credentials(platform: PlatformKind, given: dict[str, str]) -> None:
    """Raises Invalid naming every credential that is missing or does not belong to the platform."""
    wanted = CREDENTIALS[platform]
    missing = [name for name in wanted if not given.get(name)]
    problems = [FieldError(f"/credentials/{name}", "Required for this platform.", "required") for name in missing]
    problems += [
        FieldError(f"/credentials/{name}", f"A store of {platform} takes: {', '.join(wanted) or 'no credentials'}.")
        for name in given
        if name not in wanted
    ]
    if problems:
        raise Invalid("The credentials don't fit the platform.", fields=problems)
