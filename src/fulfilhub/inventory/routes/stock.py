"""Warehouses and stock over HTTP."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

from litestar import Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from fulfilhub.accounts.principal import AnyCaller, MerchantCaller, PartnerCaller, may
from fulfilhub.accounts.rules import AccountKind
from fulfilhub.catalogue import queries as catalogue
from fulfilhub.inventory import commands, queries
from fulfilhub.inventory.commands import ReceiptLine
from fulfilhub.inventory.queries import MovementRow
from fulfilhub.inventory.schemas import (
    DOCUMENT_PATTERN,
    LevelOut,
    MovementOut,
    ReceiptIn,
    ReceiptLineOut,
    ReceiptOut,
    WarehouseChangeIn,
    WarehouseIn,
    WarehouseOut,
    changes_of,
    kit_level_out,
    level_out,
    movement_out,
    new_warehouse,
    read_document,
    warehouse_out,
)
from fulfilhub.platform import ids
from fulfilhub.platform.errors import (
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Stale,
    Unauthenticated,
)
from fulfilhub.platform.work import Works
from fulfilhub.web.conditional import IfMatch, expected_version
from fulfilhub.web.once import Once
from fulfilhub.web.paging import Cursor, Limit, Page, cursor_like, decode_cursor, page, page_of
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import created, ok

READ = problems(Unauthenticated, Forbidden, Invalid, RateLimited)
ONE = problems(Unauthenticated, Forbidden, NotFound, RateLimited)
WRITE = problems(Unauthenticated, Forbidden, Conflict, Invalid, RateLimited)
CHANGE = problems(Unauthenticated, Forbidden, NotFound, Conflict, Stale, Invalid, RateLimited)

SkuFilter = Annotated[str | None, QueryParameter(max_length=100, description="Only the product with exactly this SKU.")]
WarehouseFilter = Annotated[str | None, QueryParameter(max_length=40, description="Only this warehouse.")]
ProductFilter = Annotated[str | None, QueryParameter(max_length=40, description="Only this product.")]
DocumentFilter = Annotated[
    str | None,
    QueryParameter(
        description="Only movements of this receipt, order, fulfilment, return ...",
        schema_extra={"pattern": DOCUMENT_PATTERN, "examples": ["rcp_01h455vb4pex5vsknk084sn02q"]},
    ),
]

LevelCursor = Annotated[
    str | None,
    cursor_like(
        "WyIwMTkzNTcyYi1kOWM3LTdkMmMtYTRmMS0zZjZhNWI4YzlkMGUiLCIwMTkzNTcyYi1kOWM3LTdkMmMtYTRmMS0zZjZhNWI4YzlkMGUiXQ"
    ),
]


@post("/v1/warehouses", **may("warehouses:write"), tags=["Warehouses"], summary="Make a warehouse", responses=WRITE)
async def create_warehouse(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    once: NamedDependency[Once],
    data: JSONBody[WarehouseIn],
) -> Response[WarehouseOut]:
    """A warehouse of the caller's own: a partner's, or one that a merchant runs itself."""
    async with works.begin(partner.scope, once) as work:
        made = warehouse_out(await commands.make_warehouse(work, new_warehouse(data)))
        return created(work, made, f"/v1/warehouses/{made.id}")


@get("/v1/warehouses", **may("warehouses:read"), tags=["Warehouses"], summary="List warehouses", responses=READ)
async def list_warehouses(
    works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], limit: Limit = 50, cursor: Cursor = None
) -> Page[WarehouseOut]:
    """The caller's own, and for a merchant those of its contracts, oldest first."""
    async with works.reading(anyone.scope) as work:
        return await page_of(
            limit,
            cursor,
            lambda after, size: queries.list_warehouses(work, after, size),
            lambda row: row.id,
            warehouse_out,
        )


@get(
    "/v1/warehouses/{warehouse_id:str}",
    **may("warehouses:read"),
    tags=["Warehouses"],
    summary="Get a warehouse",
    responses=ONE,
)
async def get_warehouse(
    works: NamedDependency[Works], anyone: NamedDependency[AnyCaller], warehouse_id: FromPath[str]
) -> Response[WarehouseOut]:
    """One warehouse; its ETag is its version."""
    async with works.reading(anyone.scope) as work:
        return ok(work, warehouse_out(await queries.get_warehouse(work, ids.WAREHOUSE.find(warehouse_id))))


@patch(
    "/v1/warehouses/{warehouse_id:str}",
    **may("warehouses:write"),
    tags=["Warehouses"],
    summary="Change a warehouse",
    responses=CHANGE,
)
async def change_warehouse(
    works: NamedDependency[Works],
    partner: NamedDependency[PartnerCaller],
    warehouse_id: FromPath[str],
    data: JSONBody[WarehouseChangeIn],
    if_match: IfMatch = None,
) -> Response[WarehouseOut]:
    """Orders promised before keep their promise. A suspended warehouse gets no new work and finishes what it has."""
    async with works.begin(partner.scope) as work:
        row = await commands.change_warehouse(
            work, ids.WAREHOUSE.find(warehouse_id), changes_of(data), expected_version(if_match)
        )
        return ok(work, warehouse_out(row))


@post("/v1/stock/receipts", **may("inventory:write"), tags=["Stock"], summary="Receive goods", responses=WRITE)
async def create_receipt(
    works: NamedDependency[Works],
    anyone: NamedDependency[AnyCaller],
    once: NamedDependency[Once],
    data: JSONBody[ReceiptIn],
) -> Response[ReceiptOut]:
    """Books goods into available, all lines or none. By the merchant, or by the partner whose warehouse it is."""
    merchant_id = _whose(anyone, data)
    warehouse_id = ids.WAREHOUSE.read(data.warehouse_id, "/warehouse_id")
    lines = [ReceiptLine(line.sku, line.quantity) for line in data.lines]
    async with works.begin(anyone.scope, once) as work:
        receipt = await commands.receive(work, warehouse_id, lines, data.reference, merchant_id)
        shown = [
            ReceiptLineOut(sku=line.sku, product_id=ids.PRODUCT.show(product_id), quantity=line.quantity)
            for line, product_id in zip(lines, receipt.product_ids, strict=True)
        ]
        receipt_id = ids.RECEIPT.show(receipt.id)
        out = ReceiptOut(
            id=receipt_id,
            warehouse_id=data.warehouse_id,
            reference=data.reference,
            lines=shown,
            received_at=work.now,
        )
        return created(work, out, f"/v1/stock/movements?document_id={receipt_id}")


def _whose(anyone: AnyCaller, data: JSONBody[ReceiptIn]) -> UUID:
    own = anyone.caller.account_id
    if anyone.caller.kind is AccountKind.MERCHANT:
        if data.merchant_id is not None and ids.ACCOUNT.read(data.merchant_id, "/merchant_id") != own:
            detail = "Leave it out: a merchant's key books in the merchant's own goods."
            raise Invalid(detail, fields=[FieldError("/merchant_id", detail)])
        return own
    if data.merchant_id is None:
        detail = "Name the merchant whose goods these are."
        raise Invalid(detail, fields=[FieldError("/merchant_id", detail, "required")])
    return ids.ACCOUNT.read(data.merchant_id, "/merchant_id")


@get("/v1/stock", **may("inventory:read"), tags=["Stock"], summary="List stock levels", responses=READ)
async def list_stock(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    limit: Limit = 50,
    cursor: LevelCursor = None,
    sku: SkuFilter = None,
    warehouse_id: WarehouseFilter = None,
) -> Page[LevelOut]:
    """One row per product and warehouse where the product ever was, by product, oldest product first. Kits have no
    stock: ask for one by its SKU, and each warehouse's row says how many it could send."""
    after = None if not cursor else cast("tuple[UUID, UUID]", decode_cursor(cursor, UUID, UUID))
    warehouse = None if warehouse_id is None else ids.WAREHOUSE.read(warehouse_id, "query/warehouse_id")
    async with works.reading(merchant.scope) as work:
        found = {} if sku is None else await catalogue.find_products(work, [sku])
        kit = next((row for row in found.values() if row.is_kit), None)
        if kit is not None:
            kits = await queries.list_kit_levels(work, kit, after, limit + 1, warehouse_id=warehouse)
            return page(kits, limit, lambda row: (row.level.product_id, row.level.warehouse_id), kit_level_out)
        products = None if sku is None else [row.id for row in found.values()]
        rows = await queries.list_levels(work, after, limit + 1, product_ids=products, warehouse_id=warehouse)
    return page(rows, limit, lambda row: (row.product_id, row.warehouse_id), level_out)


@get("/v1/stock/movements", **may("inventory:read"), tags=["Stock"], summary="Read the stock ledger", responses=READ)
async def list_movements(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    limit: Limit = 50,
    cursor: Cursor = None,
    product_id: ProductFilter = None,
    warehouse_id: WarehouseFilter = None,
    document_id: DocumentFilter = None,
) -> Page[MovementOut]:
    """Every change of every bucket ever made, oldest first. Rows are never changed or removed."""
    product = None if product_id is None else ids.PRODUCT.read(product_id, "query/product_id")
    warehouse = None if warehouse_id is None else ids.WAREHOUSE.read(warehouse_id, "query/warehouse_id")
    document = None if document_id is None else read_document(document_id, "query/document_id")
    async with works.reading(merchant.scope) as work:

        async def fetch(after: UUID | None, size: int) -> list[MovementRow]:
            return await queries.list_movements(
                work, after, size, product_id=product, warehouse_id=warehouse, document_id=document
            )

        return await page_of(limit, cursor, fetch, lambda row: row.id, movement_out)


ROUTES = [
    create_warehouse,
    list_warehouses,
    get_warehouse,
    change_warehouse,
    create_receipt,
    list_stock,
    list_movements,
]
