"""Workers of a partner that claim from one queue and are killed at random: nothing is lost, nothing is sent twice."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from fulfilhub.demo.door import Door
from tests.faults.rig import Rig, until
from tests.faults.shop import SKUS, Shop, an_order

SEED = int(os.environ.get("FAULTS_SEED", "1"))
QUEUED = int(os.environ.get("FAULTS_QUEUED", "100000"))
BATCH = 500
SHIPPED = "SELECT count(*) FROM shipments WHERE merchant_id = $1"
LEFT = "SELECT count(*) FROM work_orders WHERE merchant_id = $1 AND ended_at IS NULL"
WRONG = """
SELECT f.id, f.state, count(s.id) AS shipments
FROM fulfilments AS f LEFT JOIN shipments AS s ON s.merchant_id = f.merchant_id AND s.fulfilment_id = f.id
WHERE f.merchant_id = $1 GROUP BY f.merchant_id, f.id HAVING f.state <> 'shipped' OR count(s.id) <> 1
"""
RAN_OUT = """
SELECT count(*) FROM events AS e JOIN work_orders AS w ON w.account_id = e.account_id
  AND w.id::text IN (SELECT jsonb_array_elements_text(e.data -> 'work_order_ids'))
WHERE w.merchant_id = $1 AND e.type = 'work.claim_expired'
"""


async def fill(rig: Rig, shop: Shop, orders: int) -> None:
    """So many orders of one line each in the partner's queue."""
    merchant: Door = shop.merchant
    for start in range(0, orders, BATCH):
        numbers = range(start, min(start + BATCH, orders))
        told = [
            an_order(f"q-{n}") | {"lines": [{"external_id": "1", "sku": SKUS[n % 3], "title": "x", "quantity": 1}]}
            for n in numbers
        ]
        await merchant.post("/v1/orders/batch", {"orders": told})
    await rig.settled(60 + orders / 100)
    assert await rig.number(LEFT, shop.id) == orders


async def work_off(rig: Rig, shop: Shop, orders: int, claimers: int, pause: float) -> None:
    """Let so many claimers work, and kill one of them after each pause, until everything is shipped. In each minute
    something must leave."""
    chance = random.Random(SEED)
    names = [f"claimer-{place}" for place in range(claimers)]
    program = [sys.executable, str(Path(__file__).with_name("claimer.py")), rig.url, shop.warehouse_id]
    env = {**rig.made.env, "FULFILHUB_PARTNER_KEY": shop.partner.key}
    for name in names:
        rig.made.supervisor.start(name, program, env)
    killed = 0
    over = asyncio.Event()

    async def kill() -> None:
        nonlocal killed
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), pause)
            rig.kill(chance.choice(names))
            killed += 1

    killing = asyncio.create_task(kill())
    try:
        shipped = -1
        while shipped < orders:

            async def more(than: int = shipped) -> bool:
                return await rig.number(SHIPPED, shop.id) > than

            await until(more)
            shipped = await rig.number(SHIPPED, shop.id)
    finally:
        over.set()
        await killing
        for name in names:
            rig.end(name)
    assert killed


async def sent_once(rig: Rig, shop: Shop, orders: int) -> None:
    await rig.settled(60 + orders / 100)
    assert await rig.rows(WRONG, shop.id) == []
    assert await rig.number(SHIPPED, shop.id) == orders
    charged = "SELECT count(*) FROM charges WHERE merchant_id = $1"
    assert await rig.number(charged, shop.id) == orders


async def test_claimers_killed_at_random_leave_their_work_to_others(rig: Rig, shop: Shop) -> None:
    await fill(rig, shop, 240)
    await work_off(rig, shop, 240, claimers=4, pause=0.5)
    await sent_once(rig, shop, 240)


@pytest.mark.soak
async def test_sixteen_claimers_work_off_a_hundred_thousand(rig: Rig, shop: Shop) -> None:
    await fill(rig, shop, QUEUED)
    await work_off(rig, shop, QUEUED, claimers=16, pause=1)
    await sent_once(rig, shop, QUEUED)
    assert await rig.number(RAN_OUT, shop.id) > 0, "no lease ran out: nobody was killed in mid-work"
