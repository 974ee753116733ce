"""What the two embedded servers share: one owner per data folder, start, stop, restart, and leftovers ended."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Self

from fulfilhub.platform.processes import StartError, log_tail, spawn
from fulfilhub.platform.servers.place import account, lock, make_folder, own_folder, running, socket_folder

START_LIMIT = 120.0
"""Seconds a server may take to answer; long, because it may have to recover from a crash first."""


class EmbeddedServer(ABC):
    """A database server run as a child process on a data folder of its own, reached by a unix socket only.

    Start it from a thread that lives as long as the server shall (see `processes.spawn`).
    """

    name: ClassVar[str]
    program: ClassVar[str]
    stop_signals: ClassVar[Sequence[tuple[signal.Signals, float]]]
    """Signals that end it, mildest first, each with the seconds it is given; SIGKILL follows by itself."""

    def __init__(self, state_dir: Path, *, durable: bool) -> None:
        self.durable = durable
        self.account = account()
        self.state = make_folder(state_dir.absolute(), self.account)
        self.home = own_folder(self.state / self.name, self.account)
        self.data = self.home / "data"
        self.log = self.state / "logs" / f"{self.name}.log"
        self._guard = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = lock(self.home / "lock")
        self.sockets = socket_folder(self.state, self.account)

    @classmethod
    def start(cls, state_dir: Path, *, durable: bool = True) -> Self:
        """Run the server on the data in `state_dir`, made there if there are none.

        Not `durable`: nothing is forced to disk, for tests. Raises StartError saying what to do, among others
        if another process runs on this folder.
        """
        server = cls(state_dir, durable=durable)
        try:
            server._prepare()
            server._launch()
        except BaseException:
            server.stop()
            raise
        return server

    @property
    def pid(self) -> int:
        """Process id of the server. Raises StartError if it is stopped."""
        if self._process is None:
            raise StartError(f"{self.name} is stopped.")
        return self._process.pid

    def stop(self) -> None:
        """Stop the server, leaving its data, and let go of the folder. Nothing happens if it is stopped already."""
        with self._guard:
            self._halt()
            self._lock.close()
            if self.sockets.parent != self.state:
                with suppress(OSError):  # the other server still uses it
                    self.sockets.rmdir()

    def restart(self) -> None:
        """Stop and start again on the same data and socket."""
        with self._guard:
            self._halt()
            self._launch()

    def revive(self) -> bool:
        """Start it again if it died (and was not stopped); whether it had. Raises StartError if that fails, and may
        then be asked again: what kept it from starting, such as a full disk, may pass."""
        with self._guard:
            if self._lock.closed or (self._process is not None and self._process.poll() is None):
                return False
            self._launch()
            return True

    @abstractmethod
    def command(self) -> list[str]:
        """The program with its arguments."""

    @abstractmethod
    def _prepare(self) -> None:
        """Make the data folder if there is none."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether the server that we started takes connections."""

    def environment(self) -> dict[str, str]:
        """All that the programs see of ours: nothing, so that no PGPORT or LC_ALL of the caller changes them."""
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.home), "LC_ALL": "C", "TZ": "UTC"}

    def _launch(self) -> None:
        if self._lock.closed:
            raise StartError(f"{self.name} was stopped and its folder let go: start it anew.")
        self._end_leftovers()
        self._process = spawn(
            self.command(),
            log=self.log,
            env=self.environment(),
            cwd=self.data,
            uid=self.account.uid if self.account.switch else None,
            gid=self.account.gid if self.account.switch else None,
            death_signal=self.stop_signals[0][0],
        )
        deadline = time.monotonic() + START_LIMIT
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._halt()
                raise StartError(f"{self.name} did not start. {log_tail(self.log)}")
            time.sleep(0.02)

    def _halt(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            for number, seconds in self.stop_signals:
                process.send_signal(number)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(seconds)
                    return
        finally:
            process.kill()  # nothing happens if it has ended
            process.wait()

    def _end_leftovers(self) -> None:
        """End servers on our data that outlived their owner: we hold the lock, so they are nobody's."""
        for number, seconds in [*self.stop_signals, (signal.SIGKILL, 10.0)]:
            deadline = time.monotonic() + seconds
            for pid in running(self.program, self.data):
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
            while running(self.program, self.data):
                if time.monotonic() > deadline:
                    break
                time.sleep(0.05)
            else:
                return
        raise StartError(f"A former {self.name} still runs on {self.data} and cannot be ended.")
