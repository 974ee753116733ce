"""From a fact to a receiver: signed, at least once, retried, explained, and nobody waits for anybody else."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from standardwebhooks import Webhook, WebhookVerificationError

from fulfilhub.orders.events import OrderHeld
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.webhooks.tasks.courier import courier
from tests.fakes.receiver import FakeReceiver, Got, Reply, receiver
from tests.fakes.serving import free_port
from tests.make.world import Client
from tests.webhooks.conftest import Post, endpoint, event_ids, happen

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def verified(secret: str, got: Got) -> dict[str, object]:
    """What the library makes of a request; it raises for a wrong signature."""
    payload: dict[str, object] = Webhook(secret).verify(got.body, got.headers)
    return payload


async def test_an_event_arrives_signed_with_public_ids_only(
    works: Works, worker_works: Works, merchant: Client, post: Post, shop: FakeReceiver
) -> None:
    hook = await endpoint(merchant, shop.url)
    (order_id,) = await happen(works, merchant)
    await post.carry()
    (got,) = shop.got
    assert (got.method, got.path, got.headers["content-type"]) == ("POST", "/hook", "application/json")
    payload = verified(hook.secret, got)
    assert set(payload) == {"type", "timestamp", "seq", "data"}
    assert payload["type"] == "order.received"
    assert payload["data"] == {"order_id": ids.ORDER.show(order_id), "store_id": payload["data"]["store_id"]}  # type: ignore[index]
    assert [got.id] == await event_ids(worker_works)
    logged = (await merchant.get("/v1/events", type="order.received")).json()["data"][0]
    assert (logged["id"], logged["seq"], logged["data"]) == (got.id, payload["seq"], payload["data"])
    (attempt,) = await hook.attempts()
    assert (attempt["status"], attempt["error"], attempt["number"]) == (204, None, 1)
    kept = attempt["request_headers"]
    assert isinstance(kept, dict)
    assert kept["webhook-id"] == got.id
    assert got.headers["webhook-signature"] not in json.dumps(attempt)
    health = await hook.now()
    assert (health["state"], health["success_rate_24h"]) == ("healthy", 1.0)
    with pytest.raises(WebhookVerificationError):
        verified(hook.secret, replace(got, body=got.body + b" "))


async def test_both_secrets_sign_while_a_rotation_lasts(
    works: Works, merchant: Client, post: Post, shop: FakeReceiver
) -> None:
    hook = await endpoint(merchant, shop.url)
    rotated = await merchant.post(f"{hook.path}/rotate-secret", {"overlap_hours": 2})
    fresh = rotated.json()["secret"]
    await happen(works, merchant)
    await post.carry()
    assert len(shop.got[0].headers["webhook-signature"].split()) == 2
    assert verified(hook.secret, shop.got[0]) == verified(fresh, shop.got[0])
    post.ahead = timedelta(hours=3)
    await happen(works, merchant)
    await post.carry()
    assert len(shop.got[1].headers["webhook-signature"].split()) == 1
    ended = await merchant.post(f"{hook.path}/rotate-secret", {"overlap_hours": 0})
    post.ahead = timedelta()
    await happen(works, merchant)
    await post.carry()
    verified(ended.json()["secret"], shop.got[2])
    for old in (hook.secret, fresh):
        with pytest.raises(WebhookVerificationError):
            verified(old, shop.got[2])


async def test_only_the_wanted_types_come(works: Works, merchant: Client, post: Post, shop: FakeReceiver) -> None:
    await endpoint(merchant, shop.url, event_types=["order.held"])
    await happen(works, merchant)
    async with works.begin(Merchant(ids.ACCOUNT.find(merchant.account_id))) as work:
        work.publish(OrderHeld(order_id=ids.new(), hold_id=ids.new(), reason="manual"))
    await post.carry()
    assert [json.loads(got.body)["type"] for got in shop.got] == ["order.held"]


async def test_a_failure_is_tried_again_with_the_same_id_and_body(
    works: Works, merchant: Client, post: Post, shop: FakeReceiver
) -> None:
    hook = await endpoint(merchant, shop.url)
    shop.replies.append(Reply(500, {"server": "toaster"}, b"no" * 5000))
    await happen(works, merchant)
    await post.carry()
    assert (await hook.now())["state"] == "failing"
    await post.later(MINUTE)
    first, second = shop.got
    assert (first.id, first.body) == (second.id, second.body)
    good, bad = await hook.attempts()
    assert (good["number"], good["status"], bad["number"], bad["status"]) == (2, 204, 1, 500)
    assert bad["response_body"] == "no" * 1024
    assert bad["response_headers"] == {"server": "toaster"}
    assert "500" in str(bad["error"])
    health = await hook.now()
    assert (health["state"], health["failure_streak"], health["success_rate_24h"]) == ("healthy", 0, 0.5)


async def test_after_three_days_it_has_failed_and_can_be_replayed_or_recovered(
    works: Works, merchant: Client, post: Post, shop: FakeReceiver
) -> None:
    hook = await endpoint(merchant, shop.url)
    shop.always = Reply(503)
    await happen(works, merchant)
    await post.carry()
    begun = post.now()
    while (await hook.deliveries())[0]["state"] == "pending":
        await post.later(timedelta(hours=2))
    assert timedelta(days=2.5) < post.now() - begun < timedelta(days=4)
    assert len(shop.got) == 10
    shop.always = Reply(204)
    (delivery,) = await hook.deliveries(state="failed")
    assert delivery["next_attempt_at"] is None
    assert (await merchant.post(f"/v1/webhook-deliveries/{delivery['id']}/replay")).status_code == 200
    await post.carry()
    assert (await hook.deliveries())[0]["state"] == "delivered"
    assert len({got.id for got in shop.got}) == 1
    since = delivery["created_at"]
    assert (await merchant.post(f"{hook.path}/recover", {"since": since})).json() == {
        "recovered": 0,
        "has_more": False,
    }


async def test_all_that_failed_since_a_moment_comes_again(
    works: Works, worker_works: Works, merchant: Client, post: Post, shop: FakeReceiver
) -> None:
    hook = await endpoint(merchant, shop.url)
    await happen(works, merchant, 3)
    await post.carry()
    async with worker_works.begin(Platform("they failed")) as work:
        await work.db.execute(text("UPDATE webhook_deliveries SET state = 'failed'"))
    oldest = (await hook.deliveries())[-1]
    later = (await hook.deliveries())[0]["created_at"]
    answer = await merchant.post(f"{hook.path}/recover", {"since": oldest["created_at"]})
    assert answer.json() == {"recovered": 3, "has_more": False}
    await post.carry()
    assert sorted(shop.ids) == sorted(shop.ids[:3] * 2)
    assert (await merchant.post(f"{hook.path}/recover", {"since": later})).json()["recovered"] == 0


async def test_a_test_goes_before_what_waits_also_while_paused(
    works: Works, merchant: Client, post: Post, shop: FakeReceiver
) -> None:
    hook = await endpoint(merchant, shop.url, event_types=["order.received"])
    shop.always = Reply(500)
    await happen(works, merchant, 20)
    await post.carry()
    assert (await hook.now())["paused_until"] is not None
    tried = len(shop.got)
    answer = await merchant.post(f"{hook.path}/test")
    assert answer.status_code == 200, answer.text
    await post.carry()
    assert len(shop.got) == tried + 1
    ping = json.loads(shop.got[-1].body)
    assert (ping["type"], ping["seq"], ping["data"]) == ("webhook_endpoint.ping", None, {"endpoint_id": hook.id})
    assert verified(hook.secret, shop.got[-1])


async def test_a_dead_endpoints_deliveries_back_off_together(
    works: Works, merchant: Client, post: Post, shop: FakeReceiver, settings: Settings
) -> None:
    hook = await endpoint(merchant, shop.url)
    shop.always = Reply(500)
    await happen(works, merchant, 60)
    await post.carry()
    assert len(shop.got) <= settings.webhooks.wave, "one wave, not sixty"
    for _ in range(3):
        before = len(shop.got)
        await post.later(timedelta(hours=2))
        assert len(shop.got) == before + 1, "one tries for all"
    shop.always = Reply(204)
    await post.later(timedelta(hours=2))
    await post.later(timedelta(hours=2))
    assert {each["state"] for each in await hook.deliveries()} == {"delivered"}
    assert len(set(shop.ids)) == 60


async def test_retry_after_is_honoured(works: Works, merchant: Client, post: Post, shop: FakeReceiver) -> None:
    hook = await endpoint(merchant, shop.url)
    shop.replies.append(Reply(429, {"Retry-After": "3600"}))
    await happen(works, merchant)
    await post.carry()
    await happen(works, merchant)
    await post.later(50 * MINUTE)
    assert len(shop.got) == 1, "nothing at all is sent before"
    assert (await hook.now())["paused_until"] is not None
    await post.later(11 * MINUTE)
    assert len(shop.got) == 3


async def test_gone_disables_and_enabling_goes_on(
    works: Works, worker_works: Works, merchant: Client, post: Post, shop: FakeReceiver
) -> None:
    hook = await endpoint(merchant, shop.url, event_types=["order.received"])
    shop.replies.append(Reply(410))
    await happen(works, merchant)
    await post.carry()
    health = await hook.now()
    assert (health["state"], health["disabled_reason"], health["enabled"]) == ("disabled", "gone", False)
    await happen(works, merchant)
    await post.later(DAY)
    assert len(shop.got) == 1
    refused = await merchant.post(f"{hook.path}/test")
    assert (refused.status_code, refused.json()["code"]) == (409, "endpoint_disabled")
    enabled = await merchant.patch(hook.path, {"enabled": True})
    assert (enabled.json()["state"], enabled.json()["disabled_reason"]) == ("healthy", None)
    await post.carry()
    assert sorted(shop.ids[1:]) == sorted(await event_ids(worker_works)), "what was pending, and what came meanwhile"


async def test_days_of_failures_disable_with_a_notice_to_the_others(
    works: Works, merchant: Client, post: Post, shop: FakeReceiver
) -> None:
    dead = await endpoint(merchant, f"http://127.0.0.1:{free_port()}/", event_types=["order.received"])
    await endpoint(merchant, shop.url, event_types=["webhook_endpoint.disabled"])
    await happen(works, merchant)
    await post.carry()
    while (await dead.now())["state"] == "failing":
        await happen(works, merchant)
        await post.later(timedelta(hours=12))
    health = await dead.now()
    assert (health["state"], health["disabled_reason"], health["last_success_at"]) == ("disabled", "failing", None)
    assert timedelta(days=5) <= post.ahead <= timedelta(days=6)
    await post.carry()
    (notice,) = shop.got
    assert json.loads(notice.body)["data"] == {"endpoint_id": dead.id, "reason": "failing"}
    logged = await merchant.get("/v1/events", type="webhook_endpoint.disabled")
    assert len(logged.json()["data"]) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_failures_that_say_so(
    works: Works, merchant: Client, post: Post, shop: FakeReceiver, status: int
) -> None:
    hook = await endpoint(merchant, shop.url)
    async with receiver() as elsewhere:
        shop.always = Reply(status, {"Location": elsewhere.url})
        await happen(works, merchant)
        await post.carry()
        assert elsewhere.got == []
    (attempt,) = await hook.attempts()
    assert "redirects are not followed" in str(attempt["error"])
    assert attempt["response_headers"] == {"location": elsewhere.url}


async def test_an_answer_without_end_is_cut_off(
    works: Works, merchant: Client, vault: Vault, post: Post, shop: FakeReceiver, settings: Settings
) -> None:
    hook = await endpoint(merchant, shop.url)
    hurried = replace(settings, webhooks=replace(settings.webhooks, timeout=0.3))
    shop.replies.extend([Reply(500, body=b"x", stalls=True), Reply(200, body=b"x" * 200_000)])
    patient = post.courier
    async with courier(post.works, hurried, vault) as post.courier:
        await happen(works, merchant)
        await post.carry()
    post.courier = patient
    await post.later(MINUTE)
    long, slow = await hook.attempts()
    assert (slow["status"], slow["response_body"]) == (500, "x")
    assert "0.3 seconds" in str(slow["error"])
    assert (long["status"], long["response_body"], long["error"]) == (200, "x" * 2048, None)


async def test_a_slow_receiver_never_delays_another(
    works: Works, merchant: Client, post: Post, settings: Settings
) -> None:
    """Five never answer, fourteen are quick; all are due in one round. Everything reaches the quick ones while every
    request to the others is still open, and no slow one has more of them than its share."""
    never = asyncio.Event()
    quick_count, slow_count, events = 14, 5, 40
    async with AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(receiver(Reply(after=never))) for _ in range(slow_count)]
        quick = [await stack.enter_async_context(receiver()) for _ in range(quick_count)]
        for each in (*slow, *quick):
            await endpoint(merchant, each.url)
        await happen(works, merchant, events)
        await post.number()
        stop = asyncio.Event()
        running = asyncio.create_task(post.courier.run(stop))
        for each in quick:
            await each.until(lambda each=each: len(set(each.ids)) == events)  # type: ignore[misc]
        for each in slow:
            await each.until_got(1)
        assert all(len(each.got) <= settings.webhooks.wave for each in slow)
        assert all(len(each.got) == events for each in quick), "each once"
        never.set()
        stop.set()
        await running


async def test_a_courier_that_dies_leaves_its_attempt_and_another_sends_again(
    works: Works, merchant: Client, vault: Vault, post: Post, shop: FakeReceiver, settings: Settings
) -> None:
    hook = await endpoint(merchant, shop.url)
    shop.replies.append(Reply(after=asyncio.Event()))
    await happen(works, merchant)
    await post.number()
    async with courier(post.works, settings, vault) as first:
        await first.step()
        await first.step()
        await shop.until_got(1)
        for task in first._serving:
            task.cancel()
        await asyncio.gather(*first._serving, return_exceptions=True)
    (attempt,) = await hook.attempts()
    assert (attempt["number"], attempt["ended_at"], attempt["status"]) == (1, None, None)
    await post.carry()
    assert len(shop.got) == 1, "its lease still lives"
    await post.later(MINUTE)
    assert [got.id for got in shop.got] == [shop.got[0].id] * 2
    again, broken = await hook.attempts()
    assert (again["number"], again["status"], broken["ended_at"]) == (2, 204, None)


async def test_the_rate_is_never_exceeded(works: Works, merchant: Client, post: Post, shop: FakeReceiver) -> None:
    await endpoint(merchant, shop.url, rate_per_second=3)
    await happen(works, merchant, 9)
    stamp = post.now()
    post.works.clock = lambda: stamp
    await post.carry()
    assert len(shop.got) == 3
    for seconds in (1, 2):
        post.works.clock = lambda seconds=seconds: stamp + timedelta(seconds=seconds)  # type: ignore[misc]
        await post.carry()
        assert len(shop.got) == 3 * (seconds + 1)


async def test_a_deleted_endpoint_is_told_nothing_more(
    works: Works, merchant: Client, post: Post, shop: FakeReceiver
) -> None:
    hook = await endpoint(merchant, shop.url)
    shop.replies.append(Reply(500))
    await happen(works, merchant)
    await post.carry()
    (delivery,) = await hook.deliveries()
    assert (await merchant.http.delete(hook.path, headers=merchant.headers())).status_code == 204
    await post.later(DAY)
    assert len(shop.got) == 1
    for path in (hook.path, f"{hook.path}/deliveries", f"/v1/webhook-deliveries/{delivery['id']}"):
        assert (await merchant.get(path)).status_code == 404
