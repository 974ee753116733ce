"""The whole story with RabbitMQ carrying the jobs, where Debian's rabbitmq-server is installed."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fulfilhub.platform.processes import free_port
from tests.platform.waiting import until

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


@pytest.fixture
def rabbitmq(tmp_path: Path) -> Iterator[str]:
    """The URL of a broker of our own."""
    if not SERVER.exists() or shutil.which("epmd") is None:
        pytest.skip("rabbitmq-server is not installed: apt-get install rabbitmq-server")
    port, names = free_port(), free_port()
    env = {
        **os.environ,
        "HOME": str(tmp_path),
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"fh{secrets.token_hex(3)}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(tmp_path / "data"),
        "RABBITMQ_LOG_BASE": str(tmp_path / "logs"),
        "RABBITMQ_CONF_ENV_FILE": str(tmp_path / "none.conf"),
        "RABBITMQ_CONFIG_FILE": str(tmp_path / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(tmp_path / "plugins"),
    }
    with (tmp_path / "log").open("wb") as log:
        namer = subprocess.Popen(["epmd", "-port", str(names), "-address", "127.0.0.1"], stdout=log, stderr=log)
        server = subprocess.Popen([str(SERVER)], env=env, stdout=log, stderr=log, start_new_session=True)
        try:
            until(lambda: server.poll() is not None or _speaks(port), 90)
            assert server.poll() is None, (tmp_path / "log").read_text()[-3000:]
            yield f"amqp://guest:guest@127.0.0.1:{port}"
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
            namer.kill()
            namer.wait()


def _speaks(port: int) -> bool:
    import pika  # type: ignore[import-untyped]
    from pika.exceptions import AMQPError  # type: ignore[import-untyped]

    try:
        pika.BlockingConnection(pika.URLParameters(f"amqp://guest:guest@127.0.0.1:{port}")).close()
    except (AMQPError, OSError):
        return False
    return True


def test_the_story_is_played_over_rabbitmq(rabbitmq: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "fulfilhub.cli", "demo", "--json"],
        env={**os.environ, "BROKER_URL": rabbitmq},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    told = json.loads(run.stdout.splitlines()[-1])
    assert told["shipped"] >= told["charges"] > 0
    assert told["returns_completed"] == 1
