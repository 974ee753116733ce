"""Load: HTTP/1.1 on raw keep-alive connections, so that the client is not what is measured, and clients in a loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple, TypeVar

T = TypeVar("T")

WARM_SECONDS = 0.5
"""Before counting begins: connections, plans and caches are made meanwhile."""


class Answer(NamedTuple):
    """What the server said."""

    status: int
    body: bytes


class Connection(asyncio.Protocol):
    """One connection; one call at a time. Answers must carry their Content-Length, as ours do."""

    def __init__(self) -> None:
        self._got = b""
        self._waiting: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, separator, body = self._got.partition(b"\r\n\r\n")
        if not separator or self._waiting is None:
            return
        if len(body) >= _length(head):
            self._got = b""
            self._waiting.set_result(Answer(int(head[9:12]), body))

    async def call(self, request: bytes) -> Answer:
        """Send one request (see `request`) and wait for its answer."""
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.index(b"content-length:") + len(b"content-length:")
    return int(lowered[at:].partition(b"\r\n")[0])


def request(path: str, key: str, body: bytes, *, once: str = "") -> bytes:
    """A POST as it goes over the wire."""
    kept = f"Idempotency-Key: {once}\r\n" if once else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n{kept}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@asynccontextmanager
async def connections(port: int, number: int) -> AsyncIterator[list[Connection]]:
    """So many open connections to the API."""
    loop = asyncio.get_running_loop()
    made = [(await loop.create_connection(Connection, "127.0.0.1", port))[1] for _ in range(number)]
    try:
        yield made
    finally:
        for each in made:
            each.close()


async def rate(clients: Sequence[T], turn: Callable[[T], Awaitable[int]], seconds: float) -> float:
    """Each client takes turns one after the other; gives per second what the turns say they got done. A turn that
    gets nothing done ends its client, and with it the measurement."""
    begin = time.perf_counter() + WARM_SECONDS
    end = begin + seconds
    done = 0
    last = begin

    async def keep_on(client: T) -> None:
        nonlocal done, end, last
        while (now := time.perf_counter()) < end:
            got = await turn(client)
            if got == 0:
                end = now
            if begin <= (now := time.perf_counter()) <= end:
                done, last = done + got, now

    await asyncio.gather(*(keep_on(client) for client in clients))
    if last <= begin:
        raise RuntimeError("There was too little to do to measure it.")
    return done / (last - begin)
