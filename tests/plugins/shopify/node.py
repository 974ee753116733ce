"""Node and what the Shopify app's lock names, where this machine has them: without, the tests that need them are
skipped by name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
APP = ROOT / "plugins" / "shopify"
BLOCKS = APP / "extensions" / "storefront-blocks"
ACCOUNT = APP / "extensions" / "customer-account"
LOCKED = APP / "node_modules" / ".locked"

Json = dict[str, object]


def _missing() -> str:
    if shutil.which("node") is None:
        return "node not installed (apt-get install nodejs npm)"
    same = LOCKED.is_file() and LOCKED.read_bytes() == (APP / "package-lock.json").read_bytes()
    return "" if same else "the Shopify app's packages are not installed (make node)"


needs_node = pytest.mark.skipif(bool(_missing()), reason=_missing())


def run(*command: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    """A program's end and words, in the app's folder."""
    return subprocess.run(
        list(map(str, command)),
        cwd=APP,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **env},
    )


def rendered(block: str, context: Json, language: str = "en") -> str:
    """A block of the theme as HTML."""
    made = run("node", "scripts/render.mjs", block, json.dumps(context), language)
    assert made.returncode == 0, made.stderr
    return made.stdout


def bundles(folder: Path, address: str) -> dict[str, str]:
    """The script of each target of the extension, for a FulfilHub at this address."""
    made = run("node", "scripts/build.mjs", folder, APP_URL=address)
    assert made.returncode == 0, made.stderr
    return {each.stem: each.read_text() for each in folder.glob("*.js")}
