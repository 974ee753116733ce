"""Products and listings over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, cast
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from fulfilhub.accounts.principal import MerchantCaller, may
from fulfilhub.catalogue import commands, queries
from fulfilhub.catalogue.commands import NewProduct
from fulfilhub.catalogue.queries import ListingRow, ProductRow
from fulfilhub.catalogue.rules import ProductState, ProductVerb
from fulfilhub.catalogue.schemas import (
    ListingIn,
    ListingOut,
    ProductAnswerOut,
    ProductBatchIn,
    ProductBatchOut,
    ProductChangeIn,
    ProductIn,
    ProductOut,
    changes_of,
    listing_out,
    new_product,
    product_out,
)
from fulfilhub.platform import ids
from fulfilhub.platform.errors import (
    Conflict,
    Forbidden,
    FulfilHubError,
    Invalid,
    NotFound,
    RateLimited,
    Stale,
    Unauthenticated,
)
from fulfilhub.platform.work import Works
from fulfilhub.web.bodies import Reader
from fulfilhub.web.conditional import IfMatch, expected_version
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, page_of
from fulfilhub.web.problems import Malformed, Problem, describe, problems
from fulfilhub.web.replies import created, ok

READ = problems(Unauthenticated, Forbidden, Invalid, RateLimited)
ONE = problems(Unauthenticated, Forbidden, NotFound, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, Conflict, Invalid, RateLimited)
CHANGE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Stale, Invalid, RateLimited)

ITEM = Reader(ProductIn)

SkuFilter = Annotated[str | None, QueryParameter(max_length=100, description="Only the product with exactly this SKU.")]
StateFilter = Annotated[ProductState | None, QueryParameter(name="state", description="Only products in this state.")]
StoreFilter = Annotated[str | None, QueryParameter(max_length=40, description="Only this store's listings.")]
ProductFilter = Annotated[str | None, QueryParameter(max_length=40, description="Only listings of this product.")]


@post("/v1/products", **may("catalogue:write"), tags=["Products"], summary="Make a product", responses=WRITE)
async def create_product(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    data: JSONBody[ProductIn],
) -> Response[ProductOut]:
    """One product is one SKU: what is stocked, picked and shipped. With `components` it is a kit, sold as one thing and
    picked as its components, which alone have stock."""
    async with works.begin(merchant.scope, once) as work:
        made = product_out(await commands.make_product(work, new_product(data)))
        return created(work, made, f"/v1/products/{made.id}")


@post(
    "/v1/products/batch",
    **may("catalogue:write", batch=True),
    tags=["Products"],
    summary="Make up to 1,000 products",
    status_code=200,
    responses=WRITE,
)
async def create_products(
    request: Request[Any, Any, State],
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    data: JSONBody[ProductBatchIn],
) -> Response[ProductBatchOut]:
    """Answers per item: each is made, or told why not, as if it had been sent alone. Kits may be made of plain products
    in the same call."""
    read = [await _read_item(item) for item in data.products]
    async with works.begin(merchant.scope, once) as work:
        wanted = [item for item in read if isinstance(item, NewProduct)]
        results = iter(await commands.make_products(work, wanted))
        answers: list[ProductAnswerOut] = []
        for index, item in enumerate(read):
            result = next(results) if isinstance(item, NewProduct) else item
            if isinstance(result, ProductRow):
                answers.append(ProductAnswerOut(index=index, status=201, product=product_out(result)))
            else:
                problem = msgspec.convert(describe(cast("Any", request.scope), result), Problem)
                answers.append(ProductAnswerOut(index=index, status=problem.status, problem=problem))
        made = sum(answer.product is not None for answer in answers)
        return ok(work, ProductBatchOut(created=made, failed=len(answers) - made, data=answers))


async def _read_item(item: object) -> NewProduct | FulfilHubError:
    try:
        return new_product(await ITEM.read(msgspec.json.encode(item)))
    except (Invalid, Malformed) as error:
        return error


@get("/v1/products", **may("catalogue:read"), tags=["Products"], summary="List products", responses=READ)
async def list_products(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    limit: Limit = 50,
    cursor: Cursor = None,
    sku: SkuFilter = None,
    in_state: StateFilter = None,
) -> Page[ProductOut]:
    """Oldest first."""
    async with works.reading(merchant.scope) as work:
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_products(work, after, size, sku=sku, state=in_state),
            lambda row: row.id,
            product_out,
        )


@get(
    "/v1/products/{product_id:str}", **may("catalogue:read"), tags=["Products"], summary="Get a product", responses=ONE
)
async def get_product(
    works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller], product_id: FromPath[str]
) -> Response[ProductOut]:
    """One product; its ETag is its version."""
    async with works.reading(merchant.scope) as work:
        return ok(work, product_out(await queries.get_product(work, ids.PRODUCT.find(product_id))))


@patch(
    "/v1/products/{product_id:str}",
    **may("catalogue:write"),
    tags=["Products"],
    summary="Change a product",
    responses=CHANGE,
)
async def change_product(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    product_id: FromPath[str],
    data: JSONBody[ProductChangeIn],
    if_match: IfMatch = None,
) -> Response[ProductOut]:
    """Orders taken before keep the names and values that they were taken with, and work given to warehouses the
    components. A product that has had stock, or that a kit is made of, can't become a kit (409)."""
    async with works.begin(merchant.scope) as work:
        row = await commands.change_product(
            work, ids.PRODUCT.find(product_id), changes_of(data), expected_version(if_match)
        )
        return ok(work, product_out(row))


@post(
    "/v1/products/{product_id:str}/archive",
    **may("catalogue:write"),
    tags=["Products"],
    summary="Archive a product",
    status_code=200,
    responses=CHANGE,
)
async def archive_product(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    product_id: FromPath[str],
    if_match: IfMatch = None,
) -> Response[ProductOut]:
    """New orders no longer find it; its stock, open orders and history stay. 409 while a kit is made of it."""
    async with works.begin(merchant.scope, once) as work:
        expected = expected_version(if_match)
        row = await commands.move_product(work, ids.PRODUCT.find(product_id), ProductVerb.ARCHIVE, expected)
        return ok(work, product_out(row))


@post(
    "/v1/products/{product_id:str}/restore",
    **may("catalogue:write"),
    tags=["Products"],
    summary="Restore an archived product",
    status_code=200,
    responses=CHANGE,
)
async def restore_product(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    product_id: FromPath[str],
    if_match: IfMatch = None,
) -> Response[ProductOut]:
    """New orders find it again. 409 for a kit of which a component is archived."""
    async with works.begin(merchant.scope, once) as work:
        expected = expected_version(if_match)
        row = await commands.move_product(work, ids.PRODUCT.find(product_id), ProductVerb.RESTORE, expected)
        return ok(work, product_out(row))


@post("/v1/listings", **may("catalogue:write"), tags=["Listings"], summary="Map a store's variant", responses=WRITE)
async def create_listing(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    once: NamedDependency[Once],
    data: JSONBody[ListingIn],
) -> Response[ListingOut]:
    """Without a listing a store's line is matched by its SKU, exactly. Mapping a variant to the same product
    again answers with the listing that is there."""
    async with works.begin(merchant.scope, once) as work:
        row = await commands.make_listing(
            work,
            ids.STORE.read(data.store_id, "/store_id"),
            data.external_id,
            ids.PRODUCT.read(data.product_id, "/product_id"),
        )
        made = listing_out(row)
        return created(work, made, f"/v1/listings/{made.id}")


@get("/v1/listings", **may("catalogue:read"), tags=["Listings"], summary="List listings", responses=READ)
async def list_listings(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    limit: Limit = 50,
    cursor: Cursor = None,
    store_id: StoreFilter = None,
    product_id: ProductFilter = None,
) -> Page[ListingOut]:
    """Oldest first."""
    store = None if store_id is None else ids.STORE.read(store_id, "query/store_id")
    product = None if product_id is None else ids.PRODUCT.read(product_id, "query/product_id")
    async with works.reading(merchant.scope) as work:

        async def fetch(after: UUID | None, size: int) -> list[ListingRow]:
            return await queries.list_listings(work, after, size, store_id=store, product_id=product)

        return await page_of(limit, cursor, fetch, lambda row: row.id, listing_out)


@get(
    "/v1/listings/{listing_id:str}", **may("catalogue:read"), tags=["Listings"], summary="Get a listing", responses=ONE
)
async def get_listing(
    works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller], listing_id: FromPath[str]
) -> ListingOut:
    """One listing."""
    async with works.reading(merchant.scope) as work:
        return listing_out(await queries.get_listing(work, ids.LISTING.find(listing_id)))


@delete(
    "/v1/listings/{listing_id:str}",
    **may("catalogue:write"),
    tags=["Listings"],
    summary="Delete a listing",
    responses=ONE,
)
async def delete_listing(
    works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller], listing_id: FromPath[str]
) -> None:
    """Orders taken before keep the product that the variant meant then."""
    async with works.begin(merchant.scope) as work:
        await commands.delete_listing(work, ids.LISTING.find(listing_id))


ROUTES = [
    create_product,
    create_products,
    list_products,
    get_product,
    change_product,
    archive_product,
    restore_product,
    create_listing,
    list_listings,
    get_listing,
    delete_listing,
]
