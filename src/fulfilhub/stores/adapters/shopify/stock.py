"""Telling Shopify how many units of a variant can be sold at the location that stands for us."""

from __future__ import annotations

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.port import Connection, InDoubt, Missing, Pushed, Refused, Retry, StockNews
from fulfilhub.stores.adapters.shopify import client, documents

_GONE = Refused("product_missing", "The store no longer has this variant.")

#: Somebody else changed the stock, or a call with the same key is under way: read again.
_AGAIN = {"CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE", "IDEMPOTENCY_CONCURRENT_REQUEST"}


async def push_stock(
    http: httpx.AsyncClient, connection: Connection, news: StockNews
) -> Pushed | InDoubt | Refused | Retry:
    """See `StoreAdapter.push_stock`. Sets `available` from the quantity just read (compare-and-set), under an
    idempotency key; the key names both quantities, because Shopify refuses a key that comes with other
    ones."""
    location = connection.settings.stock_location
    if not location:
        return Refused("no_location", "Choose the Shopify location whose stock FulfilHub sets.")
    variables = {"variant": news.variant_id, "location": location}
    answer = await client.query(http, connection, documents.STOCK, variables)
    if isinstance(answer, Missing):
        return _GONE
    if isinstance(answer, Refused | Retry):
        return answer
    item = reading.table(reading.table(answer.get("productVariant")).get("inventoryItem"))
    if not item:
        return _GONE
    level = item.get("inventoryLevel")
    if item.get("tracked") is not True or not isinstance(level, dict):
        return Refused("not_stocked", "Shopify does not track this variant's stock at the chosen location.")
    before = next((row.get("quantity") for row in reading.rows(level.get("quantities"))), None)
    if before == news.available:
        return Pushed()
    return await _set(http, connection, news, reading.text(item.get("id")), before)


async def _set(
    http: httpx.AsyncClient, connection: Connection, news: StockNews, item: str, before: object
) -> Pushed | InDoubt | Refused | Retry:
    quantity = {
        "inventoryItemId": item,
        "locationId": connection.settings.stock_location,
        "quantity": news.available,
        "changeFromQuantity": before,
    }
    change = {
        "name": "available",
        "reason": "correction",
        "referenceDocumentUri": f"gid://fulfilhub/Stock/{news.reference}",
        "quantities": [quantity],
    }
    key = f"{news.reference}:{before}:{news.available}"
    answer = await client.mutate(http, connection, documents.SET_STOCK, {"input": change, "key": key})
    if isinstance(answer, Missing):
        return _GONE
    if isinstance(answer, InDoubt | Refused | Retry):
        return answer
    payload = reading.table(answer.get("inventorySetQuantities"))
    if {row.get("code") for row in reading.rows(payload.get("userErrors"))} & _AGAIN:
        return Retry("The stock changed in Shopify meanwhile.", 2.0)
    reason = client.refusal(payload)
    return Refused("rejected", reason) if reason else Pushed()
