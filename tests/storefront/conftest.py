"""A merchant with stock, and two WooCommerce shops of its own with our plugin in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop
from fulfilhub.demo.storefronts.woocommerce.orders import Ware
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.make.plugin import PluginShop, plugin_shop
from tests.make.populated import BEFORE, Populated, populate


@dataclass
class Trade:
    """The merchant's world and its shops."""

    world: Populated
    mugs: PluginShop
    jugs: PluginShop
    ware: Ware

    async def order(self, quantity: int = 2, **more: Any) -> str:
        """A customer of the first shop buys; the order's id there, once it is routed here."""
        placed = self.mugs.shop.place_order([(self.ware, quantity)], **more)
        (verdict,) = await self.mugs.hand_over(placed)
        assert verdict["outcome"] == "accepted", verdict
        await self.world.work_off()
        return str(placed["id"])

    async def panel(self, external_id: str) -> dict[str, Any]:
        """What the shop's page of the order shows."""
        answer = await self.mugs.key.get(f"/v1/storefront/orders/{external_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def asked(self, external_id: str, verb: str, body: object) -> dict[str, Any]:
        """What the page shows once this was asked."""
        answer = await self.mugs.key.post(f"/v1/storefront/orders/{external_id}/{verb}", body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def trade(http: httpx.AsyncClient, platform_key: str, worker_works: Works, settings: Settings) -> Trade:
    world = await populate(http, platform_key, worker_works, settings, BEFORE)
    ware = world.shop.stock("MUG", "Mug", "8.50")
    mugs = await plugin_shop(world.merchant, world.shop)
    jugs = await plugin_shop(world.merchant, WooCommerceShop("https://jugs.test", "ck_2", "cs_2", ""))
    return Trade(world, mugs, jugs, ware)
