"""Is a delivery genuine? Signed by Standard Webhooks, over the raw body, with one of the connection's live secrets.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from standardwebhooks import Webhook, WebhookVerificationError

from fulfilhub.platform.errors import Unauthenticated

ID, TIMESTAMP, SIGNATURE = HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
TOLERANCE = timedelta(minutes=5)
"""The library's own; it also says how long a caught delivery could be played again, were its id not remembered."""

GOOD_ID = re.compile(r"[\x21-\x7e]{1,255}")
SECONDS = re.compile(r"[0-9]{1,12}")


def check(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> str:
    """The delivery's id. Raises Unauthenticated: `bad_signature`, or `stale_timestamp` for one signed too long ago (or
    with a clock that is wrong), which a sender can mend."""
    if not all(headers.get(name) for name in HEADERS):
        raise _refused(f"Sign by Standard Webhooks: the headers {', '.join(HEADERS)} are needed.")
    # All are tried, so that the time does not tell which one signed.
    signed = [_signed(headers, body, secret) for secret in secrets]
    if any(signed):
        if not GOOD_ID.fullmatch(headers[ID]):
            raise _refused(f"{ID} must be 1 to 255 visible ASCII characters.")
        return headers[ID]
    if not _is_fresh(headers[TIMESTAMP], now):
        raise Unauthenticated(
            f"{TIMESTAMP} is more than five minutes off; our clock says {int(now.timestamp())}. Sign each try anew.",
            code="stale_timestamp",
        )
    raise _refused("The signature does not fit the id, the timestamp, the raw body and this connection's secret.")


def _signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    try:
        Webhook(secret).verify(body, {name: headers[name] for name in HEADERS}, json_parse=False)
    except (WebhookVerificationError, ValueError):  # ValueError: what is no base64, and a body that is no UTF-8
        return False
    return True


def _is_fresh(text: str, now: datetime) -> bool:
    return bool(SECONDS.fullmatch(text)) and abs(int(text) - now.timestamp()) <= TOLERANCE.total_seconds()


def _refused(detail: str) -> Unauthenticated:
    return Unauthenticated(detail, code="bad_signature")
