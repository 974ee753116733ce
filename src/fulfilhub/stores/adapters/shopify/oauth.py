"""How the app gets a shop's tokens: for a session token, for a code, for the refresh token before, or for a permanent
token of old. Each is one call, which may be repeated after any outcome.

Sources: https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens (token exchange, authorisation
code grant, offline access tokens) and Shopify's own libraries (shopify-app-js, shopify-app-php).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

import httpx

from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.settings import ShopifySettings
from fulfilhub.stores.adapters import reading, transport
from fulfilhub.stores.adapters.port import InDoubt, Refused, Retry
from fulfilhub.stores.adapters.shopify import scopes

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - the name of a kind of token
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
DEAD = frozenset({"invalid_grant", "invalid_subject_token"})
"""What Shopify calls a token that will never be good again."""

UNTOLD_LIFE = timedelta(hours=1)
"""How long a token that came with a refresh token is taken to live where Shopify does not say."""

LONGEST_LIFE = 400 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Our app, as Shopify knows it. `secrets`: every live one, newest first."""

    client_id: str
    secrets: tuple[str, ...] = field(repr=False)
    origin: str

    def url_of(self, shop: str) -> str:
        """The base address of a shop."""
        return self.origin.replace("{shop}", shop).rstrip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a shop gave us. `expires_at` None: its token lives until it is taken away, and can't be renewed."""

    access_token: str = field(repr=False)
    scopes: tuple[str, ...]
    expires_at: datetime | None
    refresh_token: str | None = field(repr=False)
    refresh_expires_at: datetime | None


Answer = Grant | Refused | Retry


def app_of(settings: ShopifySettings) -> App:
    """Our app. Raises Conflict (`no_shopify_app`) where there is none."""
    if not settings.has_app:
        raise Conflict("This FulfilHub has no Shopify app: connect the shop with a token.", code="no_shopify_app")
    return App(client_id=settings.client_id, secrets=settings.client_secrets, origin=settings.origin)


def authorise_url(app: App, shop: str, redirect_uri: str, state: str) -> str:
    """Where the shop's owner grants what the app asks for. `state` comes back with the code."""
    asked = {
        "client_id": app.client_id,
        "scope": scopes.told(scopes.REQUIRED),
        "redirect_uri": redirect_uri,
        "state": state,
    }
    return f"{app.url_of(shop)}/admin/oauth/authorize?{urlencode(asked)}"


async def for_session(http: httpx.AsyncClient, app: App, shop: str, session_token: str, now: datetime) -> Answer:
    """The shop's offline token, for a session token of its admin that was checked."""
    asked = {"subject_token": session_token, "subject_token_type": ID_TOKEN, **_exchange()}
    return await _ask(http, app, shop, asked, now)


async def for_code(http: httpx.AsyncClient, app: App, shop: str, code: str, now: datetime) -> Answer:
    """The shop's offline token, for the code that its owner's browser brought."""
    return await _ask(http, app, shop, {"code": code, "expiring": "1"}, now)


async def for_refresh(http: httpx.AsyncClient, app: App, shop: str, refresh_token: str, now: datetime) -> Answer:
    """The next pair. The refresh token stays good until the new access token is first used, so a lost answer costs
    nothing. Refused with a code of `DEAD`: the shop must be asked again."""
    return await _ask(http, app, shop, {"grant_type": "refresh_token", "refresh_token": refresh_token}, now)


async def for_permanent(http: httpx.AsyncClient, app: App, shop: str, access_token: str, now: datetime) -> Answer:
    """A pair that expires, for a token that does not; that one ends with it."""
    asked = {"subject_token": access_token, "subject_token_type": OFFLINE, **_exchange()}
    return await _ask(http, app, shop, asked, now)


def _exchange() -> dict[str, str]:
    return {"grant_type": EXCHANGE, "requested_token_type": OFFLINE, "expiring": "1"}


async def _ask(http: httpx.AsyncClient, app: App, shop: str, asked: Mapping[str, str], now: datetime) -> Answer:
    whole = {"client_id": app.client_id, "client_secret": app.secrets[0], **asked}
    request = http.build_request(
        "POST", f"{app.url_of(shop)}/admin/oauth/access_token", json=whole, headers={"Accept": "application/json"}
    )
    response = await transport.exchange(http, request)
    if isinstance(response, InDoubt):
        return Retry(response.reason, 5.0, response.resting)
    if isinstance(response, Refused | Retry):
        return response
    return _judged(response, now)


def _judged(response: httpx.Response, now: datetime) -> Answer:
    told, status = reading.table(reading.parse(response.content)), response.status_code
    if response.is_success:
        return _grant(told, now) or Retry("Shopify gave no token.", 10.0)
    if status == 429 or status == 408 or status >= 500:
        return Retry(f"Shopify gives no token now ({status}).", transport.waiting_time(response, 5.0), resting=True)
    if status < 400:
        return Refused("moved", "The shop answers from another address.")
    code = reading.text(told.get("error"))[:100]
    reason = reading.text(told.get("error_description"))[:200]
    return Refused(code or f"status_{status}", reason or f"Shopify refused to give a token ({code or status}).")


def _grant(told: Mapping[str, object], now: datetime) -> Grant | None:
    token = reading.text(told.get("access_token"))
    if not token:
        return None
    refresh_token = reading.text(told.get("refresh_token")) or None
    expires_at = _end(told.get("expires_in"), now)
    if refresh_token is not None and expires_at is None:
        expires_at = now + UNTOLD_LIFE
    return Grant(
        access_token=token,
        scopes=scopes.parsed(reading.text(told.get("scope"))),
        expires_at=expires_at,
        refresh_token=refresh_token,
        refresh_expires_at=_end(told.get("refresh_token_expires_in"), now),
    )


def _end(seconds: object, now: datetime) -> datetime | None:
    life = reading.decimal(seconds)
    return now + timedelta(seconds=min(float(life), LONGEST_LIFE)) if life is not None and life > 0 else None
