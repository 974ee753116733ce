"""What has expired is forgotten; what has not, and that it came, is kept."""

from __future__ import annotations

from datetime import timedelta

import httpx
from sqlalchemy import text

import fulfilhub.platform.retention  # noqa: F401 - registers the task
from fulfilhub.platform import ids, inbox
from fulfilhub.platform.idempotency import IdempotentOnce
from fulfilhub.platform.jobs.relay import PLATFORM_ACCOUNT
from fulfilhub.platform.jobs.runner import Runner
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works


async def test_only_what_is_over_goes(works: Works, worker_works: Works, settings: Settings, vault: Vault) -> None:
    scope = Merchant(ids.new())
    for hours, days in ((1, 1), (48, 30)):
        async with works.begin(scope, IdempotentOnce(f"key-{days}", b"body", hours)) as work:
            raw = inbox.Raw(source="api", topic="order", dedupe_key=str(days), headers={}, body=b"{}")
            await inbox.store(work, vault, [raw], days)
            work.remember(201, {}, b"{}")
    later = Works(worker_works.engine, {}, clock=lambda: works.clock() + timedelta(days=2))
    async with worker_works.begin(Platform("test")) as work:
        await work.enqueue_for(PLATFORM_ACCOUNT, "platform.expire_raw", {})
    ((kind, account), tickets) = next(iter(work.handed.items()))
    async with worker_works.begin(Platform("test")) as work:
        await work.db.execute(
            text("UPDATE idempotency_keys SET expires_at = expires_at + interval '5 days' WHERE key = 'key-30'")
        )
    async with httpx.AsyncClient() as http:
        await Runner(later, settings, vault, http).run(kind, account, tickets)
    async with worker_works.begin(Platform("test")) as work:
        kept = await work.db.execute(text("SELECT dedupe_key, payload IS NOT NULL FROM inbox ORDER BY id"))
        assert [tuple(row) for row in kept] == [("1", False), ("30", True)]
        keys = await work.db.execute(text("SELECT key FROM idempotency_keys"))
        assert keys.scalars().all() == ["key-30"]
        assert (await work.db.execute(text("SELECT count(*) FROM jobs"))).scalar_one() == 0
