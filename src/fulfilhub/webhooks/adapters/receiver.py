"""One request to one receiver: signed by Standard Webhooks, limited in time and size, never redirected.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import httpx
from standardwebhooks import Webhook

from fulfilhub.platform import ids
from fulfilhub.platform.outbound import ForbiddenAddress
from fulfilhub.webhooks.rules.retries import Answer

AGENT = "FulfilHub-Webhooks/1"
KEPT_BYTES = 2048
"""How much of an answer is kept."""
READ_BYTES = 16_384
"""How much of an answer is read; the connection of a longer one is closed."""
KEPT_HEADERS = ("content-type", "date", "location", "retry-after", "server", "x-request-id")
LONGEST_HEADER = 500
REDACTED = "v1,(redacted)"


@dataclass(frozen=True, slots=True)
class Letter:
    """What one request sends, to whom."""

    url: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Heard:
    """How a request ended, and what is kept of its answer."""

    answer: Answer
    duration_ms: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def letter(url: str, event_id: UUID, body: str, secrets: Sequence[str], at: datetime) -> Letter:
    """A signed request: one signature per live secret, newest first. `webhook-id` is the event's id, the same at every
    attempt and at every endpoint."""
    name = ids.EVENT.show(event_id)
    headers = {
        "content-type": "application/json",
        "accept-encoding": "identity",
        "user-agent": AGENT,
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(name, at, body) for secret in secrets),
    }
    return Letter(url, headers, body)


def redacted(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers as they are kept: a signature could be played again within its five minutes."""
    count = len(headers["webhook-signature"].split())
    return {**headers, "webhook-signature": " ".join([REDACTED] * count)}


async def post(http: httpx.AsyncClient, sent: Letter, seconds: float) -> Heard:
    """Send one request; a receiver that needs more than `seconds` for its whole answer has failed, unless it said 2xx
    before. Never raises for what the other side does."""
    begun = time.monotonic()
    heard = await _post(http, sent, seconds, begun)
    failed = heard.answer.error is None and not heard.answer.delivered
    if not failed:
        return heard
    reason = _why(heard.answer.status or 0)
    told = Answer(heard.answer.status, reason, heard.answer.retry_after)
    return Heard(told, heard.duration_ms, heard.headers, heard.body)


async def _post(http: httpx.AsyncClient, sent: Letter, seconds: float, begun: float) -> Heard:
    response: httpx.Response | None = None
    body = bytearray()
    error: str | None = None
    try:
        async with asyncio.timeout(seconds):
            request = http.build_request("POST", sent.url, content=sent.body.encode(), headers=dict(sent.headers))
            response = await http.send(request, stream=True, follow_redirects=False)
            async for part in response.aiter_raw():
                body += part
                if len(body) >= READ_BYTES:
                    break
    except TimeoutError:
        error = f"No whole answer came within {seconds:g} seconds."
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as failure:
        error = _named(failure)
    finally:
        if response is not None:
            await response.aclose()
    took = round((time.monotonic() - begun) * 1000)
    if response is None:
        return Heard(Answer(None, error), took)
    kept = {name: response.headers[name][:LONGEST_HEADER] for name in KEPT_HEADERS if name in response.headers}
    answer = Answer(response.status_code, error, kept.get("retry-after", ""))
    return Heard(answer, took, kept, bytes(body[:KEPT_BYTES]))


def _why(status: int) -> str:
    if 300 <= status < 400:
        return f"It answered {status}: redirects are not followed; give the address it points to as the endpoint's url."
    if status == 410:
        return "It answered 410 Gone, so the endpoint was disabled."
    return f"It answered {status}; only 2xx counts as received."


def _named(failure: Exception) -> str:
    # What the failure says itself may name addresses inside our network.
    if isinstance(failure.__cause__, ForbiddenAddress):
        return "Its name does not lead to a public address."
    match failure:
        case httpx.ConnectTimeout():
            return "It can't be reached: connecting took too long."
        case httpx.ConnectError():
            return "It can't be reached: its name can't be resolved, nobody listens there, or TLS failed."
        case httpx.TimeoutException():
            return "It took too long to answer."
        case httpx.InvalidURL() | httpx.UnsupportedProtocol() | httpx.LocalProtocolError() | UnicodeError():
            return "Its address can't be used in a request."
        case _:
            return f"It gave no whole answer ({type(failure).__name__})."
