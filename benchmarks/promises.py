"""`promise_ms` and `promise_50_ms`: how long a storefront waits for the promise it shows before checkout, of a small
and of a large cart."""

from __future__ import annotations

import time

import msgspec

from benchmarks.bench import Bench
from benchmarks.figures import Broken, Figures, percentile
from benchmarks.load import Connection, connections, rate, request
from benchmarks.world import SKUS, TOWNS, sku

CLIENTS = 8
SECONDS = 3.0


async def promise_ms(bench: Bench) -> Figures:
    """Milliseconds, half and 99 of a hundred calls, and calls/s, for carts of two lines asked by eight clients."""
    return await _ask(bench, "promise", 2)


async def promise_50_ms(bench: Bench) -> Figures:
    """The same for carts of fifty lines."""
    return await _ask(bench, "promise_50", 50)


async def _ask(bench: Bench, name: str, size: int) -> Figures:
    world, took = bench.world, list[float]()

    async def ask(connection: Connection) -> int:
        lines = [{"sku": sku(world.chance.randrange(SKUS)), "quantity": 1} for _ in range(size)]
        cart = {"lines": lines, "destination": {"country": "GB", "postcode": world.chance.choice(TOWNS)}}
        begin = time.perf_counter()
        answer = await connection.call(request("/v1/promises", world.merchant_key, msgspec.json.encode(cart)))
        took.append((time.perf_counter() - begin) * 1000)
        if answer.status != 200 or b'"ship_by"' not in answer.body:
            raise Broken(f"A promise was answered {answer.status}: {answer.body[:300]!r}")
        return 1

    async with connections(bench.rig.port, CLIENTS) as opened:
        found = await rate(opened, ask, SECONDS)
    return {
        f"{name}_ms_p50": percentile(took, 0.5),
        f"{name}_ms_p99": percentile(took, 0.99),
        f"{name}_rate": found,
    }
