"""What the end of one attempt means, for reads and for writes, and how long to wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from fulfilhub.stores.adapters import transport
from fulfilhub.stores.adapters.port import InDoubt, Refused, Retry

Reply = Callable[[httpx.Request], httpx.Response]


async def outcomes(reply: Reply) -> tuple[object, object]:
    """How the same answer is judged for a read and for a write."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(reply)) as http:
        request = http.build_request("POST", "https://shop.test/x")
        return await transport.read(http, request), await transport.write(http, request)


def answers(status: int, text: str = "{}", **headers: str) -> Reply:
    return lambda _: httpx.Response(status, text=text, headers=headers)


def raises(kind: type[Exception]) -> Reply:
    def reply(_request: httpx.Request) -> httpx.Response:
        raise kind("broken")

    return reply


@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
async def test_never_sent_is_safe_to_repeat(kind: type[Exception]) -> None:
    read, write = await outcomes(raises(kind))
    assert isinstance(read, Retry)
    assert isinstance(write, Retry)


@pytest.mark.parametrize("kind", [httpx.ReadTimeout, httpx.WriteError, httpx.RemoteProtocolError, httpx.DecodingError])
async def test_a_broken_answer_leaves_a_write_in_doubt(kind: type[Exception]) -> None:
    read, write = await outcomes(raises(kind))
    assert isinstance(read, Retry)
    assert isinstance(write, InDoubt)


@pytest.mark.parametrize(
    ("reply", "kinds"),
    [
        (answers(200), (transport.Answer, transport.Answer)),
        (answers(404), (transport.Answer, transport.Answer)),
        (answers(200, "<html>"), (Retry, InDoubt)),
        (answers(500), (Retry, InDoubt)),
        (answers(503), (Retry, InDoubt)),
        (answers(408), (Retry, InDoubt)),
        (answers(429), (Retry, Retry)),
        (answers(302, location="https://elsewhere.test/"), (Refused, Refused)),
        (answers(401), (Refused, Refused)),
        (answers(403), (Refused, Refused)),
        (answers(400), (Refused, Refused)),
        (answers(422), (Refused, Refused)),
    ],
)
async def test_statuses(reply: Reply, kinds: tuple[type, type]) -> None:
    read, write = await outcomes(reply)
    assert (type(read), type(write)) == kinds


async def test_the_stores_words_reach_the_merchant_shortened() -> None:
    _, write = await outcomes(answers(400, '{"message": "' + "No. " * 200 + '"}'))
    assert isinstance(write, Refused)
    assert write.reason.startswith("No. No.")
    assert len(write.reason) <= 200


@pytest.mark.parametrize(
    ("given", "seconds"), [("7", 7.0), ("0", 1.0), ("100000", 3600.0), ("1.5", 1.5), ("soon", 5.0), ("", 5.0)]
)
def test_retry_after_in_seconds(given: str, seconds: float) -> None:
    assert transport.waiting_time(httpx.Response(429, headers={"Retry-After": given}), 5.0) == seconds


def test_retry_after_as_a_date() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    assert transport.waiting_time(httpx.Response(503, headers={"Retry-After": until}), 5.0) == 3600.0
