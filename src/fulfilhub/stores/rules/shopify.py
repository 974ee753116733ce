"""The life of our app in a Shopify shop: when its token must be renewed, and what its owner has to do."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode


class InstallState(StrEnum):
    """`lapsed`: Shopify renews our token no more until somebody opens the app. `released`: the merchant gave the store
    a token of its own instead."""

    INSTALLED = "installed"
    LAPSED = "lapsed"
    UNINSTALLED = "uninstalled"
    RELEASED = "released"


LIVE = frozenset({InstallState.INSTALLED, InstallState.LAPSED})

MARGIN = timedelta(minutes=3)
"""A token is renewed this long before its end, so that no call begins with one that ends on the way."""

RENEWAL_LASTS = timedelta(seconds=60)
"""Whoever renews has this long, before another may take over; a call is given up on long before."""

KEEP_ALIVE = timedelta(days=14)
"""The pair of a shop that nobody calls is renewed this long before its refresh token ends."""

REFUSED_AGAIN = timedelta(minutes=1)
"""A token refused so soon after it was renewed is not to blame."""

INSTALL_PATH = "/shopify/install"
CALLBACK_PATH = "/shopify/callback"


def is_stale(state: str, expires_at: datetime | None, now: datetime) -> bool:
    """Whether the token has to be renewed before the next call. One that can't be renewed is used as it is."""
    return state == InstallState.INSTALLED and expires_at is not None and expires_at <= now + MARGIN


def consent_url(ours: str, shop: str) -> str:
    """Where the shop's owner grants (again) what the app asks for; `ours` is our public address."""
    return f"{ours}{INSTALL_PATH}?{urlencode({'shop': shop})}"
