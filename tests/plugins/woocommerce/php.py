"""PHP and its tools, where this machine has them: without, the tests that need one are skipped by its name."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PLUGIN = ROOT / "plugins" / "woocommerce"
MAIN = PLUGIN / "fulfilhub-for-woocommerce.php"
HERE = Path(__file__).parent
SLUG = "fulfilhub-for-woocommerce"


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skips, by name, where one of these programs is missing."""
    missing = [each for each in programs if shutil.which(each) is None]
    return pytest.mark.skipif(
        bool(missing), reason=f"{' and '.join(missing)} not installed (apt-get install {_packages(missing)})"
    )


def _packages(programs: Iterable[str]) -> str:
    named = {"php": "php-cli php-xml php-mbstring", "phpcs": "php-codesniffer"}
    return " ".join(named.get(each, each) for each in programs)


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """A program's end and words, in the repository's root."""
    return subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=False)


def sources(suffix: str = ".php", *, tests: bool = False) -> list[Path]:
    """The plugin's files of one kind."""
    found = sorted(PLUGIN.rglob(f"*{suffix}"))
    return [each for each in found if tests or "tests" not in each.relative_to(PLUGIN).parts]
