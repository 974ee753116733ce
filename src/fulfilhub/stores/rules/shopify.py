"""The life of our app in a Shopify shop: when its token must be renewed, and what its owner has to do."""

from __future__ import annotations

from dataclasses import dataclass
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


class ShopCheckName(StrEnum):
    """What is looked at, in the order in which it is shown."""

    APP = "app"
    API = "api"
    SCOPES = "scopes"
    CUSTOMER_DATA = "customer_data"


@dataclass(frozen=True, slots=True)
class ShopCheck:
    """One thing that was looked at; `ok` None: it could not be found out. `fix` is empty when it is `ok`."""

    name: ShopCheckName
    ok: bool | None
    code: str
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopSeen:
    """What there is to judge by: the state of our app (None: the store has a token of its own), the scopes that the
    shop grants and lack, whether it shows its customers (None: nothing to tell by), or why it did not answer."""

    install: str | None
    missing: tuple[str, ...] = ()
    shows_customers: bool | None = None
    trouble: str = ""


OPEN_APP = "Open FulfilHub once in the shop's admin, under Apps."


def judge(seen: ShopSeen) -> list[ShopCheck]:
    """Every check, in its order."""
    return [_app(seen), _api(seen), _scopes(seen), _customer_data(seen)]


def _app(seen: ShopSeen) -> ShopCheck:
    name = ShopCheckName.APP
    match seen.install:
        case None | InstallState.RELEASED:
            return ShopCheck(name, True, "own_token", "The store is connected with a token of the shop's own app.")
        case InstallState.INSTALLED:
            return ShopCheck(name, True, "ok", "FulfilHub is installed in the shop.")
        case InstallState.LAPSED:
            return ShopCheck(name, False, "lapsed", "Shopify renews FulfilHub's access to the shop no more.", OPEN_APP)
        case _:
            detail, fix = "FulfilHub was removed from the shop.", "Install it again, and connect the shop."
            return ShopCheck(name, False, "uninstalled", detail, fix)


def _api(seen: ShopSeen) -> ShopCheck:
    if seen.trouble:
        fix = "It is tried again by itself; if it lasts, open FulfilHub in the shop's admin, or give a new token."
        return ShopCheck(ShopCheckName.API, False, "no_answer", seen.trouble, fix)
    return ShopCheck(ShopCheckName.API, True, "ok", "The shop answers.")


def _scopes(seen: ShopSeen) -> ShopCheck:
    name = ShopCheckName.SCOPES
    if seen.trouble and not seen.missing:
        return _unknown(name)
    if seen.missing:
        fix = "Let the shop's owner grant them: open FulfilHub in the shop's admin, or follow the link to consent."
        return ShopCheck(name, False, "scopes_missing", f"The shop does not grant {', '.join(seen.missing)}.", fix)
    return ShopCheck(name, True, "ok", "The shop grants all that is asked for.")


def _customer_data(seen: ShopSeen) -> ShopCheck:
    name = ShopCheckName.CUSTOMER_DATA
    if seen.trouble or seen.shows_customers is None:
        return _unknown(name)
    if seen.shows_customers:
        return ShopCheck(name, True, "ok", "The shop shows where orders go.")
    return ShopCheck(
        name,
        False,
        "customer_data_withheld",
        "Shopify shows us no names, addresses and e-mail addresses of the shop's customers.",
        "For FulfilHub's app: protected customer data must be granted to it by Shopify. For an app of the shop's own: "
        "the shop's plan must include access to customers' data. Orders wait for review until then.",
    )


def _unknown(name: ShopCheckName) -> ShopCheck:
    return ShopCheck(name, None, "unknown", "It could not be found out.")


def consent_url(ours: str, shop: str) -> str:
    """Where the shop's owner grants (again) what the app asks for; `ours` is our public address."""
    return f"{ours}{INSTALL_PATH}?{urlencode({'shop': shop})}"
