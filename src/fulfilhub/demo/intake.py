"""Orders come in by every door: captured and fresh WooCommerce deliveries, Shopify's, and our own API. Some come
twice, and some can't be read whole."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import httpx

from fulfilhub.demo.door import Door, JsonObject, StepFailed, rows
from fulfilhub.demo.goods import SOLD
from fulfilhub.demo.people import Crowd, Person
from fulfilhub.demo.world import STRAY, StoreKept, World

CAPTURED, WOOCOMMERCE, SHOPIFY, SINGLE, BATCHED = 4, 12, 10, 6, 10
NAMES = {good.sku: good.name for good in SOLD}
PRICES = {good.sku: round(float(good.price) * 100) for good in SOLD}


@dataclass(slots=True)
class Taken:
    """What was sent: how many different orders, how many messages were repeats, and which can't be read whole. `lost`
    is the storefront's number of an order of which no message arrived."""

    orders: int = 0
    repeats: int = 0
    unreadable: int = 0
    without_address: str = ""
    its_person: Person | None = None
    lost: str = ""
    deliveries: list[tuple[StoreKept, JsonObject]] = field(default_factory=list)


class Intake:
    """One morning of orders for the demo's merchant."""

    def __init__(self, http: httpx.AsyncClient, world: World, seed: int = 7) -> None:
        self._http = http
        self._world = world
        self._ada = Door(http, world.merchant_key)
        self._crowd = Crowd(seed)
        self._turns = asyncio.Semaphore(8)
        self.taken = Taken()

    async def everything(self, now: Callable[[str], None]) -> Taken:
        """Send it all; `now` hears how far it is. Raises StepFailed when a door does not take what it must."""
        steps: Sequence[tuple[str, Callable[[], Awaitable[None]]]] = (
            ("WooCommerce's pings", self._pings),
            ("captured WooCommerce deliveries", self._captured),
            ("WooCommerce orders", self._woocommerce),
            ("Shopify orders", self._shopify),
            ("orders by API", self._single),
            ("a batch by API", self._batch),
            ("the same once more", self._again),
            ("one more WooCommerce order, whose webhook is lost", self._lost),
        )
        for words, step in steps:
            now(words)
            await step()
        now(f"{self.taken.orders} orders, {self.taken.repeats} messages sent twice, {self.taken.unreadable} unreadable")
        return self.taken

    async def _till(self, store: StoreKept, path: str, body: object) -> JsonObject:
        answer = await self._http.post(f"{store.shop.url}/_till{path}", json=body)
        if answer.is_error:
            raise StepFailed(f"The {store.shop.platform} storefront answered {answer.status_code}: {answer.text[:200]}")
        made: JsonObject = answer.json()
        return made

    async def _deliver(self, store: StoreKept, delivery: Mapping[str, object]) -> None:
        headers = delivery["headers"]
        if not isinstance(headers, dict):
            raise StepFailed("The storefront made a delivery without headers.")
        async with self._turns:
            answer = await self._http.post(store.webhook_url, content=str(delivery["body"]).encode(), headers=headers)
        if not answer.is_success:
            raise StepFailed(f"A delivery to {store.webhook_url} was answered {answer.status_code}: {answer.text[:99]}")

    async def _deliver_all(self, store: StoreKept, bought: JsonObject) -> None:
        """A shop's deliveries of one order, the pair at once: they may arrive in either order."""
        told = rows(bought["deliveries"])
        await asyncio.gather(*(self._deliver(store, each) for each in told))
        self.taken.deliveries += [(store, each) for each in told]
        self.taken.orders += 1

    async def _pings(self) -> None:
        store = self._world.woocommerce
        answer = await self._http.post(f"{store.shop.url}/_till/ping")
        for ping in answer.json():
            await self._deliver(store, ping)

    async def _captured(self) -> None:
        """One delivery byte for byte as a real WooCommerce sent it, and variants of it with other numbers."""
        store = self._world.woocommerce
        captured = json.loads((files("fulfilhub.demo") / "captures" / "order.created.json").read_text())
        body = str(captured["body_raw"])
        for place in range(CAPTURED):
            its_id = int(captured["body"]["id"]) + 9000 * place
            variant = body.replace(f'"id":{captured["body"]["id"]},"parent', f'"id":{its_id},"parent', 1)
            variant = variant.replace(f'"number":"{captured["body"]["number"]}"', f'"number":"{its_id}"', 1)
            bought = await self._till(store, "/captured", {"headers": captured["headers"], "body": variant})
            await self._deliver_all(store, bought)

    async def _woocommerce(self) -> None:
        for place in range(WOOCOMMERCE):
            person, units = self._crowd.person(), self._crowd.basket()
            if place == 5:
                units[STRAY.sku] = 1
                self.taken.unreadable += 1
            method = "Express delivery" if place % 6 == 1 else "Flat rate"
            body = {"units": units, "address": person.woocommerce(), "email": person.email, "method": method}
            await self._deliver_all(self._world.woocommerce, await self._till(self._world.woocommerce, "", body))

    async def _shopify(self) -> None:
        store = self._world.shopify
        for place in range(SHOPIFY):
            person, units = self._crowd.person(), self._crowd.basket()
            address = None if place == 3 else person.shopify()
            body = {"units": units, "address": address, "email": person.email, "method": "Standard"}
            bought = await self._till(store, "", body)
            if address is None:
                self.taken.unreadable += 1
                self.taken.without_address, self.taken.its_person = str(bought["external_id"]), person
            await self._deliver_all(store, bought)

    def _order(self, number: str) -> JsonObject:
        person = self._crowd.person()
        basket = self._crowd.basket()
        placed = datetime.now(UTC) - timedelta(minutes=5)
        return {
            "external_id": f"shop-{number}",
            "number": number,
            "currency": "GBP",
            "placed_at": placed.isoformat(),
            "email": person.email,
            "ship_to": person.api(),
            "total_minor": sum(PRICES[sku] * units for sku, units in basket.items()),
            "lines": [
                {
                    "external_id": str(place),
                    "sku": sku,
                    "title": NAMES[sku],
                    "quantity": units,
                    "unit_price_minor": PRICES[sku],
                }
                for place, (sku, units) in enumerate(basket.items(), 1)
            ],
        }

    async def _single(self) -> None:
        orders = [self._order(f"A{1000 + place}") for place in range(SINGLE)]
        rows(orders[4]["lines"])[0]["sku"] = STRAY.sku
        self.taken.unreadable += 1
        await asyncio.gather(*(self._ada.post("/v1/orders", order) for order in orders))
        self.taken.orders += SINGLE
        self._first = orders[0]
        again = await self._ada.post("/v1/orders", orders[1])
        if again["external_id"] != orders[1]["external_id"]:
            raise StepFailed("An order sent again was not answered as the order it is.")
        self.taken.repeats += 1

    async def _batch(self) -> None:
        orders = [self._order(f"B{2000 + place}") for place in range(BATCHED)]
        orders[6]["ship_to"] = None
        self.taken.unreadable += 1
        answers = rows((await self._ada.post("/v1/orders/batch", {"orders": [*orders, self._first]}))["data"])
        bad = [each for each in answers if not 200 <= int(str(each["status"])) < 300]
        if bad:
            raise StepFailed(f"An order of the batch was refused: {bad[0]}")
        self.taken.orders += BATCHED
        self.taken.repeats += 1

    async def _again(self) -> None:
        """Storefronts repeat themselves: every fourth delivery comes once more, some of them many times at once."""
        again = self.taken.deliveries[::4]
        again += [again[0]] * 3
        await asyncio.gather(*(self._deliver(store, each) for store, each in again))
        self.taken.repeats += len(again)

    async def _lost(self) -> None:
        """A customer buys, and the shop's messages of it never arrive."""
        person = self._crowd.person()
        body = {"units": self._crowd.basket(), "address": person.woocommerce(), "email": person.email}
        bought = await self._till(self._world.woocommerce, "", body | {"method": "Flat rate"})
        self.taken.lost = str(bought["external_id"])
