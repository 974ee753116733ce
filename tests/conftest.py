"""The rig: one real PostgreSQL and one real Valkey for the run, and for each test a database of its own.

The schema comes from the migrations, once per worker process; each test's database is cloned from it.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import pytest
from litestar import Litestar

from fulfilhub.platform import migrate
from fulfilhub.platform.database import engine
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.make.world import Client, account

SECRET = "test-secret-0123456789-0123456789-0123"


@contextmanager
def _servers() -> Iterator[tuple[str, str]]:
    """URLs of PostgreSQL (as superuser) and Valkey: those named by the environment, or our own."""
    database, redis = os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL")
    if database and redis:
        yield database, redis
        return
    from fulfilhub.platform.servers import local_servers, throwaway_state

    with throwaway_state() as state, local_servers(state, durable=False) as servers:
        yield servers.database_url, servers.redis_url


@pytest.fixture(scope="session")
def servers() -> Iterator[tuple[str, str]]:
    with _servers() as urls:
        yield urls


def with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def admin(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def template(servers: tuple[str, str]) -> Iterator[str]:
    """Name of the migrated template database of this worker process."""
    name = f"template_{secrets.token_hex(6)}"
    asyncio.run(admin(servers[0], f"CREATE DATABASE {name}"))
    settings = make_settings(with_database(servers[0], name), servers[1])
    asyncio.run(migrate.ensure_roles(settings))
    migrate.upgrade(settings)
    yield name
    asyncio.run(admin(servers[0], f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


def make_settings(database_url: str, redis_url: str, **env: str) -> Settings:
    """Settings as the processes read them."""
    return Settings.from_env(
        {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "REDIS_NAMESPACE": f"t{secrets.token_hex(5)}",
            "FULFILHUB_SECRET_KEYS": SECRET,
            "ALLOW_PRIVATE_HOSTS": "true",
            "DATABASE_POOL_SIZE": "5",
            "RATE_LIMIT_PER_MINUTE": "0",
            "PASSWORD_MEMORY_KIB": "64",
            "PASSWORD_PASSES": "1",
            "PASSWORD_LANES": "1",
            "SIGN_IN_FLOOR_MS": "0",
            **env,
        }
    )


@pytest.fixture
async def settings(servers: tuple[str, str], template: str) -> AsyncIterator[Settings]:
    """Settings with a fresh database, cloned from the template; it is dropped afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    await admin(servers[0], f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield make_settings(with_database(servers[0], name), servers[1])
    await admin(servers[0], f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(autouse=True)
def _nothing_known_of_shops() -> None:
    """What a process has learnt of shops' limits does not outlive a test."""
    from fulfilhub.stores.adapters.shopify import pacing

    pacing.share("", "")


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return Vault(settings.security.secret_keys)


@pytest.fixture
async def works(settings: Settings) -> AsyncIterator[Works]:
    """Units of work with the API's login."""
    from fulfilhub.wiring import HEARD_BY

    pool = engine(settings.database_url("api"), settings.database, "test")
    yield Works(pool, HEARD_BY)
    await pool.dispose()


@pytest.fixture
async def worker_works(settings: Settings) -> AsyncIterator[Works]:
    """Units of work with the worker's login, where the platform scope exists."""
    from fulfilhub.wiring import HEARD_BY

    pool = engine(settings.database_url("worker"), settings.database, "test")
    yield Works(pool, HEARD_BY)
    await pool.dispose()


@pytest.fixture
def quick(settings: Settings) -> Settings:
    """Settings with short leases, for tests that wait for one to run out."""
    return replace(settings, jobs=replace(settings.jobs, lease=1))


@asynccontextmanager
async def _started(app: Litestar) -> AsyncIterator[None]:
    # In a task of its own: what Litestar enters in a task it must leave in it, and fixtures promise no such thing.
    ready, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            ready.set()
            await stop.wait()

    living = asyncio.create_task(live())
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({living, waiting}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
    finally:
        stop.set()
        waiting.cancel()
        await living


@pytest.fixture
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The whole API in this process, spoken to over ASGI."""
    from fulfilhub.app import make_app

    app = make_app(settings)
    transport = httpx.ASGITransport(cast("Any", app), raise_app_exceptions=False)
    async with _started(app), httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
        yield client


@pytest.fixture
async def platform_key(settings: Settings) -> str:
    """A platform key, as `fulfilhub keys` makes it."""
    from fulfilhub.accounts.bootstrap import make_platform_key

    return (await make_platform_key(settings, "test")).secret


@pytest.fixture
async def merchant(http: httpx.AsyncClient, platform_key: str) -> Client:
    return await account(http, platform_key, "merchant", "Ada's Mugs")


@pytest.fixture
async def partner(http: httpx.AsyncClient, platform_key: str) -> Client:
    return await account(http, platform_key, "partner", "Quick 3PL")
