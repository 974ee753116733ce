"""Settings: what the operators' page says of them."""

from __future__ import annotations

import re
from pathlib import Path

from fulfilhub.platform.settings import documented

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text()
ROW = re.compile(r"^\| `([A-Z][A-Z_]+)` \| (?:`([^`]*)`|(required))? ?\| (.+) \|$", re.MULTILINE)
NOT_OURS = {"FAULTS_SEED", "FAULTS_SECONDS"}
"""Read by tests only."""


def test_the_operators_page_has_each_setting_once_with_its_default() -> None:
    told = [(name, default or required) for name, default, required, _ in ROW.findall(PAGE)]
    assert sorted(told) == sorted((name, default) for name, default, _ in documented())


def test_the_operators_page_names_no_setting_that_is_not_there() -> None:
    named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", PAGE))
    assert named - NOT_OURS <= {name for name, *_ in documented()}
