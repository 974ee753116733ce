"""`latency_ms`: from the 2xx of an order to the partner's claim that finds its work, with everything running, at half
of the rate that the slower of intake and routing can do alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import msgspec

from benchmarks.bench import Bench
from benchmarks.figures import Broken, Figures, percentile
from benchmarks.load import Connection, connections, request
from benchmarks.world import order

SENDERS = 32
WATCHERS = 2
WARM_SECONDS = 4.0
"""Sent but not counted: fresh workers have no connections and plans yet."""

SECONDS = 6.0
PATIENCE = 60.0
LARGEST_CLAIM = 200
PAUSE = 0.02
"""Seconds a watcher rests after a claim that found nothing."""


class Work(msgspec.Struct):
    order_number: str


class Claimed(msgspec.Struct):
    data: list[Work]


CLAIMED = msgspec.json.Decoder(Claimed)


class Journey:
    """When each order was answered and when its work was seen (seconds of one clock), by number."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.answered: dict[str, float] = {}
        self.seen: dict[str, float] = {}
        self.sending = True
        self.counted_from = 0.0

    async def send(self, opened: Sequence[Connection], rate: float) -> None:
        """Send at an even rate, whether or not answers come in time."""
        due = iter(range(int(rate * (WARM_SECONDS + SECONDS))))
        begin = time.perf_counter()
        self.counted_from = begin + WARM_SECONDS

        async def keep_on(connection: Connection) -> None:
            for place in due:
                await asyncio.sleep(max(0.0, begin + place / rate - time.perf_counter()))
                await self._take(connection)

        await asyncio.gather(*(keep_on(each) for each in opened))
        self.sending = False

    async def _take(self, connection: Connection) -> None:
        world = self._bench.world
        name = world.next_name()
        answer = await connection.call(request("/v1/orders", world.merchant_key, order(name, world.chance), once=name))
        self.answered[f"#{name}"] = time.perf_counter()
        if answer.status != 201:
            raise Broken(f"An order was not taken: {answer.status} {answer.body[:300]!r}")

    async def watch(self, connection: Connection, warehouses: Sequence[str]) -> None:
        """Claim whatever there is until all has been seen."""
        deadline = time.perf_counter() + WARM_SECONDS + SECONDS + PATIENCE
        while self.sending or len(self.seen) < len(self.answered):
            found = 0
            for warehouse in warehouses:
                body = b'{"warehouse_id":"%s","limit":%d}' % (warehouse.encode(), LARGEST_CLAIM)
                answer = await connection.call(request("/v1/work/claims", self._bench.world.partner_key, body))
                now = time.perf_counter()
                for work in CLAIMED.decode(answer.body).data:
                    self.seen.setdefault(work.order_number, now)
                    found += 1
            if time.perf_counter() > deadline:
                raise Broken(f"{len(self.answered.keys() - self.seen.keys())} orders never came to a warehouse.")
            if not found:
                await asyncio.sleep(PAUSE)


async def latency_ms(bench: Bench) -> Figures:
    """Milliseconds, half and 99 of a hundred orders."""
    rate = min(bench.round["intake_single"], bench.round["route"]) / 2
    await bench.rig.forget_work()
    await bench.rig.start_working()
    warehouses = bench.world.warehouses
    async with connections(bench.rig.port, SENDERS + WATCHERS) as opened:
        journey = Journey(bench)
        watched = [warehouses[place::WATCHERS] for place in range(WATCHERS)]
        await asyncio.gather(
            journey.send(opened[WATCHERS:], rate),
            *(journey.watch(each, mine) for each, mine in zip(opened, watched, strict=False)),
        )
    # A watcher may see the work before the sender has read its answer.
    counted = [(number, at) for number, at in journey.answered.items() if at >= journey.counted_from]
    took = [max(0.0, journey.seen[number] - at) * 1000 for number, at in counted]
    bench.rig.stop_workers()
    await bench.rig.forget_jobs()
    return {"latency_ms_p50": percentile(took, 0.5), "latency_ms_p99": percentile(took, 0.99), "latency_rate": rate}
