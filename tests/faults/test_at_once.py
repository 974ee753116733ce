"""The same thing many times at once, through several real processes: one effect, and every caller told the truth."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from uuid import UUID

import httpx
import pytest

from fulfilhub.demo.door import rows
from fulfilhub.demo.storefronts.shop import SignedDelivery
from fulfilhub.demo.storefronts.shopify import ShopifyShop
from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop
from fulfilhub.platform.jobs import broker as jobs_broker
from fulfilhub.wiring import load_tasks
from tests.faults.rig import WORKERS, Json, Rig, client, until
from tests.faults.shop import Rush, Shop, an_order

TIMES = 8


def _woocommerce() -> tuple[Json, SignedDelivery]:
    shop = WooCommerceShop("http://127.0.0.1:9", "ck_1", "cs_1", secrets.token_hex(16))
    ware = shop.stock("MUG", "Mug", "8.50")
    told = {
        "platform": "woocommerce",
        "base_url": shop.url,
        "credentials": {"consumer_key": shop.consumer_key, "consumer_secret": shop.consumer_secret},
        "webhook_secret": shop.webhook_secret,
    }
    return told, shop.order_created(shop.place_order([(ware, 2)]))


def _shopify() -> tuple[Json, SignedDelivery]:
    shop = ShopifyShop("adas-mugs.myshopify.com", "shpat_1", secrets.token_hex(16))
    variant = shop.stock("MUG", "Mug", "8.50")
    told = {
        "platform": "shopify",
        "base_url": "http://127.0.0.1:9",
        "shop_domain": shop.domain,
        "credentials": {"access_token": shop.access_token},
        "webhook_secret": shop.client_secret,
    }
    return told, shop.order_created(shop.place_order([(variant, 2)]))


@pytest.mark.parametrize("storefront", [_woocommerce, _shopify], ids=["woocommerce", "shopify"])
async def test_a_delivery_sent_eight_times_at_once_is_one_order(rig: Rig, shop: Shop, storefront: object) -> None:
    assert callable(storefront)
    told, delivery = storefront()
    store = (await shop.merchant.post("/v1/stores", {"name": "Ada's Mugs", "shop_domain": "", **told}))["store"]
    assert isinstance(store, dict)
    async with client(rig) as http:
        answers = await asyncio.gather(
            *(http.post(store["webhook_url"], content=delivery.body, headers=delivery.headers) for _ in range(TIMES))
        )
    assert {answer.is_success for answer in answers} == {True}
    await rig.settled()
    messages = rows((await shop.merchant.get(f"/v1/stores/{store['id']}/messages"))["data"])
    assert [message["repeats"] for message in messages] == [TIMES - 1]
    (found,) = (await shop.orders()).values()
    assert [(order["store_id"], order["status"]) for order in found] == [(store["id"], "routed")]
    assert len(await shop.told("order.received")) == 1


async def test_one_idempotency_key_eight_times_at_once_has_one_effect(rig: Rig, shop: Shop) -> None:
    for path, body in (("/v1/orders", an_order("once")), ("/v1/products", {"sku": "JUG", "name": "Jug"})):
        headers = {"Authorization": f"Bearer {shop.merchant.key}", "Idempotency-Key": secrets.token_hex(8)}
        answers: list[httpx.Response] = list(
            await asyncio.gather(*(shop.http.post(path, json=body, headers=headers) for _ in range(TIMES)))
        )
        made = [answer for answer in answers if answer.status_code == 201]
        busy = [answer for answer in answers if answer.status_code == 409]
        assert len(made) + len(busy) == TIMES, [answer.status_code for answer in answers]
        assert len({answer.content for answer in made}) == 1
        assert {answer.json()["code"] for answer in busy} <= {"idempotency_in_progress"}
        replayed = await shop.http.post(path, json=body, headers=headers)
        assert (replayed.status_code, replayed.content) == (201, made[0].content)
    await rig.settled()
    assert len(await shop.told("order.received")) == 1
    assert len(rows((await shop.merchant.get("/v1/products", sku="JUG"))["data"])) == 1


async def test_two_workers_on_the_same_jobs_have_one_effect(rig: Rig, shop: Shop) -> None:
    pids = [rig.made.supervisor.pid(worker) for worker in WORKERS]
    rush = Rush(shop, orders=40)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        await rush.run()
        jobs = await rig.rows("SELECT kind, id FROM jobs WHERE account_id = $1 AND state = 'ready'", shop.id)
        assert len(jobs) == 40
        load_tasks()
        broker = jobs_broker.make_broker(rig.made.settings)
        handed: dict[tuple[str, UUID], list[UUID]] = {}
        for job in jobs:
            handed.setdefault((job["kind"], shop.id), []).append(job["id"])
        for _ in range(TIMES):
            jobs_broker.send(broker, handed)
        broker.close()
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    await rig.settled()
    await rush.check()
    await rush.all_routed()


async def test_a_reader_of_the_log_skips_nothing_while_many_write(rig: Rig, shop: Shop) -> None:
    rig.start("relay-2", "relay")
    rush, read, done = Rush(shop, orders=120, clients=16), list[Json](), asyncio.Event()

    async def follow() -> None:
        cursor: dict[str, str | int] = {}
        last = False
        while not last:
            last = done.is_set()
            page = await shop.merchant.get("/v1/events", limit=7, **cursor)
            read.extend(rows(page["data"]))
            cursor = {"cursor": str(page["next_cursor"])}
            last = last and not page["has_more"]

    try:
        reading = asyncio.create_task(follow())
        await rush.run()
        await rig.settled()
        done.set()
        await asyncio.wait_for(reading, 60)
    finally:
        rig.end("relay-2")
    assert [event["seq"] for event in read] == list(range(1, len(read) + 1))
    assert len(read) == await rig.number("SELECT count(*) FROM events WHERE account_id = $1", shop.id)
    await rush.check()


async def test_dead_jobs_are_listed_and_run_again_by_command_and_by_api(rig: Rig, shop: Shop) -> None:
    await Rush(shop, orders=2, clients=1).run()
    await rig.settled()
    await rig.rows(
        "INSERT INTO jobs (account_id, id, kind, args, state, attempts, due_at, next_at, created_at, last_error) "
        "SELECT merchant_id, id, 'fulfilment.follow_orders', jsonb_build_object('order_id', id), 'dead', 12, now(), "
        "       now(), now(), 'ValueError: planted' FROM orders WHERE merchant_id = $1",
        shop.id,
    )
    listed = rows((await shop.merchant.get("/v1/jobs"))["data"])
    assert len(listed) == 2
    told = rig.run("jobs", "dead").stdout
    assert all(f"{job['id']}  fulfilment.follow_orders  attempts=12  ValueError: planted" in told for job in listed)
    assert await shop.merchant.post(f"/v1/jobs/{listed[0]['id']}/rerun") == {"id": listed[0]["id"], "state": "ready"}
    assert rig.run("jobs", "rerun", str(listed[1]["id"])).stdout == "1 of 1 jobs run again.\n"
    assert rig.run("jobs", "rerun", str(listed[1]["id"])).stdout == "0 of 1 jobs run again.\n"

    async def gone() -> bool:
        return not await rig.number("SELECT count(*) FROM jobs WHERE account_id = $1", shop.id)

    await until(gone)
    assert rows((await shop.merchant.get("/v1/jobs"))["data"]) == []
