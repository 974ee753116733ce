"""A Shopify shop in a storm: customers buy, the merchant changes its mind, messages get lost, doubled and shuffled, the
API slows down, fails after doing what it was asked, and goes away for a while. Afterwards both sides must agree."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from fulfilhub.demo.door import rows
from tests.fakes.serving import free_port, serving
from tests.fakes.shopify import moves, orders, requests
from tests.fakes.shopify.actions import DONE, asked_to_cancel
from tests.fakes.shopify.api import shopify
from tests.fakes.shopify.cost import Bucket
from tests.fakes.shopify.faults import Fault
from tests.fakes.shopify.messages import Subscription
from tests.fakes.shopify.shop import Shop as Front
from tests.fakes.shopify.things import FulfillmentOrder, LineItem, Location, Order, ProductVariant
from tests.faults.rig import Json, Rig, until
from tests.faults.shop import SKUS, Shop

WEATHER = {
    Fault.THROTTLED: 0.03,
    Fault.TOO_MANY: 0.01,
    Fault.FAIL: 0.01,
    Fault.BAD_GATEWAY: 0.01,
    Fault.INTERNAL: 0.01,
    Fault.FAIL_AFTER: 0.02,
}
"""The share of calls that go wrong, and how."""

TOPICS = frozenset(
    {"orders/create", "orders/updated", "orders/edited", "orders/cancelled", "orders/fulfilled", "refunds/create"}
    | {
        "fulfillment_orders/" + what
        for what in ("cancelled", "merged", "moved", "placed_on_hold", "hold_released", "split")
    }
    | {"fulfillment_orders/" + what for what in ("fulfillment_request_submitted", "cancellation_request_submitted")}
    | {"inventory_levels/update"}
)
ASKED = {"SUBMITTED", "ACCEPTED", "CANCELLATION_REJECTED"}
"""Request statuses of fulfilment orders that are a service's to fulfil."""

LINES = """
SELECT o.external_id AS order_id, o.status, l.external_id AS line_id, l.ordered, l.cancelled, l.shipped, l.reduce_to
FROM orders AS o JOIN order_lines AS l ON l.merchant_id = o.merchant_id AND l.order_id = o.id
WHERE o.merchant_id = $1
"""
PARCELS = """
SELECT o.external_id AS order_id, p.tracking_number FROM parcels AS p
JOIN orders AS o ON o.merchant_id = p.merchant_id AND o.id = p.order_id WHERE o.merchant_id = $1
"""
SELLABLE = """
SELECT p.sku, sum(l.available)::int AS units FROM stock_levels AS l
JOIN products AS p ON p.merchant_id = l.merchant_id AND p.id = l.product_id WHERE p.merchant_id = $1 GROUP BY p.sku
"""


@dataclass(slots=True)
class Storm:
    """`shop`: the merchant at FulfilHub; `front`: its shop. `here`: the location that stands for FulfilHub: the shop's own
    when all orders are FulfilHub's in whole, a fulfilment service's when it is asked for them. `other`: another place of
    the merchant's."""

    rig: Rig
    shop: Shop
    front: Front
    http: httpx.AsyncClient
    store: str
    variants: dict[str, ProductVariant]
    here: Location
    other: Location
    chance: random.Random
    calm: bool = True
    trouble: list[str] = field(default_factory=list)

    # -- weather --

    def rise(self) -> None:
        """The storm begins."""
        self.calm = False
        self.front.faults.by_chance = dict(WEATHER)
        self.front.outbox.losing, self.front.outbox.doubling, self.front.outbox.shuffled = 0.1, 0.1, True

    def abate(self) -> None:
        """And ends; what was lost stays lost."""
        self.calm = True
        self.front.faults.by_chance.clear()
        self.front.faults.ahead.clear()
        self.front.faults.down = False
        self.front.outbox.losing = self.front.outbox.doubling = 0.0

    async def carry(self) -> None:
        """Carry messages until told to stop."""
        while True:
            if not await self.front.outbox.carry(self.http, self.chance):
                await asyncio.sleep(0.05)

    async def outages(self) -> None:
        """The shop's API goes away now and then."""
        while True:
            await asyncio.sleep(self.chance.uniform(1.0, 3.0))
            self.front.faults.down = not self.calm
            await asyncio.sleep(self.chance.uniform(0.5, 1.5))
            self.front.faults.down = False

    # -- trade --

    def buy(self) -> Order:
        """One to three lines of one to three units."""
        bought = [
            (self.variants[sku], self.chance.randint(1, 3))
            for sku in self.chance.sample(SKUS, self.chance.randint(1, len(SKUS)))
        ]
        at = [self.here, self.front.primary] if self.asks and self.chance.random() < 0.2 else [self.here]
        return orders.place(self.front, bought, at=at)

    @property
    def asks(self) -> bool:
        """Does the shop ask for what it wants, order by order?"""
        return self.here.is_fulfillment_service

    def second_thoughts(self, order: Order) -> None:
        """The merchant does something with an order of which nothing was sent yet."""
        if order.cancelled_at:
            return
        open_ones = [row for row in order.fulfillment_orders if row.status == "OPEN"]
        act: Callable[[], object] = self.chance.choice(
            [
                lambda: orders.cancel(self.front, order),
                lambda: self._edit(order),
                lambda: self._edit(order),
                lambda: orders.edit(
                    self.front, order, add=[(self.variants[self.chance.choice(SKUS)], 1)], at=self.here
                ),
                lambda: orders.change(self.front, order, note="Leave it with the neighbours."),
                lambda: self._split(open_ones),
                lambda: self._move(open_ones),
                lambda: self._hold(open_ones),
                lambda: self._recall(order),
            ]
        )
        act()

    def _recall(self, order: Order) -> None:
        """The merchant wants it back; what was not accepted yet goes elsewhere or is asked for again."""
        for waiting in order.fulfillment_orders:
            if waiting.service is None or waiting.request_status not in ASKED or asked_to_cancel(waiting):
                continue
            if waiting.status == "IN_PROGRESS":
                requests.ask_to_cancel(self.front, waiting, "The customer changed her mind.")
            elif waiting.status == "OPEN":
                requests.ask_to_cancel(self.front, waiting)
                if self.chance.random() < 0.5:
                    moves.move(self.front, waiting, self.other)
                else:
                    requests.submit(self.front, waiting)

    def _edit(self, order: Order) -> None:
        wanted = {line: self.chance.randint(0, line.current_quantity) for line in order.line_items}
        if not any(wanted.values()):
            wanted[order.line_items[0]] = order.line_items[0].current_quantity
        orders.edit(self.front, order, wanted)

    def _add(self, order: Order) -> None:
        orders.edit(self.front, order, add=[(self.variants[self.chance.choice(SKUS)], 1)], at=self.here)

    def _split(self, found: list[FulfillmentOrder]) -> None:
        for waiting in found[:1]:
            if waiting.remaining > 1 and waiting.service is None:
                row = max(waiting.line_items, key=lambda each: each.remaining_quantity)
                moves.split(self.front, waiting, [{"id": row.id, "quantity": 1}])

    def _move(self, found: list[FulfillmentOrder]) -> None:
        for waiting in found[:1]:
            if waiting.location is not self.other and waiting.service is None:
                moves.move(self.front, waiting, self.other)

    def _hold(self, found: list[FulfillmentOrder]) -> None:
        for waiting in found[:1]:
            moves.hold(self.front, waiting, notes="Is the address right?")
            moves.release(self.front, waiting)

    async def trade(self, count: int) -> None:
        """So many orders in waves, each followed by second thoughts about some of all there are."""
        left = count
        while left:
            wave = [self.buy() for _ in range(min(left, 20))]
            left -= len(wave)
            await asyncio.sleep(0)
            for order in self.chance.sample(self.front.orders, max(len(wave) // 2, 1)):
                self.second_thoughts(order)
            if self.chance.random() < 0.3:
                await self.sweep()
            await asyncio.sleep(self.chance.uniform(0, 0.2))

    async def sweep(self) -> None:
        """Let FulfilHub look through the shop for what it was not told."""
        await self.shop.merchant.post(f"/v1/stores/{self.store}/sweep", {})
        await self.rig.rows(
            "UPDATE store_pulls SET next_at = now() WHERE merchant_id = $1 RETURNING store_id", self.shop.id
        )

    # -- agreement --

    async def differences(self) -> list[str]:
        """Where the two sides do not agree on orders and their units."""
        ours: dict[str, dict[str, Any]] = {}
        for each in await self.rig.rows(LINES, self.shop.id):
            ours.setdefault(each["order_id"], {})[each["line_id"]] = each
        told = [f"{order} is not the shop's" for order in ours.keys() - {order.id for order in self.front.orders}]
        for order in self.front.orders:
            lines = ours.get(order.id)
            if lines is None:
                told.append(f"{order.name} is missing")
                continue
            for line in order.line_items:
                wanted, sent = self._wanted(line), self._sent(line)
                row = lines.get(line.id)
                has = None if row is None else row["ordered"] - row["cancelled"]
                if has != wanted and not (row is None and not wanted):
                    told.append(f"{order.name} {line.sku}: {has} instead of {wanted}")
                if row is not None and row["shipped"] != sent:
                    told.append(f"{order.name} {line.sku}: {row['shipped']} shipped, the shop knows of {sent}")
        return told

    def _sent(self, line: LineItem) -> int:
        """Units that FulfilHub sent."""
        return sum(
            row.quantity
            for sent in line.order.fulfillments
            if sent.status == "SUCCESS" and (not self.asks or sent.location is self.here)
            for row in sent.fulfillment_line_items
            if row.line_item is line
        )

    def _wanted(self, line: LineItem) -> int:
        """Units that FulfilHub is to send, or has sent."""
        if not self.asks:
            return line.unfulfilled_quantity + line.sent
        return self._sent(line) + sum(
            row.remaining_quantity
            for waiting in line.order.fulfillment_orders
            if waiting.location is self.here and waiting.request_status in ASKED and waiting.status not in DONE
            for row in waiting.line_items
            if row.line_item is line
        )

    async def answered(self) -> list[str]:
        """What the shop asked for and was not answered."""
        return [
            f"{order.name} {waiting.id}: {waiting.status} {waiting.request_status}"
            for order in self.front.orders
            for waiting in order.fulfillment_orders
            if (waiting.status == "OPEN" and waiting.request_status == "SUBMITTED") or asked_to_cancel(waiting)
        ]

    async def shipped(self) -> list[str]:
        """What is wanted and was not sent, by what the shop knows."""
        return [
            f"{order.name} {line.sku}: {left} not sent"
            for order in self.front.orders
            for line in order.line_items
            if (left := self._wanted(line) - self._sent(line)) and not order.cancelled_at
        ]

    async def tracked(self) -> list[str]:
        """Where they do not agree on tracking numbers: each parcel is told, each is told once."""
        ours: dict[str, Counter[str]] = {}
        for row in await self.rig.rows(PARCELS, self.shop.id):
            ours.setdefault(row["order_id"], Counter())[row["tracking_number"]] += 1
        told = []
        for order in self.front.orders:
            shown: Counter[str] = Counter()
            for sent in order.fulfillments:
                shown.update({info["number"] for info in sent.tracking_info})
            places = Counter(
                (sent.location.id, info["number"]) for sent in order.fulfillments for info in sent.tracking_info
            )
            if set(shown) != set(ours.get(order.id, ())):
                told.append(f"{order.name}: {dict(shown)} instead of {dict(ours.get(order.id, {}))}")
            told += [f"{order.name}: {number} told twice" for (_, number), times in places.items() if times > 1]
        return told

    async def stocked(self) -> list[str]:
        """Where they do not agree on what can be sold."""
        sellable = {row["sku"]: row["units"] for row in await self.rig.rows(SELLABLE, self.shop.id)}
        shown = {
            sku: level.quantities["available"] if (level := variant.inventory_item.levels.get(self.here.id)) else None
            for sku, variant in self.variants.items()
        }
        return [
            f"{sku}: {shown[sku]} instead of {sellable.get(sku)}" for sku in shown if shown[sku] != sellable.get(sku)
        ]

    async def agree(self, *checks: Callable[[], Any], seconds: float = 120.0) -> None:
        """Wait until all checks find nothing."""

        async def nothing() -> bool:
            self.trouble = [each for check in checks for each in await check()]
            return not self.trouble

        try:
            await until(nothing, seconds)
        except AssertionError:
            raise AssertionError(f"{len(self.trouble)} differences: {self.trouble[:20]}") from None


@asynccontextmanager
async def storm(rig: Rig, shop: Shop, seed: int, *, service: bool = False) -> AsyncIterator[Storm]:
    """A Shopify shop on a port of its own, connected with a token of its own, its stock kept by FulfilHub. With
    `service`, the warehouse has a fulfilment service in the shop, and only what that is asked is FulfilHub's."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    front = Front(chance=random.Random(seed), bucket=Bucket(maximum=4000.0, rate=2000.0, available=4000.0))
    other = front.add_location("Back room")
    variants = {sku: front.add_product(sku, sku.title(), "8.50", units=1) for sku in SKUS}
    for variant in variants.values():
        front.stock(variant, other, 0)
    async with serving(shopify(front, url=url), port), httpx.AsyncClient(trust_env=False, timeout=10) as http:
        made = await shop.merchant.post(
            "/v1/stores",
            {
                "platform": "shopify",
                "name": "Stormy",
                "base_url": url,
                "shop_domain": front.domain,
                "credentials": {"access_token": "shpat_1"},
                "webhook_secret": front.client_secrets[0],
                "settings": {"stock_sync": True} | ({} if service else {"stock_location": front.primary.id}),
            },
        )
        store: Json = made["store"]  # type: ignore[assignment]
        front.outbox.subscriptions.append(Subscription(f"{rig.url}/v1/stores/{store['id']}/webhooks/shopify", TOPICS))
        products = {str(each["sku"]): str(each["id"]) async for each in shop.merchant.every("/v1/products")}
        for sku, variant in variants.items():
            listing = {"store_id": store["id"], "external_id": variant.id, "product_id": products[sku]}
            await shop.merchant.post("/v1/listings", listing)
        here = await _registered(shop, str(store["id"]), front) if service else front.primary
        whole = Storm(rig, shop, front, http, str(store["id"]), variants, here, other, random.Random(seed))
        tasks = [asyncio.create_task(whole.carry()), asyncio.create_task(whole.outages())]
        try:
            yield whole
        finally:
            for task in tasks:
                task.cancel()


async def _registered(shop: Shop, store: str, front: Front) -> Location:
    """The location of the warehouse's fulfilment service, once the shop has it."""
    wanted = [{"warehouse_id": shop.warehouse_id, "name": "FulfilHub North"}]
    await shop.merchant.put(f"/v1/stores/{store}/locations", {"services": wanted})

    async def known() -> bool:
        page = await shop.merchant.get(f"/v1/stores/{store}/locations")
        return any(each["ours"] and each["warehouse_id"] for each in rows(page["data"]))

    await until(known)
    (service,) = front.services
    return service.location
