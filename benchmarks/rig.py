"""The system under test: embedded servers that write to disk as in production, and our own processes, at will."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import redis.asyncio

from benchmarks.memory import megabytes_of
from fulfilhub.demo.run import command
from fulfilhub.platform import ids, migrate
from fulfilhub.platform.processes import StartError, Supervisor, free_port, log_tail
from fulfilhub.platform.servers import local_servers, throwaway_state
from fulfilhub.platform.settings import Settings

API_WORKERS = 2
WORKERS = 2

WAITING = "SELECT count(*) FROM jobs WHERE account_id = $1"
A_JOB = """
INSERT INTO jobs (account_id, id, kind, args, due_at, next_at, created_at)
VALUES ('00000000-0000-0000-0000-000000000000', $1, 'platform.expire_raw', '{}', now(), now(), now())
"""
UNNUMBERED = "SELECT EXISTS (SELECT FROM events WHERE seq IS NULL)"


@dataclass
class Rig:
    """The running system. The API runs all the time; workers and relay only where a benchmark starts them."""

    env: Mapping[str, str]
    logs: Path
    supervisor: Supervisor
    running: list[str] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)
    """Megabytes that workers and relay held when they were last stopped."""

    @property
    def settings(self) -> Settings:
        return Settings.from_env(self.env)

    @property
    def port(self) -> int:
        return self.settings.server.port

    @property
    def owner_url(self) -> str:
        """The database as its owner, whom row security does not bind."""
        return self.settings.database.url

    def start_relay(self) -> None:
        self._start("relay", "relay")

    def start_workers(self) -> None:
        """Start the workers, and the relay too."""
        for number in range(1, WORKERS + 1):
            self._start(f"worker-{number}", "worker")
        self.start_relay()

    def stop_workers(self) -> None:
        """Stop workers and relay, as far as they run; what they were at is finished."""
        self.memory |= megabytes_of({name: self.supervisor.pid(name) for name in self.running})
        for name in self.running:
            self.supervisor.end(name)
        self.running.clear()

    def api_pid(self) -> int:
        """The parent of the processes that serve the API."""
        return self.supervisor.pid("api")

    async def start_working(self) -> None:
        """Start the workers, and wait until they work: until one has done a job."""
        self.start_workers()
        async with self.owner() as owner:
            await owner.execute(A_JOB, ids.new())
            await until(lambda: _nothing_waits(owner), "the workers work", 60)

    async def start_waiting(self) -> None:
        """Start workers and relay, wait until all are up, and stop the workers in mid-step until they are let go."""
        self.start_workers()
        await until(self._are_up, "the workers are up", 60)
        self._signal(signal.SIGSTOP)

    def let_go(self) -> None:
        """Let the workers go on."""
        self._signal(signal.SIGCONT)

    async def _are_up(self) -> bool:
        logs = [self.logs / f"{name}.log" for name in self._workers()]
        return all(log.exists() and "worker.started" in log_tail(log) for log in logs)

    def _signal(self, number: signal.Signals) -> None:
        for name in self._workers():
            os.kill(self.supervisor.pid(name), number)

    def _workers(self) -> list[str]:
        return [name for name in self.running if name.startswith("worker-")]

    def _start(self, name: str, program: str) -> None:
        if name not in self.running:
            self.supervisor.start(name, command(program), self.env)
            self.running.append(name)

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[asyncpg.Connection]:
        """One connection of the database's owner."""
        connection = await asyncpg.connect(self.owner_url)
        try:
            yield connection
        finally:
            await connection.close()

    async def waiting(self, account_id: object) -> int:
        """Jobs of the account that are not done."""
        async with self.owner() as owner:
            return int(await owner.fetchval(WAITING, account_id))

    async def forget_jobs(self) -> None:
        """Let nothing that was queued so far be done: the next benchmark measures only its own."""
        async with self.owner() as owner:
            await owner.execute("DELETE FROM jobs")
        cache = redis.asyncio.from_url(self.settings.redis.url)
        await cache.flushdb()
        await cache.aclose()

    async def forget_work(self) -> None:
        """Let nobody claim what is left: no partner has thousands of leases that it does nothing with."""
        async with self.owner() as owner:
            await owner.execute("UPDATE work_orders SET state = 'cancelled', ended_at = now() WHERE ended_at IS NULL")

    async def number_events(self) -> None:
        """Let the relay number what has been told so far."""
        self.start_relay()
        async with self.owner() as owner:
            await until(lambda: _none_left(owner), "the events are numbered", 120)


async def _none_left(owner: asyncpg.Connection) -> bool:
    return not await owner.fetchval(UNNUMBERED)


async def _nothing_waits(owner: asyncpg.Connection) -> bool:
    return not await owner.fetchval("SELECT EXISTS (SELECT FROM jobs)")


async def until(holds: Callable[[], Awaitable[bool]], what: str, seconds: float) -> None:
    """Look again and again. Raises StartError naming `what` when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not await holds():
        if time.monotonic() > deadline:
            raise StartError(f"Waited {seconds:g} s in vain: {what}.")
        await asyncio.sleep(0.05)


@contextmanager
def rig(say: Callable[[str], None]) -> Iterator[Rig]:
    """Start servers and API on throw-away data, which are forced to disk; stop it all at the end. Main thread only.

    Raises StartError.
    """
    with throwaway_state() as state, local_servers(state, durable=True) as servers:
        env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
        env |= {
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "FULFILHUB_SECRET_KEYS": secrets.token_urlsafe(48),
            "PORT": str(free_port()),
            "API_WORKERS": str(API_WORKERS),
            "RATE_LIMIT_PER_MINUTE": "0",
            "ALLOW_PRIVATE_HOSTS": "true",  # the receivers of webhooks are on this machine
            "PROMETHEUS_MULTIPROC_DIR": str(state / "metrics"),
        }
        (state / "metrics").mkdir()
        settings = Settings.from_env(env)
        asyncio.run(migrate.ensure_roles(settings))
        migrate.upgrade(settings)
        with Supervisor(state / "logs", say) as supervisor:
            made = Rig(env, state / "logs", supervisor)
            supervisor.start("api", command("api"), env)
            supervisor.wait_until(lambda: _ready(settings.server.url), "api")
            yield made


def _ready(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{url}/health/ready", timeout=2.0, trust_env=False).status_code == 200
    return False


def tail(made: Rig) -> str:
    """The end of the API's log, for a message about a failure."""
    return log_tail(made.logs / "api.log")
