"""Is what a plugin sent genuine? Signed as Standard Webhooks says, with one of the store's live secrets.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md . A store's secret
may also be any text that a merchant chose, which the libraries of that standard don't take: such a one is the key
itself.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from fulfilhub.platform.errors import Unauthenticated
from fulfilhub.platform.secrets import SIGNING_PREFIX
from fulfilhub.stores.adapters.signature import header

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE = timedelta(minutes=5)
GOOD_ID = re.compile(r"[\x21-\x7e]{1,255}")
SECONDS = re.compile(r"[0-9]{1,12}")


def sign(secret: str, letter_id: str, timestamp: str, body: bytes) -> str:
    """What stands in the signature's header for this secret. Raises ValueError for a `whsec_` secret that is no
    base64."""
    signed = b".".join((letter_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def check(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> str:
    """The letter's id. Raises Unauthenticated: `bad_signature`, or `stale_timestamp` for one that is genuine but signed
    too long ago or with a wrong clock; it names our time as `server_time`, so that the sender can tell which."""
    letter_id, timestamp, given = (header(headers, name) for name in (ID, TIMESTAMP, SIGNATURE))
    if not GOOD_ID.fullmatch(letter_id) or not SECONDS.fullmatch(timestamp) or not given:
        raise _refused(f"Sign as Standard Webhooks says: {ID}, {TIMESTAMP} (whole seconds) and {SIGNATURE} are needed.")
    offered = [each.encode("utf-8", "surrogateescape") for each in given.split(" ")]
    # All are tried with all, so that the time does not tell which one fits.
    fits = [
        hmac.compare_digest(wanted, each)
        for secret in secrets
        if (wanted := _signature(secret, letter_id, timestamp, body))
        for each in offered
    ]
    if not any(fits):
        raise _refused("The signature does not fit the id, the timestamp, the raw body and this store's secret.")
    if abs(int(timestamp) - now.timestamp()) > TOLERANCE.total_seconds():
        ours = now.isoformat(timespec="seconds").replace("+00:00", "Z")
        raise Unauthenticated(
            f"{TIMESTAMP} is more than five minutes off; it is {ours} here. Set the clock, and sign each try anew.",
            code="stale_timestamp",
            more={"server_time": ours},
        )
    return letter_id


def _signature(secret: str, letter_id: str, timestamp: str, body: bytes) -> bytes:
    """Empty for a secret that can't sign: an empty one (anybody could use it), or a broken one."""
    try:
        return sign(secret, letter_id, timestamp, body).encode() if secret else b""
    except ValueError:
        return b""


def _key(secret: str) -> bytes:
    if not secret.startswith(SIGNING_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(SIGNING_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("This secret begins like one in base64, and is none.") from None


def _refused(detail: str) -> Unauthenticated:
    return Unauthenticated(detail, code="bad_signature")
