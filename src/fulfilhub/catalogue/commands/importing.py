"""What a store's own list of products changes here, many at once: which product its variants mean, and what is filled
in of products. Each is one statement for all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec
from sqlalchemy import text

from fulfilhub.catalogue.events import ListingChanged, ProductChanged
from fulfilhub.platform.work import Work

# A variant that means another product by now is moved: its listing stays the same one.
MAP = """
INSERT INTO listings AS l (merchant_id, id, store_id, external_id, product_id, created_at)
SELECT $1, uuidv7(), $2, t.external_id, t.product_id, $5
FROM unnest($3::text[], $4::uuid[]) AS t (external_id, product_id) ORDER BY t.external_id
ON CONFLICT (merchant_id, store_id, external_id) DO UPDATE SET product_id = excluded.product_id
WHERE l.product_id <> excluded.product_id
RETURNING l.id, l.product_id
"""
UNMAP = """
DELETE FROM listings WHERE merchant_id = $1 AND store_id = $2 AND external_id = ANY ($3::text[])
RETURNING id, product_id
"""
FILLED = ("name", "barcodes", "weight_grams", "hs_code", "origin_country")
"""What a store's list may fill in of a product."""

FILL = text(
    """
    UPDATE products AS p SET name = coalesce(t.name, p.name),
        barcodes = CASE WHEN t.barcodes IS NULL THEN p.barcodes
                        ELSE ARRAY (SELECT jsonb_array_elements_text(t.barcodes)) END,
        weight_grams = coalesce(t.weight_grams, p.weight_grams), hs_code = coalesce(t.hs_code, p.hs_code),
        origin_country = coalesce(t.origin_country, p.origin_country), version = p.version + 1, updated_at = :now
    FROM jsonb_to_recordset(cast(:rows AS jsonb))
         AS t (id uuid, name text, barcodes jsonb, weight_grams int, hs_code text, origin_country text)
    WHERE p.merchant_id = :account AND p.id = t.id
    RETURNING p.id
    """
)


async def map_variants(work: Work, store_id: UUID, wanted: Mapping[str, UUID]) -> None:
    """Let these variants of a store mean these products, whatever they meant before."""
    if wanted:
        rows = await work.fetch_raw(
            MAP, work.account_id, store_id, list(wanted.keys()), list(wanted.values()), work.now
        )
        work.publish(*(_told(row[0], store_id, row[1], "mapped") for row in rows))


async def unmap_variants(work: Work, store_id: UUID, variant_ids: Collection[str]) -> None:
    """Let these variants of a store mean nothing any more; orders taken before keep their products."""
    if variant_ids:
        rows = await work.fetch_raw(UNMAP, work.account_id, store_id, sorted(variant_ids))
        work.publish(*(_told(row[0], store_id, row[1], "unmapped") for row in rows))


async def fill_products(work: Work, changes: Mapping[UUID, Mapping[str, object]]) -> None:
    """Set the named columns (of FILLED) of these products, whose rows the work has locked."""
    if changes:
        rows = [{"id": product_id, **each} for product_id, each in sorted(changes.items())]
        given = {"account": work.account_id, "now": work.now, "rows": msgspec.json.encode(rows).decode()}
        done = await work.db.execute(FILL, given)
        work.publish(*(ProductChanged(product_id=row.id, change="updated") for row in done))


def _told(listing_id: UUID, store_id: UUID, product_id: UUID, change: str) -> ListingChanged:
    return ListingChanged(listing_id=listing_id, store_id=store_id, product_id=product_id, change=change)
