"""What the fuzzer found once, and must not find again. That packed parcels can be shipped is how its world is made."""

from __future__ import annotations

import pytest

from fulfilhub.demo.warehouses import WAREHOUSES
from fulfilhub.platform import ids
from tests.make.world import Client


async def test_stock_is_only_counted_where_it_can_be(merchant: Client, partner: Client) -> None:
    product = await merchant.made("/v1/products", {"sku": "MUG", "name": "Mug"})
    own = await merchant.made("/v1/warehouses", WAREHOUSES[0])
    strange = await partner.made("/v1/warehouses", WAREHOUSES[1])
    count = {"reason": "cycle_count", "on_hand": 5, "product_id": product["id"], "warehouse_id": own["id"]}
    for wrong, pointer in (
        ({"product_id": ids.PRODUCT.show(ids.new())}, "/product_id"),
        ({"warehouse_id": ids.WAREHOUSE.show(ids.new())}, "/warehouse_id"),
        ({"warehouse_id": strange["id"]}, "/warehouse_id"),
    ):
        answer = await merchant.post("/v1/stock/adjustments", {**count, **wrong})
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await merchant.made("/v1/stock/adjustments", count))["available"] == 5


@pytest.mark.parametrize("path", ["/v1/events", "/v1/stock", "/v1/orders"])
async def test_an_empty_cursor_is_the_first_page(merchant: Client, path: str) -> None:
    assert (await merchant.get(path, cursor="")).status_code == 200


async def test_a_month_is_a_month(merchant: Client) -> None:
    assert (await merchant.get("/v1/charges/summary", month="2026-13")).status_code == 422
    assert (await merchant.get("/v1/charges/summary", month="2026-12")).status_code == 200
