"""After the storm the Shopify shop and FulfilHub agree on every order, quantity, tracking number and stock level."""

from __future__ import annotations

import asyncio
import os

import pytest

from tests.fakes.shopify.schema import needs_schema
from tests.faults.rig import Rig
from tests.faults.shop import Shop
from tests.faults.storm import storm

pytestmark = needs_schema

SEED = int(os.environ.get("FAULTS_SEED", "1"))


async def weathered(rig: Rig, shop: Shop, count: int, patience: float) -> None:
    """Half of the orders come and change while nobody works; the others while the warehouse ships."""
    async with storm(rig, shop, SEED) as sea:
        sea.rise()
        await sea.trade(count // 2)
        sea.abate()
        await sea.sweep()
        await sea.agree(sea.differences, seconds=patience)
        sea.rise()
        shop.simulate("partner-storm", "--short", "0")
        try:
            for _ in range(count - count // 2):
                sea.buy()
                await asyncio.sleep(0.02)
            sea.abate()
            await sea.sweep()
            await sea.agree(sea.differences, sea.shipped, sea.tracked, seconds=patience)
        finally:
            rig.end("partner-storm")
        await shop.merchant.post(f"/v1/stores/{sea.store}/stock-sync", {})
        await sea.agree(sea.stocked, seconds=patience)
        await rig.settled(patience)
        await sea.agree(sea.differences, sea.tracked, sea.stocked, seconds=1.0)


async def test_all_agree_after_a_storm(rig: Rig, shop: Shop) -> None:
    await weathered(rig, shop, 200, 120.0)


@pytest.mark.soak
async def test_all_agree_after_a_long_storm(rig: Rig, shop: Shop) -> None:
    await weathered(rig, shop, 2000, 900.0)
