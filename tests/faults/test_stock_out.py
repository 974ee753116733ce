"""Workers die in mid-push, the shop is away for a while, and somebody changes its stock by hand: in the end it shows
what can be sold, and no change was made twice."""

from __future__ import annotations

from dataclasses import dataclass

from fulfilhub.demo.storefronts.shop import Mischief
from fulfilhub.demo.storefronts.woocommerce import Plugin, WooCommerceShop, woocommerce_storefront
from tests.fakes.serving import free_port, serving
from tests.faults.rig import PATIENCE, WORKERS, Rig, until
from tests.faults.shop import SKUS, Rush, Shop

SELLABLE = """
SELECT p.sku, sum(l.available)::int AS units FROM stock_levels AS l
JOIN products AS p ON p.merchant_id = l.merchant_id AND p.id = l.product_id WHERE p.merchant_id = $1 GROUP BY p.sku
"""


@dataclass(slots=True)
class Front:
    """The merchant's shop at its own address, and what it should show."""

    rig: Rig
    shop: Shop
    front: WooCommerceShop
    store: str
    numbers: dict[str, int]

    @property
    def plugin(self) -> Plugin:
        assert self.front.plugin is not None
        return self.front.plugin

    def shown(self) -> dict[str, object]:
        return {sku: self.front.products[number]["stock_quantity"] for sku, number in self.numbers.items()}

    async def right(self) -> bool:
        rows = await self.rig.rows(SELLABLE, self.shop.id)
        return self.shown() == {row["sku"]: row["units"] for row in rows}


async def open_front(rig: Rig, shop: Shop, front: WooCommerceShop) -> Front:
    """Connect a shop with our plugin, map what it sells, and let its stock be kept."""
    made = await shop.merchant.post(
        "/v1/stores",
        {
            "platform": "woocommerce",
            "name": "Ada's",
            "base_url": front.url,
            "credentials": {"consumer_key": front.consumer_key, "consumer_secret": front.consumer_secret},
        },
    )
    store = str(made["store"]["id"])  # type: ignore[index]
    await rig.rows("UPDATE stores SET plugin = '{}' WHERE merchant_id = $1 RETURNING id", shop.id)
    numbers: dict[str, int] = {}
    products = {str(each["sku"]): str(each["id"]) async for each in shop.merchant.every("/v1/products")}
    for sku in SKUS:
        numbers[sku] = front.stock(sku, sku.title(), "8.50", units=1).id
        listing = {"store_id": store, "external_id": str(numbers[sku]), "product_id": products[sku]}
        await shop.merchant.post("/v1/listings", listing)
    await shop.merchant.patch(f"/v1/stores/{store}", {"settings": {"stock_sync": True}})
    return Front(rig, shop, front, store, numbers)


async def test_the_shop_ends_up_with_the_right_numbers_once(rig: Rig, shop: Shop) -> None:
    port = free_port()
    front = WooCommerceShop(f"http://127.0.0.1:{port}", "ck_1", "cs_1", "secret", plugin=Plugin())
    async with serving(woocommerce_storefront(front), port):
        till = await open_front(rig, shop, front)
        await until(till.right)
        rush = Rush(shop, orders=120)

        async def kill() -> None:
            # The next pushes are made and never answered, or not made at all; whoever waits for an answer dies.
            front.record.misbehave(Mischief.SILENT_AFTER)
            front.record.misbehave(Mischief.FAIL, 2)
            silent = len(front.record.writes)

            async def pushed() -> bool:
                return len(front.record.writes) > silent

            await until(pushed)
            for worker in WORKERS:
                rig.kill(worker)
            front.products[till.numbers["MUG"]]["stock_quantity"] = 7

        await rush.run(kill)
        await rush.check()
        front.record.close()
        await until(till.right, PATIENCE * 2)
        await rig.settled(PATIENCE * 2)
        assert await till.right()
        assert len(till.plugin.set_by) == len(set(till.plugin.set_by)), "no change was made twice"
        await shop.merchant.post(f"/v1/stores/{till.store}/disconnect", {})
        await rig.settled()
        assert till.plugin.disconnected
