"""What stores have: bringing in their products, mapping those that mean nothing yet, and returns that stand in both
places."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from fulfilhub.accounts.principal import MerchantCaller, may
from fulfilhub.catalogue.queries import get_products
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, Invalid
from fulfilhub.platform.work import Work, Works
from fulfilhub.stores import queries
from fulfilhub.stores.commands import hearing, importing, products
from fulfilhub.stores.commands.sweeping import check_readable
from fulfilhub.stores.routes.stores import READ, WRITE
from fulfilhub.stores.schemas.goods import (
    MapIn,
    StoreImportOut,
    StoreProductOut,
    StoreReturnOut,
    VariantCode,
    VariantStateName,
    store_import_out,
    store_product_out,
    store_return_out,
)
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.replies import created, ok

TAGS = ["Store products"]


@post("/v1/stores/{store_id:str}/imports", **may("stores:write"), tags=TAGS, summary="Import products", responses=WRITE)
async def create_import(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    store_id: FromPath[str],
) -> Response[StoreImportOut]:
    """Reads all of a store's products and maps them to yours by SKU, else by barcode; `product_import` in the store's
    settings says whether products are made for those that are not here. It goes on by itself, one at a time per store,
    and wherever it was broken off; the store is kept up with from then on."""
    found = ids.STORE.find(store_id)
    async with works.begin(merchant.scope, once) as work:
        made = await importing.start(work, found)
        body = store_import_out(await queries.get_import(work, found, made))
        return created(work, body, f"/v1/stores/{body.store_id}/imports/{body.id}")


@get("/v1/stores/{store_id:str}/imports", **may("stores:read"), tags=TAGS, summary="List imports", responses=READ)
async def list_imports(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    store_id: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[StoreImportOut]:
    """How products were brought in, oldest first; the last hundred are kept. Those of the hour's sweep are among them:
    they have a `since`, or read the whole list once a day."""
    found = ids.STORE.find(store_id)
    async with works.reading(merchant.scope) as work:
        await queries.get_store(work, found)
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_imports(work, found, after, size),
            lambda row: row.id,
            store_import_out,
        )


@get(
    "/v1/stores/{store_id:str}/imports/{import_id:str}",
    **may("stores:read"),
    tags=TAGS,
    summary="Get an import",
    responses=READ,
)
async def get_import(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    store_id: FromPath[str],
    import_id: FromPath[str],
) -> Response[StoreImportOut]:
    """One import, and how far it is."""
    found, wanted = ids.STORE.find(store_id), ids.STORE_IMPORT.find(import_id)
    async with works.reading(merchant.scope) as work:
        return ok(work, store_import_out(await queries.get_import(work, found, wanted)))


@post(
    "/v1/stores/{store_id:str}/imports/{import_id:str}/cancel",
    **may("stores:write"),
    tags=TAGS,
    summary="Cancel an import",
    status_code=200,
    responses=WRITE,
)
async def cancel_import(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    store_id: FromPath[str],
    import_id: FromPath[str],
) -> Response[StoreImportOut]:
    """Ends an import where it is. What it brought in stays; cancelling again changes nothing."""
    found, wanted = ids.STORE.find(store_id), ids.STORE_IMPORT.find(import_id)
    async with works.begin(merchant.scope, once) as work:
        await importing.cancel(work, found, wanted)
        return ok(work, store_import_out(await queries.get_import(work, found, wanted)))


@get(
    "/v1/stores/{store_id:str}/products",
    **may("stores:read"),
    tags=TAGS,
    summary="List a store's products",
    responses=READ,
)
async def list_store_products(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    store_id: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
    variant_state: Annotated[
        VariantStateName | None, QueryParameter(name="state", description="Only variants in this state.")
    ] = None,
    code: Annotated[VariantCode | None, QueryParameter(description="Only variants with this reason.")] = None,
    sku: Annotated[str | None, QueryParameter(max_length=255, description="Only variants with this SKU.")] = None,
) -> Page[StoreProductOut]:
    """The store's variants by when they were first seen, and what each means. `state=unmapped` lists those that need
    you: without an SKU, with one that another variant has too, or that no product has."""
    found = ids.STORE.find(store_id)
    async with works.reading(merchant.scope) as work:
        await queries.get_store(work, found)
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_variants(
                work, found, after, size, state=variant_state, code=code, sku=sku
            ),
            lambda row: row.id,
            store_product_out,
        )


@get(
    "/v1/stores/{store_id:str}/products/{store_product_id:str}",
    **may("stores:read"),
    tags=TAGS,
    summary="Get a store's product",
    responses=READ,
)
async def get_store_product(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    store_id: FromPath[str],
    store_product_id: FromPath[str],
) -> Response[StoreProductOut]:
    """One variant of the store, and what it means."""
    async with works.reading(merchant.scope) as work:
        return ok(work, await _variant(work, store_id, store_product_id))


@post(
    "/v1/stores/{store_id:str}/products/{store_product_id:str}/map",
    **may("stores:write"),
    tags=TAGS,
    summary="Map a store's product",
    status_code=200,
    responses=WRITE,
)
async def map_store_product(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    store_id: FromPath[str],
    store_product_id: FromPath[str],
    data: JSONBody[MapIn],
) -> Response[StoreProductOut]:
    """Says which product a variant means, whatever it meant before. No import changes that again."""
    found, wanted = ids.STORE.find(store_id), ids.STORE_PRODUCT.find(store_product_id)
    product_id = ids.PRODUCT.read(data.product_id, "/product_id")
    async with works.begin(merchant.scope, once) as work:
        await queries.get_variant(work, found, wanted)
        if product_id not in await get_products(work, [product_id]):
            detail = "There is no such product."
            raise Invalid(detail, fields=[FieldError("/product_id", detail)])
        await products.map_by_hand(work, found, wanted, product_id)
        return ok(work, await _variant(work, store_id, store_product_id))


@post(
    "/v1/stores/{store_id:str}/products/{store_product_id:str}/ignore",
    **may("stores:write"),
    tags=TAGS,
    summary="Ignore a store's product",
    status_code=200,
    responses=WRITE,
)
async def ignore_store_product(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    store_id: FromPath[str],
    store_product_id: FromPath[str],
) -> Response[StoreProductOut]:
    """Says that a variant needs no product: it is listed as unmapped no longer, and means nothing until it is mapped by
    hand."""
    found, wanted = ids.STORE.find(store_id), ids.STORE_PRODUCT.find(store_product_id)
    async with works.begin(merchant.scope, once) as work:
        await products.ignore(work, found, wanted)
        return ok(work, await _variant(work, store_id, store_product_id))


@get(
    "/v1/stores/{store_id:str}/returns",
    **may("stores:read"),
    tags=TAGS,
    summary="List a store's returns",
    responses=READ,
)
async def list_store_returns(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    store_id: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
    troubled: Annotated[
        bool | None, QueryParameter(description="Only returns that could not be taken or are odd, or only the others.")
    ] = None,
) -> Page[StoreReturnOut]:
    """The returns that stand in the store too, wherever they began, by when they were first known there."""
    found = ids.STORE.find(store_id)
    async with works.reading(merchant.scope) as work:
        await queries.get_store(work, found)
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_links(work, found, after, size, troubled=troubled),
            lambda row: row.id,
            store_return_out,
        )


@post(
    "/v1/stores/{store_id:str}/returns/{store_return_id:str}/retry",
    **may("stores:write"),
    tags=TAGS,
    summary="Read a store's return again",
    status_code=202,
    responses=WRITE,
)
async def retry_store_return(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    store_id: FromPath[str],
    store_return_id: FromPath[str],
) -> Response[StoreReturnOut]:
    """Has the returns of its order read from the store and taken again, for example after the order came."""
    found, wanted = ids.STORE.find(store_id), ids.STORE_RETURN.find(store_return_id)
    async with works.begin(merchant.scope, once) as work:
        check_readable(await queries.get_store(work, found))
        row = await queries.get_link(work, found, wanted)
        hearing.read_returns(work, found, [row.order_external_id])
        return ok(work, store_return_out(row), status=202)


async def _variant(work: Work, store_id: str, store_product_id: str) -> StoreProductOut:
    found, wanted = ids.STORE.find(store_id), ids.STORE_PRODUCT.find(store_product_id)
    return store_product_out(await queries.get_variant(work, found, wanted))


ROUTES = [
    create_import,
    list_imports,
    get_import,
    cancel_import,
    list_store_products,
    get_store_product,
    map_store_product,
    ignore_store_product,
    list_store_returns,
    retry_store_return,
]
