"""Who speaks from inside Shopify, proven by the app's client secret: session tokens of its pages, signed addresses, and
what its app proxy passes on.

Sources: Shopify's own libraries (shopify-api-js `decode-session-token.ts` and `hmac-validator.ts`; shopify-app-php
`NonExchangeableIdToken`), https://shopify.dev/docs/apps/build/authentication-authorization/session-tokens and
https://shopify.dev/docs/apps/build/online-store/app-proxies/authenticate-app-proxies .
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import jwt

from fulfilhub.platform.errors import Unauthenticated

SKEW = timedelta(seconds=10)
"""How far Shopify's clock and ours may differ where a session token begins and ends."""

FRESH = timedelta(seconds=90)
"""How old a signed address may be."""

SHOP = re.compile(r"[a-z0-9][a-z0-9-]{0,98}\.myshopify\.com", re.ASCII)
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_LONGEST_TOKEN = 4096
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_CUSTOMER = "gid://shopify/Customer/"

Pairs = Sequence[tuple[str, str]]
"""The names and values of a query string, decoded, in their order."""

_Sign = Callable[[Pairs, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionToken:
    """A page of Shopify's that speaks for `shop` (`name.myshopify.com`). `subject` is the id of the person of the shop
    who has it open; for a page of the shop's customers the GID of the customer, empty while nobody is signed in."""

    shop: str
    subject: str
    session_id: str
    token_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyCall:
    """What the shop's own domain passed on to us. `customer_id`: who is signed in there; empty for nobody."""

    shop: str
    path_prefix: str
    customer_id: str


def shop_domain(text: str) -> str | None:
    """The shop's permanent domain in small letters, or None for anything but `name.myshopify.com`."""
    found = text.strip().lower()
    return found if SHOP.fullmatch(found) else None


def read_session_token(token: str, client_id: str, secrets: Sequence[str], now: datetime) -> SessionToken:
    """The session token of a page in the shop's admin (App Bridge). `secrets`: every live client secret of the app.
    Raises Unauthenticated: `expired_session_token`, for which the page gets itself another, or `bad_session_token`."""
    claims = _claims(token, client_id, secrets, now)
    shop, issuer = _host(claims.get("dest")), _host(claims.get("iss"))
    subject = claims.get("sub")
    # A customer's token is signed with the same secret for the same app; only these tell that it is not the merchant's.
    if shop is None or shop != issuer or not isinstance(subject, str) or not _SECONDS.fullmatch(subject):
        raise _bad_token()
    return _token(shop, subject, claims)


def read_customer_token(token: str, client_id: str, secrets: Sequence[str], now: datetime) -> SessionToken:
    """The session token of an extension that the shop's customers see (customer accounts, checkout). Raises as
    `read_session_token`."""
    claims = _claims(token, client_id, secrets, now)
    shop, subject = _host(claims.get("dest")), claims.get("sub") or ""
    if shop is None or ("iss" in claims and _host(claims["iss"]) != shop):
        raise _bad_token()
    if not isinstance(subject, str) or not (subject == "" or subject.startswith(_CUSTOMER)):
        raise _bad_token()
    return _token(shop, subject, claims)


def check_query(pairs: Pairs, secrets: Sequence[str], now: datetime) -> str:
    """The shop that an address was signed for (`hmac` over all other parameters). Raises Unauthenticated:
    `bad_signature`, `stale_timestamp`."""
    given = _single(pairs, "hmac")
    _prove(query_signature, [pair for pair in pairs if pair[0] not in ("hmac", "signature")], secrets, given)
    _check_fresh(pairs, now)
    return _shop(pairs)


def query_signature(pairs: Pairs, secret: str) -> str:
    """What Shopify puts into `hmac` of these parameters."""
    ordered = sorted(pairs, key=lambda pair: pair[0])
    told = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in ordered)
    return hmac.new(secret.encode(), told.encode(), hashlib.sha256).hexdigest()


def check_proxy(pairs: Pairs, secrets: Sequence[str], now: datetime) -> ProxyCall:
    """What the app proxy says of its caller (`signature` over all other parameters). Raises as `check_query`."""
    given = _single(pairs, "signature")
    _prove(proxy_signature, [pair for pair in pairs if pair[0] != "signature"], secrets, given)
    _check_fresh(pairs, now)
    named = dict(pairs)
    return ProxyCall(
        shop=_shop(pairs),
        path_prefix=named.get("path_prefix", ""),
        customer_id=named.get("logged_in_customer_id", ""),
    )


def proxy_signature(pairs: Pairs, secret: str) -> str:
    """What Shopify puts into `signature` of these parameters: `name=value` sorted and joined with nothing between, the
    values of a repeated name with commas."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    told = "".join(sorted(f"{name}={','.join(each)}" for name, each in values.items()))
    return hmac.new(secret.encode(), _bytes(told), hashlib.sha256).hexdigest()


def _claims(token: str, client_id: str, secrets: Sequence[str], now: datetime) -> Mapping[str, object]:
    if not client_id or len(token) > _LONGEST_TOKEN or not _COMPACT.fullmatch(token):
        raise _bad_token()
    # All are tried, so that the time does not tell which one fits.
    fits = [found for secret in secrets if secret and (found := _signed(token, client_id, secret)) is not None]
    if not fits:
        raise _bad_token()
    claims = fits[0]
    begins = max(_moment(claims.get("nbf")), _moment(claims.get("iat")))
    ends = _moment(claims.get("exp"))
    if begins > now + SKEW:
        raise _bad_token()
    if ends <= now - SKEW:
        raise Unauthenticated("This session token has expired; take a new one.", code="expired_session_token")
    return claims


def _signed(token: str, client_id: str, secret: str) -> Mapping[str, object] | None:
    """The claims, if this secret signed them for this app. The times are left to the caller, who knows what time it
    is."""
    try:
        return jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            audience=client_id,
            options={
                "require": ["aud", "dest", "exp", "iat", "nbf"],
                "strict_aud": True,
                "verify_exp": False,
                "verify_iat": False,
                "verify_iss": False,
                "verify_nbf": False,
            },
        )
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None


def _token(shop: str, subject: str, claims: Mapping[str, object]) -> SessionToken:
    session, token_id = claims.get("sid"), claims.get("jti")
    return SessionToken(
        shop=shop,
        subject=subject,
        session_id=session if isinstance(session, str) else "",
        token_id=token_id if isinstance(token_id, str) else "",
        expires_at=_moment(claims.get("exp")),
    )


def _host(claim: object) -> str | None:
    """The shop in `dest` or `iss`: a whole https address, or (extensions) the bare domain."""
    if not isinstance(claim, str):
        return None
    if "://" not in claim:
        return claim if SHOP.fullmatch(claim) else None
    try:
        parts = urlsplit(claim)
        named = parts.netloc
    except ValueError:
        return None
    return named if parts.scheme == "https" and SHOP.fullmatch(named) else None


def _moment(claim: object) -> datetime:
    """Raises Unauthenticated for what is no time."""
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        raise _bad_token()
    try:
        return datetime.fromtimestamp(claim, UTC)
    except (OverflowError, OSError, ValueError):
        raise _bad_token() from None


def _prove(sign: _Sign, pairs: Pairs, secrets: Sequence[str], given: str) -> None:
    offered = _bytes(given)
    fits = [hmac.compare_digest(sign(pairs, secret).encode(), offered) for secret in secrets if secret]
    if not any(fits):
        raise Unauthenticated("The signature of this address is not Shopify's.", code="bad_signature")


def _check_fresh(pairs: Pairs, now: datetime) -> None:
    told = _single(pairs, "timestamp")
    if not _SECONDS.fullmatch(told) or abs(int(told) - now.timestamp()) > FRESH.total_seconds():
        raise Unauthenticated("This address was signed too long ago; open it anew.", code="stale_timestamp")


def _shop(pairs: Pairs) -> str:
    shop = _single(pairs, "shop")
    if not SHOP.fullmatch(shop):
        raise Unauthenticated("The address names no shop of Shopify.", code="bad_signature")
    return shop


def _single(pairs: Pairs, name: str) -> str:
    """The only value of a name. Raises Unauthenticated when it is missing or stands there twice."""
    found = [value for each, value in pairs if each == name]
    if len(found) != 1:
        raise Unauthenticated(f"The address must name `{name}` once.", code="bad_signature")
    return found[0]


def _encoded(text: str) -> str:
    return quote(_bytes(text), safe="-_.~")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _bad_token() -> Unauthenticated:
    return Unauthenticated("This is no session token of Shopify's for this app.", code="bad_session_token")
