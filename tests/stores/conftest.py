"""A connected WooCommerce shop in memory, and a worker that runs tickets by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

import fulfilhub.stores.tasks  # noqa: F401 - registers the tasks
from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop, woocommerce_storefront
from fulfilhub.platform import ids
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.jobs.runner import Runner
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores.commands.connections import NewStore, connect
from fulfilhub.stores.rules import PlatformKind
from fulfilhub.stores.rules import Settings as StoreSettings
from tests.fakes.serving import in_memory


@dataclass
class Hand:
    """Runs an account's waiting tickets of one kind, as the relay and a worker would."""

    works: Works
    runner: Runner

    async def run(self, kind: str, *, later: int = 0) -> int:
        """Run what is due (`later`: in so many hours), one message per account. Gives how many tickets there were."""
        runner = self.runner
        if later:
            clock = lambda: utc_now() + timedelta(hours=later)  # noqa: E731
            runner = replace(runner, works=Works(self.works.engine, self.works._wiring, clock=clock))
        tickets = await self.waiting(kind)
        for account in {account for account, _ in tickets}:
            await runner.run(kind, account, [ticket for owner, ticket in tickets if owner == account])
        return len(tickets)

    async def waiting(self, kind: str) -> list[tuple[UUID, UUID]]:
        """(account, id) of the tickets that wait."""
        async with self.works.begin(Platform("test")) as work:
            rows = await work.db.execute(
                text("SELECT account_id, id FROM jobs WHERE kind = :kind AND state = 'ready' ORDER BY id"),
                {"kind": kind},
            )
            return [(row.account_id, row.id) for row in rows]


@dataclass
class Connected:
    """A merchant with one connected shop."""

    merchant: Merchant
    store_id: UUID
    shop: WooCommerceShop


@pytest.fixture
def shop() -> WooCommerceShop:
    return WooCommerceShop("https://shop.test", "ck_1", "cs_1", "a-webhook-secret")


@pytest.fixture
async def hand(worker_works: Works, settings: Settings, vault: Vault, shop: WooCommerceShop) -> AsyncIterator[Hand]:
    async with in_memory(woocommerce_storefront(shop)) as http:
        yield Hand(worker_works, Runner(worker_works, settings, vault, http))


@pytest.fixture
async def connected(works: Works, vault: Vault, shop: WooCommerceShop) -> Connected:
    """`shop` connected by a merchant that has nothing else."""
    merchant = Merchant(ids.new(), "key_test")
    new = NewStore(
        platform=PlatformKind.WOOCOMMERCE,
        name="Ada's Mugs",
        base_url="https://shop.test",
        credentials={"consumer_key": "ck_1", "consumer_secret": "cs_1"},
        webhook_secret="a-webhook-secret",
        settings=StoreSettings(),
    )
    async with works.begin(merchant) as work:
        made = await connect(work, vault, new)
    return Connected(merchant, made.store_id, shop)
