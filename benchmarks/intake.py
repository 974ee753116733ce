"""`intake_single`, `intake_single_64`, `intake_batch`: orders taken over HTTP with all that belongs to it: API key,
Idempotency-Key, validation, row security, two API processes. Workers rest meanwhile; `latency_ms` has them all."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.figures import Broken, Figures
from benchmarks.limits import BATCH
from benchmarks.load import Connection, connections, rate

SECONDS = 4.0
CLIENTS = 8
MANY_CLIENTS = 64
BATCH_CLIENTS = 4


async def intake_single(bench: Bench) -> Figures:
    """Orders/s, one a call, eight clients."""
    return {"intake_single": await _take(bench, CLIENTS)}


async def intake_single_64(bench: Bench) -> Figures:
    """Orders/s, one a call, 64 clients."""
    return {"intake_single_64": await _take(bench, MANY_CLIENTS)}


async def intake_batch(bench: Bench) -> Figures:
    """Orders/s, a hundred a call."""
    return {"intake_batch": await _take(bench, BATCH_CLIENTS, BATCH)}


async def _take(bench: Bench, clients: int, size: int = 1) -> float:
    world = bench.world

    async def take(connection: Connection) -> int:
        answer = await connection.call(world.single() if size == 1 else world.batch(size))
        if answer.status != (201 if size == 1 else 200) or (size > 1 and b'"failed":0,' not in answer.body):
            raise Broken(f"An order was not taken: {answer.status} {answer.body[:300]!r}")
        return size

    async with connections(bench.rig.port, clients) as opened:
        found = await rate(opened, take, SECONDS)
    await bench.rig.forget_jobs()
    return found
