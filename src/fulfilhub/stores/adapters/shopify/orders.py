"""Reading orders from Shopify: one with all its lines, or the list of those that changed."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.port import Changed, Connection, Found, Missing, Refused, Retry
from fulfilhub.stores.adapters.shopify import client, documents, pages
from fulfilhub.stores.adapters.shopify.ids import is_order


async def fetch_order(
    http: httpx.AsyncClient, connection: Connection, external_id: str
) -> Found | Missing | Refused | Retry:
    """The order in the shape of a webhook payload. Orders older than 60 days need the scope
    `read_all_orders`; without it Shopify answers as if they were not there."""
    if not is_order(external_id):
        return Missing()
    answer = await client.query(http, connection, documents.ORDER, {"id": external_id, "after": None})
    if isinstance(answer, Missing | Refused | Retry):
        return answer
    order = answer.get("order")
    if not isinstance(order, dict):
        return Missing()
    lines = await pages.rest_of(
        http, connection, documents.ORDER, "order", external_id, "line_items", order.get("line_items")
    )
    if isinstance(lines, Refused | Retry):
        return lines
    sent = await pages.fulfilments(http, connection, order.get("fulfillments"), documents.FULFILMENT_LINES)
    if isinstance(sent, Refused | Retry):
        return sent
    return Found({**order, "line_items": lines, "fulfillments": sent})


async def changed_orders(
    http: httpx.AsyncClient, connection: Connection, since: datetime, cursor: str | None = None
) -> Changed | Refused | Retry:
    """Orders changed at or after `since`, oldest change first. Shopify's cursor holds the place by time and
    id, so an order that changes while we read comes again at the end."""
    start = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    variables = {"query": f"updated_at:>='{start}'", "after": cursor}
    answer = await client.query(http, connection, documents.CHANGED_ORDERS, variables)
    if isinstance(answer, Missing):
        return Retry("The place in the list was lost.")
    if isinstance(answer, Refused | Retry):
        return answer
    page = answer.get("orders")
    orders = tuple(
        (found, reading.moment(row.get("updatedAt")) or reading.UNKNOWN_TIME)
        for row in reading.rows(page)
        if (found := reading.text(row.get("id")))
    )
    return Changed(orders, pages.next_page(page) or None)
