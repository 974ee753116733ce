"""Time-based codes (RFC 6238) and the codes that stand in for them.

A code is taken in its own 30 seconds and one step to either side, for clocks that differ; and once only: never one of
a step that is not later than the last one used (RFC 6238, 5.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from hmac import compare_digest

from fulfilhub.platform.secrets import new_code

PERIOD = 30
DRIFT = 1
CODE = re.compile(r"[0-9]{6}")
RECOVERY_CODES = 10
RECOVERY_GROUPS = 4


def step_at(now: datetime) -> int:
    """The time step."""
    return int(now.timestamp()) // PERIOD


def step_of(code: str, now: datetime, last: int, code_at: Callable[[int], str]) -> int | None:
    """The step that `code` belongs to and that was not used yet, or None. `code_at` gives the code of a step. All
    steps are compared, in constant time each."""
    text = code.replace(" ", "")
    if not CODE.fullmatch(text):
        return None
    present = step_at(now)
    steps = range(present - DRIFT, present + DRIFT + 1)
    found = [step for step in steps if compare_digest(code_at(step), text) and step > last]
    return found[0] if found else None


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 bits, so that a plain SHA-256 of each may be kept."""
    return [new_code(RECOVERY_GROUPS) for _ in range(RECOVERY_CODES)]
