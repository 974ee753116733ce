"""Reading orders from Shopify: one with all its lines, or the list of those that changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx

from fulfilhub.platform.clock import utc_now
from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.port import Changed, Connection, Found, Missing, Named, Refused, Retry
from fulfilhub.stores.adapters.shopify import client, documents, pages
from fulfilhub.stores.adapters.shopify.ids import is_order

READ_ALL = "read_all_orders"
SHOWN = timedelta(days=60)
"""How long ago an order was made that an app without READ_ALL may see."""


async def fetch_order(
    http: httpx.AsyncClient, connection: Connection, external_id: str
) -> Found | Missing | Refused | Retry:
    """The order in the shape of a webhook payload. Orders older than 60 days need the scope
    `read_all_orders`; without it Shopify answers as if they were not there. Whose it is may only be asked by our app:
    the merchant's own tokens may lack `read_customers`, and then nothing of the order would be told."""
    if not is_order(external_id):
        return Missing()
    variables = {"id": external_id, "after": None, "customers": connection.settings.customers}
    answer = await client.query(http, connection, documents.ORDER, variables)
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
    whole = {**order, "line_items": lines, "fulfillments": sent}
    return Found({**whole, client.WITHHELD: answer[client.WITHHELD]} if client.WITHHELD in answer else whole)


async def changed_orders(
    http: httpx.AsyncClient,
    connection: Connection,
    since: datetime,
    cursor: str | None = None,
    *,
    survey: bool = False,
) -> Changed | Refused | Retry:
    """Orders changed at or after `since`, oldest change first. Shopify's cursor holds the place by time and
    id, so an order that changes while we read comes again at the end."""
    start = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    variables = {"query": f"updated_at:>='{start}'", "after": cursor, "survey": survey}
    answer = await client.query(http, connection, documents.CHANGED_ORDERS, variables)
    if isinstance(answer, Missing):
        return Retry("The place in the list was lost.")
    if isinstance(answer, Refused | Retry):
        return answer
    page = answer.get("orders")
    if not isinstance(page, dict):
        return Retry("Shopify gave no list of orders.")  # a null must never be read as an empty list
    orders = tuple(
        (found, reading.moment(row.get("updatedAt")) or reading.UNKNOWN_TIME)
        for row in reading.rows(page)
        if (found := reading.text(row.get("id")))
    )
    total = reading.quantity(reading.table(answer.get("ordersCount")).get("count"))
    return Changed(orders, pages.next_page(page) or None, None, total, _reach(answer) if survey else None)


async def find_number(
    http: httpx.AsyncClient, connection: Connection, number: str
) -> Named | Missing | Refused | Retry:
    """Shopify searches by words, so what it finds is compared once more."""
    quoted = number.replace("\\", "\\\\").replace('"', '\\"')
    answer = await client.query(http, connection, documents.ORDERS_NAMED, {"query": f'name:"{quoted}"'})
    if isinstance(answer, Missing):
        return Retry("Shopify gave no list of orders.")
    if isinstance(answer, Refused | Retry):
        return answer
    found = reading.rows(answer.get("orders"))
    named = next((reading.text(row.get("id")) for row in found if reading.text(row.get("name")) == number), "")
    return Named(named) if is_order(named) else Missing()


def _reach(answer: Mapping[str, object]) -> datetime | None:
    """The time before which orders are hidden from us; none are when the merchant granted READ_ALL."""
    scopes = reading.table(answer.get("currentAppInstallation")).get("accessScopes")
    granted = {reading.text(row.get("handle")) for row in reading.rows(scopes)}
    return None if READ_ALL in granted else utc_now() - SHOWN
