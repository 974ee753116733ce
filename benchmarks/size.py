"""`memory_mb`: what each kind of process holds after the load of this round."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.figures import Figures
from benchmarks.memory import children, megabytes


async def memory_mb(bench: Bench) -> Figures:
    """Megabytes of the largest process of each kind; of workers and relay, when they were last stopped."""
    served = [megabytes(pid) for pid in children(bench.rig.api_pid())]
    return {"memory_mb_api_worker": max(served), **bench.rig.memory}
