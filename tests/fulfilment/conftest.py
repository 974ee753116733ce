"""A merchant that ships from a partner's hall, over HTTP, and a worker run by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.make.scene import Hand, Scene, a_hand, make_scene
from tests.make.world import Client


@pytest.fixture
async def hand(worker_works: Works, settings: Settings, vault: Vault) -> AsyncIterator[Hand]:
    async with a_hand(worker_works, settings, vault) as made:
        yield made


@pytest.fixture
async def scene(hand: Hand, merchant: Client, partner: Client) -> Scene:
    return await make_scene(hand, merchant, partner)
