"""What a process holds: its proportional share of memory (PSS)."""

from __future__ import annotations

import re
from pathlib import Path

PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def megabytes_of(pids: dict[str, int]) -> dict[str, float]:
    """The largest of each kind of these processes."""
    found: dict[str, float] = {}
    for name, pid in pids.items():
        kind = f"memory_mb_{name.partition('-')[0]}"
        found[kind] = max(found.get(kind, 0.0), megabytes(pid))
    return found


def megabytes(pid: int) -> float:
    found = PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
    return int(found[1]) / 1024 if found else 0.0


def children(pid: int) -> list[int]:
    """The processes that this one started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]
