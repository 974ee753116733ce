"""What a run of benchmarks finds: figures of each round, their medians, and ratios between neighbours in time."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Figures = Mapping[str, float]
"""Figures by name."""


class Broken(Exception):
    """Something that must always be true was not: the run ends and the program exits non-zero."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure divided by another of the same round, and what we aim at."""

    over: str
    under: str
    aim: float

    @property
    def name(self) -> str:
        return f"{self.over}/{self.under}"


RATIOS = (
    Ratio("intake_single", "limit_single", 0.33),
    Ratio("intake_single_64", "limit_single", 1.0),
    Ratio("intake_batch", "limit_batch", 0.33),
    Ratio("route", "intake_single", 1.5),
)


def medians(rounds: Sequence[Figures]) -> dict[str, float]:
    """The median of each figure that any round has."""
    names = dict.fromkeys(name for each in rounds for name in each)
    return {name: statistics.median([each[name] for each in rounds if name in each]) for name in names}


def ratios(rounds: Sequence[Figures]) -> dict[str, float]:
    """The median over the rounds of each ratio whose two figures were measured."""
    return medians([{ratio.name: each[ratio.over] / each[ratio.under] for ratio in _known(each)} for each in rounds])


def _known(found: Figures) -> list[Ratio]:
    return [ratio for ratio in RATIOS if ratio.over in found and ratio.under in found]


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
