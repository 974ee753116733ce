"""Every webhook that Shopify publishes a sample of, through the app's door: well and badly signed, with the old secret,
again, in any order and all at once."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, replace
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from fulfilhub.demo.storefronts.shop import signature
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.fakes.shopify.messages import Message, message
from tests.fakes.shopify.shop import Shop
from tests.make.world import Client
from tests.stores.adapters.samples import needs_shopify_samples, webhook_samples
from tests.stores.conftest import Hand
from tests.stores.fronts import APP, NEW, OLD, SHOP, app_store

pytestmark = needs_shopify_samples

DOOR = "/shopify/webhooks"
#: They end the connection, so that nothing after them is read.
LAST = {"app/uninstalled", "shop/redact"}
SAMPLES = [(topic, body) for topic, body in webhook_samples() if topic not in LAST]


@dataclass
class Doorstep:
    """Shopify before the door: `shop` signs, `store` is whom it is meant for."""

    http: httpx.AsyncClient
    works: Works
    merchant: Client
    shop: Shop
    store: UUID

    def sent(self, topic: str, body: bytes, secret: str = NEW) -> Message:
        """A message as Shopify sends it, its body byte for byte the sample's."""
        made = message(self.shop, DOOR, topic, {})
        return Message(DOOR, topic, {**made.headers, "X-Shopify-Hmac-Sha256": signature(secret, body)}, body)

    async def knock(self, one: Message) -> int:
        return (await self.http.post(DOOR, content=one.body, headers=one.headers)).status_code

    async def kept(self) -> int:
        async with self.works.begin(Platform("test")) as work:
            return int((await work.db.execute(text("SELECT count(*) FROM inbox"))).scalar_one())

    async def messages(self) -> list[dict[str, object]]:
        found = []
        path = f"/v1/stores/{ids.STORE.show(self.store)}/messages?limit=100"
        page = (await self.merchant.get(path)).json()
        found += page["data"]
        assert not page["has_more"]
        return found


@pytest.fixture
async def settings(settings: Settings) -> Settings:
    return replace(settings, shopify=APP)


@pytest.fixture
async def step(http: httpx.AsyncClient, merchant: Client, worker_works: Works, vault: Vault) -> Doorstep:
    store = await app_store(worker_works, vault, ids.ACCOUNT.find(merchant.account_id))
    return Doorstep(http, worker_works, merchant, Shop(domain=SHOP, client_secrets=(NEW, OLD)), store)


async def test_each_comes_in_once_however_it_is_sent(step: Doorstep, hand: Hand) -> None:
    """Each twice, by either of the live secrets, in any order, eight at a time."""
    chance = random.Random(1)
    sent = [step.sent(topic, body, chance.choice((NEW, OLD))) for topic, body in SAMPLES]
    waiting = [one for one in sent for _ in range(2)]
    chance.shuffle(waiting)
    while waiting:
        batch, waiting = waiting[:8], waiting[8:]
        assert set(await asyncio.gather(*map(step.knock, batch))) == {200}
    assert await step.kept() == len(sent)
    await hand.run("stores.read_delivery")
    told = await step.messages()
    assert len(told) == len(sent)
    assert Counter(str(row["state"]) for row in told)["waiting"] == 0
    assert all(row["repeats"] == 1 for row in told)
    assert Counter(row["topic"] for row in told) == Counter(topic for topic, _ in SAMPLES)
    readable = {"orders/create", "orders/updated", "orders/edited", "orders/cancelled", "refunds/create"}
    assert not [row for row in told if row["topic"] in readable and row["state"] == "unreadable"]


async def test_one_that_is_badly_signed_leaves_nothing(step: Doorstep) -> None:
    for topic, body in SAMPLES:
        good = step.sent(topic, body)
        for signed in (signature("another secret", body), "", "nonsense", signature(NEW, body + b" ")):
            bad = Message(DOOR, topic, {**good.headers, "X-Shopify-Hmac-Sha256": signed}, body)
            assert await step.knock(bad) == 401
        if json.loads(body):
            assert await step.knock(replace(good, body=body.replace(b"{", b"{ ", 1))) == 401, "changed on its way"
    assert await step.kept() == 0


async def test_one_for_a_shop_that_is_nobodys_is_taken_and_not_kept(step: Doorstep) -> None:
    step.shop.domain = "nobodys.myshopify.com"
    for topic, body in SAMPLES:
        assert await step.knock(step.sent(topic, body)) == 200
    assert await step.kept() == 0


async def test_the_last_messages_end_the_connection_and_come_in_after_it(step: Doorstep, hand: Hand) -> None:
    """A shop is redacted days after it left: its message must find whose it was."""
    samples = dict(webhook_samples())
    samples["app/uninstalled"] = samples["app/uninstalled"].replace(
        b'"myshopify_domain": null', f'"myshopify_domain": "{SHOP}"'.encode()
    )
    for topic in ("app/uninstalled", "shop/redact"):
        one = step.sent(topic, samples[topic])
        assert [await step.knock(one), await step.knock(one)] == [200, 200]
        await hand.run("stores.read_delivery")
    assert await step.kept() == 2
