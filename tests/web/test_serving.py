"""The small API on a real server: framing, where an in-process client would hide the trouble, and a fuzzer."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.platform.waiting import until
from tests.web.little import KEY

ROOT = Path(__file__).resolve().parents[2]
BODY = b'{"title": "a", "lines": [{"kind": "plain", "words": "b"}]}'
FUZZER = """
[generation]
allow-x00 = false

[parameters]
cursor = ""

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "405", "409", "412", "429"]
"""
"""NUL can be said in no schema, cursors are only what we made, and a version may be stale."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of the small API on Granian."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    program = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "tests.web.little:create"]
    log = (tmp_path_factory.mktemp("granian") / "log").open("w")
    process = subprocess.Popen(
        [*program, "--host", "127.0.0.1", "--port", str(port), "--no-access-log"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "BODY_LIMIT_BYTES": "100000"},
        stdout=log,
        stderr=log,
    )

    def answers() -> bool:
        assert process.poll() is None, Path(log.name).read_text()
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        until(answers)
        yield port
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def _exchange(port: int, head: str, *chunks: bytes) -> tuple[int, str]:
    """Send raw bytes; status and text of the first answer."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n")
        try:
            for chunk in chunks:
                connection.sendall(chunk)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has heard enough
        answer = b""
        while b"\r\n\r\n" not in answer or not _whole(answer):
            got = connection.recv(65536)
            if not got:
                break
            answer += got
    status = int(answer.split(b" ", 2)[1])
    return status, answer.partition(b"\r\n\r\n")[2].decode()


def _whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(lengths) and len(body) >= int(lengths[0])


def _head(*headers: str) -> str:
    common = ("POST /v1/notes HTTP/1.1", "Host: x", f"Authorization: {KEY}", "Content-Type: application/json")
    return "\n".join((*common, *headers))


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def test_chunks_without_a_length_are_read(server: int) -> None:
    pieces = [_chunk(BODY[i : i + 7]) for i in range(0, len(BODY), 7)]
    status, text = _exchange(server, _head("Transfer-Encoding: chunked"), *pieces, _chunk(b""))
    assert (status, json.loads(text)["title"]) == (201, "a")


def test_chunks_over_the_limit_are_refused_before_they_end(server: int) -> None:
    status, text = _exchange(server, _head("Transfer-Encoding: chunked"), *[_chunk(b" " * 50_000)] * 3)
    assert (status, json.loads(text)["code"]) == (413, "body_too_large")


def test_an_announced_body_over_the_limit_is_refused_unread(server: int) -> None:
    status, text = _exchange(server, _head("Content-Length: 100000000"))
    assert (status, json.loads(text)["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: -1",),
        ("Content-Length: x",),
        ("Content-Length: 5", "Content-Length: 6"),
        (f"Content-Length: {len(BODY)}", "Content-Type: text/plain"),
        (f"Content-Length: {len(BODY)}", f"Authorization: {KEY} eve"),
        (f"Content-Length: {len(BODY)}", 'If-Match: "1"', 'If-Match: "2"'),
    ],
)
def test_heads_that_two_readers_would_read_differently_are_refused(server: int, headers: tuple[str, ...]) -> None:
    status, _ = _exchange(server, _head(*headers), BODY)
    assert status == 400


@pytest.mark.parametrize("path", ["/v1/notes/%00", "/v1/notes/%ED%A0%80", "/v1/notes/%FF", "/v1/notes/" + "a" * 5000])
def test_strange_paths_are_refused_or_not_found(server: int, path: str) -> None:
    status, text = _exchange(server, f"GET {path} HTTP/1.1\nHost: x\nAuthorization: {KEY}")
    assert status in {404, 422}
    assert json.loads(text)["status"] == status


def test_a_connection_goes_on_after_a_refusal(server: int) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{server}", headers={"Authorization": KEY}) as client:
        for _ in range(3):
            assert (
                client.post("/v1/notes", content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
            )
            assert client.post("/v1/notes", content=b"x" * 200_000).status_code in {413, 415}
            good = client.post("/v1/notes", content=BODY, headers={"Content-Type": "application/json"})
            assert good.status_code == 201


def test_a_fuzzer_finds_nothing(server: int, tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(FUZZER)
    found = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
            *("run", f"http://127.0.0.1:{server}/openapi.json", "-H", f"Authorization: {KEY}"),
            *(
                "--checks",
                "all",
                "--mode",
                "all",
                "--max-examples",
                "25",
                "--phases",
                "examples,coverage,fuzzing,stateful",
            ),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-6000:] + found.stderr[-2000:]
    assert "No issues found" in found.stdout
