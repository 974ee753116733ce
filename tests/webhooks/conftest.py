"""A courier run by hand, a clock that can be turned, and a receiver that listens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import text

from fulfilhub.orders.events import OrderReceived
from fulfilhub.platform import ids
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.jobs.relay import Relay
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.webhooks.tasks.courier import Courier, courier
from tests.fakes.receiver import FakeReceiver, receiver
from tests.make.world import Client, JsonObject


@dataclass
class Post:
    """The way from a fact to a receiver, step by step. `ahead` turns the clock."""

    works: Works
    courier: Courier
    relay: Relay
    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return utc_now() + self.ahead

    async def number(self) -> None:
        """What the relay does with committed events."""
        while await self.relay.number_events():
            continue

    async def carry(self) -> None:
        """Number events and send all that is due, until nothing is."""
        await self.number()
        while await self.courier.step():
            await self.courier.idle()

    async def later(self, wait: timedelta) -> None:
        """Let time pass, then send what is due."""
        self.ahead += wait
        await self.carry()


@pytest.fixture
async def post(worker_works: Works, settings: Settings, vault: Vault) -> AsyncIterator[Post]:
    works = Works(worker_works.engine, worker_works._wiring)
    async with courier(works, settings, vault) as at_work:
        made = Post(works, at_work, Relay(works, lambda _: None, {}, 0.1))
        works.clock = made.now
        yield made
        await made.courier.idle()


@pytest.fixture
async def shop() -> AsyncIterator[FakeReceiver]:
    async with receiver() as made:
        yield made


@dataclass
class Endpoint:
    """An endpoint of an account and its first secret."""

    owner: Client
    id: str
    secret: str

    @property
    def path(self) -> str:
        return f"/v1/webhook-endpoints/{self.id}"

    async def now(self) -> JsonObject:
        """The endpoint as its owner sees it."""
        answer = await self.owner.get(self.path)
        assert answer.status_code == 200, answer.text
        return cast(JsonObject, answer.json())

    async def deliveries(self, **query: str) -> list[JsonObject]:
        """Its deliveries, newest first."""
        return cast("list[JsonObject]", (await self.owner.get(f"{self.path}/deliveries", **query)).json()["data"])

    async def attempts(self) -> list[JsonObject]:
        """The attempts of its only delivery, newest first."""
        (delivery,) = await self.deliveries()
        whole = (await self.owner.get(f"/v1/webhook-deliveries/{delivery['id']}")).json()
        return cast("list[JsonObject]", whole["attempts"])


async def endpoint(owner: Client, url: str, **members: object) -> Endpoint:
    """A new endpoint."""
    made = await owner.made("/v1/webhook-endpoints", {"url": url, **members})
    shown = cast(JsonObject, made["endpoint"])
    return Endpoint(owner, str(shown["id"]), str(made["secret"]))


async def happen(works: Works, owner: Client, count: int = 1) -> list[UUID]:
    """So many orders are received; gives their ids. Each is a transaction of its own."""
    made = [ids.new() for _ in range(count)]
    for order_id in made:
        async with works.begin(Merchant(ids.ACCOUNT.find(owner.account_id))) as work:
            work.publish(OrderReceived(order_id=order_id, store_id=ids.new()))
    return made


async def event_ids(worker_works: Works, type_: str = "order.received") -> list[str]:
    """The log's events of a type as receivers know them, in the order of their numbers."""
    async with worker_works.begin(Platform("test")) as work:
        rows = await work.db.execute(text("SELECT id FROM events WHERE type = :type ORDER BY seq"), {"type": type_})
        return [ids.EVENT.show(row.id) for row in rows]
