"""PostgreSQL and Valkey from Python wheels, for machines that have neither: development, the demo, tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fulfilhub.platform.servers.place import default_state, throwaway_state
from fulfilhub.platform.servers.postgres import PostgresServer
from fulfilhub.platform.servers.valkey import ValkeyServer

__all__ = ["LocalServers", "PostgresServer", "ValkeyServer", "default_state", "local_servers", "throwaway_state"]


@dataclass(frozen=True, slots=True)
class LocalServers:
    """Both servers, running."""

    postgres: PostgresServer
    valkey: ValkeyServer

    @property
    def database_url(self) -> str:
        """URL of the superuser, who may create databases and roles."""
        return self.postgres.url()

    @property
    def redis_url(self) -> str:
        return self.valkey.url


@contextmanager
def local_servers(state: Path, durable: bool = True) -> Iterator[LocalServers]:
    """Both servers on the data under `state` (see `default_state`, `throwaway_state`), stopped at the end.

    Raises StartError saying what to do. Use it in the main thread.
    """
    postgres = PostgresServer.start(state, durable=durable)
    try:
        valkey = ValkeyServer.start(state, durable=durable)
        try:
            yield LocalServers(postgres, valkey)
        finally:
            valkey.stop()
    finally:
        postgres.stop()
