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
    """Orders/s, from when the workers are let go until the last order is routed."""
    return {"route": await route_some(bench, ORDERS)}


async def route_some(bench: Bench, number: int) -> float:
    """Take so many orders while the workers are up but stand still, then let them go; gives the orders/s."""
    merchant = bench.world.merchant_id
    async with bench.rig.owner() as owner:
        begin = await owner.fetchval("SELECT now()")
        await bench.rig.start_waiting()
        await queue_orders(bench, number)
        await bench.rig.number_events()
        whole = left = int(await owner.fetchval(WAITING, merchant))
        begun = time.perf_counter()
        bench.rig.let_go()
        while left and time.perf_counter() - begun < SECONDS:
            await asyncio.sleep(0.02)
            left = int(await owner.fetchval(WAITING, merchant))
        took = time.perf_counter() - begun
        found = await owner.fetchval(NOT_ROUTED, merchant, begin)
    bench.rig.stop_workers()
    if left or found:
        raise Broken(f"Of {number} orders {found} were not routed; {left} jobs were left.")
    return whole / took


async def queue_orders(bench: Bench, number: int) -> None:
    """Take orders while no worker runs."""
    async with connections(bench.rig.port, 2) as opened:
        for _ in range(0, number, 2 * BATCH):
            answers = await asyncio.gather(*(each.call(bench.world.batch(BATCH)) for each in opened))
            if any(b'"failed":0,' not in answer.body for answer in answers):
                raise Broken(f"Orders were not taken: {answers[0].body[:300]!r}")
