"""A merchant with stock in a partner's hall, made through the API, and a worker run by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.jobs.runner import Runner
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.wiring import load_tasks
from tests.make.world import Client

Json = dict[str, Any]
HEAD_START = timedelta(minutes=10)
"""Longer than any test lasts, shorter than a lease."""

HALL: Json = {
    "code": "HALL",
    "name": "Hall",
    "address": {"line1": "1 Mill Lane", "city": "Leeds"},
    "country": "GB",
    "postcode": "LS1 1AA",
    "timezone": "Europe/London",
    "currency": "GBP",
    "cutoffs": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "14:00"),
    "services": [
        {
            "code": "standard",
            "carrier": "royal_mail",
            "zones": [{"countries": ["GB"], "transit_days": 2, "cost_minor": 310}],
        }
    ],
}


@dataclass
class Hand:
    """Runs waiting tickets, as the relay and a worker would. `ahead` turns the workers' clock."""

    works: Works
    runner: Runner
    ahead: timedelta = timedelta()
    stopped: datetime | None = None

    def now(self) -> datetime:
        return (self.stopped or utc_now()) + self.ahead

    def stop(self) -> None:
        """The workers' clock stands still, ahead of the callers', and goes on only by `later`: what falls into one turn
        is the test's to say, however slow the machine is."""
        self.stopped = utc_now() + HEAD_START

    async def work_off(self) -> None:
        """Run all that is due until nothing is: what is due together goes together."""
        while True:
            async with self.works.begin(Platform("test")) as work:
                rows = await work.fetch_raw(
                    "SELECT account_id, kind, array_agg(id) AS ids FROM jobs WHERE due_at <= $1 AND state = 'ready' "
                    "GROUP BY account_id, kind",
                    self.now(),
                )
            if not rows:
                return
            for account_id, kind, jobs in rows:
                await self.runner.run(kind, account_id, jobs)

    async def later(self, wait: timedelta) -> None:
        """Let time pass, then run what is due."""
        self.ahead += wait
        await self.work_off()


@asynccontextmanager
async def a_hand(works: Works, settings: Settings, vault: Vault) -> AsyncIterator[Hand]:
    """A hand on the worker's `works`."""
    load_tasks()
    turned = Works(works.engine, works._wiring)
    async with httpx.AsyncClient() as http:
        hand = Hand(turned, Runner(turned, settings, vault, http))
        turned.clock = hand.now
        yield hand


@dataclass
class Scene:
    """Two merchants that ship from one partner's hall each, and the partners."""

    hand: Hand
    merchant: Client
    partner: Client
    warehouse: str

    async def order(self, external_id: str) -> str:
        """A routed order of one mug."""
        made = await self.merchant.made(
            "/v1/orders",
            {
                "external_id": external_id,
                "number": external_id,
                "currency": "GBP",
                "placed_at": "2026-11-02T09:00:00Z",
                "email": "ada@example.test",
                "ship_to": {
                    "name": "Ada Test",
                    "line1": "1 Mill Lane",
                    "city": "Leeds",
                    "postcode": "LS1 4AP",
                    "country": "GB",
                },
                "lines": [{"external_id": "1", "sku": "MUG", "title": "Mug", "quantity": 1}],
            },
        )
        await self.hand.work_off()
        return str(made["id"])

    async def claim(self, **more: object) -> tuple[str, list[Json]]:
        """A lease, and its work."""
        claim: Any = await self.partner.made("/v1/work/claims", {"warehouse_id": self.warehouse, **more})
        return claim["lease_id"], claim["data"]

    async def ship(self, number: str, external_id: str = "") -> str:
        """A new order, shipped under this tracking number; the shipment."""
        await self.order(external_id or f"order of {number}")
        lease, (work,) = await self.claim()
        parcel = {"carrier": "royal_mail", "tracking_number": number}
        made = await self.partner.made(f"/v1/work/orders/{work['id']}/ship", {"lease_id": lease, "parcels": [parcel]})
        return str(made["shipment_id"])

    async def state(self, shipment: str) -> str:
        """Where its only parcel is."""
        return str((await self.merchant.get(f"/v1/shipments/{shipment}")).json()["parcels"][0]["state"])

    async def timeline(self, shipment: str) -> list[Json]:
        """What carriers told of it."""
        return list((await self.merchant.get(f"/v1/shipments/{shipment}/tracking-events", limit=200)).json()["data"])


async def make_scene(hand: Hand, merchant: Client, partner: Client) -> Scene:
    """The scene, ready for orders."""
    warehouse = str((await partner.made("/v1/warehouses", HALL))["id"])
    offer = {"merchant_id": merchant.account_id, "warehouse_id": warehouse, "starts_on": "2026-01-01"}
    contract = await partner.made("/v1/contracts", offer)
    await merchant.made(f"/v1/contracts/{contract['id']}/accept", {})
    await merchant.made("/v1/products", {"sku": "MUG", "name": "Mug"})
    receipt = {"merchant_id": merchant.account_id, "warehouse_id": warehouse}
    await partner.made("/v1/stock/receipts", {**receipt, "lines": [{"sku": "MUG", "quantity": 100}]})
    await hand.work_off()
    return Scene(hand, merchant, partner, warehouse)
