"""A merchant, its partner and another of each, shipped parcels, connected carriers, and a worker run by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from fulfilhub.platform import ids
from fulfilhub.platform.jobs.runner import Runner
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.wiring import load_tasks
from tests.make.carriers import Letter, signed
from tests.make.world import Client, account

Json = dict[str, Any]
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
    """Runs waiting tickets, as the relay and a worker would; `ahead` lets time pass for what is due later."""

    works: Works
    runner: Runner
    ahead: timedelta = timedelta()

    async def work_off(self) -> None:
        """Run all that is due until nothing is."""
        while True:
            async with self.works.begin(Platform("test")) as work:
                rows = await work.fetch_raw(
                    "SELECT account_id, kind, id FROM jobs WHERE due_at <= $1 AND state = 'ready'",
                    datetime.now(UTC) + self.ahead,
                )
            if not rows:
                return
            for account_id, kind, job in rows:
                await self.runner.run(kind, account_id, [job])


@dataclass
class Connected:
    """A carrier connection and its owner. `secret` signs."""

    owner: Client
    id: str
    secret: str

    async def send(self, told: object, delivery_id: str = "", **more: Any) -> httpx.Response:
        """One signed delivery."""
        return await self.post(signed(self.secret, told, delivery_id, **more))

    async def post(self, letter: Letter) -> httpx.Response:
        return await self.owner.http.post(
            f"/v1/carriers/{self.id}/webhook", content=letter.body, headers=letter.headers
        )

    async def messages(self, **query: str) -> list[Json]:
        """What it sent, oldest first."""
        answer = await self.owner.get(f"/v1/carriers/{self.id}/messages", **query)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["data"])


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

    async def claim(self) -> tuple[str, list[Json]]:
        """A lease, and its work."""
        claim: Any = await self.partner.made("/v1/work/claims", {"warehouse_id": self.warehouse})
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


async def connect(owner: Client, **members: object) -> Connected:
    """A new connection."""
    made: Any = await owner.made("/v1/carriers", {"name": "Evri", **members})
    return Connected(owner, made["carrier"]["id"], made["secret"] or str(members["secret"]))


def event(number: str, status: str, minutes: int = 0, **more: object) -> Json:
    """One event; `minutes` after the first."""
    at = datetime(2026, 11, 24, 9, tzinfo=UTC) + timedelta(minutes=minutes)
    return {"tracking_number": number, "status": status, "occurred_at": at.isoformat(), **more}


@pytest.fixture
async def hand(worker_works: Works, settings: Settings, vault: Vault) -> AsyncIterator[Hand]:
    load_tasks()
    async with httpx.AsyncClient() as http:
        yield Hand(worker_works, Runner(worker_works, settings, vault, http))


async def _scene(hand: Hand, merchant: Client, partner: Client) -> Scene:
    warehouse = str((await partner.made("/v1/warehouses", HALL))["id"])
    offer = {"merchant_id": merchant.account_id, "warehouse_id": warehouse, "starts_on": "2026-01-01"}
    contract = await partner.made("/v1/contracts", offer)
    await merchant.made(f"/v1/contracts/{contract['id']}/accept", {})
    await merchant.made("/v1/products", {"sku": "MUG", "name": "Mug"})
    receipt = {"merchant_id": merchant.account_id, "warehouse_id": warehouse}
    await partner.made("/v1/stock/receipts", {**receipt, "lines": [{"sku": "MUG", "quantity": 100}]})
    await hand.work_off()
    return Scene(hand, merchant, partner, warehouse)


@pytest.fixture
async def scene(hand: Hand, merchant: Client, partner: Client) -> Scene:
    return await _scene(hand, merchant, partner)


@pytest.fixture
async def elsewhere(http: httpx.AsyncClient, platform_key: str, hand: Hand) -> Scene:
    """Another merchant at another partner."""
    return await _scene(
        hand,
        await account(http, platform_key, "merchant", "Bob's Jugs"),
        await account(http, platform_key, "partner", "Slow 3PL"),
    )


def known(text: str) -> UUID:
    """A connection's id as the database knows it."""
    return ids.CARRIER.find(text)
