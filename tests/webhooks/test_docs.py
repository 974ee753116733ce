"""What the page for receivers shows is what works."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import WebhookVerificationError

from fulfilhub.platform import ids
from fulfilhub.platform.secrets import new_signing_secret as new_secret
from fulfilhub.webhooks.adapters.receiver import letter

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text()
NODE = shutil.which("node")
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
