"""Every look at products, what kits are made of, and listings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, any_, bindparam, case, func, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import aliased
from sqlalchemy.types import JSON, Text, Uuid

from fulfilhub.catalogue.models import Listing, Product, ProductComponent
from fulfilhub.catalogue.rules import Part, ProductKind, ProductState
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.work import Work


class ComponentRow(NamedTuple):
    """So many units of a product in one kit."""

    product_id: UUID
    sku: str
    units: int


class ProductRow(NamedTuple):
    """A product, with what it is made of when it is a kit. Grams, millimetres, minor units."""

    id: UUID
    sku: str
    name: str
    barcodes: list[str]
    weight_grams: int | None
    length_mm: int | None
    width_mm: int | None
    height_mm: int | None
    hs_code: str | None
    origin_country: str | None
    customs_value_minor: int | None
    customs_currency: str | None
    upright: bool
    fragile: bool
    dangerous_goods: str | None
    packing_note: str
    kind: str
    state: str
    version: int
    created_at: datetime
    updated_at: datetime
    components: tuple[ComponentRow, ...] = ()

    @property
    def is_kit(self) -> bool:
        """True for what has no stock of its own."""
        return self.kind == ProductKind.KIT


class ListingRow(NamedTuple):
    """Which product a store's variant means."""

    id: UUID
    store_id: UUID
    external_id: str
    product_id: UUID
    created_at: datetime


class ProductRef(NamedTuple):
    """As much of a product as an order line needs."""

    id: UUID
    sku: str
    name: str
    weight_grams: int | None


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a store's variants and SKUs mean; only active products."""

    by_variant: Mapping[str, ProductRef] = field(default_factory=dict)
    by_sku: Mapping[str, ProductRef] = field(default_factory=dict)

    def find(self, variant_id: str | None, sku: str) -> ProductRef | None:
        """The listing's product if the variant has one, else the one with exactly this SKU."""
        found = self.by_variant.get(variant_id) if variant_id else None
        return found or self.by_sku.get(sku)


PRODUCT_COLUMNS = tuple(getattr(Product, name) for name in ProductRow._fields[:-1])
_PART = aliased(Product)
_MADE_OF = (
    select(
        func.json_agg(
            aggregate_order_by(
                func.json_build_array(ProductComponent.product_id, _PART.sku, ProductComponent.units),
                ProductComponent.product_id,
            ),
            type_=JSON,
        )
    )
    .join(_PART, (_PART.merchant_id == ProductComponent.merchant_id) & (_PART.id == ProductComponent.product_id))
    .where(ProductComponent.merchant_id == Product.merchant_id, ProductComponent.kit_id == Product.id)
    .correlate(Product)
    .scalar_subquery()
)
# Only a kit's row asks what it is made of.
PRODUCT = (*PRODUCT_COLUMNS, case((Product.kind == ProductKind.KIT, _MADE_OF), else_=None).label("components"))
LISTING_COLUMNS = tuple(getattr(Listing, name) for name in ListingRow._fields)

RESOLVE = """
SELECT l.external_id AS variant, p.id, p.sku, p.name, p.weight_grams
FROM listings AS l JOIN products AS p ON p.merchant_id = l.merchant_id AND p.id = l.product_id
WHERE l.merchant_id = $1 AND l.store_id = $2 AND l.external_id = ANY ($3::text[]) AND p.state = 'active'
UNION ALL
SELECT NULL, p.id, p.sku, p.name, p.weight_grams
FROM products AS p WHERE p.merchant_id = $1 AND p.sku = ANY ($4::text[]) AND p.state = 'active'
"""
RESOLVE_SKUS = """
SELECT NULL AS variant, p.id, p.sku, p.name, p.weight_grams
FROM products AS p WHERE p.merchant_id = $1 AND p.sku = ANY ($2::text[]) AND p.state = 'active'
"""

BARCODES = """
SELECT id, barcodes FROM products
WHERE merchant_id = $1 AND barcodes && $2::text[] AND state = 'active' ORDER BY id
"""
LOCK_PARTS = """
SELECT id, sku, kind, state FROM products
WHERE merchant_id = $1 AND (sku = ANY ($2::text[]) OR id = ANY ($3::uuid[])) ORDER BY id FOR NO KEY UPDATE
"""
COMPONENTS = """
SELECT c.kit_id, c.product_id, p.sku, c.units
FROM product_components AS c JOIN products AS p ON p.merchant_id = c.merchant_id AND p.id = c.product_id
WHERE c.merchant_id = $1 AND c.kit_id = ANY ($2) ORDER BY c.kit_id, c.product_id
"""
KITS_USING = """
SELECT k.sku FROM product_components AS c JOIN products AS k ON k.merchant_id = c.merchant_id AND k.id = c.kit_id
WHERE c.merchant_id = $1 AND c.product_id = $2 AND ($3 OR k.state = 'active') ORDER BY k.sku LIMIT 20
"""


async def resolve(work: Work, store_id: UUID | None, variant_ids: Collection[str], skus: Collection[str]) -> Resolved:
    """What the variants and SKUs of a batch of order lines mean, in one statement; ask the answer with `find`."""
    if store_id is not None and variant_ids:
        rows = await work.fetch_raw(RESOLVE, work.account_id, store_id, list(set(variant_ids)), list(set(skus)))
    else:
        rows = await work.fetch_raw(RESOLVE_SKUS, work.account_id, list(set(skus)))
    variants: dict[str, ProductRef] = {}
    by_sku: dict[str, ProductRef] = {}
    for variant, *rest in rows:
        found = ProductRef(*rest)
        if variant is None:
            by_sku[found.sku] = found
        else:
            variants[variant] = found
    return Resolved(variants, by_sku)


async def find_products(work: Work, skus: Collection[str]) -> dict[str, ProductRow]:
    """The merchant's products with these SKUs, archived ones too; unknown SKUs are left out."""
    wanted = bindparam("skus", list(set(skus)), ARRAY(Text()))
    rows = await work.db.execute(
        select(*PRODUCT).where(Product.merchant_id == work.account_id, Product.sku == any_(wanted))
    )
    return {row.sku: product_row(row) for row in rows}


async def get_products(work: Work, product_ids: Collection[UUID]) -> dict[UUID, ProductRow]:
    """The merchant's products with these ids, archived ones too; unknown ids are left out."""
    wanted = bindparam("ids", list(set(product_ids)), ARRAY(Uuid()))
    rows = await work.db.execute(
        select(*PRODUCT).where(Product.merchant_id == work.account_id, Product.id == any_(wanted))
    )
    return {row.id: product_row(row) for row in rows}


def product_row(row: Row[Any]) -> ProductRow:
    """A row of `PRODUCT`, read."""
    made_of = tuple(ComponentRow(UUID(part), sku, units) for part, sku, units in row.components or ())
    return ProductRow._make((*row[:-1], made_of))


async def find_barcodes(work: Work, barcodes: Collection[str]) -> dict[str, list[UUID]]:
    """The active products that carry each of these barcodes; unknown barcodes are left out."""
    rows = await work.fetch_raw(BARCODES, work.account_id, sorted(set(barcodes)))
    found: dict[str, list[UUID]] = {}
    for product_id, carried in rows:
        for barcode in set(carried).intersection(barcodes):
            found.setdefault(barcode, []).append(product_id)
    return found


async def lock_products(work: Work, product_ids: Collection[UUID]) -> dict[UUID, ProductRow]:
    """The merchant's products with these ids, locked in key order, without what kits are made of."""
    wanted = bindparam("ids", list(set(product_ids)), ARRAY(Uuid()))
    rows = await work.db.execute(
        select(*PRODUCT_COLUMNS)
        .where(Product.merchant_id == work.account_id, Product.id == any_(wanted))
        .order_by(Product.id)
        .with_for_update(key_share=True)
    )
    return {row.id: ProductRow(*row) for row in rows}


async def find_parts(work: Work, names: Collection[str | UUID]) -> dict[str | UUID, Part]:
    """Products by these SKUs and ids, under the name that was asked for, locked in key order: what they are and whether
    they are archived stays so until the end of the work. Unknown ones are left out."""
    skus = [name for name in names if isinstance(name, str)]
    known = [name for name in names if isinstance(name, UUID)]
    rows = await work.fetch_raw(LOCK_PARTS, work.account_id, skus, known)
    parts = [Part(row[0], row[1], ProductKind(row[2]), ProductState(row[3])) for row in rows]
    both = {part.sku: part for part in parts} | {part.id: part for part in parts}
    return {name: both[name] for name in names if name in both}


async def components_of(work: Work, product_ids: Collection[UUID]) -> dict[UUID, tuple[ComponentRow, ...]]:
    """What those of these products that are kits are made of now, by kit; plain products are left out."""
    found: dict[UUID, list[ComponentRow]] = {}
    for kit_id, *component in await work.fetch_raw(COMPONENTS, work.account_id, list(product_ids)):
        found.setdefault(kit_id, []).append(ComponentRow._make(component))
    return {kit_id: tuple(components) for kit_id, components in found.items()}


async def kits_using(work: Work, product_id: UUID, *, archived: bool) -> list[str]:
    """SKUs of the kits that are made of this product, `archived` ones too or not; some of them when there are many."""
    return [row[0] for row in await work.fetch_raw(KITS_USING, work.account_id, product_id, archived)]


async def get_product(work: Work, product_id: UUID, *, lock: bool = False) -> ProductRow:
    """One product, on request locked until the end of the work. Raises NotFound."""
    query = select(*PRODUCT).where(Product.merchant_id == work.account_id, Product.id == product_id)
    row = (await work.db.execute(query.with_for_update(key_share=True, of=Product) if lock else query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no product {ids.PRODUCT.show(product_id)!r}.")
    return product_row(row)


async def list_products(
    work: Work, after: UUID | None, limit: int, *, sku: str | None = None, state: ProductState | None = None
) -> list[ProductRow]:
    """Products by age, oldest first, those after the id `after`."""
    query = select(*PRODUCT).where(Product.merchant_id == work.account_id).order_by(Product.id).limit(limit)
    if after is not None:
        query = query.where(Product.id > after)
    if sku is not None:
        query = query.where(Product.sku == sku)
    if state is not None:
        query = query.where(Product.state == state)
    return [product_row(row) for row in await work.db.execute(query)]


async def list_listings(
    work: Work,
    after: UUID | None,
    limit: int,
    *,
    store_id: UUID | None = None,
    product_id: UUID | None = None,
    external_id: str | None = None,
) -> list[ListingRow]:
    """Listings by age, oldest first, those after the id `after`."""
    query = select(*LISTING_COLUMNS).where(Listing.merchant_id == work.account_id).order_by(Listing.id).limit(limit)
    if after is not None:
        query = query.where(Listing.id > after)
    if store_id is not None:
        query = query.where(Listing.store_id == store_id)
    if product_id is not None:
        query = query.where(Listing.product_id == product_id)
    if external_id is not None:
        query = query.where(Listing.external_id == external_id)
    return [ListingRow(*row) for row in await work.db.execute(query)]


async def get_listing(work: Work, listing_id: UUID) -> ListingRow:
    """One listing. Raises NotFound."""
    query = select(*LISTING_COLUMNS).where(Listing.merchant_id == work.account_id, Listing.id == listing_id)
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no listing {ids.LISTING.show(listing_id)!r}.")
    return ListingRow(*row)
