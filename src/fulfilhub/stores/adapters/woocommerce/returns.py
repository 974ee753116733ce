"""Telling WooCommerce of a return: our plugin keeps it with the order; without it the order gets a note."""

from __future__ import annotations

from datetime import datetime

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.goods import OrderReturns
from fulfilhub.stores.adapters.news import ReturnNews
from fulfilhub.stores.adapters.port import Changed, Connection, Ended, InDoubt, Missing, Pushed, Refused, Retry
from fulfilhub.stores.adapters.woocommerce import client, plugin


async def push_return(http: httpx.AsyncClient, connection: Connection, news: ReturnNews) -> Ended:
    """See `StoreAdapter.push_return`. A note that is there already (it names our reference) is not written again."""
    if connection.plugin:
        told = await plugin.push_return(http, connection, news)
        if not isinstance(told, plugin.NoRoute):
            return told
    if not (news.order_external_id.isascii() and news.order_external_id.isdigit()):
        return plugin.GONE
    path, wanted = f"orders/{news.order_external_id}/notes", note_text(news)
    notes = await client.get(http, connection, path)
    if isinstance(notes, Missing | Refused | Retry):
        return plugin.GONE if isinstance(notes, Missing) else notes
    for row in reading.rows(notes):
        if wanted in reading.text(row.get("note")):
            return Pushed((reading.identifier(row.get("id")),))
    written = await client.send(http, connection, "POST", path, {"note": wanted, "customer_note": False})
    if isinstance(written, Missing | InDoubt | Refused | Retry):
        return plugin.GONE if isinstance(written, Missing) else written
    return Pushed((reading.identifier(reading.table(written).get("id")),))


async def fetch_returns(
    http: httpx.AsyncClient, connection: Connection, order_external_id: str
) -> OrderReturns | Missing | Refused | Retry:
    """See `GoodsAdapter.fetch_returns`. WooCommerce has refunds, and no returns."""
    return OrderReturns(order_external_id, ())


async def orders_with_returns(
    http: httpx.AsyncClient, connection: Connection, since: datetime, cursor: str | None
) -> Changed | Refused | Retry:
    """See `GoodsAdapter.orders_with_returns`."""
    return Changed(())


def note_text(news: ReturnNews) -> str:
    """What the merchant reads, with our reference and where it stands at its end, so that each step is noted once."""
    return f"{news.note} Reference {news.reference}, {news.status}"
