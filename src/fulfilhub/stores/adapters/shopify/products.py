"""Reading products from Shopify: one with all its variants, those that changed, or all by a bulk operation, whose
answer is a file of one variant a line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.goods import (
    Begun,
    ItemTold,
    LevelTold,
    Listed,
    Making,
    Part,
    ProductTold,
    Ready,
    StoreVariant,
)
from fulfilhub.stores.adapters.port import Connection, InDoubt, Missing, Refused, Retry
from fulfilhub.stores.adapters.shopify import client, documents, pages, variants

EVERY_VARIANT = documents.read("FulfilHubEveryVariant")
RUN_BULK = documents.read("FulfilHubRunBulk")
BULK_OPERATIONS = documents.read("FulfilHubBulkOperations")
BULK_OPERATION = documents.read("FulfilHubBulkOperation")
CANCEL_BULK = documents.read("FulfilHubCancelBulk")
CHANGED_VARIANTS = documents.read("FulfilHubVariants")
PRODUCT = documents.read("FulfilHubProduct")

LINES_AT_ONCE = 500
LONGEST_LINE = 1_000_000
SHOWN = 500
_PRODUCT = re.compile(r"gid://shopify/Product/\d{1,30}", re.ASCII)
_BUSY = {"OPERATION_IN_PROGRESS", "LIMIT_REACHED"}
_ENDED = {"CANCELED": "The bulk operation was cancelled.", "CANCELING": "The bulk operation was cancelled."}
_READERS = {
    "products/create": variants.product_told,
    "products/update": variants.product_told,
    "products/delete": variants.product_gone,
    "inventory_items/create": variants.item_told,
    "inventory_items/update": variants.item_told,
    "inventory_levels/connect": variants.level_told,
    "inventory_levels/update": variants.level_told,
}


def read_goods(topic: str, payload: Mapping[str, object]) -> ProductTold | ItemTold | LevelTold | None:
    """See `GoodsAdapter.read_goods`."""
    reader = _READERS.get(topic)
    return None if reader is None else reader(payload)


async def fetch_product(
    http: httpx.AsyncClient, connection: Connection, product_id: str
) -> ProductTold | Missing | Refused | Retry:
    """See `GoodsAdapter.fetch_product`."""
    if not _PRODUCT.fullmatch(product_id):
        return Missing()
    answer = await client.query(http, connection, PRODUCT, {"id": product_id, "after": None})
    if isinstance(answer, Missing | Refused | Retry):
        return answer
    product = answer.get("product")
    if not isinstance(product, dict):
        return Missing()
    rows = await pages.rest_of(http, connection, PRODUCT, "product", product_id, "variants", product.get("variants"))
    if isinstance(rows, Refused | Retry):
        return rows
    found, _ = _read(rows)
    return ProductTold(product_id, found, whole=len(found) == len(rows))


async def list_variants(
    http: httpx.AsyncClient, connection: Connection, since: datetime | None, cursor: str | None
) -> Listed | Refused | Retry:
    """See `GoodsAdapter.list_variants`. Products are listed, since a variant that went away changes its product; one
    with more variants than a page of products shows is read by itself."""
    wanted = None if since is None else f"updated_at:>='{since.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')}'"
    answer = await client.query(http, connection, CHANGED_VARIANTS, {"query": wanted, "after": cursor})
    if isinstance(answer, Missing):
        return Retry("The place in the list was lost.")
    if isinstance(answer, Refused | Retry):
        return answer
    page = answer.get("products")
    if not isinstance(page, dict):
        return Retry("Shopify gave no list of products.")
    rows: list[Mapping[str, object]] = []
    for product in reading.rows(page):
        own = await pages.rest_of(
            http, connection, PRODUCT, "product", reading.text(product.get("id")), "variants", product.get("variants")
        )
        if isinstance(own, Retry):
            return own
        rows += reading.rows(product.get("variants")) if isinstance(own, Refused) else own
    found, unreadable = _read(rows)
    return Listed(found, pages.next_page(page) or None, unreadable)


async def begin_listing(http: httpx.AsyncClient, connection: Connection, since: datetime) -> Begun | Refused | Retry:
    """See `GoodsAdapter.begin_listing`. A shop lets an app run few of them at once: another of ours is waited for."""
    start = since.astimezone(UTC).replace(microsecond=0)
    found = await client.query(http, connection, BULK_OPERATIONS, {"query": "operation_type:query"})
    if isinstance(found, Refused | Retry):
        return found
    if isinstance(found, Missing):
        return Retry("Shopify gave no list of bulk operations.")
    for row in reading.rows(found.get("bulkOperations")):
        ours = reading.text(row.get("query")).split() == EVERY_VARIANT.split()
        began = reading.moment(row.get("createdAt")) or reading.UNKNOWN_TIME
        if ours and began >= start and row.get("status") in ("CREATED", "RUNNING", "COMPLETED"):
            return Begun(reading.text(row.get("id")))
    answer = await client.mutate(http, connection, RUN_BULK, {"query": EVERY_VARIANT})
    if isinstance(answer, Missing):
        return Retry("Shopify began no bulk operation.")
    if isinstance(answer, InDoubt):
        return Retry(answer.reason, answer.after, answer.resting)  # it is found again by its query and time
    if isinstance(answer, Refused | Retry):
        return answer
    payload = reading.table(answer.get("bulkOperationRunQuery"))
    if reason := client.refusal(payload):
        code = reading.text(reading.rows(payload.get("userErrors"))[0].get("code"))
        busy = code in _BUSY or "already in progress" in reason
        return Retry("Another bulk operation is under way in this shop.", 30.0) if busy else Refused("rejected", reason)
    made = reading.text(reading.table(payload.get("bulkOperation")).get("id"))
    return Begun(made) if made else Retry("Shopify's answer names no bulk operation.")


async def listing(http: httpx.AsyncClient, connection: Connection, listing_id: str) -> Making | Ready | Refused | Retry:
    """See `GoodsAdapter.listing`."""
    answer = await client.query(http, connection, BULK_OPERATION, {"id": listing_id})
    if isinstance(answer, Refused | Retry):
        return answer
    found = {} if isinstance(answer, Missing) else reading.table(answer.get("bulkOperation"))
    status, entries = reading.text(found.get("status")), int(reading.decimal(found.get("objectCount")) or 0)
    if status in ("CREATED", "RUNNING"):
        return Making(entries)
    if status == "COMPLETED":
        return Ready(entries, reading.text(found.get("url")))
    if not found:
        return Refused("listing_lost", "Shopify no longer knows the bulk operation: start the import again.")
    why = reading.text(found.get("errorCode")) or status
    told = _ENDED.get(status, f"Shopify's bulk operation failed ({why[:60]}): start the import again.")
    return Refused("listing_failed", told)


async def read_listing(http: httpx.AsyncClient, url: str, offset: int) -> Part | Refused | Retry:
    """See `GoodsAdapter.read_listing`. The file is read as it comes, from where the last reading ended, and never held
    whole."""
    try:
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={offset}-"} if offset else {})
        async with http.stream("GET", url, headers=headers, follow_redirects=False) as response:
            if response.status_code == 416:
                return Part((), offset, at_end=True)
            if response.status_code in (403, 404, 410):
                return Retry("The file's address is no longer good.", 5.0)
            if response.status_code not in (200, 206):
                return Retry(f"The file could not be read ({response.status_code}).", 10.0)
            skip = offset if response.status_code == 200 else 0
            return await _lines(response, skip, offset)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        return Refused("listing_failed", "The address of Shopify's file can't be used.")
    except httpx.RequestError as failure:
        return Retry(f"The file broke off ({type(failure).__name__}).", 10.0)


async def end_listing(
    http: httpx.AsyncClient, connection: Connection, listing_id: str
) -> InDoubt | Refused | Retry | None:
    """See `GoodsAdapter.end_listing`. One that is over can't be cancelled, and need not."""
    answer = await client.mutate(http, connection, CANCEL_BULK, {"id": listing_id})
    return answer if isinstance(answer, InDoubt | Refused | Retry) else None


async def _lines(response: httpx.Response, skip: int, offset: int) -> Part | Refused:
    rows: list[object] = []
    unreadable: list[tuple[str, str]] = []
    rest = b""
    async for chunk in response.aiter_bytes():
        if skip:
            chunk, skip = chunk[skip:], max(skip - len(chunk), 0)
        rest += chunk
        *lines, rest = rest.split(b"\n")
        for line in lines:
            if len(rows) == LINES_AT_ONCE:
                return _part(rows, unreadable, offset, at_end=False)
            offset += len(line) + 1
            _take(line, rows, unreadable)
        if len(rest) > LONGEST_LINE:
            return Refused("listing_failed", "Shopify's file has a line that is too long to be a variant.")
    if rest and len(rows) == LINES_AT_ONCE:
        return _part(rows, unreadable, offset, at_end=False)
    _take(rest, rows, unreadable)
    return _part(rows, unreadable, offset + len(rest), at_end=True)


def _take(line: bytes, rows: list[object], unreadable: list[tuple[str, str]]) -> None:
    if not line.strip():
        return
    row = reading.parse(line)
    if isinstance(row, dict):
        rows.append(row)
    else:
        unreadable.append((line[:SHOWN].decode("utf-8", "replace"), "It is not JSON."))


def _part(rows: Sequence[object], unreadable: list[tuple[str, str]], offset: int, *, at_end: bool) -> Part:
    found, bad = _read([row for row in rows if isinstance(row, dict)])
    return Part(found, offset, at_end, (*unreadable, *bad))


def _read(rows: Sequence[Mapping[str, object]]) -> tuple[tuple[StoreVariant, ...], tuple[tuple[str, str], ...]]:
    found: list[StoreVariant] = []
    bad: list[tuple[str, str]] = []
    for row in rows:
        one = variants.variant(row)
        if one is None:
            bad.append((str(dict(row))[:SHOWN], "It names no variant, or no product."))
        else:
            found.append(one)
    return tuple(found), tuple(bad)
