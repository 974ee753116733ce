"""What the page for receivers shows is what works."""

from __future__ import annotations

import base64
import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from fulfilhub.platform import ids
from fulfilhub.platform.secrets import new_signing_secret as new_secret
from fulfilhub.webhooks.adapters.receiver import letter

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text()
NODE, PHP = shutil.which("node"), shutil.which("php")
BODY = '{"data":{"note":"é"}}'
OLD, FRESH = new_secret(), new_secret()


def snippet(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def headers(*secrets: str, ago: timedelta = timedelta()) -> dict[str, str]:
    """As they are sent."""
    return dict(letter("https://example.com", ids.new(), BODY, secrets, datetime.now(UTC) - ago).headers)


# Secrets that signed it, how many minutes ago, and whether a receiver with the old one takes it.
CASES = [
    ((OLD,), 0, True),
    ((FRESH, OLD), 0, True),
    ((FRESH,), 0, False),
    ((OLD,), 6, False),
]


@pytest.mark.parametrize(("secrets", "minutes", "genuine"), CASES)
def test_python(secrets: tuple[str, ...], minutes: int, genuine: bool) -> None:
    sent = headers(*secrets, ago=timedelta(minutes=minutes))
    names: dict[str, object] = {}
    exec(snippet("python"), names)  # noqa: S102 - our own page
    read = names["read"]
    assert callable(read)
    if genuine:
        assert read(OLD, sent, BODY.encode()) == json.loads(BODY)
    else:
        with pytest.raises(WebhookVerificationError):
            read(OLD, sent, BODY.encode())


@pytest.mark.skipif(NODE is None, reason="there is no Node on this machine")
@pytest.mark.parametrize(("secrets", "minutes", "genuine"), CASES)
def test_node(secrets: tuple[str, ...], minutes: int, genuine: bool) -> None:
    sent = headers(*secrets, ago=timedelta(minutes=minutes))
    assert NODE is not None
    call = f"read({json.dumps(OLD)}, {json.dumps(sent)}, Buffer.from({json.dumps(BODY)}))"
    code = f"{snippet('js')}\nconsole.log(JSON.stringify({call}));"
    run = subprocess.run([NODE, "-e", code], capture_output=True, text=True, check=False, timeout=60)
    assert (run.returncode == 0) == genuine, run.stderr
    if genuine:
        assert json.loads(run.stdout) == json.loads(BODY)


@contextmanager
def php_server(folder: Path, secret: str | None) -> Iterator[str]:
    """The snippet behind PHP's own web server, saying what it read; its address."""
    (folder / "index.php").write_text(f"{snippet('php')}\necho json_encode($event);\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert PHP is not None
    env = {} if secret is None else {"FULFILHUB_WEBHOOK_SECRET": secret}
    command = [PHP, "-d", "display_errors=1", "-S", f"127.0.0.1:{port}", "-t", str(folder)]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            line = server.stderr.readline()
            assert "started" in line, line
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.terminate()
            server.communicate()


@pytest.mark.skipif(PHP is None, reason="there is no PHP on this machine")
def test_php(tmp_path: Path) -> None:
    with php_server(tmp_path, OLD) as url:
        for secrets, minutes, genuine in CASES:
            sent = headers(*secrets, ago=timedelta(minutes=minutes))
            answer = httpx.post(url, content=BODY.encode(), headers=sent, trust_env=False)
            assert answer.status_code == (200 if genuine else 400), answer.text
            assert not genuine or answer.json() == json.loads(BODY)


@pytest.mark.skipif(PHP is None, reason="there is no PHP on this machine")
@pytest.mark.parametrize("secret", [None, "", "whsec_"])
def test_php_takes_nothing_before_it_knows_its_secret(tmp_path: Path, secret: str | None) -> None:
    signed = Webhook("whsec_" + base64.b64encode(b"x").decode())
    signed._whsecret = b""  # what anybody can sign with
    now = datetime.now(UTC)
    sent = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signed.sign("msg_1", now, BODY),
    }
    with php_server(tmp_path, secret) as url:
        assert httpx.post(url, content=BODY.encode(), headers=sent, trust_env=False).status_code == 400
