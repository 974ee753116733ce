"""One HTTP attempt and what its end means: an answer, nothing done, perhaps done, or no use in trying
again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.port import InDoubt, Refused, Retry

#: Raised before the request left us, so nothing can have been done.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_LONGEST_WAIT = 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer with JSON (or with nothing: 204), or a 404 or 410 with whatever came: only the caller knows what it
    was looking for. `at` is the sender's clock, by its Date header; `total` what WordPress says a whole list has."""

    status: int
    data: object
    at: datetime | None = None
    total: int | None = None


async def read(http: httpx.AsyncClient, request: httpx.Request) -> Answer | Refused | Retry:
    """Send a request that changes nothing."""
    outcome = await _attempt(http, request)
    return Retry(outcome.reason, 5.0, outcome.resting) if isinstance(outcome, InDoubt) else outcome


async def write(http: httpx.AsyncClient, request: httpx.Request) -> Answer | InDoubt | Refused | Retry:
    """Send a request that changes something: a broken or unreadable answer leaves it in doubt."""
    return await _attempt(http, request)


async def exchange(http: httpx.AsyncClient, request: httpx.Request) -> httpx.Response | InDoubt | Refused | Retry:
    """Send any request: whatever answer came whole, or why none did."""
    try:
        # A redirected write would be repeated as something else; the merchant must give the true address.
        return await http.send(request, follow_redirects=False)
    except _NEVER_SENT as failure:
        return Retry(f"The store can't be reached ({type(failure).__name__}).", 30.0, resting=True)
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError):
        return Refused("bad_address", "The store's address or credentials can't be used in a request.")
    except httpx.RequestError as failure:
        return InDoubt(f"The store gave no whole answer ({type(failure).__name__}).", resting=True)


async def _attempt(http: httpx.AsyncClient, request: httpx.Request) -> Answer | InDoubt | Refused | Retry:
    response = await exchange(http, request)
    return judged(response) if isinstance(response, httpx.Response) else response


def judged(response: httpx.Response) -> Answer | InDoubt | Refused | Retry:
    """What an answer means, by its status and whether it is JSON."""
    status = response.status_code
    data = reading.parse(response.content)
    if status == 204:
        return Answer(status, None, _sent_at(response))
    if response.is_success:
        # A page instead of JSON comes from something in front of the store; what the store did is unknown.
        if data is None:
            return InDoubt("The store's answer is not JSON.")
        return Answer(status, data, _sent_at(response), reading.quantity(response.headers.get("X-WP-Total")))
    if status in (404, 410):
        return Answer(status, data)
    if status == 429:
        return Retry("The store asks to slow down.", waiting_time(response, 5.0), resting=True)
    if status in (401, 403):
        return Refused("unauthorised", "The store does not accept our credentials, or they may not do this.")
    if status == 408 or status >= 500:
        return InDoubt(f"The store failed ({status}).", waiting_time(response, 10.0), resting=True)
    if status < 400:
        return Refused("moved", "The store answers from another address; correct the connection's address.")
    return Refused("rejected", _message(data) or f"The store rejected the request ({status}).")


def waiting_time(response: httpx.Response, otherwise: float) -> float:
    """Seconds to wait by Retry-After (seconds or a date), at least one and at most an hour."""
    given = response.headers.get("Retry-After", "")
    seconds = reading.decimal(given)
    if seconds is not None:
        return min(max(float(seconds), 1.0), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(given)
    except ValueError:
        return otherwise
    wait = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(wait, 1.0), _LONGEST_WAIT)


def _sent_at(response: httpx.Response) -> datetime | None:
    try:
        at = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None
    return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)


def _message(data: object) -> str:
    """The store's own words, shortened: they go to the merchant, whose store it is."""
    return reading.text(reading.table(data).get("message"))[:200]
