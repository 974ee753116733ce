"""A whole system of real processes that a test may break: started once, spoken to over HTTP, killed and looked at.

The supervisor of `fulfilhub run` looks after the processes, so what a test kills comes back as it would on a server.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest

from fulfilhub.demo import door
from fulfilhub.demo.run import System, command, system
from fulfilhub.demo.world import platform_key
from fulfilhub.platform.processes import free_port
from fulfilhub.platform.servers import LocalServers, throwaway_state

PATIENCE = 60.0
"""Seconds a test waits for something that must happen."""

ENVIRONMENT = {
    "API_WORKERS": "2",
    "WORKER_PROCESSES": "2",
    "WORKER_THREADS": "4",
    "RATE_LIMIT_PER_MINUTE": "1000000",
    "WORK_LEASE_SECONDS": "4",
    "ALLOW_PRIVATE_HOSTS": "true",
    "SWEEP_INTERVAL_SECONDS": "36000",  # a test sweeps when it means to
}
WORKERS = ("worker-1", "worker-2")


@dataclass(frozen=True, slots=True)
class Rig:
    """The running system, and what can be done to it."""

    made: System
    operator_key: str

    @property
    def url(self) -> str:
        return self.made.url

    @property
    def servers(self) -> LocalServers:
        assert self.made.servers is not None
        return self.made.servers

    def kill(self, name: str) -> int:
        """`kill -9` one process of ours, by its name; the id it had."""
        pid = self.made.supervisor.pid(name)
        with suppress(ProcessLookupError):  # it is down already, until its supervisor's next turn
            os.kill(pid, signal.SIGKILL)
        return pid

    def crash_postgres(self) -> None:
        """What a crash leaves: an immediate stop, without a checkpoint and with every connection cut."""
        os.kill(self.servers.postgres.pid, signal.SIGQUIT)

    def kill_valkey(self) -> None:
        os.kill(self.servers.valkey.pid, signal.SIGKILL)

    def log(self, name: str) -> str:
        """What a process printed until now, over all its lives."""
        file = self.made.logs / f"{name}.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One of our own commands, to its end."""
        return subprocess.run(
            command(*arguments), env=dict(self.made.env), capture_output=True, text=True, check=False, timeout=120
        )

    def start(self, name: str, *arguments: str, **env: str) -> int:
        """One of our own commands beside the others, started again when it dies; `end` it."""
        return self.made.supervisor.start(name, command(*arguments), {**self.made.env, **env})

    def end(self, name: str) -> None:
        self.made.supervisor.end(name)

    async def rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        """What the database says to its owner."""
        connection = await asyncpg.connect(self.servers.database_url)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()

    async def number(self, query: str, *values: object) -> int:
        """The one number that a query gives."""
        return int((await self.rows(query, *values))[0][0])

    async def whole(self) -> None:
        """Wait until every part runs and answers again."""

        async def up() -> bool:
            async with httpx.AsyncClient(base_url=self.url, timeout=5, trust_env=False) as http:
                answer = await http.get("/health/ready")
            return answer.status_code == 200

        await until(up)

    async def settled(self, seconds: float = PATIENCE) -> None:
        """Wait until no job is left that is due, or to be tried again within the hour, and every committed event has
        its number. Sweeps that begin later do not count: there is always a next one."""

        async def done() -> bool:
            return not await self.number(
                "SELECT (SELECT count(*) FROM jobs WHERE state = 'ready' AND due_at <= now() + interval '1 hour' "
                "        AND kind NOT LIKE 'platform.%' AND NOT (kind = 'stores.sweep' AND due_at > now())) "
                "     + (SELECT count(*) FROM events WHERE seq IS NULL)"
            )

        try:
            await until(done, seconds)
        except AssertionError:
            left = await self.rows("SELECT kind, state, attempts, due_at - now() AS due, last_error FROM jobs LIMIT 20")
            waiting = await self.number("SELECT count(*) FROM events WHERE seq IS NULL")
            raise AssertionError(f"After {seconds:g} s: {waiting} events without number, jobs {left}") from None

    def sound(self) -> None:
        """`fulfilhub audit` finds no break."""
        told = self.run("audit", "--json")
        assert told.stdout, told.stderr
        breaks = [check for check in json.loads(told.stdout)["checks"] if check["breaks"]]
        assert (told.returncode, breaks) == (0, [])


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = PATIENCE) -> None:
    """Return as soon as the condition holds; what can't be reached meanwhile counts as not yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if await condition():
                return
        except (OSError, httpx.HTTPError, asyncpg.PostgresError, asyncpg.InterfaceError):
            pass
        assert time.monotonic() < deadline, f"still not true after {seconds:g} s"
        await asyncio.sleep(0.05)


@contextmanager
def running() -> Iterator[Rig]:
    """A system on throw-away but durable data, for what crashes must not lose."""
    with pytest.MonkeyPatch.context() as environment, throwaway_state() as state:
        for name in ("DATABASE_URL", "REDIS_URL", "FULFILHUB_SECRET_KEYS", "HOST", "PUBLIC_URL"):
            environment.delenv(name, raising=False)
        for name, value in ENVIRONMENT.items():
            environment.setenv(name, value)
        with system(state, free_port(), _say) as made:
            yield Rig(made, platform_key(made))


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def client(rig: Rig) -> httpx.AsyncClient:
    """An outsider's HTTP client."""
    return door.client(rig.url)


Json = dict[str, Any]
