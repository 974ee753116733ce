"""Signing in to WooCommerce's REST API: basic auth over HTTPS, one-legged OAuth 1.0a over plain HTTP.

WooCommerce takes basic auth only over TLS (`WC_REST_Authentication::authenticate`); over plain HTTP a request
is signed, so that the secret never travels.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote


def _encoded(value: str) -> str:
    """RFC 3986 percent-encoding, as OAuth wants it: only letters, digits and `-._~` stay."""
    return quote(value, safe="")


def basic(key: str, secret: str) -> str:
    """Value of the Authorization header."""
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


def oauth_parameters(
    method: str, url: str, query: Mapping[str, str], key: str, secret: str, *, now: datetime, nonce: str
) -> dict[str, str]:
    """The query parameters of the signed request: those given, and OAuth's own (RFC 5849 3.4, HMAC-SHA256).

    `url` has no query. There is no token, so the signing key is the consumer secret and a bare `&`.
    WooCommerce accepts a timestamp within 15 minutes of its own clock, and a nonce once.
    """
    signed = {
        **query,
        "oauth_consumer_key": key,
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(int(now.timestamp())),
    }
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in signed.items())
    parameters = "&".join(f"{name}={value}" for name, value in pairs)
    base = f"{method.upper()}&{_encoded(url)}&{_encoded(parameters)}"
    digest = hmac.new(f"{secret}&".encode(), base.encode(), hashlib.sha256).digest()
    return {**signed, "oauth_signature": base64.b64encode(digest).decode()}
