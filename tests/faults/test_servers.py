"""The servers below us die or forget: the database loses nothing, and what Valkey loses nobody misses."""

from __future__ import annotations

import asyncio

import redis

from tests.faults.rig import Rig, until
from tests.faults.shop import Rush, Shop


async def test_a_flushed_valkey_loses_nothing(rig: Rig, shop: Shop) -> None:
    rush = Rush(shop, orders=150)

    async def flush() -> None:
        with redis.Redis.from_url(rig.servers.redis_url) as valkey:
            assert valkey.dbsize()
            valkey.flushall()

    await rush.run(flush)
    assert not rush.cut
    assert set(rush.statuses) <= {200, 201}
    await rig.settled()
    await rush.check()
    await rush.all_routed()


async def test_a_killed_valkey_is_missed_by_nobody_and_limits_stand_open(rig: Rig, shop: Shop) -> None:
    rush, said, before = Rush(shop, orders=150), rig.log("api").count("limits.open"), rig.servers.valkey.pid

    async def kill() -> None:
        rig.kill_valkey()

    await rush.run(kill)

    async def again() -> bool:
        return rig.servers.valkey.pid != before

    await until(again)
    assert not rush.cut
    assert set(rush.statuses) <= {200, 201}
    assert rig.log("api").count("limits.open") > said
    await rig.settled()
    await rush.check()
    await rush.all_routed()


async def test_a_crashed_postgres_loses_nothing_acknowledged(rig: Rig, shop: Shop) -> None:
    rush, before = Rush(shop, orders=200), rig.servers.postgres.pid
    processes = {name: rig.made.supervisor.pid(name) for name in ("api", "worker-1", "worker-2", "relay")}

    async def crash() -> None:
        rig.crash_postgres()

    await rush.run(crash)

    async def again() -> bool:
        return rig.servers.postgres.pid != before

    await until(again)
    assert not rush.cut, "the API answers also while the database is away"
    assert set(rush.statuses) == {200, 201, 503}, "and says that it is"
    await rig.settled()
    await rush.check()
    await rush.all_routed()
    assert processes == {name: rig.made.supervisor.pid(name) for name in processes}, "they recover by themselves"


async def test_connections_that_a_restart_cut_fail_no_later_request(rig: Rig, shop: Shop) -> None:
    await Rush(shop, orders=40, clients=16).run()
    before = rig.servers.postgres.pid
    rig.crash_postgres()

    async def back() -> bool:
        return rig.servers.postgres.pid != before and await rig.number("SELECT 1") == 1

    await until(back)
    answers = await asyncio.gather(*(shop.merchant.get("/v1/orders") for _ in range(16)), return_exceptions=True)
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
