"""Minutes of orders and work while processes and servers die at random; the seed says which, and when.

`make soak ARGS=tests/faults`; FAULTS_SEED and FAULTS_SECONDS choose another run.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from contextlib import suppress

import pytest
import redis

from fulfilhub.platform.processes import StartError
from tests.faults.rig import WORKERS, Rig, until
from tests.faults.shop import Rush, Shop

SEED = int(os.environ.get("FAULTS_SEED", "1"))
SECONDS = float(os.environ.get("FAULTS_SECONDS", "180"))
PARTNERS = ("partner-1", "partner-2")


def _flush(rig: Rig) -> None:
    with redis.Redis.from_url(rig.servers.redis_url) as valkey:
        valkey.flushall()


def _break(rig: Rig, what: str) -> None:
    match what:
        case "postgres":
            rig.crash_postgres()
        case "valkey":
            rig.kill_valkey()
        case "flush":
            _flush(rig)
        case name:
            rig.kill(name)


@pytest.mark.soak
async def test_nothing_is_lost_whatever_dies_when(rig: Rig, shop: Shop) -> None:
    chance, begun, rushes = random.Random(SEED), time.monotonic(), list[Rush]()
    targets = ("api", *WORKERS, "relay", *PARTNERS, "postgres", "valkey", "flush")
    for name in PARTNERS:
        shop.simulate(name)
    try:
        while time.monotonic() - begun < SECONDS:
            rush = Rush(shop, orders=300, clients=12, first=300 * len(rushes))
            rushes.append(rush)
            sending = asyncio.create_task(rush.run())
            for _ in range(3):
                await asyncio.sleep(chance.uniform(0, 3))
                with suppress(StartError):  # it is down already
                    _break(rig, chance.choice(targets))
            await sending
            await rig.whole()
        orders = sum(rush.orders for rush in rushes)
        shipped = -1
        while shipped < orders:  # as long as it takes, but in each minute something must leave

            async def more(than: int = shipped) -> bool:
                return await rig.number("SELECT count(*) FROM shipments WHERE merchant_id = $1", shop.id) > than

            await until(more)
            shipped = await rig.number("SELECT count(*) FROM shipments WHERE merchant_id = $1", shop.id)
    finally:
        for name in PARTNERS:
            rig.end(name)
    await rig.settled(120)
    together = Rush(shop, orders=orders)
    for rush in rushes:
        together.answered |= rush.answered
    await together.check()
    await together.all_billed()
