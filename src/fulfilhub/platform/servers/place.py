"""Who runs the embedded servers, and where their programs, data and sockets are. Nothing here starts a server.

Neither server may run as root. Root's servers therefore run as a service user, from copies of the
programs that this user can read. Only folders made here ever change owner, and none changes its mode.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import IO

from fulfilhub.platform.processes import StartError

SERVICE_USER = "fulfilhub"
SERVICE_HOME = Path("/var/lib/fulfilhub")
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

SOCKET_PATH_LIMIT = 107
"""Bytes a unix socket's path may have: `sun_path` of unix(7) without its final NUL."""

LONGEST_SOCKET_NAME = "/.s.PGSQL.5432"

ENVIRONMENT = "environment"
"""File beside the data: NAME=value of each setting that other commands need."""

ELSEWHERE = "name another folder with FULFILHUB_STATE"


@dataclass(frozen=True, slots=True)
class Account:
    """The user that the servers run as; `switch` when that is not the user we are (we are root)."""

    name: str
    uid: int
    gid: int
    switch: bool

    def adopt(self, path: Path) -> None:
        """Give a file or folder that we have just made to the account."""
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def may_enter(self, folder: Path) -> bool:
        """Whether the account can reach and enter the folder."""
        if not self.switch:
            return os.access(folder, os.X_OK)
        test = ["test", "-x", str(folder)]
        try:
            return subprocess.run(test, user=self.uid, group=self.gid, extra_groups=[], check=False).returncode == 0
        except OSError as error:  # a container may take this right from root
            raise StartError(
                f"The servers may not run as root, and root may not run them as {self.name} here "
                f"({error.strerror}). Run this as an ordinary user."
            ) from None


def account() -> Account:
    """The user for the servers: us, or for root the service user, who is created with its home if need be.

    Raises StartError if root cannot create it.
    """
    if os.geteuid() != 0:
        return Account(_name_of(os.geteuid()), os.geteuid(), os.getegid(), switch=False)
    with _one_at_a_time():
        owner = _service_user() or _create_service_user()
        if not any(SERVICE_HOME.iterdir()):  # made just now
            owner.adopt(SERVICE_HOME)
        return owner


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Root's processes that create the service user, or copy programs, take turns."""
    try:
        SERVICE_HOME.mkdir(mode=0o700, exist_ok=True)
        folder = os.open(SERVICE_HOME, os.O_RDONLY)
    except OSError as error:
        raise StartError(f"Root's servers need the folder {SERVICE_HOME} ({error.strerror}).") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _service_user() -> Account | None:
    try:
        entry = pwd.getpwnam(SERVICE_USER)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)


def _create_service_user() -> Account:
    useradd = shutil.which("useradd", path=SYSTEM_PATH)
    if useradd is None:
        raise StartError(
            f"The servers may not run as root and there is no useradd to create the user {SERVICE_USER!r}. "
            "Create that user, install Debian's package passwd, or run this as an ordinary user."
        )
    options = ["--system", "--user-group", "--home-dir", str(SERVICE_HOME), "--shell", "/usr/sbin/nologin"]
    made = subprocess.run([useradd, *options, SERVICE_USER], capture_output=True, text=True, check=False)
    created = _service_user()
    if created is None:
        raise StartError(f"Cannot create the user {SERVICE_USER!r}: {made.stderr.strip()}")
    return created


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def default_state() -> Path:
    """Where data are kept unless FULFILHUB_STATE says otherwise: root's in /var/lib, others' in the working folder."""
    return SERVICE_HOME if os.geteuid() == 0 else Path.cwd() / ".fulfilhub"


def state_folder() -> Path:
    """Where this machine keeps its data: FULFILHUB_STATE, or the usual place."""
    named = os.environ.get("FULFILHUB_STATE")
    return Path(named).absolute() if named else default_state()


def local_environment() -> dict[str, str]:
    """The settings that the system on this machine runs with (see `keep_environment`); empty if there is none."""
    try:
        lines = (state_folder() / ENVIRONMENT).read_text().splitlines()
    except OSError:
        return {}
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def keep_environment(state: Path, env: Mapping[str, str]) -> None:
    """Keep these settings beside the data, readable by us alone, for other commands on this machine."""
    write_private(state / ENVIRONMENT, "".join(f"{name}={value}\n" for name, value in env.items()))


def write_private(file: Path, text: str) -> None:
    """Write a file that only we can read, whole or not at all."""
    unfinished = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
    unfinished.replace(file)


@contextmanager
def throwaway_state() -> Iterator[Path]:
    """A state folder that the servers' user can reach, deleted at the end with all that is in it."""
    folder = Path(tempfile.mkdtemp(prefix="fulfilhub-"))
    try:
        account().adopt(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_folder(path: Path, owner: Account) -> Path:
    """The folder, made with its missing parents for the owner alone (mode 0700) if it is not there.

    Raises StartError if it is there and the owner cannot use it.
    """
    if not path.is_dir():
        if not path.parent.is_dir():
            make_folder(path.parent, owner)
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            owner.adopt(path)
        except OSError as error:
            raise StartError(f"Cannot make the folder {path} ({error.strerror}): {ELSEWHERE}.") from None
    if not owner.may_enter(path):
        raise StartError(f"{owner.name}, who runs the servers, cannot enter {path}: {ELSEWHERE}.")
    return path


def own_folder(path: Path, owner: Account) -> Path:
    """As `make_folder`, for a folder that must be the owner's. Raises StartError if it is another user's."""
    make_folder(path, owner)
    if (uid := path.stat().st_uid) != owner.uid:
        raise StartError(f"{path} belongs to {_name_of(uid)} but the servers run as {owner.name}: {ELSEWHERE}.")
    return path


def lock(path: Path) -> IO[str]:
    """Hold this file's lock until the returned file is closed or we end. Raises StartError naming who holds it."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise StartError(f"{path.parent} is in use by process {holder}: stop that, or {ELSEWHERE}.") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def programs(distribution: str, module: str, parts: Iterable[str], owner: Account) -> Path:
    """A folder in which the owner can run the `parts` (folders beside each other) of an installed wheel.

    The wheel's own code is not imported. Root's copy is made once per version, whole or not at all.
    """
    found = util.find_spec(module)
    if found is None or not found.submodule_search_locations:
        raise StartError(
            f"The package {distribution} is not installed: `make run` does that. "
            "Or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    site = Path(found.submodule_search_locations[0]).parent
    if not owner.switch:
        return site
    shelf = make_folder(SERVICE_HOME / "programs", owner)
    target = shelf / f"{distribution}-{metadata.version(distribution)}"
    with _one_at_a_time():
        if not target.is_dir():
            with tempfile.TemporaryDirectory(dir=shelf) as scratch:
                copy = Path(scratch) / "copy"
                for part in parts:
                    shutil.copytree(site / part, copy / part, ignore=shutil.ignore_patterns("include", "*.a", "*.py*"))
                for path in [copy, *copy.rglob("*")]:
                    owner.adopt(path)
                copy.rename(target)
    return target


def socket_folder(state: Path, owner: Account) -> Path:
    """A folder private to the owner, with a path short enough for sockets: in `state`, or else in /tmp.

    The one in /tmp has a random name, which `state` remembers for as long as it exists.
    """
    near = own_folder(state / "run", owner)
    if len(os.fsencode(f"{near}{LONGEST_SOCKET_NAME}")) <= SOCKET_PATH_LIMIT:
        return near
    note = near / "sockets-are-in"
    with suppress(OSError):
        remembered = Path(note.read_text())
        known = remembered.lstat()
        if known.st_uid == owner.uid and known.st_mode == 0o040700:  # a folder, private, and not somebody else's
            return remembered
    far = Path(tempfile.mkdtemp(prefix="fulfilhub-", dir="/tmp"))  # $TMPDIR may be as long
    owner.adopt(far)
    note.write_text(str(far))
    return far


def running(program: str, folder: Path) -> list[int]:
    """Ids of the processes that run `program` with `folder` as their working directory; none where /proc is not."""
    found = []
    inside = str(folder.resolve())
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # another user's process, or one that has just gone
            runs = (process / "exe").readlink().name.removesuffix(" (deleted)")
            if runs == program and str((process / "cwd").readlink()) == inside:
                found.append(int(process.name))
    return found
