"""One system of real processes for all tests here; after each of them it must be whole and its books must balance."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.faults.rig import Rig, client, running
from tests.faults.shop import Shop, open_shop


@pytest.fixture(scope="session")
def system() -> Iterator[Rig]:
    with running() as made:
        yield made


@pytest.fixture
async def rig(system: Rig) -> AsyncIterator[Rig]:
    """The system, whole before the test; settled and sound after it (`fulfilhub audit`)."""
    await system.whole()
    yield system
    await system.whole()
    await system.settled()
    system.sound()


@pytest.fixture
async def shop(rig: Rig) -> AsyncIterator[Shop]:
    """A shop of the test's own, open for orders."""
    async with client(rig) as http:
        made = await open_shop(rig, http)
        await rig.settled()
        yield made
