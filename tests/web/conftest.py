"""The small API in this process, and a Valkey of its own for the limits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import httpx
import pytest

from fulfilhub.platform.servers import ValkeyServer, throwaway_state
from fulfilhub.web.front import Api
from tests.web.little import KEY, little_api, little_settings


def client(app: Api, base: str = "http://api.test") -> httpx.AsyncClient:
    """Speaks to the app over ASGI, with the key."""
    transport = httpx.ASGITransport(cast("Any", app), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=base, headers={"Authorization": KEY})


@pytest.fixture
def app() -> Api:
    return little_api(little_settings())


@pytest.fixture
async def api(app: Api) -> AsyncIterator[httpx.AsyncClient]:
    async with client(app) as http:
        yield http
    await app.state.limits.close()


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    with throwaway_state() as state:
        server = ValkeyServer.start(state, durable=False)
        try:
            yield server
        finally:
            server.stop()
