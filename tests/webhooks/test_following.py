"""Following the event log: nothing is skipped, nothing doubled, whoever follows at the same time."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

from sqlalchemy import text

from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.work import Works
from fulfilhub.webhooks.commands import following
from fulfilhub.webhooks.commands.following import follow_log
from tests.make.world import Client
from tests.webhooks.conftest import Endpoint, Post, endpoint, event_ids, happen

MONTH = timedelta(days=30)
NOWHERE = "http://127.0.0.1:9/"


async def follow(works: Works) -> int:
    async with works.begin(Platform("test")) as work:
        return await follow_log(work, MONTH)


async def told(hook: Endpoint) -> list[str]:
    """The events of its deliveries, oldest first."""
    found: list[str] = []
    query: dict[str, str] = {"limit": "200"}
    while True:
        page = (await hook.owner.get(f"{hook.path}/deliveries", **query)).json()
        found.extend(each["event_id"] for each in page["data"])
        if not page["has_more"]:
            return found[::-1]
        query["cursor"] = page["next_cursor"]


async def test_many_followers_beside_many_writers_make_each_delivery_once(
    works: Works, worker_works: Works, merchant: Client, partner: Client, post: Post
) -> None:
    hooks = [await endpoint(merchant, NOWHERE, event_types=["order.received"]) for _ in range(3)]
    stranger = await endpoint(partner, NOWHERE)
    writing = asyncio.gather(*(happen(works, merchant, 25) for _ in range(4)))

    async def number_and_follow() -> None:
        while not writing.done():
            await post.relay.number_events()
            await follow(worker_works)

    await asyncio.gather(writing, *(number_and_follow() for _ in range(3)))
    await post.number()
    while await follow(worker_works):
        continue
    wanted = await event_ids(worker_works)
    assert len(wanted) == 100
    for hook in hooks:
        assert Counter(await told(hook)) == Counter(wanted)
    assert await told(stranger) == []
    assert await follow(worker_works) == 0


async def test_a_long_log_is_followed_in_portions(
    works: Works, worker_works: Works, merchant: Client, post: Post
) -> None:
    hook = await endpoint(merchant, NOWHERE, event_types=["order.received"])
    before, following.EVENTS_AT_ONCE = following.EVENTS_AT_ONCE, 7
    try:
        await happen(works, merchant, 30)
        await post.number()
        rounds = 0
        while await follow(worker_works):
            rounds += 1
    finally:
        following.EVENTS_AT_ONCE = before
    assert rounds >= 5
    assert await told(hook) == await event_ids(worker_works), "in the order of their numbers"


async def test_an_endpoint_is_told_only_what_happens_after_it_was_made(
    works: Works, worker_works: Works, merchant: Client, post: Post
) -> None:
    await happen(works, merchant)
    await post.number()
    hook = await endpoint(merchant, NOWHERE, event_types=["order.received"])
    await happen(works, merchant)
    await post.number()
    await follow(worker_works)
    assert await told(hook) == (await event_ids(worker_works))[1:]


async def test_what_happened_while_it_was_disabled_comes_unless_it_is_too_old(
    works: Works, worker_works: Works, merchant: Client, post: Post
) -> None:
    hook = await endpoint(merchant, NOWHERE, event_types=["order.received"])
    await merchant.patch(hook.path, {"enabled": False})
    await happen(works, merchant, 2)
    await post.number()
    await follow(worker_works)
    assert await told(hook) == []
    async with worker_works.begin(Platform("the first happened long ago")) as work:
        await work.db.execute(
            text(
                "UPDATE events SET occurred_at = occurred_at - interval '31 days' WHERE type = 'order.received' "
                "AND seq = (SELECT min(seq) FROM events WHERE type = 'order.received')"
            )
        )
    await merchant.patch(hook.path, {"enabled": True})
    await follow(worker_works)
    assert await told(hook) == (await event_ids(worker_works))[1:]
