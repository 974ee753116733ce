"""Serving somebody else's ASGI application in the test's own event loop: over real HTTP, or in memory."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def in_memory(app: Litestar) -> httpx.AsyncClient:
    """A client whose every request, whatever its host, is answered by `app` without a network."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app))  # type: ignore[arg-type]


@asynccontextmanager
async def serving(app: Litestar, port: int) -> AsyncIterator[str]:
    """Serve `app` on this port of 127.0.0.1 until the block ends; gives its base URL."""
    server = Server(app, port=port, interface=Interfaces.ASGI, log_enabled=False)
    running = asyncio.create_task(server.serve())
    try:
        while True:
            if running.done():
                running.result()
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await running
