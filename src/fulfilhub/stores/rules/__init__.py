"""What a store connection is: its platform, state and settings, and the life of a webhook secret and of an update."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

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


CODE_GROUPS = 8
"""A connection code has eight groups of four characters: 160 bits."""

CODE_LASTS = timedelta(minutes=15)
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
STATE_LENGTH = 500
SHOPIFY_ITSELF = "https://*.shopify.com"
WC_AUTH_CALLBACK = "/v1/stores/woocommerce-authorisations/callback"

CREDENTIALS: dict[PlatformKind, tuple[str, ...]] = {
    PlatformKind.SHOPIFY: ("access_token",),
    PlatformKind.WOOCOMMERCE: ("consumer_key", "consumer_secret"),
    PlatformKind.API: (),
}

ROTATION_OVERLAP = timedelta(hours=24)
"""How long an old webhook secret is honoured. Shopify signs with the old one for up to an hour after a rotation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the merchant adjusts, as kept: the adapter's own (see `adapters.port.StoreSettings`), `locations`, the
    storefront's location -> our warehouse, and whether we keep the shop's stock right (`stock_sync`), with how many
    units of each product the shop does not get (`stock_buffer`), and whether a number that somebody else wrote there is
    set right at once or only shown (`stock_drift`). `product_import`: what the store's products do here (see
    `rules.products.ImportPolicy`). `refund_returns`: let the store refund what was inspected, as it suggests itself."""

    services: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    accept_test_orders: bool = False
    stock_location: str = ""
    locations: dict[str, str] = field(default_factory=dict)
    stock_sync: bool = False
    stock_buffer: int = 0
    stock_drift: str = "correct"
    product_import: str = "match"
    refund_returns: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """What a plugin of ours says of itself and of what it runs in; empty where it does not say."""

    version: str
    woocommerce: str = ""
    wordpress: str = ""
    php: str = ""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectRequest:
    """What a storefront's plugin asks the merchant for, and where it waits for the answer."""

    platform: PlatformKind
    shop_name: str
    shop_url: str
    return_url: str
    state: str
    challenge: str

    @property
    def origin(self) -> str:
        """Where the answer goes."""
        parts = urlsplit(self.return_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def led_on(self) -> str:
        """Where the answer may lead: Shopify sends whoever comes to a shop's admin on to its own."""
        return f"{self.origin} {SHOPIFY_ITSELF}" if self.platform is PlatformKind.SHOPIFY else self.origin

    def answered(self, **values: str) -> str:
        """The return address with the answer, and the plugin's own `state`, in its query."""
        parts = urlsplit(self.return_url)
        query = [*parse_qsl(parts.query, keep_blank_values=True), *values.items(), ("state", self.state)]
        return urlunsplit(parts._replace(query=urlencode(query)))


def read_connect_request(given: Mapping[str, str], *, allow_http: bool) -> ConnectRequest:
    """Raises Invalid naming what is missing or wrong. The answer only ever goes to the shop's own scheme, host and
    port, or anybody could have a merchant's code sent to themselves."""
    platform = given.get("platform", "")
    if platform not in (PlatformKind.SHOPIFY, PlatformKind.WOOCOMMERCE):
        raise _bad_request("platform", "Must be shopify or woocommerce.")
    name = " ".join(given.get("shop_name", "").split())
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise _bad_request("shop_name", "Must be the shop's name, of 1 to 200 characters.")
    shop_url = clean_url(given.get("shop_url", ""), "query/shop_url")
    return_url = given.get("return_url", "")
    plain = return_url.isascii() and return_url.isprintable() and " " not in return_url and "\\" not in return_url
    if not plain or len(return_url) > 2000 or _origin(return_url) != _origin(shop_url):
        raise _bad_request("return_url", "Must be an address of the shop itself: the host of shop_url.")
    if urlsplit(shop_url).scheme != "https" and not allow_http:
        raise _bad_request("shop_url", "Must begin with https://.")
    challenge = given.get("code_challenge", "")
    method = given.get("code_challenge_method", "S256" if challenge else "")
    if challenge and (method != "S256" or not CHALLENGE.fullmatch(challenge)):
        raise _bad_request("code_challenge", "Must be 43 characters, made with the method S256 (RFC 7636).")
    state = given.get("state", "")
    if len(state) > STATE_LENGTH or not state.isprintable():
        raise _bad_request("state", f"Must be at most {STATE_LENGTH} printable characters.")
    return ConnectRequest(
        platform=PlatformKind(platform),
        shop_name=name,
        shop_url=shop_url,
        return_url=return_url,
        state=state,
        challenge=challenge,
    )


def authorise_url(base_url: str, code: str, ours: str) -> str:
    """Where a merchant approves, in the shop itself, that we get keys; `code` is our one-time token, `ours` our public
    address. Source: WooCommerce's own `WC_Auth`, whose words these are."""
    query = {
        "app_name": "FulfilHub",
        "scope": "read_write",
        "user_id": code,
        "return_url": f"{ours}/connect/woocommerce",
        "callback_url": f"{ours}{WC_AUTH_CALLBACK}",
    }
    return f"{base_url}/wc-auth/v1/authorize?{urlencode(query)}"


def proves(verifier: str | None, challenge: str) -> bool:
    """Whether whoever asked is whoever comes (PKCE, S256). Without a challenge there is nothing to prove."""
    if not challenge:
        return True
    if verifier is None or not VERIFIER.fullmatch(verifier):
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(digest, challenge)


def _origin(url: str) -> tuple[str, str, int] | None:
    """(scheme, host, port); None for what is no plain web address."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return None
    if not port or not parts.hostname or "@" in parts.netloc or parts.fragment:
        return None
    return parts.scheme, parts.hostname.lower(), port


def _bad_request(parameter: str, detail: str) -> Invalid:
    return Invalid(f"{parameter}: {detail}", fields=[FieldError(f"query/{parameter}", f"{parameter}: {detail}")])
