"""Reading orders from WooCommerce: one with its refunds' lines, or the list of those that changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.port import Changed, Connection, Found, Missing, Named, Refused, Retry, Spared
from fulfilhub.stores.adapters.woocommerce import client

PAGE = 100
MARK = "fulfilhub"
"""What our plugin says of an order in a list, where there is something to say."""


async def fetch_order(
    http: httpx.AsyncClient, connection: Connection, external_id: str
) -> Found | Missing | Refused | Retry:
    """The order; where it has refunds, with the refunds' own lines in place of their totals (see
    `normalise`)."""
    if not (external_id.isascii() and external_id.isdigit()):
        return Missing()
    order = await client.get(http, connection, f"orders/{external_id}")
    if isinstance(order, Missing | Refused | Retry):
        return order
    if not isinstance(order, dict):
        return Retry("The store's answer is not an order.")
    if reading.rows(order.get("refunds")):
        refunds = await client.get(http, connection, f"orders/{external_id}/refunds", {"per_page": "100"})
        if isinstance(refunds, Missing | Refused | Retry):
            return refunds
        order = {**order, "refunds": refunds}
    return Found(order)


async def changed_orders(
    http: httpx.AsyncClient,
    connection: Connection,
    since: datetime,
    cursor: str | None = None,
    *,
    survey: bool = False,
) -> Changed | Refused | Retry:
    """Orders changed after `since`, oldest change first. Orders in the bin are not listed.

    Page numbers alone would pass over orders: one that changes while we read moves to the end and the rest
    move up. So the next page starts from the last change seen, a second earlier (`modified_after` is
    exclusive and counts whole seconds); only when a whole page shares one second does the page number move.
    """
    start, page = _position(cursor) if cursor else (since, 1)
    answer = await client.ask(
        http,
        connection,
        "orders",
        {
            "modified_after": start.strftime("%Y-%m-%dT%H:%M:%S"),
            "dates_are_gmt": "true",
            "orderby": "modified",
            "order": "asc",
            "per_page": str(PAGE),
            "page": str(page),
            "_fields": f"id,date_modified_gmt,{MARK}",
        },
    )
    if isinstance(answer, Missing):
        return client.NOT_WOOCOMMERCE
    if isinstance(answer, Refused | Retry):
        return answer
    if not isinstance(answer.data, list):
        return client.NOT_WOOCOMMERCE  # an empty list must never be read out of something else
    listed = answer.data
    orders = tuple(
        (found, reading.moment(row.get("date_modified_gmt")) or reading.UNKNOWN_TIME)
        for row in reading.rows(listed)
        if (found := reading.identifier(row.get("id")))
    )
    spared = Spared(frozenset(_marked(listed, "unwanted")), frozenset(_marked(listed, "own")))
    full = len(reading.rows(listed)) >= PAGE and orders
    following = _next(start, page, orders[-1][1]) if full else None
    return Changed(orders, following, answer.at, answer.total if survey else None, spared=spared)


async def find_number(
    http: httpx.AsyncClient, connection: Connection, number: str
) -> Named | Missing | Refused | Retry:
    """WooCommerce has no counter of orders: an order's number is its id, and all kinds of posts share those."""
    return Refused("no_numbers", "WooCommerce can't be asked for an order by its number.")


def _marked(listed: object, mark: str) -> Iterator[str]:
    for row in reading.rows(listed):
        if row.get(MARK) == mark and (found := reading.identifier(row.get("id"))):
            yield found


def _next(start: datetime, page: int, last: datetime) -> str:
    resume = last - timedelta(seconds=1)
    if resume.replace(microsecond=0) > start.replace(microsecond=0):
        start, page = resume, 0
    return f"{start.isoformat()}|{page + 1}"


def _position(cursor: str) -> tuple[datetime, int]:
    start, _, page = cursor.partition("|")
    return datetime.fromisoformat(start), int(page)
