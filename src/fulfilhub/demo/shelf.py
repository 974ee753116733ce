"""The merchant lets FulfilHub keep the WooCommerce shop's stock, and the shop shows what can be sold."""

from __future__ import annotations

import httpx

from fulfilhub.demo.door import Door, StepFailed, rows, until
from fulfilhub.demo.world import StoreKept


async def kept(http: httpx.AsyncClient, ada: Door, store: StoreKept, seconds: float) -> str:
    """Switch it on, ask for it at once, and wait until the shop itself shows every number that it should. Raises
    StepFailed."""
    path = f"/v1/stores/{store.id}"
    settings = (await ada.get(path))["settings"]
    if not isinstance(settings, dict):
        raise StepFailed("The store came without its settings.")
    await ada.patch(path, {"settings": {**settings, "stock_sync": True}})
    await ada.post(f"{path}/stock-sync", {})

    async def look() -> str | None:
        listed = rows((await ada.get(f"{path}/stock", limit=200))["data"])
        told = {str(row["variant_id"]): row["wanted"] for row in listed if row["state"] == "told"}
        waiting = [row for row in listed if row["state"] in ("pending", "stale")]
        shown = (await http.get(f"{store.shop.url}/_till/stock")).json()
        if waiting or not told or any(shown.get(variant) != units for variant, units in told.items()):
            return None
        first = next(row for row in listed if row["state"] == "told")
        return f"{len(told)} products, such as {first['told']} of {first['sku']}"

    return await until(look, "Telling the shop its stock", seconds)
