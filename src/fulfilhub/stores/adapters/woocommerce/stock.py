"""Telling WooCommerce how many units of products can be sold: by our plugin in one step, else by its REST API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.news import StockNews, StockOutcome, StockTold
from fulfilhub.stores.adapters.port import Connection, InDoubt, Missing, Refused, Retry, Stocked
from fulfilhub.stores.adapters.woocommerce import client, plugin

BY_PLUGIN = 100
BY_REST = 20
"""Each may take a request of its own."""


def stock_at_once(connection: Connection) -> int:
    """See `StoreAdapter.stock_at_once`."""
    return BY_PLUGIN if connection.plugin else BY_REST


async def push_stock(http: httpx.AsyncClient, connection: Connection, news: Sequence[StockNews]) -> Stocked:
    """See `StoreAdapter.push_stock`. Without the plugin products are read, compared and written; a sale in the instant
    between is overwritten until the next push, because the REST API can't compare and set."""
    if connection.plugin:
        told = await plugin.push_stock(http, connection, news)
        if isinstance(told, Stocked):
            return told
    return await _by_rest(http, connection, news[:BY_REST])


async def _by_rest(http: httpx.AsyncClient, connection: Connection, news: Sequence[StockNews]) -> Stocked:
    listed = await _listed(http, connection, [each.variant_id for each in news if _is_id(each.variant_id)])
    if isinstance(listed, Refused | Retry):
        return Stocked(trouble=listed)
    told: list[StockTold] = []
    for each in news:
        one = await _tell(http, connection, each, listed.get(each.variant_id))
        if not isinstance(one, StockTold):
            return Stocked(tuple(told), one)
        told.append(one)
    return Stocked(tuple(told))


async def _listed(
    http: httpx.AsyncClient, connection: Connection, variants: Sequence[str]
) -> dict[str, Mapping[str, object]] | Refused | Retry:
    """What the list has of them, by id: products, but no variations."""
    query = {
        "include": ",".join(variants),
        "per_page": "100",
        "_fields": "id,type,parent_id,manage_stock,stock_quantity",
    }
    found = await client.get(http, connection, "products", query) if variants else []
    if isinstance(found, Missing):
        return client.NOT_WOOCOMMERCE
    if isinstance(found, Refused | Retry):
        return found
    return {reading.identifier(row.get("id")): row for row in reading.rows(found)}


async def _tell(
    http: httpx.AsyncClient, connection: Connection, news: StockNews, product: Mapping[str, object] | None
) -> StockTold | InDoubt | Refused | Retry:
    if not _is_id(news.variant_id):
        return StockTold(news.reference, StockOutcome.MISSING)
    if product is None:
        found = await client.get(http, connection, f"products/{news.variant_id}")
        if isinstance(found, Missing):
            return StockTold(news.reference, StockOutcome.MISSING)
        if isinstance(found, Refused | Retry):
            return found
        product = reading.table(found)
    shown = reading.stock(product.get("stock_quantity"))
    if product.get("manage_stock") is not True:  # a variation says "parent" where its parent's stock counts
        return StockTold(news.reference, StockOutcome.UNMANAGED, shown)
    if shown == news.available:
        return StockTold(news.reference, StockOutcome.ALREADY, shown)
    if news.expected is not None and shown != news.expected:
        return StockTold(news.reference, StockOutcome.STALE, shown)
    path = f"products/{news.variant_id}"
    if product.get("type") == "variation":
        path = f"products/{reading.identifier(product.get('parent_id'))}/variations/{news.variant_id}"
    written = await client.send(http, connection, "PUT", path, {"stock_quantity": news.available})
    if isinstance(written, Missing):
        return StockTold(news.reference, StockOutcome.MISSING)
    if isinstance(written, InDoubt | Refused | Retry):
        return written
    return StockTold(news.reference, StockOutcome.SET, news.available)


def _is_id(variant_id: str) -> bool:
    return variant_id.isascii() and variant_id.isdigit()
