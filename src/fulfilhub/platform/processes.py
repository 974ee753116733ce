"""Starting programs and looking after them, and the ports that they listen on.

A program that dies is started again; when we stop, none is left behind. Nothing here knows what the programs are.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Protocol, Self

LOG_LIMIT = 16 * 1024 * 1024
"""Bytes after which a log is put aside (as `NAME.log.1`) when its program is next started."""

FIRST_DELAY, LONGEST_DELAY = 0.25, 30.0
"""Seconds before a program that died is started again; doubled each time it dies soon after."""

STEADY = 30.0
"""A program that lived this many seconds has started well: its next delay is the first one again."""

LISTENING = "0A"
"""State of a listening socket in /proc/net/tcp (TCP_LISTEN of the kernel's tcp_states.h)."""


class StartError(Exception):
    """Something could not be started. The text tells the person at the terminal what is wrong and what to do."""


def spawn(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str],
    cwd: Path | None = None,
    uid: int | None = None,
    gid: int | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start `argv` in a session of its own, its output appended to `log`; as another user if `uid` and `gid` are
    given. `env` is its whole environment.

    Where util-linux's setpriv is at hand, the kernel sends the program `death_signal` when the *thread* that
    called this ends, however it ends; so call it from one that lives as long as the program shall.
    """
    setpriv = shutil.which("setpriv", path="/usr/bin:/bin")
    guard = [setpriv, "--pdeathsig", death_signal.name.removeprefix("SIG"), "--"] if setpriv else []
    log.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        if log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_name(log.name + ".1"))
    with log.open("ab") as output:
        return subprocess.Popen(
            [*guard, *argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
        )


def log_tail(log: Path, lines: int = 15) -> str:
    """The last `lines` of a log with its name above them, for a message about a program that failed."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            text = file.read().decode(errors="replace")
    except OSError as error:
        return f"(its log {log} cannot be read: {error.strerror})"
    return "\n".join([f"The end of {log}:", *("  " + line for line in text.splitlines()[-lines:])])


@contextmanager
def interruptible() -> Iterator[None]:
    """Within this block SIGINT, SIGTERM and SIGHUP all raise KeyboardInterrupt, so that `with` blocks clean up.

    SIGINT is among them because a shell starts background programs with it ignored. Main thread only.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.signal(each, interrupt) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@dataclass
class _Child:
    """One program under supervision; `due` is when it is to be started again, None while it runs."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes]
    started: float
    deaths: int = 0
    due: float | None = None

    def sweep(self) -> None:
        """Kill what is left of the program and of its own children (its process group), and wait for it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Revivable(Protocol):
    """A server that knows by itself how it is started again."""

    @property
    def name(self) -> str:
        """How messages call it."""

    def revive(self) -> bool:
        """Start it if it ought to run and does not; True if that was needed. Raises StartError if it fails."""


@dataclass
class _Kept:
    """A server that is kept running; `due` is when it may be looked at again after it could not be started."""

    server: Revivable
    due: float = 0.0
    delay: float = FIRST_DELAY


class Supervisor:
    """Starts named programs, starts again those that die, and leaves none behind.

    A context manager: leaving the block stops all programs. `say` gets one line whenever a program died. What
    the programs print goes to `logs`/NAME.log. They are also told to stop (SIGTERM) if this process is killed.
    """

    def __init__(self, logs: Path, say: Callable[[str], None], *, grace: float = 10.0) -> None:
        """`grace`: seconds that programs get to stop by themselves before they are killed."""
        self._logs = logs
        self._say = say
        self._grace = grace
        self._children: dict[str, _Child] = {}
        self._servers: list[_Kept] = []
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._stopped = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> int:
        """Start a program under a new name; returns its process id. `env`: its whole environment (None: ours)."""
        log = self._logs / f"{name}.log"
        whole = dict(os.environ if env is None else env)
        with self._lock:
            if name in self._children:
                raise ValueError(f"{name!r} is already running")
            process = spawn(argv, log=log, env=whole)
            self._children[name] = _Child(name, argv, whole, log, process, time.monotonic())
            return process.pid

    def pid(self, name: str) -> int:
        """Process id the program has now: another one after each restart."""
        with self._lock:
            return self._children[name].process.pid

    def wait_until(self, ready: Callable[[], bool], name: str, timeout: float = 60.0) -> None:
        """Block until `ready()`. Raises StartError, with the end of the log, if the program keeps dying or takes
        longer than `timeout` seconds."""
        child = self._children[name]
        deadline = time.monotonic() + timeout
        while not ready():
            if child.deaths >= 3:
                raise StartError(f"{name} does not stay up.\n{log_tail(child.log)}")
            if time.monotonic() > deadline:
                raise StartError(f"{name} was not ready after {timeout:g} s.\n{log_tail(child.log)}")
            self._stopping.wait(0.05)

    def wait(self) -> None:
        """Block until an interrupt (see `interruptible`)."""
        with suppress(KeyboardInterrupt):
            while not self._stopping.wait(3600):
                pass

    def keep(self, server: Revivable) -> None:
        """Start this server again too, whenever it dies."""
        with self._lock:
            self._servers.append(_Kept(server))

    def end(self, name: str) -> None:
        """Stop one program and forget it."""
        with self._lock:
            child = self._children.pop(name)
        self._end([child])

    def stop(self) -> None:
        """Stop all programs: SIGTERM, `grace` seconds (cut short by a further interrupt), then SIGKILL."""
        self._stopping.set()
        with self._lock:
            children = list(self._children.values())
            self._children.clear()
        self._end(children)
        self._stopped.set()
        if self._watcher.is_alive():
            self._watcher.join()

    def _end(self, children: Sequence[_Child]) -> None:
        running = [child for child in children if child.due is None]
        deadline = time.monotonic() + self._grace
        try:
            for child in running:
                child.process.terminate()
            while running:
                with suppress(subprocess.TimeoutExpired):
                    running[0].process.wait(max(0.0, deadline - time.monotonic()))
                running[0].sweep()
                running.pop(0)
        except KeyboardInterrupt:
            self._say("Interrupted again: not waiting any longer.")
        finally:
            for child in running:
                child.sweep()

    def _watch(self) -> None:
        while not self._stopping.wait(0.1):
            with self._lock:
                for child in self._children.values():
                    self._look_at(child)
                servers = list(self._servers)
            for server in servers:
                self._look_at_server(server)
        self._stopped.wait()  # what this thread started is sent SIGTERM when it ends: not before its turn

    def _look_at_server(self, kept: _Kept) -> None:
        if time.monotonic() < kept.due:
            return
        try:
            if kept.server.revive():
                self._say(f"{kept.server.name} had ended and was started again.")
            kept.delay = FIRST_DELAY
        except StartError as error:
            self._say(f"{kept.server.name} had ended; trying again in {kept.delay:g} s. {error}")
            kept.due = time.monotonic() + kept.delay
            kept.delay = min(LONGEST_DELAY, kept.delay * 2)

    def _look_at(self, child: _Child) -> None:
        now = time.monotonic()
        if child.due is None and (status := child.process.poll()) is not None:
            child.sweep()
            child.deaths = 1 if now - child.started > STEADY else child.deaths + 1
            delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** (child.deaths - 1))
            child.due = now + delay
            self._say(f"{child.name} ended ({_how(status)}); starting it again in {delay:g} s. Its log: {child.log}")
        elif child.due is not None and now >= child.due:
            try:
                child.process = spawn(child.argv, log=child.log, env=child.env)
            except OSError as error:
                self._say(f"{child.name} cannot be started: {error}")
                child.due = now + LONGEST_DELAY
            else:
                child.started, child.due = now, None


def _how(status: int) -> str:
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nothing uses at the moment."""
    with socket.socket(_family(host)) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(host: str, port: int) -> None:
    """Raise StartError if a server could not listen there, naming what holds the port and what to do."""
    code = _why_not(host, port)
    if code == 0:
        return
    if code == errno.EADDRINUSE:
        nearby = range(port + 1, min(port + 100, 65536))
        other = next((each for each in nearby if _why_not(host, each) == 0), None) or free_port(host)
        raise StartError(
            f"Port {port} on {host} is in use by {_holder(port)}. "
            f"Stop that, or choose another port, for example PORT={other}."
        )
    raise StartError(f"Cannot listen on {host}, port {port}: {os.strerror(code)}. Set HOST or PORT otherwise.")


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _why_not(host: str, port: int) -> int:
    """The errno of trying to listen there, 0 if it works. What a server gone lately left does not count as use."""
    with socket.socket(_family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror:
            return errno.EADDRNOTAVAIL
        except OSError as error:
            return error.errno or errno.EINVAL
    return 0


def _holder(port: int) -> str:
    """`process 123 (python -m http.server)`, as far as /proc lets us see it."""
    wanted = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for fd in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # another user's process, or one that has just gone
            if str(fd.readlink()) in wanted:
                command = (fd.parents[1] / "cmdline").read_text(errors="replace").replace("\0", " ")
                return f"process {fd.parts[2]} ({command.strip()[:80]})"
    return "another program"


def _listening_inodes(port: int) -> list[str]:
    inodes = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                field = line.split()
                if field[3] == LISTENING and int(field[1].rpartition(":")[2], 16) == port:
                    inodes.append(field[9])
    return inodes
