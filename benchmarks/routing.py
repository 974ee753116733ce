"""`route`: orders routed, allocated and queued by the real workers, from 10,000 SKUs in 10 warehouses."""

from __future__ import annotations

import asyncio
import time

from benchmarks.bench import Bench
from benchmarks.figures import Broken, Figures
from benchmarks.load import connections
from benchmarks.rig import WAITING

ORDERS = 6_000
BATCH = 100
SECONDS = 120.0

NOT_ROUTED = """
SELECT count(*) FROM orders
WHERE merchant_id = $1 AND created_at >= $2 AND status <> 'routed'
"""


async def route(bench: Bench) -> Figures:
    """Orders/s: they wait when the workers start; counted from the first one done to the last."""
    return {"route": await route_some(bench, ORDERS)}


async def route_some(bench: Bench, number: int) -> float:
    """Take so many orders, then start the workers; gives the orders/s that they routed."""
    merchant = bench.world.merchant_id
    async with bench.rig.owner() as owner:
        begin = await owner.fetchval("SELECT now()")
        await queue_orders(bench, number)
        await bench.rig.number_events()
        whole = int(await owner.fetchval(WAITING, merchant))
        bench.rig.start_workers()
        left, began, first = whole, 0.0, whole
        deadline = time.monotonic() + SECONDS
        while left and time.monotonic() < deadline:
            left, now = int(await owner.fetchval(WAITING, merchant)), time.perf_counter()
            if not began and left < whole:
                began, first = now, left
            await asyncio.sleep(0.01)
        found = await owner.fetchval(NOT_ROUTED, merchant, begin)
    bench.rig.stop_workers()
    if left or found:
        raise Broken(f"Of {number} orders {found} were not routed; {left} jobs were left.")
    return first / max(now - began, 0.001)


async def queue_orders(bench: Bench, number: int) -> None:
    """Take orders while no worker runs."""
    async with connections(bench.rig.port, 2) as opened:
        for _ in range(0, number, 2 * BATCH):
            answers = await asyncio.gather(*(each.call(bench.world.batch(BATCH)) for each in opened))
            if any(b'"failed":0,' not in answer.body for answer in answers):
                raise Broken(f"Orders were not taken: {answers[0].body[:300]!r}")
