"""What the program imports is what its requirement lists install: a library that only the tests bring is no library."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

IMPORTED = """
import importlib, sys
from importlib.metadata import packages_distributions
for name in sys.argv[1:]:
    importlib.import_module(name)
owners = packages_distributions()
tops = {name.partition(".")[0] for name in sys.modules}
print("\\n".join(sorted({owner for top in tops for owner in owners.get(top, [])})))
"""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def listed(name: str) -> set[str]:
    text = (ROOT / "requirements" / name).read_text()
    return {normal(found) for found in re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*\])?==", text, re.MULTILINE)}


@pytest.mark.parametrize(
    ("requirements", "modules"),
    [
        ("production.txt", ["fulfilhub.app", "fulfilhub.worker", "fulfilhub.cli", "fulfilhub.auditing"]),
        ("local.txt", ["fulfilhub.app", "fulfilhub.worker", "fulfilhub.demo.play", "fulfilhub.demo.partner"]),
    ],
)
def test_everything_imported_is_listed(requirements: str, modules: list[str]) -> None:
    code = f"import sqlalchemy.ext.asyncio\n{IMPORTED}"
    run = subprocess.run([sys.executable, "-c", code, *modules], capture_output=True, text=True, check=True)
    needed = {normal(line) for line in run.stdout.split()} - {"fulfilhub", "pip", "setuptools"}
    assert needed
    assert needed <= listed(requirements)
