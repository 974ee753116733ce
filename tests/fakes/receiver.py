"""Somebody's receiver of webhooks: a real HTTP server here that remembers what it got and answers as told."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered. `after` is waited for before the first byte; `stalls` lets the body never end."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    after: asyncio.Event | None = None
    stalls: bool = False


@dataclass(frozen=True, slots=True)
class Got:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """What receivers de-duplicate by."""
        return self.headers["webhook-id"]


class FakeReceiver:
    """`replies` are given one by one, then `always`."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.replies: deque[Reply] = deque()
        self.always = Reply()
        self.port = 0
        self._news = asyncio.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        """The ids of all requests, in the order they came."""
        return [each.id for each in self.got]

    async def until(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        """Return as soon as the condition holds, looked at whenever something comes."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(condition)

    async def until_got(self, count: int) -> None:
        """Return as soon as so many requests came."""
        await self.until(lambda: len(self.got) >= count)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = head[0].split(" ")
                headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                async with self._news:
                    self.got.append(Got(method, path, headers, body))
                    self._news.notify_all()
                await self._answer(writer, self.replies.popleft() if self.replies else self.always)
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, reply: Reply) -> None:
        if reply.after is not None:
            await reply.after.wait()
        length = len(reply.body) + (1 if reply.stalls else 0)
        lines = [f"HTTP/1.1 {reply.status} X", f"content-length: {length}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + reply.body)
        await writer.drain()


@asynccontextmanager
async def receiver(always: Reply | None = None) -> AsyncIterator[FakeReceiver]:
    """A receiver that listens until the block ends."""
    made = FakeReceiver()
    made.always = always or Reply()
    connections: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        task.add_done_callback(connections.discard)
        with suppress(asyncio.CancelledError):
            await made.serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
