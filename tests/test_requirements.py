"""What the program imports is what its requirement lists install: a library that only the tests bring is no library."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Imports the modules where only the listed distributions can be found, as on a machine that installed just these.
IMPORT = """
import importlib, re, sys
from importlib.metadata import packages_distributions
listed, modules = set(sys.argv[1].split(",")), sys.argv[2:]
owners = {top: {re.sub(r"[-_.]+", "-", each).lower() for each in found}
          for top, found in packages_distributions().items()}
class OnlyListed:
    def find_spec(self, name, path=None, target=None):
        if not owners.get(name.partition(".")[0], listed) & listed:
            raise ModuleNotFoundError(f"{name} is in no requirement", name=name)
sys.meta_path.insert(0, OnlyListed())
for name in modules:
    importlib.import_module(name)
from fulfilhub.app import contract
contract()
"""


def listed(name: str) -> set[str]:
    text = (ROOT / "requirements" / name).read_text()
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*\])?==", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", each).lower() for each in found}


@pytest.mark.parametrize(
    ("requirements", "modules"),
    [
        ("production.txt", ["fulfilhub.app", "fulfilhub.worker", "fulfilhub.cli", "fulfilhub.auditing"]),
        ("local.txt", ["fulfilhub.app", "fulfilhub.worker", "fulfilhub.demo.play", "fulfilhub.demo.partner"]),
    ],
)
def test_the_program_needs_no_more_than_is_listed(requirements: str, modules: list[str]) -> None:
    found = ",".join({*listed(requirements), "fulfilhub", "pip", "setuptools"})
    code = f"{IMPORT}\nimport sqlalchemy.ext.asyncio\n"
    run = subprocess.run([sys.executable, "-c", code, found, *modules], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
