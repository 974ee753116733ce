"""Following GraphQL connections to their end."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.port import Connection, Missing, Refused, Retry
from fulfilhub.stores.adapters.shopify import client

#: No order of a real shop comes near; a cursor that leads in a circle ends here.
_MOST_PAGES = 200


async def rest_of(
    http: httpx.AsyncClient,
    connection: Connection,
    document: str,
    owner: str,
    owner_id: str,
    field: str,
    first: object,
) -> list[Mapping[str, object]] | Refused | Retry:
    """All nodes of the connection `field` of `owner` (a root field that takes `$id` and `$after`), of which
    `first` is the first page, read already."""
    nodes: list[Mapping[str, object]] = []
    page = first
    for _ in range(_MOST_PAGES):
        nodes += reading.rows(page)
        after = next_page(page)
        if not after:
            return nodes
        answer = await client.query(http, connection, document, {"id": owner_id, "after": after})
        if isinstance(answer, Missing):
            return Retry("The order changed while it was read.")
        if isinstance(answer, Refused | Retry):
            return answer
        page = reading.table(answer.get(owner)).get(field)
    return Refused("too_large", "The order has more lines than can be read.")


def next_page(page: object) -> str:
    """The cursor of the next page; empty at the end."""
    info = reading.table(reading.table(page).get("pageInfo"))
    return reading.text(info.get("endCursor")) if info.get("hasNextPage") is True else ""


async def fulfilments(
    http: httpx.AsyncClient, connection: Connection, found: object, document: str
) -> list[Mapping[str, object]] | Refused | Retry:
    """The fulfilments of an order, each with all of its lines (`line_items`, as a list)."""
    whole: list[Mapping[str, object]] = []
    for row in reading.rows(found):
        owner_id = reading.text(row.get("admin_graphql_api_id"))
        lines = await rest_of(http, connection, document, "fulfillment", owner_id, "line_items", row.get("line_items"))
        if isinstance(lines, Refused | Retry):
            return lines
        whole.append({**row, "line_items": lines})
    return whole
