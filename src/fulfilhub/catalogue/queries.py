"""Every look at products and listings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text, Uuid

from fulfilhub.catalogue.models import Listing, Product
from fulfilhub.catalogue.rules import ProductState
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.work import Work


class ProductRow(NamedTuple):
    """A product. Grams, millimetres, minor units."""

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
    state: str
    version: int
    created_at: datetime
    updated_at: datetime


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


PRODUCT_COLUMNS = tuple(getattr(Product, name) for name in ProductRow._fields)
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
        select(*PRODUCT_COLUMNS).where(Product.merchant_id == work.account_id, Product.sku == any_(wanted))
    )
    return {row.sku: ProductRow(*row) for row in rows}


async def get_products(work: Work, product_ids: Collection[UUID]) -> dict[UUID, ProductRow]:
    """The merchant's products with these ids, archived ones too; unknown ids are left out."""
    wanted = bindparam("ids", list(set(product_ids)), ARRAY(Uuid()))
    rows = await work.db.execute(
        select(*PRODUCT_COLUMNS).where(Product.merchant_id == work.account_id, Product.id == any_(wanted))
    )
    return {row.id: ProductRow(*row) for row in rows}


async def get_product(work: Work, product_id: UUID, *, lock: bool = False) -> ProductRow:
    """One product, on request locked until the end of the work. Raises NotFound."""
    query = select(*PRODUCT_COLUMNS).where(Product.merchant_id == work.account_id, Product.id == product_id)
    row = (await work.db.execute(query.with_for_update(key_share=True) if lock else query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no product {ids.PRODUCT.show(product_id)!r}.")
    return ProductRow(*row)


async def list_products(
    work: Work, after: UUID | None, limit: int, *, sku: str | None = None, state: ProductState | None = None
) -> list[ProductRow]:
    """Products by age, oldest first, those after the id `after`."""
    query = select(*PRODUCT_COLUMNS).where(Product.merchant_id == work.account_id).order_by(Product.id).limit(limit)
    if after is not None:
        query = query.where(Product.id > after)
    if sku is not None:
        query = query.where(Product.sku == sku)
    if state is not None:
        query = query.where(Product.state == state)
    return [ProductRow(*row) for row in await work.db.execute(query)]


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
