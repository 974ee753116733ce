"""Products and variants, as queries see them and as the merchant changes them; bulk operations over them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphql import FieldNode, OperationDefinitionNode, parse, print_ast, visit
from graphql.language.visitor import Visitor

from tests.fakes.shopify import payloads
from tests.fakes.shopify.engine import Call, No, execute, field, mutation
from tests.fakes.shopify.search import chosen
from tests.fakes.shopify.shop import Shop
from tests.fakes.shopify.things import Json, Product, ProductVariant, Thing


def change(shop: Shop, thing: Product | ProductVariant, **members: Any) -> None:
    """The merchant changes a product or a variant; a variant's `sku` is its inventory item's too."""
    for name, value in members.items():
        setattr(thing, name, value)
    product = thing.product if isinstance(thing, ProductVariant) else thing
    if isinstance(thing, ProductVariant):
        thing.inventory_item.sku = thing.sku
        shop.touch(thing, thing.inventory_item)
    shop.touch(product)
    shop.tell(("products/update", payloads.product(product)))


def created(shop: Shop, product: Product) -> None:
    """Tell of a product that was added."""
    shop.tell(("products/create", payloads.product(product)))


def delete(shop: Shop, product: Product) -> None:
    """The merchant deletes a product, variants and stock with it."""
    shop.products.remove(product)
    for thing in (product, *product.variants, *(variant.inventory_item for variant in product.variants)):
        del shop.things[thing.id]
    shop.tell(("products/delete", {"id": product.number}))


_MEMBERS: dict[str, Any] = {
    "created_at": lambda thing: thing.created_at,
    "id": lambda thing: thing.number,
    "title": lambda thing: thing.title,
    "updated_at": lambda thing: thing.updated_at,
}
_PRODUCTS: dict[str, Any] = {
    **_MEMBERS,
    "product_type": lambda product: product.product_type,
    "sku": lambda product: [variant.sku for variant in product.variants],
    "status": lambda product: product.status,
    "tag": lambda product: product.tags,
    "vendor": lambda product: product.vendor,
}
_VARIANTS: dict[str, Any] = {
    **_MEMBERS,
    "barcode": lambda variant: variant.barcode,
    "product_id": lambda variant: variant.product.number,
    "product_status": lambda variant: variant.product.status,
    "sku": lambda variant: variant.sku,
}


@field("QueryRoot", "products")
def _products(call: Call, _: Any) -> object:
    return chosen(call.shop.products, call.args.get("query"), _PRODUCTS)


@field("QueryRoot", "productsCount")
def _products_count(call: Call, _: Any) -> object:
    return {"count": len(chosen(call.shop.products, call.args.get("query"), _PRODUCTS)), "precision": "EXACT"}


@field("QueryRoot", "product")
def _product(call: Call, _: Any) -> object:
    return call.shop.find(Product, call.args["id"])


@field("QueryRoot", "productVariants")
def _variants(call: Call, _: Any) -> object:
    return chosen(call.shop.variants(), call.args.get("query"), _VARIANTS)


@field("QueryRoot", "productVariantsCount")
def _variants_count(call: Call, _: Any) -> object:
    return {"count": len(chosen(call.shop.variants(), call.args.get("query"), _VARIANTS)), "precision": "EXACT"}


@field("QueryRoot", "productVariant")
def _variant(call: Call, _: Any) -> object:
    return call.shop.find(ProductVariant, call.args["id"])


@field("Product", "variantsCount")
def _own_count(_: Call, product: Product) -> object:
    return {"count": len(product.variants), "precision": "EXACT"}


@field("ProductVariant", "price")
def _price(_: Call, variant: ProductVariant) -> object:
    return f"{variant.price:.2f}"


@field("ProductVariant", "selectedOptions")
def _options(_: Call, variant: ProductVariant) -> object:
    return [{"name": "Title", "value": variant.title}]


# -- bulk operations --


@dataclass(slots=True, kw_only=True, eq=False)
class BulkOperation(Thing):
    """A document run over everything, its rows served as lines of JSON once it is done."""

    TYPE = "BulkOperation"

    query: str
    status: str = "CREATED"
    type: str = "QUERY"
    error_code: str | None = None
    completed_at: datetime | None = None
    object_count: str = "0"
    root_object_count: str = "0"
    file_size: str | None = None
    url: str | None = None
    partial_data_url: str | None = None
    version: str = ""


@mutation("bulkOperationRunQuery")
def _run(call: Call) -> Json:
    """One at a time. It runs when the test lets it (`finish`), as Shopify takes its time."""
    shop = call.shop
    if any(each.status in ("CREATED", "RUNNING") for each in shop.bulk_operations):
        told = "A bulk query operation for this app and shop is already in progress"
        raise No(told, None, "OPERATION_IN_PROGRESS")
    made = shop.made(BulkOperation, query=call.args["query"], version=call.info.context[1])
    shop.bulk_operations.append(made)
    return {"bulkOperation": made}


@mutation("bulkOperationCancel")
def _cancel(call: Call) -> Json:
    found = call.shop.find(BulkOperation, call.args["id"])
    if found is None:
        raise No("Bulk operation does not exist", ["id"])
    found.status = "CANCELED"
    return {"bulkOperation": found}


@field("QueryRoot", "bulkOperation")
def _one(call: Call, _: Any) -> object:
    return call.shop.find(BulkOperation, call.args["id"])


@field("QueryRoot", "currentBulkOperation")
def _current(call: Call, _: Any) -> object:
    return call.shop.bulk_operations[-1] if call.shop.bulk_operations else None


@field("QueryRoot", "bulkOperations")
def _listed(call: Call, _: Any) -> object:
    members = {"status": lambda each: each.status, "created_at": lambda each: each.created_at}
    return chosen(call.shop.bulk_operations, call.args.get("query"), members)


def finish(shop: Shop, *, error: str | None = None) -> None:
    """The operation under way ends: with its file, or with an error code."""
    for operation in shop.bulk_operations:
        if operation.status in ("CREATED", "RUNNING"):
            _complete(shop, operation, error)


def _complete(shop: Shop, operation: BulkOperation, error: str | None) -> None:
    operation.completed_at = shop.now()
    news = {"admin_graphql_api_id": operation.id, "completed_at": None, "error_code": error, "type": "query"}
    if error is not None:
        operation.status, operation.error_code = "FAILED", error
        shop.tell(("bulk_operations/finish", {**news, "status": "failed"}))
        return
    rows = _rows(shop, operation)
    body = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    operation.status = "COMPLETED"
    operation.object_count = str(len(rows))
    operation.root_object_count = str(sum("__parentId" not in row for row in rows))
    if rows:
        name = f"bulk-{operation.number}.jsonl"
        shop.files[name] = body
        operation.url, operation.file_size = f"{shop.url}/files/{name}", str(len(body))
    shop.tell(("bulk_operations/finish", {**news, "status": "completed"}))


class _AllRows(Visitor):
    """Every connection asks for as many rows as it has: a bulk operation needs no pages."""

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        selections = node.selection_set.selections if node.selection_set else ()
        names = {each.name.value for each in selections if isinstance(each, FieldNode)}
        if names & {"edges", "nodes"} and not any(each.name.value == "first" for each in node.arguments or ()):
            first = parse("{ a(first: 250) }").definitions[0]
            assert isinstance(first, OperationDefinitionNode)
            wanted = first.selection_set.selections[0]
            assert isinstance(wanted, FieldNode)
            return FieldNode(
                alias=node.alias,
                name=node.name,
                arguments=(*(node.arguments or ()), *(wanted.arguments or ())),
                directives=node.directives,
                selection_set=node.selection_set,
            )
        return None


def _rows(shop: Shop, operation: BulkOperation) -> list[Json]:
    """The document's answer as Shopify flattens it: a row for each node, those within it after it, with
    `__parentId`."""
    document = print_ast(visit(parse(operation.query), _AllRows()))
    available, shop.bucket.available = shop.bucket.available, float("inf")
    maximum, shop.bucket.maximum = shop.bucket.maximum, float("inf")
    answer = execute(shop, operation.version, document, None)
    shop.bucket.available, shop.bucket.maximum = available, maximum
    assert "errors" not in answer, answer["errors"]
    found: list[Json] = []
    for value in answer["data"].values():
        _flatten(value, None, found)
    return found


def _flatten(connection: Json, parent: str | None, found: list[Json]) -> None:
    for node in connection.get("nodes") or [edge["node"] for edge in connection.get("edges", [])]:
        own = {name: value for name, value in node.items() if not _is_connection(value)}
        found.append(own if parent is None else {**own, "__parentId": parent})
        for value in node.values():
            if _is_connection(value):
                _flatten(value, node.get("id"), found)


def _is_connection(value: object) -> bool:
    return isinstance(value, dict) and bool(value.keys() & {"edges", "nodes"})
