"""What a carrier's server sends: events, signed by Standard Webhooks."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook


@dataclass(frozen=True, slots=True)
class Letter:
    """One delivery as it goes over the wire."""

    headers: dict[str, str]
    body: bytes


def signed(
    secret: str, told: object, delivery_id: str = "", *, ago: timedelta = timedelta(), body: bytes | None = None
) -> Letter:
    """A delivery signed `ago`; `body` instead of `told` for what is no JSON."""
    name = delivery_id or f"msg_{secrets.token_hex(8)}"
    sent = json.dumps(told).encode() if body is None else body
    at = datetime.now(UTC) - ago
    headers = {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, at, sent.decode()),
    }
    return Letter(headers, sent)
