"""`python -m benchmarks`: runs them all in rounds, prints a table, writes benchmarks/latest.json."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.table import Table

from benchmarks import (
    figures,
    intake,
    latency,
    limits,
    papers,
    promises,
    queue,
    rig,
    routing,
    shipping,
    size,
    webhooks,
    world,
)
from benchmarks.bench import Bench, Benchmark
from benchmarks.figures import Broken, Figures
from fulfilhub.app import contract
from fulfilhub.demo.door import StepFailed
from fulfilhub.demo.screen import Screen
from fulfilhub.platform.processes import StartError, interruptible

PER_SECOND = "orders/s"
MB = "MB"

# In this order in every round: neighbours in time are what ratios compare.
BENCHMARKS = (
    Benchmark(limits.limit_single, {"limit_single": PER_SECOND}),
    Benchmark(intake.intake_single, {"intake_single": PER_SECOND}),
    Benchmark(intake.intake_single_64, {"intake_single_64": PER_SECOND}),
    Benchmark(limits.limit_batch, {"limit_batch": PER_SECOND}),
    Benchmark(intake.intake_batch, {"intake_batch": PER_SECOND}),
    Benchmark(routing.route, {"route": PER_SECOND}),
    Benchmark(shipping.claim_ship, {"claim_ship": "fulfilments/s"}, after=("route",)),
    Benchmark(
        latency.latency_ms,
        {"latency_ms_p50": "ms", "latency_ms_p99": "ms", "latency_rate": PER_SECOND},
        after=("intake_single", "route"),
    ),
    Benchmark(
        promises.promise_ms,
        {"promise_ms_p50": "ms", "promise_ms_p99": "ms", "promise_rate": "calls/s"},
        operation="/v1/promises",
    ),
    Benchmark(
        promises.promise_50_ms,
        {"promise_50_ms_p50": "ms", "promise_50_ms_p99": "ms", "promise_50_rate": "calls/s"},
        operation="/v1/promises",
    ),
    Benchmark(
        webhooks.webhooks,
        {"webhooks": "deliveries/s", "webhooks_ms_p50": "ms", "webhooks_ms_p99": "ms"},
        operation="/v1/webhook-endpoints",
    ),
    Benchmark(papers.slips, {"slips_s": "s"}, operation="/v1/work/papers"),
    # Last but one, since the others are to run without the million rows as far as they can: they come in round one.
    Benchmark(queue.claim_p99_ms, {"claim_p50_ms": "ms", "claim_p99_ms": "ms"}),
    Benchmark(
        size.memory_mb, {"memory_mb_api_worker": MB, "memory_mb_worker": MB, "memory_mb_relay": MB}, after=("route",)
    ),
)
UNITS = {name: unit for each in BENCHMARKS for name, unit in each.units.items()}
LATEST = Path(__file__).with_name("latest.json")
ROUNDS, MOST_ROUNDS = 3, 20
SETTLING = 400
"""Orders played through before anything is measured."""


def main() -> int:
    """Exit status: 0, 1 when something could not be measured or was not as it must be, 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", metavar="NAME,...", help=f"of: {', '.join(each.name for each in BENCHMARKS)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"1 to {MOST_ROUNDS}, {ROUNDS} if not given")
    asked = parser.parse_args()
    if not 1 <= asked.rounds <= MOST_ROUNDS:
        parser.error(f"--rounds: from 1 to {MOST_ROUNDS}")
    names = asked.only.split(",") if asked.only else [each.name for each in BENCHMARKS]
    unknown = sorted(set(names) - {each.name for each in BENCHMARKS})
    if unknown:
        parser.error(f"--only: there is no {', '.join(unknown)}; see --help")
    screen = Screen(stderr=True)
    try:
        with interruptible():
            rounds = measure(screen, names, asked.rounds)
    except (StartError, StepFailed, Broken) as error:
        screen.say(f"{type(error).__name__}: {error}")
        return 1
    except KeyboardInterrupt:
        screen.say("Stopped.")
        return 130
    keep(rounds)
    show(rounds)
    return 0


def measure(screen: Screen, names: Sequence[str], number: int) -> list[Figures]:
    """Run these benchmarks, and those that must come before them, so many times in turn."""
    wanted = [each for each in BENCHMARKS if each.name in names or _is_needed(each.name, names)]
    served = contract()
    chosen = [each for each in wanted if not each.operation or f'"{each.operation}"' in served]
    for each in wanted:
        if each not in chosen:
            screen.say(f"  {each.name} is skipped: the API has no {each.operation}.")
    rounds: list[Figures] = []
    with rig.rig(screen.say) as made:
        with screen.step("The world is made: 10,000 SKUs in 10 warehouses"):
            bench = Bench(made, asyncio.run(world.make_world(made)))
            asyncio.run(settle(bench))
        for turn in range(1, number + 1):
            bench.round = {}
            for each in chosen:
                with screen.step(f"Round {turn} of {number}: {each.name}") as step:
                    bench.round.update(asyncio.run(each.measure(bench)))
                    step.now(", ".join(_shown(name, bench.round[name]) for name in each.units if name in bench.round))
            rounds.append(bench.round)
    return rounds


async def settle(bench: Bench) -> None:
    """Play a few orders through, and let PostgreSQL look at its tables as it does by itself within minutes: until it
    has, it takes a merchant's rows for few and plans accordingly. A system in use is past that."""
    await bench.rig.forget_jobs()
    await routing.route_some(bench, SETTLING)
    await shipping.ship_some(bench, SETTLING)
    await bench.rig.forget_jobs()
    async with bench.rig.owner() as owner:
        await owner.execute("ANALYZE")


def _is_needed(name: str, names: Sequence[str]) -> bool:
    return any(name in each.after for each in BENCHMARKS if each.name in names)


def _shown(name: str, value: float) -> str:
    return f"{value:,.0f} {UNITS[name]}"


def keep(rounds: Sequence[Figures]) -> None:
    """Write the figures to `benchmarks/latest.json`."""
    results = {
        name: {
            "median": round(median, 2),
            "rounds": [round(each[name], 2) for each in rounds if name in each],
            "unit": UNITS[name],
        }
        for name, median in figures.medians(rounds).items()
    }
    ratios = {name: round(value, 3) for name, value in figures.ratios(rounds).items()}
    made = msgspec.json.encode({"results": results, "ratios": ratios})
    LATEST.write_bytes(msgspec.json.format(made, indent=2) + b"\n")


def show(rounds: Sequence[Figures]) -> None:
    """Print the table."""
    screen = Screen()
    table = Table(title=f"Medians of {len(rounds)} rounds", title_justify="left", title_style="bold")
    for name, where in (("", "left"), ("median", "right"), ("unit", "left"), ("rounds", "left")):
        table.add_column(name, justify=where)  # type: ignore[arg-type]  # one of its literals
    for name, median in figures.medians(rounds).items():
        each = ", ".join(f"{found[name]:,.0f}" for found in rounds if name in found)
        table.add_row(name, f"{median:,.0f}", UNITS[name], each)
    screen.console.print(table)
    found = figures.ratios(rounds)
    for ratio in figures.RATIOS:
        if ratio.name in found:
            screen.say(f"{ratio.name}: {found[ratio.name]:.2f} (aim: {ratio.aim:.2f})")


if __name__ == "__main__":
    sys.exit(main())
