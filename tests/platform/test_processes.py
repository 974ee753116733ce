"""The supervisor restarts what dies and leaves nothing behind; a busy port is named with its holder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fulfilhub.platform import processes
from fulfilhub.platform.processes import StartError, Supervisor, free_port, interruptible, require_free
from tests.platform.waiting import lives, until

SLEEP = "import time; time.sleep(600)"
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""
POLITE = """
import signal, sys, time
def leave(*_):
    print("goodbye", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("hello", flush=True)
time.sleep(600)
"""
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("child", child.pid, flush=True)
time.sleep(600)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def numbers(log: Path, word: str) -> list[int]:
    """The numbers after `word` in a log, one for each of its lines that has the word."""
    text = log.read_text() if log.exists() else ""
    return [int(line.split()[1]) for line in text.splitlines() if line.startswith(word)]


class TestSupervisor:
    def test_a_server_that_does_not_start_is_tried_again(self, tmp_path: Path) -> None:
        said: list[str] = []

        class Server:
            name = "postgres"
            tries = 0

            def revive(self) -> bool:
                self.tries += 1
                if self.tries < 3:
                    raise StartError("It recovers still.")
                return self.tries == 3

        server = Server()
        with Supervisor(tmp_path, said.append) as supervisor:
            supervisor.keep(server)
            until(lambda: server.tries > 3)
        again = "postgres had ended; trying again in {} s. It recovers still."
        assert said == [again.format(0.25), again.format(0.5), "postgres had ended and was started again."]

    def test_a_killed_program_is_started_again_and_said_so(self, tmp_path: Path) -> None:
        said: list[str] = []
        with Supervisor(tmp_path, said.append) as supervisor:
            first = supervisor.start("api", python(SLEEP))
            os.kill(first, signal.SIGKILL)
            until(lambda: supervisor.pid("api") != first)
            assert lives(supervisor.pid("api"))
        assert len(said) == 1
        assert "api ended (killed by SIGKILL)" in said[0]
        assert str(tmp_path / "api.log") in said[0]

    def test_children_of_a_killed_program_do_not_stay(self, tmp_path: Path) -> None:
        log = tmp_path / "api.log"
        with Supervisor(tmp_path, lambda line: None) as supervisor:
            first = supervisor.start("api", python(PARENT))
            until(lambda: len(numbers(log, "child")) == 1)
            os.kill(first, signal.SIGKILL)
            until(lambda: len(numbers(log, "child")) == 2)
            assert not lives(numbers(log, "child")[0])

    def test_stopping_lets_programs_finish_and_kills_the_deaf(self, tmp_path: Path) -> None:
        with Supervisor(tmp_path, lambda line: None, grace=1.0) as supervisor:
            pids = [
                supervisor.start("polite", python(POLITE)),
                supervisor.start("stubborn", python(STUBBORN)),
                supervisor.start("parent", python(PARENT)),
            ]
            until(lambda: "hello" in (tmp_path / "polite.log").read_text())
            until(lambda: "deaf" in (tmp_path / "stubborn.log").read_text())
            until(lambda: len(numbers(tmp_path / "parent.log", "child")) == 1)
        pids += numbers(tmp_path / "parent.log", "child")
        assert (tmp_path / "polite.log").read_text().splitlines() == ["hello", "goodbye"]
        until(lambda: not any(lives(pid) for pid in pids))

    def test_one_program_can_be_ended(self, tmp_path: Path) -> None:
        with Supervisor(tmp_path, lambda line: None) as supervisor:
            one, other = supervisor.start("one", python(SLEEP)), supervisor.start("other", python(SLEEP))
            supervisor.end("one")
            assert not lives(one)
            assert lives(other)

    def test_a_program_that_does_not_stay_up_is_reported_with_its_log(self, tmp_path: Path) -> None:
        with Supervisor(tmp_path, lambda line: None) as supervisor:
            supervisor.start("worker", python("raise SystemExit('no queue')"))
            with pytest.raises(StartError, match=r"worker does not stay up[\s\S]*no queue"):
                supervisor.wait_until(lambda: False, "worker")

    def test_a_program_gets_the_environment_it_was_given(self, tmp_path: Path) -> None:
        code = "import os, time; print(sorted(set(os.environ) - {'LC_CTYPE'}), flush=True); time.sleep(600)"
        with Supervisor(tmp_path, lambda line: None) as supervisor:
            supervisor.start("api", python(code), {"PORT": "1"})
            until(lambda: (tmp_path / "api.log").read_text() != "")
        assert (tmp_path / "api.log").read_text() == "['PORT']\n"

    @pytest.mark.skipif(not Path("/usr/bin/setpriv").exists(), reason="needs util-linux's setpriv")
    def test_programs_end_when_their_supervisor_is_killed(self, tmp_path: Path) -> None:
        code = f"""
import pathlib, sys, time
from fulfilhub.platform.processes import Supervisor
with Supervisor(pathlib.Path({str(tmp_path)!r}), print) as supervisor:
    print(supervisor.start("api", [sys.executable, "-c", {POLITE!r}]), flush=True)
    time.sleep(600)
"""
        with subprocess.Popen(python(code), stdout=subprocess.PIPE, text=True) as owner:
            assert owner.stdout is not None
            program = int(owner.stdout.readline())
            until(lambda: "hello" in (tmp_path / "api.log").read_text())
            owner.kill()
        until(lambda: not lives(program))
        assert "goodbye" in (tmp_path / "api.log").read_text()


def test_a_log_that_grew_long_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_LIMIT", 10)
    (tmp_path / "api.log").write_text("a long time ago")
    with Supervisor(tmp_path, lambda line: None) as supervisor:
        supervisor.start("api", python(POLITE))
        until(lambda: "hello" in (tmp_path / "api.log").read_text())
    assert (tmp_path / "api.log.1").read_text() == "a long time ago"
    assert (tmp_path / "api.log").read_text().startswith("hello")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_way_of_asking_to_stop_interrupts(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interruptible():
        os.kill(os.getpid(), number)
        signal.pause()
    assert signal.getsignal(number) is before


class TestPorts:
    def test_a_free_port_can_be_listened_on(self) -> None:
        port = free_port()
        require_free("127.0.0.1", port)
        with socket.create_server(("127.0.0.1", port)):
            pass

    @pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - that is the case tested
    def test_a_busy_port_is_named_with_its_holder_and_what_to_do(self, address: str) -> None:
        with socket.create_server((address, 0)) as server:
            port = server.getsockname()[1]
            with pytest.raises(StartError) as caught:
                require_free("127.0.0.1", port)
        text = str(caught.value)
        assert f"Port {port} on 127.0.0.1 is in use by process {os.getpid()} (" in text
        other = int(text.rpartition("PORT=")[2].rstrip("."))
        require_free("127.0.0.1", other)

    def test_an_address_of_another_machine_is_refused_with_the_reason(self) -> None:
        with pytest.raises(StartError, match=r"Cannot listen on 192\.0\.2\.1, port 8000: .*HOST"):
            require_free("192.0.2.1", 8000)
