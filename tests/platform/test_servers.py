"""The embedded servers, really started, by whoever runs the tests: root (then as a service user) or anyone else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import redis

from fulfilhub.platform.processes import StartError, Supervisor
from fulfilhub.platform.servers import PostgresServer, ValkeyServer, local_servers, throwaway_state
from fulfilhub.platform.servers.place import account, make_folder
from tests.platform.waiting import lives, until

ROOT = os.geteuid() == 0


@pytest.fixture
def state() -> Iterator[Path]:
    with throwaway_state() as folder:
        yield folder


async def ask(server: PostgresServer, statement: str) -> object:
    """Run one statement as the superuser; the first value of its first row, if it has one."""
    connection = await asyncpg.connect(server.url())
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def client(server: ValkeyServer) -> redis.Redis:
    return redis.Redis.from_url(server.url)


def parents(path: Path) -> dict[Path, int]:
    return {each: each.stat().st_mode for each in path.resolve().parents}


async def test_both_start_answer_and_stop(state: Path) -> None:
    with local_servers(state) as servers:
        pids = [servers.postgres.pid, servers.valkey.pid]
        assert str(await ask(servers.postgres, "show server_version")).startswith("18.")
        for setting, value in {"data_checksums": "on", "fsync": "on", "listen_addresses": ""}.items():
            assert await ask(servers.postgres, f"show {setting}") == value
        assert await ask(servers.postgres, "select datlocprovider::text from pg_database limit 1") == "b"
        with client(servers.valkey) as valkey:
            assert valkey.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert valkey.config_get("port") == {"port": "0"}
    assert not any(lives(pid) for pid in pids)


async def test_neither_runs_as_root_and_no_folder_above_changes_its_mode(state: Path) -> None:
    watched = parents(state) | parents(Path(sys.prefix)) | parents(Path(__file__))
    with local_servers(state, durable=False) as servers:
        for pid in (servers.postgres.pid, servers.valkey.pid):
            uid = Path(f"/proc/{pid}").stat().st_uid
            assert uid != 0
            assert uid == (account().uid if ROOT else os.geteuid())
    assert {path: path.stat().st_mode for path in watched} == watched


async def test_the_password_is_needed_and_kept_to_ourselves(state: Path) -> None:
    server = PostgresServer.start(state, durable=False)
    try:
        assert (state / "postgres" / "password").stat().st_mode & 0o777 == 0o600
        assert server.sockets.stat().st_mode & 0o777 == 0o700
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.url(password="wrong"))
    finally:
        server.stop()


async def test_after_the_owner_is_killed_the_next_start_has_the_data_to_itself(state: Path) -> None:
    code = f"""
import pathlib, time
from fulfilhub.platform.servers import local_servers
with local_servers(pathlib.Path({str(state)!r})) as servers:
    print(servers.postgres.pid, servers.valkey.pid, flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        former = [int(word) for word in owner.stdout.readline().split()]
        assert [lives(pid) for pid in former] == [True, True]
        owner.kill()
    with local_servers(state) as servers:
        assert not any(lives(pid) for pid in former)
        assert await ask(servers.postgres, "select 1") == 1


async def test_servers_that_outlived_their_owner_are_ended_and_their_data_kept(state: Path) -> None:
    with local_servers(state) as servers:
        await ask(servers.postgres, "create table kept as select 42 as answer")
        with client(servers.valkey) as valkey:
            valkey.set("kept", "42")
        commands = [(servers.postgres.command(), servers.postgres), (servers.valkey.command(), servers.valkey)]
    user, group, groups = (account().uid, account().gid, list[int]()) if ROOT else (None, None, None)
    orphans = [
        subprocess.Popen(command, cwd=server.data, user=user, group=group, extra_groups=groups)
        for command, server in commands
    ]
    until(lambda: (state / "run" / "valkey").exists() and (state / "run" / ".s.PGSQL.5432").exists())
    with local_servers(state) as servers:
        assert [orphan.wait(10) is not None for orphan in orphans] == [True, True]
        assert await ask(servers.postgres, "select answer from kept") == 42
        with client(servers.valkey) as valkey:
            assert valkey.get("kept") == b"42"


async def test_a_process_id_left_behind_that_is_now_another_programs_does_not_matter(state: Path) -> None:
    PostgresServer.start(state, durable=False).stop()
    for left in (state / "postgres" / "data" / "postmaster.pid", state / "run" / ".s.PGSQL.5432.lock"):
        left.write_text(f"{os.getpid()}\n{state / 'postgres' / 'data'}\n1\n5432\n{state / 'run'}\n")
    server = PostgresServer.start(state, durable=False)
    try:
        assert await ask(server, "select 1") == 1
    finally:
        server.stop()
    assert lives(os.getpid())


async def test_a_second_owner_is_told_who_has_the_folder(state: Path) -> None:
    server = PostgresServer.start(state, durable=False)
    try:
        with pytest.raises(StartError, match=f"is in use by process {os.getpid()}: .*FULFILHUB_STATE"):
            PostgresServer.start(state, durable=False)
        assert await ask(server, "select 1") == 1
    finally:
        server.stop()
    PostgresServer.start(state, durable=False).stop()


async def test_data_outlive_a_restart_and_a_kill(state: Path) -> None:
    with local_servers(state) as servers, Supervisor(state / "logs", lambda line: None) as supervisor:
        postgres, valkey = servers.postgres, servers.valkey
        await ask(postgres, "create table kept as select 42 as answer")
        with client(valkey) as connection:
            connection.set("kept", "42")
            valkey.restart()
            assert connection.get("kept") == b"42"
        postgres.restart()
        supervisor.keep(postgres)
        supervisor.keep(valkey)
        former = [postgres.pid, valkey.pid]
        for pid in former:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not valkey.revive() and not postgres.revive() and former != [postgres.pid, valkey.pid])
        assert await ask(postgres, "select answer from kept") == 42
        with client(valkey) as connection:
            assert connection.get("kept") == b"42"


async def test_a_state_folder_with_a_long_name_has_its_sockets_elsewhere(state: Path) -> None:
    deep = state / ("a long name, with a comma and spaces " * 3)
    with local_servers(deep, durable=False) as servers:
        elsewhere = servers.postgres.sockets
        assert elsewhere.parent == Path("/tmp")
        assert elsewhere == servers.valkey.sockets
        assert await ask(servers.postgres, "show fsync") == "off"
        servers.valkey.restart()
        with client(servers.valkey) as valkey:
            assert valkey.ping()
    assert not elsewhere.exists()


@pytest.mark.skipif(not ROOT, reason="only root's servers run as another user")
class TestOfRoot:
    def test_a_folder_the_service_user_cannot_reach_is_refused_not_opened_up(self) -> None:
        with tempfile.TemporaryDirectory() as private:  # mode 0700, ours
            with pytest.raises(StartError, match=r"cannot enter .*FULFILHUB_STATE"):
                PostgresServer.start(Path(private) / "state")
            assert Path(private).stat().st_mode & 0o777 == 0o700
            assert Path(private).stat().st_uid == 0

    def test_a_folder_of_another_user_is_refused(self, state: Path) -> None:
        folder = make_folder(state / "postgres", account())
        os.chown(folder, 12345, 12345)
        folder.chmod(0o755)
        with pytest.raises(StartError, match="belongs to user 12345"):
            PostgresServer.start(state)
