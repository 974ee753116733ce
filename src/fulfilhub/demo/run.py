"""The whole system on one machine: servers, schema, processes, and the secrets and figures kept beside the data."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
from sqlalchemy.exc import DBAPIError

from fulfilhub.platform import migrate
from fulfilhub.platform.processes import StartError, Supervisor, require_free
from fulfilhub.platform.servers import LocalServers, local_servers
from fulfilhub.platform.servers.place import keep_environment, state_folder, write_private
from fulfilhub.platform.settings import Settings, SettingsError

Say = Callable[[str], None]

READY_SECONDS = 60.0
KEPT = ("DATABASE_URL", "REDIS_URL", "FULFILHUB_SECRET_KEYS")
"""What other commands on this machine need to know of the running system."""


@dataclass(frozen=True, slots=True)
class System:
    """The running system. `env` is what its processes see; whoever starts another program gives it this too.
    `servers` are the embedded ones, None where the environment named others."""

    url: str
    state: Path
    logs: Path
    env: Mapping[str, str]
    supervisor: Supervisor
    servers: LocalServers | None

    @property
    def settings(self) -> Settings:
        """The settings of its processes."""
        return Settings.from_env(self.env)


def command(*arguments: str) -> list[str]:
    """The argv of one of our own commands, in this very Python."""
    return [sys.executable, "-m", "fulfilhub.cli", *arguments]


@contextmanager
def system(
    state: Path, port: int | None, say: Say, *, throwaway: bool = False, with_demo: bool = True
) -> Iterator[System]:
    """Start everything on the data in `state`, and stop it all at the end. Main thread only.

    Embedded servers unless DATABASE_URL and REDIS_URL name others. `throwaway` data are not forced to disk.
    Raises StartError or SettingsError with a sentence for the person at the terminal.
    """
    env = dict(os.environ)
    own = [name for name in ("DATABASE_URL", "REDIS_URL") if env.get(name)]
    if len(own) == 1:
        other = "REDIS_URL" if own == ["DATABASE_URL"] else "DATABASE_URL"
        raise StartError(f"{own[0]} is set but {other} is not: set both, or neither for the embedded servers.")
    if port is not None:
        env["PORT"] = str(port)
    asked = Settings.from_env({**env, "FULFILHUB_SECRET_KEYS": env.get("FULFILHUB_SECRET_KEYS") or "x" * 32}).server
    require_free(asked.host, asked.port)
    with ExitStack() as stack:
        servers = None
        if own:
            _make_private(state)
        else:
            servers = stack.enter_context(local_servers(state, durable=not throwaway))
            env |= {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        env["FULFILHUB_SECRET_KEYS"] = env.get("FULFILHUB_SECRET_KEYS") or kept_secret(state / "secret-keys")
        env["PROMETHEUS_MULTIPROC_DIR"] = str(_emptied(state / "metrics"))
        if with_demo:
            env["ALLOW_PRIVATE_HOSTS"] = "true"  # the demo's storefronts are on this machine
        settings = Settings.from_env(env)
        keep_environment(state, {name: env[name] for name in KEPT})
        _migrate(settings)
        supervisor = stack.enter_context(Supervisor(state / "logs", say))
        if servers is not None:
            supervisor.keep(servers.postgres)
            supervisor.keep(servers.valkey)
        shown = "127.0.0.1" if settings.server.host in {"0.0.0.0", "::"} else settings.server.host  # noqa: S104
        made = System(f"http://{shown}:{settings.server.port}", state, state / "logs", env, supervisor, servers)
        _start_processes(made, settings)
        yield made


def _start_processes(made: System, settings: Settings) -> None:
    made.supervisor.start("api", command("api"), made.env)
    for number in range(1, settings.jobs.processes + 1):
        made.supervisor.start(f"worker-{number}", command("worker"), made.env)
    made.supervisor.start("relay", command("relay"), made.env)
    made.supervisor.wait_until(lambda: _answers(f"{made.url}/health/ready"), "api", READY_SECONDS)


def _answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(url, timeout=2.0, trust_env=False).status_code == 200
    return False


def _migrate(settings: Settings) -> None:
    import asyncio

    try:
        asyncio.run(migrate.ensure_roles(settings))
        migrate.upgrade(settings)
    except (OSError, asyncpg.PostgresError, DBAPIError) as error:
        raise StartError(f"The database cannot be brought to the present schema: {_one_line(error)}") from error


def _one_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _make_private(state: Path) -> None:
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(
            f"Cannot make the folder {state} ({error.strerror}): name another with FULFILHUB_STATE."
        ) from None


def _emptied(folder: Path) -> Path:
    """Figures of processes that no longer run would be added to those of the new ones."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def kept_secret(file: Path) -> str:
    """The secret in the file, which is made, for us alone, at the first call."""
    with suppress(FileNotFoundError):
        if text := file.read_text().strip():
            return text
    write_private(file, secrets.token_urlsafe(48))
    return file.read_text()


def wait_for_answer(made: System, name: str, url: str) -> None:
    """Block until a program of the supervisor answers there. Raises StartError with the end of its log."""
    made.supervisor.wait_until(lambda: _answers(url), name, READY_SECONDS)


def elapsed(since: float) -> float:
    """Seconds since a moment of `time.monotonic`."""
    return round(time.monotonic() - since, 1)


__all__ = [
    "SettingsError",
    "StartError",
    "System",
    "command",
    "elapsed",
    "kept_secret",
    "state_folder",
    "system",
    "wait_for_answer",
    "write_private",
]
