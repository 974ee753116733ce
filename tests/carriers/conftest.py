"""A merchant, its partner and another of each, shipped parcels, connected carriers, and a worker run by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.make.carriers import Letter, signed
from tests.make.scene import Hand, Json, Scene, a_hand, make_scene
from tests.make.world import Client, account


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
    async with a_hand(worker_works, settings, vault) as made:
        yield made


@pytest.fixture
async def scene(hand: Hand, merchant: Client, partner: Client) -> Scene:
    return await make_scene(hand, merchant, partner)


@pytest.fixture
async def elsewhere(http: httpx.AsyncClient, platform_key: str, hand: Hand) -> Scene:
    """Another merchant at another partner."""
    return await make_scene(
        hand,
        await account(http, platform_key, "merchant", "Bob's Jugs"),
        await account(http, platform_key, "partner", "Slow 3PL"),
    )
