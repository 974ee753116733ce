"""What every benchmark runs with, and how one is declared."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from benchmarks.figures import Figures
from benchmarks.rig import Rig
from benchmarks.world import World


@dataclass
class Bench:
    """The rig and the world in it; `round` holds what this round has found so far. `queue`: a partner's key, its id and
    its warehouse with a million work orders, once they are there."""

    rig: Rig
    world: World
    round: dict[str, float] = field(default_factory=dict)
    queue: tuple[str, UUID, UUID] | None = None


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark: how it is measured, what its figures are, and those that must come before it in each round.

    `units` maps each figure to its unit. `operation` is the path of the API that it needs, empty for none.
    """

    measure: Callable[[Bench], Coroutine[None, None, Figures]]
    units: Mapping[str, str]
    after: tuple[str, ...] = ()
    operation: str = ""

    @property
    def name(self) -> str:
        return self.measure.__name__
