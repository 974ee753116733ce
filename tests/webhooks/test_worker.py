"""The courier where it lives: in a real worker process, killed in the middle of a request."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text

from fulfilhub.platform.jobs.relay import Relay
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.conftest import SECRET
from tests.fakes.receiver import FakeReceiver, Reply
from tests.make.world import Client
from tests.webhooks.conftest import endpoint, happen


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker as anybody runs it, until the block ends."""
    env = {
        **os.environ,
        "DATABASE_URL": settings.database.url,
        "REDIS_URL": settings.redis.url,
        "REDIS_NAMESPACE": settings.redis.namespace,
        "FULFILHUB_SECRET_KEYS": SECRET,
        "ALLOW_PRIVATE_HOSTS": "true",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "fulfilhub.cli", "worker", env=env)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def test_killed_in_mid_delivery_another_worker_sends_it_again(
    works: Works, worker_works: Works, merchant: Client, shop: FakeReceiver, settings: Settings
) -> None:
    hook = await endpoint(merchant, shop.url, event_types=["order.received"])
    shop.replies.append(Reply(after=asyncio.Event()))
    await happen(works, merchant)
    await Relay(worker_works, lambda _: None, {}, 0.1).number_events()
    async with worker(settings) as first:
        await shop.until_got(1)
        first.kill()
        await first.wait()
    (attempt,) = await hook.attempts()
    assert (attempt["number"], attempt["ended_at"]) == (1, None), "written down before it left"
    async with worker_works.begin(Platform("its lease ran out")) as work:
        await work.db.execute(
            text("UPDATE webhook_endpoints SET wake_at = :now, lease_until = :now"), {"now": work.now}
        )
    async with worker(settings) as second:
        await shop.until_got(2)
        second.terminate()
        assert await second.wait() == 0, "it ends what it began"
    assert shop.ids[0] == shop.ids[1]
    again, broken = await hook.attempts()
    assert (again["number"], again["status"], broken["ended_at"]) == (2, 204, None)
