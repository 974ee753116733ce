"""The signature both platforms use: base64 of HMAC-SHA256 over the raw body, keyed with the shared secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping


def header(headers: Mapping[str, str], name: str) -> str:
    """A header by name, case ignored; empty when absent."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")


def signature(secret: str, body: bytes) -> str:
    """What the platform puts in its signature header."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def signed_by_one_of(secrets: tuple[str, ...], body: bytes, given: str) -> bool:
    """Does `given` fit the body and one of the secrets? All are tried, so the time does not tell which one.

    An empty secret never counts: anyone could sign with it.
    """
    offered = given.encode("utf-8", "surrogateescape")
    matches = [hmac.compare_digest(signature(s, body).encode(), offered) for s in secrets if s]
    return bool(given) and any(matches)
