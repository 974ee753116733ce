"""What is over is forgotten with its attempts; what is pending, or young, is kept."""

from __future__ import annotations

from datetime import timedelta

import httpx
from sqlalchemy import text

from fulfilhub.platform.jobs.relay import PLATFORM_ACCOUNT
from fulfilhub.platform.jobs.runner import Runner
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.fakes.receiver import FakeReceiver, Reply
from tests.make.world import Client
from tests.webhooks.conftest import Post, endpoint, happen

COUNTS = text(
    "SELECT (SELECT count(*) FROM webhook_endpoints), (SELECT count(*) FROM webhook_deliveries), "
    "(SELECT count(*) FROM webhook_attempts), (SELECT count(*) FROM jobs WHERE kind = 'webhooks.forget')"
)


async def test_only_what_is_over_goes(
    works: Works,
    worker_works: Works,
    merchant: Client,
    vault: Vault,
    settings: Settings,
    post: Post,
    shop: FakeReceiver,
) -> None:
    async def forget(ahead: timedelta) -> tuple[int, ...]:
        later = Works(worker_works.engine, {}, clock=lambda: works.clock() + ahead)
        async with worker_works.begin(Platform("test")) as work:
            await work.enqueue_for(PLATFORM_ACCOUNT, "webhooks.forget", {})
        ((kind, account), tickets) = next(iter(work.handed.items()))
        async with httpx.AsyncClient() as http:
            await Runner(later, settings, vault, http).run(kind, account, tickets)
        async with worker_works.begin(Platform("test")) as work:
            return tuple((await work.db.execute(COUNTS)).one())

    hook = await endpoint(merchant, shop.url)
    await happen(works, merchant)
    await post.carry()
    shop.always = Reply(500)
    await happen(works, merchant)
    await post.carry()
    assert await forget(timedelta(days=29)) == (1, 2, 2, 0)
    assert await forget(timedelta(days=31)) == (1, 1, 1, 0), "what is pending is kept"
    await merchant.patch(hook.path, {"enabled": False})
    assert await forget(timedelta(days=29)) == (1, 1, 1, 0)
    assert await forget(timedelta(days=31)) == (1, 0, 0, 0), "but not for ever, when nobody wants it"
    await merchant.http.delete(hook.path, headers=merchant.headers())
    assert await forget(timedelta()) == (0, 0, 0, 0)
