"""After the storm the Shopify shop and FulfilHub agree on every order, quantity, tracking number and stock level."""

from __future__ import annotations

import asyncio
import os

import pytest

from tests.fakes.shopify.schema import needs_schema
from tests.faults.rig import Rig
from tests.faults.shop import Shop
from tests.faults.storm import WEATHER, storm

pytestmark = needs_schema

SEED = int(os.environ.get("FAULTS_SEED", "1"))


async def weathered(rig: Rig, shop: Shop, count: int, patience: float, *, service: bool) -> None:
    """Half of the orders come and change while nobody works; the others while the warehouse ships."""
    async with storm(rig, shop, SEED, service=service) as sea:
        sea.rise()
        await sea.trade(count // 2)
        sea.abate()
        await sea.sweep()
        await sea.agree(sea.differences, sea.answered, seconds=patience)
        sea.rise()
        shop.simulate("partner-storm", "--short", "0")
        try:
            for _ in range(count - count // 2):
                sea.buy()
                await asyncio.sleep(0.02)
            sea.abate()
            await sea.sweep()
            await sea.agree(sea.differences, sea.answered, sea.shipped, sea.tracked, seconds=patience)
        finally:
            rig.end("partner-storm")
        await shop.merchant.post(f"/v1/stores/{sea.store}/stock-sync", {})
        await sea.agree(sea.stocked, seconds=patience)
        await rig.settled(patience)
        await sea.agree(sea.differences, sea.answered, sea.tracked, sea.stocked, seconds=1.0)
        assert sea.front.faults.drawn.keys() == WEATHER.keys(), "it was a storm"
        assert sea.front.outbox.lost


@pytest.mark.parametrize("service", [False, True], ids=["in_whole", "as_asked"])
async def test_all_agree_after_a_storm(rig: Rig, shop: Shop, service: bool) -> None:
    await weathered(rig, shop, 200, 120.0, service=service)


@pytest.mark.soak
@pytest.mark.parametrize("service", [False, True], ids=["in_whole", "as_asked"])
async def test_all_agree_after_a_long_storm(rig: Rig, shop: Shop, service: bool) -> None:
    await weathered(rig, shop, 2000, 900.0, service=service)
