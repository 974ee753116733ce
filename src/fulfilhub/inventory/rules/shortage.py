"""The refusal of a movement that would take a bucket below zero, told with the SKU and the warehouse."""

from __future__ import annotations

from uuid import UUID

from fulfilhub.inventory.rules.stock import Bucket
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict


class ShortOfStock(Conflict):
    """A movement would take a bucket below zero; nothing was moved."""

    code = "not_enough_stock"
    title = "Not enough stock"

    def __init__(
        self, product_id: UUID, warehouse_id: UUID, bucket: Bucket, wanted: int, had: int, sku: str, warehouse: str
    ) -> None:
        super().__init__(
            f"{wanted} {bucket} of {sku} wanted at {warehouse}, but only {had} there.",
            more={
                "sku": sku,
                "product_id": ids.PRODUCT.show(product_id),
                "warehouse_id": ids.WAREHOUSE.show(warehouse_id),
                "bucket": str(bucket),
                "wanted": wanted,
                "had": had,
            },
        )
        self.product_id, self.warehouse_id, self.bucket = product_id, warehouse_id, bucket
        self.wanted, self.had = wanted, had
