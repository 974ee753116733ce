"""The whole API on a real server with a populated world."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from fulfilhub.platform.settings import Settings
from tests.conftest import admin, make_settings, with_database
from tests.contract.world import World, make_world
from tests.fakes.serving import free_port
from tests.platform.waiting import until

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Served:
    """The running API: where it answers, its world, its settings and its log."""

    url: str
    world: World
    settings: Settings
    log: Path


@contextmanager
def _database(server: str, template: str) -> Iterator[str]:
    name = f"contract_{secrets.token_hex(6)}"
    asyncio.run(admin(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
    try:
        yield with_database(server, name)
    finally:
        asyncio.run(admin(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@contextmanager
def _api(settings: Settings, log: Path) -> Iterator[str]:
    port = free_port()
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "DATABASE_URL": settings.database.url,
        "REDIS_URL": settings.redis.url,
        "REDIS_NAMESPACE": settings.redis.namespace,
        "FULFILHUB_SECRET_KEYS": ",".join(settings.security.secret_keys),
        "ALLOW_PRIVATE_HOSTS": "false",
        "RATE_LIMIT_PER_MINUTE": "1000000",
        "API_WORKERS": "1",
        "PORT": str(port),
    }
    with log.open("w") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "fulfilhub.cli", "api"], cwd=ROOT, env=env, stdout=written, stderr=written
        )
        url = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            assert process.poll() is None, log.read_text()
            try:
                return httpx.get(f"{url}/health/ready", trust_env=False).status_code == 200
            except httpx.HTTPError:
                return False

        try:
            until(answers, 60.0)
            yield url
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def new_world(servers: tuple[str, str], template: str, folder: Path) -> Iterator[Served]:
    """A database with a world of its own, and the API on it; its log is kept in the folder."""
    log = folder / "api.log"
    with _database(servers[0], template) as database:
        settings = make_settings(database, servers[1])
        world = asyncio.run(make_world(settings))
        with _api(settings, log) as url:
            yield Served(url, world, settings, log)


@pytest.fixture(scope="session")
def served(servers: tuple[str, str], template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """For tests that leave the world usable."""
    with new_world(servers, template, tmp_path_factory.mktemp("contract")) as made:
        yield made
