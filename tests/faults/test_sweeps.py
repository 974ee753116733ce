"""Webhooks get lost, workers die in mid-sweep: afterwards every order of the storefront is here exactly once."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop, woocommerce_storefront
from fulfilhub.demo.storefronts.woocommerce.orders import Ware
from tests.fakes.serving import free_port, serving
from tests.faults.rig import WORKERS, Json, Rig, until
from tests.faults.shop import Shop

SEED = int(os.environ.get("FAULTS_SEED", "1"))
SECONDS = float(os.environ.get("FAULTS_SECONDS", "180"))


@dataclass(slots=True)
class Leaky:
    """A WooCommerce shop, connected, whose webhooks arrive now and then."""

    shop: Shop
    front: WooCommerceShop
    ware: Ware
    store: str
    chance: random.Random
    arrived: set[str] = field(default_factory=set)

    async def buy(self, count: int, losing: float) -> None:
        """Customers buy; each webhook is lost by chance, others come twice."""
        for _ in range(count):
            order = self.front.place_order([(self.ware, 1)])
            if self.chance.random() < losing:
                continue
            delivery = self.front.order_created(order)
            for _ in range(self.chance.choice((1, 1, 2))):
                answer = await self.shop.http.post(
                    f"/v1/stores/{self.store}/webhooks/woocommerce", content=delivery.body, headers=delivery.headers
                )
                if answer.is_success:
                    self.arrived.add(str(order["id"]))

    async def sweep(self) -> None:
        await self.shop.merchant.post(f"/v1/stores/{self.store}/sweep")

    async def completeness(self) -> Json:
        return await self.shop.merchant.get(f"/v1/stores/{self.store}/completeness")

    async def whole(self) -> bool:
        """Whether nothing waits, and every order is here."""
        told = await self.completeness()
        return (
            not told["sweeping"] and not told["orders"]["waiting"] and told["orders"]["seen"] >= len(self.front.orders)
        )

    async def check(self) -> None:
        """Each order of the storefront is here, once; those whose webhook never came are said to have come late."""
        wanted = {str(number) for number in self.front.orders}
        listed = await self.shop.orders()
        assert set(listed) == wanted
        assert all(len(found) == 1 for found in listed.values())
        late = [
            str(row["external_id"]) async for row in self.shop.merchant.every(f"/v1/stores/{self.store}/late-orders")
        ]
        assert len(late) == len(set(late)), "nothing is late twice"
        assert set(late) >= wanted - self.arrived
        received = [event["data"]["order_id"] for event in await self.shop.told("order.received")]
        assert sorted(received) == sorted(str(order["id"]) for found in listed.values() for order in found)


@asynccontextmanager
async def leaky(shop: Shop) -> AsyncIterator[Leaky]:
    """Opens it on a port of its own and connects it."""
    port = free_port()
    front = WooCommerceShop(f"http://127.0.0.1:{port}", "ck_1", "cs_1", secrets.token_hex(16))
    ware = front.stock("MUG", "Mug", "8.50")
    async with serving(woocommerce_storefront(front), port):
        made = await shop.merchant.post(
            "/v1/stores",
            {
                "platform": "woocommerce",
                "name": "Leaky",
                "base_url": front.url,
                "credentials": {"consumer_key": "ck_1", "consumer_secret": "cs_1"},
                "webhook_secret": front.webhook_secret,
            },
        )
        assert isinstance(made["store"], dict)
        yield Leaky(shop, front, ware, str(made["store"]["id"]), random.Random(SEED))


async def test_workers_killed_in_mid_sweep_lose_nothing(rig: Rig, shop: Shop) -> None:
    async with leaky(shop) as store:
        await store.buy(160, losing=0.75)
        await rig.settled()
        before = len(await shop.orders())
        await store.sweep()

        async def under_way() -> bool:
            query = "SELECT count(*) FROM orders WHERE merchant_id = $1"
            return await rig.number(query, shop.id) >= before + 15

        await until(under_way)
        for worker in WORKERS:
            rig.kill(worker)
        await until(store.whole)
        await rig.settled()
        await store.check()
        told = await store.completeness()
        assert told["held_back_by"] is None
        assert told["state"] == ("never" if told["complete_up_to"] is None else "complete")


@pytest.mark.soak
async def test_nothing_is_missed_whatever_dies_when(rig: Rig, shop: Shop) -> None:
    chance, begun = random.Random(SEED), time.monotonic()
    async with leaky(shop) as store:
        while time.monotonic() - begun < SECONDS:
            buying = asyncio.create_task(store.buy(60, losing=0.4))
            await store.sweep()
            await asyncio.sleep(chance.uniform(0, 2))
            rig.kill(chance.choice((*WORKERS, "relay")))
            await buying
            await rig.whole()
        await store.sweep()
        await until(store.whole, 120)
        await rig.settled(120)
        await store.check()
