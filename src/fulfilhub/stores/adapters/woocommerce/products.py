"""Reading products from WooCommerce, page by page: what it has once, and the variations of what it has in several."""

from __future__ import annotations

from collections.abc import Mapping
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
    ShopStatus,
    StoreVariant,
)
from fulfilhub.stores.adapters.port import Connection, InDoubt, Missing, Refused, Retry
from fulfilhub.stores.adapters.woocommerce import client

PRODUCTS_AT_ONCE = 20
VARIATIONS_AT_ONCE = 100
MOST_PAGES = 50
NO_LIST = Refused("no_listing", "WooCommerce makes no lists; its products are read page by page.")
_STATUS = {"draft": ShopStatus.DRAFT, "pending": ShopStatus.DRAFT, "trash": ShopStatus.ARCHIVED}
#: What is no product of its own: others are sold through it, or elsewhere.
_NOT_SOLD = ("variable", "grouped", "external")


def read_goods(topic: str, payload: Mapping[str, object]) -> ProductTold | ItemTold | LevelTold | None:
    """See `GoodsAdapter.read_goods`. WooCommerce's product webhooks do not show variations."""
    return None


def read_nothing(payload: Mapping[str, object]) -> str:
    """See `GoodsAdapter.read_return` and `read_listed`: WooCommerce tells of neither."""
    return ""


async def list_variants(
    http: httpx.AsyncClient, connection: Connection, since: datetime | None, cursor: str | None
) -> Listed | Refused | Retry:
    """See `GoodsAdapter.list_variants`. WooCommerce has pages and no cursors: one that changes while we read may be
    listed twice, and the next sweep overlaps."""
    page = int(cursor) if cursor and cursor.isdigit() else 1
    query = {"per_page": str(PRODUCTS_AT_ONCE), "page": str(page), "orderby": "id", "order": "asc", "status": "any"}
    if since is not None:
        after = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        query |= {"modified_after": after, "dates_are_gmt": "true"}
    rows = await client.get(http, connection, "products", query)
    if isinstance(rows, Missing):
        return client.NOT_WOOCOMMERCE
    if isinstance(rows, Refused | Retry):
        return rows
    if not isinstance(rows, list):
        return Retry("WooCommerce gave no list of products.")
    found: list[StoreVariant] = []
    for row in reading.rows(rows):
        told = await _whole(http, connection, row)
        if isinstance(told, Refused | Retry):
            return told
        found += told
    return Listed(tuple(found), str(page + 1) if len(rows) == PRODUCTS_AT_ONCE else None)


async def fetch_product(
    http: httpx.AsyncClient, connection: Connection, product_id: str
) -> ProductTold | Missing | Refused | Retry:
    """See `GoodsAdapter.fetch_product`."""
    if not (product_id.isascii() and product_id.isdigit()):
        return Missing()
    row = await client.get(http, connection, f"products/{product_id}")
    if isinstance(row, Missing | Refused | Retry):
        return row
    told = await _whole(http, connection, reading.table(row))
    return told if isinstance(told, Refused | Retry) else ProductTold(product_id, tuple(told), whole=True)


async def begin_listing(http: httpx.AsyncClient, connection: Connection, since: datetime) -> Begun | Refused | Retry:
    """See `GoodsAdapter.begin_listing`."""
    return NO_LIST


async def listing(http: httpx.AsyncClient, connection: Connection, listing_id: str) -> Making | Ready | Refused | Retry:
    """See `GoodsAdapter.listing`."""
    return NO_LIST


async def read_listing(http: httpx.AsyncClient, url: str, offset: int) -> Part | Refused | Retry:
    """See `GoodsAdapter.read_listing`."""
    return NO_LIST


async def end_listing(
    http: httpx.AsyncClient, connection: Connection, listing_id: str
) -> InDoubt | Refused | Retry | None:
    """See `GoodsAdapter.end_listing`."""
    return None


async def _whole(
    http: httpx.AsyncClient, connection: Connection, product: Mapping[str, object]
) -> list[StoreVariant] | Refused | Retry:
    """What can be bought of a product: itself, or each of its variations."""
    if reading.text(product.get("type")) not in _NOT_SOLD:
        one = _variant(product, product)
        return [] if one is None else [one]
    if product.get("type") != "variable":
        return []
    found: list[StoreVariant] = []
    product_id = reading.identifier(product.get("id"))
    for page in range(1, MOST_PAGES + 1):
        query = {"per_page": str(VARIATIONS_AT_ONCE), "page": str(page)}
        rows = await client.get(http, connection, f"products/{product_id}/variations", query)
        if isinstance(rows, Missing):
            return found
        if isinstance(rows, Refused | Retry):
            return rows
        found += [one for row in reading.rows(rows) if (one := _variant(row, product)) is not None]
        if not isinstance(rows, list) or len(rows) < VARIATIONS_AT_ONCE:
            return found
    return found


def _variant(row: Mapping[str, object], product: Mapping[str, object]) -> StoreVariant | None:
    variant_id, product_id = reading.identifier(row.get("id")), reading.identifier(product.get("id"))
    if not variant_id or not product_id:
        return None
    # What a product weighs is left out: its answer does not say in which unit.
    name, own = reading.text(product.get("name")), reading.text(row.get("name"))
    stocked = row.get("manage_stock")
    virtual = row.get("virtual") is True
    return StoreVariant(
        variant_id=variant_id,
        product_id=product_id,
        changed_at=reading.moment(row.get("date_modified_gmt")) or reading.UNKNOWN_TIME,
        sku=reading.text(row.get("sku"))[:255],
        title=name if not own or own == name else f"{name} - {own}",
        barcode=reading.identifier(row.get("global_unique_id")),
        requires_shipping=not virtual if isinstance(row.get("virtual"), bool) else None,
        tracked=stocked if isinstance(stocked, bool) else None,
        status=_STATUS.get(reading.text(row.get("status")), ShopStatus.ACTIVE),
    )
