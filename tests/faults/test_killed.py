"""`kill -9` in the middle of work: what was acknowledged is there exactly once, and all the rest is made up for."""

from __future__ import annotations

import time

from tests.faults.rig import WORKERS, Rig, until
from tests.faults.shop import Rush, Shop


async def test_orders_survive_the_api_killed_in_mid_load(rig: Rig, shop: Shop) -> None:
    rush = Rush(shop, orders=150)

    async def kill() -> None:
        rig.kill("api")

    await rush.run(kill)
    assert rush.cut, "nobody noticed"
    await rig.settled()
    await rush.check()
    await rush.all_routed()


async def test_a_killed_workers_jobs_are_back_within_thirty_seconds(rig: Rig, shop: Shop) -> None:
    rush = Rush(shop, orders=120, clients=12)
    killed = 0.0

    async def kill() -> None:
        nonlocal killed
        for worker in WORKERS:
            rig.kill(worker)
        killed = time.monotonic()

    await rush.run(kill, after=0.5)
    await rig.settled(30 - (time.monotonic() - killed))
    await rush.check()
    await rush.all_routed()


async def test_a_killed_relay_and_a_killed_partner_leave_work_to_others(rig: Rig, shop: Shop) -> None:
    rush = Rush(shop, orders=60)
    await rush.run()
    await rig.settled()
    shop.simulate("partner")
    try:

        async def shipped(units: int) -> bool:
            query = "SELECT count(*) FROM shipments WHERE merchant_id = $1"
            return await rig.number(query, shop.id) >= units

        await until(lambda: shipped(10))
        rig.kill("relay")
        rig.kill("partner")
        await until(lambda: shipped(60))
    finally:
        rig.end("partner")
    await rig.settled()
    await rush.check()
    await rush.all_billed()


async def test_late_work_with_an_old_lease_is_refused_without_damage(rig: Rig, shop: Shop) -> None:
    rush = Rush(shop, orders=4, clients=1)
    await rush.run()
    await rig.settled()
    late = await shop.claim()
    assert len(late.work) == 4
    again = late

    async def taken_over() -> bool:
        nonlocal again
        again = await shop.claim()
        return bool(again.work)

    await until(taken_over)
    assert [each["id"] for each in again.work] == [each["id"] for each in late.work]
    for verb in ("accept", "ship"):
        for each in late.work:
            refused = await shop.work_on(late, each, verb)
            assert (refused.status_code, refused.json()["code"]) == (409, "lease_lost")
    assert await rig.number("SELECT count(*) FROM shipments WHERE merchant_id = $1", shop.id) == 0
    for each in again.work:
        assert (await shop.work_on(again, each, "ship")).status_code == 200
    for each in late.work:
        # Who was too late is told what is: shipped, with these numbers, which is no news.
        assert (await shop.work_on(late, each, "ship")).json()["repeated"]
    await rig.settled()
    await rush.all_billed()
