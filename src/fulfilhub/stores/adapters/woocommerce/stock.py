"""Telling WooCommerce how many units of a product can be sold."""

from __future__ import annotations

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.port import Connection, InDoubt, Missing, Pushed, Refused, Retry, StockNews
from fulfilhub.stores.adapters.woocommerce import client

_GONE = Refused("product_missing", "The store no longer has this product.")


async def push_stock(
    http: httpx.AsyncClient, connection: Connection, news: StockNews
) -> Pushed | InDoubt | Refused | Retry:
    """See `StoreAdapter.push_stock`. The product is read first: a variation is written below its parent, and
    stock that the merchant does not let WooCommerce manage is left alone. There is no compare-and-set: a sale
    in the same instant is overwritten until the next push."""
    if not (news.variant_id.isascii() and news.variant_id.isdigit()):
        return _GONE
    product = await client.get(http, connection, f"products/{news.variant_id}")
    if isinstance(product, Missing):
        return _GONE
    if isinstance(product, Refused | Retry):
        return product
    known = reading.table(product)
    if known.get("manage_stock") is not True:
        return Refused("stock_not_managed", "Stock management is off for this product in WooCommerce.")
    if known.get("stock_quantity") == news.available:
        return Pushed()
    path = f"products/{news.variant_id}"
    if known.get("type") == "variation":
        path = f"products/{reading.identifier(known.get('parent_id'))}/variations/{news.variant_id}"
    written = await client.send(http, connection, "PUT", path, {"stock_quantity": news.available})
    if isinstance(written, Missing | InDoubt | Refused | Retry):
        return _GONE if isinstance(written, Missing) else written
    return Pushed()
